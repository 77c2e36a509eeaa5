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
from analysis.ranking import lowest_z
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


def random_z(streams: Streams, street: int) -> float:
    """How far a street lies below every other on the random stream alone (smallest z)."""
    random = [streams[code][RANDOM].public for code in CODES]
    values = np.array([e.value for e in random], np.float64)
    return lowest_z(values, np.array([e.variance for e in random], np.float64), street)


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
    places = ((len(LEVELS) - 1, lowest), (0, rival))
    return [Attack(level, street, added) for level, street in places for added in ADDED]


def replicate(
    rng: np.random.Generator, bias_sd: float, cases: Mapping[tuple[int, float], Case]
) -> bool:
    """One honest wave and every attack on it; whether a last place holds without any attack."""
    truth = MEAN + STREET_SD * rng.standard_normal(STREETS)
    direct = np.minimum(100, DIRECT + truth - MEAN + DIRECT_SD * rng.standard_normal(STREETS))
    honest = drawn(rng, truth, bias_sd)
    streams = {code: streams_of(code, counts) for code, counts in honest.items()}
    scores, wider = combined(streams, POLICY), combined(streams, WIDER)
    without = verdict(scores, streams, direct)
    plain = [plain_mean(honest[code]) for code in CODES]
    for attack in attacks(truth):
        case, code = cases[attack.level, attack.added], CODES[attack.street]
        counts = stuffed(honest[code], attack)
        changed = {**streams, code: {RANDOM: streams[code][RANDOM], **open_of(code, counts)}}
        moved = combined(changed, POLICY)
        now = plain_mean(counts)
        case.shift.append(difference(moved, scores, attack.street))
        if attack.level:
            case.wider.append(difference(combined(changed, WIDER), wider, attack.street))
        case.plain.append(now - plain[attack.street])
        order = [now if i == attack.street else mean for i, mean in enumerate(plain)]
        case.naive += int(np.argmin(order)) != int(np.argmin(plain))
        found = verdict(moved, changed, direct)
        if found is not None and found != without:
            case.caused += 1
            case.caused_wrong += found != int(np.argmin(truth))
            case.caused_on_random_too += random_z(streams, found) >= POLICY.last_public_z
    return without is not None


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
    answers = "fives" if level else "ones"
    wider = f"; P with a bias floor of 5: {mean_with_error(case.wider)}" if level else ""
    row = {
        "measure": f"shift of P, {100 * added:.0f} % {answers} added, τ_b {bias_sd:g}",
        "figure": mean_with_error(case.shift),
        "yardstick": f"plain mean {mean_with_error(case.plain)}{wider}",
        "ratio": shift / plain,
        "command": COMMAND,
    }
    aimed = level > 0 and bias_sd >= AIMED_FROM
    return row | {"limit": round(AIM / plain, 3)} if aimed else row


def verdict_row(bias_sd: float, attack: tuple[int, float], case: Case) -> dict[str, Any]:
    """How often stuffing made a verdict, beside the order of the plain means."""
    level, added = attack
    n = len(case.shift)
    answers = "fives" if level else "ones"
    return {
        "measure": f"established by {100 * added:.0f} % {answers}, τ_b {bias_sd:g}",
        "figure": f"{percent(case.caused / n, n)}; a wrong street "
        f"{percent(case.caused_wrong / n, n)}; lowest on A alone too "
        f"{percent(case.caused_on_random_too / n, n)}",
        "yardstick": f"lowest plain mean changes {percent(case.naive / n, n)}",
        "ratio": case.caused / max(1, case.naive),
        "command": COMMAND,
    }


def run(replications: int = REPLICATIONS) -> list[dict[str, Any]]:
    """Rows of the table: shifts first, then verdicts, by the true τ_b."""
    shifts: list[dict[str, Any]] = []
    verdicts: list[dict[str, Any]] = []
    for bias_sd in BIAS_SDS:
        rng = np.random.default_rng([SEED, int(10 * bias_sd)])
        keys = [(level, added) for level in (len(LEVELS) - 1, 0) for added in ADDED]
        cases = {key: Case() for key in keys}
        honest = 0
        for _ in counted(range(replications), f"stuffing, τ_b {bias_sd:g}", replications):
            honest += replicate(rng, bias_sd, cases)
        shifts += [shift_row(bias_sd, key, case) for key, case in cases.items()]
        verdicts.append(
            {
                "measure": f"established without stuffing, τ_b {bias_sd:g}",
                "figure": percent(honest / replications, replications),
                "yardstick": "",
                "ratio": None,
                "command": COMMAND,
            }
        )
        verdicts += [verdict_row(bias_sd, key, case) for key, case in cases.items()]
    return shifts + verdicts
