"""Time of all indices of a wave from its cubes, and of an evaluation of 11 and of 343 streets.

The cubes are synthesised with the cells a wave would have: 11 streets, 20 points each, 15 strata,
two streams; at 10 million responses they differ from those at 10 thousand by their counts. The
yardstick is adding up one million single responses with numpy, before any weight or interval.
All times are CPU times of this process, the best of several runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np

from analysis.evaluation import StreetInput, evaluate
from analysis.policy import Policy
from analysis.streets import wave_result
from analysis.types import FloatArray, IntArray, StreetCube

NAME = "estimation"
COMMAND = ".venv/bin/python -m benchmarks estimation"
INDICATORS = ("party", "urban", "welfare", "community", "safety")
STREETS = 11
MANY_STREETS = 343
POINTS = 20
PATTERNS = 40
MARGINS = {
    "age_band": {"18-29": 9000.0, "30-44": 13000.0, "45-59": 10000.0, "60+": 8000.0},
    "sex": {"F": 20400.0, "M": 19600.0},
}
STRATA: dict[Hashable, dict[str, str]] = {
    place: {"age_band": age, "sex": sex}
    for place, (age, sex) in enumerate(
        (age, sex)
        for age in (*MARGINS["age_band"], "unknown")
        for sex in (*MARGINS["sex"], "unknown")
    )
}
CHANNELS = ("slip", "poster")
CUBE_SECONDS = 0.05
GROWTH = 1.5
EVALUATION_SECONDS: Mapping[int, float] = {STREETS: 0.5, MANY_STREETS: 10.0}


def best(work: Callable[[], Any], *, runs: int) -> float:
    """Least CPU seconds of ``runs`` runs."""
    found = []
    for _ in range(runs):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def synthetic_cube(code: str, rng: np.random.Generator, *, responses: int) -> StreetCube:
    """A street's cube of ``responses`` valid ones: points × strata × answer patterns drawn."""
    levels = rng.integers(1, 6, size=(PATTERNS, len(INDICATORS)))
    shares = np.outer(rng.dirichlet([20] * POINTS), rng.dirichlet([20] * len(STRATA)))
    shares = np.outer(shares, rng.dirichlet([5] * PATTERNS))
    drawn = rng.multinomial(responses, shares.ravel() / shares.sum())
    counts = drawn.reshape(POINTS, len(STRATA), PATTERNS).astype(np.int64)
    scores = 2500 * (levels - 1)
    moments: list[tuple[Any, ...]] = []
    answers: list[tuple[Any, ...]] = []
    responses_of: list[tuple[Any, ...]] = []
    for c, channel in enumerate(CHANNELS):
        by_pattern = counts[c :: len(CHANNELS)].sum(axis=0)
        for h, pattern_n in enumerate(by_pattern):
            responses_of.append((h, channel, True, int(pattern_n.sum())))
            moments += moment_rows(h, channel, pattern_n, scores)
            answers += answer_rows(h, channel, pattern_n, levels)
    return StreetCube(
        code=code,
        strata=STRATA,
        responses=responses_of,
        moments=moments,
        answers=answers,
        clusters=cluster_rows(counts, scores),
        margins=MARGINS,
        population=40000.0,
    )


def moment_rows(h: int, channel: str, n: IntArray, scores: IntArray) -> list[tuple[Any, ...]]:
    """Sums over the pairs of indicators in one cell; ``n`` (patterns,)."""
    return [
        (
            h, channel, INDICATORS[a], INDICATORS[b], int(n.sum()), int(n @ scores[:, a]),
            int(n @ scores[:, b]), int(n @ (scores[:, a] * scores[:, b])),
        )
        for a in range(len(INDICATORS))
        for b in range(a, len(INDICATORS))
    ]  # fmt: skip


def answer_rows(h: int, channel: str, n: IntArray, levels: IntArray) -> list[tuple[Any, ...]]:
    """Counts of the options in one cell."""
    return [
        (name, h, channel, str(option), int(n @ (levels[:, k] == option)))
        for k, name in enumerate(INDICATORS)
        for option in range(1, 6)
    ]


def cluster_rows(counts: IntArray, scores: IntArray) -> list[tuple[Any, ...]]:
    """Counts and sums per point, stratum and indicator, where somebody answered."""
    sums = counts @ scores
    return [
        (point, h, CHANNELS[point % len(CHANNELS)], name, int(n), int(sums[point, h, k]))
        for (point, h), n in np.ndenumerate(counts.sum(axis=2))
        if n
        for k, name in enumerate(INDICATORS)
    ]


def wave_of(responses: int) -> list[StreetCube]:
    """Cubes of eleven streets that share ``responses``."""
    rng = np.random.default_rng(11)
    each = responses // STREETS
    return [synthetic_cube(f"S{i:02}", rng, responses=each) for i in range(STREETS)]


def recount(cell: IntArray, scores: FloatArray, cells: int) -> None:
    """Count and sums of every pair of indicators in every cell, from single responses."""
    np.bincount(cell, minlength=cells)
    for a in range(scores.shape[1]):
        np.bincount(cell, scores[:, a], cells)
        for b in range(a, scores.shape[1]):
            np.bincount(cell, scores[:, a] * scores[:, b], cells)


def recount_seconds(responses: int = 1_000_000) -> float:
    """CPU seconds of a recount of single responses that already lie in memory as arrays."""
    rng = np.random.default_rng(12)
    cells = STREETS * len(STRATA) * len(CHANNELS)
    cell = rng.integers(cells, size=responses)
    levels = rng.integers(5, size=(responses, len(INDICATORS)))
    scores = np.asarray(2500 * levels, np.float64)
    return best(lambda: recount(cell, scores, cells), runs=3)


def evaluated(streets: int) -> float:
    """CPU seconds of an evaluation of one peer group of this many streets."""
    rng = np.random.default_rng(streets)
    public, direct = rng.normal(78, 3, streets), rng.normal(92, 2, streets)
    given = [
        StreetInput(
            code=f"S{i:03}",
            public=float(public[i]),
            public_se=1.1,
            direct=float(direct[i]),
            direct_se=0.5,
            n_effective=400.0,
            assessors=5,
            other_public=(float(public[i]), 1.1),
        )
        for i in range(streets)
    ]
    policy = Policy()
    return best(lambda: evaluate(given, policy, appeals=[]), runs=5 if streets < 100 else 1)


def run() -> list[dict[str, Any]]:
    """Rows of (measure, figure, yardstick, ratio, limit, command)."""
    policy = Policy()
    few, many = wave_of(10_000), wave_of(10_000_000)
    at_few = best(lambda: wave_result(few, policy), runs=15)
    at_many = best(lambda: wave_result(many, policy), runs=15)
    counted = recount_seconds()
    rows = [
        row("cubes of 10 million, 11 streets, ms", at_many, "at most", CUBE_SECONDS, limit=1.0),
        row("the same", at_many, "cubes of 10 thousand", at_few, limit=GROWTH),
        row("the same", at_many, "numpy recount of 1 million", counted, limit=None),
    ]
    return rows + [
        row(f"evaluation of {streets} streets, ms", evaluated(streets), "at most", most, limit=1.0)
        for streets, most in EVALUATION_SECONDS.items()
    ]


def row(
    measure: str, seconds: float, beside: str, other: float, *, limit: float | None
) -> dict[str, Any]:
    """One row of the table, times in milliseconds of CPU."""
    return {
        "measure": measure,
        "figure": round(1000 * seconds, 1),
        "yardstick": f"{beside} {1000 * other:.0f} ms",
        "ratio": round(seconds / other, 3),
        "limit": limit,
        "command": COMMAND,
    }
