"""What the counts of a wave say of a theme: its state per street, its spread, and its surge.

Computed anew by every run from survey.models.theme.ThemePeriod and the comments; people decide.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Boolean, Date, Double, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from survey.models.base import Base, one_of

# Those of analysis.themes.theme_states.RULES, but "never", of which nothing is stored.
THEME_STATES = (
    "unknown",
    "new",
    "again",
    "rising",
    "easing",
    "gone",
    "continuing",
    "unclear",
)
PROPOSED_SCOPES = ("common", "own", "undecided")


class ThemeState(Base):
    """The state of a theme in a street and wave, and the two shares it rests on."""

    __tablename__ = "theme_state"
    __table_args__ = (
        UniqueConstraint("theme_id", "street_id", "wave_id"),
        one_of("state", THEME_STATES),
        Index("ix_theme_state_wave_id", "wave_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"))
    #: NULL: the district as a whole.
    street_id: Mapped[int | None] = mapped_column(ForeignKey("street.id"))
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"))
    state: Mapped[str] = mapped_column(String(12))
    #: m of n in the wave.
    mentions: Mapped[int]
    respondents: Mapped[int]
    #: m of n pooled over the waves since the level last changed.
    mentions_before: Mapped[int]
    respondents_before: Mapped[int]


class ThemeSignal(Base):
    """How a theme spreads over the streets in a wave, and whether its last week stands out."""

    __tablename__ = "theme_signal"
    __table_args__ = (
        one_of("scope", PROPOSED_SCOPES),
        Index("ix_theme_signal_wave_id", "wave_id"),
    )

    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"), primary_key=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"), primary_key=True)
    #: What the test between the streets says; the theme's own scope is what people say.
    scope: Mapped[str] = mapped_column(String(12))
    #: The effective number of streets, with its interval; NULL with too few mentions.
    effective_streets: Mapped[float | None] = mapped_column(Double)
    low: Mapped[float | None] = mapped_column(Double)
    high: Mapped[float | None] = mapped_column(Double)
    streets_heard: Mapped[int]
    streets_mentioning: Mapped[int]
    #: Last day of the week tested; NULL: the theme is too new, or nobody was heard.
    week_ends: Mapped[date | None] = mapped_column(Date)
    #: Persons who mention it in that week, as many as were expected, and the chance of as many.
    week_persons: Mapped[int | None]
    week_expected: Mapped[float | None] = mapped_column(Double)
    week_chance: Mapped[float | None] = mapped_column(Double)
    is_surging: Mapped[bool] = mapped_column(Boolean, default=False)
