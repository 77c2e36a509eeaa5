"""Finds Chinese names of persons beside the words that announce one: titles, 我叫, 姓名, 业主.

A name that nothing announces is not looked for: guessing would black out half the street names.
Words that announce a name are found first; the few shapes a name can have are tried only there.
"""

from __future__ import annotations

import re

from analysis.themes.redact_surnames import (
    AFTER_NAME,
    ANNOUNCING,
    BEGINNERS,
    COMPOUND,
    FOLLOW,
    HALF_PARTICLES,
    KIN,
    NAMING_ITSELF,
    NO_TITLED,
    NOT_GIVEN,
    OFFICES,
    PARTICLES,
    PLACES_OF_WORK,
    ROLES,
    SURNAMES,
    VERBS,
    WORDLIKE,
    WORDS,
)

Span = tuple[int, int]

_HAN = "[\u4e00-\u9fff]"
_F = re.escape(FOLLOW)
_G = f"(?:(?![{_F}]){_HAN})"
_BREAK = f"(?=[{_F}]|{VERBS}|$)"
_STOP = r"(?=[\s,.。;:!?()、\x00-\x02-]|$)"
_SURE = f"(?:{COMPOUND}|[{SURNAMES}])"

_AT_STOP = re.compile(f"{_SURE}{_HAN}{{2}}{_STOP}")
_NAME = re.compile(f"(?:{COMPOUND}|[{SURNAMES}{WORDLIKE}]){_G}{{1,2}}?{_BREAK}")
_HALF = re.compile(f"[{HALF_PARTICLES}]{_G}{{1,2}}?{_BREAK}")
_HALF_OF_THREE = re.compile(f"[{HALF_PARTICLES}]{_G}{{2}}{_BREAK}")
# In 书记张伟强推 where the name ends is a guess, that it is one is not; 组长柳树村 names a place.
_LIKELY = re.compile(f"(?!{_HAN}{{1,4}}[路街村镇区桥湾庄园巷里县市]){_SURE}{_G}{{1,2}}")
# 窦不凡不理人: a given name may begin like what follows a name.
_ODD = re.compile(f"{_SURE}{_HAN}{{2}}{_BREAK}")
_ANY = re.compile(
    f"(?:{COMPOUND}|[{SURNAMES}{WORDLIKE}{PARTICLES}]){_HAN}{{1,2}}(?=[{_F}]|{VERBS}|$)"
)
_WRITTEN = re.compile(f"(?!姓名|电话|本人|身份|无名|不[详便]|[同见如]上){_HAN}{{2,4}}(?=[{_F}]|$)")
_NICKNAME = re.compile(f"的?[小老](?:(?!康)[{SURNAMES}])(?!{_HAN}[路街村镇桥湾庄巷])")

_WORD = re.compile(WORDS)
_TITLE_NEXT = re.compile(f"{_HAN}{{1,3}}?副?(?:{'|'.join(OFFICES)})")


def _longest_first(words: frozenset[str]) -> str:
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


_BEFORE = OFFICES | AFTER_NAME
# 老师傅 is a master, not a teacher named 傅; 总 is a title only where no such word goes on.
_TITLES = re.compile(
    f"老师傅|{_longest_first(OFFICES | ROLES | AFTER_NAME | PLACES_OF_WORK)}"
    "|总(?![是之算体共计得的在想会要有能把不被让部包公量结理])"
)
_CUES = re.compile(
    f"(?:(?P<sure>{_longest_first(ANNOUNCING)})|(?P<self>{_longest_first(NAMING_ITSELF)})"
    f"|(?P<kin>(?:我的?)?(?:{_longest_first(KIN)})))(?P<colon>[ ]?:)?[ :是为叫]{{0,3}}"
)
_SIMPLE = (
    # 姓王的, 朱姓业主, 王某
    re.compile(
        f"姓(?<!百姓)([{SURNAMES}{WORDLIKE}{PARTICLES}])"
        f"(?=[的男女,.、 ]|$|{_longest_first(OFFICES)})"
    ),
    re.compile(f"([{SURNAMES}])(?=姓(?!名)|某)"),
    re.compile(f"(?<!{_HAN})[小老]([{SURNAMES}])(?!家){_BREAK}"),
    # 王工, 李队
    re.compile(f"(?<!{_HAN})([{SURNAMES}])(?=[工队局](?:[说的,。让叫不答也和]|$))"),
    # 王小明（13…）, 13… 王小明: beside a number that was found before
    re.compile(
        f"(?<!{_HAN})([{SURNAMES}{WORDLIKE}]{_HAN}{{1,2}})[ ,(:]{{0,2}}"
        "(?:的?(?:联系)?(?:电话|手机)号?码?)?[ :是]{0,2}\0"
    ),
    re.compile(f"\0[ ,(]{{0,2}}([{SURNAMES}{WORDLIKE}]{_HAN}{{1,2}}){_STOP}"),
    # 此致敬礼 李四, ——王小明
    re.compile(
        f"(?:敬礼|--)[ !\n]{{0,3}}([{SURNAMES}{WORDLIKE}{PARTICLES}]{_HAN}{{1,2}})(?=[ .。\n]|$)"
    ),
)
_CHARACTER = re.compile(_HAN)
_NO_GIVEN = frozenset(FOLLOW + NOT_GIVEN)
_COMPOUNDS = frozenset(COMPOUND.split("|"))
_BEGINNING = SURNAMES + WORDLIKE + PARTICLES
_NO_WORD_OF_RESPECT = frozenset("班总大老各全新好")


