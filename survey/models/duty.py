"""Duties (权责清单): whose task a problem is, with what means; and the list as a wave locked it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey.models.base import Base, one_of
from survey.models.place import Department
from survey.models.questionnaire import Indicator

DUTY_BODIES = ("street", "department")


class Duty(Base):
    """One duty of the district's list, the same for all its streets. Retired, never deleted."""

    __tablename__ = "duty"
    __table_args__ = (
        UniqueConstraint("district_id", "code"),
        one_of("body", DUTY_BODIES),
        CheckConstraint(
            "(body = 'department') = (department_id IS NOT NULL)", name="department_named"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("district.id"))
    #: Short stable code, named in the reasons of proposals.
    code: Mapped[str] = mapped_column(String(32))
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"))
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    #: Words by which residents speak of it, in any language.
    terms: Mapped[list[str]] = mapped_column(JSON)
    #: Who is responsible: the street itself, or a department of the district.
    body: Mapped[str] = mapped_column(String(12))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    #: False: handed down without what it needs; such a duty lowers no street's score.
    has_means: Mapped[bool] = mapped_column(Boolean)
    #: The document that says so, with its number.
    source: Mapped[str] = mapped_column(String(240), default="")
    #: UTC; out of the list since then. Waves that locked it before keep it.
    retired_at: Mapped[datetime | None] = mapped_column(DateTime)

    indicator: Mapped[Indicator] = relationship()
    department: Mapped[Department | None] = relationship()


class WaveDuties(Base):
    """The duty list as it stood when a wave opened: later changes do not reach that wave."""

    __tablename__ = "wave_duties"

    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"), primary_key=True)
    #: sha256 of the canonical document.
    hash: Mapped[str] = mapped_column(String(64))
    #: The duties in use, by code, with the codes and names of indicators and departments.
    document: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    #: UTC.
    locked_at: Mapped[datetime] = mapped_column(DateTime)
