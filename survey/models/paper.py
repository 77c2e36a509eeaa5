"""Paper: forms typed in by the office, kept by form number only until their batch is closed.

A batch is a pile of numbered forms of one street. While it is open its forms can be found by
number, because the sample that is typed a second time must be. Closing the batch stores the
answers as ordinary responses in random order and deletes the forms: from then on nothing leads
from a form number, or from who typed it, to what was answered.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey.models.base import Base, one_of
from survey.models.fieldwork import CollectionPoint, Wave

PAPER_STATUSES = ("typing", "checking", "closed")


class PaperBatch(Base):
    """A pile of paper forms of one street in one wave, and how exactly it was typed."""

    __tablename__ = "paper_batch"
    __table_args__ = (
        UniqueConstraint("wave_id", "collection_point_id", "label"),
        one_of("status", PAPER_STATUSES),
        CheckConstraint("share_percent BETWEEN 1 AND 100", name="share_range"),
        CheckConstraint("limit_bp BETWEEN 0 AND 10000", name="limit_range"),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed_has_time"),
        CheckConstraint("fields_differing <= fields_compared", name="differing_of_compared"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"), index=True)
    #: A point of the channel paper; it says the street.
    collection_point_id: Mapped[int] = mapped_column(ForeignKey("collection_point.id"))
    #: What stands on the pile, e.g. 社区一 1–200.
    label: Mapped[str] = mapped_column(String(120))
    #: typing (first time) → checking (a sample a second time, differences) → closed.
    status: Mapped[str] = mapped_column(String(12), default="typing")
    #: How many of a hundred forms are typed a second time.
    share_percent: Mapped[int]
    #: Highest share of differing fields that is accepted, in ten-thousandths; 200 is 2 %.
    limit_bp: Mapped[int]
    #: The sample was above the limit, so every form is typed a second time.
    is_full: Mapped[bool] = mapped_column(Boolean, default=False)
    #: UTC.
    opened_at: Mapped[datetime] = mapped_column(DateTime)
    #: UTC.
    closed_at: Mapped[datetime | None] = mapped_column(DateTime)
    #: Written at closing, when the forms themselves are deleted: forms stored, forms typed
    #: twice, choices compared and choices that differed.
    forms: Mapped[int] = mapped_column(default=0)
    forms_checked: Mapped[int] = mapped_column(default=0)
    fields_compared: Mapped[int] = mapped_column(default=0)
    fields_differing: Mapped[int] = mapped_column(default=0)

    wave: Mapped[Wave] = relationship()
    point: Mapped[CollectionPoint] = relationship()


class PaperForm(Base):
    """A form of an open batch, found by the number that was stamped on it when it came back."""

    __tablename__ = "paper_form"
    __table_args__ = (CheckConstraint("number BETWEEN 1 AND 99999", name="number_range"),)

    batch_id: Mapped[int] = mapped_column(ForeignKey("paper_batch.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: Drawn to be typed a second time.
    is_sampled: Mapped[bool] = mapped_column(Boolean, default=False)
    #: {question: value} of the differences that were decided; "" means: left blank on paper.
    decided: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)


class PaperEntry(Base):
    """What one person typed of a form, the first or the second time; deleted at closing."""

    __tablename__ = "paper_entry"
    __table_args__ = (
        ForeignKeyConstraint(["batch_id", "number"], ["paper_form.batch_id", "paper_form.number"]),
        CheckConstraint("turn IN (1, 2)", name="turn_known"),
    )

    batch_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: 1: the first typing; 2: the second, by somebody else.
    turn: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: Name of the account, so that nobody checks his own typing.
    typed_by: Mapped[str] = mapped_column(String(60))
    #: {question: option code, option codes with spaces between, or redacted text}.
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: False while it is being typed: a reload finds what was typed so far.
    is_complete: Mapped[bool] = mapped_column(Boolean, default=False)