def chinese_names(plain: str) -> list[Span]:
    """Return (start, stop) of announced Chinese names in folded text; spans may overlap."""
    if _CHARACTER.search(plain) is None:
        return []
    found = _beside_titles(plain) + _after_cues(plain)
    for pattern in _SIMPLE:
        for match in pattern.finditer(plain):
            if not _WORD.match(plain, match.start(1)):
                found.append(match.span(1))
    return found


def _beside_titles(plain: str) -> list[Span]:
    """Find 王主任, 张伟书记 before a title and 书记张伟, 业主李四, 物业的小王 behind it."""
    found = []
    for match in _TITLES.finditer(plain):
        title, start = match.group(), match.start()
        if title[-1] == "工" and plain[match.end() : match.end() + 1] == "程":
            continue  # 维修工程 is no 维修工
        if title in _BEFORE or title == "总":
            start -= start > 0 and plain[start - 1] == "副"
            found += _before(plain, start, anywhere=title in OFFICES)
        if title in OFFICES:
            found += _behind(plain, match.end(), (_AT_STOP, _NAME, _HALF, _LIKELY, _ODD))
        elif title in ROLES:
            found += _behind(plain, match.end(), (_AT_STOP, _NAME, _HALF_OF_THREE))
        nickname = _NICKNAME.match(plain, match.end())
        if nickname and not _WORD.match(plain, nickname.end() - 1):
            found.append((nickname.end() - 1, nickname.end()))
    return found


def _after_cues(plain: str) -> list[Span]:
    """Find 我叫高原, 姓名：王小明, 我是金小楼, 我父亲谢东篱."""
    found = []
    for match in _CUES.finditer(plain):
        shapes: tuple[re.Pattern[str], ...]
        if match["sure"]:
            shapes = (_NAME, _ANY, _LIKELY)
            if match["colon"]:
                shapes = (_WRITTEN, *shapes)
        elif match["kin"] and match["kin"].startswith("我"):
            shapes = (_NAME, _LIKELY)
        else:
            shapes = (_NAME,)
        found += _behind(plain, match.end(), shapes)
    return found


def _behind(plain: str, start: int, shapes: tuple[re.Pattern[str], ...]) -> list[Span]:
    """Return the first of the shapes that a name from ``start`` on has, as a list of one or none.

    One blank or colon may come first. A word that only begins like a surname is no name, nor is
    one that a title follows: that one is found before its title.
    """
    if plain[start : start + 1] in (" ", ":"):
        start += 1
    if _WORD.match(plain, start) or _TITLE_NEXT.match(plain, start):
        return []
    for shape in shapes:
        match = shape.match(plain, start)
        if match:
            return [match.span()]
    return []


def _before(plain: str, end: int, *, anywhere: bool) -> list[Span]:
    """Return the name that ends at ``end``, before a title, as a list of one or none.

    anywhere: a full name may also begin within a run of characters (该校陈小淋老师); else only
    where a name can begin, because 茶叶店老板 and 一位阿姨 are no names.
    """
    for length in (4, 3, 2, 1):
        start = end - length
        if start >= 0 and _is_name(plain, start, end, anywhere=anywhere):
            return [(start, end)]
    return []


def _is_name(plain: str, start: int, end: int, *, anywhere: bool) -> bool:
    """Tell whether the characters before a title are a surname, with a given name or without."""
    length = end - start
    given = start + (2 if plain[start : start + 2] in _COMPOUNDS else 1)
    if given > end or end - given > 2 or any(c in _NO_GIVEN for c in plain[given:end]):
        return False
    if not all("\u4e00" <= character <= "\u9fff" for character in plain[start:end]):
        return False
    before = plain[start - 1 : start]
    if _WORD.match(plain, start):
        return False
    if given - start == 2:
        return True
    if plain[max(0, start - 3) : start] == "尊敬的":
        return plain[start] not in _NO_WORD_OF_RESPECT and plain[start] not in _NO_GIVEN
    if before and before in NO_TITLED.get(plain[start], ""):
        return False
    if plain[start] in SURNAMES and (anywhere or length == 1):
        return True
    begins = not "\u4e00" <= before <= "\u9fff" or before in BEGINNERS
    if before.isdigit() and plain[start] in PARTICLES:
        return False  # 6万教师
    return begins and plain[start] in _BEGINNING
