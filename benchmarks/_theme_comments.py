"""Made comments for the speed of discovery: our own phrases, in other words, at invented places.

Every street has the same number of recurring problems, each at one of its places; the other
comments are about something once. Nothing of real messages is in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from analysis.themes.documents import Document
from analysis.themes.seed import community, party, safety, urban, welfare
from analysis.themes.text import has_chinese

STREETS = 300
PLACES_PER_STREET = 8
PROBLEMS_PER_STREET = 12
# Of all comments: about a recurring problem; of these: copied from an earlier comment letter by
# letter.
RECURRING, COPIED = 0.7, 0.03
PERSONS = 600_000

_FIRST = "橘枫松桂柳梅兰竹荷桃杏槐榆桐楠柏莲菊茶棠云月星溪湖江泉石岭峰川谷岚霞虹雪霜露晴"
_SECOND = "洲林园湾岸苑庭阁台坊溪泉桥塘浦渡堤亭泽原野坡畔岭源水山城屏井"
_KINDS = ("花园", "小区", "新村", "公寓", "雅苑", "家园", "广场", "路")
_OPENINGS = ("", "你好，", "反映一下，", "想问问，", "又来反映，", "各位领导，", "再说一次，")
_ENDINGS = (
    "",
    "，请尽快处理",
    "，反映过没人管",
    "，已经很久了",
    "，大家都有意见",
    "，什么时候能解决",
    "，希望有人来看看",
    "，打过电话没下文",
)

T = TypeVar("T")


@dataclass(frozen=True)
class Problem:
    """One recurring problem: where it is, and the parts of two phrases that people use for it."""

    street: str
    place: str
    parts: tuple[str, ...]


class Comments:
    """An endless stream of comments, the same for the same seed."""

    def __init__(self, *, seed: int = 20_261_124) -> None:
        self._rng = np.random.Generator(np.random.PCG64(seed))
        sources = (community, party, safety, urban, welfare)
        lines = [line for source in sources for line in source.CHINESE.strip().splitlines()]
        self._phrases = [tuple(line.split("，")) for line in lines if has_chinese(line)]
        names = [f"{a}{b}" for a in _FIRST for b in _SECOND]
        self._rng.shuffle(names)
        self.streets = [f"{name}街道" for name in names[:STREETS]]
        more = iter(names[STREETS:] + [f"新{name}" for name in names] + [f"老{n}" for n in names])
        self._places = {
            street: [
                f"{next(more)}{_KINDS[self._below(len(_KINDS))]}" for _ in range(PLACES_PER_STREET)
            ]
            for street in self.streets
        }
        self.places = [*self.streets, *(p for places in self._places.values() for p in places)]
        self.problems = [
            Problem(street, self._one_of(self._places[street]), self._two_phrases())
            for street in self.streets
            for _ in range(PROBLEMS_PER_STREET)
        ]
        self._last = "路灯坏了"
        self._number = 0

    def take(self, count: int) -> Iterator[tuple[Document, int]]:
        """Give ``count`` comments, each with the number of its problem, -1 for none."""
        for _ in range(count):
            problem = self._below(len(self.problems)) if self._rng.random() < RECURRING else -1
            if problem >= 0:
                street, text = self.problems[problem].street, self._about(self.problems[problem])
            else:
                street, text = self._one_of(self.streets), self._once()
            if self._rng.random() < COPIED:
                problem, text = -1, self._last
            self._last = text
            self._number += 1
            yield Document(self._number, text, person=self._below(PERSONS), street=street), problem

    def _two_phrases(self) -> tuple[str, ...]:
        """The parts of two phrases, which together are one problem."""
        return self._one_of(self._phrases) + self._one_of(self._phrases)

    def _about(self, problem: Problem) -> str:
        """A comment on a recurring problem: its place, some of its parts, a frame of its own."""
        parts = list(problem.parts)
        self._rng.shuffle(parts)
        kept = parts[: max(1, len(parts) - int(self._rng.random() < 0.3))]
        return f"{self._one_of(_OPENINGS)}{problem.place}{'，'.join(kept)}{self._one_of(_ENDINGS)}"

    def _once(self) -> str:
        """A comment that nobody else makes: parts of three phrases at a place of its own name."""
        place = "".join(self._one_of(_FIRST) + self._one_of(_SECOND) for _ in range(2))
        parts = [self._one_of(self._one_of(self._phrases)) for _ in range(3)]
        return f"{place}{'，'.join(parts)}{self._one_of(_ENDINGS)}"

    def _below(self, limit: int) -> int:
        return int(self._rng.integers(limit))

    def _one_of(self, values: Sequence[T]) -> T:
        return values[self._below(len(values))]
