"""Turns counted words into unit vectors (TF-IDF), with general Chinese as the prior of rarity.

A batch of five comments cannot tell a rare word from a common one; the dictionary's own counts can.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log

import numpy as np
from scipy.sparse import csr_matrix, diags

from analysis.themes.tokeniser import Cut, Tokeniser

# The dictionary's word shares weigh like this many comments of this many words.
PRIOR_TEXTS = 300
PRIOR_WORDS = 120


class Vocabulary:
    """Terms, each with its column."""

    def __init__(self, terms: Iterable[str] = ()) -> None:
        self.terms: list[str] = list(terms)
        self._columns = {term: column for column, term in enumerate(self.terms)}

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
        terms = vocabulary.terms
        held = np.fromiter((self.counts.get(term, 0) for term in terms), float, len(terms))
        expected = PRIOR_TEXTS * -np.expm1(-PRIOR_WORDS * tokeniser.shares(terms))
        return log(self.texts + PRIOR_TEXTS + 1) - np.log(held + expected + 1)


def count_rows(
    title: Cut, body: Cut, vocabulary: Vocabulary, *, texts: int, title_weight: int
) -> csr_matrix:
    """Return texts × terms: (1 + log of how often it occurs) × the mean weight of its occurrences.

    A word of the title counts ``title_weight`` times. The matrix is as wide as the vocabulary then.
    """
    columns = [np.array([vocabulary.column(t) for t in c.terms], np.int64) for c in (title, body)]
    column = np.concatenate([columns[0][title.term], columns[1][body.term]])
    times = np.concatenate([np.full(title.term.size, float(title_weight)), np.ones(body.term.size)])
    weight = np.concatenate([title.weight, body.weight])
    place = (np.concatenate([title.text, body.text]), column)
    counts = csr_matrix((times, place), (texts, len(vocabulary)))
    weights = csr_matrix((times * weight, place), counts.shape)
    data = (1 + np.log(counts.data)) * weights.data / counts.data
    return csr_matrix((data, counts.indices, counts.indptr), counts.shape)


def compact(
    matrices: Sequence[csr_matrix], vocabulary: Vocabulary
) -> tuple[list[csr_matrix], Vocabulary]:
    """Return the matrices with only the columns that one of them uses, and those columns' terms."""
    used = np.unique(np.concatenate([matrix.indices for matrix in matrices]))
    kept = [
        csr_matrix(
            (matrix.data, np.searchsorted(used, matrix.indices), matrix.indptr),
            (matrix.shape[0], used.size),
        )
        for matrix in matrices
    ]
    return kept, Vocabulary(vocabulary.terms[column] for column in used.tolist())


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


def heaviest(
    columns: np.ndarray, values: np.ndarray, vocabulary: Vocabulary, *, most: int
) -> dict[str, float]:
    """Return the ``most`` heaviest terms with their weights, heaviest first."""
    if values.size > most:
        least = np.partition(values, -most)[-most]
        columns, values = columns[values >= least], values[values >= least]
    pairs = zip(values.tolist(), columns.tolist(), strict=True)
    order = sorted((-value, vocabulary.terms[column]) for value, column in pairs)
    return {term: round(-value, 6) for value, term in order[:most]}


def row_of(matrix: csr_matrix, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns and values of one row, at a hundredth of what slicing costs."""
    start, end = matrix.indptr[row], matrix.indptr[row + 1]
    return matrix.indices[start:end], matrix.data[start:end]


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
