"""CSS and JavaScript made small, for the resident's page, which is weighed to the byte.

Written for our own files and their style, not for any: one declaration a line in CSS; in
JavaScript single quotes, a semicolon after every statement, no local name that is also a global.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import count, product
from string import ascii_letters

# A string or a regular expression, which stay as they are, or signs with spaces around them.
_SPACED = re.compile(
    r"""('(?:\\.|[^'\\])*'|/(?:\\.|[^/\\\n ])+/[a-z]*)| ?([-=+*<>&|?:,;(){}!]+) ?"""
)
# Declarations that follow one another, none with a block in it.
_VARS = re.compile(r"\bvar [^;{}]*(?:;var [^;{}]*)+(?=;)")
_DECLARED = re.compile(r"\bvar (\w+)|\bfunction ?(\w*)\(([^)]*)\)|\bcatch\((\w+)\)")
# A string or a regular expression; a property or a key of an object; else a name.
_NAMED = re.compile(
    r"""'(?:\\.|[^'\\])*'|/(?:\\.|[^/\\\n ])+/[a-z]*"""
    r"""|\.\w+|(?<=[{,])\w+(?=:)|(?<![\w.])([A-Za-z]\w*)"""
)


def condense(source: str) -> str:
    """CSS or JavaScript without comment lines and indentation."""
    lines, in_comment = [], False
    for line in (raw.strip() for raw in source.splitlines()):
        if in_comment or line.startswith("/*"):
            in_comment = not line.endswith("*/")
        elif line and not line.startswith("//"):
            lines.append(line)
    return "\n".join(lines)


def condense_css(source: str) -> str:
    """CSS on one line; tokens that never change (spaces, type sizes) put in where they are used.

    Only tokens with a second value, for the dark or for a language, stay as variables, and of
    those only the ones that this page uses (the offices use more).
    """
    text = condense(source)
    tokens = re.findall(r"^(--[\w-]+): (.*);$", text, re.MULTILINE)
    counted = Counter(name for name, _value in tokens)
    for name, value in tokens:
        if counted[name] == 1:
            text = text.replace(f"{name}: {value};\n", "").replace(f"var({name})", value)
    joined = "".join(
        line.replace(": ", ":", 1)
        for line in text.splitlines()
        if not line.startswith("--") or f"var({line.partition(':')[0]})" in text
    )
    return joined.replace(" {", "{").replace(";}", "}").replace(", ", ",")


def condense_js(source: str) -> str:
    """JavaScript without comments and needless spaces, its own names cut to a letter or two."""
    text = _SPACED.sub(lambda found: found[1] or found[2], condense(source))
    text = re.sub(r"(?<=[;{},(])\n|\n(?=\})", "", text).replace(";}", "}")
    return _VARS.sub(lambda found: found[0].replace(";var ", ","), _rename(text))


def _rename(text: str) -> str:
    """Every name declared in `text` by var, function, parameter or catch gets a short one."""
    declared: set[str] = set()
    for names in _DECLARED.findall(text):
        declared.update(name for part in names for name in part.split(",") if name)
    used = Counter(name for name in _NAMED.findall(text) if name)
    short = (name for name in _short_names() if name not in used)
    new = {name: next(short) for name, _n in used.most_common() if name in declared}
    return _NAMED.sub(lambda found: new.get(found[1], found[0]), text)


def _short_names() -> Iterator[str]:
    for length in count(1):
        for letters in product(ascii_letters, repeat=length):
            yield "".join(letters)
