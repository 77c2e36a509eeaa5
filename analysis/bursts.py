"""Bursts: hours in which far more responses arrive at a collection point than its habits explain.

Only counts per point and hour go in, never an answer: a burst of praise and a burst of blame are
the same to it. A burst is not a proof; people meet, a notice is read out. It holds the responses
back until two people have looked.

**Model.** X_pt, responses at point p in hour t with hour of day h, is negative binomial with mean
μ and variance μ + φμ². The mean is the point's own habit, shrunk towards the district's where the
point is young (a gamma prior worth ``PROFILE_PRIOR`` answers, Robbins 1956; Efron 2010):

    μ = (x_ph + κ) / (E_ph + κ/(L_p·q_h)),   L_p = (x_p + 1) / (Σ_h E_ph·q_h + 1)

x_ph answers and E_ph open hours of the point at that hour of day, q_h the district's answers per
open hour, L_p the point's level against the district. The hour that is tested never takes part in
its own expectation, nor do hours already called bursts, or a burst would hide itself.

**Spread.** φ = φ_0 + (1 + φ_0)·ψ: φ_0 is the over-dispersion of all other points, pooled by
weighted moments, Σw[(x−μ)² − μ − ψμ²]/Σw(1+ψ)μ², at its upper 95 % limit and not below 0; ψ is the
squared relative error of μ itself, 1/(x_ph+κ) + (κ/(x_ph+κ))²·[1/(x_p+1) + 1/(x_h+1)], so a point
with little past is believed little. With φ = 0 the tail is Poisson's.

**Decision.** P(X ≥ x) < ``burst_error`` / (points × open hours), Bonferroni's bound: the chance
that anything is called a burst in a wave without one is at most ``burst_error`` under the model.
Simulated with 20 points over 14 days and φ_0 of 0, 0.3 and 1, false alarms come in 0 to 3 % of
waves; 30 answers too many in one hour of a point with some 2 an hour are found in 96 % (φ_0 = 0)
and 71 % (φ_0 = 0.3) of waves, 60 in 100 % and 90 %. A brigade that comes slowly is not found.

References: Johnson, Kemp & Kotz 2005, ch. 4–5 (tails as incomplete gamma and beta functions);
Bonferroni 1936 / Dunn 1961; Farrington et al. 1996 (detection by over-dispersed counts with past
outbreaks taken out of the baseline).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, gammainc

from analysis.policy import Policy
from analysis.types import AnalysisError, FloatArray, IntArray, Reason

BoolArray = NDArray[np.bool_]

PROFILE_PRIOR = 10.0
"""κ: answers that the district's profile is worth against the point's own, per hour of day."""
LEAST_HOURS = 24
"""Open hours a baseline needs; below it nothing is called a burst."""
ROUNDS = 10
UPPER = 1.645
TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Bursts:
    """What was found; arrays (P, T) points × hours.

    ``flagged`` the bursts; ``expected`` μ and ``chance`` P(X ≥ x) of each hour, 0 and 1 where the
    point was closed. ``dispersion`` φ_0; ``limit`` the chance below which an hour is a burst and
    ``tests`` the number of hours tested. ``reason`` (``too_little_baseline``): nothing could be
    judged.
    """

    flagged: BoolArray
    expected: FloatArray
    chance: FloatArray
    dispersion: float
    limit: float
    tests: int
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """Mean μ and squared relative error ψ of every point and hour, (P, T)."""

    mean: FloatArray
    error: FloatArray


def poisson_tail(count: ArrayLike, mean: ArrayLike) -> FloatArray:
    """P(X ≥ count) for a Poisson mean > 0: the regularised lower incomplete gamma γ(x, μ)/Γ(x).

    1 for a count of 0. Example: mean 4, P(X ≥ 15) = 1.9932e-5.
    """
    x = np.asarray(count, np.float64)
    return np.where(x > 0, gammainc(np.maximum(x, 1.0), mean), 1.0)


def negative_binomial_tail(count: ArrayLike, mean: ArrayLike, dispersion: ArrayLike) -> FloatArray:
    """P(X ≥ count) for mean μ > 0 and variance μ + φμ², φ ≥ 0: I_{μ/(μ+1/φ)}(x, 1/φ).

    φ = 0 is Poisson's tail. 1 for a count of 0.
    """
    x, mu, phi = np.broadcast_arrays(
        np.asarray(count, np.float64), np.asarray(mean, np.float64), np.asarray(dispersion)
    )
    plain = phi * np.maximum(mu, 1.0) < 1e-10
    size = 1 / np.where(plain, 1.0, phi)
    tail = betainc(np.maximum(x, 1.0), size, mu / (mu + size))
    return np.where(plain, poisson_tail(x, mu), np.where(x > 0, tail, 1.0))


def find_bursts(
    counts: IntArray,
    hour_of_day: IntArray,
    open_hours: BoolArray | None = None,
    *,
    policy: Policy,
) -> Bursts:
    """Hours of a wave in which responses burst in.

    ``counts`` (P, T) responses per point and hour, ``hour_of_day`` (T,) 0..23 of each hour,
    ``open_hours`` (P, T) when the point could be reached (default: always); an hour with a
    response counts as open. An hour with fewer than ``burst_min`` responses is never a burst.
    Raises ``AnalysisError`` (``bad_arrivals``) for shapes that do not fit, negative counts or an
    hour of day outside 0..23.
    """
    x, hours, open_ = checked_arrivals(counts, hour_of_day, open_hours)
    tests = int(open_.sum())
    limit = policy.burst_error / max(1, tests)
    flagged = np.zeros(x.shape, bool)
    if tests < LEAST_HOURS:
        why = Reason("too_little_baseline", {"hours": tests, "needed": LEAST_HOURS})
        return Bursts(flagged, np.zeros(x.shape), np.ones(x.shape), 0.0, limit, tests, why)
    for _ in range(ROUNDS):
        used = open_ & ~flagged
        found = expectation(x, hours, used)
        pooled, each = dispersion(x, found, used)
        chance = negative_binomial_tail(x, found.mean, each + (1 + each) * found.error)
        called = open_ & (x >= policy.burst_min) & (chance < limit)
        if not np.any(called & ~flagged):
            break
        flagged |= called
    return Bursts(
        flagged=flagged,
        expected=np.where(open_, found.mean, 0.0),
        chance=np.where(open_, chance, 1.0),
        dispersion=pooled,
        limit=limit,
        tests=tests,
    )


def checked_arrivals(
    counts: Any, hour_of_day: Any, open_hours: Any
) -> tuple[FloatArray, IntArray, BoolArray]:
    """Counts, hours of day and open hours as arrays that fit. Raises ``AnalysisError``."""
    x, hours = np.asarray(counts, np.float64), np.asarray(hour_of_day)
    open_ = np.ones(x.shape, bool) if open_hours is None else np.asarray(open_hours, bool)
    fits = x.ndim == 2 and hours.shape == x.shape[1:] and open_.shape == x.shape
    if not (
        fits
        and np.all(x >= 0)
        and np.all(np.isfinite(x))
        and np.all(x == np.floor(x))
        and np.all((hours >= 0) & (hours <= 23) & (hours == np.floor(hours)))
    ):
        raise AnalysisError(
            "bad_arrivals",
            "Arrivals must be counts of 0 or more by point and hour, with the hour of day 0 to 23 "
            "of each hour.",
        )
    return x, hours.astype(np.int64), open_ | (x > 0)


def expectation(x: FloatArray, hours: IntArray, used: BoolArray) -> Expectation:
    """μ and ψ of every hour from the ``used`` hours without itself; formulas above.

    q_h is shrunk towards the mean of all hours by the worth of one answer, so that an hour of
    day that nobody knows yet has an expectation too.
    """
    own = np.where(used, x, 0.0)
    answers = by_hour(own, hours)
    exposure = by_hour(used.astype(np.float64), hours)
    # Each entry is the total without the tested hour itself.
    x_ph = answers[:, hours] - own
    e_ph = exposure[:, hours] - used
    x_p = answers.sum(axis=1)[:, None] - own
    x_h = answers.sum(axis=0)[hours] - own
    e_h = exposure.sum(axis=0)[hours] - used
    mean = (answers.sum() - own + 1) / (exposure.sum() - used + 1)
    q_h = (x_h + 1) / (e_h + 1 / mean)
    profile = district_profile(answers, exposure)
    usual = (exposure @ profile)[:, None] - used * profile[hours]
    level = (x_p + 1) / (usual + 1)
    prior = level * q_h
    mu = (x_ph + PROFILE_PRIOR) / (e_ph + PROFILE_PRIOR / prior)
    trust = PROFILE_PRIOR / (x_ph + PROFILE_PRIOR)
    error = 1 / (x_ph + PROFILE_PRIOR) + trust**2 * (1 / (x_p + 1) + 1 / (x_h + 1))
    return Expectation(mu, error)


def by_hour(table: FloatArray, hours: IntArray) -> FloatArray:
    """Sums (P, 24) of a table (P, T) by hour of day."""
    sums = np.zeros((len(table), 24))
    np.add.at(sums.T, hours, table.T)
    return sums


def district_profile(answers: FloatArray, exposure: FloatArray) -> FloatArray:
    """q_h (24,) of all used hours: answers per open hour, shrunk by the worth of one answer."""
    mean = (answers.sum() + 1) / (exposure.sum() + 1)
    return (answers.sum(axis=0) + 1) / (exposure.sum(axis=0) + 1 / mean)


def dispersion(x: FloatArray, found: Expectation, used: BoolArray) -> tuple[float, FloatArray]:
    """φ_0 pooled over all used hours; and for each point the upper limit from the others (P, T).

    Σ w·e / Σ w·m over hours with e = (x−μ)² − μ − ψμ², m = (1+ψ)μ² and weights
    w = 1/(v + (2 + 6φ)v²), v = μ + φμ²: the inverse of the variance of e, so that every hour
    has the say its noise allows; three rounds settle φ in w. The limit adds 1.645 standard
    errors, √Σ w²(e − φm)² / Σ w·m: the tail beyond one in many thousands hangs on φ, so it must
    not be too small by chance.
    """
    square = found.mean**2
    excess = np.where(used, (x - found.mean) ** 2 - found.mean - found.error * square, 0.0)
    scale = np.where(used, (1 + found.error) * square, 0.0)
    phi = 0.0
    for _ in range(3):
        spread = found.mean + phi * square
        weight = 1 / (spread + (2 + 6 * phi) * spread**2)
        phi = max(0.0, float(np.sum(weight * excess) / np.sum(weight * scale)))
    return phi, upper_ratio(weight * excess, weight * scale)


def upper_ratio(parts: FloatArray, mass: FloatArray) -> FloatArray:
    """Upper 95 % limit of Σe/Σs from all rows but the own, at least 0; tables (P, T) of e and s.

    r + 1.645·√Σ(e − r·s)²/Σs with r = max(0, Σe/Σs). The row of what is tested is left out whole:
    a brigade of several hours must not widen its own limits. One row: entry by entry.
    """
    e, s, ee, es, ss = map(without_own, (parts, mass, parts**2, parts * mass, mass**2))
    safe = np.where(s > TINY, s, 1.0)
    ratio = np.where(s > TINY, np.maximum(0.0, e / safe), 0.0)
    noise = np.maximum(0.0, ee - 2 * ratio * es + ratio**2 * ss)
    return ratio + np.where(s > TINY, UPPER * np.sqrt(noise) / safe, 0.0)


def without_own(table: FloatArray) -> FloatArray:
    """The sum of a table (P, T) without each entry's point; with one point, without the entry."""
    own = table.sum(axis=1, keepdims=True) if len(table) > 1 else table
    return np.broadcast_to(table.sum() - own, table.shape)
