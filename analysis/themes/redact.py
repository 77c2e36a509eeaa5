"""Removes what identifies a person from a comment before anything is stored for office eyes.

It leaves 〔电话〕 or [phone] where a number stood and counts per kind; it judges nothing.
Light on purpose: the web process calls it, so neither numpy, scikit-learn nor jieba is imported.
Every pattern is bounded, so that time grows with the length of the text and no faster.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from analysis.themes.redact_fold import fold
from analysis.themes.redact_handles import accounts, emails, plates
from analysis.themes.redact_houses import houses
from analysis.themes.redact_latin_names import latin_names
from analysis.themes.redact_names import chinese_names
from analysis.themes.redact_numbers import long_numbers, phones, spoken_as_digits

KINDS = (
    "email",
    "id_card",
    "bank_card",
    "account",
    "phone",
    "plate",
    "house_number",
    "name",
)
_WORDS = {
    "email": ("〔邮箱〕", "[email]"),
    "id_card": ("〔证件号〕", "[id number]"),
    "bank_card": ("〔银行卡〕", "[bank card]"),
    "account": ("〔账号〕", "[account]"),
    "phone": ("〔电话〕", "[phone]"),
    "plate": ("〔车牌〕", "[plate]"),
    "house_number": ("〔门牌〕", "[house number]"),
    "name": ("〔姓名〕", "[name]"),
}
Found = tuple[int, int, str]

# A name may stand beside a number that calls its owner, so that one is blanked by another sign.
_BLANK = {"house_number": "\x02", "plate": "\x02"}
_HAN = re.compile("[\u3400-\u9fff]")
_DIGIT = re.compile("[0-9]")
_LETTER_OR_DIGIT = re.compile("[A-Za-z0-9]")
_FLAT_IN_CHINESE = re.compile("[栋幢室单弄门]")


@dataclass(frozen=True)
class Redaction:
    """The text without identifying parts, and how many of each kind were taken out."""

    text: str
    counts: dict[str, int] = field(default_factory=dict)


def redact(text: str) -> Redaction:
    """Return ``text`` with identifying parts replaced; a second call changes nothing more.

    Kinds: ``KINDS``. Placeholders are Chinese when the text has a Chinese character, else English.
    What is not recognised stays: the tests measure how much is found on hand-made lines.
    """
    counts: dict[str, int] = {}
    language = 0 if _HAN.search(text) else 1
    for _ in range(12):
        found = identifying_parts(text)
        if not found:
            break
        parts, end = [], 0
        for start, stop, kind in found:
            parts += [text[end:start], _WORDS[kind][language]]
            end = stop
            counts[kind] = counts.get(kind, 0) + 1
        text = "".join(parts) + text[end:]
    return Redaction(text, counts)


def identifying_parts(text: str) -> list[Found]:
    """Return (start, stop, kind) of every identifying part, in order, none overlapping."""
    folded = fold(text)
    plain = folded.plain
    found: list[Found] = []

    def take(candidates: list[Found]) -> None:
        nonlocal plain
        if candidates:
            apart = _apart(candidates)
            found.extend(apart)
            plain = _blanked(plain, apart)

    if "@" in plain or "at" in plain:
        take(emails(plain))
    spoken = spoken_as_digits(plain)
    for reading in (plain,) if spoken is None else (plain, spoken):
        if _DIGIT.search(reading):
            for find in (long_numbers, plates, phones):
                take(find(_as_read(reading, plain)))
        if _LETTER_OR_DIGIT.search(reading):
            take(accounts(_as_read(reading, plain)))
    if _DIGIT.search(plain) or _FLAT_IN_CHINESE.search(plain):
        take(houses(plain))
    names = [(start, stop, "name") for start, stop in chinese_names(plain) + latin_names(plain)]
    take(names)
    return sorted((*folded.span(start, stop), kind) for start, stop, kind in found)


def _as_read(reading: str, plain: str) -> str:
    """Return ``reading`` blanked where ``plain`` was blanked since: what is found is found once."""
    if "\0" not in plain and "\x02" not in plain:
        return reading
    return "".join(b if b in "\0\x02" else a for a, b in zip(reading, plain, strict=True))


def _apart(found: list[Found]) -> list[Found]:
    """Return the parts in order, those that overlap joined into one of the first one's kind."""
    joined: list[Found] = []
    for start, stop, kind in sorted(found):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]), joined[-1][2])
        else:
            joined.append((start, stop, kind))
    return joined


def _blanked(plain: str, found: list[Found]) -> str:
    """Return ``plain`` with the parts blanked, so that no later rule takes them again."""
    parts, end = [], 0
    for start, stop, kind in found:
        parts += [plain[end:start], _BLANK.get(kind, "\0") * (stop - start)]
        end = stop
    return "".join(parts) + plain[end:]
