"""One street beside others: the mean of its peers, how far it stands from it, and what makes the
difference.

P = Σ_k ω_k·I_k is linear in the indices, and so is the mean of the peers' P. Their difference
therefore falls into parts without a remainder: P − P̄ = Σ_k ω_k·(I_k − Ī_k). A part says how many
points of the difference an indicator makes; it is arithmetic and names no cause (Kitagawa 1955,
with the same weights on both sides).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.special import stdtrit

from analysis.estimate import interval_estimate, satterthwaite
from analysis.policy import Policy
from analysis.types import Estimate

NO_PEERS = "no_peers"


@dataclass(frozen=True, slots=True)
class Difference:
    """A score minus a reference, in points, with its interval; ``clear``: 0 is outside."""

    value: float
    se: float
    low: float
    high: float
    clear: bool


@dataclass(frozen=True, slots=True)
class Part:
    """What one indicator makes of a difference: ``points`` = ``weight`` · (``own`` − ``other``).

    ``own`` and ``other`` are indices 0..100, ``weight`` ω 0..1.
    """

    indicator: str
    weight: float
    own: float
    other: float
    points: float


def is_shown(estimate: Estimate | None) -> bool:
    """Whether an estimate has a value and an error, and nothing keeps it from being shown."""
    return (
        estimate is not None
        and estimate.suppressed_because is None
        and estimate.value is not None
        and estimate.se is not None
    )


def peer_mean(estimates: Sequence[Estimate], *, policy: Policy) -> Estimate:
    """The plain mean of the peers that are shown, with V = ΣV_s/S² and S of them.

    Every street weighs the same: the question is where the typical street of the group stands.
    Hidden ones are left out, so that nothing follows about them. The errors are taken as
    independent; streets that share a shift of the open stream err in the same direction, which
    makes differences between them smaller than this says, never larger. ``no_peers`` without any.
    """
    shown = [e for e in estimates if is_shown(e)]
    if not shown:
        return Estimate(None, None, None, 0, 0.0, NO_PEERS)
    count = len(shown)
    parts = [((e.se or 0.0) ** 2 / count**2, max(1.0, e.df or 0.0)) for e in shown]
    return interval_estimate(
        math.fsum(e.value or 0.0 for e in shown) / count,
        math.fsum(v for v, _ in parts),
        satterthwaite(parts),
        n=sum(e.n for e in shown),
        n_eff=math.fsum(e.n_effective for e in shown),
        policy=policy,
        random=all(e.random for e in shown),
    )


def difference(
    own: Estimate | None, other: Estimate | None, *, policy: Policy, share: float = 0.0
) -> Difference | None:
    """``own`` − ``other`` with its interval; ``None`` where one of them is not shown.

    ``share`` 0..1 is what ``own`` makes of ``other``, e.g. its share of the district's residents;
    then own and mean move together and V = V_own·(1 − 2·share) + V_other. t with Satterthwaite's
    degrees of freedom of the two parts (1 − share)²·V_own and V_other − share²·V_own.
    """
    if own is None or other is None or not is_shown(own) or not is_shown(other):
        return None
    mine = (own.se or 0.0) ** 2
    rest = max(0.0, (other.se or 0.0) ** 2 - share**2 * mine)
    parts = [
        ((1 - share) ** 2 * mine, max(1.0, own.df or 0.0)),
        (rest, max(1.0, other.df or 0.0)),
    ]
    se = math.sqrt(sum(v for v, _ in parts))
    value = (own.value or 0.0) - (other.value or 0.0)
    reach = float(stdtrit(satterthwaite(parts), (1 + policy.confidence) / 2)) * se
    return Difference(value, se, value - reach, value + reach, abs(value) > reach)


def parts_of_difference(
    own: Mapping[str, Estimate], other: Mapping[str, Estimate], *, policy: Policy
) -> tuple[Part, ...]:
    """What each indicator makes of P − P̄, the largest first; empty where one is not shown.

    With an indicator missing the parts would not add up to the difference that is shown.
    """
    weights = {name: weight for name, weight in policy.omega.items() if weight > 0}
    if not all(is_shown(own.get(name)) and is_shown(other.get(name)) for name in weights):
        return ()
    parts = [
        Part(
            indicator=name,
            weight=weight,
            own=own[name].value or 0.0,
            other=other[name].value or 0.0,
            points=weight * ((own[name].value or 0.0) - (other[name].value or 0.0)),
        )
        for name, weight in weights.items()
    ]
    return tuple(sorted(parts, key=lambda part: -abs(part.points)))
