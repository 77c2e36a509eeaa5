"""Says when a theme occurred, whether it surges now, and whether it is common or a street's own.

Counts go in; whether a theme *recurs* for an evaluation is ``analysis.adjustment.is_recurring``.
Persistent and surging are different things: a chronic problem never exceeds its own baseline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from scipy.special import betainc

BASELINE_WEEKS = 26
# The mean of all themes weighs like this many weeks of a theme's own.
PRIOR_WEEKS = 4
FALSE_DISCOVERIES = 0.10
# Fewer persons than this in the week are never called a surge.
LEAST_SURGE = 3
# Common: in at least half of the streets (three or more), and no street has over half of it.
COMMON_SHARE, COMMON_STREETS = 0.5, 3


def quarter(day: date) -> str:
    """Return the calendar quarter of a day, such as 2019Q3."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def latest_quarters(days: Sequence[date], *, most: int) -> list[str]:
    """Return the last ``most`` quarters up to the latest of ``days``, oldest first."""
    if not days:
        return []
    last = max(days)
    number = last.year * 4 + (last.month - 1) // 3
    return [f"{n // 4}Q{n % 4 + 1}" for n in range(number - most + 1, number + 1)]


def surging(weekly: np.ndarray) -> np.ndarray:
    """Return for each theme whether its last week stands out against its own 26 weeks before.

    weekly: themes × weeks, distinct persons per week, oldest first. Negative binomial with one
    dispersion pooled over the themes and each mean shrunken to the mean of all, one-sided tail
    probabilities, Benjamini–Hochberg at ``FALSE_DISCOVERIES``. With fewer than ``PRIOR_WEEKS``
    weeks of baseline nothing surges.
    """
    weekly = np.asarray(weekly, dtype=np.float64)
    if weekly.ndim != 2:
        raise ValueError(f"weekly must be themes × weeks, not of {weekly.ndim} dimension(s)")
    baseline = weekly[:, -BASELINE_WEEKS - 1 : -1]
    if not weekly.shape[0] or baseline.shape[1] < PRIOR_WEEKS:
        return np.zeros(weekly.shape[0], dtype=bool)
    overall = max(baseline.mean(), 1 / baseline.size)
    weeks = baseline.shape[1]
    means = (baseline.sum(axis=1) + PRIOR_WEEKS * overall) / (weeks + PRIOR_WEEKS)
    last = weekly[:, -1]
    chance = _tail(last, means, _dispersion(baseline))
    return _benjamini_hochberg(chance) & (last >= LEAST_SURGE)


def _dispersion(baseline: np.ndarray) -> float:
    """Return the pooled size k of the negative binomial (variance = m + m²/k) by moments."""
    means = baseline.mean(axis=1)
    excess = float((baseline.var(axis=1, ddof=1) - means).sum())
    return float(np.clip((means**2).sum() / excess, 0.1, 1e6)) if excess > 0 else 1e6


def _tail(counts: np.ndarray, means: np.ndarray, size: float) -> np.ndarray:
    """Return P(X ≥ count) of a negative binomial with these means: an incomplete beta function."""
    return np.where(counts > 0, betainc(np.maximum(counts, 1), size, means / (means + size)), 1.0)


def _benjamini_hochberg(chances: np.ndarray) -> np.ndarray:
    """Return which of the tests stand at the false discovery rate (Benjamini & Hochberg 1995)."""
    order = np.argsort(chances, kind="stable")
    limits = FALSE_DISCOVERIES * np.arange(1, chances.size + 1) / chances.size
    passed = np.flatnonzero(chances[order] <= limits)
    standing = np.zeros(chances.size, dtype=bool)
    if passed.size:
        standing[order[: passed[-1] + 1]] = True
    return standing


def scope(streets: Mapping[str, int], *, all_streets: int) -> str | None:
    """Return "common" or "own" from the distinct persons per street, None without streets.

    all_streets: number of streets that were heard at all. Common (共性): in at least half of them
    and at least ``COMMON_STREETS``, none with more than half of the persons. Else own (个性).
    """
    heard = {street: persons for street, persons in streets.items() if persons > 0}
    if not heard or all_streets < 1:
        return None
    spread = len(heard) >= max(COMMON_STREETS, COMMON_SHARE * all_streets)
    even = max(heard.values()) <= COMMON_SHARE * sum(heard.values())
    return "common" if spread and even else "own"
