"""What happened while a run over themes was at work: it stores nothing over that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey.errors import Refused
from survey.models import District, Theme, db
from survey.queries.themes import still_loose, still_sorted
from survey.queries.waves import WaveView


def require_unchanged(
    session: Any, wave: WaveView, loose: Sequence[Any], before: Sequence[Any]
) -> None:
    """Refuse when another run, or a person, sorted some of the comments meanwhile."""
    session.execute(select(District.id).where(District.id == wave.district_id).with_for_update())
    unchanged = {row.id for row in loose} <= still_loose(wave, [row.id for row in loose])
    if unchanged and before:
        now = still_sorted(wave, since=_first(before))
        unchanged = {(row.id, row.theme_id) for row in before} <= now
    if not unchanged:
        raise _sorted_meanwhile()


def require_undecided(session: Any, wave: WaveView, before: Sequence[int]) -> None:
    """Refuse when a person decided about a theme meanwhile: a review must not merge it away."""
    session.execute(
        select(Theme.id)
        .where(Theme.district_id == wave.district_id)
        .order_by(Theme.id)
        .with_for_update()
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
