"""Turns texts into hashed character n-grams: the features of the indicator model.

All texts of a batch are hashed at once as one array of characters, which is some ten times faster
than cutting strings. Nothing is learned here, so nothing has to be stored.
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


def hashed_ngrams(texts: Sequence[str], *, bits: int = BITS) -> csr_matrix:
    """Return texts × 2**bits: 1 + log(count) of the character 1- to 3-grams, rows of length 1.

    Texts are normalised (``text.normalise``) and lower-cased; blanks bound n-grams like any other
    character. A text without characters gives a row of zeros.
    """
    parts = [_rows(texts[i : i + _BATCH], bits) for i in range(0, len(texts), _BATCH)]
    if not parts:
        return csr_matrix((0, 1 << bits), dtype=np.float64)
    if len(parts) == 1:
        return parts[0]
    indptr = [0]
    for part in parts:
        indptr.extend((part.indptr[1:] + indptr[-1]).tolist())
    data = np.concatenate([part.data for part in parts])
    indices = np.concatenate([part.indices for part in parts])
    return csr_matrix((data, indices, np.array(indptr)), shape=(len(texts), 1 << bits))


def _rows(texts: Sequence[str], bits: int) -> csr_matrix:
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
        column = (hashed * _MIX + np.uint64(size)) * _FACTOR >> np.uint64(64 - bits)
        rows.append(owner[:usable][inside])
        columns.append(column[inside])
    return _counted(rows, columns, len(plain), bits)


def _counted(
    rows: list[np.ndarray], columns: list[np.ndarray], texts: int, bits: int
) -> csr_matrix:
    """Return the unit-length rows of 1 + log(count) from the places of all n-grams."""
    if not rows:
        return csr_matrix((texts, 1 << bits), dtype=np.float64)
    keys = (np.concatenate(rows).astype(np.uint64) << np.uint64(bits)) | np.concatenate(columns)
    keys.sort()
    start = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    counts = np.diff(np.append(start, keys.size))
    keys = keys[start]
    row = (keys >> np.uint64(bits)).astype(np.int64)
    values = 1 + np.log(counts)
    lengths = np.sqrt(np.bincount(row, weights=values * values, minlength=texts))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=texts))])
    column = (keys & np.uint64((1 << bits) - 1)).astype(np.int32)
    return csr_matrix((values / lengths[row], column, indptr), shape=(texts, 1 << bits))
