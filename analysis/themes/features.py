"""Turns texts into hashed character n-grams: the features of the indicator model.

All texts of a batch are hashed at once as one array of characters, which is faster than cutting
strings. What a feature weighs (its rarity) is learned from the training texts and given back in.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.sparse import csr_matrix

from analysis.themes.text import normalise

BITS = 18
WIDTH = 1 << BITS
# Chinese says a word in one or two characters, an alphabet in three or more.
CHINESE_LENGTHS = (1, 2)
LATIN_LENGTHS = (3, 4, 5)
# A message says first what it is about: n-grams that start so early count five times.
OPENING_CHARACTERS = 20
OPENING_EXTRA = 4
# So many texts have room in a 32-bit key beside a feature and the mark of an opening.
_BATCH = 1_000
# Odd 64-bit constants of a multiplicative hash; changing one makes every stored model worthless.
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xC2B2AE3D27D4EB4F)
_SEPARATOR, _LATIN, _OTHER = 0, 1, 2


def hashed_ngrams(texts: Sequence[str]) -> csr_matrix:
    """Return texts × WIDTH (float32): 1 + log(count) of the character n-grams of each text.

    Texts are normalised (``text.normalise``) and lower-cased; only letters and digits count.
    Blanks and punctuation are dropped between Chinese characters, so that a text cut into words
    equals the text as it was written, and bound the words of an alphabet. N-grams: 1 and 2
    characters where one at least is of no alphabet of ours, 3 to 5 of Latin letters and digits. A
    text without letters and digits gives an empty row.
    """
    parts = [_rows(texts[i : i + _BATCH]) for i in range(0, len(texts), _BATCH)]
    if not parts:
        return csr_matrix((0, WIDTH), dtype=np.float32)
    indptr = [np.zeros(1, dtype=np.int64)]
    for part in parts:
        indptr.append(part.indptr[1:] + indptr[-1][-1])
    data = np.concatenate([part.data for part in parts])
    indices = np.concatenate([part.indices for part in parts])
    return csr_matrix((data, indices, np.concatenate(indptr)), shape=(len(texts), WIDTH))


def rarities(counts: csr_matrix, *, least: int = 1) -> np.ndarray:
    """Return each feature's weight, log((1 + texts) / (1 + texts that have it)), as float32.

    least: what fewer texts have weighs nothing: in long texts, what stands in one or two of them
    (names, as a rule) is most of the text and says nothing about the next.
    """
    found = np.bincount(counts.indices, minlength=WIDTH)
    weight = np.log((1 + counts.shape[0]) / (1 + found))
    return np.where(found >= least, weight, 0).astype(np.float32)


def weighted(counts: csr_matrix, rarity: np.ndarray) -> csr_matrix:
    """Return ``counts`` × rarity with rows of length 1 (a row without weight stays zero)."""
    data = counts.data * rarity[counts.indices]
    sizes = np.diff(counts.indptr)
    row = np.repeat(np.arange(counts.shape[0]), sizes)
    lengths = np.sqrt(np.bincount(row, weights=data * data, minlength=counts.shape[0]))
    data /= np.where(lengths > 0, lengths, 1).astype(np.float32)[row]
    return csr_matrix((data, counts.indices, counts.indptr), shape=counts.shape)


def _rows(texts: Sequence[str]) -> csr_matrix:
    """Return the rows of one batch."""
    plain = [f" {normalise(text).lower()} " for text in texts]
    joined = "".join(plain).encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(joined, dtype=np.uint32)
    owner = np.repeat(np.arange(len(plain), dtype=np.int32), [len(text) for text in plain])
    codes, kinds, owner = _joined(codes, owner)
    place = np.arange(codes.size) - np.searchsorted(owner, np.arange(len(plain)))[owner]
    early = (place < OPENING_CHARACTERS).astype(np.uint32)
    latin = np.flatnonzero(kinds != _OTHER)
    # Neighbours in the text stay neighbours: a jump ends an n-gram like the end of a text does.
    run = np.cumsum(np.diff(latin, prepend=-1) != 1) if latin.size else latin
    keys = [
        *_keys(codes, owner, owner, early, CHINESE_LENGTHS, kinds),
        *_keys(
            codes[latin],
            run * len(plain) + owner[latin],
            owner[latin],
            early[latin],
            LATIN_LENGTHS,
            None,
        ),
    ]
    return _counted(np.concatenate(keys) if keys else np.zeros(0, dtype=np.uint32), len(plain))


def _joined(codes: np.ndarray, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Drop what is no letter or digit, but keep one blank around Latin words; give their kinds."""
    kinds = _kinds()[np.minimum(codes, 0xFFFF)]
    kinds[(codes >= 0x20000) & (codes < 0x40000)] = _OTHER
    separator = kinds == _SEPARATOR
    again = separator[1:] & separator[:-1] & (owner[1:] == owner[:-1])
    keep = np.ones(codes.size, dtype=bool)
    keep[1:] = ~again
    codes, kinds, owner = codes[keep], kinds[keep], owner[keep]
    chinese = kinds == _OTHER
    beside = np.zeros(codes.size, dtype=bool)
    beside[1:] |= chinese[:-1]
    beside[:-1] |= chinese[1:]
    keep = ~((kinds == _SEPARATOR) & beside)
    codes, kinds, owner = codes[keep].copy(), kinds[keep], owner[keep]
    codes[kinds == _SEPARATOR] = 32
    return codes, kinds, owner


