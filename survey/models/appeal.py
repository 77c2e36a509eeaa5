"""What may still change a provisional evaluation: sign-off, appeals, exclusions.

A row here is written when somebody decides; what was decided is never edited, only followed by
the next decision.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey.models.base import Base, one_of

#: frozen: computed and put up for public notice; replaced: the next revision took its place.
SIGN_OFF_STEPS = ("frozen", "approved", "published", "replaced")
APPEAL_KINDS = ("deduction", "quarantine", "exclusion")
#: withdrawn: by the street itself, before it was decided.
APPEAL_STATUSES = ("open", "upheld", "rejected", "withdrawn")


class SignOff(Base):
    """Who took an evaluation one step further, and when. A step is taken once."""

    __tablename__ = "sign_off"
    __table_args__ = (UniqueConstraint("evaluation_id", "step"), one_of("step", SIGN_OFF_STEPS))

    id: Mapped[int] = mapped_column(primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"), index=True)
    step: Mapped[str] = mapped_column(String(12))
    #: The account's name, or the command that did it.
    actor: Mapped[str] = mapped_column(String(80))
    #: UTC.
    at: Mapped[datetime] = mapped_column(DateTime)
    note: Mapped[str] = mapped_column(Text, default="")


class Appeal(Base):
    """A street's appeal (申诉) against something in a provisional evaluation of a wave."""

    __tablename__ = "appeal"
    __table_args__ = (
        one_of("kind", APPEAL_KINDS),
        one_of("status", APPEAL_STATUSES),
        CheckConstraint("(kind = 'deduction') = (theme_id IS NOT NULL)", name="deduction_named"),
        CheckConstraint("(status = 'open') = (closed_at IS NULL)", name="closed_has_time"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: The revision it was filed against; what is decided holds for the wave.
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"), index=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"), index=True)
    street_id: Mapped[int] = mapped_column(ForeignKey("street.id"))
    kind: Mapped[str] = mapped_column(String(12))
    #: Of a deduction: the theme that costs points.
    theme_id: Mapped[int | None] = mapped_column(ForeignKey("theme.id"))
    #: Why, in the street's words.
    grounds: Mapped[str] = mapped_column(Text)
    filed_by: Mapped[str] = mapped_column(String(80))
    #: UTC.
    filed_at: Mapped[datetime] = mapped_column(DateTime)
    #: The last day, in the district's time zone, on which it is to be decided.
    decide_by: Mapped[date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(String(12), default="open")
    #: Why it was decided so; empty while open.
    decision: Mapped[str] = mapped_column(Text, default="")
    closed_by: Mapped[str | None] = mapped_column(String(80))
    #: UTC.
    closed_at: Mapped[datetime | None] = mapped_column(DateTime)

    documents: Mapped[list[AppealDocument]] = relationship(cascade="all, delete-orphan")


class AppealDocument(Base):
    """A piece of evidence handed in with an appeal, kept as it came."""

    __tablename__ = "appeal_document"

    id: Mapped[int] = mapped_column(primary_key=True)
    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeal.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Exclusion(Base):
    """A recorded decision that a street is not ranked in a wave, and when it was lifted."""

    __tablename__ = "exclusion"
    __table_args__ = (
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted_by_somebody"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"), index=True)
    street_id: Mapped[int] = mapped_column(ForeignKey("street.id"))
    reason: Mapped[str] = mapped_column(Text)
    #: Number or title of the document that carries the decision.
    document: Mapped[str] = mapped_column(String(200))
    decided_by: Mapped[str] = mapped_column(String(80))
    #: UTC.
    decided_at: Mapped[datetime] = mapped_column(DateTime)
    lifted_by: Mapped[str | None] = mapped_column(String(80))
    #: UTC; NULL while it holds.
    lifted_at: Mapped[datetime | None] = mapped_column(DateTime)
    lifted_because: Mapped[str] = mapped_column(Text, default="")
