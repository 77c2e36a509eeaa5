"""How often a last place is wrong: the lowest observed street, beside the rule with conditions.

Eleven streets, residents with a standard deviation of 22 points. Answers are drawn, estimated,
pooled and judged by the product (``index_estimates``, ``pool_waves``, ``evaluate``); everything
the rule asks for beside the figures is there: five assessors, no appeal, nothing held back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from analysis.cells import stream_cells
from analysis.estimate import index_estimates
from analysis.evaluation import StreetInput, evaluate
from analysis.policy import RANDOM, Policy
from analysis.types import CellMoments, Estimate, FloatArray, IntArray
from analysis.verdicts import LastPlace
from analysis.waves import pool_waves
from benchmarks._simulation import LEVELS, counted, histogram_cube, percent, shares_with

NAME = "Last place: naive and by the rule"
COMMAND = "python -m benchmarks last_place"
REPLICATIONS = 2000
NAIVE_TIMES = 3
SEED = 20260302
STREETS = 11
WAVES = 4
SIZES = (100, 400)
MEAN, RESPONDENT_SD, STREET_SD = 75.0, 22.0, 3.0
GAPS = (3.0, 6.0, 9.0)
ODD = (5.0, 10.0)
DIRECT, DIRECT_SD, ASSESSORS = 90.0, 1.5, 5
AIM = 0.01
METHOD_SAYS = {100: 0.488, 400: 0.290}
INDICATOR = "public"
POLICY = Policy.from_dict({"omega": {INDICATOR: 1.0}})
CODES = tuple(f"S{i:02}" for i in range(1, STREETS + 1))

ONE = "one wave, not yet a verdict"
TWO = "two waves in a row"
POOL = "pool of four"
POOL_ALIKE = "pool of four, direct scores alike"
ROUTES = (ONE, TWO, POOL, POOL_ALIKE)
"""Ways to a last place. Direct scores see what residents see, with an error, unless alike."""

Wave = tuple[Estimate, ...]


@dataclass(frozen=True, slots=True)
class Year:
    """One replication: true means (S,), the estimates of every wave, and their pool."""

    truth: FloatArray
    waves: tuple[Wave, ...]
    pool: Wave

    @property
    def last(self) -> int:
        """The truly lowest street."""
        return int(np.argmin(self.truth))


@dataclass(slots=True)
class Count:
    """What came of the replications of one case."""

    naive_wrong: int = 0
    wrong: int = 0
    right: int = 0
    n: int = 0

    def add(self, naive: bool, verdict: str | None, truth: int | None) -> None:
        """One replication: whether the naive order erred, the street established, the truth."""
        self.n += 1
        self.naive_wrong += naive
        self.wrong += verdict is not None and (truth is None or verdict != CODES[truth])
        self.right += verdict is not None and truth is not None and verdict == CODES[truth]


@cache
def answer_shares() -> tuple[FloatArray, FloatArray]:
    """A grid of means (G,) and the five-level answers (G, 5) with SD 22 around each of them."""
    grid = np.arange(55.0, 94.01, 0.5)
    return grid, np.array([shares_with(mean, RESPONDENT_SD) for mean in grid])


def shares_for(mean: float) -> FloatArray:
    """Five-level answers with exactly this mean: between two of the grid in proportion."""
    grid, shares = answer_shares()
    at = min(int(np.searchsorted(grid, mean, side="right")) - 1, len(grid) - 2)
    part = (mean - grid[at]) / (grid[at + 1] - grid[at])
    return (1 - part) * shares[at] + part * shares[at + 1]


@cache
def template() -> CellMoments:
    """The sums of a street with one respondent, whose counts ``estimate`` replaces."""
    street = histogram_cube("S01", {"cati": np.array([0, 0, 0, 0, 1])}, INDICATOR)
    return stream_cells(street, POLICY)[RANDOM].moments


def estimate(counts: IntArray) -> Estimate:
    """The product's public score from the counts (5,) of options of a random sample."""
    base = template()
    n, total, squares = (int(counts @ LEVELS**power) for power in (0, 1, 2))
    sums = [base.pair_n * amount for amount in (n, total, squares)]
    cells = replace(
        base, n=base.n * n, pair_n=sums[0], sum_a=sums[1], sum_b=sums[1], sum_ab=sums[2]
    )
    return index_estimates(cells, np.ones(len(base.n)), policy=POLICY, random=True).public


