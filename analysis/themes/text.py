"""Residents' text as words: normalised, cut by jieba's dictionary, without words that say nothing.

It decides nothing about meaning: indicators are ``category``'s task, themes ``discovery``'s.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from math import log

from analysis.themes.words import ENGLISH_STOP_WORDS, STOP_CHARACTERS, STOP_WORDS, TRADITIONAL

# What is read of one text; the rest of a pasted document changes no decision and costs time.
READ_CHARACTERS = 2_000
# A comment on the same thing says so early; measured: more than this adds cost and no agreement.
BODY_CHARACTERS = 200

_SCRIPT = re.compile(r"<(script|style)\b[^<>]{0,200}>.{0,5000}?</\1\s{0,9}>", re.IGNORECASE | re.S)
_TAG = re.compile(r"</?[a-z!][^<>]{0,1000}>", re.IGNORECASE)
_REPEATED = re.compile(r"(.)\1{3,}", re.S)
_SPACE = re.compile(r"\s+")
_TRADITIONAL = re.compile(f"[{''.join(map(chr, TRADITIONAL))}]")
_NOT_WORD = re.compile(r"[\W_]+")
_HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
_PIECE = re.compile(rf"[{_HAN}]+|[a-z0-9]+(?:'[a-z]+)?")
_HAN_CHARACTER = re.compile(rf"[{_HAN}]")
# What redaction left in place of a number or a name: 〔电话〕, [phone].
_PLACEHOLDER = re.compile(r"〔[^〔〕]{1,8}〕|\[[a-z ]{1,16}\]")
_SENTENCE_END = re.compile(r"[。！？!?\n；;]|[.,，](?=\s|$)")


def cleaned(text: str) -> str:
    """Return ``text`` fit to be shown: no tags, no control or invisible characters, one blank.

    At most ``READ_CHARACTERS`` characters are read; spelling and punctuation are the writer's.
    """
    text = text[:READ_CHARACTERS]
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _TAG.sub(" ", _SCRIPT.sub(" ", text))
    if not text.isprintable():
        text = "".join(map(_visible, text))
    return _SPACE.sub(" ", text).strip()


def normalise(text: str) -> str:
    """Return ``text`` cleaned and in one spelling: NFKC, simplified characters.

    Full-width digits become ASCII, four or more of one character become three. The case of letters
    is kept.
    """
    text = unicodedata.normalize("NFKC", cleaned(text))
    if _TRADITIONAL.search(text):
        text = text.translate(TRADITIONAL)
    return _SPACE.sub(" ", _REPEATED.sub(r"\1\1\1", text)).strip()


def _visible(character: str) -> str:
    """Return a blank for white space, nothing for controls and invisible characters."""
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"} else character


def bare(text: str) -> str:
    """Return normalised ``text`` as lower-case letters and digits only."""
    return _NOT_WORD.sub("", text).lower()


def has_chinese(text: str) -> bool:
    """Tell whether ``text`` contains a Chinese character."""
    return _HAN_CHARACTER.search(text) is not None


def opening(text: str, length: int) -> str:
    """Return the first sentence of cleaned ``text``, at most ``length`` characters."""
    start = text.lstrip(" 。！？!?；;.,，:：、=+-@")
    end = _SENTENCE_END.search(start, 4)
    sentence = start[: end.start()] if end else start
    return sentence if len(sentence) <= length else sentence[: length - 1].rstrip() + "…"


@lru_cache(maxsize=1)
def _dictionary() -> tuple[dict[str, int], int]:
    """Read jieba's dictionary: word -> count, 0 for a mere beginning of words; and the sum.

    jieba's own ``initialize`` is passed by: it trusts a cache file in the shared temporary folder,
    which any user of the machine could have written.
    """
    import jieba

    tokenizer = jieba.Tokenizer()
    return tokenizer.gen_pfdict(tokenizer.get_dict_file())


class Tokeniser:
    """Cuts text into words by jieba's dictionary and the place names it was given.

    The cut is jieba's most probable path without its hidden Markov model, which joins the names of
    estates and shops differently from message to message. Runs of single characters that no word
    of the dictionary explains (a name, as a rule) come out as overlapping pairs instead.
    """

    def __init__(self, places: Iterable[str] = ()) -> None:
        """Load the dictionary (about 0.8 s and 60 MB once per process).

        places: names of streets, estates and collection points; each stays one word.
        """
        words, self._total = _dictionary()
        names = {name for place in places if 1 < len(name := bare(normalise(place))) <= 40}
        names = {name for name in names if has_chinese(name)}
        self._words = _with_places(words, names, self._total) if names else words
        self._names = names

    def share(self, word: str) -> float:
        """Return how often ``word`` is used in general Chinese, as a share of all words."""
        return 0.0 if word in self._names else self._words.get(word, 0) / self._total

    def cut(self, text: str, most: int = READ_CHARACTERS) -> list[str]:
        """Cut the first ``most`` characters of normalised ``text`` into words that carry meaning.

        Placeholders of redacted parts are no words.
        """
        words: list[str] = []
        for piece in _PIECE.findall(_PLACEHOLDER.sub(" ", text[:most]).lower()):
            if piece[0] < "\u3400":
                if (stem := _english(piece)) not in ENGLISH_STOP_WORDS:
                    words.append(stem)
            else:
                words.extend(_meaningful(self._path(piece)))
        return words

    def _path(self, piece: str) -> list[str]:
        """Return the most probable cut of a run of Chinese characters (a Viterbi pass)."""
        words, log_total, size = self._words, log(self._total), len(piece)
        best = [0.0] * (size + 1)
        end_of = [0] * size
        for start in range(size - 1, -1, -1):
            end = start + 1
            fragment = piece[start:end]
            top = log(words.get(fragment) or 1) + best[end]
            top_end = end
            while fragment in words and end < size:
                end += 1
                fragment = piece[start:end]
                count = words.get(fragment)
                if count:
                    score = log(count) + best[end]
                    if score > top:
                        top, top_end = score, end
            best[start] = top - log_total
            end_of[start] = top_end
        cut = []
        start = 0
        while start < size:
            cut.append(piece[start : end_of[start]])
            start = end_of[start]
        return cut


def _with_places(words: dict[str, int], names: set[str], total: int) -> dict[str, int]:
    """Return a copy of ``words`` in which each place name is likelier than any cut through it."""
    words = dict(words)
    for name in names:
        for length in range(1, len(name)):
            words.setdefault(name[:length], 0)
        words[name] = total
    return words


def _meaningful(words: list[str]) -> list[str]:
    """Drop stop words; turn runs of unexplained single characters into overlapping pairs."""
    kept: list[str] = []
    run = ""
    for word in words:
        if len(word) == 1 and word not in STOP_CHARACTERS:
            run += word
            continue
        if len(run) > 1:
            kept.extend(run[i : i + 2] for i in range(len(run) - 1))
        run = ""
        if len(word) > 1 and word not in STOP_WORDS:
            kept.append(word)
    if len(run) > 1:
        kept.extend(run[i : i + 2] for i in range(len(run) - 1))
    return kept


def _english(word: str) -> str:
    """Return an English word without its possessive and, if long enough, its plural s."""
    word = word.split("'")[0]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-3] + "y" if word.endswith("ies") and len(word) > 4 else word[:-1]
    return word
