"""Cuts many texts into words at once: the most probable path through jieba's dictionary.

The same cut as jieba's without its hidden Markov model (which joins the names of estates and shops
differently from message to message), but found for all texts together: words are looked up by a
64-bit hash of their characters, and the path is walked from the ends of all runs of Chinese
characters at the same time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from analysis.themes.dictionary import FACTOR, general_dictionary, hashes_of
from analysis.themes.text import READ_CHARACTERS, bare, has_chinese, normalise
from analysis.themes.words import ENGLISH_STOP_WORDS, STOP_CHARACTERS, STOP_WORDS

# Texts cut together: enough to share the work of a pass, few enough to stay small in memory.
TEXTS_AT_ONCE = 1_000
LONGEST_PLACE = 40
# A known place counts as one word in all: this much for its whole name, the rest for its pairs, so
# that those who shorten the name still meet.
PLACE_WEIGHT = 0.5

_LATIN = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
# What redaction left in place of a number or a name: 〔电话〕, [phone].
_PLACEHOLDER = re.compile(r"〔[^〔〕]{1,8}〕|\[[a-z ]{1,16}\]")
_STOP_CODES = np.array(sorted(map(ord, STOP_CHARACTERS)), dtype=np.uint32)


@dataclass(frozen=True)
class Cut:
    """The words of several texts. terms: each word once; the arrays have one entry per word read.

    text, term: which text it stands in and which of the terms it is, in the order of the texts.
    weight: 1, and less for each of the overlapping pairs that stand for one unexplained name of n
    characters: 1 / √(n - 1), so that a long name does not outweigh what happened there. A place
    that was given comes out whole and as pairs, their squared weights adding up to 1.
    """

    terms: list[str]
    text: np.ndarray
    term: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class _Words:
    """Words by where they stand in the joined text, how long they are, their hash and weight."""

    starts: np.ndarray
    lengths: np.ndarray
    hashes: np.ndarray
    weights: np.ndarray


class Tokeniser:
    """Cuts text into words by jieba's dictionary and the place names it was given.

    Runs of single characters that no word of the dictionary explains (a name, as a rule) come out
    as overlapping pairs.
    """

    def __init__(self, places: Iterable[str] = ()) -> None:
        """Load the dictionary (about 0.4 s and 12 MB once per process).

        places: names of streets, estates and collection points; each stays one word,
            beside the pairs of its characters.
        """
        names = {name for place in places if len(name := bare(normalise(place))) > 1}
        self._names = frozenset(n for n in names if len(n) <= LONGEST_PLACE and has_chinese(n))
        self._name_hashes = hashes_of(sorted(self._names))
        general = general_dictionary()
        self._words = general.with_places(self._names) if self._names else general

    def shares(self, terms: Sequence[str]) -> np.ndarray:
        """Return how often each term is used in general Chinese, as a share of all words."""
        counts = self._words.counts(hashes_of(terms))
        named = np.fromiter((term in self._names for term in terms), bool, len(terms))
        return np.where(named, 0.0, counts / self._words.total)

    def cut(self, text: str, most: int = READ_CHARACTERS) -> list[str]:
        """Cut the first ``most`` characters of normalised ``text`` into words that carry meaning.

        Placeholders of redacted parts are no words.
        """
        found = self.cut_all([text], most)
        return [found.terms[term] for term in found.term.tolist()]

    def cut_all(
        self,
        texts: Sequence[str],
        most: int = READ_CHARACTERS,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> Cut:
        """Cut the first ``most`` characters of each text; progress is told how many are done."""
        numbers: dict[str, int] = {}
        text, term, weight = [], [], []
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            part = self._cut_together(texts[start : start + TEXTS_AT_ONCE], most)
            own = [numbers.setdefault(word, len(numbers)) for word in part.terms]
            text.append(part.text + start)
            term.append(np.array(own, dtype=np.int64)[part.term])
            weight.append(part.weight)
            if progress:
                progress(min(start + TEXTS_AT_ONCE, len(texts)))
        empty = np.zeros(0, dtype=np.int64)
        return Cut(
            list(numbers),
            np.concatenate([empty, *text]),
            np.concatenate([empty, *term]),
            np.concatenate([np.zeros(0), *weight]),
        )

    def _cut_together(self, texts: Sequence[str], most: int) -> Cut:
        """Cut all texts in one pass over their characters, which a line feed parts."""
        joined = "\n".join(_readable(text, most) for text in texts) + "\n"
        codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        ends = np.flatnonzero(codes == ord("\n"))
        words = self._places_in_pairs(codes, _meaningful(codes, *self._path(codes)))
        _, first, number = np.unique(words.hashes, return_index=True, return_inverse=True)
        spans = zip(words.starts[first].tolist(), words.lengths[first].tolist(), strict=True)
        terms = [joined[start : start + length] for start, length in spans]
        spoken = np.array([_says_something(term) for term in terms], dtype=bool)
        kept = spoken[number] if terms else np.zeros(0, dtype=bool)
        latin_starts, latin_terms = _latin(joined, terms)
        at = np.concatenate([words.starts[kept], latin_starts])
        order = np.argsort(at, kind="stable")
        return Cut(
            terms,
            np.searchsorted(ends, at[order]),
            np.concatenate([number[kept], latin_terms])[order],
            np.concatenate([words.weights[kept], np.ones(latin_starts.size)])[order],
        )

    def _places_in_pairs(self, codes: np.ndarray, words: _Words) -> _Words:
        """Add to each place that was given the overlapping pairs of its characters."""
        places = np.flatnonzero(np.isin(words.hashes, self._name_hashes) & (words.lengths > 2))
        if not places.size:
            return words
        count = words.lengths[places] - 1
        starts = np.repeat(words.starts[places] - np.cumsum(count) + count, count)
        starts += np.arange(starts.size)
        weights = words.weights.copy()
        weights[places] = PLACE_WEIGHT
        pairs = _pairs(codes, starts, sqrt(1 - PLACE_WEIGHT**2) / np.sqrt(np.repeat(count, count)))
        return _together(_Words(words.starts, words.lengths, words.hashes, weights), pairs)

    def _path(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return start, length and hash of each word on the most probable path, in order (Viterbi).

        Each run of Chinese characters is a path of its own. Position by position from the ends of
        all runs, the best word to begin there is the one whose own log probability and the best
        rest after it are the highest together; of equals the longest.
        """
        at, left, step_ends = _positions(codes)
        place = np.zeros(codes.size, dtype=np.int64)
        place[at] = np.arange(at.size)
        start, length, hashes, score = self._words.found(codes, at, left)
        # Ordered by the way left to the end of the run, then by start; they come by length.
        order = np.argsort(place[start], kind="stable")
        start, length, hashes, score = start[order], length[order], hashes[order], score[order]
        firsts = np.searchsorted(place[start], np.arange(at.size + 1))
        best = np.zeros(codes.size + 1)
        chosen = np.zeros(at.size, dtype=np.int64)
        for low, high in zip(step_ends[:-1].tolist(), step_ends[1:].tolist(), strict=True):
            a, b = int(firsts[low]), int(firsts[high])
            value = score[a:b] + best[start[a:b] + length[a:b]]
            groups = firsts[low:high] - a
            top = np.maximum.reduceat(value, groups)
            best[at[low:high]] = top
            is_top = np.flatnonzero(value == np.repeat(top, np.diff(firsts[low : high + 1])))
            owner = np.searchsorted(groups, is_top, side="right") - 1 + low
            chosen[owner] = is_top + a
        words = _walked(place, at, left, chosen=chosen, length=length)
        words = words[np.argsort(start[words])]
        return start[words], length[words], hashes[words]


