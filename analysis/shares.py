"""Shares beside the index: satisfied, dissatisfied, don't know; a share is never called an index.

All are weighted with the weights of the index and carry Wilson intervals at the effective
sample size (method §4).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from analysis.cells import StreamCells
from analysis.estimate import interval_estimate, suppress_index, wilson
from analysis.policy import Policy
from analysis.types import Estimate, FloatArray, Shares


@dataclass(frozen=True, slots=True)
class OptionTotals:
    """Answers to one indicator by option (O,): count, Σw and Σw²; ``options`` names them."""

    options: tuple[str, ...]
    n: list[int]
    mass: list[float]
    squares: list[float]

    def over(self, wanted: tuple[str, ...]) -> tuple[int, float, float]:
        """n, Σw and Σw² over some options."""
        held = places(self.options, wanted)
        return (
            sum(self.n[i] for i in held),
            sum(self.mass[i] for i in held),
            sum(self.squares[i] for i in held),
        )


@lru_cache(maxsize=256)
def places(options: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[int, ...]:
    """Positions of the wanted options."""
    return tuple(i for i, option in enumerate(options) if option in wanted)


def stream_shares(
    cells: StreamCells, weights: FloatArray, *, policy: Policy, random: bool
) -> dict[str, Shares]:
    """Shares of every indicator that has answer rows. ``weights`` (H,) per stratum."""
    n = cells.answers.sum(axis=1).tolist()
    mass = np.einsum("h,kho->ko", weights, cells.answers).tolist()
    squares = np.einsum("h,kho->ko", weights**2, cells.answers).tolist()
    return {
        name: indicator_shares(
            OptionTotals(cells.options, n[k], mass[k], squares[k]), policy=policy, random=random
        )
        for k, name in enumerate(cells.moments.indicators)
        if cells.has_answers[k]
    }


def indicator_shares(totals: OptionTotals, *, policy: Policy, random: bool) -> Shares:
    """Shares of one indicator and its index under the alternative scale."""
    opinion = tuple(policy.scale)

    def share_of(levels: tuple[str, ...], base: tuple[str, ...]) -> Estimate:
        return share_estimate(totals, levels, base, policy=policy, random=random)

    return Shares(
        satisfied=share_of(policy.satisfied_levels, opinion),
        satisfied_strict=share_of(policy.strictly_satisfied_levels, opinion),
        dissatisfied=share_of(policy.dissatisfied_levels, opinion),
        dont_know=share_of(policy.missing_options, totals.options),
        mapped_index=mapped_index(totals, policy=policy, random=random),
    )


def share_estimate(
    totals: OptionTotals,
    levels: tuple[str, ...],
    base: tuple[str, ...],
    *,
    policy: Policy,
    random: bool,
) -> Estimate:
    """Weighted share of ``levels`` among ``base``, Wilson at n_eff = (Σw)²/Σw² of the base."""
    n, mass, squares = totals.over(base)
    if mass <= 0:
        return Estimate(None, None, None, n, 0.0, "no_answers", random=random)
    share = min(1.0, totals.over(levels)[1] / mass)
    return wilson_estimate(share, n, mass**2 / squares, policy=policy, random=random)


def wilson_estimate(
    share: float, n: int, n_eff: float, *, policy: Policy, random: bool
) -> Estimate:
    """A share with its Wilson interval at ``n_eff``; suppressed like an index on ``n`` answers."""
    low, high = wilson(share, n_eff, confidence=policy.confidence)
    because = suppress_index(n, policy)
    return Estimate(share, min(low, share), max(high, share), n, n_eff, because, random=random)


def mapped_index(totals: OptionTotals, *, policy: Policy, random: bool) -> Estimate:
    """The index 0..100 under the alternative scale, from the counts of options (method §1).

    V = n/(n−1)·Σw²(y−I)²/(Σw)² with the floor of the index; respondents are the unit.
    """
    n, mass, squares = totals.over(tuple(policy.scale))
    if mass <= 0:
        return Estimate(None, None, None, n, 0.0, "no_answers", random=random)
    points = [policy.alternative_scale.get(option) for option in totals.options]
    held = [
        (y, m, q)
        for y, m, q in zip(points, totals.mass, totals.squares, strict=True)
        if y is not None
    ]
    value = sum(m * y for y, m, _ in held) / mass
    spread = sum(q * (y - value) ** 2 for y, _, q in held) / mass**2
    n_eff = mass**2 / squares
    variance = max(spread * (n / (n - 1) if n > 1 else 1.0), policy.sd_floor**2 / n_eff)
    return interval_estimate(
        value,
        variance,
        n_eff - 1,
        n=n,
        n_eff=n_eff,
        policy=policy,
        random=random,
        suppressed=suppress_index(n, policy),
    )


def mean_shares(
    shares: dict[str, Shares], *, n: int, n_eff: float, policy: Policy, random: bool
) -> Shares | None:
    """Σ ω_k · share_k over the indicators of the public score; ``None`` if one is missing.

    Wilson at the respondents' ``n_eff`` is conservative: the mean over indicators of one
    person's yes or no lies in [0, 1] and varies at most as a single yes or no does.
    """
    used = [(name, weight) for name, weight in policy.omega.items() if weight > 0]
    if any(name not in shares for name, _ in used):
        return None

    def mean(part: str) -> Estimate:
        parts = [(getattr(shares[name], part), weight) for name, weight in used]
        if any(estimate.value is None for estimate, _ in parts):
            return Estimate(None, None, None, n, n_eff, "no_answers", random=random)
        value = sum(estimate.value * weight for estimate, weight in parts)
        if part == "mapped_index":
            # Indicators are positively correlated: adding standard errors is the upper bound.
            se = sum(estimate.se * weight for estimate, weight in parts)
            return interval_estimate(
                value,
                se**2,
                n_eff - 1,
                n=n,
                n_eff=n_eff,
                policy=policy,
                random=random,
                suppressed=suppress_index(min(e.n for e, _ in parts), policy),
            )
        return wilson_estimate(min(1.0, value), n, n_eff, policy=policy, random=random)

    return Shares(
        satisfied=mean("satisfied"),
        satisfied_strict=mean("satisfied_strict"),
        dissatisfied=mean("dissatisfied"),
        dont_know=mean("dont_know"),
        mapped_index=mean("mapped_index"),
    )
