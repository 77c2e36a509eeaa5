"""Shares beside the index: satisfied, dissatisfied, don't know; a share is never called an index.

All are weighted with the weights of the index and carry Wilson intervals at the effective
sample size (method §4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from analysis.cells import StreamCells
from analysis.estimate import interval_estimate, suppress_index, wilson
from analysis.policy import Policy
from analysis.types import Estimate, FloatArray, IntArray, Shares


@dataclass(frozen=True, slots=True)
class GroupTotals:
    """Answers to one indicator that fall in one group of options: count, Σw and Σw²."""

    n: int
    mass: float
    squares: float


@cache
def membership(options: tuple[str, ...], groups: tuple[tuple[str, ...], ...]) -> IntArray:
    """(O, G) 1 where an option belongs to a group of options; read only."""
    table = np.array([[option in group for group in groups] for option in options], np.int64)
    table.flags.writeable = False
    return table


def stream_shares(
    cells: StreamCells, weights: FloatArray, *, policy: Policy, random: bool
) -> dict[str, Shares]:
    """Shares of every indicator that has answer rows. ``weights`` (H,) per stratum."""
    n = cells.answers.sum(axis=1)
    mass, squares = np.einsum("jh,kho->jko", np.array([weights, weights**2]), cells.answers)
    groups = (
        tuple(policy.scale),
        policy.satisfied_levels,
        policy.strictly_satisfied_levels,
        policy.dissatisfied_levels,
        policy.missing_options,
        cells.options,
    )
    member = membership(cells.options, groups)
    sums = [(table @ member).tolist() for table in (n, mass, squares)]
    mapped = mapped_moments(cells.options, mass, squares, policy=policy)
    found = {}
    for k, name in enumerate(cells.moments.indicators):
        if cells.has_answers[k]:
            totals = [GroupTotals(*three) for three in zip(*(t[k] for t in sums), strict=True)]
            found[name] = indicator_shares(totals, mapped[k], policy=policy, random=random)
    return found


def indicator_shares(
    totals: Sequence[GroupTotals], mapped: tuple[float, float], *, policy: Policy, random: bool
) -> Shares:
    """Shares of one indicator and its index under the alternative scale.

    ``totals`` of opinions, satisfied, strictly satisfied, dissatisfied, don't know and all.
    """
    opinion, satisfied, strict, dissatisfied, missing, every = totals

    def share_of(group: GroupTotals, base: GroupTotals) -> Estimate:
        return share_estimate(group, base, policy=policy, random=random)

    return Shares(
        satisfied=share_of(satisfied, opinion),
        satisfied_strict=share_of(strict, opinion),
        dissatisfied=share_of(dissatisfied, opinion),
        dont_know=share_of(missing, every),
        mapped_index=mapped_index(opinion, mapped, policy=policy, random=random),
    )


def share_estimate(
    group: GroupTotals, base: GroupTotals, *, policy: Policy, random: bool
) -> Estimate:
    """Weighted share of a group among ``base``, Wilson at n_eff = (Σw)²/Σw² of the base."""
    if base.mass <= 0:
        return Estimate(None, None, None, base.n, 0.0, "no_answers", random=random)
    share = min(1.0, group.mass / base.mass)
    n_eff = base.mass**2 / base.squares
    return wilson_estimate(share, base.n, n_eff, policy=policy, random=random)


def wilson_estimate(
    share: float, n: int, n_eff: float, *, policy: Policy, random: bool
) -> Estimate:
    """A share with its Wilson interval at ``n_eff``; suppressed like an index on ``n`` answers."""
    low, high = wilson(share, n_eff, confidence=policy.confidence)
    because = suppress_index(n, policy)
    return Estimate(share, min(low, share), max(high, share), n, n_eff, because, random=random)


def mapped_moments(
    options: tuple[str, ...], mass: FloatArray, squares: FloatArray, *, policy: Policy
) -> list[tuple[float, float]]:
    """Per indicator Σwy/Σw and Σw²(y − mean)²/(Σw)² under the alternative scale.

    ``mass`` and ``squares`` (K, O): Σw and Σw² per option. (0, 0) where nobody had an opinion.
    """
    held = [i for i, option in enumerate(options) if option in policy.alternative_scale]
    opinions = [i for i, option in enumerate(options) if option in policy.scale]
    points = np.array([policy.alternative_scale[options[i]] for i in held], np.float64)
    total = mass[:, opinions].sum(axis=1)
    safe = np.where(total > 0, total, 1.0)
    mean = mass[:, held] @ points / safe
    spread = (squares[:, held] * (points - mean[:, None]) ** 2).sum(axis=1) / safe**2
    return list(zip(mean.tolist(), spread.tolist(), strict=True))


def mapped_index(
    opinion: GroupTotals, mapped: tuple[float, float], *, policy: Policy, random: bool
) -> Estimate:
    """The index 0..100 under the alternative scale, from the counts of options (method §1).

    ``mapped`` is what ``mapped_moments`` gives. V = n/(n−1)·Σw²(y−I)²/(Σw)² with the floor of
    the index; respondents are the unit.
    """
    n = opinion.n
    if opinion.mass <= 0:
        return Estimate(None, None, None, n, 0.0, "no_answers", random=random)
    value, spread = mapped
    n_eff = opinion.mass**2 / opinion.squares
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
