"""Removes what identifies a person from a comment before anything is stored for office eyes.

It leaves 〔电话〕 or [phone] where a number stood and counts per kind; it judges nothing.
Light on purpose: the web process calls it, so neither numpy, scikit-learn nor jieba is imported.
Every pattern is bounded, so that time grows with the length of the text and no faster.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from analysis.themes.redact_names import chinese_names, english_names

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
Span = tuple[int, int]

# Full-width letters, digits and signs, one for one, so that positions stay those of the text.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_HAN = re.compile("[\u3400-\u9fff]")

_EMAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}",
    re.ASCII,
)
# 15 digits or more in one run, or grouped as on a card; the 18th of an identity number may be X.
_LONG_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9]{17}[Xx]|[0-9]{15,}"
    r"|[0-9]{4}(?:[ -][0-9]{4}){3}(?:[ -]?[0-9]{1,3})?"
    r"|[0-9]{6}[ -][0-9]{8}[ -]?[0-9]{3}[0-9Xx])(?![0-9A-Za-z])"
)
_ACCOUNT = re.compile(
    r"(?:微信|威信|薇信|QQ|wechat|weixin)(?:号码?|群号?|id|number)?[ :：是为]{0,3}"
    r"([A-Za-z0-9_][A-Za-z0-9_-]{4,19})(?![A-Za-z0-9_-])",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"(?<![0-9])(?:"
    r"(?:\(?\+?86\)?[ -]?)?1[3-9][0-9](?:[ -]?[0-9]){8}"  # a mobile
    r"|(?:\(0[1-9][0-9]{1,2}\)[ -]?|0[1-9][0-9]{1,2}[ -]?)[2-9][0-9]{2,3}[ -]?[0-9]{4}"  # with area
    r"|[48]00[ -]?[0-9]{3}[ -]?[0-9]{4}"
    r")(?![0-9])"
)
_SPOKEN = "零〇一二三四五六七八九幺"
_SPOKEN_PHONE = re.compile(rf"(?<![{_SPOKEN}十])[一幺][{_SPOKEN}]{{10}}(?![{_SPOKEN}十])")
_CALLED_PHONE = re.compile(
    r"(?:电话|手机|座机|联系方式|致电|拨打|号码|tel|phone|mobile|call(?: me)?(?: at| on)?|contact)"
    r"[ .:：是为号]{0,4}(?!(?:19|20)[0-9]{2}-)((?:[0-9][ -]?){6,11}[0-9])(?![0-9])",
    re.IGNORECASE,
)
_INTERNATIONAL = re.compile(r"\+[ ]?[0-9]")
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Za-z][ ·•.-]?"
    r"(?=[A-Za-z0-9]{0,5}[0-9])[A-HJ-NP-Za-hj-np-z0-9]{4,5}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳]"
    r"(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9])[A-Z]{2}[ -]?[0-9]{1,2}[ -]?[A-Z]{1,3}[ -]?[0-9]{4}(?![A-Za-z0-9])"
)
_N = "[0-9一二三四五六七八九十零〇百]{1,5}"
_HOUSE = re.compile(
    # 3栋2单元501室, 5号楼302, B座1203: from the building to the flat
    rf"(?:[A-Za-z]?{_N}|[A-Za-z])(?:栋|幢|号楼|座|期)[ -]?(?:{_N}(?:栋|幢|号楼|座)[ -]?)?"
    rf"(?:{_N}单元[ -]?{_N}(?:室|号|户|房)?|{_N}(?:层|楼){_N}(?:室|号|户|房)"
    rf"|{_N}(?:室|房(?![价东产屋租贷地源]))|[0-9]{{3,4}}(?![0-9年元万块人户多个]))"
    rf"|{_N}单元[ -]?{_N}(?:室|号|户|房(?![价东产屋租贷地源]))?(?![0-9]|层|楼)"
    rf"|{_N}单元[ -]?{_N}(?:层|楼){_N}(?:室|号|户|房)"
    rf"|[0-9]{{3,4}}室"
    # 人民路88号, 幸福里12弄3号
    rf"|(?<=[路街巷弄道里村组坊胡同])(?:{_N}弄)?[0-9]{{1,5}}(?:[-之][0-9]{{1,4}})?号"
    rf"(?!线|地铁|公交|文|令|楼|栋)(?:院)?(?:附{_N}号)?"
    # 3-2-501
    r"|(?<![0-9A-Za-z-])[0-9]{1,2}-[0-9]{1,2}-(?!(?:19|20)[0-9]{2})[0-9]{3,4}(?![0-9-])"
)
_HOUSE_ENGLISH = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:flat|apartment|apt|room|unit|house|door|plot|villa)"
    r"(?:[ ]?(?:no|number|#))?"
    r"[ .:#-]{0,3}(?:[A-Za-z]{1,2}[ -]?)?[0-9]{1,5}(?:[-/][0-9A-Za-z]{1,4}|[A-Za-z])?"
    r"|#[ ]?[0-9]{1,5}(?:[-/][0-9A-Za-z]{1,4})?(?=[ ,]{1,2}[0-9A-Za-z]))(?![A-Za-z0-9])",
    re.IGNORECASE,
)


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
    chinese = _HAN.search(text) is not None
    for _ in range(3):
        spans = _spans(text, chinese)
        if not spans:
            break
        parts, end = [], 0
        for start, stop, kind in spans:
            parts += [text[end:start], _WORDS[kind][0 if chinese else 1]]
            end = stop
            counts[kind] = counts.get(kind, 0) + 1
        text = "".join(parts) + text[end:]
    return Redaction(text, counts)


def _spans(text: str, chinese: bool) -> list[tuple[int, int, str]]:
    """Return (start, stop, kind) of every identifying part, in order, none overlapping."""
    plain = text.translate(_HALF_WIDTH)
    found: list[tuple[int, int, str]] = []
    for find in _FINDERS_CHINESE if chinese else _FINDERS_ENGLISH:
        spans = find(plain)
        for start, stop, kind in spans:
            found.append((start, stop, kind))
        if spans:
            plain = _blanked(plain, spans)
    return sorted(found)


def _blanked(plain: str, spans: list[tuple[int, int, str]]) -> str:
    """Return ``plain`` with the spans blanked, so that no later pattern takes them again."""
    parts, end = [], 0
    for start, stop, _ in spans:
        parts += [plain[end:start], "\0" * (stop - start)]
        end = stop
    return "".join(parts) + plain[end:]


def _pattern(pattern: re.Pattern[str], kind: str) -> Callable[[str], list[tuple[int, int, str]]]:
    """Return a finder of the pattern's matches, of its first group where it has one."""
    group = min(1, pattern.groups)
    return lambda plain: [(*match.span(group), kind) for match in pattern.finditer(plain)]


