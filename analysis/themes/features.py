"""Turns texts into hashed character n-grams: the features of the indicator model.

All texts of a batch are hashed at once as one array of characters, which is faster than cutting
strings. What a feature weighs (its rarity) is learned from the training texts and given back in.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from analysis.themes.text import normalise

LONGEST = 3
BITS = 18
WIDTH = 1 << BITS
_BATCH = 2_000
# Odd 64-bit constants of a multiplicative hash; changing one makes every stored model worthless.
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xC2B2AE3D27D4EB4F)


def hashed_ngrams(texts: Sequence[str]) -> csr_matrix:
    """Return texts × WIDTH: 1 + log(count) of the character 1- to 3-grams of each text.

    Texts are normalised (``text.normalise``) and lower-cased; blanks bound n-grams like any other
    character. A text without characters gives an empty row.
    """
    parts = [_rows(texts[i : i + _BATCH]) for i in range(0, len(texts), _BATCH)]
    if not parts:
        return csr_matrix((0, WIDTH), dtype=np.float64)
    indptr = [np.zeros(1, dtype=np.int64)]
    for part in parts:
        indptr.append(part.indptr[1:] + indptr[-1][-1])
    data = np.concatenate([part.data for part in parts])
    indices = np.concatenate([part.indices for part in parts])
    return csr_matrix((data, indices, np.concatenate(indptr)), shape=(len(texts), WIDTH))


def rarities(counts: csr_matrix) -> np.ndarray:
    """Return each feature's weight, log((1 + texts) / (1 + texts that have it)), as float32."""
    found = np.bincount(counts.indices, minlength=WIDTH)
    return np.log((1 + counts.shape[0]) / (1 + found)).astype(np.float32)


def weighted(counts: csr_matrix, rarity: np.ndarray) -> csr_matrix:
    """Return ``counts`` × rarity with rows of length 1 (an empty row stays empty)."""
    data = counts.data * rarity[counts.indices]
    sizes = np.diff(counts.indptr)
    row = np.repeat(np.arange(counts.shape[0]), sizes)
    lengths = np.sqrt(np.bincount(row, weights=data * data, minlength=counts.shape[0]))
    data /= np.where(lengths > 0, lengths, 1)[row]
    return csr_matrix((data, counts.indices, counts.indptr), shape=counts.shape)


def _rows(texts: Sequence[str]) -> csr_matrix:
    """Return the rows of one batch."""
    plain = [f" {clean} " if (clean := normalise(text).lower()) else "" for text in texts]
    lengths = np.array([len(text) for text in plain], dtype=np.int64)
    joined = "".join(plain).encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(joined, dtype=np.uint32).astype(np.uint64)
    owner = np.repeat(np.arange(len(plain)), lengths)
    rows, columns = [], []
    hashed = np.zeros_like(codes)
    for size in range(1, LONGEST + 1):
        # hashed[i] holds the n-gram that starts at i; one more character each round
        usable = codes.size - size + 1
        if usable < 1:
            break
        hashed = (hashed[:usable] ^ codes[size - 1 :]) * _FACTOR
        hashed ^= hashed >> np.uint64(31)
        inside = owner[:usable] == owner[size - 1 :]
        column = (hashed * _MIX + np.uint64(size)) * _FACTOR >> np.uint64(64 - BITS)
        rows.append(owner[:usable][inside])
        columns.append(column[inside])
    return _counted(rows, columns, len(plain))


def _counted(rows: list[np.ndarray], columns: list[np.ndarray], texts: int) -> csr_matrix:
    """Return 1 + log(count) per text and feature from the places of all n-grams."""
    if not rows:
        return csr_matrix((texts, WIDTH), dtype=np.float64)
    keys = (np.concatenate(rows).astype(np.uint64) << np.uint64(BITS)) | np.concatenate(columns)
    keys.sort()
    start = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    counts = np.diff(np.append(start, keys.size))
    keys = keys[start]
    row = (keys >> np.uint64(BITS)).astype(np.int64)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=texts))])
    column = (keys & np.uint64(WIDTH - 1)).astype(np.int32)
    return csr_matrix((1 + np.log(counts), column, indptr), shape=(texts, WIDTH))
