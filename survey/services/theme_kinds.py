"""Tell which comments of a theme are copies of one another, and keep what later ones need for it.

Each mention keeps the comment that stands for it (Mention.kind_id); those that stand for themselves
can be found by the bands of their fingerprints (MentionBand), as many a band as are ever compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, update

from analysis.themes.near_duplicates import (
    BUCKET_LIMIT,
    Fingerprint,
    bands_of,
    fingerprints,
    first_of_kind,
)
from analysis.themes.text import bare, normalise
from survey.models import Comment, Mention, MentionBand, table_of
from survey.queries.waves import WaveView

# The kind of a text that people judged not to be about the theme, or of a copy of it.
NOT_ABOUT = 0
# Comments that one statement names.
AT_ONCE = 1_000


def plain_text(body: str) -> str:
    """What two comments are compared by: letters and digits in one spelling."""
    return bare(normalise(body))


class Texts:
    """Plain texts and fingerprints of comments, each read once."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._plain: dict[int, str] = {}
        self._prints: dict[int, Fingerprint | None] = {}

    def read(self, ids: Collection[int]) -> None:
        """Read those that were not read yet; one that is gone is left out."""
        wanted = sorted(set(ids) - self._plain.keys())
        for start in range(0, len(wanted), AT_ONCE):
            part = wanted[start : start + AT_ONCE]
            rows = self._session.execute(
                select(Comment.id, Comment.body).where(Comment.id.in_(part))
            ).all()
            plain = [plain_text(body) for _id, body in rows]
            for row, text, own in zip(rows, plain, fingerprints(plain), strict=True):
                self._plain[row.id], self._prints[row.id] = text, own

    def kinds(self, wrong: Sequence[str], earlier: Sequence[int], ids: Sequence[int]) -> list[int]:
        """For each of the comments the one that stands for it, or NOT_ABOUT.

        wrong: plain texts that people judged not to be about the theme, which come before all.
        earlier: comments that stand for themselves and may have copies among `ids`, in order.
        """
        wrong = list(dict.fromkeys(wrong))
        wrong = [wrong[index] for index, own in enumerate(first_of_kind(wrong)) if index == own]
        keys = [key for key in (*earlier, *ids) if key in self._plain]
        stand = len(wrong) + len(keys) - len(ids)
        found = first_of_kind(
            [*wrong, *(self._plain[key] for key in keys)],
            [*fingerprints(wrong), *(self._prints[key] for key in keys)],
            firsts=stand,
        )
        return [
            NOT_ABOUT if kind < len(wrong) else keys[kind - len(wrong)] for kind in found[stand:]
        ]

    def bands(self, comment_id: int) -> list[int]:
        """What copies of the comment are found by."""
        return bands_of(self._plain[comment_id], self._prints[comment_id])

    def store_bands(
        self,
        wave: WaveView,
        firsts: Mapping[int, Sequence[int]],
        held: Mapping[int, Counter[int]],
    ) -> None:
        """Keep the bands of comments that stand for themselves: {theme: these, in order}.

        held: {theme: how many comments each band has already}.
        """
        rows = []
        for theme_id, ids in firsts.items():
            full = Counter(held.get(theme_id, {}))
            for comment_id in ids:
                bands = self.bands(comment_id)
                if not bands:
                    continue
                *parts, whole = bands
                # Of texts alike only so many are ever compared; the same text is always found.
                kept = {band for band in parts if full[band] < BUCKET_LIMIT}
                full.update(kept)
                rows += [_band(theme_id, wave, band, comment_id) for band in {*kept, whole}]
        if rows:
            self._session.connection().execute(table_of(MentionBand).insert(), rows)


def _band(theme_id: int, wave: WaveView, band: int, comment_id: int) -> dict[str, int]:
    return {"theme_id": theme_id, "wave_id": wave.id, "band": band, "comment_id": comment_id}


def store_kinds(
    session: Any,
    wave: WaveView,
    told: Mapping[int, Sequence[Any]],
    wrong: Mapping[int, Sequence[str]],
    *,
    among: Collection[int],
) -> dict[int, list[int]]:
    """{theme: for each of its rows the id of the comment that stands for it, or NOT_ABOUT}.

    All are compared anew. told: {theme: rows in the order of their ids}, with id,
    mention_theme_id and kind_id. wrong: {theme: plain texts that people judged not to be about
    it}. among: the themes that are counted, also those nobody mentions any more.
    Stores what changed, within the caller's transaction.
    """
    texts = Texts(session)
    texts.read([row.id for rows in told.values() for row in rows])
    found: dict[int, list[int]] = {}
    firsts: dict[int, list[int]] = {}
    changed = []
    for theme_id, rows in told.items():
        kinds = texts.kinds(wrong.get(theme_id, ()), (), [row.id for row in rows])
        found[theme_id] = kinds
        pairs = list(zip(rows, kinds, strict=True))
        firsts[theme_id] = [row.id for row, kind in pairs if row.id == kind]
        changed += [
            {"comment_id": row.id, "theme_id": row.mention_theme_id, "kind_id": kind}
            for row, kind in pairs
            if row.kind_id != kind
        ]
    if changed:
        session.execute(update(Mention), changed)
    session.execute(
        delete(MentionBand).where(MentionBand.wave_id == wave.id, MentionBand.theme_id.in_(among))
    )
    texts.store_bands(wave, firsts, {})
    return found
