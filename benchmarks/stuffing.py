"""What invented answers in one street's open channel do to its score and to the last place.

Eleven streets with a random stream (100 to 200 residents) and an open one (300, more content and
biased differently from street to street, SD τ_b). An attacker adds 5, 10 or 20 % answers to the
open channel of one street: all fives to the truly lowest, or all ones to the next rival. The
yardstick is the plain mean of all answers of the same street. Streams are weighed, combined and
judged by the product; a wave counts as if it were the pool, so the attack never pauses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analysis.combining import StreamCombiner
from analysis.policy import OPEN, RANDOM, Policy
from analysis.streets import street_streams, wave_bias
from analysis.types import Estimate, FloatArray, IntArray, StreamResult
from benchmarks._simulation import LEVELS, Z95, counted, histogram_cube, percent
from benchmarks.last_place import (
    CODES,
    DIRECT,
    DIRECT_SD,
    INDICATOR,
    MEAN,
    POLICY,
    STREET_SD,
    STREETS,
    WAVES,
    judged,
    shares_for,
)

NAME = "Stuffing one street's open channel"
COMMAND = "python -m benchmarks stuffing"
REPLICATIONS = 2000
SEED = 20260303
BIAS = 5.0
BIAS_SDS = (1.0, 2.0, 3.0)
RANDOM_SIZES = (100, 200)
OPEN_SIZE = 300
ADDED = (0.05, 0.10, 0.20)
AIM = 0.3
AIMED_FROM = 2.0
ANSWERS = {4: "fives", 0: "ones"}
"""Invented answers by their position in ``LEVELS``."""
WIDER = Policy.from_dict({"omega": {INDICATOR: 1.0}, "stream_bias_floor": 5.0})
"""The same policy with a larger floor under the bias between streets, for comparison."""

Counts = Mapping[str, IntArray]
Streams = Mapping[str, Mapping[str, StreamResult]]


@dataclass(slots=True)
class Case:
    """What one way of stuffing did over the replications."""

    shift: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    wider: list[float] = field(default_factory=list)
    caused: int = 0
    caused_wrong: int = 0
    caused_on_random_too: int = 0
    naive: int = 0


@dataclass(slots=True)
class Honest:
    """What came of the same waves without stuffing: verdicts, and squared errors (per street)
    of the combined score, of the one with a larger bias floor, of A alone, of the plain mean."""

    established: int = 0
    on_random_too: int = 0
    squares: list[FloatArray] = field(default_factory=list)

    def errors(self) -> list[float]:
        """Root mean squared errors, in points."""
        return [float(e) for e in np.sqrt(np.mean(self.squares, axis=0))]


@dataclass(frozen=True, slots=True)
class Attack:
    """``level`` is the position of the invented answer, ``street`` the one that gets them."""

    level: int
    street: int
    added: float


def drawn(rng: np.random.Generator, truth: FloatArray, bias_sd: float) -> dict[str, Counts]:
    """Honest answers of every street: counts (5,) of the options by channel."""
    found: dict[str, Counts] = {}
    for code, mean in zip(CODES, truth.tolist(), strict=True):
        open_mean = min(93.5, mean + BIAS + bias_sd * rng.standard_normal())
        size = int(rng.integers(RANDOM_SIZES[0], RANDOM_SIZES[1] + 1))
        found[code] = {
            "cati": rng.multinomial(size, shares_for(mean)),
            "poster": rng.multinomial(OPEN_SIZE, shares_for(open_mean)),
        }
    return found


def streams_of(code: str, counts: Counts) -> dict[str, StreamResult]:
    """The product's result of both streams of one street."""
    return street_streams(histogram_cube(code, counts, INDICATOR), POLICY)


def combined(streams: Streams, policy: Policy) -> tuple[Estimate, ...]:
    """The product's public score of every street, both streams combined."""
    bias = wave_bias(streams, policy)
    assert bias is not None
    combiner = StreamCombiner(streams, bias[0], bias[1], policy)
    return tuple(combiner.public[code] for code in CODES)


def stuffed(counts: Counts, attack: Attack) -> Counts:
    """The counts of a street with the invented answers in its open channel."""
    extra = np.zeros(len(LEVELS), np.int64)
    extra[attack.level] = round(attack.added * OPEN_SIZE)
    return {**counts, "poster": counts["poster"] + extra}


def plain_mean(counts: Counts) -> float:
    """The mean of all answers of a street, whatever their channel, in points."""
    every = sum(counts.values(), np.zeros(len(LEVELS), np.int64))
    return float(every @ LEVELS / every.sum() / 100)


def random_alone(streams: Streams) -> tuple[Estimate, ...]:
    """The public score of every street from its random stream."""
    return tuple(streams[code][RANDOM].public for code in CODES)


def verdict(scores: tuple[Estimate, ...], streams: Streams, direct: FloatArray) -> int | None:
    """Position of the street established as last, or ``None``."""
    sized = tuple(
        Estimate(e.value, e.low, e.high, e.n, streams[code][RANDOM].n_effective, se=e.se)
        for code, e in zip(CODES, scores, strict=True)
    )
    found = judged(sized, direct, pooled_waves=WAVES)
    return CODES.index(found.street) if found.established and found.street else None


def attacks(truth: FloatArray) -> list[Attack]:
    """Fives for the truly lowest street and ones for the next, in every amount."""
    lowest, rival = (int(i) for i in np.argsort(truth)[:2])
    places = ((4, lowest), (0, rival))
    return [Attack(level, street, added) for level, street in places for added in ADDED]