def _long_numbers(plain: str) -> list[tuple[int, int, str]]:
    """Find identity cards (valid or dated like one) and other numbers of 15 digits or more."""
    found = []
    for match in _LONG_NUMBER.finditer(plain):
        digits = match.group().replace(" ", "").replace("-", "").upper()
        found.append((*match.span(), "id_card" if _is_id_card(digits) else "bank_card"))
    return found


def _is_id_card(digits: str) -> bool:
    """Tell a resident identity number from a bank card; a mistyped check digit is still one."""
    if len(digits) == 18:
        from stdnum.cn import ric

        dated = re.fullmatch(r"[1-8]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])[0-3]\d{4}[\dX]", digits)
        return bool(dated) or ric.is_valid(digits)
    old = re.fullmatch(r"[1-8]\d{5}\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}", digits)
    return bool(old)


def _phones(plain: str) -> list[tuple[int, int, str]]:
    """Find Chinese phone numbers by rule, others written with + by their countries' rules."""
    spans = [match.span() for match in _PHONE.finditer(plain)]
    spans += [match.span() for match in _SPOKEN_PHONE.finditer(plain)]
    spans += [match.span(1) for match in _CALLED_PHONE.finditer(plain)]
    if _INTERNATIONAL.search(plain):
        import phonenumbers

        limited = plain[:20_000]
        matches = phonenumbers.PhoneNumberMatcher(limited, None, max_tries=200)
        spans += [(match.start, match.end) for match in matches]
    return [(start, stop, "phone") for start, stop in _apart(spans)]


def _apart(spans: list[Span]) -> list[Span]:
    """Return the spans in order, those that overlap joined into one."""
    joined: list[Span] = []
    for start, stop in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return joined


def _named(find: Callable[[str], list[Span]]) -> Callable[[str], list[tuple[int, int, str]]]:
    """Return a finder of names from one that gives spans."""
    return lambda plain: [(*span, "name") for span in _apart(find(plain))]


_NUMBER_FINDERS = (
    _pattern(_EMAIL, "email"),
    _long_numbers,
    _pattern(_PLATE, "plate"),
    _phones,
    _pattern(_ACCOUNT, "account"),
)
_FINDERS_CHINESE = (
    *_NUMBER_FINDERS,
    _pattern(_HOUSE, "house_number"),
    _named(chinese_names),
    _named(english_names),
)
_FINDERS_ENGLISH = (
    *_NUMBER_FINDERS,
    _pattern(_HOUSE_ENGLISH, "house_number"),
    _named(english_names),
)
