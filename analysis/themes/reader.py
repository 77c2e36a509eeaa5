"""Reads comments: one spelling, words, counts and fingerprints; remembers what comes again.

A comment that belongs to no theme yet is handed to every batch until it does. What a reader has
cut it does not cut twice.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from analysis.themes.documents import Document
from analysis.themes.near_duplicates import Fingerprint, fingerprints
from analysis.themes.text import BODY_CHARACTERS, bare, normalise
from analysis.themes.tokeniser import TEXTS_AT_ONCE, Tokeniser
from analysis.themes.vectors import Vocabulary, count_rows

TITLE_WEIGHT = 7
EMPTY, WORDLESS = "empty", "no words"
# Documents remembered at most, about 6 kB each.
REMEMBERED = 5_000


@dataclass(frozen=True)
class Reading:
    """The documents that have words, in their order, and those that have none.

    spoken: title and text, normalised; plain: letters and digits of both; prints: fingerprints;
    counts: documents × the reader's vocabulary; unprocessable: document id -> why.
    """

    documents: list[Document]
    spoken: list[str]
    plain: list[str]
    prints: list[Fingerprint | None]
    counts: csr_matrix
    unprocessable: dict[Hashable, str]


@dataclass(frozen=True)
class _Read:
    """What is kept of one document. columns, values: its row of counts, empty without words."""

    document: Document
    spoken: str
    plain: str
    fingerprint: Fingerprint | None
    columns: np.ndarray
    values: np.ndarray


class Reader:
    """Cuts documents with the names of one district; keep one per day, its vocabulary grows."""

    def __init__(self, places: Iterable[str] = (), *, title_weight: int = TITLE_WEIGHT) -> None:
        """places: names of streets, estates and points, known to the tokeniser.

        title_weight: a word of a title counts as often as this in the body.
        """
        self._title_weight = title_weight
        self.tokeniser = Tokeniser(places)
        self.vocabulary = Vocabulary()
        self._remembered: dict[Hashable, _Read] = {}

    def read(
        self, documents: Sequence[Document], progress: Callable[[int, int], None] | None = None
    ) -> Reading:
        """Read the documents; progress is told (documents done, documents in all)."""
        found: dict[Hashable, _Read] = {}
        fresh = []
        for document in documents:
            kept = self._remembered.get(document.id)
            if kept is not None and kept.document == document:
                found[document.id] = kept
            else:
                fresh.append(document)
        done = len(found)
        for start in range(0, len(fresh), TEXTS_AT_ONCE):
            part = fresh[start : start + TEXTS_AT_ONCE]
            found.update(zip((document.id for document in part), self._cut(part), strict=True))
            done += len(part)
            if progress:
                progress(done, len(documents))
        self._remember(found)
        return self._in_order([found[document.id] for document in documents])

    def _cut(self, documents: Sequence[Document]) -> list[_Read]:
        """Read documents that are not remembered."""
        headings = [normalise(document.title) for document in documents]
        messages = [normalise(document.text) for document in documents]
        counts = count_rows(
            self.tokeniser.cut_all(headings),
            self.tokeniser.cut_all(messages, BODY_CHARACTERS),
            self.vocabulary,
            texts=len(documents),
            title_weight=self._title_weight,
        )
        spoken = [f"{h} {m}".strip() for h, m in zip(headings, messages, strict=True)]
        plain = [bare(text) for text in spoken]
        columns = np.split(counts.indices, counts.indptr[1:-1])
        values = np.split(counts.data, counts.indptr[1:-1])
        rows = zip(documents, spoken, plain, fingerprints(plain), columns, values, strict=True)
        return [_Read(*row) for row in rows]

    def _remember(self, read: dict[Hashable, _Read]) -> None:
        """Keep the latest documents."""
        self._remembered.update(read)
        for identity in list(self._remembered)[: max(0, len(self._remembered) - REMEMBERED)]:
            del self._remembered[identity]

    def _in_order(self, read: Sequence[_Read]) -> Reading:
        """Set aside what has no words and put the rest together."""
        with_words = [one for one in read if one.columns.size]
        ends = np.cumsum([0] + [one.columns.size for one in with_words])
        nothing = np.zeros(0)
        counts = csr_matrix(
            (
                np.concatenate([nothing, *(one.values for one in with_words)]),
                np.concatenate([nothing, *(one.columns for one in with_words)]).astype(np.int32),
                ends,
            ),
            shape=(len(with_words), len(self.vocabulary)),
        )
        return Reading(
            documents=[one.document for one in with_words],
            spoken=[one.spoken for one in with_words],
            plain=[one.plain for one in with_words],
            prints=[one.fingerprint for one in with_words],
            counts=counts,
            unprocessable={
                one.document.id: WORDLESS if one.plain else EMPTY
                for one in read
                if not one.columns.size
            },
        )
