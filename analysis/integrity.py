"""Signals that a response may not be a resident's own opinion, combined to a risk score.

Four signals: **burst** (see ``bursts``), **straight_line** (a collection point where one option
for everything is more frequent than anywhere else explains), **speeding** (answered faster than
the questions can be read) and **coached** (somebody asked for a certain answer). The policy gives
each its points; from ``quarantine_threshold`` on a response is 待核查: it is held back until two
people have decided, and the index is printed with and without it. A signal never rejects.

Praise and blame are treated alike: no function here knows which option is the good one, so
mirrored answers give the same risk (method §12).

References: Krosnick 1991 (satisficing); Griffiths 1973 and Kleinman 1973 (beta-binomial by
moments); Dunn 1961 (Bonferroni); Wilson 1927.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import betainc, betaln, gammaln

from analysis.bursts import (
    BoolArray,
    Bursts,
    find_bursts,
    negative_binomial_tail,
    poisson_tail,
    upper_ratio,
)
from analysis.policy import Policy
from analysis.shares import wilson_estimate
from analysis.types import AnalysisError, Estimate, FloatArray, IntArray, Reason

__all__ = [
    "Bursts",
    "RiskScores",
    "StraightLines",
    "beta_binomial_tail",
    "burst_signal",
    "coaching_rate",
    "find_bursts",
    "negative_binomial_tail",
    "poisson_tail",
    "risk_scores",
    "speeding",
    "straight_line_signal",
    "straight_options",
    "uniform_points",
]

LEAST_POINTS = 5
"""Points with answers needed before one can be called more uniform than the others."""


@dataclass(frozen=True, slots=True)
class StraightLines:
    """Points where one option for everything is too frequent; arrays (G, O) points × options.

    ``flagged``; ``expected`` share of such responses from the other points; ``chance`` of as many
    or more; ``correlation`` ρ of the points; ``limit`` and ``tests`` as for bursts. ``reason``
    (``too_few_points``): nothing could be judged.
    """

    flagged: BoolArray
    expected: FloatArray
    chance: FloatArray
    correlation: float
    limit: float
    tests: int
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class RiskScores:
    """Risk of every response (n,): ``points`` and whether it ``needs_review`` (待核查).

    ``counts`` responses with each signal; ``not_measured`` signals the policy knows and nobody
    measured: they add nothing, which is not the same as being absent.
    """

    points: FloatArray
    needs_review: BoolArray
    counts: Mapping[str, int]
    not_measured: tuple[str, ...]


def burst_signal(bursts: Bursts, point: IntArray, hour: IntArray) -> BoolArray:
    """Which responses came in a burst; ``point`` and ``hour`` (n,) positions in its arrays."""
    return bursts.flagged[np.asarray(point), np.asarray(hour)]


def straight_options(options: IntArray, *, policy: Policy) -> IntArray:
    """The one option (n,) a response gave to everything, −1 where it gave several.

    ``options`` (n, K): position 0.. of the option each response gave to each indicator, −1 for
    none and for don't know. Fewer than ``straight_line_items`` opinions are no line.
    """
    given = np.asarray(options)
    if given.ndim != 2:
        raise AnalysisError("bad_options", "Options must be a table of responses × indicators.")
    if given.shape[1] == 0:
        return np.full(len(given), -1)
    highest = given.max(axis=1)
    same = np.all((given == highest[:, None]) | (given < 0), axis=1)
    enough = (given >= 0).sum(axis=1) >= policy.straight_line_items
    return np.where(same & enough, highest, -1)


def uniform_points(lines: IntArray, eligible: IntArray, *, policy: Policy) -> StraightLines:
    """Points where straight lines are more frequent than the other points make likely.

    ``lines`` (G, O): responses of each point that gave option o to everything; ``eligible`` (G,):
    responses with enough opinions. Satisfied residents honestly give the best option to
    everything, so a line is no signal by itself: each point is held against the share of the
    *other* points, option by option. Points differ for honest reasons too; the count is
    beta-binomial with correlation ρ, pooled by moments over the other points and all options,
    ρ = Σ[(x−np)² − np(1−p)] / Σ n(n−1)p(1−p), at its upper 95 % limit. Flagged:
    P(X ≥ x) < ``straight_line_error`` / (points × options). Simulated with 20 points and ρ from 0
    to .15, false alarms come in 1 to 5 % of waves; with only 6 points and ρ = .15 in 11 %. Raises
    ``AnalysisError`` (``bad_counts``).
    """
    x, n = np.asarray(lines, np.float64), np.asarray(eligible, np.float64)
    if x.ndim != 2 or n.shape != x.shape[:1] or np.any(x < 0) or np.any(x.sum(axis=1) > n):
        raise AnalysisError(
            "bad_counts", "A point cannot have more straight lines than responses, nor below 0."
        )
    flagged, tests = np.zeros(x.shape, bool), int((n > 0).sum()) * x.shape[1]
    limit = policy.straight_line_error / max(1, tests)
    if (n > 0).sum() < LEAST_POINTS:
        why = Reason("too_few_points", {"points": int((n > 0).sum()), "needed": LEAST_POINTS})
        return StraightLines(flagged, np.zeros(x.shape), np.ones(x.shape), 0.0, limit, tests, why)
    others = n.sum() - n
    p = (x.sum(axis=0) - x + 0.5) / (others + 1)[:, None]
    excess = ((x - n[:, None] * p) ** 2 - n[:, None] * p * (1 - p)).sum(axis=1)
    scale = ((n * (n - 1))[:, None] * p * (1 - p)).sum(axis=1)
    rho = upper_ratio(excess[:, None], scale[:, None])[:, 0]
    # The share p comes from other points that differ just as much.
    rho = np.clip(rho * (1 + ((n**2).sum() - n**2) / np.maximum(others, 1) ** 2), 0.0, 0.999)
    chance = np.ones(x.shape)
    for g, o in np.argwhere((x > 0) & (n > 0)[:, None]):
        chance[g, o] = beta_binomial_tail(int(x[g, o]), int(n[g]), float(p[g, o]), float(rho[g]))
    whole = float(np.clip(excess.sum() / scale.sum(), 0.0, 0.999)) if scale.sum() > 0 else 0.0
    return StraightLines(chance < limit, p, chance, whole, limit, tests)


def beta_binomial_tail(count: int, n: int, share: float, correlation: float) -> float:
    """P(X ≥ count) of n draws with mean share p and intra-class correlation ρ.

    a = p(1−ρ)/ρ, b = (1−p)(1−ρ)/ρ; P(X = k) = C(n, k)·B(k+a, n−k+b)/B(a, b). ρ = 0 is binomial:
    I_p(x, n−x+1). 0 ≤ count ≤ n, 0 < p < 1, 0 ≤ ρ < 1.
    """
    if count <= 0:
        return 1.0
    if correlation < 1e-9:
        return float(betainc(count, n - count + 1, share))
    a = share * (1 - correlation) / correlation
    b = (1 - share) * (1 - correlation) / correlation
    k = np.arange(count, n + 1)
    choose = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return float(min(1.0, np.exp(choose + betaln(k + a, n - k + b) - betaln(a, b)).sum()))


def straight_line_signal(
    options: IntArray, point: IntArray, *, policy: Policy, option_count: int = 5
) -> tuple[BoolArray, StraightLines]:
    """Which responses are a straight line at a point that has too many of that line.

    ``options`` (n, K) as in ``straight_options``; ``point`` (n,) position of the collection point.
    Raises ``AnalysisError`` (``bad_options``) for an option outside 0..``option_count`` − 1.
    """
    given, place = np.asarray(options), np.asarray(point)
    line = straight_options(given, policy=policy)
    if np.any(given >= option_count) or np.any(given < -1) or place.shape != line.shape:
        raise AnalysisError(
            "bad_options",
            f"Options must be −1 to {option_count - 1}, with one collection point per response.",
        )
    points = int(place.max(initial=-1)) + 1
    enough = (given >= 0).sum(axis=1) >= policy.straight_line_items
    eligible = np.bincount(place[enough], minlength=points)
    lines = np.zeros((points, option_count), np.int64)
    np.add.at(lines, (place[line >= 0], line[line >= 0]), 1)
    found = uniform_points(lines, eligible, policy=policy)
    held = line >= 0
    signal = np.zeros(len(line), bool)
    signal[held] = found.flagged[place[held], line[held]]
    return signal, found


def speeding(seconds: FloatArray, *, policy: Policy) -> BoolArray:
    """Which responses (n,) took less than ``speeding_seconds``; an unknown time (NaN) is no signal.

    The server measures between handing out the page and storing the answer; it is not kept
    beyond the check. Raises ``AnalysisError`` (``bad_seconds``) for a negative time.
    """
    taken = np.asarray(seconds, np.float64)
    if np.any(taken < 0):
        raise AnalysisError("bad_seconds", "Seconds must be 0 or more, or unknown.")
    return np.nan_to_num(taken, nan=np.inf) < policy.speeding_seconds


def risk_scores(signals: Mapping[str, Any], *, policy: Policy) -> RiskScores:
    """Sum of the policy's points over the signals of each response, and who needs a review.

    ``signals`` maps ``burst``, ``straight_line``, ``speeding``, ``coached`` to booleans (n,), all
    of one length. Needs review: points ≥ ``quarantine_threshold``. Raises ``AnalysisError``
    (``unknown_signal``, ``bad_signals``).
    """
    unknown = sorted(set(signals) - set(policy.integrity_weights))
    if unknown:
        raise AnalysisError(
            "unknown_signal",
            f"The policy has no points for the signal {unknown[0]!r}; it knows "
            f"{', '.join(policy.integrity_weights)}.",
            signal=unknown[0],
        )
    arrays = {name: np.asarray(held) for name, held in signals.items()}
    shapes = {held.shape for held in arrays.values()}
    if len(shapes) > 1 or any(held.dtype != bool or held.ndim != 1 for held in arrays.values()):
        raise AnalysisError("bad_signals", "Signals must be yes or no, one for every response.")
    points = np.zeros(next(iter(shapes), (0,)))
    for name, held in arrays.items():
        points = points + policy.integrity_weights[name] * held
    return RiskScores(
        points=points,
        needs_review=points >= policy.quarantine_threshold,
        counts={name: int(held.sum()) for name, held in arrays.items()},
        not_measured=tuple(name for name in policy.integrity_weights if name not in arrays),
    )


def coaching_rate(coached: int, asked: int, *, policy: Policy, random: bool = False) -> Estimate:
    """Share of those who answered "did somebody ask you to answer in a certain way?" with yes.

    Wilson interval at ``asked``; suppressed like an index on as many answers. It is a figure
    about the street's survey, not about persons: whoever says yes is not suspected (their points
    are 0 by default). Raises ``AnalysisError`` (``bad_counts``) unless 0 ≤ coached ≤ asked.
    """
    if not 0 <= coached <= asked:
        raise AnalysisError("bad_counts", "Between none and all of those asked can say yes.")
    if not asked:
        return Estimate(None, None, None, 0, 0.0, "no_answers", random=random)
    return wilson_estimate(coached / asked, asked, float(asked), policy=policy, random=random)
