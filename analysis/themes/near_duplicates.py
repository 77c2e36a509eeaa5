"""Finds texts that are the same but for a few characters, so that each is counted once.

It knows nothing of meaning: two residents who say the same in their own words stay two.
Method: MinHash signatures of character shingles by one permutation (Li, Owen & Zhang 2012; empty
bins filled from the next, Shrivastava & Li 2014), banded buckets for candidates, exact Jaccard
similarity to confirm (Mining of Massive Datasets, ch. 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

SHINGLE = 4
# A pair of Jaccard similarity .7 meets in some bucket with probability .994, one of .8 with .9998.
BANDS, ROWS = 12, 3
# Same text with a name, a date or a sentence changed; unrelated complaints stay below .3.
SAME_JACCARD = 0.7
# Inside one bucket each text meets this many earlier distinct texts: time stays linear.
BUCKET_LIMIT = 20
# Texts fingerprinted in one pass: enough to share its work, few enough to stay small in memory.
_TEXTS_AT_ONCE = 500

_NUMBERS = np.random.Generator(np.random.PCG64(20_261_124))
_SHINGLE_FACTORS = _NUMBERS.integers(1, 2**63, size=SHINGLE, dtype=np.uint64) | np.uint64(1)
_BAND_FACTORS = _NUMBERS.integers(1, 2**63, size=(ROWS, BANDS), dtype=np.uint64) | np.uint64(1)


@dataclass(frozen=True)
class Fingerprint:
    """What a text is compared by. grams: sorted hashes of its shingles; keys: one per band."""

    grams: np.ndarray
    keys: tuple[int, ...]


def first_of_kind(
    texts: Sequence[str],
    prints: Sequence[Fingerprint | None] | None = None,
    *,
    firsts: int = 0,
) -> list[int]:
    """Return for each text the index of the first text it is near-identical to, itself if none.

    texts: ``bare`` ones (letters and digits only). Near-identical is equal, or a Jaccard similarity
    of the character 4-grams of at least ``SAME_JACCARD``. Empty texts stand alone.
    prints: the ``fingerprints`` of the texts, where they are kept already.
    firsts: so many texts at the beginning are known to stand for themselves, and are not compared.
    Given those that share one of ``bands_of`` with the others, no text before them is missed.
    """
    if prints is None:
        distinct = list(dict.fromkeys(texts))
        made = dict(zip(distinct, fingerprints(distinct), strict=True))
        prints = [made[text] for text in texts]
    first: list[int] = []
    equal: dict[str, int] = {}
    buckets: dict[int, list[int]] = {}
    for index, (plain, own) in enumerate(zip(texts, prints, strict=True)):
        seen = equal.setdefault(plain, index) if own else index
        if own is None or seen != index:
            first.append(index if own is None else first[seen])
            continue
        match = None if index < firsts else _match(own, buckets, prints)
        first.append(index if match is None else match)
        if match is None:
            for key in own.keys:
                bucket = buckets.setdefault(key, [])
                if len(bucket) < BUCKET_LIMIT:
                    bucket.append(index)
    return first


def fingerprints(texts: Sequence[str]) -> list[Fingerprint | None]:
    """Return the fingerprint of each ``bare`` text, None for an empty one."""
    made: list[Fingerprint | None] = [None] * len(texts)
    filled = [index for index, text in enumerate(texts) if text]
    for start in range(0, len(filled), _TEXTS_AT_ONCE):
        part = filled[start : start + _TEXTS_AT_ONCE]
        for index, own in zip(part, _together([texts[i] for i in part]), strict=True):
            made[index] = own
    return made


def bands_of(plain: str, own: Fingerprint | None) -> list[int]:
    """Return what a text is looked up by, as signed 64-bit numbers; the last is the whole text.

    A text shares at least one with every text that ``first_of_kind`` would compare it with.
    """
    if own is None:
        return []
    whole = int.from_bytes(blake2b(plain.encode(), digest_size=8).digest(), "big", signed=True)
    signed = np.array(own.keys, dtype=np.uint64).view(np.int64).tolist()
    return [*dict.fromkeys(signed), whole]


def _together(texts: Sequence[str]) -> list[Fingerprint]:
    """Fingerprint several texts, none of them empty, in one pass over their characters."""
    grams, owner = _shingles(texts)
    bands = _signatures(grams, owner, len(texts)).reshape(len(texts), ROWS, BANDS)
    keys = ((bands + np.uint64(1)) * _BAND_FACTORS).sum(axis=1, dtype=np.uint64).tolist()
    parts = np.split(grams, np.searchsorted(owner, np.arange(1, len(texts))))
    return [Fingerprint(own.copy(), tuple(key)) for own, key in zip(parts, keys, strict=True)]


def _signatures(grams: np.ndarray, owner: np.ndarray, texts: int) -> np.ndarray:
    """Return texts × bins: the smallest hash in each of equally wide ranges of hashes.

    A range in which a text has none takes the next range's that is not empty, the first after the
    last. The hashes of a text come sorted, so the first of a range is its smallest.
    """
    bins = BANDS * ROWS
    cell = owner * bins + ((grams.astype(np.uint64) * np.uint64(bins)) >> np.uint64(32)).astype(
        np.int64
    )
    firsts = np.flatnonzero(np.diff(cell, prepend=-1))
    smallest = np.zeros(texts * bins, dtype=np.uint64)
    smallest[cell[firsts]] = grams[firsts]
    source = np.full((texts, 2 * bins), 2 * bins)
    at, where = cell[firsts] // bins, cell[firsts] % bins
    source[at, where], source[at, where + bins] = where, where + bins
    source = np.minimum.accumulate(source[:, ::-1], axis=1)[:, ::-1][:, :bins] % bins
    return np.take_along_axis(smallest.reshape(texts, bins), source, axis=1)


def _shingles(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct 32-bit hashes of the character 4-grams of each text, and whose each is.

    A text shorter than a shingle is filled up with blanks.
    """
    filled = [text.ljust(SHINGLE) for text in texts]
    codes = np.frombuffer("".join(filled).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    owner = np.repeat(np.arange(len(filled)), [len(text) for text in filled])
    windows = codes.size - SHINGLE + 1
    hashes = np.zeros(windows, dtype=np.uint64)
    for place, factor in enumerate(_SHINGLE_FACTORS):
        hashes += codes[place : place + windows] * factor
    inside = owner[:windows] == owner[SHINGLE - 1 :]
    hashes = hashes[inside] >> np.uint64(32)
    ordered = np.sort((owner[:windows][inside].astype(np.uint64) << np.uint64(32)) | hashes)
    distinct = ordered[np.diff(ordered, prepend=~ordered[:1]) != 0]
    owners = (distinct >> np.uint64(32)).astype(np.int64)
    return (distinct & np.uint64(0xFFFFFFFF)).astype(np.uint32), owners


def _match(
    own: Fingerprint, buckets: dict[int, list[int]], prints: Sequence[Fingerprint | None]
) -> int | None:
    """Return the earliest earlier text whose shingles confirm the similarity."""
    candidates = {index for key in own.keys for index in buckets.get(key, ())}
    for index in sorted(candidates):
        other = prints[index]
        if other is not None and _jaccard_reaches(own.grams, other.grams, SAME_JACCARD):
            return index
    return None


def _jaccard_reaches(one: np.ndarray, other: np.ndarray, wanted: float) -> bool:
    """Tell whether two sorted sets of distinct hashes are that similar."""
    if min(one.size, other.size) < wanted * max(one.size, other.size):
        return False
    common = np.intersect1d(one, other, assume_unique=True).size
    return bool(common >= wanted * (one.size + other.size - common))
