"""Themes: complaints that keep recurring, district-wide and lasting over waves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
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
from survey.models.place import Department
from survey.models.questionnaire import Indicator

THEME_STATUSES = ("proposed", "confirmed", "merged", "dismissed")
REMITS = ("undecided", "street", "department")
SCOPES = ("own", "common")
DECIDERS = ("model", "person")
PLAN_STATES = ("none", "plan", "overdue", "removed")
# sample: drawn at random from the theme's comments; border: from those just outside it;
# person: moved in or out by hand, which says nothing about the model at large.
JUDGEMENT_BASES = ("sample", "border", "person")
LINEAGE_KINDS = ("merged", "split")
# Each is a row of survey.services.theme_acts.ACTS, but undo.
DECISION_ACTIONS = (
    "status",
    "rename",
    "merge",
    "move",
    "indicator",
    "comment_indicator",
    "remit",
    "scope",
    "department",
    "judge",
    "undo",
)


class ThemeModel(Base):
    """One trained version of the comment model; at most one serves."""

    __tablename__ = "theme_model"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(unique=True)
    #: sha256 of the stored file: anything else is refused on loading.
    sha256: Mapped[str] = mapped_column(String(64))
    #: Keyed hash of version and sha256 with this installation's secret: a file and a row that
    #: were put here together from elsewhere do not agree with it. Empty: from before there was one.
    seal: Mapped[str] = mapped_column(String(64), default="")
    #: What was measured on the kept-back comments, and why the version may not serve.
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
    #: What people call it, in both languages; empty until somebody named it.
    name_zh: Mapped[str] = mapped_column(String(120), default="")
    name_en: Mapped[str] = mapped_column(String(120), default="")
    keywords: Mapped[list[str]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(12), default="proposed")
    #: Whose task it is by the duty list (权责清单).
    remit: Mapped[str] = mapped_column(String(12), default="undecided")
    #: common (共性问题): of the district; own (个性问题): of a street.
    scope: Mapped[str] = mapped_column(String(8), default="own")
    #: Whose task it is, or who leads when it is common.
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    #: Names of the columns that people decided; a run of the model leaves these alone.
    decided: Mapped[list[str]] = mapped_column(JSON, default=list)
    #: One more with every decision: who decides on what another changed meanwhile is told so.
    version: Mapped[int] = mapped_column(default=0)
    #: {term: weight}: what later comments are compared with.
    centroid: Mapped[dict[str, float]] = mapped_column(JSON)
    #: Distinct texts behind the centroid: the more, the less one new text moves it.
    texts: Mapped[int]
    #: The theme that speaks for this one, never itself merged. Its mentions stay its own, so that
    #: undoing is exact: whoever counts, counts them for this theme.
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("theme.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(DateTime)

    indicator: Mapped[Indicator | None] = relationship()
    department: Mapped[Department | None] = relationship()


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
    #: Those of m that a person judged to be about the theme, or put there.
    mentions_right: Mapped[int] = mapped_column(default=0)
    #: Those of m whose text is in no other street's count: over the streets, what a sample of the
    #: theme's comments is drawn from.
    texts_only_here: Mapped[int] = mapped_column(default=0)
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
    #: Cosine similarity with the theme's mean, 0 … 1: how typical the comment is of it; 0 when
    #: a person put it there.
    closeness: Mapped[float] = mapped_column(Float)
    decided_by: Mapped[str] = mapped_column(String(8), default="model")
    #: The comment that stands for this text and its copies among the theme's of the wave; 0: one
    #: that people judged not to be about it; NULL: not compared yet. Found anew by every whole
    #: count. Not a foreign key, so that a resident's withdrawal never waits for it.
    kind_id: Mapped[int | None] = mapped_column(BigInteger, index=True)


class ThemeJudgement(Base):
    """A person's word that a comment is, or is not, about a theme. No run goes against it."""

    __tablename__ = "theme_judgement"
    __table_args__ = (
        one_of("basis", JUDGEMENT_BASES),
        Index("ix_theme_judgement_theme_id", "theme_id"),
    )

    comment_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("comment.id"), primary_key=True, autoincrement=False
    )
    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"), primary_key=True)
    is_about: Mapped[bool] = mapped_column(Boolean)
    #: How the comment came before the person: only what was drawn tells about the model.
    basis: Mapped[str] = mapped_column(String(8))


class ThemeDecision(Base):
    """One act of a person: who, when, what, and how it was before and after. Never deleted."""

    __tablename__ = "theme_decision"
    __table_args__ = (
        one_of("action", DECISION_ACTIONS),
        Index("ix_theme_decision_theme_id", "theme_id"),
        Index("ix_theme_decision_comment_id", "comment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("district.id"), index=True)
    #: NULL: an act on a comment alone.
    theme_id: Mapped[int | None] = mapped_column(ForeignKey("theme.id"))
    #: The theme it was merged into, or the comment was moved to.
    other_theme_id: Mapped[int | None] = mapped_column(ForeignKey("theme.id"))
    #: NULL: an act on a theme as a whole, or the comment was taken back by its resident.
    comment_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("comment.id"))
    action: Mapped[str] = mapped_column(String(20))
    #: The account's name.
    actor: Mapped[str] = mapped_column(String(60))
    #: UTC.
    at: Mapped[datetime] = mapped_column(DateTime)
    #: What the act changed, as it was and as it became; undoing puts `before` back.
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(String(400), default="")
    #: The act (undo) that took this one back.
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("theme_decision.id"))


class ThemeLineage(Base):
    """Where a theme went or came from: two that became one, or one that became two.

    What a run finds about themes that people have decided about is not applied but proposed.
    """

    __tablename__ = "theme_lineage"
    __table_args__ = (
        UniqueConstraint("kind", "from_theme_id", "to_theme_id"),
        one_of("kind", LINEAGE_KINDS),
        one_of("by", DECIDERS),
        CheckConstraint("from_theme_id <> to_theme_id", name="two_themes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    #: merged: the one that went into the other; split: the one that lost comments to the other.
    from_theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"), index=True)
    to_theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"), index=True)
    by: Mapped[str] = mapped_column(String(8))
    #: False: proposed by a run, and a person has yet to do it.
    is_applied: Mapped[bool] = mapped_column(Boolean, default=True)
    #: UTC.
    at: Mapped[datetime] = mapped_column(DateTime)