def observed(rng: np.random.Generator, means: Sequence[float], n: int) -> Wave:
    """One wave of streets with these true means: a simple random sample of n in each."""
    counts = rng.multinomial(n, np.array([shares_for(mean) for mean in means]))
    return tuple(estimate(row) for row in counts)


def year(rng: np.random.Generator, means: FloatArray, n: int) -> Year:
    """Four waves of streets that do not change, and their pool."""
    waves = tuple(observed(rng, means.tolist(), n) for _ in range(WAVES))
    return Year(means, waves, pooled(waves))


def pooled(waves: Sequence[Wave]) -> Wave:
    """The annual pool of every street, with the weights of the policy."""
    return tuple(
        pool_waves(street, POLICY.pool_weights, policy=POLICY)
        for street in zip(*waves, strict=True)
    )


def with_lower(base: Year, lower: Year, gap: float) -> Year:
    """The same year with its first street exchanged for one that is truly ``gap`` lower."""
    truth = base.truth.copy()
    truth[0] -= gap
    waves = tuple((low[0], *wave[1:]) for wave, low in zip(base.waves, lower.waves, strict=True))
    return Year(truth, waves, (lower.pool[0], *base.pool[1:]))


def judged(
    wave: Wave, direct: FloatArray, *, pooled_waves: int = 1, previous: str | None = None
) -> LastPlace:
    """The product's verdict on one wave or pool; ``direct`` (S,) are the district's scores."""
    streets = [
        StreetInput(
            code=code,
            public=e.value,
            public_se=e.se,
            direct=float(score),
            direct_se=DIRECT_SD,
            n_effective=e.n_effective,
            assessors=ASSESSORS,
            other_public=(e.value or 0.0, e.se or 0.0),
        )
        for code, e, score in zip(CODES, wave, direct, strict=True)
    ]
    found = evaluate(
        streets,
        POLICY,
        appeals=[],
        pooled_waves=pooled_waves,
        previous_last=None if previous is None else {"": previous},
    )
    return found.groups[""].last


def lowest(wave: Wave) -> int:
    """The street observed lowest on the public score: the naive last place."""
    return int(np.argmin([e.value or 0.0 for e in wave]))


def direct_scores(rng: np.random.Generator, year: Year, *, seen: bool) -> FloatArray:
    """Direct scores with an error of 1.5: of what residents see (``seen``), or of no difference."""
    level = DIRECT + (year.truth - MEAN if seen else np.zeros(STREETS))
    return np.minimum(100.0, level + DIRECT_SD * rng.standard_normal(STREETS))


def count_year(rng: np.random.Generator, year: Year, counts: dict[str, Count]) -> None:
    """Judge one year by one wave, by two in a row and by the pool, and count what came of it."""
    one, two = year.waves[:2]
    first = judged(one, direct_scores(rng, year, seen=True))
    verified = first.street if first.verified_this_wave else None
    again = None
    if verified is not None:  # otherwise there is no wave before this one that counts
        second = judged(two, direct_scores(rng, year, seen=True), previous=verified)
        again = second.street if second.established else None
    counts[ONE].add(lowest(one) != year.last, verified, year.last)
    counts[TWO].add(lowest(two) != year.last, again, year.last)
    for name, seen in ((POOL, True), (POOL_ALIKE, False)):
        found = judged(year.pool, direct_scores(rng, year, seen=seen), pooled_waves=WAVES)
        street = found.street if found.established else None
        counts[name].add(lowest(year.pool) != year.last, street, year.last)


