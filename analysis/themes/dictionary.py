"""jieba's dictionary as sorted arrays: how often each word occurs in general Chinese.

A word is looked up by a 64-bit polynomial hash of its characters, for a million places at once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

FACTOR = np.uint64(0x9E3779B97F4A7C15)
# Words up to this length are looked up everywhere, longer ones only where one can begin.
_SHORT = 4
# Hashes are kept in this many drawers (about one word in three drawers), 2 to the power of it.
_DRAWER_BITS = 20
_SHIFT = np.uint64(64 - _DRAWER_BITS)
_MIX = np.uint64(0xD6E8FEB86659FD93)


@dataclass(frozen=True)
class Dictionary:
    """keys: hashes, drawer by drawer; occurrences: of each key; total: of all words together.

    drawers: where the keys of each drawer begin and, last, end; long_starts: sorted hashes of the
    first ``_SHORT`` characters of longer words; longest: characters of the longest word.
    """

    keys: np.ndarray
    occurrences: np.ndarray
    total: float
    drawers: np.ndarray
    long_starts: np.ndarray
    longest: int

    def counts(self, hashes: np.ndarray) -> np.ndarray:
        """Return how often the word of each hash occurs, 0 for what is no word."""
        counts = np.zeros(hashes.size)
        drawer = _drawer(hashes)
        place, end = self.drawers[drawer], self.drawers[drawer + 1]
        open_ = np.flatnonzero(place < end)
        place, end = place[open_], end[open_]
        while open_.size:
            right = self.keys[place] == hashes[open_]
            counts[open_[right]] = self.occurrences[place[right]]
            place += 1
            further = ~right & (place < end)
            open_, place, end = open_[further], place[further], end[further]
        return counts

    def found(
        self, codes: np.ndarray, at: np.ndarray, left: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return start, length, hash and log probability of every word that stands in a text.

        codes: characters; at: positions where a word may begin; left: how many characters it may
        have there. Each single character is a word, an unknown one as if it had occurred once.
        """
        hashes = codes[at].astype(np.uint64)
        starts, lengths, keys = [at], [np.ones(at.size, dtype=np.int64)], [hashes]
        counts = [np.maximum(self.counts(hashes), 1.0)]
        for length in range(2, self.longest + 1):
            fits = left >= length
            if length == _SHORT + 1:
                fits &= np.isin(hashes, self.long_starts)
            at, left = at[fits], left[fits]
            if not at.size:
                break
            hashes = hashes[fits] * FACTOR + codes[at + (length - 1)]
            number = self.counts(hashes)
            real = number > 0
            starts.append(at[real])
            lengths.append(np.full(int(real.sum()), length))
            keys.append(hashes[real])
            counts.append(number[real])
        score = np.log(np.concatenate(counts)) - np.log(self.total)
        return np.concatenate(starts), np.concatenate(lengths), np.concatenate(keys), score

    def with_places(self, names: Collection[str]) -> Dictionary:
        """Return a copy in which each place name is likelier than any cut through it."""
        words = sorted(names)
        hashes = hashes_of(words)
        other = ~np.isin(self.keys, hashes)
        keys = np.concatenate([self.keys[other], hashes])
        occurrences = np.concatenate([self.occurrences[other], np.full(len(words), self.total)])
        keys, occurrences, drawers = _filed(keys, occurrences)
        return replace(
            self,
            keys=keys,
            occurrences=occurrences,
            drawers=drawers,
            long_starts=np.union1d(self.long_starts, _long_starts(words)),
            longest=max(self.longest, *map(len, words)),
        )


def hashes_of(words: Sequence[str]) -> np.ndarray:
    """Return the hash of each word, none of them empty."""
    return _prefix_hashes(words, longest=None)


def _prefix_hashes(words: Sequence[str], *, longest: int | None) -> np.ndarray:
    """Return the hash of the first ``longest`` characters of each word."""
    codes = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    starts = np.cumsum(lengths) - lengths
    most = int(lengths.max(initial=0))
    hashes = np.zeros(len(words), dtype=np.uint64)
    for place in range(most if longest is None else min(most, longest)):
        goes = lengths > place
        hashes[goes] = hashes[goes] * FACTOR + codes[starts[goes] + place]
    return hashes


def _long_starts(words: Sequence[str]) -> np.ndarray:
    """Return the sorted hashes of how words longer than ``_SHORT`` begin."""
    return np.unique(_prefix_hashes([w for w in words if len(w) > _SHORT], longest=_SHORT))


def _drawer(hashes: np.ndarray) -> np.ndarray:
    """Return the drawer of each hash."""
    return ((hashes * _MIX) >> _SHIFT).astype(np.int64)


def _filed(keys: np.ndarray, occurrences: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return keys and occurrences drawer by drawer, and where each drawer begins and ends."""
    drawer = _drawer(keys)
    order = np.argsort(drawer, kind="stable")
    sizes = np.bincount(drawer, minlength=1 << _DRAWER_BITS)
    drawers = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    return keys[order], occurrences[order], drawers


@lru_cache(maxsize=1)
def general_dictionary() -> Dictionary:
    """Read jieba's dictionary.

    jieba's own ``initialize`` is passed by: it trusts a cache file in the shared temporary folder,
    which any user of the machine could have written.
    """
    import jieba

    with jieba.Tokenizer().get_dict_file() as file:
        parts = file.read().decode("utf-8").split()
    # Each line holds a word, how often it occurs and its part of speech.
    words, numbers = parts[0::3], parts[1::3]
    keys, occurrences, drawers = _filed(hashes_of(words), np.array(numbers, dtype=np.float64))
    return Dictionary(
        keys=keys,
        occurrences=occurrences,
        total=float(occurrences.sum()),
        drawers=drawers,
        long_starts=_long_starts(words),
        longest=max(map(len, words)),
    )
