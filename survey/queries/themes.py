"""Read themes: which problems recur in a wave, where, and the comments behind them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from analysis.adjustment import ThemeRecord, recurrence_reasons
from analysis.policy import Policy
from survey.models import (
    Comment,
    Mention,
    Response,
    ResponseCube,
    Street,
    Theme,
    ThemePeriod,
    Wave,
    db,
)
from survey.queries.fieldwork import kept_instrument
from survey.queries.policies import kept_policy
from survey.queries.views import (
    AdjustmentView,
    EvaluationView,
    IndicatorView,
    StreetView,
    ThemeView,
)
from survey.queries.waves import WaveView, wave_view


@dataclass(frozen=True)
class PeriodCounts:
    """A theme's counts in one street and wave (see survey.models.theme.ThemePeriod)."""

    mentions: int
    mentions_loaded: int
    mentions_random: int
    waves_present: int
    state: str
    solved: int
    reasked: int
    notified_at: datetime | None


@dataclass(frozen=True)
class WaveThemes:
    """The themes of a wave and their counts."""

    themes: Mapping[int, Theme]
    #: {theme id: {street id, or None for comments that name no street: counts}}
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
    closeness: float


def theme_counts(wave: WaveView) -> WaveThemes:
    """Themes mentioned in a wave with their counts. Three queries."""
    policy = kept_policy(wave.policy_id)
    recent = (
        select(Wave.id)
        .where(Wave.district_id == wave.district_id, Wave.opens_at <= wave.opens_at)
        .order_by(Wave.opens_at.desc())
        .limit(policy.theme_window)
    )
    periods = db.session.scalars(select(ThemePeriod).where(ThemePeriod.wave_id.in_(recent))).all()
    present: dict[tuple[int, int | None], int] = defaultdict(int)
    for period in periods:
        if period.mentions >= policy.theme_present_mentions:
            present[period.theme_id, period.street_id] += 1
    counts: dict[int, dict[int | None, PeriodCounts]] = defaultdict(dict)
    for period in periods:
        if period.wave_id == wave.id and period.mentions + period.mentions_loaded > 0:
            counts[period.theme_id][period.street_id] = PeriodCounts(
                mentions=period.mentions,
                mentions_loaded=period.mentions_loaded,
                mentions_random=period.mentions_random,
                waves_present=present[period.theme_id, period.street_id],
                state=period.state,
                solved=period.solved,
                reasked=period.reasked,
                notified_at=period.notified_at,
            )
    themes = db.session.scalars(
        select(Theme)
        .where(Theme.id.in_(counts), Theme.status.not_in(("dismissed", "merged")))
        .options(joinedload(Theme.indicator))
        .order_by(Theme.id)
    ).all()
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


def theme_record(
    theme: Theme,
    counts: PeriodCounts,
    *,
    wave: WaveView,
    street: StreetView,
    respondents: int,
    district_share: float,
    has_random_stream: bool,
) -> ThemeRecord:
    """A theme in one street as analysis.adjustment judges it (method, 6)."""
    notified = counts.notified_at
    return ThemeRecord(
        street=street.code,
        indicator=theme.indicator.code if theme.indicator else "",
        label=theme.label,
        # A retraction still to be folded can leave fewer respondents than mentions for a moment.
        mentions=min(counts.mentions, respondents),
        respondents=respondents,
        district_share=district_share,
        waves=counts.waves_present,
        state=counts.state,
        solved=counts.solved,
        reasked=counts.reasked,
        # A common problem (共性问题) is the district's, whoever's task it is in one street.
        remit="common" if theme.scope == "common" else theme.remit,
        confirmed=theme.status == "confirmed",
        notified_days=(wave.opens_at - notified).days if notified else None,
        random_mentions=counts.mentions_random if has_random_stream else None,
        number=theme.id,
    )


