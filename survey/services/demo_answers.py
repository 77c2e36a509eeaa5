"""Invent the answers of the demo district: plausible, from a seed, and about nobody.

Only numbers and words are made here; survey/services/demo.py stores them. Satisfaction of a
respondent with an indicator is a latent number: the street's, the indicator's, the channel's
and the age's part, what the person is like, and chance; thresholds turn it into a level.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

COMMENTS = Path(__file__).parent.parent / "demo" / "comments.json"
INDICATORS = ("party", "urban", "welfare", "community", "safety")
AGES = ("18-29", "30-44", "45-59", "60+")

# Answers a street gets by channel, (closed wave, open wave): low and high.
COUNTS: Mapping[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "slip": ((118, 142), (42, 54)),
    "cati": ((92, 110), (34, 44)),
    "paper": ((20, 32), (6, 12)),
    "poster": ((105, 190), (30, 46)),
    "window": ((55, 95), (12, 22)),
    "doorstep": ((30, 52), (5, 11)),
    "assisted": ((10, 22), (2, 5)),
}
# How an open channel bends who answers (by age) and how they answer.
AGE_PULL: Mapping[str, Sequence[float]] = {
    "slip": (0.85, 1.0, 1.05, 1.1),
    "cati": (0.7, 0.9, 1.1, 1.2),
    "paper": (0.5, 0.8, 1.1, 1.5),
    "poster": (1.6, 1.3, 0.8, 0.4),
    "window": (0.4, 0.8, 1.2, 1.6),
    "doorstep": (0.6, 0.8, 1.1, 1.5),
    "assisted": (0.1, 0.3, 0.8, 2.5),
}
CHANNEL_PULL = {"poster": -0.15, "window": 0.12, "doorstep": 0.05, "assisted": 0.35}
AGE_EFFECT = np.array([-0.12, -0.10, 0.0, 0.18])
INDICATOR_EFFECT = np.array([0.25, -0.25, 0.05, -0.05, 0.30])
# One street stands out below, two above; the others cannot be told apart with these numbers.
STREET_EFFECT = (0.26, 0.05, 0.0, 0.10, -0.14, -0.05, 0.06, -0.10, -0.36, 0.02, 0.18)
LATER_EFFECT = (0.0, 0.04, -0.03, 0.02, 0.06, 0.0, -0.08, 0.03, 0.14, 0.02, -0.02)
THEME_EFFECT = -0.28
DONT_KNOW = np.array([0.10, 0.01, 0.09, 0.03, 0.02])
# Latent values above these make levels 5, 4, 3 and 2; below the last it is 1.
THRESHOLDS = (0.55, -0.35, -1.10, -1.75)
AGE_UNKNOWN, SEX_UNKNOWN = 0.04, 0.03
ENGLISH_SHARE = 0.04
# Of a theme that belongs to some streets, the others hear this part.
ELSEWHERE = 0.15


@dataclass(frozen=True)
class Invented:
    """One invented response: where among the street's points of the channel, and what it says."""

    channel: str
    point: int
    answers: dict[str, str]
    at: datetime
    language: str


