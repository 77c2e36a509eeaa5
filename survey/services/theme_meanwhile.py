"""What happened while a run over themes was at work: it stores nothing over that."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey.errors import Refused
from survey.models import Comment, District, Mention, Theme, db
from survey.queries.themes import NAMED_AT_ONCE, still_loose, still_sorted
from survey.queries.waves import WaveView


def hold_district(session: Any, wave: WaveView) -> None:
    """Let no other run over the themes of the district store anything until this one has.

    key_share, here and below: rows that only refer to these may be stored meanwhile. A decision
    that did not wait for the comments would otherwise wait for the district.
    """
    session.execute(
        select(District.id).where(District.id == wave.district_id).with_for_update(key_share=True)
    )


def require_unchanged(wave: WaveView, loose: Sequence[Any], before: Sequence[Any]) -> None:
    """Refuse when another run, or a person, sorted some of the comments meanwhile."""
    unchanged = {row.id for row in loose} <= still_loose(wave, [row.id for row in loose])
    if unchanged and before:
        now = still_sorted(wave, since=_first(before))
        unchanged = {(row.id, row.theme_id) for row in before} <= now
    if not unchanged:
        raise _sorted_meanwhile()


def hold_comments(session: Any, comments: Collection[int | None]) -> None:
    """Let nobody else change these comments until the transaction ends.

    Everybody who needs comments and themes takes the comments first, and both in the order of
    their ids: so of two at once none waits for the other in a circle.
    """
    # SQLite's writer is alone already.
    if session.get_bind().dialect.name != "postgresql":
        return
    ordered = sorted(key for key in comments if key is not None)
    for start in range(0, len(ordered), NAMED_AT_ONCE):
        part = ordered[start : start + NAMED_AT_ONCE]
        session.execute(
            select(Comment.id)
            .where(Comment.id.in_(part))
            .order_by(Comment.id)
            .with_for_update(key_share=True)
        ).all()


def comments_of(themes: Collection[int]) -> Any:
    """SQL: the comments of these themes, and of those they speak for."""
    family = select(Theme.id).where(Theme.id.in_(themes) | Theme.merged_into_id.in_(themes))
    return select(Mention.comment_id).where(Mention.theme_id.in_(family))


def hold_themes(session: Any, themes: Collection[int | None]) -> None:
    """Let nobody else change these themes, nor those that speak for them; after the comments."""
    known = {key for key in themes if key is not None}
    if not known or session.get_bind().dialect.name != "postgresql":
        return
    into = select(Theme.merged_into_id).where(
        Theme.id.in_(known), Theme.merged_into_id.is_not(None)
    )
    wanted = {*known, *session.scalars(into)}
    session.execute(
        select(Theme.id)
        .where(Theme.id.in_(wanted))
        .order_by(Theme.id)
        .with_for_update(key_share=True)
    ).all()


def require_undecided(session: Any, wave: WaveView, before: Sequence[int]) -> None:
    """Refuse when a person decided about a theme meanwhile: a review must not merge it away."""
    session.execute(
        select(Theme.id)
        .where(Theme.district_id == wave.district_id)
        .order_by(Theme.id)
        .with_for_update(key_share=True)
    ).all()
    if set(settled_themes(wave)) != set(before):
        raise _sorted_meanwhile()


def settled_themes(wave: WaveView) -> list[int]:
    """Themes that people have decided about: a run neither splits them nor merges them away."""
    themes = db.session.scalars(
        select(Theme).where(Theme.district_id == wave.district_id, Theme.status != "merged")
    )
    return [one.id for one in themes if one.status != "proposed" or one.version > 0]


def _first(rows: Sequence[Any]) -> int:
    return min((row.id for row in rows), default=0)


def _sorted_meanwhile() -> Refused:
    return Refused(
        "sorted_meanwhile",
        _l("Another run sorted these comments meanwhile; nothing was stored. Run it again."),
        status=409,
    )
