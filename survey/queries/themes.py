"""Read themes: which problems recur in a wave, where, and the comments behind them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, func, select

from analysis.adjustment import recurrence_reasons
from analysis.policy import Policy
from survey.models import (
    Comment,
    Mention,
    Response,
    Street,
    Theme,
    ThemeJudgement,
    Wave,
    db,
)
from survey.queries.fieldwork import kept_instrument
from survey.queries.policies import kept_policy
from survey.queries.theme_counts import (
    PeriodCounts,
    WaveThemes,
    in_wave,
    speaking,
    theme_counts,
)
from survey.queries.views import (
    AdjustmentView,
    EvaluationView,
    IndicatorView,
    SampleCounts,
    ThemeView,
)
from survey.queries.waves import WaveView, wave_view

# Keys that one statement names.
NAMED_AT_ONCE = 1_000


@dataclass(frozen=True)
class CommentShown:
    """One redacted comment behind a theme."""

    id: int
    body: str
    said_on: date
    street_code: str | None
    closeness: float
    #: What a person said of it: about the theme or not; None: nobody was asked.
    is_about: bool | None = None


def wave_themes(wave_code: str, *, street_code: str | None = None) -> tuple[ThemeView, ...]:
    """The themes of a wave, most mentioned first; of one street when `street_code` is given.

    Dismissed and merged themes are left out. Four queries.
    Raises Refused (404) for an unknown wave.
    """
    wave = wave_view(wave_code)
    return theme_views(wave, theme_counts(wave), street_code=street_code)


def theme_views(
    wave: WaveView, found: WaveThemes, *, street_code: str | None = None
) -> tuple[ThemeView, ...]:
    """The same from counts that were read already."""
    policy = kept_policy(wave.policy_id)
    streets = {key: street.code for key, street in found.streets.items()}
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
                    sample=found.sample(theme.id),
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
    sample: SampleCounts,
) -> ThemeView:
    department = theme.department
    waves_present = max(counts.waves_present for counts in here.values())
    answered = sum(counts.mentions for counts in here.values())
    return ThemeView(
        id=theme.id,
        label=theme.name_zh or theme.label,
        name=(theme.name_zh or theme.label, theme.name_en or theme.label),
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
        is_named=bool(theme.name_zh),
        department=(department.name_zh, department.name_en) if department else None,
        decided=tuple(theme.decided),
        version=theme.version,
        sample=sample,
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
        select(
            Comment.id,
            Comment.body,
            Comment.said_on,
            Street.code,
            Mention.closeness,
            ThemeJudgement.is_about,
        )
        .join(Mention, Mention.comment_id == Comment.id)
        .join(Theme, Mention.theme_id == Theme.id)
        .outerjoin(Street, Comment.street_id == Street.id)
        .outerjoin(Response, Comment.response_id == Response.id)
        .outerjoin(
            ThemeJudgement,
            and_(ThemeJudgement.comment_id == Comment.id, ThemeJudgement.theme_id == theme_id),
        )
        .where(speaking() == theme_id)
        .where((Response.id.is_(None)) | (Response.status == "accepted"))
        .order_by(Mention.closeness.desc(), Comment.id)
        .limit(limit)
    )
    if wave_code is not None:
        query = query.join(Wave, Comment.wave_id == Wave.id).where(Wave.code == wave_code)
    if street_code is not None:
        query = query.where(Street.code == street_code)
    return tuple(CommentShown(*row) for row in db.session.execute(query))


_TO_SORT = (
    Comment.id,
    Comment.title,
    Comment.body,
    Comment.said_on,
    Comment.street_id,
    Comment.response_id,
    Comment.person_hash,
    Comment.indicator_id,
    Comment.indicator_probability,
    Comment.indicator_is_decided,
)


def unsorted_comments(wave: WaveView, *, waiting: int, among: int) -> list[Any]:
    """Comments of a wave that no run has seen, and the newest `waiting` that are in no theme.

    among: how many of the latest comments are looked through for the latter.
    In the order they came in. Three queries.
    """
    latest = db.session.scalar(select(func.max(Comment.id))) or 0
    query = select(*_TO_SORT, Mention.theme_id).outerjoin(Mention, Mention.comment_id == Comment.id)
    unseen = query.where(Comment.wave_id == wave.id, Comment.indicator_probability.is_(None))
    loose = query.where(
        Comment.id > latest - among,
        in_wave(Comment.wave_id, wave),
        Comment.indicator_probability.is_not(None),
        Mention.theme_id.is_(None),
    )
    rows = [
        *db.session.execute(unseen),
        *db.session.execute(loose.order_by(Comment.id.desc()).limit(waiting)),
    ]
    return sorted(rows, key=lambda row: row.id)


def still_loose(wave: WaveView, comments: Sequence[int]) -> set[int]:
    """Those of the comments that are there still and in no theme. One query a thousand."""
    found: set[int] = set()
    for start in range(0, len(comments), NAMED_AT_ONCE):
        found |= set(
            db.session.scalars(
                select(Comment.id)
                .outerjoin(Mention, Mention.comment_id == Comment.id)
                .where(
                    in_wave(Comment.wave_id, wave),
                    Comment.id.in_(comments[start : start + NAMED_AT_ONCE]),
                    Mention.theme_id.is_(None),
                )
            )
        )
    return found


def _sorted_by_the_model(wave: WaveView, *columns: Any) -> Any:
    return (
        select(*columns)
        .join(Mention, Mention.comment_id == Comment.id)
        .join(Theme, Mention.theme_id == Theme.id)
        .outerjoin(ThemeJudgement, ThemeJudgement.comment_id == Comment.id)
        .where(
            Comment.wave_id == wave.id,
            Mention.decided_by == "model",
            ThemeJudgement.comment_id.is_(None),
        )
    )


def sorted_comments(wave: WaveView, *, newest: int) -> list[Any]:
    """The newest comments of a wave that the model put into a theme, with the theme that speaks.

    is_settled: people have decided about the theme. Comments that a person put somewhere or
    judged are left out: no run moves them. In the order they came in. One query.
    """
    query = _sorted_by_the_model(
        wave,
        *_TO_SORT,
        speaking().label("theme_id"),
        ((Theme.status != "proposed") | (Theme.version > 0)).label("is_settled"),
    )
    latest = query.order_by(Comment.id.desc(), Mention.theme_id.desc()).limit(newest)
    return list(reversed(db.session.execute(latest).all()))


def still_sorted(wave: WaveView, *, since: int) -> set[tuple[int, int]]:
    """(comment, theme that speaks) of the same comments, from the id `since` on. One query."""
    query = _sorted_by_the_model(wave, Comment.id, speaking()).where(Comment.id >= since)
    return {(comment_id, theme_id) for comment_id, theme_id in db.session.execute(query)}


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
                name=(here[0].label, here[0].label),
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
