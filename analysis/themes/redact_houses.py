"""Finds what leads to one door in folded text: 3栋2单元501室, 人民路88号, Flat 4B.

A building or an entrance alone stays, because the lamp to mend is there; so do streets' names.
"""

from __future__ import annotations

import re

from analysis.themes.redact_fold import MARK

Found = tuple[int, int, str]

_N = "[0-9一二三四五六七八九十零〇百]{1,5}"
_S = rf"[ ,.\-的{MARK}\u2600-\u27bf\U0001f000-\U0001faff]{{0,3}}"
_BUILDING = rf"(?:[A-Za-z]?{_N}|[A-Za-z])(?:栋|幢|号楼|座|期|#)"
_ENTRANCE = rf"{_N}(?:单元|号?门(?![面口外前牌]))"
_FLOOR = rf"(?:{_N}|顶)(?:层|楼)"
# Three or four digits alone are a flat unless they count something.
_FLAT_NUMBER = (
    r"(?:[0-9]{3,4}(?:-[0-9]{1,2})?(?![0-9年月元万千块人个多余米平级位次条辆度斤吨%/路线]|\.[0-9])"
    r"|[一二三四五六七八九零〇]{3,4}(?![十百千万多年]))"
)
_ROOM_WORD = r"(?:室|号房|号(?!楼|线|地|公|文|令)|房(?![价东产屋租贷地源子]))"
_FLAT = rf"(?:{_N}{_ROOM_WORD}|[1-9][0-9]?0[0-9]户|{_FLAT_NUMBER}|[东南西北中左右](?:边|侧)?户)"
_HOUSE = re.compile(
    rf"{_BUILDING}{_S}(?:{_BUILDING}{_S})?(?:{_ENTRANCE}{_S}(?:{_FLOOR}{_S})?(?:{_FLAT}|[左右]边)"
    rf"|(?:{_FLOOR}{_S})?(?:[0-9]{{3,4}}{_ROOM_WORD}|[0-9]{{1,2}}-{_FLAT_NUMBER}|{_FLAT_NUMBER}"
    r"|[1-9][0-9]?0[0-9]户|[东南西北中](?:边|侧)?户))"
    rf"|{_ENTRANCE}{_S}(?:{_FLOOR}{_S})?{_FLAT}"
    r"|(?:[0-9]{3,4}|[一二三四五六七八九零〇]{3,4})(?:室|号房)"
    r"|(?<![0-9A-Za-z.\-])[A-Za-z]?[0-9]{1,2}[\-#][0-9]{1,2}-(?!(?:19|20)[0-9]{2})[0-9]{3,4}(?![0-9\-])"
)
# 人民路88号, 幸福里12弄3号; what is behind the number may go on to the flat.
_STREET_NUMBER = re.compile(
    rf"(?<=[路街巷弄道里村组坊同])(?:{_N}弄)?[甲乙丙丁]?[0-9]{{1,5}}(?:-[0-9]{{1,4}})?号"
    rf"(?!线|地铁|公交|文|令|楼|栋|站|口|门(?![口前]))院?(?:[附之]{_N}号?)?"
    rf"(?:{_S}(?:{_ENTRANCE}{_S})?(?:{_FLOOR}{_S})?(?:[0-9]{{3,4}}室|{_FLAT_NUMBER}))?"
)
_CALLED = re.compile(
    r"(?:门牌号码?|门牌|房号|房间号|室号)[ :是为]{0,3}"
    r"([0-9]{1,4}(?:-[0-9]{1,4}){0,2}[A-Za-z]?)(?![0-9])"
    r"|(?:楼上|楼下|隔壁|对门|对面|我家|我家住|我住|我是|住在)[ :是的]{0,2}"
    r"((?<![0-9])[1-9][0-9]?0[0-9](?![0-9年月元万千块人个多余米平号路线户.A-Za-z]))"
)
_JOINED = r"(?:(?:building|block|tower|unit)[ ]?[0-9A-Za-z]{1,3}[ ,]{1,2}){0,2}"
_ENGLISH = re.compile(
    rf"(?<![A-Za-z0-9])(?:{_JOINED}(?:flat|apartment|apt|room|rm|house|door|plot|villa|unit)"
    r"(?:[ ]?(?:no|number|#))?[ .:#\-]{0,3}(?:[A-Za-z]{1,2}[ \-]?)?[0-9]{1,5}"
    r"(?:[\-/][0-9A-Za-z]{1,4}|[A-Za-z])?"
    r"|#[ ]?[0-9]{1,5}(?:[\-/][0-9A-Za-z]{1,4})?(?=[ ,]{1,2}[0-9A-Za-z])"
    r"|(?:no\.? ?)?[0-9]{1,4}(?:/[0-9A-Za-z]{1,4})?"
    r"(?=[ ,]{1,2}(?!nd|rd|th|st|way|feet|ft|main|cross|km|m )"
    r"(?:[A-Za-z]{2,15} (?:road|street|lane|avenue)"
    r"|[0-9]{1,3}(?:st|nd|rd|th)? (?:cross|main)))"
    r")(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_CUE = re.compile(
    r"[栋幢室弄期座#]|单元|号[楼房]|[0-9]号|门[0-9五一二三四六七八九牌]|房号|房间号|[0-9]-[0-9]"
    r"|[楼隔对我住][上下壁门面家住是在]"
)
_LETTERS = re.compile(r"[A-Za-z#/]")


def houses(plain: str) -> list[Found]:
    """Find flats, house numbers in a street, and numbers that a word such as 门牌 announces."""
    found: list[tuple[int, int]] = []
    if _CUE.search(plain):
        found += [match.span() for match in _HOUSE.finditer(plain)]
        found += [match.span() for match in _STREET_NUMBER.finditer(plain)]
        found += [match.span(match.lastindex or 0) for match in _CALLED.finditer(plain)]
    if _LETTERS.search(plain):
        found += [match.span() for match in _ENGLISH.finditer(plain)]
    return [(start, stop, "house_number") for start, stop in found]
