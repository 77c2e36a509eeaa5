"""Read themes: which problems recur in a wave, where, and the comments behind them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from analysis.adjustment import is_recurring
from sqlalchemy import func, select

from survey.models import (
    Comment,
    Indicator,
    Mention,
    Response,
    ResponseCube,
    Street,
    Theme,
    ThemePeriod,
    Wave,
    db,
)
from survey.queries.policies import kept_policy
from survey.queries.views import IndicatorView, ThemeView
from survey.queries.waves import WaveView, wave_view

# How many waves, this one included, are looked at for recurrence (method, 6).
WAVES_LOOKED_AT = 4


@dataclass(frozen=True)
class PeriodCounts:
    """A theme's counts in one street and wave."""

    mentions: int
    mentions_random: int
    waves_present: int
    relief: float
    notified_on: date | None


@dataclass(frozen=True)
class WaveThemes:
    """The counts of every theme of a wave: {theme id: {street id or None: counts}}."""

    themes: Mapping[int, Theme]
    counts: Mapping[int, Mapping[int | None, PeriodCounts]]
    #: {street id: valid respondents}
    respondents: Mapping[int, int]


@dataclass(frozen=True)
class CommentShown:
    """One redacted comment behind a theme."""

    id: int
    body: str
    said_on: date
    street_code: str | None
    probability: float


def theme_counts(wave: WaveView) -> WaveThemes:
    """Themes mentioned in a wave with their counts. Three queries."""
    policy = kept_policy(wave.policy_id)
    recent = (
        select(Wave.id)
        .where(Wave.district_id == wave.district_id, Wave.opens_at <= wave.opens_at)
        .order_by(Wave.opens_at.desc())
        .limit(WAVES_LOOKED_AT)
    )
    periods = db.session.scalars(select(ThemePeriod).where(ThemePeriod.wave_id.in_(recent))).all()
    present: dict[tuple[int, int | None], int] = defaultdict(int)
    for period in periods:
        present[period.theme_id, period.street_id] += (
            period.mentions >= policy.theme_present_mentions
        )
    counts: dict[int, dict[int | None, PeriodCounts]] = defaultdict(dict)
    for period in periods:
        if period.wave_id == wave.id and period.mentions > 0:
            counts[period.theme_id][period.street_id] = PeriodCounts(
                mentions=period.mentions,
                mentions_random=period.mentions_random,
                waves_present=present[period.theme_id, period.street_id],
                relief=period.relief,
                notified_on=period.notified_at.date() if period.notified_at else None,
            )
    themes = db.session.scalars(select(Theme).where(Theme.id.in_(counts))).all()
    respondents = db.session.execute(
        select(ResponseCube.street_id, func.sum(ResponseCube.n))
        .where(
            ResponseCube.wave_id == wave.id,
            ResponseCube.status == "accepted",
            ResponseCube.is_valid,
        )
        .group_by(ResponseCube.street_id)
    )
    return WaveThemes(
        themes={theme.id: theme for theme in themes},
        counts=counts,
        respondents={street: int(n) for street, n in respondents},
    )


def wave_themes(wave_code: str, *, street_code: str | None = None) -> tuple[ThemeView, ...]:
    """The themes of a wave, most mentioned first; of one street when `street_code` is given.

    Dismissed and merged themes are left out. Six queries at most.
    Raises Refused (404) for an unknown wave.
    """
    wave = wave_view(wave_code)
    found = theme_counts(wave)
    streets = {
        row.id: row.code
        for row in db.session.execute(
            select(Street.id, Street.code).where(Street.district_id == wave.district_id)
        )
    }
    indicators = {row.id: row for row in db.session.scalars(select(Indicator))}
    views = []
    for theme_id, theme in found.themes.items():
        if theme.status in ("dismissed", "merged"):
            continue
        by_street = {
            streets[street]: counts.mentions
            for street, counts in found.counts[theme_id].items()
            if street in streets
        }
        here = [
            (street, counts)
            for street, counts in found.counts[theme_id].items()
            if street_code is None or streets.get(street or 0) == street_code
        ]
        if here:
            views.append(_view(theme, indicators, here, by_street, found.respondents, wave=wave))
    return tuple(sorted(views, key=lambda view: (-view.mentions, view.id)))


def _view(
    theme: Theme,
    indicators: Mapping[int, Indicator],
    here: Iterable[tuple[int | None, PeriodCounts]],
    by_street: Mapping[str, int],
    respondents: Mapping[int, int],
    *,
    wave: WaveView,
) -> ThemeView:
    here = list(here)
    mentions = sum(counts.mentions for _street, counts in here)
    waves_present = max(counts.waves_present for _street, counts in here)
    whole = sum(respondents.values())
    only = here[0][0]
    n = respondents.get(only, 0) if len(here) == 1 and only is not None else whole
    indicator = indicators.get(theme.indicator_id or 0)
    return ThemeView(
        id=theme.id,
        label=theme.label,
        keywords=tuple(theme.keywords),
        indicator=IndicatorView(
            indicator.id, indicator.code, (indicator.name_zh, indicator.name_en)
        )
        if indicator
        else None,
        status=theme.status,
        remit=theme.remit,
        scope=theme.scope,
        mentions=mentions,
        respondents=n,
        by_street=dict(sorted(by_street.items(), key=lambda item: (-item[1], item[0]))),
        waves_present=waves_present,
        is_recurring=is_recurring(mentions, n, waves_present, policy=kept_policy(wave.policy_id)),
    )


def theme_comments(
    theme_id: int,
    *,
    wave_code: str | None = None,
    street_code: str | None = None,
    limit: int = 50,
) -> tuple[CommentShown, ...]:
    """The redacted comments behind a theme, the most typical first. One query."""
    query = (
        select(Comment.id, Comment.body, Comment.said_on, Street.code, Mention.probability)
        .join(Mention, Mention.comment_id == Comment.id)
        .outerjoin(Street, Comment.street_id == Street.id)
        .outerjoin(Response, Comment.response_id == Response.id)
        .where(Mention.theme_id == theme_id)
        .where((Response.id.is_(None)) | (Response.status == "accepted"))
        .order_by(Mention.probability.desc(), Comment.id)
        .limit(limit)
    )
    if wave_code is not None:
        query = query.join(Wave, Comment.wave_id == Wave.id).where(Wave.code == wave_code)
    if street_code is not None:
        query = query.where(Street.code == street_code)
    return tuple(CommentShown(*row) for row in db.session.execute(query))


def unsorted_comments(wave: WaveView) -> list[Any]:
    """Comments of a wave that belong to no theme or have no indicator yet. One query."""
    return list(
        db.session.execute(
            select(
                Comment.id,
                Comment.title,
                Comment.body,
                Comment.said_on,
                Comment.street_id,
                Comment.response_id,
                Comment.person_hash,
                Comment.indicator_probability,
                Mention.theme_id,
            )
            .outerjoin(Mention, Mention.comment_id == Comment.id)
            .where(Comment.wave_id == wave.id)
            .where((Mention.theme_id.is_(None)) | (Comment.indicator_probability.is_(None)))
            .order_by(Comment.id)
        )
    )
