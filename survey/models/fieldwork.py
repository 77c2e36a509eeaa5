"""Fieldwork: waves, the collection points with their printed codes, and who was invited."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey.models.base import Base, one_of
from survey.models.place import District, Street
from survey.models.questionnaire import Questionnaire

WAVE_STATUSES = ("draft", "open", "closed", "published")
CHANNELS = ("poster", "window", "doorstep", "slip", "assisted", "paper", "cati")


class Wave(Base):
    """One period of asking, with its questionnaire and its locked policy."""

    __tablename__ = "wave"
    __table_args__ = (
        one_of("status", WAVE_STATUSES),
        CheckConstraint("closes_at > opens_at", name="closes_after_opening"),
        # Nobody may be asked under rules that can still change.
        CheckConstraint("status = 'draft' OR policy_id IS NOT NULL", name="open_has_policy"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("district.id"), index=True)
    #: Short stable code, unique over the installation, e.g. 2026q3.
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    questionnaire_id: Mapped[int] = mapped_column(ForeignKey("questionnaire.id"))
    policy_id: Mapped[int | None] = mapped_column(ForeignKey("policy.id"))
    #: UTC.
    opens_at: Mapped[datetime] = mapped_column(DateTime)
    #: UTC; answers are taken until then while the status is open.
    closes_at: Mapped[datetime] = mapped_column(DateTime)
    status: Mapped[str] = mapped_column(String(12), default="draft")

    district: Mapped[District] = relationship()
    questionnaire: Mapped[Questionnaire] = relationship()


class CollectionPoint(Base):
    """A place where a code is shown: a poster, a service window, a paper form, a call list."""

    __tablename__ = "collection_point"
    __table_args__ = (one_of("channel", CHANNELS),)

    id: Mapped[int] = mapped_column(primary_key=True)
    street_id: Mapped[int] = mapped_column(ForeignKey("street.id"), index=True)
    channel: Mapped[str] = mapped_column(String(12))
    #: What is printed and typed: at most 12 characters without look-alikes.
    short_code: Mapped[str] = mapped_column(String(12), unique=True)
    label_zh: Mapped[str] = mapped_column(String(120))
    label_en: Mapped[str] = mapped_column(String(120))
    #: UTC; from then on the code says politely that it is no longer in use.
    retired_at: Mapped[datetime | None] = mapped_column(DateTime)
    #: Where a retired code sends people instead.
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("collection_point.id"))

    street: Mapped[Street] = relationship()
    replaced_by: Mapped[CollectionPoint | None] = relationship(remote_side=[id])


class Invitation(Base):
    """How many people were invited through a point in a wave: the response rate's denominator."""

    __tablename__ = "invitation"
    __table_args__ = (CheckConstraint("invited >= 0", name="invited_not_negative"),)

    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"), primary_key=True)
    collection_point_id: Mapped[int] = mapped_column(
        ForeignKey("collection_point.id"), primary_key=True
    )
    invited: Mapped[int]
