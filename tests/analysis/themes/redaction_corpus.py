"""Reads the hand-made lines that measure redaction, and halves them by the hash of the line.

``redaction_lines.txt``: {kind|what must go}, ``\\u200b`` and ``\\n`` spelt out so that they can be
seen. ``innocent_lines.txt``: lines that must come back unchanged. All of it is invented; numbers
are from ranges that nobody was given where there are such. Rules were tuned on the half "tune"
only; the half "kept" says what to expect of other people's lines.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
HALVES = ("tune", "kept")
_MARK = re.compile(r"\{(\w+)\|([^{}]*)\}")
_ESCAPE = re.compile(r"\\u([0-9a-f]{4})")


@dataclass(frozen=True)
class Line:
    """A text and what must go from it: (start, stop, kind)."""

    text: str
    parts: tuple[tuple[int, int, str], ...]
    half: str


def redaction_lines() -> list[Line]:
    """Return the lines that hold something to take out."""
    return [_line(line) for line in _read("redaction_lines.txt")]


def innocent_lines() -> list[Line]:
    """Return the lines that hold nothing to take out."""
    return [Line(_spelt(line), (), _half(line)) for line in _read("innocent_lines.txt")]


def _read(name: str) -> list[str]:
    return (FOLDER / name).read_text(encoding="utf-8").splitlines()


def _half(line: str) -> str:
    return HALVES[hashlib.sha256(line.encode()).digest()[0] % 2]


def _spelt(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text.replace("\\n", "\n"))


def _line(line: str) -> Line:
    text, end, parts = "", 0, []
    for match in _MARK.finditer(line):
        text += _spelt(line[end : match.start()])
        secret = _spelt(match[2])
        parts.append((len(text), len(text) + len(secret), match[1]))
        text += secret
        end = match.end()
    return Line(text + _spelt(line[end:]), tuple(parts), _half(line))
