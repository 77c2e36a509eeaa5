"""Finds names in Latin letters beside the words that announce one: Mr, my name is, Regards.

Like the Chinese ones, a name that nothing announces is not looked for.
"""

from __future__ import annotations

import re

_NAME = r"[A-Z][a-z'-]{1,20}(?:[ ][A-Z][a-z'.-]{0,20}){0,2}"
_PATTERNS = (
    re.compile(
        r"(?<![A-Za-z])(?:Mr|Mrs|Ms|Miss|Mx|Dr|Professor|Prof|Sri|Smt|Shri)(?![A-Za-z])\.?[ ]{0,2}"
        rf"({_NAME})"
    ),
    re.compile(r"(?<![A-Za-z])(?:mr|mrs|ms)\b\.?[ ]{1,2}([A-Za-z][a-z'-]{1,20})"),
    re.compile(
        r"(?<![A-Za-z])(?:[Mm]y name is|[Nn]ame[ ]?:|[Cc]ontact(?:[ ]?:| person[ ]?:?)"
        r"|[Ss]igned(?: by)?[ ]?[:,]?"
        r"|(?:[Rr]egards|[Tt]hanks|[Yy]ours(?: [a-z]{4,10})?|[Ss]incerely|[Ff]rom[ ]?:)[ ]?,?"
        r"|[Oo]fficer|[Dd]irector|[Mm]anager|[Cc]ouncill?or|[Ii]nspector|[Ss]ecretary|[Uu]ncle"
        r"|[Aa]unt(?:ie|y)?|[Gg]uard|[Nn]eighbou?r|[Ll]andlord|[Cc]orporator|[Cc]onstable)"
        rf"[ \n]{{1,2}}({_NAME})"
    ),
    re.compile(
        r"(?<![A-Za-z])(?:I am|I'm|[Tt]his is)[ ]"
        r"([A-Z][a-z'-]{1,20}[ ][A-Z][a-z'-]{1,20}|[A-Z][a-z'-]{1,20}(?=,|\.| and| from))"
    ),
    re.compile(
        r"(?<![A-Za-z])(?:[Cc]all|[Aa]sk for)[ ]([A-Z][a-z'-]{1,20})(?= (?:at|on)\b|\.|,|$)"
    ),
    re.compile(rf"({_NAME})(?=[ ]?(?:先生|女士|小姐|老师|经理|主任))"),
)
_CUE = re.compile("[A-Z]|m[rs]")
# Capitalised words after a cue that name nobody.
_NO_NAME = re.compile(
    "(?:The|This|Sir|Madam|All|Team|In|And|Is|Are|Road|Street|Never|Not|No|We|Please|For|To|Of"
    r"|General|Office|Indian|Chinese|Sorry|Resident)\b"
)


def latin_names(plain: str) -> list[tuple[int, int]]:
    """Return (start, stop) of announced names in Latin letters; spans may overlap."""
    if _CUE.search(plain) is None:
        return []
    return [
        match.span(1)
        for pattern in _PATTERNS
        for match in pattern.finditer(plain)
        if not _NO_NAME.match(plain, match.start(1))
    ]
