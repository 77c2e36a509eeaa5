"""The search for the fewest answers that meet a set of needs; the proof is in ``settling``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from analysis.settling_records import Need, StreetPrecision
from analysis.types import FloatArray

ENDLESS = 10**15
"""Stands for "no bound" on whole answers; exact in floating point."""
ROUNDING = 1 - 1e-12
MOST_TRIED = 2_000
"""Candidates tried to each side; whole numbers this far from the convex minimum cannot be less
unless its total runs to hundreds of millions of answers."""


def fewest_answers(
    streets: Sequence[StreetPrecision],
    needs: Sequence[Need],
    *,
    least: Mapping[str, int],
    most: Mapping[str, float],
) -> dict[str, int]:
    """Random answers by street, between ``least`` and ``most``, with the smallest total.

    The caller has made sure that the needs can be met. Where all needs share a street (a last
    place, one first place) the total is the minimum; else within one answer per street of it.
    """
    answers = {s.code: least[s.code] for s in streets}
    open_needs = [need for need in needs if not need.met(answers)]
    if not open_needs:
        return answers
    bounds = {
        code: (count, max(count, math.floor(min(most[code], ENDLESS))))
        for code, count in least.items()
    }
    shared = [
        s
        for s in (needs[0].subject, needs[0].rival)
        if all(s.code in (n.subject.code, n.rival.code) for n in needs)
    ]
    if shared:
        answers |= Star(shared[0], needs, bounds).search()
    else:
        answers |= several_subjects(open_needs, bounds)
    return polished(answers, needs, bounds)


class Star:
    """Needs that all share one street, the hub: one free number, its answers n."""

    def __init__(
        self,
        hub: StreetPrecision,
        needs: Sequence[Need],
        bounds: Mapping[str, tuple[int, int]],
    ) -> None:
        self.hub = hub
        self.low, self.high = bounds[hub.code]
        others = [n.rival if n.subject.code == hub.code else n.subject for n in needs]
        self.others = others
        self.rooms = [need.room for need in needs]
        self.bounds = [bounds[s.code] for s in others]

    def of_others(self, n: int, *, whole: bool) -> list[float]:
        """Answers every other street then needs; infinite where it cannot have them."""
        spent = self.hub.public_variance(n)
        found = []
        for other, limit, (least, most) in zip(self.others, self.rooms, self.bounds, strict=True):
            wanted = max(float(least), other.answers_at(limit - spent))
            if whole and wanted < math.inf:
                wanted = max(least, math.ceil(wanted * ROUNDING))
            found.append(wanted if wanted * ROUNDING <= most else math.inf)
        return found

    def total(self, n: int, *, whole: bool = False) -> float:
        """Answers of the hub and all others; convex in n unless ``whole``."""
        return n + math.fsum(self.of_others(n, whole=whole))

    def search(self) -> dict[str, int]:
        """Whole answers with the smallest total; among equals the nearest to the convex minimum."""
        low = self.first(self.low, self.high, lambda n: self.total(n) < math.inf)
        best = self.first(low, self.high, lambda n: self.total(n) <= self.total(n + 1))
        limit = self.total(best, whole=True)
        left = self.first(low, best, lambda n: self.total(n) < limit)
        right = self.first(best, self.high, lambda n: self.total(n) >= limit)
        left, right = max(left, best - MOST_TRIED), min(right, best + MOST_TRIED)
        chosen = min(
            range(left, right + 1), key=lambda n: (self.total(n, whole=True), abs(n - best), n)
        )
        found = {self.hub.code: chosen}
        for other, count in zip(self.others, self.of_others(chosen, whole=True), strict=True):
            found[other.code] = int(count)
        return found

    @staticmethod
    def first(low: int, high: int, holds: Callable[[int], bool]) -> int:
        """The smallest n in low..high from which on ``holds`` is true, by halving; else high."""
        while low < high:
            middle = (low + high) // 2
            if holds(middle):
                high = middle
            else:
                low = middle + 1
        return low


def several_subjects(
    needs: Sequence[Need], bounds: Mapping[str, tuple[int, int]]
) -> dict[str, int]:
    """Answers for needs without a common street: the convex problem, rounded up.

    Variables are the variances V(P) as parts of today's; the needs are linear in them and the
    answers convex, so the minimum found is global. ``polished`` puts right what rounding or an
    early stop of the solver leaves.
    """
    from scipy.optimize import minimize  # heavy, and only needed here

    streets = {s.code: s for need in needs for s in (need.subject, need.rival)}
    codes = sorted(streets)
    today = np.array([streets[c].public_variance(bounds[c][0]) for c in codes])
    least = np.array([streets[c].public_variance(bounds[c][1]) for c in codes]) / today
    rows = np.zeros((len(needs), len(codes)))
    for i, need in enumerate(needs):
        for street in (need.subject, need.rival):
            place = codes.index(street.code)
            rows[i, place] = today[place] / need.room

    def answers(part: FloatArray) -> float:
        each = zip(codes, part * today, strict=True)
        return math.fsum(streets[c].answers_at(v) for c, v in each)

    scale = answers(np.ones(len(codes)))
    start = np.clip(np.full(len(codes), 1 / rows.sum(axis=1).max()), least, 1.0)
    found = minimize(
        lambda part: answers(part) / scale,
        start,
        method="SLSQP",
        bounds=[(max(low, 1e-9), 1.0) for low in least],
        constraints={"type": "ineq", "fun": lambda part: 1 - rows @ part, "jac": lambda _: -rows},
        options={"maxiter": 500, "ftol": 1e-12},
    )
    counts = {}
    for code, part, now in zip(codes, found.x, today, strict=True):
        low, high = bounds[code]
        wanted = streets[code].answers_at(float(part) * float(now))
        counts[code] = min(high, max(low, math.ceil(min(wanted, ENDLESS) * ROUNDING)))
    return counts


def polished(
    answers: dict[str, int], needs: Sequence[Need], bounds: Mapping[str, tuple[int, int]]
) -> dict[str, int]:
    """Answers that meet every need exactly, and of which no street can spare one.

    A need that rounding left unmet is met by the rival, then by the subject where the rival has
    no more residents. Then each street takes the fewest that its needs allow beside the others.
    """
    found = dict(answers)
    for need in needs:
        for street, other in ((need.rival, need.subject), (need.subject, need.rival)):
            if not need.met(found):
                spent = other.public_variance(found[other.code])
                wanted = street.answers_at(need.room - spent)
                high = bounds[street.code][1]
                # One more than rounded up: floating point may miss the last one.
                count = min(high, math.ceil(min(wanted, ENDLESS)) + 1)
                found[street.code] = max(found[street.code], count)
    for code in sorted(found):
        mine = [n for n in needs if code in (n.subject.code, n.rival.code)]
        found[code] = fewest_for(code, mine, found, least=bounds[code][0])
    return found


def fewest_for(code: str, needs: Sequence[Need], answers: Mapping[str, int], *, least: int) -> int:
    """The smallest number of answers of one street that meets its needs beside the others'."""
    low, high = least, answers[code]
    while low < high:
        middle = (low + high) // 2
        if all(need.met({**answers, code: middle}) for need in needs):
            high = middle
        else:
            low = middle + 1
    return high
