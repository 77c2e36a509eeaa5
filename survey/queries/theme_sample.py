"""Draw the comments of a theme that people judge, at random and the same for everybody.

The sample is drawn from the theme's distinct comments in accepted, valid answers of the wave, in
the order of a hash of their text: which comes next depends on no person and on no clock. Comments
around the theme are those outside it that hold one of its keywords.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, func, or_, select

from analysis.themes.near_duplicates import first_of_kind
from analysis.themes.text import bare, normalise
from survey.errors import Refused
from survey.models import (
    Comment,
    Mention,
    Response,
    Street,
    Theme,
    ThemeDecision,
    ThemeJudgement,
    db,
)
from survey.queries.policies import kept_policy
from survey.queries.theme_counts import speaking
from survey.queries.waves import WaveView, wave_view

BASES = ("sample", "border")
# Comments around a theme that are looked through; with more, those with the lowest hash.
MOST_AROUND = 5000


@dataclass(frozen=True)
class CommentToJudge:
    """The comment that comes next, with why it is shown."""

    id: int
    body: str
    said_on: date
    street_code: str | None
    street_name: tuple[str, str]
    #: Cosine similarity with the theme's mean; None: it is not in the theme.
    closeness: float | None
    #: Keywords of the theme that stand in it.
    words: tuple[str, ...]
    #: Decisions about it so far: sent back with the judgement, see theme_review.decide.
    seen: int


@dataclass(frozen=True)
class ThemeSample:
    """A theme's sample in a wave as far as it was judged, and the next comment of it."""

    wave: WaveView
    theme_id: int
    #: What it is called, (zh, en).
    theme_name: tuple[str, str]
    keywords: tuple[str, ...]
    basis: str
    #: Distinct comments it is drawn from, those that were judged wrong included.
    members: int
    needed: int
    judged: int
    right: int
    #: None: every comment was judged.
    shown: CommentToJudge | None

    @property
    def is_complete(self) -> bool:
        """Whether as many were judged as the policy asks for."""
        return self.judged >= self.needed


def theme_sample(wave_code: str, theme_id: int, *, basis: str = "sample") -> ThemeSample:
    """The next comment of a theme to judge, and how far the sample is. Four queries.

    basis: "sample" (comments in the theme) or "border" (comments around it).
    Raises Refused (404): no such wave, or no such theme in its district.
    """
    wave = wave_view(wave_code)
    theme = db.session.scalars(
        select(Theme).where(
            Theme.id == theme_id,
            Theme.district_id == wave.district_id,
            Theme.status != "merged",
        )
    ).first()
    if theme is None or basis not in BASES:
        raise unknown_theme()
    units = _units(wave, theme, basis)
    judged, waiting = units.judged, units.waiting
    needed = units.needed(wave)
    return ThemeSample(
        wave=wave,
        theme_id=theme_id,
        theme_name=(theme.name_zh or theme.label, theme.name_en or theme.label),
        keywords=tuple(theme.keywords),
        basis=basis,
        members=len(judged) + len(waiting),
        needed=needed,
        judged=len(judged),
        right=sum(bool(unit.is_about) for unit in judged),
        shown=_shown(waiting[0].row, theme) if waiting else None,
    )


def drawn_comments(wave: WaveView, theme: Theme, basis: str) -> set[int]:
    """The comments of a theme that may be judged now: those drawn for its sample, in this wave.

    These are the next ones of the draw, as many as the sample still lacks and at least one; each
    stands for its copies. basis: "sample" or "border". One query.
    """
    units = _units(wave, theme, basis)
    lacking = max(1, units.needed(wave) - len(units.judged))
    return {unit.row.id for unit in units.waiting[:lacking]}


def unknown_theme() -> Refused:
    """Why a theme cannot be found, worded once."""
    return Refused("unknown_theme", _l("There is no such theme in this wave."), status=404)


@dataclass(frozen=True)
class _Unit:
    """One distinct text: the comment that stands for it, and what was said of any of its copies."""

    row: Any
    text: str
    #: Judged within this sample; None: not yet.
    is_about: bool | None
    #: Judged otherwise, or put there by a person: nothing is left to ask.
    is_settled: bool


@dataclass(frozen=True)
class _Units:
    """A theme's distinct texts: those judged in this sample, and the others in their draw."""

    judged: list[_Unit]
    waiting: list[_Unit]

    def needed(self, wave: WaveView) -> int:
        """How many are to be judged: as the policy asks, or all there are."""
        return min(kept_policy(wave.policy_id).theme_sample, len(self.judged) + len(self.waiting))


def _units(wave: WaveView, theme: Theme, basis: str) -> _Units:
    rows = _inside(wave, theme.id) if basis == "sample" else _around(wave, theme)
    units = _distinct(rows, basis)
    waiting = [unit for unit in units if unit.is_about is None and not unit.is_settled]
    waiting.sort(key=lambda unit: _draw(wave, theme.id, unit.text))
    return _Units([unit for unit in units if unit.is_about is not None], waiting)


def _draw(wave: WaveView, theme_id: int, text: str) -> bytes:
    return hashlib.sha256(f"{wave.code} {theme_id} {text}".encode()).digest()


