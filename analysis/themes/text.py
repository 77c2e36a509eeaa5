"""Residents' text in one spelling: without markup and invisible characters, simplified, NFKC.

It decides nothing about meaning: indicators are ``category``'s task, themes ``discovery``'s.
"""

from __future__ import annotations

import html
import re
import unicodedata

from analysis.themes.words import TRADITIONAL

# What is read of one text; the rest of a pasted document changes no decision and costs time.
READ_CHARACTERS = 2_000
# A comment on the same thing says so early; measured: more than this adds cost and no agreement.
BODY_CHARACTERS = 200

_SCRIPT = re.compile(r"<(script|style)\b[^<>]{0,200}>.{0,5000}?</\1\s{0,9}>", re.IGNORECASE | re.S)
_TAG = re.compile(r"</?[a-z!][^<>]{0,1000}>", re.IGNORECASE)
_REPEATED = re.compile(r"(.)\1\1\1+", re.S)
_TRADITIONAL = re.compile(f"[{''.join(map(chr, TRADITIONAL))}]")
_NOT_WORD = re.compile(r"[\W_]+")
_HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
# Full-width marks of ordinary Chinese writing; a text with nothing rarer than these and ASCII needs
# no look at each character to be in NFKC (a third of the whole time otherwise).
_WIDE = dict(zip("，！？：；（）", ",!?:;()", strict=True))
_RARER = re.compile(f"[^\x00-\x7f、。“”‘’《》【】—\u4e00-\u9fff{''.join(_WIDE)}]")
_HAN_CHARACTER = re.compile(rf"[{_HAN}]")
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
    return " ".join(text.split())


def normalise(text: str) -> str:
    """Return ``text`` cleaned and in one spelling: NFKC, simplified characters.

    Full-width digits become ASCII, four or more of one character become three. The case of letters
    is kept.
    """
    text = _nfkc(cleaned(text))
    if _TRADITIONAL.search(text):
        text = text.translate(TRADITIONAL)
    if _REPEATED.search(text):
        text = _REPEATED.sub(r"\1\1\1", text)
    return " ".join(text.split())


def _nfkc(text: str) -> str:
    """Return ``text`` in Unicode's normal form KC."""
    if _RARER.search(text):
        return unicodedata.normalize("NFKC", text)
    for wide, narrow in _WIDE.items():
        text = text.replace(wide, narrow)
    return text


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
