"""How many more random answers, in which streets, would settle a last place or the first places.

It answers the question behind 末位无法认定: what would it take? The scores are held where they
are and only their precision grows. Stated plainly, it does **not** claim that the place *will*
be settled: the scores move with new answers (by about one standard error), the gap to the next
street shrinks more often than it grows because an observed extreme is extreme partly by chance,
and a plan that just reaches the threshold at today's scores reaches it in about half of all
repetitions. It says what is out of reach, what is near, and where answers are worth most.

**The formula.** V_A,s = c_s/n_s: c_s is the variance one answer is worth at today's weights and
clusters (design effects included). With an open stream 1/V(P) = 1/V_A + 1/(V_B + τ_b²), plus
u²·V_δ with u = V_A/(V_A + V_B + τ_b²) (method §5). V(F) = (1−α)²V(P) + α²V(D) (§7). For the
lowest street s and each rival j, both distances of §10 are of the form

    V_s(P) + V_j(P) ≤ T_j,
    T_j = min{ [((F_j−F_s)/z)² − α²(V_s(D) + V_j(D))] / (1−α)²,  ((P_j−P_s)/z_P)² }.

Given V_s, every rival needs V_j ≤ T_j − V_s and nothing else, so the whole problem has one free
number, n_s. n as a function of V(P) is convex and falling; therefore the sum over streets is
convex in n_s and its minimum is found by search. Whole answers are then exact: the whole-number
total lies above the convex one by less than one answer per rival, so only those n_s have to be
tried whose convex total is below the best whole total found.

**Example** (worked example 8 of the method, α = .6). S09 (F 82.56, P 70.8, SE 2.6) is last, S05
(F 82.98, P 72.3, SE 2.4) next. F differs by .42, so √(V_s + V_j) may be at most .42/2.5758 =
.1631; the two direct scores alone, each with SE 1.5, contribute .6·√(1.5² + 1.5²) = 1.2728: no
number of answers settles it. Were the direct scores exact, V_s(P) + V_j(P) ≤ .1662 would be
needed; with 100 answers each today (c = 676 and 576) the fewest are √c_s(√c_s + √c_j)/.1662 =
7823 and 7222 in the two streets.

References: Cochran 1977, §5.5 (optimum allocation: n ∝ √c); Gutmann & Maymin 1987; Boyd &
Vandenberghe 2004, §3.2 (sums and compositions of convex functions).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from analysis.policy import OPEN, RANDOM, Policy
from analysis.settling_records import Need, SettlingPlan, SettlingStep, StreetPrecision
from analysis.settling_search import fewest_answers
from analysis.types import AnalysisError, Combination, FloatArray, Reason, StreetResult

__all__ = [
    "SettlingPlan",
    "SettlingStep",
    "StreetPrecision",
    "settle_last",
    "settle_top",
    "street_precision",
]

SAMPLE, DISTANCE, PUBLIC = "sample_too_small", "not_far_enough", "not_last_on_public_score"


def settle_last(streets: Sequence[StreetPrecision], *, policy: Policy) -> SettlingPlan:
    """The fewest further random answers with which the last place would stand, scores unchanged.

    Reaches z_min ≥ ``last_z``, z_min(P) ≥ ``last_public_z`` and n_eff ≥ ``last_n_effective`` in
    every street of the peer group; the other conditions of §10 (assessors, waves, appeals, ways
    of counting) no answer can meet. Reasons: ``single_street``, ``tie``,
    ``lower_on_public_score``, ``no_random_answers``, ``direct_error_too_large`` (the direct
    scores alone leave no room), ``beyond_residents``. Raises ``AnalysisError`` (``bad_precision``,
    ``duplicate_street``).
    """
    check_precisions(streets)
    if len(streets) < 2:
        return impossible((), [Reason("single_street", {"streets": len(streets)})])
    last = min(range(len(streets)), key=lambda i: (streets[i].score, streets[i].code))
    subject = streets[last]
    rivals = [street for i, street in enumerate(streets) if i != last]
    obstacles = no_answers(streets)
    for rival in rivals:
        names = {"street": subject.code, "rival": rival.code}
        if rival.score == subject.score:
            obstacles.append(Reason("tie", names))
        if rival.public <= subject.public and policy.last_public_z > 0:
            obstacles.append(Reason("lower_on_public_score", names))
    if obstacles:
        return impossible((subject.code,), obstacles)
    return solve(
        (subject.code,),
        streets,
        [last_need(subject, rival, policy) for rival in rivals],
        z=(policy.last_z, policy.last_public_z),
        codes=(DISTANCE, PUBLIC),
        n_effective=policy.last_n_effective,
        alpha=policy.alpha,
    )


def last_need(subject: StreetPrecision, rival: StreetPrecision, policy: Policy) -> Need:
    """What the lowest street needs against one rival: both distances of method §10."""
    return Need(
        subject,
        rival,
        (
            score_room(subject, rival, z=policy.last_z, alpha=policy.alpha),
            room(rival.public - subject.public, policy.last_public_z),
        ),
    )


def street_precision(
    street: StreetResult,
    combination: Combination,
    *,
    score: float,
    direct_variance: float,
    residents: float | None = None,
) -> StreetPrecision:
    """What a street's score rests on, from its result in a wave and its blended ``score``.

    ``direct_variance`` V(D) as it entered the blend. Without a random stream that counts,
    ``random_n`` is 0 and no plan can be made. Raises ``AnalysisError`` (``no_public_score``).
    """
    if street.public.value is None:
        raise AnalysisError(
            "no_public_score",
            f"Street {street.code} has no public score; nothing about it can be planned.",
            street=street.code,
        )
    random = street.streams.get(RANDOM) if street.basis in ("random", "combined") else None
    open_ = street.streams.get(OPEN) if street.basis == "combined" else None
    open_variance = None if open_ is None else (open_.public.variance or 0.0)
    return StreetPrecision(
        code=street.code,
        score=score,
        public=street.public.value,
        direct_variance=direct_variance,
        random_variance=0.0 if random is None else (random.public.variance or 0.0),
        random_n=0 if random is None else random.n,
        n_effective=street.n_effective_random,
        open_variance=None if open_variance is None else open_variance + (combination.tau2 or 0.0),
        shift_variance=0.0 if open_ is None else (combination.variance_delta or 0.0),
        residents=residents,
    )


def settle_top(streets: Sequence[StreetPrecision], *, policy: Policy) -> SettlingPlan:
    """The fewest further random answers with which the first ``top_k`` places would stand.

    Every street inside must be ``top_z`` above every street outside. With k = 1 the minimum is
    exact; with more it is within one answer per street of the minimum, because the convex
    problem is solved and rounded up. Reasons as ``settle_last``, and ``nobody_outside``.
    """
    check_precisions(streets)
    order = sorted(streets, key=lambda street: (-street.score, street.code))
    inside, outside = order[: policy.top_k], order[policy.top_k :]
    codes = tuple(street.code for street in inside)
    if not outside:
        return impossible(codes, [Reason("nobody_outside", {"k": policy.top_k})])
    obstacles = no_answers(streets)
    if inside[-1].score == outside[0].score:
        obstacles.append(Reason("tie", {"street": inside[-1].code, "rival": outside[0].code}))
    if obstacles:
        return impossible(codes, obstacles)
    needs = [
        Need(high, low, (score_room(low, high, z=policy.top_z, alpha=policy.alpha), math.inf))
        for high in inside
        for low in outside
    ]
    return solve(
        codes,
        streets,
        needs,
        z=(policy.top_z, 0.0),
        codes=("top_not_far_enough", ""),
        n_effective=0.0,
        alpha=policy.alpha,
    )


def check_precisions(streets: Sequence[StreetPrecision]) -> None:
    """Raise ``AnalysisError`` for a street twice, a number that is none or a negative variance."""
    codes = [street.code for street in streets]
    for street in streets:
        if codes.count(street.code) > 1:
            raise AnalysisError(
                "duplicate_street", f"The street {street.code} is given twice.", street=street.code
            )
        variances = [street.direct_variance, street.shift_variance, street.open_variance or 0.0]
        if street.random_n:
            variances += [street.random_variance, street.n_effective]
        numbers = [street.score, street.public, *variances]
        fine = all(map(math.isfinite, numbers)) and min(variances) >= 0 and street.random_n >= 0
        positive = street.random_n == 0 or min(street.random_variance, street.n_effective) > 0
        if not (fine and positive and street.open_variance != 0):
            raise AnalysisError(
                "bad_precision",
                f"Scores of street {street.code} must be numbers and the variances of its streams "
                "above 0.",
                street=street.code,
            )


def no_answers(streets: Sequence[StreetPrecision]) -> list[Reason]:
    """A reason for each street whose answers say nothing about what one more is worth."""
    return [
        Reason("no_random_answers", {"street": street.code})
        for street in streets
        if street.random_n == 0
    ]


def impossible(codes: tuple[str, ...], reasons: Sequence[Reason]) -> SettlingPlan:
    """The plan that no number of answers fulfils."""
    return SettlingPlan(codes, False, None, (), None, None, tuple(reasons))


def room(gap: float, z: float) -> float:
    """The largest sum of two variances at which ``gap`` is ``z`` standard errors."""
    return (gap / z) ** 2 if z > 0 else math.inf


def score_room(low: StreetPrecision, high: StreetPrecision, *, z: float, alpha: float) -> float:
    """The largest V_s(P) + V_j(P) at which F differs by ``z``; not above 0 when there is none."""
    left = room(high.score - low.score, z) - alpha**2 * (low.direct_variance + high.direct_variance)
    if alpha == 1:  # the public score has no weight: it is enough or it never will be
        return math.inf if left >= 0 else -math.inf
    return left / (1 - alpha) ** 2


def solve(
    codes_of: tuple[str, ...],
    streets: Sequence[StreetPrecision],
    needs: Sequence[Need],
    *,
    z: tuple[float, float],
    codes: tuple[str, str],
    n_effective: float,
    alpha: float,
) -> SettlingPlan:
    """Check what can be reached at all, search, and put the steps together."""
    least = {s.code: max(s.random_n, answers_for(s, n_effective)) for s in streets}
    most = {s.code: math.inf if s.residents is None else math.floor(s.residents) for s in streets}
    obstacles = obstacles_to(streets, needs, least=least, most=most, z=z[0], alpha=alpha)
    if obstacles:
        return impossible(codes_of, obstacles)
    answers = fewest_answers(streets, needs, least=least, most=most)
    unmet = unmet_today(streets, needs, codes=codes, n_effective=n_effective)
    steps = tuple(
        settling_step(s, answers[s.code], unmet[s.code])
        for s in streets
        if answers[s.code] > s.random_n
    )
    blended, public = distances(needs, answers, alpha)
    return SettlingPlan(
        streets=codes_of,
        possible=True,
        total=sum(step.additional for step in steps),
        steps=steps,
        z_then=float(blended.min()),
        z_public_then=float(public.min()) if codes[1] else None,
    )


def obstacles_to(
    streets: Sequence[StreetPrecision],
    needs: Sequence[Need],
    *,
    least: Mapping[str, int],
    most: Mapping[str, float],
    z: float,
    alpha: float,
) -> list[Reason]:
    """What stays out of reach even if every resident of every street answered."""
    found = [
        Reason("direct_error_too_large", direct_numbers(need, z, alpha))
        for need in needs
        if need.room <= 0
    ]
    found += [
        Reason("beyond_residents", {"street": s.code, "rival": None, "residents": s.residents})
        for s in streets
        if least[s.code] > max(most[s.code], s.random_n)
    ]
    for need in needs:
        ends = [(s, max(most[s.code], s.random_n)) for s in (need.subject, need.rival)]
        floor = sum(s.public_variance(n) for s, n in ends)
        endless = any(math.isinf(n) for _, n in ends)
        if need.room > 0 and (need.room < floor or (endless and need.room == floor)):
            names = {"street": need.subject.code, "rival": need.rival.code}
            found.append(Reason("beyond_residents", {**names, "residents": [n for _, n in ends]}))
    return found


def settling_step(street: StreetPrecision, answers: int, because: tuple[str, ...]) -> SettlingStep:
    """The step that brings one street to ``answers``."""
    return SettlingStep(
        street=street.code,
        answers_now=street.random_n,
        answers_then=answers,
        additional=answers - street.random_n,
        n_effective_then=street.n_effective * answers / street.random_n,
        random_variance_then=street.random_variance * street.random_n / answers,
        because=because,
    )


def answers_for(street: StreetPrecision, n_effective: float) -> int:
    """Answers that give ``n_effective`` at today's design effect; 1e-9 forgives rounding."""
    return math.ceil(n_effective * street.random_n / street.n_effective * (1 - 1e-12))


