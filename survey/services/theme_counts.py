"""Count who mentions a theme, in every street of a wave, and how many of the texts are distinct."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, true

from analysis.policy import Policy
from analysis.themes.near_duplicates import first_of_kind
from analysis.themes.text import bare, normalise
from survey.models import (
    Comment,
    Mention,
    Response,
    Theme,
    ThemeJudgement,
    ThemePeriod,
    Wave,
)
from survey.queries.policies import kept_policy
from survey.queries.theme_counts import speaking
from survey.queries.waves import WaveView
from survey.services.theme_states import store_states

Key = tuple[int, int | None]
# The columns of ThemePeriod that are counted; the others say what people know and did.
COUNTS = (
    "mentions",
    "mentions_loaded",
    "mentions_random",
    "mentions_right",
    "texts_only_here",
)


def recount(
    session: Any,
    wave: WaveView,
    *,
    only: Collection[int] | None = None,
    told_at: datetime | None = None,
) -> None:
    """Count the mentions of every theme in every street of a wave anew, within a transaction.

    m counts accepted, valid responses; loaded comments count distinct persons, apart. Near-
    identical texts count once in a theme and street. Mentions of a merged theme count for the one
    it was merged into. What people decided is kept. What the counts say of the themes over waves,
    streets and weeks is stored with them (survey.services.theme_states).
    only: the ids of the themes to count (of those they are merged into as well); None counts all.
    told_at: when streets are told of confirmed themes that are new there; None tells nobody.
    """
    wanted = None if only is None else _with_speakers(session, only)
    told = _mentions(session, wave, wanted)
    stored = _stored(session, wave, wanted)
    themes = {
        theme.id: theme
        for theme in session.scalars(
            select(Theme).where(Theme.id.in_({key[0] for key in stored} | told.keys()))
        )
    }
    wrong = _judged_wrong(session, wave, told)
    notices = _notices(session, wave, told)
    policy = kept_policy(wave.policy_id)
    for theme_id, rows in told.items():
        theme = themes[theme_id]
        counts = _Counts(rows, wrong.get(theme_id, ()), policy).periods
        for street_id, found in counts.items():
            period = stored.pop((theme_id, street_id), None)
            if period is None:
                period = ThemePeriod(theme_id=theme_id, street_id=street_id, wave_id=wave.id)
                told_now = told_at if theme.status == "confirmed" else None
                period.notified_at = notices.get((theme_id, street_id), told_now)
                session.add(period)
            for name, count in found.items():
                setattr(period, name, count)
        # A confirmed theme keeps its indicator, and so does one whose indicator a person chose.
        if theme.status == "proposed" and "indicator" not in theme.decided:
            theme.indicator_id = Counter(row.indicator_id for row in rows).most_common(1)[0][0]
    for period in stored.values():
        _empty(session, period)
    session.flush()
    store_states(session, wave, only=wanted)


def _with_speakers(session: Any, only: Collection[int]) -> set[int]:
    """The themes, and those they were merged into."""
    into = select(Theme.merged_into_id).where(Theme.id.in_(only), Theme.merged_into_id.is_not(None))
    return set(only) | set(session.scalars(into))


def _mentions(session: Any, wave: WaveView, wanted: Collection[int] | None) -> dict[int, list[Any]]:
    """{theme: its comments that count, in their order}."""
    told: dict[int, list[Any]] = defaultdict(list)
    seen: set[tuple[int, int]] = set()
    chosen = true() if wanted is None else speaking().in_(wanted)
    for row in session.execute(
        select(
            speaking().label("theme_id"),
            Comment.id,
            Comment.street_id,
            Comment.body,
            Comment.indicator_id,
            Comment.person_hash,
            Mention.decided_by,
            ThemeJudgement.is_about,
            Response.id.label("response_id"),
            Response.channel,
        )
        .join(Comment, Mention.comment_id == Comment.id)
        .join(Theme, Mention.theme_id == Theme.id)
        .outerjoin(
            ThemeJudgement,
            (ThemeJudgement.comment_id == Comment.id) & (ThemeJudgement.theme_id == speaking()),
        )
        .outerjoin(Response, Comment.response_id == Response.id)
        .where(Comment.wave_id == wave.id, chosen)
        .where(
            (Comment.response_id.is_(None)) | ((Response.status == "accepted") & Response.is_valid)
        )
        .order_by(Comment.id, Mention.theme_id)
    ):
        # One comment in two themes that became one.
        if (row.theme_id, row.id) in seen:
            continue
        seen.add((row.theme_id, row.id))
        told[row.theme_id].append(row)
    return told


def _judged_wrong(session: Any, wave: WaveView, themes: Iterable[int]) -> dict[int, list[str]]:
    """{theme: texts of the wave that people judged not to be about it}."""
    found: dict[int, list[str]] = defaultdict(list)
    for theme_id, body in session.execute(
        select(speaking(), Comment.body)
        .join(ThemeJudgement, ThemeJudgement.comment_id == Comment.id)
        .join(Theme, ThemeJudgement.theme_id == Theme.id)
        .where(Comment.wave_id == wave.id, speaking().in_(themes), ~ThemeJudgement.is_about)
        .order_by(Comment.id)
    ):
        found[theme_id].append(bare(normalise(body)))
    return found


def _stored(session: Any, wave: WaveView, wanted: Collection[int] | None) -> dict[Key, ThemePeriod]:
    query = select(ThemePeriod).where(ThemePeriod.wave_id == wave.id)
    if wanted is not None:
        query = query.where(ThemePeriod.theme_id.in_(wanted))
    return {(period.theme_id, period.street_id): period for period in session.scalars(query)}


def _notices(session: Any, wave: WaveView, themes: Iterable[int]) -> dict[Key, datetime]:
    """When a street was first told of a theme in an earlier wave: it is not news in this one."""
    rows = session.execute(
        select(ThemePeriod.theme_id, ThemePeriod.street_id, func.min(ThemePeriod.notified_at))
        .join(Wave, ThemePeriod.wave_id == Wave.id)
        .where(
            ThemePeriod.theme_id.in_(themes),
            ThemePeriod.notified_at.is_not(None),
            Wave.opens_at < wave.opens_at,
        )
        .group_by(ThemePeriod.theme_id, ThemePeriod.street_id)
    )
    return {(theme_id, street_id): at for theme_id, street_id, at in rows}


class _Counts:
    """What is counted of one theme in a wave: near-identical texts once a street."""

    def __init__(self, rows: Sequence[Any], wrong: Sequence[str], policy: Policy) -> None:
        """wrong: texts that people judged not to be about the theme; copies of them go, too."""
        texts = [*wrong, *(bare(normalise(row.body)) for row in rows)]
        kinds = first_of_kind(texts)
        not_about = set(kinds[: len(wrong)])
        kinds = kinds[len(wrong) :]
        right = {
            kind
            for row, kind in zip(rows, kinds, strict=True)
            if row.is_about or row.decided_by == "person"
        }
        self.periods: dict[int | None, dict[str, int]] = {}
        persons: dict[int | None, set[Any]] = defaultdict(set)
        seen: set[tuple[int | None, int]] = set()
        answered: set[int] = set()
        for row, kind in zip(rows, kinds, strict=True):
            if kind in not_about or (row.street_id, kind) in seen:
                continue
            seen.add((row.street_id, kind))
            counts = self.periods.setdefault(row.street_id, dict.fromkeys(COUNTS, 0))
            if row.response_id is None:
                persons[row.street_id].add(row.person_hash or row.id)
                continue
            counts["mentions"] += 1
            counts["mentions_random"] += policy.stream_of(row.channel) == "A"
            counts["mentions_right"] += kind in right
            counts["texts_only_here"] += kind not in answered
            answered.add(kind)
        for street_id, found in persons.items():
            self.periods[street_id]["mentions_loaded"] = len(found)


def _empty(session: Any, period: ThemePeriod) -> None:
    """Nobody mentions it any more: what people know of it stays, an empty row does not."""
    if period.notified_at is None and period.state == "none" and not period.reasked:
        session.delete(period)
        return
    for name in COUNTS:
        setattr(period, name, 0)
