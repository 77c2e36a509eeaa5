"""The limits of an interval around a mean on 0..100, at the ends of the scale as elsewhere.

Why there are two forms and where one takes over: docs/adr/0007-interval-at-the-ends-of-the-scale.md

References: Student 1908; Wilson 1927; Franco, Little, Louis & Slud 2019 (Wilson's interval at the
effective sample size of a complex sample).
"""

from __future__ import annotations

import math

from scipy.special import stdtrit

NEAR_END = 6.0
"""Standard errors between a mean and the nearer end of the scale, below which t is not used."""


def mean_limits(
    value: float, se: float, df: float, *, confidence: float, bounded: bool = False
) -> tuple[float, float]:
    """(low, high) of a mean ``value`` with standard error ``se``, both in points of 0..100.

    value ± t(df)·se cut to [0, 100]; with no degree of freedom all of [0, 100]. ``bounded`` says
    that ``se`` is the sampling error of one mean of answers on 0..100; then, where the nearer end
    is within ``NEAR_END`` standard errors, ``wilson_mean`` takes the place of t.
    """
    if df <= 0:
        return 0.0, 100.0
    quantile = float(stdtrit(df, (1 + confidence) / 2))
    if quantile * se >= 100:
        return 0.0, 100.0
    if bounded and min(value, 100.0 - value) < NEAR_END * se:
        return wilson_mean(value, se, df, quantile=quantile)
    return max(0.0, value - quantile * se), min(100.0, value + quantile * se)


def wilson_mean(value: float, se: float, df: float, *, quantile: float) -> tuple[float, float]:
    """Wilson's interval for a mean p = ``value``/100 of answers that cannot leave 0..1.

    All θ with |p − θ| ≤ t·√(θ(1−θ)/n*): (p + t²/2n* ± t √(p(1−p)/n* + t²/4n*²)) / (1 + t²/n*).
    n* = p(1−p)/V is the number of yes-or-no answers that would be as uncertain; at least df,
    because df + 1 values inside 0..1 with this mean cannot give a larger V. ``se`` > 0, df > 0.
    """
    p = min(1.0, max(0.0, value / 100))
    spread = p * (1 - p)
    inverse = min((se / 100) ** 2 / spread, 1 / df) if spread > 0 else 1 / df
    half = quantile**2 * inverse / 2
    reach = quantile * math.sqrt(spread * inverse + half * inverse / 2)
    low, high = (100 * (p + half + side * reach) / (1 + 2 * half) for side in (-1, 1))
    return max(0.0, min(value, low)), min(100.0, max(value, high))