def direct_numbers(need: Need, z: float, alpha: float) -> dict[str, object]:
    """Standard error of the difference that the direct scores bring, and what is allowed."""
    direct = need.subject.direct_variance + need.rival.direct_variance
    gap = abs(need.rival.score - need.subject.score)
    return {
        "street": need.subject.code,
        "rival": need.rival.code,
        "direct_se": alpha * math.sqrt(direct),
        "allowed_se": gap / z if z > 0 else math.inf,
    }


def unmet_today(
    streets: Sequence[StreetPrecision],
    needs: Sequence[Need],
    *,
    codes: tuple[str, str],
    n_effective: float,
) -> dict[str, tuple[str, ...]]:
    """Per street the codes of the conditions it takes part in that are not met today."""
    found: dict[str, list[str]] = {s.code: [] for s in streets}
    for s in streets:
        if s.n_effective < n_effective:
            found[s.code].append(SAMPLE)
    for need in needs:
        held = sum(s.public_variance(s.random_n) for s in (need.subject, need.rival))
        for code, limit in zip(codes, need.rooms, strict=True):
            if held > limit:
                for s in (need.subject, need.rival):
                    if code not in found[s.code]:
                        found[s.code].append(code)
    order = (SAMPLE, *codes)
    return {code: tuple(sorted(held, key=order.index)) for code, held in found.items()}


def distances(
    needs: Sequence[Need], answers: dict[str, int], alpha: float
) -> tuple[FloatArray, FloatArray]:
    """z of every pair on the blended and on the public score with these ``answers``."""
    blended, public = [], []
    for need in needs:
        pair = (need.subject, need.rival)
        v = sum(s.score_variance(answers[s.code], alpha) for s in pair)
        v_public = sum(s.public_variance(answers[s.code]) for s in pair)
        gap = abs(need.rival.score - need.subject.score)
        blended.append(gap / math.sqrt(v) if v > 0 else math.inf)
        public.append((need.rival.public - need.subject.public) / math.sqrt(v_public))
    return np.array(blended), np.array(public)
