"""Themes: complaints that keep recurring, district-wide and lasting over waves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    DateTime,
    Float,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey.models.base import Base, BigKey, one_of
from survey.models.questionnaire import Indicator

THEME_STATUSES = ("proposed", "confirmed", "merged", "dismissed")
REMITS = ("undecided", "street", "department")
SCOPES = ("own", "common")
DECIDERS = ("model", "person")
PLAN_STATES = ("none", "plan", "overdue", "removed")


class ThemeModel(Base):
    """One trained version of the comment model; at most one serves."""

    __tablename__ = "theme_model"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(unique=True)
    #: sha256 of the stored file: anything else is refused on loading.
    sha256: Mapped[str] = mapped_column(String(64))
    metrics: Mapped[dict[str, Any]] = mapped_column(JSON)
    is_serving: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(DateTime)


class Theme(Base):
    """One recurring problem. It counts in an evaluation only after a person confirmed it."""

    __tablename__ = "theme"
    __table_args__ = (
        one_of("status", THEME_STATUSES),
        one_of("remit", REMITS),
        one_of("scope", SCOPES),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("district.id"), index=True)
    #: NULL: about none of the indicators.
    indicator_id: Mapped[int | None] = mapped_column(ForeignKey("indicator.id"))
    #: A representative comment, shortened: said in the residents' own words and language.
    label: Mapped[str] = mapped_column(String(200))
    keywords: Mapped[list[str]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(12), default="proposed")
    #: Whose task it is by the duty list (权责清单).
    remit: Mapped[str] = mapped_column(String(12), default="undecided")
    #: common (共性问题): of the district; own (个性问题): of a street.
    scope: Mapped[str] = mapped_column(String(8), default="own")
    #: {term: weight}: what later comments are compared with.
    centroid: Mapped[dict[str, float]] = mapped_column(JSON)
    #: Distinct texts behind the centroid: the more, the less one new text moves it.
    texts: Mapped[int]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("theme.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime)

    indicator: Mapped[Indicator | None] = relationship()


class ThemePeriod(Base):
    """How often a street's residents mentioned a theme in a wave: counts, from which shares,
    bounds and deductions are computed (see analysis.adjustment)."""

    __tablename__ = "theme_period"
    __table_args__ = (
        UniqueConstraint("theme_id", "street_id", "wave_id"),
        one_of("state", PLAN_STATES),
        CheckConstraint("solved >= 0 AND solved <= reasked", name="solved_of_reasked"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"))
    #: NULL: mentioned in comments that name no street.
    street_id: Mapped[int | None] = mapped_column(ForeignKey("street.id"))
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"), index=True)
    #: m: distinct accepted, valid responses that mention it, near-identical texts once.
    mentions: Mapped[int]
    #: Distinct persons behind loaded comments that mention it; no respondents, so not in m.
    mentions_loaded: Mapped[int]
    #: Those of m that came through the random stream.
    mentions_random: Mapped[int]
    #: UTC; when the street was told of it.
    notified_at: Mapped[datetime | None] = mapped_column(DateTime)
    #: What the street has promised: no plan, a published plan in time, one overdue; or removed
    #: by an upheld appeal.
    state: Mapped[str] = mapped_column(String(8), default="none")
    #: Of the residents asked again, those who say it is solved; g is computed from these.
    solved: Mapped[int] = mapped_column(default=0)
    reasked: Mapped[int] = mapped_column(default=0)


class Mention(Base):
    """A comment that belongs to a theme."""

    __tablename__ = "mention"
    __table_args__ = (one_of("decided_by", DECIDERS), Index("ix_mention_theme_id", "theme_id"))

    comment_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("comment.id"), primary_key=True, autoincrement=False
    )
    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"), primary_key=True)
    model_id: Mapped[int | None] = mapped_column(ForeignKey("theme_model.id"))
    #: Cosine similarity with the theme's mean, 0 … 1: how typical the comment is of it.
    closeness: Mapped[float] = mapped_column(Float)
    decided_by: Mapped[str] = mapped_column(String(8), default="model")
