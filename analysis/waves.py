"""Several waves of one street: their pool, and the change from one to the next.

Waves must ask the same questions and no person twice; then their estimates are independent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import stdtrit

from analysis.estimate import interval_estimate, satterthwaite
from analysis.policy import Policy
from analysis.types import AnalysisError, Estimate


@dataclass(frozen=True, slots=True)
class Change:
    """Difference of two waves in points (−100..100) with its interval; ``clear``: 0 is outside."""

    value: float
    se: float
    low: float
    high: float
    clear: bool


def pool_waves(
    estimates: Sequence[Estimate], weights: Sequence[float], *, policy: Policy
) -> Estimate:
    """P = Σ c_t P_t with V = Σ c_t² V_t (method §10 v). ``weights`` c_t ≥ 0 sum to 1.

    n_eff is 1/Σ(c_t²/n_t); suppressed when any wave used is, or lacks a value (``wave_missing``).
    Raises ``AnalysisError`` (``weights_sum``).
    """
    if len(estimates) != len(weights) or min(weights, default=-1.0) < 0:
        raise AnalysisError("weights_sum", "Every wave needs a weight that is not negative.")
    if abs(math.fsum(weights) - 1) > 1e-9:
        raise AnalysisError("weights_sum", "The weights of the waves must sum to 1.")
    used = [(e, c) for e, c in zip(estimates, weights, strict=True) if c > 0]
    n = sum(e.n for e, _ in used)
    random = all(e.random for e, _ in used)
    if any(e.value is None or e.se is None for e, _ in used):
        return Estimate(None, None, None, n, 0.0, "wave_missing", random=random)
    parts = [(c**2 * (e.se or 0.0) ** 2, max(1.0, e.df or 0.0)) for e, c in used]
    return interval_estimate(
        sum(c * (e.value or 0.0) for e, c in used),
        sum(v for v, _ in parts),
        satterthwaite(parts),
        n=n,
        n_eff=1 / sum(c**2 / e.n_effective for e, c in used),
        policy=policy,
        random=random,
        suppressed=next((e.suppressed_because for e, _ in used if e.suppressed_because), None),
    )


def change(now: Estimate, before: Estimate, *, policy: Policy) -> Change | None:
    """Difference of two waves with its interval; ``None`` when one has no value or error.

    se = √(V_now + V_before), t with Satterthwaite's degrees of freedom.
    """
    if now.value is None or before.value is None or now.se is None or before.se is None:
        return None
    parts = [(e.se**2, max(1.0, e.df or 0.0)) for e in (now, before) if e.se is not None]
    se = math.sqrt(sum(v for v, _ in parts))
    value = now.value - before.value
    reach = float(stdtrit(satterthwaite(parts), (1 + policy.confidence) / 2)) * se
    return Change(value, se, value - reach, value + reach, abs(value) > reach)
