"""Gives a group of comments its words: a representative comment, a short label and keywords.

The label is a resident's own (redacted) sentence, because a clerk understands that at once; the
keywords are the class TF-IDF terms, with names that jieba cut apart joined again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from analysis.themes.text import cleaned, has_chinese, opening
from analysis.themes.vectors import Vocabulary, heaviest

LABEL_CHARACTERS = 28
LABEL_CHARACTERS_LATIN = 60
KEYWORDS = 5
# A keyword stands in at least this share of the group's texts (and in two of them, if there are).
_SPREAD = 0.2
_CANDIDATES = 9
# Enough texts to see whether two words stand side by side.
_READ_TEXTS = 50


def class_weights(presence: csr_matrix) -> csr_matrix:
    """Return the class TF-IDF of groups × terms, from how many texts of a group hold a term.

    W = tf(t, c) · log(1 + A / tf(t)), A the mean number of terms per class (Grootendorst 2022).
    """
    totals = np.asarray(presence.sum(axis=0)).ravel()
    mean = presence.sum() / max(1, presence.shape[0])
    rare = np.log1p(mean / np.where(totals > 0, totals, 1))
    data = presence.data * rare[presence.indices]
    return csr_matrix((data, presence.indices, presence.indptr), shape=presence.shape)


def closeness_of(rows: csr_matrix, means: csr_matrix, group: np.ndarray) -> np.ndarray:
    """Return the cosine of each row with the mean row of its group, 0..1.

    rows: unit TF-IDF rows; means: groups × terms; group: per row the number of its group.
    """
    lengths = np.sqrt(np.asarray(means.multiply(means).sum(axis=1)).ravel())
    dots = np.asarray(rows.multiply(means[group]).sum(axis=1)).ravel()
    cosines = dots / np.where(lengths > 0, lengths, 1)[group]
    return np.clip(np.round(cosines, 9), 0.0, 1.0)


def label_of(title: str, text: str) -> str:
    """Return the title, or without one the first sentence of the text, shortened to a label."""
    words = cleaned(title) or cleaned(text)
    return opening(words, LABEL_CHARACTERS if has_chinese(words) else LABEL_CHARACTERS_LATIN)


def keywords_of(
    texts: Sequence[str],
    columns: np.ndarray,
    presence: np.ndarray,
    weights: np.ndarray,
    *,
    vocabulary: Vocabulary,
) -> tuple[str, ...]:
    """Return a group's keywords: heavy, spread over its texts, split names joined.

    texts: its distinct texts, normalised; columns: its terms; presence: in how many texts each
    stands; weights: the class TF-IDF of each.
    """
    size = len(texts)
    spread = presence >= max(min(2, size), round(_SPREAD * size))
    heavy = heaviest(columns[spread], weights[spread], vocabulary, most=_CANDIDATES)
    # The number of a house or a floor says nothing; that of a bus line has three figures.
    words = [word for word in heavy if not (word.isdecimal() and len(word) < 3)]
    spoken = [text.lower() for text in texts[:_READ_TEXTS]]
    return tuple(_rejoined(words, spoken)[:KEYWORDS])


def _rejoined(words: list[str], spoken: Sequence[str]) -> list[str]:
    """Join keywords that mostly stand side by side, and drop those contained in another."""
    words = list(words)
    merged = True
    while merged:
        merged = False
        for left in words:
            for right in words:
                whole = None if left == right else _side_by_side(left, right, spoken)
                if whole:
                    at = min(words.index(left), words.index(right))
                    words = [w for w in words if w not in (left, right)]
                    words.insert(min(at, len(words)), whole)
                    merged = True
                    break
            if merged:
                break
    return [w for w in words if not any(w != other and w in other for other in words)]


def _side_by_side(left: str, right: str, spoken: Sequence[str]) -> str | None:
    """Return the two words as one if they touch or overlap in most texts that hold either."""
    latin = left.isascii() and right.isascii()
    joined = [f"{left} {right}"] if latin else [left + right]
    if not latin and left[-1] == right[0]:
        joined.append(left + right[1:])
    for whole in joined:
        together = sum(whole in text for text in spoken) if len(whole) <= 24 else 0
        if together >= 2:
            holding = sum(left in text or right in text for text in spoken)
            if together > 0.6 * holding:
                return whole
    return None
