"""The direct score D of a street: its assessors' mean and objective indicators (method §7)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.policy import Policy


@dataclass(frozen=True, slots=True)
class DirectScore:
    """D of one street, 0..100, and its standard error before the floor.

    ``value`` is ``None`` with a reason: ``direct_missing`` (no assessor) or ``objective_missing``
    (an objective indicator of the policy without a value). ``se`` is ``None`` with fewer than two
    assessors.
    """

    value: float | None
    se: float | None
    missing_because: str | None = None


def direct_score(
    scores: Sequence[float], objective: Mapping[str, float], policy: Policy
) -> DirectScore:
    """D = (1 − W)·mean(scores) + Σ w_j·o_j, W = Σ w_j; se = (1 − W)·s/√m.

    ``scores`` of m assessors and ``objective`` {name: 0..100}; names that the policy does not
    weigh are left alone. An indicator is counted and not sampled, so it adds no variance of its
    own; the floor stays (``blend.direct_variance``). Why: docs/adr/0012.
    """
    mean, se = mean_and_se(scores)
    if mean is None:
        return DirectScore(None, None, "direct_missing")
    weights = policy.objective_weights
    if any(name not in objective for name in weights):
        return DirectScore(None, None, "objective_missing")
    if not weights:
        return DirectScore(mean, se)
    # W may miss 1 by the tolerance of the policy: no weight is negative for that.
    left = max(0.0, 1 - math.fsum(weights.values()))
    parts = [left * mean, *(weight * objective[name] for name, weight in weights.items())]
    value = min(100.0, max(0.0, math.fsum(parts)))
    return DirectScore(value, None if se is None else left * se)


def mean_and_se(scores: Sequence[float]) -> tuple[float | None, float | None]:
    """Mean of the assessors' scores and s/√m; no standard error with fewer than two."""
    if not scores:
        return None, None
    mean = math.fsum(scores) / len(scores)
    if len(scores) < 2:
        return mean, None
    squares = math.fsum((score - mean) ** 2 for score in scores)
    return mean, math.sqrt(squares / (len(scores) - 1) / len(scores))
