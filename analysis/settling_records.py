"""The records of a plan that would settle a place: what goes in, what comes out, what is needed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.types import Reason


@dataclass(frozen=True, slots=True)
class StreetPrecision:
    """What a street's score rests on.

    ``score`` F and ``public`` P on 0..100 (P before themes, as the verdict uses it);
    ``direct_variance`` V(D) as it entered the blend. ``random_variance`` V_A of the public score
    on ``random_n`` valid answers with ``n_effective``. ``open_variance`` V_B + τ_b² and
    ``shift_variance`` V_δ where the streams are combined, else ``None`` and 0. ``residents``
    bounds the answers; ``None``: unknown, no bound.
    """

    code: str
    score: float
    public: float
    direct_variance: float
    random_variance: float
    random_n: int
    n_effective: float
    open_variance: float | None = None
    shift_variance: float = 0.0
    residents: float | None = None

    def public_variance(self, n: float) -> float:
        """V(P) if the random stream had ``n`` > 0 answers like those it has."""
        own = self.random_variance * self.random_n / n
        if self.open_variance is None:
            return own
        u = own / (own + self.open_variance)
        return self.open_variance * u + self.shift_variance * u * u

    def answers_at(self, variance: float) -> float:
        """The inverse of ``public_variance``, not rounded; infinite for a variance of 0 or less.

        u = 2v/(B + √(B² + 4·V_δ·v)) solves B·u + V_δ·u² = v without cancellation; V_A = B·u/(1−u).
        A ``variance`` that the open stream reaches alone needs 0.
        """
        if variance <= 0:
            return math.inf
        if variance == math.inf:
            return 0.0
        one = self.random_variance * self.random_n
        if self.open_variance is None:
            return one / variance
        B = self.open_variance
        u = 2 * variance / (B + math.sqrt(B * B + 4 * self.shift_variance * variance))
        return one * max(0.0, 1 - u) / (B * u)

    def score_variance(self, n: float, alpha: float) -> float:
        """V(F) in the same case."""
        return (1 - alpha) ** 2 * self.public_variance(n) + alpha**2 * self.direct_variance


@dataclass(frozen=True, slots=True)
class SettlingStep:
    """More random answers in one street.

    ``because`` has the codes of the conditions that are not met today and that it serves
    (``sample_too_small``, ``not_far_enough``, ``not_last_on_public_score``,
    ``top_not_far_enough``). ``random_variance_then`` is the V_A that a plan of collection points
    aims at (``collection_plan.plan_points``).
    """

    street: str
    answers_now: int
    answers_then: int
    additional: int
    n_effective_then: float
    random_variance_then: float
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SettlingPlan:
    """What it would take, or why no number of answers can do it.

    ``streets`` are those the plan is about: the lowest one, or the first k. With ``possible``,
    ``total`` additional answers in ``steps`` (empty and 0 when nothing is missing) bring the
    smallest distances to ``z_then`` (and ``z_public_then``; ``None`` for first places). Without,
    ``reasons`` name every obstacle.
    """

    streets: tuple[str, ...]
    possible: bool
    total: int | None
    steps: tuple[SettlingStep, ...]
    z_then: float | None
    z_public_then: float | None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """V_subject(P) + V_rival(P) ≤ the smaller of ``rooms`` (blended score, public score)."""

    subject: StreetPrecision
    rival: StreetPrecision
    rooms: tuple[float, float]

    @property
    def room(self) -> float:
        """T_j: the largest sum of the two variances that meets both distances."""
        return min(self.rooms)

    def met(self, answers: Mapping[str, int]) -> bool:
        """Whether it holds with these random answers by street."""
        pair = (self.subject, self.rival)
        return sum(s.public_variance(answers[s.code]) for s in pair) <= self.room
