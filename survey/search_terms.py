"""How words are put into the search index and how what people type is looked up in it: pure text.

Chinese has no spaces, so that 停车 must be found within 小区停车难. A text is cut into runs (what
stands between spaces and punctuation) of units: one Chinese character, or one Latin word or number.
Two Chinese characters that follow each other are a token of the index, as is the last one of a row
alone, by which a single character is found wherever it stands: as the beginning of a token.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

# Of what somebody typed or pasted, so many characters are looked for.
LONGEST_QUERY = 200
# From here on (CJK Radicals) letters are written without spaces between words.
_FIRST_UNSPACED = 0x2E80


@dataclass(frozen=True)
class Term:
    """One run of a query: every token is in the index, and `phrase` is in the words."""

    tokens: tuple[str, ...]
    #: The last token is only a beginning: of a pair of characters or of a Latin word.
    is_prefix: bool
    #: As it stands in `words_of` a text.
    phrase: str

    @property
    def is_one_token(self) -> bool:
        """Whether finding the token is finding the phrase."""
        return len(self.tokens) == 1


def words_of(text: str) -> str:
    """The units of a text, between blanks; between runs are two, so that no phrase spans them."""
    return "".join(f" {' '.join(run)} " for run in _runs(text))


def tokens_of(text: str) -> str:
    """The tokens of a text, each once, between blanks, in the order of their coming."""
    return " ".join(dict.fromkeys(token for run in _runs(text) for token in _tokens(run)))


def terms_of(query: str) -> tuple[Term, ...]:
    """What to look for; empty when nothing typed is a letter, a character or a digit.

    All of them must be found. Whatever is no letter or digit only separates: nothing that people
    type is an operator.
    """
    return tuple(dict.fromkeys(_term(run) for run in _runs(query[:LONGEST_QUERY])))


def _term(run: tuple[str, ...]) -> Term:
    tokens = _tokens(run)
    phrase = f" {' '.join(run)} "
    if not _is_unspaced(run[-1]):
        # "park" finds "parking", but 3 does not find 35.
        is_prefix = run[-1][0].isalpha()
        return Term(tuple(tokens), is_prefix, phrase.rstrip() if is_prefix else phrase)
    if len(run) > 1 and _is_unspaced(run[-2]):
        # The last character of a row is within its last pair, and need not end a row of the text.
        return Term(tuple(tokens[:-1]), False, phrase)
    return Term(tuple(tokens), True, phrase)


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    """The runs of a text, each as its units; NFKC and case folded."""
    run: list[str] = []
    word = ""
    for character in f"{unicodedata.normalize('NFKC', text).casefold()} ":
        unspaced = _is_unspaced(character)
        if not unspaced and character.isalnum():
            word += character
            continue
        if word:
            run.append(word)
            word = ""
        if unspaced:
            run.append(character)
        elif run:
            yield tuple(run)
            run = []


def _tokens(run: tuple[str, ...]) -> list[str]:
    """Words and numbers, pairs of characters, and the last character of every row."""
    found = []
    for here, following in zip(run, (*run[1:], ""), strict=True):
        if not _is_unspaced(here) or not _is_unspaced(following):
            found.append(here)
        else:
            found.append(here + following)
    return found


@lru_cache(maxsize=8192)
def _is_unspaced(unit: str) -> bool:
    return len(unit) == 1 and ord(unit) >= _FIRST_UNSPACED and unit.isalpha()
