"""Finds identity cards, bank accounts and phone numbers in folded text, however they are spaced.

Rules decide; check digits (python-stdnum) and the number plans of other countries
(phonenumberslite) are asked only when a number is there, and loaded only then.
"""

from __future__ import annotations

import re

from analysis.themes.redact_fold import MARK

Found = tuple[int, int, str]

_PICTURES = f"{MARK}\u2190-\u245f\u2500-\u2bff\U0001f000-\U0001faff"
_S = rf"[ \-{_PICTURES}]"  # between two digits of one number
_JOIN = (
    rf"[ \-.,:/*~_={_PICTURES}]{{0,3}}"
    r"(?:(?:然后|接着|后面|中间|最后|空格|横杠|后四位|再加|再|加|杠|dash|then|space|and)"
    rf"[ \-.,:/*~_={_PICTURES}]{{0,3}})?"
)

# 15 digits or more in a run, or grouped as on a card; the 18th of an identity number may be X.
_ID_GROUPS = re.compile(
    rf"(?<![0-9])(?:[0-9]{{6}}{_JOIN}(?:18|19|20)[0-9]{{6}}{_JOIN}[0-9]{{3}}{_S}?[0-9Xx]"
    rf"|[0-9]{{3}}{_S}[0-9]{{3}}{_S}(?:19|20)[0-9]{{2}}{_S}[0-9]{{4}}{_S}[0-9]{{3}}[0-9Xx]"
    rf"|[0-9](?:{_S}[0-9]){{16}}{_S}[0-9Xx])(?![0-9])"
)
_RUN = re.compile(r"(?<![0-9])(?:[0-9]{17}[Xx]|[0-9]{15,}+)(?![0-9])")
_CARD = re.compile(
    rf"(?<![0-9])[0-9]{{4}}(?:[ \-.{_PICTURES}]{{1,2}}[0-9]{{4}}){{3}}"
    rf"(?:[ \-.{_PICTURES}]{{0,2}}[0-9]{{1,3}})?(?![0-9])"
)
_ACCOUNT_NUMBER = re.compile(
    r"(?:身份证|证件|银行卡|信用卡|工资卡|卡号|账号|帐号|账户|帐户|存折|户号|社保号?|医保号?"
    r"|account|card|passport|ID)"
    r"(?: ?(?:no\.?|number|号码|号|卡号))?[ .:是为(]{0,4}"
    rf"([0-9](?:{_S}{{0,2}}[0-9]){{7,29}}[Xx]?)(?![0-9])"
)
_PASSPORT = re.compile(
    r"(?:护照|通行证|台胞证|回乡证|passport)(?:号码?| ?no\.?| ?number)?[ :是为]{0,3}"
    r"([A-Za-z]{1,2}[ ]?[0-9]{7,9})(?![0-9])",
    re.IGNORECASE,
)

_86 = rf"(?:\(?(?:\+|00)?86\)?{_S}{{0,2}})?"
_PHONE = re.compile(
    rf"(?<![0-9])(?:{_86}0?1[3-9][0-9]"
    rf"(?:(?:{_S}{{0,3}}[0-9]){{8}}|{_JOIN}[0-9]{{4}}{_JOIN}[0-9]{{4}})"
    # with the area code, and the extension
    rf"|(?:\(?0|\(?(?:\+|00)86\)?{_S}{{0,2}}\(?0?)"
    rf"(?:10|2[0-9]|[3-9][0-9]{{2}})\)?[ \-.{_PICTURES}]{{0,3}}"
    rf"[2-8][0-9]{{2,3}}{_S}{{0,2}}[0-9]{{4}}"
    r"(?:[ \-,]{0,2}(?:转|分机|ext\.?)[ ]?[0-9]{1,6}|-[0-9]{2,5})?"
    rf"|[48]00(?:{_S}{{0,2}}[0-9]){{7}}(?![元万余多])"
    r"|00[1-9][0-9]{0,2}[ \-]?[0-9]{6,11}"
    r")(?![0-9])"
)
_CALLED = re.compile(
    r"(?:电话|手机|座机|固话|传真|联系方式|致电|拨打|打了|打到|打过|打我|打|号码|[Tt]el|[Pp]hone|[Mm]obile"
    r"|[Cc]all(?: me)?(?: at| on)?|[Cc]ontact)[ .:是为号码在叫(]{0,4}"
    rf"(?!(?:19|20)[0-9]{{2}}[\-./年])((?:[0-9]{_S}?){{6,11}}[0-9])(?![0-9元万块.])"
)
# 0329-5550123、5550124: the second of two
_FURTHER = re.compile(r"(?<=[0-9]{4})(?:[、,/或和 ]{1,2})([2-8][0-9]{6,7})(?![0-9元万])")
_INTERNATIONAL = re.compile(r"\+[ ]?[0-9]")

_NUMERALS = "零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖①②③④⑤⑥⑦⑧⑨⓪"
_SPOKEN = str.maketrans(_NUMERALS, "001234567891123456789123456789" + "0")
_IS_SPOKEN = re.compile(
    rf"[{_NUMERALS}][ ,\-]?[{_NUMERALS}][ ,\-]?[{_NUMERALS}0-9]"
    rf"|[0-9][{_NUMERALS}]{{1,2}}[0-9]"
)


def spoken_as_digits(plain: str) -> str | None:
    """Return ``plain`` with each Chinese numeral as a digit; None when no number is spelt out."""
    return plain.translate(_SPOKEN) if _IS_SPOKEN.search(plain) else None


def long_numbers(plain: str) -> list[Found]:
    """Find identity cards (dated like one, or rightly checked), bank cards and accounts."""
    found = []
    for pattern in (_ID_GROUPS, _RUN, _CARD, _ACCOUNT_NUMBER):
        for match in pattern.finditer(plain):
            span = match.span(pattern.groups)
            digits = re.sub("[^0-9X]", "", plain[slice(*span)].upper())
            kind = "id_card" if _is_id_card(digits) else "bank_card"
            if pattern is not _CARD or digits[0] in "34569" or _is_checked(digits):
                found.append((*span, kind))
    found += [(*match.span(1), "id_card") for match in _PASSPORT.finditer(plain)]
    return found


def _is_checked(digits: str) -> bool:
    """Tell whether the last digit is the check digit that a bank card has."""
    from stdnum import luhn

    return bool(luhn.is_valid(digits))


def _is_id_card(digits: str) -> bool:
    """Tell a resident identity number from a bank card; a mistyped check digit is still one."""
    if len(digits) == 18:
        if re.fullmatch(r"\d{6}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])[0-3]\d{4}[\dX]", digits):
            return True
        from stdnum.iso7064 import mod_11_2

        return digits[-1] == "X" or bool(mod_11_2.is_valid(digits) and not _is_checked(digits))
    old = re.fullmatch(r"\d{8}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}", digits)
    return bool(old)


def phones(plain: str) -> list[Found]:
    """Find Chinese phone numbers by rule, others written with + by their countries' rules."""
    spans = [match.span() for match in _PHONE.finditer(plain)]
    spans += [match.span(1) for match in _CALLED.finditer(plain)]
    spans += [match.span(1) for match in _FURTHER.finditer(plain)]
    if _INTERNATIONAL.search(plain):
        import phonenumbers

        matches = phonenumbers.PhoneNumberMatcher(
            plain[:20_000], None, phonenumbers.Leniency.POSSIBLE, max_tries=200
        )
        spans += [(match.start, match.end) for match in matches]
    return [(start, stop, "phone") for start, stop in spans]
