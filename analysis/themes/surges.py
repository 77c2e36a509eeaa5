"""Says which themes surge: far more persons in the last week than their own half year before.

A surge is not a recurring theme: a chronic problem never exceeds its own baseline. Whether a theme
*recurs* for an evaluation is ``analysis.adjustment.is_recurring``.

The last week alone is tested, all themes that have a baseline in one family; an earlier week is
never tested again. A theme known for fewer than ``LEAST_BASELINE`` weeks is not tested: it was
found because of what it has now, so its own past is empty by construction (it is *new*).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc

from analysis.types import FloatArray

BASELINE_WEEKS = 26
# Weeks of life (in which anybody was heard) that a theme needs before it is tested.
LEAST_BASELINE = 4
# Level of Benjamini–Hochberg. Ten per cent are promised; half is asked, because dispersions differ
# between themes and a level that holds for the average one fails for the erratic (measured:
# benchmarks/surges.py).
FALSE_DISCOVERIES = 0.05
# Fewer persons than this in the week are never called a surge.
LEAST_SURGE = 3
# A week of the baseline that is itself as unlikely as this was a surge and is left out of it.
PAST_SURGE = 0.001
# The pooled dispersion weighs like this many weeks of a theme's own.
DISPERSION_WEEKS = 10
LEAST_DISPERSION, MOST_DISPERSION = 1e-6, 10.0


@dataclass(frozen=True, slots=True)
class Surges:
    """What the last week says of every theme, arrays of one entry a theme.

    ``surging``; ``tested``; ``expected`` persons in the week by the baseline; ``chance`` of as many
    persons or more (1 where not tested); ``dispersion`` the pooled 1/k (variance m + m²/k).
    """

    surging: np.ndarray
    tested: np.ndarray
    expected: FloatArray
    chance: FloatArray
    dispersion: float


def surges(
    weekly: ArrayLike, *, heard: ArrayLike | None = None, known_weeks: ArrayLike | None = None
) -> Surges:
    """Test the last week of every theme against the ``BASELINE_WEEKS`` before it.

    weekly: themes × weeks, distinct persons per week, oldest first. heard: persons heard per week
    about anything, so that a week in which everybody writes is no surge of every theme; None takes
    every week for equal. known_weeks: weeks since a theme was first mentioned; None takes it from
    ``weekly``. Raises ValueError for other shapes and for negative numbers.

    Counts are negative binomial with one dispersion pooled over the themes by moments, a theme's
    own where that is larger; each mean is shrunken to the mean of all by empirical Bayes, and the
    uncertainty of the mean widens the distribution (Gamma–Poisson predictive, matched by moments).
    Exact one-sided tails, so discrete counts only lose power; Benjamini & Hochberg (1995).
    Weeks of past surges are left out of the baseline (after Farrington et al. 1996).
    """
    counts, exposure, lived = _checked(weekly, heard=heard, known_weeks=known_weeks)
    themes = counts.shape[0]
    baseline, opened = counts[:, :-1], exposure[:-1]
    used = (opened > 0) & (np.arange(baseline.shape[1], 0, -1) <= lived[:, None])
    tested = used.sum(axis=1) >= LEAST_BASELINE
    expected, chance, surging = np.zeros(themes), np.ones(themes), np.zeros(themes, dtype=bool)
    if not tested.any() or exposure[-1] == 0:
        return Surges(surging, tested & (exposure[-1] > 0), expected, chance, LEAST_DISPERSION)
    baseline, used = baseline[tested], used[tested]
    # A past surge inflates its theme's own dispersion and would hide in it: take the pooled one.
    past = _fit(baseline, opened, used=used, own=False).tail(baseline, opened) < PAST_SURGE
    fit = _fit(baseline, opened, used=used & ~past, own=True)
    last, opened_now = counts[tested, -1], exposure[-1:]
    expected[tested] = fit.means[:, 0] * opened_now
    chance[tested] = fit.tail(last[:, None], opened_now)[:, 0]
    surging[tested] = benjamini_hochberg(chance[tested]) & (last >= LEAST_SURGE)
    return Surges(surging, tested, expected, chance, fit.pooled)


def surging(
    weekly: ArrayLike, *, heard: ArrayLike | None = None, known_weeks: ArrayLike | None = None
) -> np.ndarray:
    """Return for each theme whether it surges in the last week (see ``surges``)."""
    return surges(weekly, heard=heard, known_weeks=known_weeks).surging


def benjamini_hochberg(chances: FloatArray, level: float = FALSE_DISCOVERIES) -> np.ndarray:
    """Return which of the tests stand at this false discovery rate (Benjamini & Hochberg 1995)."""
    ordered = np.sort(chances)
    passed = np.flatnonzero(ordered <= level * np.arange(1, chances.size + 1) / chances.size)
    limit = ordered[passed[-1]] if passed.size else -1.0
    return np.asarray(chances <= limit)


def _checked(
    weekly: ArrayLike, *, heard: ArrayLike | None, known_weeks: ArrayLike | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The last weeks as numbers, persons heard in each, and how many weeks each theme lived."""
    counts = np.asarray(weekly, dtype=np.float64)
    if counts.ndim != 2:
        raise ValueError(f"weekly must be themes × weeks, not of {counts.ndim} dimension(s)")
    counts = counts[:, -BASELINE_WEEKS - 1 :]
    if not counts.shape[1]:
        counts = np.zeros((counts.shape[0], 1))
    themes, weeks = counts.shape
    nothing = heard is None or not np.size(heard)
    exposure = np.ones(weeks) if nothing else np.asarray(heard, dtype=np.float64)
    if exposure.ndim != 1 or exposure.size < weeks:
        raise ValueError("heard must have one number for every week")
    exposure = exposure[exposure.size - weeks :]
    if (counts < 0).any() or (exposure < 0).any():
        raise ValueError("persons per week cannot be negative")
    if known_weeks is None:
        # From the first week in which it was mentioned; before that it may not have existed.
        lived = np.where(counts.any(axis=1), weeks - 1 - (counts > 0).argmax(axis=1), 0.0)
    else:
        lived = np.asarray(known_weeks, dtype=np.float64)
    if lived.shape != (themes,):
        raise ValueError("known_weeks must have one number for every theme")
    return counts, exposure, lived


