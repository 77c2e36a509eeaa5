"""Count who mentions a theme, in every street of a wave, and how many of the texts are distinct."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from analysis.policy import Policy
from survey.models import (
    Comment,
    Mention,
    Response,
    Theme,
    ThemeJudgement,
    ThemePeriod,
    ThemeTally,
    Wave,
)
from survey.queries.policies import kept_policy
from survey.queries.theme_counts import in_wave, speaking
from survey.queries.waves import WaveView, wave_view
from survey.services.theme_kinds import NOT_ABOUT, plain_text, store_kinds
from survey.services.theme_meanwhile import comments_of, hold_comments, hold_themes
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
# Themes whose mentions are held at once, and keys that one statement names.
COUNTED_AT_ONCE = 10
NAMED_AT_ONCE = 1_000


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
    What came in since is added for less by survey.services.theme_additions, to the same counts.
    """
    wanted = None if only is None else _with_speakers(session, only)
    for part in _parts(every_theme(session, wave) if wanted is None else wanted):
        _count(session, wave, part, told_at=told_at)
    store_states(session, wave, only=wanted)


def recount_in_waves(session: Any, themes: Collection[int]) -> None:
    """Count themes that became one, or two again, in every wave in which they are mentioned.

    In the order of the waves, as the counts of earlier ones say how a theme fares in later ones.
    Published waves are counted too: what they cost a street is frozen, and is not touched.
    """
    waves = (
        select(Wave.code, Wave.opens_at)
        .where(Wave.id.in_(select(Comment.wave_id).where(Comment.id.in_(comments_of(themes)))))
        .order_by(Wave.opens_at, Wave.code)
    )
    for code, _opens_at in session.execute(waves).all():
        recount(session, wave_view(code), only=themes)


def choose_indicators(session: Any, wave: WaveView, themes: Collection[Theme]) -> None:
    """Give themes the indicator of most of their comments, once no person has chosen it any more.

    Within a transaction that took a decision about them back or made them proposals again.
    """
    found = tallies(session, wave, [theme.id for theme in themes])
    for theme in themes:
        if theme.id in found:
            choose_indicator(theme, found[theme.id])


def choose_indicator(theme: Theme, tally: Mapping[int, Tally]) -> None:
    """A confirmed theme keeps its indicator, and so does one whose indicator a person chose."""
    if theme.status == "proposed" and "indicator" not in theme.decided:
        # Of two that are named as often, the one that was named first.
        most = min(tally, key=lambda key: (-tally[key].mentions, tally[key].first))
        theme.indicator_id = most or None


@dataclass(frozen=True)
class Tally:
    """Comments of a theme about one indicator: how many, and the first and last of them."""

    mentions: int
    first: int
    last: int

    def plus(self, comment_id: int) -> Tally:
        """With a comment that came later."""
        return Tally(self.mentions + 1, self.first, comment_id)


def tallies(session: Any, wave: WaveView, themes: Collection[int]) -> dict[int, dict[int, Tally]]:
    """{theme: {indicator, 0 for none: its tally}} as it was stored."""
    found: dict[int, dict[int, Tally]] = defaultdict(dict)
    columns = (ThemeTally.mentions, ThemeTally.first_comment_id, ThemeTally.last_comment_id)
    for theme_id, key, *counts in session.execute(
        select(ThemeTally.theme_id, ThemeTally.indicator_key, *columns).where(
            ThemeTally.wave_id == wave.id, ThemeTally.theme_id.in_(themes)
        )
    ):
        found[theme_id][key] = Tally(*counts)
    return found


def with_comments(tally: Mapping[int, Tally], rows: Iterable[Any]) -> dict[int, Tally]:
    """A tally with comments that came later, in their order; with id and indicator_id."""
    found = dict(tally)
    for row in rows:
        key = row.indicator_id or 0
        found[key] = found[key].plus(row.id) if key in found else Tally(1, row.id, row.id)
    return found


def store_tallies(
    session: Any,
    wave: WaveView,
    found: Mapping[int, Mapping[int, Tally]],
    *,
    among: Collection[int],
) -> None:
    """Store the tallies of these themes in place of what was stored of `among`."""
    session.execute(
        delete(ThemeTally).where(ThemeTally.wave_id == wave.id, ThemeTally.theme_id.in_(among))
    )
    rows = [
        {
            "theme_id": theme_id,
            "wave_id": wave.id,
            "indicator_key": key,
            "mentions": one.mentions,
            "first_comment_id": one.first,
            "last_comment_id": one.last,
        }
        for theme_id, tally in found.items()
        for key, one in tally.items()
    ]
    if rows:
        session.execute(insert(ThemeTally), rows)


