"""Places: the district, its streets and departments, who lives there, and the strata answers are
weighted by."""

from __future__ import annotations

from datetime import date

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Date,
    Double,
    ForeignKey,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey.models.base import Base


class District(Base):
    """The district whose streets are judged against each other."""

    __tablename__ = "district"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: Short stable code, used in files and addresses.
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    #: Invented data: every page, file and picture made from it says so.
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False)

    streets: Mapped[list[Street]] = relationship(back_populates="district")


class Street(Base):
    """A street (街道): the unit that is judged."""

    __tablename__ = "street"
    __table_args__ = (CheckConstraint("population >= 0", name="population_not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("district.id"), index=True)
    #: Short stable code, unique over the installation, used in files and addresses.
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    #: Adult residents; the weight of the street in the district's index.
    population: Mapped[int]
    #: Streets are only ranked against streets of the same group (同类分组).
    peer_group: Mapped[str] = mapped_column(String(60), default="")
    #: False once a street was re-organised away; its past stays readable.
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)

    district: Mapped[District] = relationship(back_populates="streets")


class Department(Base):
    """A department of the district (职能部门): whose task a problem may be."""

    __tablename__ = "department"
    __table_args__ = (UniqueConstraint("district_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("district.id"))
    #: Short stable code, used in files.
    code: Mapped[str] = mapped_column(String(32))
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    #: False once it was re-organised away; what was given to it stays readable.
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)


class Stratum(Base):
    """A combination of the margin variables, e.g. age_band=60+|sex=F; 'unknown' is a category."""

    __tablename__ = "stratum"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: 'variable=category' pairs in alphabetical order of the variables, joined by '|'.
    key: Mapped[str] = mapped_column(String(240), unique=True)
    #: The same as an object, {variable: category}.
    categories: Mapped[dict[str, str]] = mapped_column(JSON)


class PopulationMargin(Base):
    """Adult residents of a street in one category of one variable, from a named source."""

    __tablename__ = "population_margin"
    __table_args__ = (
        UniqueConstraint("street_id", "variable", "category"),
        CheckConstraint("residents >= 0", name="residents_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    street_id: Mapped[int] = mapped_column(ForeignKey("street.id"))
    variable: Mapped[str] = mapped_column(String(60))
    category: Mapped[str] = mapped_column(String(60))
    residents: Mapped[int]
    #: The day the count stands for.
    as_of: Mapped[date | None] = mapped_column(Date)
    #: Where the count comes from, e.g. the census table.
    source: Mapped[str] = mapped_column(String(240), default="")


class StreetCondition(Base):
    """A resource or condition of a street, e.g. staff or money: context, never part of a score."""

    __tablename__ = "street_condition"
    __table_args__ = (UniqueConstraint("street_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    street_id: Mapped[int] = mapped_column(ForeignKey("street.id"))
    #: The same condition has the same code in every street.
    code: Mapped[str] = mapped_column(String(40))
    name_zh: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    unit_zh: Mapped[str] = mapped_column(String(40), default="")
    unit_en: Mapped[str] = mapped_column(String(40), default="")
    value: Mapped[float] = mapped_column(Double)
    #: Shown for so many residents, e.g. 1000; 0: as it is.
    per_residents: Mapped[int] = mapped_column(default=0)
    #: The day the figure stands for.
    as_of: Mapped[date | None] = mapped_column(Date)
    #: Where the figure comes from.
    source: Mapped[str] = mapped_column(String(240), default="")