def count_odd(year: Year, odd: float, counts: dict[str, Count]) -> None:
    """Judge equal streets of which one has a direct score ``odd`` points lower.

    Any verdict is wrong; the naive order errs when the lowest blended score is that street's.
    """
    direct = np.full(STREETS, DIRECT)
    direct[0] -= odd
    found = judged(year.waves[0], direct)
    verified = found.street if found.verified_this_wave else None
    counts[ONE].add(found.street == CODES[0], verified, None)
    found = judged(year.pool, direct, pooled_waves=WAVES)
    counts[POOL].add(found.street == CODES[0], found.street if found.established else None, None)


def case_row(case: str, route: str, n: int, count: Count) -> dict[str, Any]:
    """One row: what the rule does, beside the lowest observed street of the same answers."""
    naive = count.naive_wrong / count.n
    return {
        "measure": f"{case}, n_eff {n} a wave, {route}",
        "figure": f"wrong {percent(count.wrong / count.n, count.n)}; "
        f"right {percent(count.right / count.n, count.n)}",
        "yardstick": f"lowest observed wrong {percent(naive, count.n)}",
        "ratio": count.wrong / count.n / AIM,
        "limit": 1.0,
        "command": COMMAND,
    }


def naive_row(n: int, replications: int) -> dict[str, Any]:
    """How often the lowest observed street is not the lowest, beside what the method states."""
    rng = np.random.default_rng([SEED, n, 1])
    wrong = 0
    for _ in counted(range(replications), f"lowest observed, n_eff {n}", replications):
        truth = MEAN + STREET_SD * rng.standard_normal(STREETS)
        wrong += lowest(observed(rng, truth.tolist(), n)) != int(np.argmin(truth))
    share = wrong / replications
    return {
        "measure": f"lowest observed street is not the lowest, street SD 3, n_eff {n}",
        "figure": percent(share, replications),
        "yardstick": f"the method states {100 * METHOD_SAYS[n]:.1f} %",
        "ratio": share / METHOD_SAYS[n],
        "command": COMMAND,
    }


def equal_rows(n: int, odd: float, counts: dict[str, Count]) -> list[dict[str, Any]]:
    """Rows of the equal streets with one odd direct score."""
    return [
        {
            "measure": f"equal streets, one direct score {odd:g} lower, n_eff {n} a wave, {route}",
            "figure": f"established {percent(count.wrong / count.n, count.n)}",
            "yardstick": "lowest blended score is that street "
            + percent(count.naive_wrong / count.n, count.n),
            "ratio": count.wrong / count.n / AIM,
            "limit": 1.0,
            "command": COMMAND,
        }
        for route, count in counts.items()
    ]


def simulate(n: int, replications: int) -> list[dict[str, Any]]:
    """All cases at one sample size. The streets of mean 75 are the same answers in every case."""
    rng = np.random.default_rng([SEED, n])
    cases = ["street SD 3", *(f"one street {gap:g} below ten equal ones" for gap in GAPS)]
    counts = {case: {route: Count() for route in ROUTES} for case in cases}
    equal = {odd: {route: Count() for route in (ONE, POOL)} for odd in ODD}
    for _ in counted(range(replications), f"last place, n_eff {n}", replications):
        spread = MEAN + STREET_SD * rng.standard_normal(STREETS)
        count_year(rng, year(rng, spread, n), counts[cases[0]])
        base = year(rng, np.full(STREETS, MEAN), n)
        for case, gap in zip(cases[1:], GAPS, strict=True):
            lower = year(rng, np.array([MEAN - gap]), n)
            count_year(rng, with_lower(base, lower, gap), counts[case])
        for odd in ODD:
            count_odd(base, odd, equal[odd])
    rows = [naive_row(n, NAIVE_TIMES * replications)]
    rows += [case_row(case, r, n, c) for case in cases for r, c in counts[case].items()]
    return rows + [row for odd in ODD for row in equal_rows(n, odd, equal[odd])]


def run(replications: int = REPLICATIONS) -> list[dict[str, Any]]:
    """Rows of the table for samples of 100 and of 400 a wave."""
    return [row for n in SIZES for row in simulate(n, replications)]
