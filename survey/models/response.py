"""Responses: what was answered. Nothing here says who answered.

No address, device, account, name or exact time is stored with a response: the hour is the
finest time there is. A test names the columns.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from survey.models.base import Base, BigKey, one_of
from survey.models.fieldwork import CHANNELS

# accepted: counts; quarantined (待核查): does not until a person has looked; rejected: does not;
# withdrawn: its resident took it back, and what was written beside it is deleted.
RESPONSE_STATUSES = ("accepted", "quarantined", "rejected", "withdrawn")


class Response(Base):
    """One answered questionnaire."""

    __tablename__ = "response"
    __table_args__ = (one_of("status", RESPONSE_STATUSES), one_of("channel", CHANNELS))

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    #: Drawn once per opened page (or from an imported row); a retry carries the same one.
    submission_key: Mapped[str] = mapped_column(String(64), unique=True)
    #: sha256 of the receipt code; the code itself is only ever on the resident's screen.
    receipt_hash: Mapped[str] = mapped_column(String(64), unique=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"), index=True)
    street_id: Mapped[int] = mapped_column(ForeignKey("street.id"))
    stratum_id: Mapped[int] = mapped_column(ForeignKey("stratum.id"))
    collection_point_id: Mapped[int] = mapped_column(ForeignKey("collection_point.id"))
    channel: Mapped[str] = mapped_column(String(12))
    language: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(String(12), default="accepted")
    #: Enough of the indicators were answered for the response to count in an index.
    is_valid: Mapped[bool] = mapped_column(Boolean)
    #: UTC, cut to the hour.
    submitted_hour: Mapped[datetime] = mapped_column(DateTime)


class Answer(Base):
    """The option chosen for one question."""

    __tablename__ = "answer"

    response_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("response.id"), primary_key=True, autoincrement=False
    )
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    option_id: Mapped[int] = mapped_column(ForeignKey("answer_option.id"))


class ResponseTag(Base):
    """A tag ticked in one response; several may belong to one question."""

    __tablename__ = "response_tag"

    response_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("response.id"), primary_key=True, autoincrement=False
    )
    option_id: Mapped[int] = mapped_column(ForeignKey("answer_option.id"), primary_key=True)


class IndicatorScore(Base):
    """The score of one indicator in one response; absent when nothing substantive was said."""

    __tablename__ = "indicator_score"
    __table_args__ = (CheckConstraint("score BETWEEN 0 AND 10000", name="score_range"),)

    response_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("response.id"), primary_key=True, autoincrement=False
    )
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"), primary_key=True)
    score: Mapped[int]


class Comment(Base):
    """A comment with personal data already redacted: with a response, or loaded from elsewhere."""

    __tablename__ = "comment"
    __table_args__ = (
        UniqueConstraint("source", "source_key"),
        CheckConstraint(
            "response_id IS NULL OR person_hash IS NULL", name="response_names_no_person"
        ),
        Index("ix_comment_wave_id_street_id", "wave_id", "street_id"),
        # What is new since a day, in a street or everywhere, is counted without the rows.
        Index("ix_comment_wave_id_said_on", "wave_id", "said_on", "street_id"),
        # What no run over the themes has seen: few, whatever is stored.
        Index(
            "ix_comment_unseen",
            "wave_id",
            sqlite_where=text("indicator_probability IS NULL"),
            postgresql_where=text("indicator_probability IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    response_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("response.id"), unique=True)
    wave_id: Mapped[int | None] = mapped_column(ForeignKey("wave.id"))
    street_id: Mapped[int | None] = mapped_column(ForeignKey("street.id"))
    #: Only for loaded messages.
    title: Mapped[str] = mapped_column(String(300), default="")
    #: Redacted: no phone numbers, ids, plates, names after titles.
    body: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(8))
    #: Where it was loaded from; empty for comments given with a response.
    source: Mapped[str | None] = mapped_column(String(60))
    #: The row's id at the source: loading the same file twice adds nothing.
    source_key: Mapped[str | None] = mapped_column(String(80))
    #: Keyed hash of the person at the source, so that one person counts once.
    person_hash: Mapped[str | None] = mapped_column(String(64))
    said_on: Mapped[date] = mapped_column(Date)
    #: The indicator it is about, by the resident, the model or a person; NULL until known or for
    #: 'other'.
    indicator_id: Mapped[int | None] = mapped_column(ForeignKey("indicator.id"))
    #: The model's calibrated probability of its choice, 1 where the resident said it; NULL until a
    #: run over the themes has seen the comment.
    indicator_probability: Mapped[float | None] = mapped_column(Float)
    #: A person chose the indicator (or none); a run of the model leaves it alone.
    indicator_is_decided: Mapped[bool] = mapped_column(Boolean, default=False)
