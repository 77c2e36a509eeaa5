"""Evaluations: the policy they follow, and their results, frozen when they are put on notice.

Results are floating-point numbers and are stored as such, so that a published figure is the
computed figure to the last bit; everything that is counted stays an integer.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Double,
    ForeignKey,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey.models.appeal import SignOff
from survey.models.base import Base, BigKey, one_of

#: provisional: on public notice (公示), appeals are open; approved: signed off, not published yet;
#: replaced: the next revision was made before this one was published.
EVALUATION_STATUSES = ("provisional", "approved", "published", "replaced")
#: Its figures are fixed, and residents cannot take an answer out of them any more.
FROZEN_STATUSES = ("provisional", "approved", "published")
BUNDLE_KINDS = ("full", "public")
REPORT_KINDS = ("leaders", "full")
RESULT_KINDS = ("public", "indicator", "adjusted", "direct", "blended")


class Policy(Base):
    """One version of the rules; locked and hashed before a wave that uses it opens."""

    __tablename__ = "policy"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: sha256 of the canonical document, printed on every output.
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(DateTime)


class Evaluation(Base):
    """One evaluation of a wave. A correction of a published one is the next revision."""

    __tablename__ = "evaluation"
    __table_args__ = (
        UniqueConstraint("wave_id", "revision"),
        one_of("status", EVALUATION_STATUSES),
        CheckConstraint(
            "(status = 'published') = (published_at IS NOT NULL)", name="published_has_time"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"))
    #: 1, 2, …
    revision: Mapped[int]
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"))
    #: The state of the cubes it was computed from; NULL when nothing was ever folded.
    rollup_run_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("rollup_run.id"))
    status: Mapped[str] = mapped_column(String(12))
    #: The last day of the public notice, in the district's time zone: until then streets may
    #: appeal. NULL: published without a notice.
    notice_until: Mapped[date | None] = mapped_column(Date)
    #: Why a revision after the first was made.
    reason: Mapped[str] = mapped_column(Text, default="")
    #: Everything that is of the wave and not of one street: verdict, effective weights, chances.
    summary: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: UTC; when the cubes it was computed from were last folded.
    computed_at: Mapped[datetime | None] = mapped_column(DateTime)
    #: UTC; when it was frozen.
    created_at: Mapped[datetime] = mapped_column(DateTime)
    published_at: Mapped[datetime | None] = mapped_column(DateTime)

    results: Mapped[list[StreetResult]] = relationship(cascade="all, delete-orphan")
    bundles: Mapped[list[EvaluationBundle]] = relationship(cascade="all, delete-orphan")
    adjustments: Mapped[list[ThemeAdjustment]] = relationship(cascade="all, delete-orphan")
    sign_offs: Mapped[list[SignOff]] = relationship(cascade="all, delete-orphan")


class StreetResult(Base):
    """One figure of one street in an evaluation, with all that must travel with it."""

    __tablename__ = "street_result"
    __table_args__ = (
        UniqueConstraint("evaluation_id", "street_id", "kind", "indicator_id"),
        one_of("kind", RESULT_KINDS),
        CheckConstraint("low <= estimate AND estimate <= high", name="within_interval"),
        CheckConstraint(
            "(kind = 'indicator') = (indicator_id IS NOT NULL)", name="indicator_named"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"), index=True)
    street_id: Mapped[int] = mapped_column(ForeignKey("street.id"))
    kind: Mapped[str] = mapped_column(String(12))
    indicator_id: Mapped[int | None] = mapped_column(ForeignKey("indicator.id"))
    estimate: Mapped[float | None] = mapped_column(Double)
    se: Mapped[float | None] = mapped_column(Double)
    low: Mapped[float | None] = mapped_column(Double)
    high: Mapped[float | None] = mapped_column(Double)
    n: Mapped[int]
    n_effective: Mapped[float] = mapped_column(Double)
    #: Degrees of freedom of the interval.
    df: Mapped[float | None] = mapped_column(Double)
    #: The interval is a 95 % confidence interval of a random sample, not one that rests on a model.
    is_random: Mapped[bool] = mapped_column(Boolean)
    #: Why the figure may not be shown outside, e.g. n_below_30; NULL when it may.
    suppressed_because: Mapped[str | None] = mapped_column(String(60))


class ThemeAdjustment(Base):
    """What one theme did to one street's score, or why it did nothing."""

    __tablename__ = "theme_adjustment"
    __table_args__ = (UniqueConstraint("evaluation_id", "street_id", "theme_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"), index=True)
    street_id: Mapped[int] = mapped_column(ForeignKey("street.id"))
    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"))
    #: What the theme was called when it was judged.
    label: Mapped[str] = mapped_column(String(200))
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"))
    keywords: Mapped[list[str]] = mapped_column(JSON)
    remit: Mapped[str] = mapped_column(String(12))
    scope: Mapped[str] = mapped_column(String(8))
    mentions: Mapped[int]
    #: m': mentions as the judged sample lets them count; NULL: published before there was one.
    mentions_counted: Mapped[int | None]
    #: Of the theme's comments in the wave, how many were drawn and judged, and judged right.
    sample_judged: Mapped[int | None]
    sample_right: Mapped[int | None]
    respondents: Mapped[int]
    #: L: one-sided 95 % Wilson lower bound of mentions counted / respondents.
    lower: Mapped[float] = mapped_column(Double)
    #: p~: the share shrunken towards the district's.
    share: Mapped[float] = mapped_column(Double)
    #: r: in how many of the last four waves it was present.
    waves_present: Mapped[int]
    relief: Mapped[float] = mapped_column(Double)
    is_recurring: Mapped[bool] = mapped_column(Boolean)
    #: Points taken from the indicator before its cap; 0 when it does not count.
    deduction: Mapped[float] = mapped_column(Double)
    #: Codes of the reasons why it took nothing, e.g. not_confirmed; [] when it counted.
    not_counted_because: Mapped[list[str]] = mapped_column(JSON)


class EvaluationBundle(Base):
    """The recompute bundle of a published evaluation, as it was sealed when it was published."""

    __tablename__ = "evaluation_bundle"
    __table_args__ = (one_of("kind", BUNDLE_KINDS),)

    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"), primary_key=True)
    #: full: for auditors; public: from the scores on.
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    #: The zip file.
    content: Mapped[bytes] = mapped_column(LargeBinary)


class EvaluationReport(Base):
    """A printed report of an evaluation (PDF), as it was made when the figures were frozen."""

    __tablename__ = "evaluation_report"
    __table_args__ = (one_of("kind", REPORT_KINDS),)

    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"), primary_key=True)
    #: leaders: one page; full: every figure and how it came about.
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    #: zh or en.
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    #: UTC.
    made_at: Mapped[datetime] = mapped_column(DateTime)