def _distinct(rows: Sequence[Any], basis: str) -> list[_Unit]:
    """The distinct texts; in a theme those that its counts count (theme_counts.WaveThemes.sample).

    Told apart as the last count did, so that a sample of which everything was judged is complete
    where the theme is judged by it as well.
    """
    groups = _as_counted(rows) if basis == "sample" else _by_text(rows)
    units = []
    for places in groups:
        said = [rows[place] for place in places if rows[place].is_about is not None]
        drawn = [row.is_about for row in said if row.basis == basis]
        by_hand = any(rows[place].decided_by == "person" for place in places)
        first = rows[places[0]]
        units.append(
            _Unit(
                first,
                bare(normalise(first.body)),
                drawn[0] if drawn else None,
                bool(said) or by_hand,
            )
        )
    return units


def _by_text(rows: Sequence[Any]) -> list[list[int]]:
    """Places of the rows, copies together."""
    groups: dict[int, list[int]] = {}
    for place, first in enumerate(first_of_kind([bare(normalise(row.body)) for row in rows])):
        groups.setdefault(first, []).append(place)
    return list(groups.values())


def _as_counted(rows: Sequence[Any]) -> list[list[int]]:
    """The same by what the last count found to be copies; by text where there was none yet.

    What does not count, as people said that it, or a text it is a copy of, is not about the
    theme, stands alone when it was judged in the sample and is left out otherwise.
    """
    # A comment in two themes that became one has two rows, and a kind in one of them.
    kinds = {row.id: row.kind_id for row in rows if row.kind_id is not None}
    if any(row.closeness is not None and row.id not in kinds for row in rows):
        return _by_text(rows)
    groups: dict[tuple[bool, int], list[int]] = {}
    for place, row in enumerate(rows):
        if kinds.get(row.id):
            groups.setdefault((True, kinds[row.id]), []).append(place)
        elif row.basis == "sample":
            groups.setdefault((False, row.id), []).append(place)
    return list(groups.values())


def _columns() -> Any:
    return select(
        Comment.id,
        Comment.body,
        Comment.said_on,
        Street.code.label("street_code"),
        Street.name_zh,
        Street.name_en,
        Mention.closeness,
        Mention.decided_by,
        Mention.kind_id,
        ThemeJudgement.is_about,
        ThemeJudgement.basis,
    ).outerjoin(Street, Comment.street_id == Street.id)


def _family(theme_id: int) -> Any:
    return select(Theme.id).where(speaking() == theme_id)


def _judgement(theme_id: int) -> Any:
    return and_(
        ThemeJudgement.comment_id == Comment.id, ThemeJudgement.theme_id.in_(_family(theme_id))
    )


def _mention(theme_id: int) -> Any:
    return and_(Mention.comment_id == Comment.id, Mention.theme_id.in_(_family(theme_id)))


def _inside(wave: WaveView, theme_id: int) -> list[Any]:
    """Comments in the theme, and those that people judged out of it. One query."""
    query = (
        _columns()
        .join(Response, Comment.response_id == Response.id)
        .outerjoin(Mention, _mention(theme_id))
        .outerjoin(ThemeJudgement, _judgement(theme_id))
        .where(
            Comment.wave_id == wave.id,
            Response.status == "accepted",
            Response.is_valid,
            or_(Mention.comment_id.is_not(None), ThemeJudgement.basis == "sample"),
        )
        .order_by(Comment.id)
    )
    return list(db.session.execute(query))


def around(wave: WaveView, keywords: Sequence[str], theme_id: int) -> Any:
    """SQL: comments of accepted answers outside a theme that hold one of its keywords."""
    holds = or_(*(Comment.body.contains(word, autoescape=True) for word in keywords if word))
    return and_(
        Comment.wave_id == wave.id,
        Response.status == "accepted",
        Response.is_valid,
        holds if keywords else Comment.id.is_(None),
        Mention.comment_id.is_(None),
    )


def _around(wave: WaveView, theme: Theme) -> list[Any]:
    """Comments around the theme, and those of them that people judged into it. One query."""
    query = (
        _columns()
        .join(Response, Comment.response_id == Response.id)
        .outerjoin(Mention, _mention(theme.id))
        .outerjoin(ThemeJudgement, _judgement(theme.id))
        .where(
            Comment.wave_id == wave.id,
            or_(
                and_(
                    around(wave, theme.keywords, theme.id),
                    func.coalesce(ThemeJudgement.basis, "border") == "border",
                ),
                ThemeJudgement.basis == "border",
            ),
        )
        .order_by(Comment.id)
        .limit(MOST_AROUND)
    )
    return list(db.session.execute(query))


def around_count(wave: WaveView, theme_id: int, keywords: Sequence[str]) -> int:
    """How many comments stand around a theme, those judged into it included. One query."""
    query = (
        select(func.count())
        .select_from(Comment)
        .join(Response, Comment.response_id == Response.id)
        .outerjoin(Mention, _mention(theme_id))
        .outerjoin(ThemeJudgement, _judgement(theme_id))
        .where(
            Comment.wave_id == wave.id,
            or_(
                and_(
                    around(wave, keywords, theme_id),
                    func.coalesce(ThemeJudgement.basis, "border") == "border",
                ),
                ThemeJudgement.basis == "border",
            ),
        )
    )
    return int(db.session.scalar(query) or 0)


def _shown(row: Any, theme: Theme) -> CommentToJudge:
    count = select(func.count()).where(ThemeDecision.comment_id == row.id)
    return CommentToJudge(
        id=row.id,
        body=row.body,
        said_on=row.said_on,
        street_code=row.street_code,
        street_name=(row.name_zh or "", row.name_en or ""),
        closeness=row.closeness,
        words=tuple(word for word in theme.keywords if word in row.body),
        seen=int(db.session.scalar(count) or 0),
    )