def _store_tallies(
    session: Any, wave: WaveView, told: Mapping[int, Sequence[Any]], *, among: Collection[int]
) -> dict[int, dict[int, Tally]]:
    found = {theme_id: with_comments({}, rows) for theme_id, rows in told.items()}
    store_tallies(session, wave, found, among=among)
    return found


def recount_of_answers(session: Any, wave: WaveView, responses: Collection[int]) -> None:
    """Count anew the themes that these answers mention, after their status was changed.

    To be called within the transaction that holds an answer back, rejects it or lets it count, and
    that has locked these answers. Their comments and themes are locked here, in the order of
    survey.services.theme_meanwhile: a run that is at work on them has its counts stored first and
    is counted in, or waits and then finds the answers as they are now.
    """
    comments: set[int] = set()
    for part in _parts(responses, most=NAMED_AT_ONCE):
        comments |= set(session.scalars(select(Comment.id).where(Comment.response_id.in_(part))))
    hold_comments(session, comments)
    # Read after the locks: a run that held a comment may have put it into a theme.
    mentioned: set[int] = set()
    for part in _parts(responses, most=NAMED_AT_ONCE):
        mentioned |= set(
            session.scalars(
                select(Mention.theme_id)
                .join(Comment, Mention.comment_id == Comment.id)
                .where(Comment.response_id.in_(part))
            )
        )
    if mentioned:
        hold_themes(session, mentioned)
        recount(session, wave, only=mentioned)


def _parts(keys: Collection[int], *, most: int = COUNTED_AT_ONCE) -> list[list[int]]:
    ordered = sorted(keys)
    return [ordered[start : start + most] for start in range(0, len(ordered), most)]


def every_theme(session: Any, wave: WaveView) -> list[int]:
    """The ids of all themes of the wave's district, merged ones included."""
    return list(session.scalars(select(Theme.id).where(Theme.district_id == wave.district_id)))


def _count(
    session: Any,
    wave: WaveView,
    wanted: Collection[int],
    *,
    told_at: datetime | None,
) -> None:
    """Count these themes; a theme of `wanted` that speaks for others counts with theirs."""
    told = _mentions(session, wave, wanted)
    stored = _stored(session, wave, wanted)
    themes = {
        theme.id: theme
        for theme in session.scalars(
            select(Theme).where(Theme.id.in_({key[0] for key in stored} | told.keys()))
        )
    }
    right, wrong = judged(session, wave, told)
    kinds = store_kinds(session, wave, told, wrong, among=wanted)
    tallies = _store_tallies(session, wave, told, among=wanted)
    notices = _notices(session, wave, told)
    policy = kept_policy(wave.policy_id)
    for theme_id, rows in told.items():
        theme = themes[theme_id]
        agreed = {row.id for row in rows if (theme_id, row.id) in right} if right else set()
        for street_id, found in _counts(rows, kinds[theme_id], agreed, policy).items():
            period = stored.pop((theme_id, street_id), None)
            if period is None:
                period = ThemePeriod(theme_id=theme_id, street_id=street_id, wave_id=wave.id)
                told_now = told_at if theme.status == "confirmed" else None
                period.notified_at = notices.get((theme_id, street_id), told_now)
                session.add(period)
            for name, count in found.items():
                setattr(period, name, count)
        choose_indicator(theme, tallies[theme_id])
    for period in stored.values():
        _empty(session, period)
    session.flush()


def _with_speakers(session: Any, only: Collection[int]) -> set[int]:
    """The themes, and those they were merged into."""
    into = select(Theme.merged_into_id).where(Theme.id.in_(only), Theme.merged_into_id.is_not(None))
    return set(only) | set(session.scalars(into))


def spoken_for(session: Any, wanted: Collection[int]) -> dict[int, int]:
    """{theme: the one of `wanted` that speaks for it}; of a merged one another speaks."""
    rows = session.execute(
        select(Theme.id, speaking()).where(
            (Theme.id.in_(wanted) & Theme.merged_into_id.is_(None))
            | Theme.merged_into_id.in_(wanted)
        )
    )
    return {row[0]: row[1] for row in rows}


