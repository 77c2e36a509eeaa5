"""Says whether a theme is common to the streets (共性) or some streets' own (个性), by a test.

The measure is the *concentration* T: how much more often two persons who mention the theme come
from the same street than any two persons who were heard. T is 1 when the share is the same in all
streets, S/k when k of S equally large streets alone have it; S/T is therefore the *effective
number of streets*. Common: T below 2, that is more than half of the streets in effect; own: above.
Where the counts cannot tell on which side of 2 it lies, the answer is *undecided*.

Equality of the shares (Pearson's chi-square) is not the question: with many answers no two streets
are equal, and every large common problem would be called some street's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.types import FloatArray

# T at which a theme is exactly half of the streets' in effect.
HALF = 2.0
# Common also needs to be mentioned in at least half of the streets, and in three.
COMMON_SHARE, COMMON_STREETS = 0.5, 3
# Fewer persons than this decide nothing.
LEAST_PERSONS = 5
# One-sided 2.5 % to either side: a common theme costs no street points, its own can.
Z = 1.959963984540054
COMMON, OWN, UNDECIDED = "common", "own", "undecided"


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """How a theme spreads over the streets.

    ``scope``: common, own or undecided. ``concentration`` T ≥ 1. ``effective_streets`` S/T with
    its 95 % interval ``low`` … ``high`` (normal, within 1 … S). ``z``: distance of T from 2 in
    standard errors as if it were 2; None when too little was said. ``heard``: streets in which
    anybody was heard; ``mentioned_in``: those that mention it.
    """

    scope: str
    concentration: float | None
    effective_streets: float | None
    low: float | None
    high: float | None
    z: float | None
    heard: int
    mentioned_in: int


def heterogeneity(mentions: Mapping[str, int], heard: Mapping[str, int]) -> Heterogeneity:
    """Judge a theme from the persons who mention it and those who were heard, per street.

    Streets in which nobody was heard are left out. Raises ValueError when a street has more
    mentions than persons heard, or a negative count.

    T = Σ m_j(m_j − 1)/π_j / (m(m − 1)) with π_j the street's share of the persons heard: unbiased,
    a U-statistic of pairs like Simpson's (1949) index. Its standard error is that under the
    pattern nearest to the observed one whose T is 2 (a score test; Hoeffding 1948).
    """
    streets = [street for street, persons in heard.items() if persons > 0]
    for street, persons in mentions.items():
        if not 0 <= persons <= heard.get(street, 0):
            raise ValueError(f"street {street}: {persons} mention it of {heard.get(street, 0)}")
    m = np.array([mentions.get(street, 0) for street in streets], dtype=np.float64)
    mentioned = int((m > 0).sum())
    if m.sum() < LEAST_PERSONS or len(streets) < COMMON_STREETS:
        return Heterogeneity(UNDECIDED, None, None, None, None, None, len(streets), mentioned)
    sizes = np.array([heard[street] for street in streets], dtype=np.float64)
    pi = sizes / sizes.sum()
    total = float(m.sum())
    concentration = float((m * (m - 1) / pi).sum() / (total * (total - 1)))
    z = (concentration - HALF) / _standard_error(_half_pattern(m / total, pi), pi, total)
    spread = mentioned >= max(COMMON_STREETS, COMMON_SHARE * len(streets))
    scope = UNDECIDED
    if z > Z:
        scope = OWN
    elif z < -Z and spread:
        scope = COMMON
    reach = Z * _standard_error(m / total, pi, total)
    count = len(streets)

    def effective(value: float) -> float:
        return float(count / np.clip(value, 1, count))

    return Heterogeneity(
        scope,
        max(1.0, concentration),
        effective(concentration),
        effective(concentration + reach),
        effective(max(concentration - reach, 1)),
        float(z),
        count,
        mentioned,
    )


def scope(mentions: Mapping[str, int], heard: Mapping[str, int]) -> str | None:
    """Return "common", "own" or "undecided" (see ``heterogeneity``); None when nobody was heard
    in any street or nobody in any street mentions it."""
    if not any(heard.values()) or not any(mentions.values()):
        return None
    return heterogeneity(mentions, heard).scope


def _standard_error(q: FloatArray, pi: FloatArray, total: float) -> float:
    """Standard error of T when ``total`` mentions fall on the streets with chances q.

    Variance of a U-statistic of order 2: (4(m − 2)ζ₁ + 2ζ₂)/(m(m − 1)).
    """
    theta = float((q**2 / pi).sum())
    first = float((q * (q / pi) ** 2).sum()) - theta**2
    second = float((q**2 / pi**2).sum()) - theta**2
    variance = (4 * (total - 2) * max(first, 0.0) + 2 * max(second, 0.0)) / (total * (total - 1))
    return float(np.sqrt(max(variance, 1e-12)))


def _half_pattern(q: FloatArray, pi: FloatArray) -> FloatArray:
    """The pattern whose T is 2 in the direction of the observed one: its unevenness scaled."""

    def scaled(factor: float) -> FloatArray:
        made = pi * np.maximum(1 + factor * (q / pi - 1), 0)
        return np.asarray(made / made.sum())

    def concentration(factor: float) -> float:
        return float((scaled(factor) ** 2 / pi).sum())

    low, high = 0.0, 1.0
    while concentration(high) < HALF and high < 1e6:
        high *= 2
    if concentration(high) < HALF:
        # All streets are alike: no direction. The largest shares, until half of the persons.
        order = np.argsort(-pi, kind="stable")
        having = np.zeros(pi.size)
        having[order[np.cumsum(pi[order]) <= 1 / HALF + 1e-9]] = 1.0
        having[order[0]] = 1.0
        return np.asarray(pi * having / (pi * having).sum())
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if concentration(middle) < HALF else (low, middle)
    return scaled(high)
