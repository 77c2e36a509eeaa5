"""Finds texts that are the same but for a few characters, so that each is counted once.

It knows nothing of meaning: two residents who say the same in their own words stay two.
Method: MinHash signatures of character shingles, banded buckets for candidates, exact Jaccard
similarity to confirm (Broder 1997; Mining of Massive Datasets, ch. 3).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SHINGLE = 4
BANDS, ROWS = 16, 3
# Same text with a name, a date or a sentence changed; unrelated complaints stay below .3.
SAME_JACCARD = 0.7
# Inside one bucket each text meets this many earlier distinct texts: time stays linear.
BUCKET_LIMIT = 20

_NUMBERS = np.random.Generator(np.random.PCG64(20_261_124))
_FACTORS = _NUMBERS.integers(1, 2**63, size=BANDS * ROWS, dtype=np.uint64) | np.uint64(1)
_SHINGLE_FACTORS = _NUMBERS.integers(1, 2**63, size=SHINGLE, dtype=np.uint64) | np.uint64(1)


def first_of_kind(texts: Sequence[str]) -> list[int]:
    """Return for each text the index of the first text it is near-identical to, itself if none.

    texts: ``bare`` ones (letters and digits only). Near-identical is equal, or a Jaccard similarity
    of the character 4-grams of at least ``SAME_JACCARD``. Empty texts stand alone.
    """
    first: list[int] = []
    equal: dict[str, int] = {}
    buckets: dict[bytes, list[int]] = {}
    shingles: dict[int, np.ndarray] = {}
    for index, plain in enumerate(texts):
        if not plain:
            first.append(index)
            continue
        seen = equal.setdefault(plain, index)
        if seen != index:
            first.append(first[seen])
            continue
        grams = _shingles(plain)
        keys = _band_keys(grams)
        match = _match(grams, keys, buckets, shingles)
        first.append(index if match is None else match)
        if match is None:
            shingles[index] = grams
            for key in keys:
                bucket = buckets.setdefault(key, [])
                if len(bucket) < BUCKET_LIMIT:
                    bucket.append(index)
    return first


def _shingles(plain: str) -> np.ndarray:
    """Return the sorted distinct 64-bit hashes of the character 4-grams of ``plain``."""
    codes = np.frombuffer(plain.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    codes = codes.astype(np.uint64)
    if codes.size < SHINGLE:
        codes = np.pad(codes, (0, SHINGLE - codes.size))
    windows = np.lib.stride_tricks.sliding_window_view(codes, SHINGLE)
    hashes = (windows * _SHINGLE_FACTORS).sum(axis=1, dtype=np.uint64)
    return np.unique(hashes ^ (hashes >> np.uint64(29)))


def _band_keys(grams: np.ndarray) -> list[bytes]:
    """Return one bucket key per band of the MinHash signature."""
    mixed = grams[:, None] * _FACTORS
    signature = (mixed ^ (mixed >> np.uint64(32))).min(axis=0)
    return [
        bytes([band]) + signature[band * ROWS : (band + 1) * ROWS].tobytes()
        for band in range(BANDS)
    ]


def _match(
    grams: np.ndarray,
    keys: Sequence[bytes],
    buckets: dict[bytes, list[int]],
    shingles: dict[int, np.ndarray],
) -> int | None:
    """Return the earliest earlier text whose shingles confirm the similarity."""
    candidates = {index for key in keys for index in buckets.get(key, ())}
    for index in sorted(candidates):
        other = shingles[index]
        if min(grams.size, other.size) < SAME_JACCARD * max(grams.size, other.size):
            continue
        common = np.intersect1d(grams, other, assume_unique=True).size
        if common >= SAME_JACCARD * (grams.size + other.size - common):
            return index
    return None
