"""Folds a text into the one spelling the rules of redaction read, and leads places back to it.

Full-width and other digits become ASCII, traditional characters simplified ones; what nobody sees
(zero-width characters, keycaps) is left out, tags and entities become one mark. Stored text keeps
its own spelling: this form is only read.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.themes.words import TRADITIONAL

MARK = "\x01"  # stands for a tag: neither a word nor a gap between two numbers

# Simplified forms of characters that only the rules of redaction read: surnames, plates, numbers.
_MORE_TRADITIONAL = dict(
    zip(
        "張吳韓蕭蔣賈閻鍾譚鄒萬賀龔蘆魯韋聶龐棟係繫遼贛瓊閩晉幾盧馮鄧葉嚴賓鄔喬塗畢譽",
        "张吴韩萧蒋贾阎钟谭邹万贺龚芦鲁韦聂庞栋系系辽赣琼闽晋几卢冯邓叶严宾邬乔涂毕誉",
        strict=True,
    )
)
_DIGIT_ZEROS = (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, *range(0x1D7CE, 0x1D7FF, 10))
_INVISIBLE = (
    *(0x00AD, 0x034F, 0x061C, 0x180E, 0x20E3, 0xFEFF),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    *range(0x0300, 0x0370),
)
_TABLE: dict[int, int | None] = {
    **{ord(key): ord(value) for key, value in _MORE_TRADITIONAL.items()},
    **{key: ord(value) if isinstance(value, str) else value for key, value in TRADITIONAL.items()},
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **{zero + digit: 0x30 + digit for zero in _DIGIT_ZEROS for digit in range(10)},
    **dict.fromkeys((0x00A0, 0x2002, 0x2003, 0x2009, 0x202F, 0x3000, 0x09), 0x20),
    **dict.fromkeys(map(ord, "‐‑‒–—―−﹣─"), ord("-")),
    **dict.fromkeys(map(ord, "·•‧∙⋅・˙"), ord(".")),
    **dict.fromkeys(_INVISIBLE),
}
# A tag that holds nothing to find: a number, an address or Chinese words in one are read as text.
_MARKUP = re.compile(
    r"</?[A-Za-z][^<>@0-9\u0080-\uffff]{0,80}>|</?[hH][1-6]>|&(?:#\w{1,7}|\w{2,8});"
)


@dataclass(frozen=True)
class Folded:
    """The folded text; ``places[i]`` is where its character i stands in the text, None: at i."""

    plain: str
    places: Sequence[int] | None

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """Return the part of the text that the folded part from ``start`` to ``stop`` stands for.

        It reaches from the first character to the last, so what was left out between goes too.
        """
        if self.places is None:
            return start, stop
        return self.places[start], self.places[stop - 1] + 1


def fold(text: str) -> Folded:
    """Return ``text`` folded. Time grows with its length; nothing in it is refused."""
    plain = text.translate(_TABLE)
    if len(plain) == len(text) and "<" not in plain and "&" not in plain:
        return Folded(plain, None)
    return _fold_apart(text)


def _fold_apart(text: str) -> Folded:
    """Fold a text in which something is left out, keeping the place of each character."""
    parts: list[str] = []
    places: list[int] = []

    def take(start: int, stop: int) -> None:
        for place in range(start, stop):
            folded = _TABLE.get(ord(text[place]), text[place])
            if folded is not None:
                parts.append(folded if isinstance(folded, str) else chr(folded))
                places.append(place)

    end = 0
    for match in _MARKUP.finditer(text):
        take(end, match.start())
        parts.append(_markup(match.group()))
        places.append(match.start())
        end = match.end()
    take(end, len(text))
    return Folded("".join(parts), places)


def _markup(found: str) -> str:
    """Return the one character that a tag or an entity is read as."""
    if found[0] == "<":
        return MARK
    character = html.unescape(found)
    if len(character) != 1 or unicodedata.category(character) in {"Cf", "Cc", "Zs"}:
        return MARK
    return character