def wave_themes(wave_code: str, *, street_code: str | None = None) -> tuple[ThemeView, ...]:
    """The themes of a wave, most mentioned first; of one street when `street_code` is given.

    Dismissed and merged themes are left out. Six queries.
    Raises Refused (404) for an unknown wave.
    """
    wave = wave_view(wave_code)
    found = theme_counts(wave)
    policy = kept_policy(wave.policy_id)
    streets = dict(
        db.session.execute(
            select(Street.id, Street.code).where(Street.district_id == wave.district_id)
        ).all()
    )
    indicators = {
        indicator.id: indicator for indicator in kept_instrument(wave.questionnaire_id).indicators
    }
    views = []
    for theme in found.themes.values():
        by_street = found.counts[theme.id]
        here = {
            street: counts
            for street, counts in by_street.items()
            if street_code is None or streets.get(street or 0) == street_code
        }
        if here:
            one = next(iter(here)) if street_code is not None else None
            views.append(
                _view(
                    theme,
                    here,
                    {streets[s]: _said(c) for s, c in by_street.items() if s in streets},
                    respondents=found.respondents.get(one, 0)
                    if one is not None
                    else sum(found.respondents.values()),
                    indicator=indicators.get(theme.indicator_id or 0),
                    policy=policy,
                )
            )
    return tuple(sorted(views, key=lambda view: (-view.mentions, view.id)))


def _said(counts: PeriodCounts) -> int:
    return counts.mentions + counts.mentions_loaded


def _view(
    theme: Theme,
    here: Mapping[int | None, PeriodCounts],
    by_street: Mapping[str, int],
    *,
    respondents: int,
    indicator: IndicatorView | None,
    policy: Policy,
) -> ThemeView:
    waves_present = max(counts.waves_present for counts in here.values())
    answered = sum(counts.mentions for counts in here.values())
    return ThemeView(
        id=theme.id,
        label=theme.label,
        keywords=tuple(theme.keywords),
        indicator=indicator,
        status=theme.status,
        remit=theme.remit,
        scope=theme.scope,
        mentions=sum(_said(counts) for counts in here.values()),
        respondents=respondents,
        by_street=dict(sorted(by_street.items(), key=lambda item: (-item[1], item[0]))),
        waves_present=waves_present,
        is_recurring=not recurrence_reasons(
            min(answered, respondents), respondents, waves_present, policy=policy
        ),
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
        select(Comment.id, Comment.body, Comment.said_on, Street.code, Mention.closeness)
        .join(Mention, Mention.comment_id == Comment.id)
        .outerjoin(Street, Comment.street_id == Street.id)
        .outerjoin(Response, Comment.response_id == Response.id)
        .where(Mention.theme_id == theme_id)
        .where((Response.id.is_(None)) | (Response.status == "accepted"))
        .order_by(Mention.closeness.desc(), Comment.id)
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


def frozen_themes(
    evaluation: EvaluationView, *, street_code: str | None = None
) -> tuple[ThemeView, ...]:
    """The themes of a published wave as they stood then, most mentioned first. No query.

    Themes about none of the indicators and comments loaded from elsewhere are not in it.
    """
    policy = kept_policy(evaluation.wave.policy_id)
    indicators = {indicator.code: indicator for indicator in evaluation.indicators}
    told: dict[int, dict[str, AdjustmentView]] = defaultdict(dict)
    for entry in evaluation.streets:
        for item in entry.adjustments:
            told[item.theme_id][entry.street.code] = item
    everybody = {entry.street.code: entry.public.n for entry in evaluation.streets}
    views = []
    for theme_id, by_street in told.items():
        here = [item for code, item in by_street.items() if street_code in (None, code)]
        if not here:
            continue
        mentions = sum(item.mentions for item in here)
        n = sum(everybody.values()) if street_code is None else everybody[street_code]
        waves_present = max(item.waves_present for item in here)
        views.append(
            ThemeView(
                id=theme_id,
                label=here[0].label,
                keywords=here[0].keywords,
                indicator=indicators[here[0].indicator_code],
                status="confirmed" if here[0].is_confirmed else "proposed",
                remit=here[0].remit,
                scope=here[0].scope,
                mentions=mentions,
                respondents=n,
                by_street={code: item.mentions for code, item in by_street.items()},
                waves_present=waves_present,
                is_recurring=not recurrence_reasons(
                    min(mentions, n), n, waves_present, policy=policy
                ),
            )
        )
    return tuple(sorted(views, key=lambda view: (-view.mentions, view.id)))