def _mentions(session: Any, wave: WaveView, wanted: Collection[int]) -> dict[int, list[Any]]:
    """{theme: its comments that count, in their order}."""
    speaker = spoken_for(session, wanted)
    told: dict[int, list[Any]] = defaultdict(list)
    seen: set[tuple[int, int]] = set()
    twice: list[Any] = []
    for row in session.execute(
        select(
            Mention.theme_id.label("mention_theme_id"),
            Comment.id,
            Comment.street_id,
            Comment.indicator_id,
            Comment.person_hash,
            Mention.decided_by,
            Mention.kind_id,
            Response.id.label("response_id"),
            Response.channel,
        )
        .join(Comment, Mention.comment_id == Comment.id)
        .outerjoin(Response, Comment.response_id == Response.id)
        .where(in_wave(Comment.wave_id, wave), Mention.theme_id.in_(speaker))
        .where(
            (Comment.response_id.is_(None)) | ((Response.status == "accepted") & Response.is_valid)
        )
        .order_by(Comment.id, Mention.theme_id)
    ):
        key = (speaker[row.mention_theme_id], row.id)
        # One comment in two themes that became one.
        if key in seen:
            twice.append(row)
            continue
        seen.add(key)
        told[key[0]].append(row)
    uncounted = [
        {"comment_id": row.id, "theme_id": row.mention_theme_id, "kind_id": None}
        for row in twice
        if row.kind_id is not None
    ]
    if uncounted:
        session.execute(update(Mention), uncounted)
    return told


def judged(
    session: Any, wave: WaveView, themes: Collection[int]
) -> tuple[set[tuple[int, int]], dict[int, list[str]]]:
    """What people said of comments of the wave.

    {(theme, comment) they judged to be about it}, {theme: plain texts they judged not to be}.
    """
    speaker = spoken_for(session, themes)
    right: set[tuple[int, int]] = set()
    wrong: dict[int, list[str]] = defaultdict(list)
    for theme_id, comment_id, is_about, body in session.execute(
        select(ThemeJudgement.theme_id, Comment.id, ThemeJudgement.is_about, Comment.body)
        .join(Comment, ThemeJudgement.comment_id == Comment.id)
        .where(in_wave(Comment.wave_id, wave), ThemeJudgement.theme_id.in_(speaker))
        .order_by(Comment.id)
    ):
        if not is_about:
            wrong[speaker[theme_id]].append(plain_text(body))
        elif theme_id == speaker[theme_id]:
            right.add((theme_id, comment_id))
    return right, wrong


def _stored(session: Any, wave: WaveView, wanted: Collection[int]) -> dict[Key, ThemePeriod]:
    query = select(ThemePeriod).where(
        in_wave(ThemePeriod.wave_id, wave), ThemePeriod.theme_id.in_(wanted)
    )
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


def _counts(
    rows: Sequence[Any], kinds: Sequence[int], right: Collection[int], policy: Policy
) -> dict[int | None, dict[str, int]]:
    """{street: what is counted of one theme in a wave}, near-identical texts once a street.

    kinds: the comment that stands for each row. right: comments judged to be about the theme.
    """
    known = {
        kind
        for row, kind in zip(rows, kinds, strict=True)
        if row.decided_by == "person" or row.id in right
    }
    periods: dict[int | None, dict[str, int]] = {}
    persons: dict[int | None, set[Any]] = defaultdict(set)
    seen: set[tuple[int | None, int]] = set()
    answered: set[int] = set()
    for row, kind in zip(rows, kinds, strict=True):
        if kind == NOT_ABOUT or (row.street_id, kind) in seen:
            continue
        seen.add((row.street_id, kind))
        counts = periods.setdefault(row.street_id, dict.fromkeys(COUNTS, 0))
        if row.response_id is None:
            persons[row.street_id].add(row.person_hash or row.id)
            continue
        counts["mentions"] += 1
        counts["mentions_random"] += policy.stream_of(row.channel) == "A"
        counts["mentions_right"] += kind in known
        counts["texts_only_here"] += kind not in answered
        answered.add(kind)
    for street_id, found in persons.items():
        periods[street_id]["mentions_loaded"] = len(found)
    return periods


def _empty(session: Any, period: ThemePeriod) -> None:
    """Nobody mentions it any more: what people know of it stays, an empty row does not."""
    if period.notified_at is None and period.state == "none" and not period.reasked:
        session.delete(period)
        return
    for name in COUNTS:
        setattr(period, name, 0)