class Inventor:
    """Invents the answers of one wave after the other from one generator."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    @cached_property
    def _words(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(COMMENTS.read_text(encoding="utf-8"))
        return document

    def key(self) -> str:
        """A submission key."""
        return f"demo-{self._rng.bytes(16).hex()}"

    def scores(self, places: int, *, assessors: int) -> list[list[float]]:
        """Direct scores [street][assessor], 80 … 97 with one decimal: officials judge kindly."""
        made = []
        for place in range(places):
            centre = 90 + 5 * STREET_EFFECT[place % len(STREET_EFFECT)] + self._rng.normal(0, 1.6)
            given = self._rng.normal(centre, 1.2, assessors).clip(75, 99)
            made.append([round(float(score), 1) for score in given])
        return made

    def street(
        self,
        place: int,
        *,
        code: str,
        ages: Sequence[int],
        women: float,
        points: Mapping[str, int],
        later: bool,
        since: datetime,
        until: datetime,
    ) -> Iterator[Invented]:
        """The responses of one street in one wave.

        place: its number from 0. ages: adult residents by age band; women: their share.
        points: how many points each channel has. later: the open wave, which is smaller.
        """
        population = np.array(ages, dtype=float) / sum(ages)
        for channel, ranges in COUNTS.items():
            low, high = ranges[later]
            n = int(self._rng.integers(low, high + 1))
            shares = population * np.array(AGE_PULL[channel])
            age = self._rng.choice(4, size=n, p=shares / shares.sum())
            female = self._rng.random(n) < women
            point = self._rng.integers(0, points[channel], size=n)
            at_point = self._rng.normal(0, 0.12, points[channel])
            levels = self._levels(place, code, channel, age, at_point[point], later=later)
            for i in range(n):
                answers = dict(zip(INDICATORS, levels[i], strict=True))
                if self._rng.random() >= AGE_UNKNOWN:
                    answers["age_band"] = AGES[age[i]]
                if self._rng.random() >= SEX_UNKNOWN:
                    answers["sex"] = "F" if female[i] else "M"
                words, language = self._comment(code, answers)
                if words:
                    answers["comment"] = words
                yield Invented(channel, int(point[i]), answers, self._time(since, until), language)

    def _levels(
        self, place: int, code: str, channel: str, age: Any, at_point: Any, *, later: bool
    ) -> list[list[str]]:
        """[respondent][indicator] option codes."""
        n = len(age)
        street = STREET_EFFECT[place % len(STREET_EFFECT)]
        street += LATER_EFFECT[place % len(LATER_EFFECT)] if later else 0.0
        own = np.array([THEME_EFFECT * self._is_own(code, name) for name in INDICATORS])
        person = self._rng.normal(0, 0.65, n) + AGE_EFFECT[age] + at_point
        latent = (
            street
            + CHANNEL_PULL.get(channel, 0.0)
            + INDICATOR_EFFECT
            + own
            + person[:, None]
            + self._rng.normal(0, 0.75, (n, 5))
        )
        level = 1 + sum((latent > cut).astype(int) for cut in THRESHOLDS)
        text = np.where(self._rng.random((n, 5)) < DONT_KNOW, "dk", level.astype(str))
        rows: list[list[str]] = text.tolist()
        return rows

    def _is_own(self, code: str, indicator: str) -> bool:
        return any(
            theme["indicator"] == indicator and code in (theme["streets"] or ())
            for theme in self._words["themes"]
        )

    def _comment(self, code: str, answers: Mapping[str, str]) -> tuple[str, str]:
        """(words or "", language): at most one theme, likelier when that indicator is rated low."""
        draw = self._rng.random()
        for theme in self._words["themes"]:
            chance = theme["rate"]
            if theme["streets"] is not None and code not in theme["streets"]:
                chance *= ELSEWHERE
            low = answers.get(theme["indicator"] or "", "5") in ("1", "2", "3")
            chance *= 1.7 if low else 0.8
            if draw < chance:
                if self._rng.random() < ENGLISH_SHARE * 3:
                    english = self._english(theme["code"])
                    if english:
                        return english, "en"
                return self._chinese(theme["zh"]), "zh"
            draw -= chance
        return "", "zh"

    def _one(self, texts: Sequence[str]) -> str:
        return texts[int(self._rng.integers(len(texts)))]

    def _chinese(self, texts: Sequence[str]) -> str:
        words = self._words
        said = self._one(texts).format(
            place=self._one(words["places"]), time=self._one(words["times"])
        )
        return f"{self._one(words['openings'])}{said}。{self._one(words['endings'])}"

    def _english(self, theme: str) -> str:
        words = self._words
        texts = [t for part in words["english"] if part["theme"] == theme for t in part["texts"]]
        return self._one(texts).format(place_en=self._one(words["places_en"])) if texts else ""

    def _time(self, since: datetime, until: datetime) -> datetime:
        """A moment of daytime (UTC 0 to 14 is 8 to 22 in China) between the two."""
        days = max((until - since).days, 1)
        day = since + timedelta(days=int(self._rng.integers(days)))
        moment = day.replace(hour=int(self._rng.integers(0, 14)), minute=0)
        return min(max(moment, since), until)