@lru_cache(maxsize=1)
def _kinds() -> np.ndarray:
    """Return for every code below 65,536 whether it separates, is Latin or another letter."""
    return np.array(
        [
            _SEPARATOR if not chr(c).isalnum() else _LATIN if c < 0x250 else _OTHER
            for c in range(0x10000)
        ],
        dtype=np.uint8,
    )


def _keys(
    codes: np.ndarray,
    bound: np.ndarray,
    owner: np.ndarray,
    early: np.ndarray,
    lengths: tuple[int, ...],
    kinds: np.ndarray | None,
) -> list[np.ndarray]:
    """Return text, feature and opening mark of every n-gram inside ``bound`` as 32-bit keys.

    kinds: n-grams without a character that is not Latin are left out.
    """
    keys = []
    hashed = np.zeros(codes.size, dtype=np.uint64)
    other = None if kinds is None else kinds == _OTHER
    some = np.zeros(codes.size, dtype=bool)
    for size in range(1, lengths[-1] + 1):
        # hashed[i] holds the n-gram that starts at i; one more character each round
        usable = codes.size - size + 1
        if usable < 1:
            break
        hashed = (hashed[:usable] ^ codes[size - 1 :]) * _FACTOR
        hashed ^= hashed >> np.uint64(31)
        inside = bound[:usable] == bound[size - 1 :]
        if other is not None:
            some = some[:usable] | other[size - 1 :]
            inside &= some
        if size in lengths:
            column = (hashed[inside] * _MIX + np.uint64(size)) * _FACTOR >> np.uint64(64 - BITS)
            text = owner[:usable][inside].astype(np.uint32)
            keys.append(
                (text << np.uint32(BITS + 1))
                | (column.astype(np.uint32) << np.uint32(1))
                | early[:usable][inside]
            )
    return keys


def _counted(keys: np.ndarray, texts: int) -> csr_matrix:
    """Return 1 + log(count) per text and feature from the keys of all n-grams."""
    if not keys.size:
        return csr_matrix((texts, WIDTH), dtype=np.float32)
    keys.sort()
    cells = keys >> np.uint32(1)
    start = np.flatnonzero(np.concatenate([[True], cells[1:] != cells[:-1]]))
    counts = np.diff(np.append(start, keys.size))
    counts = counts + OPENING_EXTRA * np.add.reduceat(keys & np.uint32(1), start, dtype=np.int64)
    cells = cells[start]
    row = cells >> np.uint32(BITS)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=texts))])
    column = (cells & np.uint32(WIDTH - 1)).astype(np.int32)
    data = 1 + np.log(counts.astype(np.float32))
    return csr_matrix((data, column, indptr), shape=(texts, WIDTH))