def _readable(text: str, most: int) -> str:
    """Return what is read of a text: in lower case, one line, without placeholders."""
    text = text[:most]
    if "〔" in text or "[" in text:
        text = _PLACEHOLDER.sub(" ", text)
    return text.lower().replace("\n", " ")


def _positions(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the positions of Chinese characters by how many are left in their run, least first.

    Also how many are left, itself included, and where each such number begins in the order.
    """
    han = ((codes >= 0x3400) & (codes <= 0x9FFF)) | ((codes >= 0x20000) & (codes <= 0x3FFFF))
    at = np.flatnonzero(han)
    stops = np.flatnonzero(~han)
    left = stops[np.searchsorted(stops, at)] - at
    # A run is no longer than READ_CHARACTERS; numbers that small are sorted in one pass.
    order = np.argsort(left.astype(np.uint16), kind="stable")
    at, left = at[order], left[order]
    longest = int(left[-1]) if left.size else 0
    return at, left, np.searchsorted(left, np.arange(1, longest + 2))


def _walked(
    place: np.ndarray, at: np.ndarray, left: np.ndarray, *, chosen: np.ndarray, length: np.ndarray
) -> np.ndarray:
    """Follow the chosen words from the start of every run to its end; return their numbers."""
    begins = np.ones(place.size + 1, dtype=bool)
    begins[at + 1] = False
    here = at[begins[at]]
    end = here + left[begins[at]]
    found = [np.zeros(0, dtype=np.int64)]
    while here.size:
        word = chosen[place[here]]
        found.append(word)
        here = here + length[word]
        going = here < end
        here, end = here[going], end[going]
    return np.concatenate(found)


def _meaningful(
    codes: np.ndarray, starts: np.ndarray, lengths: np.ndarray, hashes: np.ndarray
) -> _Words:
    """Drop single characters, but turn runs of unexplained ones into overlapping pairs.

    starts, lengths, hashes: the words in the order of the text.
    """
    single = lengths == 1
    alone = starts[single & ~np.isin(codes[starts], _STOP_CODES)]
    pairs = alone[np.flatnonzero(np.diff(alone) == 1)]
    # The same character again and again is no name.
    pairs = pairs[codes[pairs] != codes[pairs + 1]]
    # Pairs whose starts follow one another are of the same run.
    run = np.cumsum(np.diff(pairs, prepend=pairs[:1]) != 1)
    whole = ~single
    return _together(
        _Words(starts[whole], lengths[whole], hashes[whole], np.ones(int(whole.sum()))),
        _pairs(codes, pairs, 1 / np.sqrt(np.bincount(run)[run]) if pairs.size else np.zeros(0)),
    )


def _pairs(codes: np.ndarray, starts: np.ndarray, weights: np.ndarray) -> _Words:
    """Return the two characters at each start as a word."""
    hashes = codes[starts].astype(np.uint64) * FACTOR + codes[starts + 1]
    return _Words(starts, np.full(starts.size, 2), hashes, weights)


def _together(one: _Words, other: _Words) -> _Words:
    """Return the words of both."""
    return _Words(
        np.concatenate([one.starts, other.starts]),
        np.concatenate([one.lengths, other.lengths]),
        np.concatenate([one.hashes, other.hashes]),
        np.concatenate([one.weights, other.weights]),
    )


def _says_something(word: str) -> bool:
    """Tell whether a Chinese word is neither a stop word nor a cry such as 啊啊啊."""
    return word not in STOP_WORDS and not (len(word) > 2 and word == word[0] * len(word))


def _latin(joined: str, terms: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return start and term number of each English word or number; new terms are appended."""
    numbers: dict[str, int] = {}
    known: dict[str, int] = {}
    starts, found = [], []
    for match in _LATIN.finditer(joined):
        word = match.group()
        number = known.get(word)
        if number is None:
            stem = english_stem(word)
            number = -1
            if stem not in ENGLISH_STOP_WORDS:
                number = numbers.setdefault(stem, len(terms))
                if number == len(terms):
                    terms.append(stem)
            known[word] = number
        if number >= 0:
            starts.append(match.start())
            found.append(number)
    return np.array(starts, dtype=np.int64), np.array(found, dtype=np.int64)


def english_stem(word: str) -> str:
    """Return an English word without its possessive and, if long enough, its plural s."""
    word = word.split("'")[0]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-3] + "y" if word.endswith("ies") and len(word) > 4 else word[:-1]
    return word
