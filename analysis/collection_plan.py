"""Where further answers help most: at which collection points, and from which categories.

``settling`` says how many answers a street needs; this spreads them. Scores and variances are
those of one street and one stream.

**Points.** With m_j answers at point j, M = Σ m_j, variance σ² between answers and intra-cluster
correlation ρ, the mean has V = σ²·[(1−ρ)·M + ρ·Σ m_j²] / M² (Kish 1965, §5.4; Hansen, Hurwitz &
Madow 1953). Answers are given one by one to the point that has the fewest and still has people
to ask. That is optimal: for a fixed number of further answers M is fixed, so V is smallest where
Σ m_j² is, a separable convex sum under one budget, for which the greedy order is exact (Gross
1956; Fox 1966; Federgruen & Groenevelt 1986). It holds for every number at once, because the
greedy allocations contain each other; so the first number at which V reaches the target is the
fewest with which *any* allocation reaches it.

**Categories.** Post-stratified, 1/n_eff = Σ p_c²/n_c with p_c the share of residents (Kish's n_eff
of the weights p_c·n/n_c). One answer more in category c takes p_c²/(n_c(n_c + 1)) from it, which
falls as n_c grows, so the same greedy argument is exact.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.policy import Policy
from analysis.types import UNKNOWN, AnalysisError, FloatArray, IntArray, Reason

LIMIT = 200_000
"""Most further answers that a plan of points looks at."""
MOST_NEW_POINTS = 8192


@dataclass(frozen=True, slots=True)
class ClusterSpread:
    """Variance σ² of one answer and intra-cluster correlation ρ, 0..1.

    ``estimated`` is false, with the reason, when ρ is the policy's ``cluster_correlation``.
    """

    sigma2: float
    rho: float
    estimated: bool
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class CollectionPoint:
    """A point with ``answers``; ``capacity`` more people can be asked (invited − answered),
    ``None``: as many as come."""

    point: str
    answers: int
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class PointPlan:
    """Further answers by point (those that get any), and what they bring.

    ``reached``: V ≤ target with ``total`` answers at the ``additional`` points, the fewest
    possible. Not reached: ``reason`` is ``new_points_needed``; ``new_points`` more points with
    ``new_point_size`` answers each are the fewest that make it possible (``None``: thousands
    would not do), and ``additional``, ``total`` and ``variance_then`` describe the plan with them,
    in which new points are named ``new-1``, ``new-2`` … ``variance_now`` is ``None`` without
    answers.
    """

    reached: bool
    additional: Mapping[str, int]
    total: int | None
    variance_now: float | None
    variance_then: float | None
    new_points: int | None = 0
    new_point_size: int | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class CategoryPlan:
    """Further answers by category of one variable, and Kish's design effect now and then.

    ``deff_now`` is ``None`` while a category with residents has no respondents (then it is not
    defined: weighting would have to join or drop); ``without_respondents`` names these.
    """

    variable: str
    additional: Mapping[str, int]
    deff_now: float | None
    deff_then: float | None
    n_effective_now: float | None
    n_effective_then: float | None
    without_respondents: tuple[str, ...]


def intraclass_correlation(
    n: IntArray, sums: FloatArray, sum_squares: float, *, policy: Policy
) -> ClusterSpread:
    """ρ and σ² by analysis of variance from the totals of points.

    ``n`` (J,) answers and ``sums`` (J,) of the scores (0..100) per point, ``sum_squares`` Σy² over
    all. MSB = Σ n_j(ȳ_j − ȳ)²/(J−1), MSW = (Σy² − Σ n_j ȳ_j²)/(M−J), n_0 = (M − Σn_j²/M)/(J−1),
    ρ = (MSB − MSW)/(MSB + (n_0−1)·MSW) cut to [0, 1], σ² = MSW + max(0, MSB − MSW)/n_0 (Donner
    1986). With fewer than ``min_clusters`` points, or no point with two answers, ρ is the
    policy's ``cluster_correlation`` and σ² the variance of all answers (``too_few_points``).
    Raises ``AnalysisError`` (``bad_counts``) for counts below 0 or fewer than two answers.
    """
    held = np.asarray(n) > 0
    m = np.asarray(n, np.float64)[held]
    total = np.asarray(sums, np.float64)[held]
    answers, points = float(m.sum()), len(m)
    if np.any(np.asarray(n) < 0) or answers < 2:
        raise AnalysisError("bad_counts", "A spread needs two answers, and counts of 0 or more.")
    mean = total.sum() / answers
    whole = max(0.0, (sum_squares - answers * mean**2) / (answers - 1))
    if points < policy.min_clusters or answers - points < 1:
        why = Reason("too_few_points", {"points": points, "needed": policy.min_clusters})
        return ClusterSpread(float(whole), policy.cluster_correlation, False, why)
    between = float(np.sum((total - m * mean) ** 2 / m)) / (points - 1)
    within = max(0.0, sum_squares - float(np.sum(total**2 / m))) / (answers - points)
    size = (answers - float(np.sum(m**2)) / answers) / (points - 1)
    spread = between + (size - 1) * within
    rho = (between - within) / spread if spread > 0 else 0.0
    sigma2 = within + max(0.0, between - within) / size
    return ClusterSpread(sigma2, min(1.0, max(0.0, rho)), True)


def clustered_variance(answers: Sequence[int] | IntArray, spread: ClusterSpread) -> float:
    """V = σ²·[(1−ρ)·M + ρ·Σ m_j²]/M² of the mean; needs at least one answer."""
    m = np.asarray(answers, np.float64)
    M = m.sum()
    return float(spread.sigma2 * ((1 - spread.rho) * M + spread.rho * np.sum(m**2)) / M**2)


def plan_points(
    points: Sequence[CollectionPoint],
    *,
    spread: ClusterSpread,
    target: float,
    new_point_size: int | None = None,
) -> PointPlan:
    """The fewest further answers, and where, with which the mean's variance is ≤ ``target``.

    ``target`` in points², such as ``SettlingStep.random_variance_then``; σ² of ``spread`` carries
    the design effect of the weights when it is multiplied by it. ``new_point_size`` answers are
    expected at a point not yet there (default: the mean of those there, at least 5). No plan
    exceeds a capacity. Raises ``AnalysisError`` (``bad_target``, ``bad_counts``, ``point_twice``).
    """
    check_points(points, spread, target)
    ordered = sorted(points, key=lambda p: p.point)
    used = [p.answers for p in ordered if p.answers]
    now = clustered_variance(used, spread) if used else None
    found = spread_answers(ordered, spread, target)
    if found is not None:
        additional, then = found
        return PointPlan(True, additional, sum(additional.values()), now, then)
    size = new_point_size or max(5, round(float(np.mean(used))) if used else 5)
    count, plan = with_new_points(ordered, spread, target=target, size=size)
    why = Reason("new_points_needed", {"points": count, "size": size})
    if plan is None:
        return PointPlan(False, {}, None, now, None, None, size, why)
    additional, then = plan
    return PointPlan(False, additional, sum(additional.values()), now, then, count, size, why)


def check_points(points: Sequence[CollectionPoint], spread: ClusterSpread, target: float) -> None:
    """Raise ``AnalysisError`` for input that cannot be planned with."""
    if not (0 < target < math.inf and 0 <= spread.rho <= 1 and 0 <= spread.sigma2 < math.inf):
        raise AnalysisError(
            "bad_target",
            "The target must be a variance above 0, ρ between 0 and 1 and σ² 0 or more.",
        )
    names = [p.point for p in points]
    for p in points:
        if names.count(p.point) > 1:
            raise AnalysisError("point_twice", f"The point {p.point} is given twice.")
        if p.answers < 0 or (p.capacity is not None and p.capacity < 0):
            raise AnalysisError(
                "bad_counts",
                f"Point {p.point}: answers and capacity must be 0 or more.",
                point=p.point,
            )


def spread_answers(
    points: Sequence[CollectionPoint], spread: ClusterSpread, target: float
) -> tuple[dict[str, int], float] | None:
    """Additional answers by point with the variance they give; ``None``: out of reach.

    The greedy order is the ascending list of the sizes at which answers are added: a point with
    m answers and capacity q offers m, m+1, …, m+q−1, and adding at size l raises Σm² by 2l + 1.
    """
    m = np.array([p.answers for p in points], np.int64)
    room = np.array(
        [LIMIT if p.capacity is None else min(p.capacity, LIMIT) for p in points], np.int64
    )
    levels = lowest_levels(m, room)
    M = m.sum() + np.arange(len(levels) + 1, dtype=np.float64)
    squares = np.sum(m.astype(np.float64) ** 2) + np.concatenate(
        [[0.0], np.cumsum(2.0 * levels + 1)]
    )
    safe = np.where(M > 0, M, 1.0)
    variance = spread.sigma2 * ((1 - spread.rho) * safe + spread.rho * squares) / safe**2
    reached = np.flatnonzero((variance <= target) & (M > 0))
    if not len(reached):
        return None
    first = int(reached[0])
    given = fill(m, room, first)
    found = {p.point: int(g) for p, g in zip(points, given, strict=True) if g}
    return found, float(variance[first])


def lowest_levels(answers: IntArray, room: IntArray) -> IntArray:
    """The sizes at which the first ``LIMIT`` greedy answers are added, ascending.

    A point with m answers and room q offers each size m … m+q−1 once; sizes are counted, not
    listed by point, so that many points with much room cost no memory.
    """
    edges = np.zeros(int((answers + room).max(initial=0)) + 1, np.int64)
    np.add.at(edges, answers, 1)
    np.add.at(edges, answers + room, -1)
    offered = np.cumsum(edges)
    enough = int(np.searchsorted(np.cumsum(offered), LIMIT)) + 1
    return np.repeat(np.arange(len(offered[:enough])), offered[:enough])[:LIMIT]


def fill(answers: IntArray, room: IntArray, total: int) -> IntArray:
    """``total`` answers given one by one to the point that has the fewest, in order of points.

    All points are first filled to the highest level that ``total`` allows (by halving), then the
    rest goes to the first of those that stand on it.
    """
    low, high = 0, int(answers.max(initial=0)) + total + 1
    while high - low > 1:
        middle = (low + high) // 2
        if int(np.clip(middle - answers, 0, room).sum()) <= total:
            low = middle
        else:
            high = middle
    given = np.clip(low - answers, 0, room)
    open_ = np.flatnonzero((answers + given == low) & (given < room))
    given[open_[: total - int(given.sum())]] += 1
    return given


def with_new_points(
    points: Sequence[CollectionPoint], spread: ClusterSpread, *, target: float, size: int
) -> tuple[int | None, tuple[dict[str, int], float] | None]:
    """The fewest new points that bring the target into reach, with the plan; by halving.

    More points never hurt: what can be done with r of them can be done with more.
    """

    def attempt(count: int) -> tuple[dict[str, int], float] | None:
        fresh = [CollectionPoint(f"new-{i + 1}", 0, size) for i in range(count)]
        return spread_answers([*points, *fresh], spread, target)

    high = 1
    while attempt(high) is None:
        high *= 2
        if high > MOST_NEW_POINTS:
            return None, None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if attempt(middle) is not None else (middle, high)
    return high, attempt(high)


def plan_categories(
    variable: str,
    respondents: Mapping[str, int],
    residents: Mapping[str, float],
    *,
    additional: int,
) -> CategoryPlan:
    """From which categories ``additional`` answers make the effective sample largest.

    ``respondents`` and ``residents`` by category; a category without residents takes no part,
    nor does "unknown". A category with residents and no respondents comes first: without it the
    street is not represented at all. Raises ``AnalysisError`` (``bad_counts``).
    """
    peopled = {c: float(r) for c, r in residents.items() if c != UNKNOWN and r > 0}
    counts = {c: respondents.get(c, 0) for c in peopled}
    if additional < 0 or min(counts.values(), default=0) < 0:
        raise AnalysisError("bad_counts", "Counts of answers must be 0 or more.")
    shares = {c: r / math.fsum(peopled.values()) for c, r in peopled.items()}
    silent = tuple(c for c in peopled if counts[c] == 0)
    then = dict(counts)
    queue = [(gain(shares[c], then[c]), place, c) for place, c in enumerate(peopled)]
    heapq.heapify(queue)
    for _ in range(additional if queue else 0):
        _, place, category = queue[0]
        then[category] += 1
        heapq.heapreplace(queue, (gain(shares[category], then[category]), place, category))
    now_effective, now_deff = post_stratified(counts, shares)
    then_effective, then_deff = post_stratified(then, shares)
    return CategoryPlan(
        variable=variable,
        additional={c: then[c] - counts[c] for c in peopled if then[c] > counts[c]},
        deff_now=now_deff,
        deff_then=then_deff,
        n_effective_now=now_effective,
        n_effective_then=then_effective,
        without_respondents=silent,
    )


def gain(share: float, n: int) -> tuple[int, float]:
    """Minus what the next answer takes from Σ p²/n; the silent categories first, largest first."""
    return (0, -share) if n == 0 else (1, -(share**2) / (n * (n + 1)))


def post_stratified(
    counts: Mapping[str, int], shares: Mapping[str, float]
) -> tuple[float | None, float | None]:
    """n_eff = 1/Σ(p_c²/n_c) and deff = n/n_eff; ``None`` while a category is silent."""
    if not counts or min(counts.values()) == 0:
        return None, None
    effective = 1 / math.fsum(shares[c] ** 2 / n for c, n in counts.items())
    return effective, sum(counts.values()) / effective
