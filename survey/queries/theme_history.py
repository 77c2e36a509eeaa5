"""Read how often themes were mentioned over the waves and weeks, for what is computed of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import String, case, cast, func, select

from survey.models import Comment, Mention, Response, ResponseCube, Theme, ThemePeriod, Wave, db
from survey.queries.waves import WaveView

# In place of a street: the district as a whole.
DISTRICT = None
# Waves looked at, this one included: two years of quarters.
MOST_WAVES = 8
# The week that is tested and the half year before it.
WEEKS = 27


@dataclass(frozen=True)
class History:
    """Counts of a wave and those before it, the oldest wave first."""

    waves: tuple[int, ...]
    #: {theme: {street, or DISTRICT: {wave: m}}}
    mentions: Mapping[int, Mapping[int | None, Mapping[int, int]]]
    #: {(wave, street or DISTRICT): n}
    respondents: Mapping[tuple[int, int | None], int]
    #: Themes that anybody mentions in the wave, loaded comments too.
    spoken: frozenset[int]


@dataclass(frozen=True)
class Counts:
    """One theme: persons per week, oldest first, and the day of its first comment."""

    persons: tuple[int, ...]
    first: date


@dataclass(frozen=True)
class WeeklyCounts:
    """Persons per week in the weeks that end on `last`. heard: who said anything at all."""

    last: date
    heard: tuple[int, ...]
    themes: Mapping[int, Counts]


def theme_history(wave: WaveView, *, only: Collection[int] | None = None) -> History:
    """m and n of every theme and street over the last waves. Three queries."""
    waves = tuple(
        db.session.scalars(
            select(Wave.id)
            .where(
                Wave.district_id == wave.district_id,
                Wave.opens_at <= wave.opens_at,
                (Wave.status != "draft") | (Wave.id == wave.id),
            )
            .order_by(Wave.opens_at.desc(), Wave.id.desc())
            .limit(MOST_WAVES)
        )
    )[::-1]
    query = select(
        ThemePeriod.theme_id,
        ThemePeriod.street_id,
        ThemePeriod.wave_id,
        ThemePeriod.mentions,
        ThemePeriod.mentions_loaded,
    )
    if only is None:
        query = query.where(ThemePeriod.wave_id.in_(waves))
    else:
        # Found by the themes: a wave has many rows of others (theme_counts.in_wave).
        query = query.where(ThemePeriod.theme_id.in_(only), (ThemePeriod.wave_id + 0).in_(waves))
    mentions: dict[int, dict[int | None, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    spoken = set()
    for theme_id, street_id, wave_id, m, loaded in db.session.execute(query):
        if wave_id == wave.id and m + loaded > 0:
            spoken.add(theme_id)
        # A comment that names no street is a loaded one: it is in no m.
        if m > 0 and street_id is not None:
            mentions[theme_id][street_id][wave_id] = m
            whole = mentions[theme_id][DISTRICT]
            whole[wave_id] = whole.get(wave_id, 0) + m
    respondents: dict[tuple[int, int | None], int] = defaultdict(int)
    for wave_id, street_id, n in db.session.execute(
        select(ResponseCube.wave_id, ResponseCube.street_id, func.sum(ResponseCube.n))
        .where(
            ResponseCube.wave_id.in_(waves),
            ResponseCube.status == "accepted",
            ResponseCube.is_valid,
        )
        .group_by(ResponseCube.wave_id, ResponseCube.street_id)
    ):
        respondents[wave_id, street_id] = int(n)
        respondents[wave_id, DISTRICT] += int(n)
    return History(waves, mentions, dict(respondents), frozenset(spoken))


def weekly_counts(wave: WaveView) -> WeeklyCounts | None:
    """Persons per theme in the weeks up to the wave's latest comment; None without comments.

    A person is a response or the hashed source of a loaded comment. Of near-identical texts only
    the identical ones are told apart here: a theme has in a week no more persons than texts.
    Mentions of a merged theme count for the one it was merged into. Four queries.
    """
    last = db.session.scalar(select(func.max(Comment.said_on)).where(Comment.wave_id == wave.id))
    if last is None:
        return None
    starts = [last - timedelta(days=7 * (WEEKS - i) - 1) for i in range(WEEKS)]
    week: Any = case(
        *((Comment.said_on < starts[i + 1], i) for i in range(WEEKS - 1)), else_=WEEKS - 1
    )
    person = func.coalesce(
        "r" + cast(Comment.response_id, String), Comment.person_hash, "c" + cast(Comment.id, String)
    )
    theme = func.coalesce(Theme.merged_into_id, Theme.id)
    heard = [0] * WEEKS
    for i, persons in db.session.execute(
        _told(select(week, func.count(person.distinct())), wave)
        .where(Comment.said_on.between(starts[0], last))
        .group_by(week)
    ):
        heard[i] = persons
    weeks: dict[int, list[int]] = defaultdict(lambda: [0] * WEEKS)
    mentioned = _told(
        select(theme, week, func.count(person.distinct()), func.count(Comment.body.distinct())),
        wave,
    ).where(Comment.said_on.between(starts[0], last))
    for theme_id, i, persons, texts in db.session.execute(_of_themes(mentioned, theme, week)):
        weeks[theme_id][i] = min(persons, texts)
    first = dict(
        db.session.execute(
            _of_themes(_told(select(theme, func.min(Comment.said_on)), wave), theme)
        ).all()
    )
    return WeeklyCounts(
        last,
        tuple(heard),
        {key: Counts(tuple(weeks[key]), first[key]) for key in sorted(weeks)},
    )


def _told(query: Any, wave: WaveView) -> Any:
    """Comments of the district that count: loaded ones, and those of accepted, valid answers."""
    return (
        query.select_from(Comment)
        .join(Wave, Comment.wave_id == Wave.id)
        .outerjoin(Response, Comment.response_id == Response.id)
        .where(Wave.district_id == wave.district_id)
        .where(
            (Comment.response_id.is_(None)) | ((Response.status == "accepted") & Response.is_valid)
        )
    )


def _of_themes(query: Any, *groups: Any) -> Any:
    return (
        query.join(Mention, Mention.comment_id == Comment.id)
        .join(Theme, Mention.theme_id == Theme.id)
        .group_by(*groups)
    )
