"""What invented answers in one street's open channel do to its score and to the last place.

Eleven streets with a random stream (100 to 200 residents) and an open one (300, more content and
biased differently from street to street, SD τ_b). An attacker adds 5, 10 or 20 % answers to the
open channel of one street: all fives to the truly lowest, or all ones to the next rival.
Yardsticks: the plain mean of all answers of the same street, a bias floor of 3, and the rule
without the question whether the random stream alone says so too. Streams are weighed, combined
and judged by the product; a wave counts as if it were the pool, so the attack never pauses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from analysis.combining import StreamCombiner
from analysis.evaluation import evaluate
from analysis.policy import OPEN, RANDOM, Policy
from analysis.streets import combined_street, street_streams, wave_bias
from analysis.types import FloatArray, IntArray, StreamResult, StreetResult
from analysis.verdicts import Evidence, LastPlace, condition_random_stream
from analysis.wave_evaluation import StreetFacts, street_input
from benchmarks._simulation import LEVELS, Z95, counted, histogram_cube, percent
from benchmarks.last_place import (
    ASSESSORS,
    CODES,
    DIRECT,
    DIRECT_SD,
    INDICATOR,
    MEAN,
    POLICY,
    STREET_SD,
    STREETS,
    WAVES,
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
LOWER_FLOOR = Policy.from_dict({"omega": {INDICATOR: 1.0}, "stream_bias_floor": 3.0})
"""The same policy with a lower floor under the bias between streets, for comparison."""

Counts = Mapping[str, IntArray]
Streams = Mapping[str, Mapping[str, StreamResult]]
Results = Mapping[str, StreetResult]


@dataclass(frozen=True, slots=True)
class Judged:
    """The street established as last, by position, or ``None``; what it was judged by.

    ``unasked`` is the same by a rule that does not ask the random stream alone.
    """

    established: int | None
    unasked: int | None
    evidence: Evidence


@dataclass(slots=True)
class Case:
    """What one way of stuffing did over the replications.

    Shifts of the product's score, of the plain mean and of the score with the lower floor.
    Verdicts ``made`` by it, those of them for a ``wrong`` street, those for which the random
    stream ``said`` so already; ``unasked`` and ``unasked_wrong`` by the rule that does not ask
    it; honest verdicts it has ``undone``; and how often the lowest plain mean changed.
    """

    shift: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    lower_floor: list[float] = field(default_factory=list)
    made: int = 0
    wrong: int = 0
    said: int = 0
    unasked: int = 0
    unasked_wrong: int = 0
    undone: int = 0
    naive: int = 0


@dataclass(slots=True)
class Honest:
    """What came of the same waves without stuffing: verdicts, and squared errors (per street)
    of the combined score, of the one with the lower floor, of A alone, of the plain mean.

    ``unasked`` verdicts are those of the rule that does not ask the random stream alone,
    ``unasked_lower_floor`` those of that rule with the lower floor.
    """

    established: int = 0
    wrong: int = 0
    unasked: int = 0
    unasked_lower_floor: int = 0
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


def combined(streams: Streams, policy: Policy) -> dict[str, StreetResult]:
    """The product's result of every street, both streams combined."""
    bias = wave_bias(streams, policy)
    assert bias is not None
    combiner = StreamCombiner(streams, bias[0], bias[1], policy)
    return {code: combined_street(code, combiner, None, policy) for code in CODES}


def stuffed(counts: Counts, attack: Attack) -> Counts:
    """The counts of a street with the invented answers in its open channel."""
    extra = np.zeros(len(LEVELS), np.int64)
    extra[attack.level] = round(attack.added * OPEN_SIZE)
    return {**counts, "poster": counts["poster"] + extra}


def plain_mean(counts: Counts) -> float:
    """The mean of all answers of a street, whatever their channel, in points."""
    every = sum(counts.values(), np.zeros(len(LEVELS), np.int64))
    return float(every @ LEVELS / every.sum() / 100)


def judged(results: Results, direct: FloatArray) -> Judged:
    """The product's verdict; ``direct`` (S,) are the district's scores."""
    streets = [
        replace(
            street_input(StreetFacts(code), results[code], results[code], policy=POLICY),
            direct=float(score),
            direct_se=DIRECT_SD,
            assessors=ASSESSORS,
        )
        for code, score in zip(CODES, direct, strict=True)
    ]
    group = evaluate(streets, POLICY, appeals=[], pooled_waves=WAVES).groups[""]
    last = group.last
    found = CODES.index(last.street or "")
    return Judged(
        established=found if last.established else None,
        unasked=found if holds_unasked(last) else None,
        evidence=group.evidence,
    )


def holds_unasked(last: LastPlace) -> bool:
    """Whether every condition is met but, perhaps, the one about the random stream alone."""
    return all(c.met for c in last.conditions if c.code != "random_stream_disagrees")


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
    results, lower = combined(streams, POLICY), combined(streams, LOWER_FLOOR)
    plain = [plain_mean(counts[code]) for code in CODES]
    without = judged(results, direct)
    count_honest(honest, truth, without, judged(lower, direct))
    random = [streams[code][RANDOM].public.value or 0.0 for code in CODES]
    columns = np.array([scores(results), scores(lower), random, plain])
    honest.squares.append(np.mean((columns - truth) ** 2, axis=1))
    for attack in attacks(truth):
        case, code = cases[attack.level, attack.added], CODES[attack.street]
        invented = stuffed(counts[code], attack)
        changed = {**streams, code: {RANDOM: streams[code][RANDOM], **open_of(code, invented)}}
        moved = combined(changed, POLICY)
        order = list(plain)
        order[attack.street] = plain_mean(invented)
        case.shift.append(difference(moved, results, code))
        case.lower_floor.append(difference(combined(changed, LOWER_FLOOR), lower, code))
        case.plain.append(order[attack.street] - plain[attack.street])
        case.naive += int(np.argmin(order)) != int(np.argmin(plain))
        count_verdicts(case, truth, without, judged(moved, direct))