@dataclass(frozen=True, slots=True)
class _Fit:
    """Means per person heard (themes × 1), their weight in persons, dispersions (themes × 1)."""

    means: FloatArray
    weight: FloatArray
    dispersions: FloatArray
    pooled: float
    opened: float

    def tail(self, counts: FloatArray, exposure: FloatArray) -> FloatArray:
        """P(X ≥ count), themes × weeks: an incomplete beta function of the negative binomial."""
        means = np.maximum(self.means * exposure, 1e-12)
        # Var(mean)/mean² = (1/m + 1/k)/weight, all in weeks of this exposure, adds to 1/k.
        unsure = (exposure / means + self.dispersions * self.opened) / self.weight
        size = 1 / (self.dispersions + unsure)
        chance = betainc(np.maximum(counts, 1), size, means / (means + size))
        return np.where(counts > 0, chance, 1.0)


def _fit(counts: FloatArray, exposure: FloatArray, *, used: np.ndarray, own: bool) -> _Fit:
    """Means and dispersions by moments from the weeks in use."""
    weeks = np.maximum(used.sum(axis=1), 1)
    heard = np.maximum((used * exposure).sum(axis=1), 1e-9)
    rate = (used * counts).sum(axis=1) / heard
    opened = float(heard.sum() / weeks.sum())
    safe = np.where(exposure > 0, exposure, 1.0)
    squares = (used * (counts - rate[:, None] * exposure) ** 2 / safe).sum(axis=1)
    # E = rate + rate²·opened/k: what exceeds the rate is dispersion.
    spread = squares / np.maximum(weeks - 1, 1)
    excess = (spread - rate) / opened
    # rate² without the part that is only noise of the rate.
    square = float((rate**2 - spread / heard).sum())
    pooled = MOST_DISPERSION if excess.sum() > 0 else LEAST_DISPERSION
    if excess.sum() > 0 and square > 0:
        pooled = float(np.clip(excess.sum() / square, LEAST_DISPERSION, MOST_DISPERSION))
    dispersions = np.full(rate.size, pooled)
    if own:
        single = excess / np.maximum(rate**2, 1e-12)
        mixed = (single * weeks + pooled * DISPERSION_WEEKS) / (weeks + DISPERSION_WEEKS)
        dispersions = np.clip(mixed, pooled, MOST_DISPERSION)
    between = float(rate.var() - (spread / heard).mean())
    most = float(heard.min())
    prior = min(float(rate.mean()) / between, most) if between > 0 else most
    weight = heard + prior
    means = (rate * heard + prior * rate.mean()) / weight
    return _Fit(means[:, None], weight[:, None], dispersions[:, None], pooled, opened)
