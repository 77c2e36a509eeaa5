"""Questionnaires: a versioned document, its questions and options, and the indicators they feed.

The document is the instrument; the rows beside it exist so that answers can point at them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey.models.base import Base


class Questionnaire(Base):
    """One version of an instrument; a version that a wave uses is never edited."""

    __tablename__ = "questionnaire"
    __table_args__ = (UniqueConstraint("code", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    #: sha256 of the canonical document: the same version can never mean two things.
    checksum: Mapped[str] = mapped_column(String(64))
    document: Mapped[dict[str, Any]] = mapped_column(JSON)

    questions: Mapped[list[Question]] = relationship(
        back_populates="questionnaire", order_by="Question.position"
    )


class Indicator(Base):
    """What is judged, e.g. 城市管理; lasts over versions of the questionnaire."""

    __tablename__ = "indicator"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    position: Mapped[int]


class Question(Base):
    """One question of a questionnaire version."""

    __tablename__ = "question"
    __table_args__ = (UniqueConstraint("questionnaire_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    questionnaire_id: Mapped[int] = mapped_column(ForeignKey("questionnaire.id"))
    code: Mapped[str] = mapped_column(String(60))
    #: Name of the question type in the registry survey.questions.QUESTION_TYPES.
    type: Mapped[str] = mapped_column(String(30))
    position: Mapped[int]

    questionnaire: Mapped[Questionnaire] = relationship(back_populates="questions")
    options: Mapped[list[AnswerOption]] = relationship(
        back_populates="question", order_by="AnswerOption.position"
    )


class AnswerOption(Base):
    """One answer that can be chosen; a missing one (不了解) has no score."""

    __tablename__ = "answer_option"
    __table_args__ = (
        UniqueConstraint("question_id", "code"),
        CheckConstraint("score IS NULL OR score BETWEEN 0 AND 10000", name="score_range"),
        CheckConstraint("NOT (is_missing AND score IS NOT NULL)", name="missing_has_no_score"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"))
    code: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    #: 0 … 10000 (hundredths of a point); NULL for options that are not scored.
    score: Mapped[int | None]
    is_missing: Mapped[bool] = mapped_column(Boolean, default=False)

    question: Mapped[Question] = relationship(back_populates="options")


class IndicatorItem(Base):
    """Which question counts towards which indicator, and how much."""

    __tablename__ = "indicator_item"

    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    weight: Mapped[int] = mapped_column(default=1)