def count_honest(honest: Honest, truth: FloatArray, found: Judged, lower: Judged) -> None:
    """Count the verdicts of a wave without stuffing."""
    honest.established += found.established is not None
    honest.wrong += found.established not in (None, int(np.argmin(truth)))
    honest.unasked += found.unasked is not None
    honest.unasked_lower_floor += lower.unasked is not None


def count_verdicts(case: Case, truth: FloatArray, without: Judged, found: Judged) -> None:
    """Count what stuffing made and undid: verdicts with it that are none, or others, without."""
    lowest = int(np.argmin(truth))
    made = found.established
    if made is not None and made != without.established:
        case.made += 1
        case.wrong += made != lowest
        case.said += condition_random_stream(without.evidence, CODES[made], POLICY).met
    if found.unasked is not None and found.unasked != without.unasked:
        case.unasked += 1
        case.unasked_wrong += found.unasked != lowest
    case.undone += without.established is not None and made != without.established


def open_of(code: str, counts: Counts) -> dict[str, StreamResult]:
    """The product's result of the open stream alone."""
    return {OPEN: streams_of(code, {"poster": counts["poster"]})[OPEN]}


def scores(results: Results) -> list[float]:
    """The public score of every street, in the order of ``CODES``."""
    return [results[code].public.value or 0.0 for code in CODES]


def difference(now: Results, before: Results, code: str) -> float:
    """How far the public score of a street moved, in points."""
    return (now[code].public.value or 0.0) - (before[code].public.value or 0.0)


def mean_with_error(values: list[float]) -> str:
    """A mean with the half width of its 95 % Monte Carlo interval, signed."""
    found = np.array(values)
    return f"{found.mean():+.2f} ± {Z95 * found.std(ddof=1) / np.sqrt(len(found)):.2f}"


def shift_row(bias_sd: float, attack: tuple[int, float], case: Case) -> dict[str, Any]:
    """How far the score moved, beside the plain mean and a policy with a lower floor."""
    level, added = attack
    shift, plain = (abs(float(np.mean(v))) for v in (case.shift, case.plain))
    aimed = level > 0 and bias_sd >= AIMED_FROM
    aim = f" (aim {'met' if shift < AIM else 'missed'})" if aimed else ""
    return {
        "measure": f"shift of P, {100 * added:.0f} % {ANSWERS[level]} added, τ_b {bias_sd:g}",
        "figure": mean_with_error(case.shift) + aim,
        "yardstick": f"plain mean {mean_with_error(case.plain)}; "
        f"P with a bias floor of 3: {mean_with_error(case.lower_floor)}",
        "ratio": shift / plain,
        "command": COMMAND,
    }


def verdict_row(bias_sd: float, attack: tuple[int, float], case: Case) -> dict[str, Any]:
    """Verdicts that stuffing made or undid, beside a rule that does not ask the random stream."""
    level, added = attack
    n = len(case.shift)
    return {
        "measure": f"established by {100 * added:.0f} % {ANSWERS[level]}, τ_b {bias_sd:g}",
        "figure": f"{percent(case.made / n, n)}; of {n}: {case.made}, a wrong street "
        f"{case.wrong}, the random stream had said so {case.said}; undone {case.undone}",
        "yardstick": f"random stream not asked: {case.unasked}, a wrong street "
        f"{case.unasked_wrong}; lowest plain mean changes {percent(case.naive / n, n)}",
        "ratio": case.made / max(1, case.naive),
        "command": COMMAND,
    }


def honest_rows(bias_sd: float, honest: Honest) -> list[dict[str, Any]]:
    """The same waves without stuffing: how good each score is, and how often a last place holds."""
    n = len(honest.squares)
    ours, lower, random, plain = honest.errors()
    return [
        {
            "measure": f"error of P without stuffing (root mean square), τ_b {bias_sd:g}",
            "figure": f"{ours:.2f}",
            "yardstick": f"bias floor 3: {lower:.2f}; A alone {random:.2f}; plain mean {plain:.2f}",
            "ratio": ours / plain,
            "command": COMMAND,
        },
        {
            "measure": f"established without stuffing, τ_b {bias_sd:g}",
            "figure": f"{percent(honest.established / n, n)}; of {n}: {honest.established}, "
            f"a wrong street {honest.wrong}",
            "yardstick": f"random stream not asked {percent(honest.unasked / n, n)}, "
            f"and a bias floor of 3 {percent(honest.unasked_lower_floor / n, n)}",
            "ratio": honest.established / max(1, honest.unasked),
            "command": COMMAND,
        },
    ]


def simulate(bias_sd: float, replications: int) -> list[dict[str, Any]]:
    """Rows at one true τ_b: the honest waves, shifts, verdicts."""
    rng = np.random.default_rng([SEED, int(10 * bias_sd)])
    cases = {(level, added): Case() for level in ANSWERS for added in ADDED}
    honest = Honest()
    for _ in counted(range(replications), f"stuffing, τ_b {bias_sd:g}", replications):
        replicate(rng, bias_sd, cases, honest)
    rows = honest_rows(bias_sd, honest)
    rows += [shift_row(bias_sd, key, case) for key, case in cases.items()]
    return rows + [verdict_row(bias_sd, key, case) for key, case in cases.items()]


def run(replications: int = REPLICATIONS) -> list[dict[str, Any]]:
    """Rows of the table by the true τ_b."""
    return [row for bias_sd in BIAS_SDS for row in simulate(bias_sd, replications)]
