"""Add the comments that a run found to the counts of their themes; earlier ones are not read.

The counts become what survey.services.theme_counts.recount would give. Where that cannot be told
from what is stored (a comment older than the last one counted, a loaded one, one that people have
judged) the theme is named, and its caller counts it anew.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, or_, select, update

from survey.models import (
    Comment,
    Mention,
    MentionBand,
    Response,
    Theme,
    ThemeJudgement,
    ThemePeriod,
    Wave,
    table_of,
)
from survey.queries.policies import kept_policy
from survey.queries.theme_counts import in_wave, speaking
from survey.queries.waves import WaveView
from survey.services.theme_counts import (
    NAMED_AT_ONCE,
    choose_indicator,
    judged,
    spoken_for,
    store_tallies,
    tallies,
    with_comments,
)
from survey.services.theme_kinds import NOT_ABOUT, Texts

# The counts that a new answer can change.
ADDED = ("mentions", "mentions_random", "mentions_right", "texts_only_here")


def add_mentions(
    session: Any,
    wave: WaveView,
    new: Sequence[tuple[int, int]],
    *,
    made: Collection[int],
    told_at: datetime,
) -> set[int]:
    """Add mentions that were just stored to the counts; the themes that must be counted anew.

    new: (comment, theme) of each. made: themes that are new with them. told_at: when the streets
    of confirmed themes are told. What it costs follows from `new` and not from what is stored.
    """
    speaker = _speakers(session, {theme_id for _comment, theme_id in new})
    rows = _rows(session, new, speaker)
    tally = tallies(session, wave, rows)
    anew = _not_addable(session, rows, speaker, tally, made=made)
    rows = {theme_id: found for theme_id, found in rows.items() if theme_id not in anew}
    if not rows:
        return anew
    kinds, firsts, texts, held = _kinds(session, wave, rows)
    sums = _sums(session, wave, rows, kinds)
    session.execute(
        update(Mention),
        [
            {"comment_id": row.id, "theme_id": row.theme_id, "kind_id": kinds[theme_id][row.id]}
            for theme_id, found in rows.items()
            for row in found
        ],
    )
    texts.store_bands(wave, firsts, held)
    tally = {key: with_comments(tally.get(key, {}), found) for key, found in rows.items()}
    store_tallies(session, wave, tally, among=rows)
    themes = {theme.id: theme for theme in session.scalars(select(Theme).where(Theme.id.in_(rows)))}
    for theme_id, theme in themes.items():
        choose_indicator(theme, tally[theme_id])
    _store_sums(session, wave, sums, themes, told_at=told_at)
    session.flush()
    return anew


def _parts(keys: Collection[int]) -> Iterator[list[int]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), NAMED_AT_ONCE):
        yield ordered[start : start + NAMED_AT_ONCE]


def _speakers(session: Any, themes: Collection[int]) -> dict[int, int]:
    """{theme: the one that speaks for it}."""
    rows = session.execute(select(Theme.id, speaking()).where(Theme.id.in_(themes)))
    return {row[0]: row[1] for row in rows}


def _rows(
    session: Any, new: Sequence[tuple[int, int]], speaker: Mapping[int, int]
) -> dict[int, list[Any]]:
    """{theme that speaks: its new comments that count, in their order}."""
    themes = dict(new)
    found: dict[int, list[Any]] = defaultdict(list)
    for part in _parts(themes):
        for row in session.execute(
            select(
                Comment.id,
                Comment.street_id,
                Comment.indicator_id,
                Comment.response_id,
                Response.channel,
                Mention.theme_id,
            )
            .join(Mention, Mention.comment_id == Comment.id)
            .outerjoin(Response, Comment.response_id == Response.id)
            .where(
                Comment.id.in_(part),
                or_(
                    Comment.response_id.is_(None),
                    and_(Response.status == "accepted", Response.is_valid),
                ),
            )
            .order_by(Comment.id)
        ):
            if themes[row.id] == row.theme_id:
                found[speaker[row.theme_id]].append(row)
    return dict(found)


def _not_addable(
    session: Any,
    rows: Mapping[int, Sequence[Any]],
    speaker: Mapping[int, int],
    tally: Mapping[int, Mapping[int, Any]],
    *,
    made: Collection[int],
) -> set[int]:
    """Themes whose counts depend on more than what came last."""
    themes = {row.id: theme_id for theme_id, found in rows.items() for row in found}
    spoken: set[int] = set()
    for part in _parts(themes):
        spoken |= set(
            session.scalars(
                select(ThemeJudgement.comment_id).where(ThemeJudgement.comment_id.in_(part))
            )
        )
    anew = {themes[comment_id] for comment_id in spoken}
    for theme_id, found in rows.items():
        last = max((one.last for one in tally.get(theme_id, {}).values()), default=0)
        is_known = theme_id in tally or theme_id in made
        is_answered = all(row.response_id and row.street_id for row in found)
        if not (is_known and is_answered and found[0].id > last):
            anew.add(theme_id)
    return anew


def _kinds(
    session: Any, wave: WaveView, rows: Mapping[int, Sequence[Any]]
) -> tuple[dict[int, dict[int, int]], dict[int, list[int]], Texts, dict[int, Counter[int]]]:
    """{theme: {comment: the one that stands for it}}, {theme: new ones that stand for themselves},
    the texts, and {theme: how many comments each band has already}."""
    texts = Texts(session)
    texts.read([row.id for found in rows.values() for row in found])
    near: dict[int, list[int]] = {}
    held: dict[int, Counter[int]] = {}
    # One statement for all themes, on the bare connection: the session would cost more than it.
    connection, band = session.connection(), table_of(MentionBand)
    holds = select(band.c.band, band.c.comment_id).where(
        band.c.theme_id == bindparam("theme"),
        band.c.wave_id == wave.id,
        band.c.band.in_(bindparam("bands", expanding=True)),
    )
    for theme_id, found in rows.items():
        bands = {band for row in found for band in texts.bands(row.id)}
        pairs = connection.execute(holds, {"theme": theme_id, "bands": sorted(bands)}).all()
        held[theme_id] = Counter(band for band, _comment in pairs)
        near[theme_id] = sorted({comment_id for _band, comment_id in pairs})
    texts.read([comment_id for found in near.values() for comment_id in found])
    _right, wrong = judged(session, wave, rows)
    kinds, firsts = {}, {}
    for theme_id, found in rows.items():
        ids = [row.id for row in found]
        kinds[theme_id] = dict(
            zip(ids, texts.kinds(wrong.get(theme_id, ()), near[theme_id], ids), strict=True)
        )
        firsts[theme_id] = [key for key in ids if kinds[theme_id][key] == key]
    return kinds, firsts, texts, held


class _Earlier:
    """Of kinds that new comments are copies of: where they were heard, and what is known."""

    def __init__(self, session: Any, wave: WaveView, kinds: Mapping[int, Collection[int]]) -> None:
        """kinds: {theme: comments that stand for others}."""
        speaker = spoken_for(session, kinds)
        wanted = {kind for found in kinds.values() for kind in found}
        #: (theme, kind, street) that was counted already.
        self.heard: set[tuple[int, int, int | None]] = set()
        #: (theme, kind) that is counted for an answer somewhere.
        self.answered: set[tuple[int, int]] = set()
        #: (theme, kind) that a person put there or judged to be about it.
        self.right: set[tuple[int, int]] = set()
        #: {comment that comes first of its kind in a theme and street: those kinds}
        first: dict[int, list[tuple[int, int]]] = defaultdict(list)
        lowest: dict[tuple[int, int, int | None], int] = {}
        for part in _parts(wanted):
            for theme_id, kind, street_id, comment_id in session.execute(
                self._counted(
                    select(Mention.theme_id, Mention.kind_id, Comment.street_id).add_columns(
                        func.min(Comment.id)
                    ),
                    wave,
                    part,
                ).group_by(Mention.theme_id, Mention.kind_id, Comment.street_id)
            ):
                heard = (speaker.get(theme_id, 0), kind, street_id)
                # Of a theme and those that went into it only the first counts, as of one theme.
                lowest[heard] = min(comment_id, lowest.get(heard, comment_id))
            by_hand = or_(
                Mention.decided_by == "person",
                and_(
                    ThemeJudgement.is_about,
                    ThemeJudgement.theme_id == speaking(),
                ),
            )
            for theme_id, kind in session.execute(
                self._counted(select(Mention.theme_id, Mention.kind_id), wave, part)
                .join(Theme, Mention.theme_id == Theme.id)
                .outerjoin(ThemeJudgement, ThemeJudgement.comment_id == Comment.id)
                .where(by_hand)
            ):
                self.right.add((speaker.get(theme_id, 0), kind))
        self.heard.update(lowest)
        for (theme_id, kind, _street), comment_id in lowest.items():
            first[comment_id].append((theme_id, kind))
        for part in _parts(first):
            for comment_id in session.scalars(
                select(Comment.id).where(Comment.id.in_(part), Comment.response_id.is_not(None))
            ):
                self.answered.update(first[comment_id])

    @staticmethod
    def _counted(query: Any, wave: WaveView, kinds: Sequence[int]) -> Any:
        return (
            query.select_from(Mention)
            .join(Comment, Mention.comment_id == Comment.id)
            .outerjoin(Response, Comment.response_id == Response.id)
            .where(
                Mention.kind_id.in_(kinds),
                in_wave(Comment.wave_id, wave),
                or_(
                    Comment.response_id.is_(None),
                    and_(Response.status == "accepted", Response.is_valid),
                ),
            )
        )


def _sums(
    session: Any,
    wave: WaveView,
    rows: Mapping[int, Sequence[Any]],
    kinds: Mapping[int, Mapping[int, int]],
) -> dict[tuple[int, int], Counter[str]]:
    """{(theme, street): what is to be added to its counts}, copies once a street."""
    earlier = _Earlier(
        session,
        wave,
        {
            theme_id: {kind for key, kind in found.items() if kind not in (key, NOT_ABOUT)}
            for theme_id, found in kinds.items()
        },
    )
    policy = kept_policy(wave.policy_id)
    sums: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for theme_id, found in rows.items():
        for row in found:
            kind = kinds[theme_id][row.id]
            if kind == NOT_ABOUT or (theme_id, kind, row.street_id) in earlier.heard:
                continue
            earlier.heard.add((theme_id, kind, row.street_id))
            added = sums[theme_id, row.street_id]
            added["mentions"] += 1
            added["mentions_random"] += policy.stream_of(row.channel) == "A"
            added["mentions_right"] += (theme_id, kind) in earlier.right
            added["texts_only_here"] += (theme_id, kind) not in earlier.answered
            earlier.answered.add((theme_id, kind))
    return sums


def _store_sums(
    session: Any,
    wave: WaveView,
    sums: Mapping[tuple[int, int], Counter[str]],
    themes: Mapping[int, Theme],
    *,
    told_at: datetime,
) -> None:
    """Add to the rows there are, and make those there are not."""
    period = table_of(ThemePeriod)
    its = and_(
        period.c.theme_id == bindparam("theme"),
        period.c.street_id == bindparam("street"),
        period.c.wave_id == wave.id,
    )
    is_there = select(period.c.id).where(its)
    connection, told_before = session.connection(), _told_before(wave)
    changed, fresh = [], []
    for (theme_id, street_id), added in sums.items():
        key = {"theme": theme_id, "street": street_id}
        counts = {name: added[name] for name in ADDED}
        if connection.execute(is_there, key).first() is not None:
            changed.append({**key, **{f"more_{name}": count for name, count in counts.items()}})
            continue
        told_now = told_at if themes[theme_id].status == "confirmed" else None
        fresh.append(
            {
                "theme_id": theme_id,
                "street_id": street_id,
                "wave_id": wave.id,
                "mentions_loaded": 0,
                "notified_at": connection.scalar(told_before, key) or told_now,
                **counts,
            }
        )
    if changed:
        more = {name: period.c[name] + bindparam(f"more_{name}") for name in ADDED}
        connection.execute(update(period).where(its).values(more), changed)
    if fresh:
        session.execute(insert(ThemePeriod), fresh)


def _told_before(wave: WaveView) -> Any:
    """When a street was told of a theme in an earlier wave: it is not news in this one."""
    return (
        select(func.min(ThemePeriod.notified_at))
        .join(Wave, ThemePeriod.wave_id == Wave.id)
        .where(
            ThemePeriod.theme_id == bindparam("theme"),
            ThemePeriod.street_id == bindparam("street"),
            Wave.opens_at < wave.opens_at,
        )
    )
