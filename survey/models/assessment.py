"""What the district itself knows of a street: assessors' scores, objective indicators, lists.

None of it comes from residents. Scores and objective indicators make the direct score D; the
listed items stand apart in their own column and change no score.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    Double,
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from survey.models.base import Base, one_of

#: bonus 加分, deduction 扣分, veto 一票否决.
LISTED_KINDS = ("bonus", "deduction", "veto")


class DirectScore(Base):
    """The district's own assessment of a street by one assessor, 0 … 100."""

    __tablename__ = "direct_score"
    __table_args__ = (
        UniqueConstraint("wave_id", "street_id", "assessor"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score_range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"))
    street_id: Mapped[int] = mapped_column(ForeignKey("street.id"))
    #: A code for the assessor, not a name.
    assessor: Mapped[str] = mapped_column(String(60))
    score: Mapped[float] = mapped_column(Double)


class ObjectiveScore(Base):
    """A street's score 0 … 100 on one objective indicator of the policy in a wave."""

    __tablename__ = "objective_score"
    __table_args__ = (
        UniqueConstraint("wave_id", "street_id", "indicator"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score_range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"))
    street_id: Mapped[int] = mapped_column(ForeignKey("street.id"))
    #: The name the policy gives it, which is also the head of its column.
    indicator: Mapped[str] = mapped_column(String(60))
    score: Mapped[float] = mapped_column(Double)


class ListedItem(Base):
    """A bonus, a deduction or a veto of a street by a document; shown apart from every score."""

    __tablename__ = "listed_item"
    __table_args__ = (
        one_of("kind", LISTED_KINDS),
        CheckConstraint("(kind = 'veto') = (points IS NULL)", name="veto_has_no_points"),
        CheckConstraint("points IS NULL OR points >= 0", name="points_not_negative"),
        CheckConstraint("ceiling IS NULL OR ceiling >= 0", name="ceiling_not_negative"),
        CheckConstraint("(removed_at IS NULL) = (removed_by IS NULL)", name="removed_by_somebody"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"), index=True)
    street_id: Mapped[int] = mapped_column(ForeignKey("street.id"))
    kind: Mapped[str] = mapped_column(String(12))
    label: Mapped[str] = mapped_column(String(200))
    #: As entered, 0 or more, for bonuses and deductions; a veto has none.
    points: Mapped[float | None] = mapped_column(Double)
    #: The most that items under this document may come to for one street; NULL: no ceiling.
    ceiling: Mapped[float | None] = mapped_column(Double)
    #: Number or title of the document it rests on, and its date.
    document: Mapped[str] = mapped_column(String(200))
    document_date: Mapped[date] = mapped_column(Date)
    #: The office or post that signed the document, not a person's name.
    signed_by: Mapped[str] = mapped_column(String(120))
    entered_by: Mapped[str] = mapped_column(String(80))
    #: UTC.
    entered_at: Mapped[datetime] = mapped_column(DateTime)
    removed_by: Mapped[str | None] = mapped_column(String(80))
    #: UTC; NULL while it stands.
    removed_at: Mapped[datetime | None] = mapped_column(DateTime)
    removed_because: Mapped[str] = mapped_column(Text, default="")
