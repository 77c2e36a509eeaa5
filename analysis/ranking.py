"""What can be said of the order of streets: pairwise tests, rank sets, chances, verification.

Rank 1 is the largest score. Nothing here knows streets or policies: arrays in, records out.
Sets by the studentised maximum, the diagnostic beside Holm's, are in ``studentised_ranks``.

References: Holm 1979; DerSimonian & Laird 1986; Laird & Louis 1989; Goldstein & Spiegelhalter
1996; Gutmann & Maymin 1987 and Hung & Fithian 2019 (verification of an extreme).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from analysis.streams import dersimonian_laird
from analysis.types import AnalysisError, FloatArray, IntArray

GRID_PER_SD = 6
GRID_REACH = 9.0
GRID_LIMIT = 20000


@dataclass(frozen=True, slots=True)
class RankSets:
    """Set of ranks of each unit: ``low`` ≤ rank ≤ ``high`` (S,), and which pairs differ.

    ``above`` (S, S): unit j is significantly above unit i in ``above[i, j]``.
    """

    low: IntArray
    high: IntArray
    above: np.ndarray


@dataclass(frozen=True, slots=True)
class Chances:
    """Descriptive chances of ranks. ``chances`` (S, S): row of each unit, rank 1 first.

    ``mean`` and ``variance`` (S,) are of the shrunken scores behind them; μ, τ² and Q say how
    much the streets differ at all. With τ² = 0 every rank has the chance 1/S.
    """

    chances: FloatArray
    mean: FloatArray
    variance: FloatArray
    mu: float
    tau2: float
    q: float
    shrinkage: FloatArray


def check_scores(scores: FloatArray, variances: FloatArray) -> None:
    """Raise ``AnalysisError`` (``bad_variance``) unless scores are finite and variances > 0."""
    if not (np.all(np.isfinite(scores)) and np.all(np.isfinite(variances) & (variances > 0))):
        raise AnalysisError(
            "bad_variance", "Every score must be a number and every variance above 0."
        )


def pairwise_z(scores: FloatArray, variances: FloatArray) -> FloatArray:
    """z_ij = (x_j − x_i)/√(V_i + V_j), (S, S). Positive: j is above i.

    Covariances are left out; where scores share a shift they are positive, so this errs towards
    calling fewer pairs different.
    """
    check_scores(scores, variances)
    return (scores[None, :] - scores[:, None]) / np.sqrt(variances[None, :] + variances[:, None])


def holm_rank_sets(scores: FloatArray, variances: FloatArray, *, error: float = 0.05) -> RankSets:
    """Rank sets from all pairwise two-sided z tests with Holm's correction.

    [1 + number significantly above, S − number significantly below] (method §9).
    """
    z = pairwise_z(scores, variances)
    S = len(scores)
    first, second = np.triu_indices(S, 1)
    p = 2 * ndtr(-np.abs(z[first, second]))
    order = np.argsort(p, kind="stable")
    limits = error / (len(p) - np.arange(len(p)))
    passed = np.logical_and.accumulate(p[order] <= limits) if len(p) else np.zeros(0, bool)
    significant = np.zeros((S, S), bool)
    kept = order[passed]
    significant[first[kept], second[kept]] = significant[second[kept], first[kept]] = True
    above = significant & (z > 0)
    return RankSets(1 + above.sum(axis=1), S - above.sum(axis=0), above)


def shrunken_chances(scores: FloatArray, variances: FloatArray) -> Chances:
    """Chances of every rank from the shrunken scores (method §8). Descriptive only.

    B = V/(V+τ²); m = μ + (1−B)(x−μ); v = V(1−B) + B²/Σ(1/(V+τ²)); μ, τ² by DerSimonian–Laird.
    """
    check_scores(scores, variances)
    S = len(scores)
    effects = dersimonian_laird(scores, variances)
    total = variances + effects.tau2
    shrinkage = variances / total
    mean = effects.mean + (1 - shrinkage) * (scores - effects.mean)
    variance = variances * (1 - shrinkage) + shrinkage**2 / np.sum(1 / total)
    if effects.tau2 == 0:
        chances = np.full((S, S), 1 / S)
    else:
        chances = rank_chances(mean, variance)
    return Chances(chances, mean, variance, effects.mean, effects.tau2, effects.q, shrinkage)


def rank_chances(mean: FloatArray, variance: FloatArray) -> FloatArray:
    """P(rank_i = r) for independent normals θ_i, (S, S), by integration; no random numbers.

    P(rank_i = r) = ∫ φ_i(u)·P(exactly r−1 of the others exceed u) du. The inner probability is
    Poisson-binomial: the product over all units, with unit i divided out again (from below where
    its own probability is at most one half, from above otherwise, which keeps errors from
    growing). The trapezoid rule on a grid of a sixth of the smallest sd is exact to ~1e-12; an
    sd below a 3,000th of the range is taken as that.
    """
    sd = np.sqrt(variance)
    # What the grid cannot resolve is taken as wide as it can: a 3,000th of the whole range.
    widest = np.max(mean + GRID_REACH * sd) - np.min(mean - GRID_REACH * sd)
    sd = np.maximum(sd, widest * GRID_PER_SD / GRID_LIMIT)
    low, high = np.min(mean - GRID_REACH * sd), np.max(mean + GRID_REACH * sd)
    points = min(GRID_LIMIT, math.ceil((high - low) * GRID_PER_SD / sd.min()) + 1)
    u = np.linspace(low, high, points)
    z = (u[None, :] - mean[:, None]) / sd[:, None]
    exceed = ndtr(-z)
    below = ndtr(z)
    density = np.exp(-0.5 * z * z) / (math.sqrt(2 * math.pi) * sd[:, None]) * (u[1] - u[0])
    S = len(mean)
    counts = np.zeros((S + 1, points))
    counts[0] = 1.0
    for i in range(S):
        counts[1 : i + 2] = counts[1 : i + 2] * below[i] + counts[: i + 1] * exceed[i]
        counts[0] *= below[i]
    chances = np.zeros((S, S))
    rising = exceed <= 0.5
    rest = np.zeros((S, points))
    for k in range(S):
        rest = (counts[k] - exceed * rest) / np.where(rising, below, 1.0)
        chances[:, k] += np.sum(np.where(rising, density * rest, 0.0), axis=1)
    rest = np.zeros((S, points))
    for k in range(S - 1, -1, -1):
        rest = (counts[k + 1] - below * rest) / np.where(rising, 1.0, exceed)
        chances[:, k] += np.sum(np.where(rising, 0.0, density * rest), axis=1)
    chances = np.clip(chances, 0.0, 1.0)
    return chances / chances.sum(axis=1, keepdims=True)


def verify_last(scores: FloatArray, variances: FloatArray) -> tuple[int, float]:
    """The lowest unit and z_min = min_j (x_j − x_s)/√(V_j + V_s) (method §10); ties give 0.

    Testing the observed extreme against each other unit needs no further correction (Gutmann &
    Maymin 1987; Hung & Fithian 2019). Raises ``AnalysisError`` (``too_few``) for one unit.
    """
    if len(scores) < 2:
        raise AnalysisError("too_few", "A last place needs at least two streets.")
    last = int(np.argmin(scores))
    return last, lowest_z(scores, variances, last)


def lowest_z(scores: FloatArray, variances: FloatArray, unit: int) -> float:
    """Smallest z of all others against ``unit``: negative when another is lower."""
    return float(np.min(np.delete(pairwise_z(scores, variances)[unit], unit)))


def verify_top(scores: FloatArray, variances: FloatArray, k: int) -> tuple[IntArray, float | None]:
    """The k highest units (positions) and the smallest z over inside/outside pairs.

    ``None`` for z when nobody is outside.
    """
    order = np.argsort(-scores, kind="stable")
    inside, outside = np.sort(order[:k]), order[k:]
    if not len(outside):
        return inside, None
    z = pairwise_z(scores, variances)
    return inside, float(np.min(z[np.ix_(outside, inside)]))
