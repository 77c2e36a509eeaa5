"""Finds what leads to a person by letters and digits in folded text: e-mail, WeChat, QQ, plates."""

from __future__ import annotations

import re

from analysis.themes.redact_fold import MARK

Found = tuple[int, int, str]

_LOCAL = r"(?<![A-Za-z0-9_.+\-])[A-Za-z0-9][A-Za-z0-9_.+\-]{0,63}"
_EMAIL = re.compile(
    rf"{_LOCAL}(?: ?@ ?| ?[(\[] ?at ?[)\]] ?)"
    r"[A-Za-z0-9\-]{1,63}(?:[.。][A-Za-z0-9\-]{1,63}){1,4}"
    rf"|{_LOCAL} at [A-Za-z0-9\-]{{1,63}} dot (?:com|cn|net|org|edu|in)(?![A-Za-z])"
)

_SERVICE = (
    r"(?:微信|威信|薇信|卫星|[vV]信|加[我个]?[vV薇微]|扣扣|企鹅|抖音|快手|支付宝|微博"
    r"|(?<![A-Za-z])[vV](?=[ ]?:)|\+[vV](?=[ :])"
    r"|(?<![A-Za-z])(?:[qQ][qQ]|[wW]e[cC]hat|[wW]ei[xX]in|WECHAT|[vV][xX]|[wW][xX]"
    r"|[tT]elegram|[wW]hats[aA]pp))"
)
_HANDLE = r"[A-Za-z0-9_][A-Za-z0-9_\-]{4,19}(?![A-Za-z0-9_\-])"
_NUMBER = rf"[1-9](?:[ \-{MARK}]?[0-9]){{4,11}}(?![0-9])"
_ACCOUNT = re.compile(
    # named as an account: letters alone will do
    rf"{_SERVICE} ?(?:号码?|账号|群号|(?:[iI][dD]|number|no\.?)(?![A-Za-z]))"
    rf"[ :是为叫就@(]{{0,4}}(?:is )?({_NUMBER}|{_HANDLE})"
    rf"|{_SERVICE} ?: ?({_NUMBER}|{_HANDLE})"
    # not named as one: a digit or an underscore must tell it from a word
    rf"|{_SERVICE}(?:群主|群)?[ 是为叫就@(]{{0,4}}({_NUMBER}|(?=[A-Za-z\-]{{0,19}}[0-9_]){_HANDLE})"
)
# A service can begin only with one of these: trying the pattern there alone is four times as fast.
_FIRST_OF_SERVICE = re.compile("[微威薇卫vV加扣企抖快支+qQwWtT]")

_PROVINCE = "京沪津渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_C = "[A-HJ-NP-Za-hj-np-z0-9]"
_GAP = rf"[ .\-{MARK}\u2190-\u245f\u2500-\u2bff\U0001f000-\U0001faff]"
_PLATE = re.compile(
    rf"(?:[{_PROVINCE}]{_GAP}{{0,2}}[A-Za-z]{_GAP}{{0,2}}(?:(?=[A-Za-z0-9]{{0,5}}[0-9])"
    rf"{_C}{{4,5}}(?:{_C}|[挂学警港澳])|{_C}(?:[ .\-]{_C}){{4,5}}))(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9])[A-Z]{2}[ \-]?[0-9]{1,2}[ \-]?[A-Z]{1,3}[ \-]?[0-9]{4}(?![A-Za-z0-9])"
)
_CALLED_PLATE = re.compile(
    r"(?:车牌|车号|牌照|号牌|绿牌|蓝牌|[pP]late)(?:号码?| number| no\.?)?[ :是为]{0,3}"
    rf"((?=.{{1,7}}[0-9]{{2}})[A-Za-z]{_GAP}?{_C}{{5,6}})(?![A-Za-z0-9])"
)


def emails(plain: str) -> list[Found]:
    """Find e-mail addresses, also with the sign @ or the stops spelt out."""
    return [(*match.span(), "email") for match in _EMAIL.finditer(plain)]


def accounts(plain: str) -> list[Found]:
    """Find accounts of messengers named by their service: 微信号 abc_1, QQ 12345678."""
    found: list[Found] = []
    for first in _FIRST_OF_SERVICE.finditer(plain):
        # Letters within a word name no service; else QQ after QQ would be found one by one.
        before = plain[first.start() - 1 : first.start()]
        if first[0].isascii() and before.isascii() and before.isalnum():
            continue
        match = _ACCOUNT.match(plain, first.start())
        if match and (not found or match.start() >= found[-1][1]):
            found.append((*match.span(match.lastindex or 0), "account"))
    return found


def plates(plain: str) -> list[Found]:
    """Find number plates, of new-energy cars too, with blanks or dots in them or after 车牌."""
    found = [(*match.span(), "plate") for match in _PLATE.finditer(plain)]
    return found + [(*match.span(1), "plate") for match in _CALLED_PLATE.finditer(plain)]