def replicate(
    rng: np.random.Generator,
    bias_sd: float,
    cases: Mapping[tuple[int, float], Case],
    honest: Honest,
) -> None:
    """One honest wave and every attack on it."""
    truth = MEAN + STREET_SD * rng.standard_normal(STREETS)
    direct = np.minimum(100, DIRECT + truth - MEAN + DIRECT_SD * rng.standard_normal(STREETS))
    counts = drawn(rng, truth, bias_sd)
    streams = {code: streams_of(code, held) for code, held in counts.items()}
    scores, wider, random = (
        combined(streams, POLICY),
        combined(streams, WIDER),
        random_alone(streams),
    )
    plain = [plain_mean(counts[code]) for code in CODES]
    columns = [[e.value or 0.0 for e in column] for column in (scores, wider, random)]
    honest.squares.append(np.mean((np.array([*columns, plain]) - truth) ** 2, axis=1))
    without, on_random = (verdict(found, streams, direct) for found in (scores, random))
    honest.established += without is not None
    honest.on_random_too += without is not None and without == on_random
    for attack in attacks(truth):
        case, code = cases[attack.level, attack.added], CODES[attack.street]
        invented = stuffed(counts[code], attack)
        changed = {**streams, code: {RANDOM: streams[code][RANDOM], **open_of(code, invented)}}
        moved = combined(changed, POLICY)
        order = list(plain)
        order[attack.street] = plain_mean(invented)
        case.shift.append(difference(moved, scores, attack.street))
        case.plain.append(order[attack.street] - plain[attack.street])
        case.naive += int(np.argmin(order)) != int(np.argmin(plain))
        if attack.level:
            case.wider.append(difference(combined(changed, WIDER), wider, attack.street))
        found = verdict(moved, changed, direct)
        if found is not None and found != without:
            case.caused += 1
            case.caused_wrong += found != int(np.argmin(truth))
            case.caused_on_random_too += found == on_random


def open_of(code: str, counts: Counts) -> dict[str, StreamResult]:
    """The product's result of the open stream alone."""
    return {OPEN: streams_of(code, {"poster": counts["poster"]})[OPEN]}


def difference(now: tuple[Estimate, ...], before: tuple[Estimate, ...], street: int) -> float:
    """How far the public score of a street moved, in points."""
    return (now[street].value or 0.0) - (before[street].value or 0.0)


def mean_with_error(values: list[float]) -> str:
    """A mean with the half width of its 95 % Monte Carlo interval, signed."""
    found = np.array(values)
    return f"{found.mean():+.2f} ± {Z95 * found.std(ddof=1) / np.sqrt(len(found)):.2f}"


def shift_row(bias_sd: float, attack: tuple[int, float], case: Case) -> dict[str, Any]:
    """How far the score moved, beside the plain mean and a policy with a larger floor."""
    level, added = attack
    shift, plain = (abs(float(np.mean(v))) for v in (case.shift, case.plain))
    wider = f"; P with a bias floor of 5: {mean_with_error(case.wider)}" if level else ""
    aimed = level > 0 and bias_sd >= AIMED_FROM
    aim = f" (aim {'met' if shift < AIM else 'missed'})" if aimed else ""
    return {
        "measure": f"shift of P, {100 * added:.0f} % {ANSWERS[level]} added, τ_b {bias_sd:g}",
        "figure": mean_with_error(case.shift) + aim,
        "yardstick": f"plain mean {mean_with_error(case.plain)}{wider}",
        "ratio": shift / plain,
        "command": COMMAND,
    }


def verdict_row(bias_sd: float, attack: tuple[int, float], case: Case) -> dict[str, Any]:
    """How often stuffing made a verdict, beside the order of the plain means."""
    level, added = attack
    n = len(case.shift)
    return {
        "measure": f"established by {100 * added:.0f} % {ANSWERS[level]}, τ_b {bias_sd:g}",
        "figure": f"{percent(case.caused / n, n)}; of {n}: {case.caused}, "
        f"a wrong street {case.caused_wrong}, on A alone too {case.caused_on_random_too}",
        "yardstick": f"lowest plain mean changes {percent(case.naive / n, n)}",
        "ratio": case.caused / max(1, case.naive),
        "command": COMMAND,
    }


def honest_rows(bias_sd: float, honest: Honest) -> list[dict[str, Any]]:
    """The same waves without stuffing: how good each score is, and how often a last place holds."""
    n = len(honest.squares)
    ours, wider, random, plain = honest.errors()
    return [
        {
            "measure": f"error of P without stuffing (root mean square), τ_b {bias_sd:g}",
            "figure": f"{ours:.2f}",
            "yardstick": f"bias floor 5: {wider:.2f}; A alone {random:.2f}; plain mean {plain:.2f}",
            "ratio": ours / plain,
            "command": COMMAND,
        },
        {
            "measure": f"established without stuffing, τ_b {bias_sd:g}",
            "figure": percent(honest.established / n, n),
            "yardstick": f"on A alone too {percent(honest.on_random_too / n, n)}",
            "ratio": None,
            "command": COMMAND,
        },
    ]


def run(replications: int = REPLICATIONS) -> list[dict[str, Any]]:
    """Rows of the table by the true τ_b: the honest waves, shifts, verdicts."""
    rows: list[dict[str, Any]] = []
    for bias_sd in BIAS_SDS:
        rng = np.random.default_rng([SEED, int(10 * bias_sd)])
        cases = {(level, added): Case() for level in ANSWERS for added in ADDED}
        honest = Honest()
        for _ in counted(range(replications), f"stuffing, τ_b {bias_sd:g}", replications):
            replicate(rng, bias_sd, cases, honest)
        rows += honest_rows(bias_sd, honest)
        rows += [shift_row(bias_sd, key, case) for key, case in cases.items()]
        rows += [verdict_row(bias_sd, key, case) for key, case in cases.items()]
    return rows
