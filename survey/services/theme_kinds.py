"""Tell which comments of a theme are copies of one another, comparing only what is new.

A comment that was compared keeps the comment that stands for it (Mention.kind_id). What came since
is compared with those that share a band of their fingerprints, which gives the same as comparing
all anew. Where that could not be (a comment from the middle, one that is gone), all are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from analysis.themes.near_duplicates import (
    Fingerprint,
    bands_of,
    fingerprints,
    first_of_kind,
    may_be_copies,
)
from analysis.themes.text import bare, normalise
from survey.models import Comment, Mention

# The kind of a text that people judged not to be about the theme, or of a copy of it.
NOT_ABOUT = 0
# Comments that one statement names.
AT_ONCE = 1_000


def plain_text(body: str) -> str:
    """What two comments are compared by: letters and digits in one spelling."""
    return bare(normalise(body))


def store_kinds(
    session: Any,
    told: Mapping[int, Sequence[Any]],
    wrong: Mapping[int, Sequence[str]],
    *,
    anew: bool,
) -> dict[int, list[int]]:
    """{theme: for each of its rows the id of the comment that stands for it, or NOT_ABOUT}.

    told: {theme: rows in the order of their ids}, with id, mention_theme_id, kind_id and bands.
    wrong: {theme: plain texts that people judged not to be about it}. anew: compare all of them.
    Stores what changed, within the caller's transaction.
    """
    themes = [_Theme(rows, wrong.get(key, ()), anew=anew) for key, rows in told.items()]
    texts = _Texts(session)
    texts.read(row.id for theme in themes for row in theme.compared)
    for theme in themes:
        theme.choose(texts)
    texts.read(row.id for theme in themes for row in theme.candidates)
    changed = [values for theme in themes for values in theme.compare(texts)]
    if changed:
        session.execute(update(Mention), changed)
    return {key: theme.kinds for key, theme in zip(told, themes, strict=True)}


class _Texts:
    """Plain texts and fingerprints of comments, each read once."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._plain: dict[int, str] = {}
        self._prints: dict[int, Fingerprint | None] = {}

    def read(self, ids: Iterable[int]) -> None:
        """Read those that were not read yet."""
        wanted = sorted({*ids} - self._plain.keys())
        for start in range(0, len(wanted), AT_ONCE):
            part = wanted[start : start + AT_ONCE]
            rows = self._session.execute(
                select(Comment.id, Comment.body).where(Comment.id.in_(part))
            ).all()
            plain = [plain_text(body) for _id, body in rows]
            self._plain.update(zip((row.id for row in rows), plain, strict=True))
            self._prints.update(
                zip((row.id for row in rows), fingerprints(plain), strict=True),
            )

    def of(self, rows: Sequence[Any]) -> tuple[list[str], list[Fingerprint | None]]:
        """The plain texts and fingerprints of these comments."""
        return [self._plain[row.id] for row in rows], [self._prints[row.id] for row in rows]


@dataclass
class _Theme:
    """One theme. compared: rows whose kind is not known; candidates: what they may be copies of."""

    rows: Sequence[Any]
    wrong: Sequence[str]
    anew: bool
    compared: list[Any] = field(default_factory=list)
    candidates: list[Any] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        new = [row for row in self.rows if row.kind_id is None]
        old = [row for row in self.rows if row.kind_id is not None]
        here = {row.id for row in old} | {NOT_ABOUT}
        is_later = not new or not old or new[0].id > old[-1].id
        if self.anew or not is_later or any(row.kind_id not in here for row in old):
            self.compared, self._old = list(self.rows), []
        else:
            self.compared, self._old = new, old

    def choose(self, texts: _Texts) -> None:
        """Find the earlier comments that the new ones may be copies of."""
        firsts = [row for row in self._old if row.kind_id == row.id]
        if not firsts or not self.compared:
            return
        new = [bands_of(own) for own in texts.of(self.compared)[1]]
        near = may_be_copies([row.bands for row in firsts], new)
        self.candidates = [firsts[place] for place in near]

    def compare(self, texts: _Texts) -> list[dict[str, Any]]:
        """Tell the kinds of all rows; return the mentions that are to be stored otherwise."""
        found: dict[int, int] = {row.id: row.kind_id for row in self._old}
        if not self.compared:
            self.kinds = [found[row.id] for row in self.rows]
            return []
        wrong = list(dict.fromkeys(self.wrong))
        wrong = [wrong[index] for index, own in enumerate(first_of_kind(wrong)) if index == own]
        stand = len(wrong) + len(self.candidates)
        plain, prints = texts.of([*self.candidates, *self.compared])
        kinds = first_of_kind([*wrong, *plain], [*fingerprints(wrong), *prints], firsts=stand)
        rows = [*self.candidates, *self.compared]
        changed = []
        for place, row in enumerate(self.compared):
            kind = kinds[stand + place]
            kind_id = NOT_ABOUT if kind < len(wrong) else rows[kind - len(wrong)].id
            bands = bands_of(prints[len(self.candidates) + place])
            found[row.id] = kind_id
            if (row.kind_id, row.bands) != (kind_id, bands):
                changed.append(
                    {
                        "comment_id": row.id,
                        "theme_id": row.mention_theme_id,
                        "kind_id": kind_id,
                        "bands": bands,
                    }
                )
        self.kinds = [found[row.id] for row in self.rows]
        return changed
