"""Turns counted words into unit vectors (TF-IDF), with general Chinese as the prior of rarity.

A batch of five comments cannot tell a rare word from a common one; the dictionary's own counts can.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log

import numpy as np
from scipy.sparse import csr_matrix, diags

from analysis.themes.text import Tokeniser

# The dictionary's word shares weigh like this many comments of this many words.
PRIOR_TEXTS = 300
PRIOR_WORDS = 120


class Vocabulary:
    """The terms of one run, each with its column."""

    def __init__(self) -> None:
        self._columns: dict[str, int] = {}
        self.terms: list[str] = []

    def __len__(self) -> int:
        return len(self.terms)

    def column(self, term: str) -> int:
        """Return the column of ``term``, opening one when it is new."""
        column = self._columns.setdefault(term, len(self.terms))
        if column == len(self.terms):
            self.terms.append(term)
        return column


@dataclass(frozen=True)
class TermStatistics:
    """In how many texts each term occurred: what earlier batches knew about rarity."""

    texts: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    def plus(self, counts: csr_matrix, vocabulary: Vocabulary) -> TermStatistics:
        """Return these statistics with the rows of ``counts`` (texts × terms) added."""
        summed = dict(self.counts)
        found = np.bincount(counts.indices, minlength=len(vocabulary)).tolist()
        for term, number in zip(vocabulary.terms, found, strict=True):
            if number:
                summed[term] = summed.get(term, 0) + number
        return TermStatistics(self.texts + counts.shape[0], summed)

    def rarities(self, vocabulary: Vocabulary, tokeniser: Tokeniser) -> np.ndarray:
        """Return the inverse document frequency of each column, smoothed towards general Chinese.

        log((N + M + 1) / (n + M p + 1)): n of N texts contain the term, p is the chance that a text
        of ``PRIOR_WORDS`` words of general Chinese does, M = ``PRIOR_TEXTS``.
        """
        total = log(self.texts + PRIOR_TEXTS + 1)
        return np.array(
            [
                total
                - log(
                    self.counts.get(term, 0)
                    + PRIOR_TEXTS * (1 - exp(-PRIOR_WORDS * tokeniser.share(term)))
                    + 1
                )
                for term in vocabulary.terms
            ]
        )


class CountRows:
    """Grows a texts × terms matrix of 1 + log(count), one text at a time and small in memory."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._columns, self._values, self._ends = array("i"), array("f"), array("q", [0])

    def add(self, title: Sequence[str], body: Sequence[str], *, title_weight: int) -> None:
        """Add a text; a word of the title counts ``title_weight`` times."""
        counts = Counter(body)
        for word in title:
            counts[word] += title_weight
        for term, count in counts.items():
            self._columns.append(self._vocabulary.column(term))
            self._values.append(1 + log(count))
        self._ends.append(len(self._columns))

    def matrix(self) -> csr_matrix:
        """Return the rows added so far as texts × terms."""
        return _rows(self._ends, self._columns, self._values, len(self._vocabulary))


def centroid_rows(centroids: Sequence[Mapping[str, float]], vocabulary: Vocabulary) -> csr_matrix:
    """Return stored centroids (term -> mean weight) as rows, opening columns for their terms."""
    columns, values, ends = array("i"), array("f"), array("q", [0])
    for centroid in centroids:
        columns.extend(vocabulary.column(term) for term in centroid)
        values.extend(centroid.values())
        ends.append(len(columns))
    return _rows(ends, columns, values, len(vocabulary))


def unit_rows(counts: csr_matrix, rarities: np.ndarray) -> csr_matrix:
    """Return texts × terms TF-IDF rows of length 1 (0 for a text without terms)."""
    counts = csr_matrix(
        (counts.data, counts.indices, counts.indptr), (counts.shape[0], rarities.size)
    )
    weighted = counts @ diags(rarities)
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    return csr_matrix(diags(1 / np.where(lengths > 0, lengths, 1)) @ weighted)


def heaviest(row: csr_matrix, vocabulary: Vocabulary, *, most: int) -> dict[str, float]:
    """Return the ``most`` heaviest terms of a one-row matrix with their weights, heaviest first."""
    pairs = zip(row.data.tolist(), row.indices.tolist(), strict=True)
    order = sorted((-value, vocabulary.terms[column]) for value, column in pairs)
    return {term: round(-value, 6) for value, term in order[:most]}


def _rows(ends: array, columns: array, values: array, width: int) -> csr_matrix:
    """Return a CSR matrix of float64 from growing arrays."""
    return csr_matrix(
        (
            np.array(values, dtype=np.float64),
            np.array(columns, dtype=np.int32),
            np.array(ends, dtype=np.int64),
        ),
        shape=(len(ends) - 1, width),
    )
