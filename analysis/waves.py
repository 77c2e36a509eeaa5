"""Several waves of one street: their pool, and the change from one to the next.

Waves must ask the same questions and no person twice; then their estimates are independent.

References: Cochran 1977, §5 (weighted sum of independent estimates); Satterthwaite 1946;
Galton 1886 and Laird & Louis 1989 (regression to the mean).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from analysis.estimate import interval_estimate, satterthwaite
from analysis.policy import Policy
from analysis.streams import dersimonian_laird
from analysis.types import AnalysisError, Estimate, Reason

MIN_PEERS = 3


@dataclass(frozen=True, slots=True)
class Change:
    """Difference of two waves in points (−100..100) with its interval; ``clear``: 0 is outside.

    ``notes`` warns where part of the change had to be expected (``regression_to_the_mean``).
    """

    value: float
    se: float
    low: float
    high: float
    clear: bool
    notes: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class WaveEstimate:
    """The estimate of one street in one wave, with what must fit before waves are pooled.

    ``questionnaire`` is the checksum of its document. ``repeated_persons`` counts respondents who
    are known to have answered another wave of the pool too (a panel, a list of telephone
    numbers); open and slip answers carry no identity, so there the sample has to be drawn so
    that nobody is asked twice.
    """

    wave: str
    questionnaire: str
    estimate: Estimate
    repeated_persons: int = 0


@dataclass(frozen=True, slots=True)
class AnnualPool:
    """The pool of one street: its estimate, and the waves (newest first) with their weights.

    ``weights`` are those that were used, sum 1. ``complete`` is false, with the reason
    ``pool_incomplete`` in ``notes``, when there are fewer waves than weights in the policy.
    """

    estimate: Estimate
    waves: tuple[str, ...]
    weights: tuple[float, ...]
    complete: bool
    notes: tuple[Reason, ...] = ()


def annual_pool(waves: Sequence[WaveEstimate], *, policy: Policy) -> AnnualPool:
    """Pool the waves of one street, newest first, with ``policy.pool_weights`` (method §10 v).

    With t waves and T > t weights the first t weights are divided by their sum. That is a rule
    locked with the policy and it is reported (``complete``, ``pool_incomplete``), never silent:
    ω and c are renormalised nowhere else. A wave in which the street has no value makes the
    pool a missing value (``wave_missing``); it is not left out.

    Raises ``AnalysisError``: ``no_waves``, ``too_many_waves`` (more than weights), ``wave_twice``,
    ``different_questionnaires``, ``persons_twice``, ``weights_sum`` (the weights of these waves
    are all 0).
    """
    check_waves(waves, policy)
    first = policy.pool_weights[: len(waves)]
    total = math.fsum(first)
    if total <= 0:
        raise AnalysisError("weights_sum", "The weights of these waves in the policy are all 0.")
    complete = len(waves) == len(policy.pool_weights)
    weights = first if complete else tuple(c / total for c in first)
    notes: tuple[Reason, ...] = ()
    if not complete:
        numbers = {"waves": len(waves), "expected": len(policy.pool_weights)}
        notes = (Reason("pool_incomplete", {**numbers, "weights": list(weights)}),)
    estimate = pool_waves(
        [w.estimate for w in waves],
        weights,
        policy=policy,
        questionnaires=[w.questionnaire for w in waves],
    )
    return AnnualPool(estimate, tuple(w.wave for w in waves), weights, complete, notes)


def check_waves(waves: Sequence[WaveEstimate], policy: Policy) -> None:
    """Raise ``AnalysisError`` for waves that cannot be the waves of one pool."""
    names = [w.wave for w in waves]
    if not names:
        raise AnalysisError("no_waves", "A pool needs at least one wave.")
    if len(names) > len(policy.pool_weights):
        raise AnalysisError(
            "too_many_waves",
            f"The policy has weights for {len(policy.pool_weights)} waves; give the newest "
            f"of the {len(names)} only.",
            waves=len(names),
            weights=len(policy.pool_weights),
        )
    for i, name in enumerate(names):
        if name in names[:i]:
            raise AnalysisError("wave_twice", f"The wave {name} is in the pool twice.", wave=name)
    for wave in waves:
        if wave.repeated_persons:
            raise AnalysisError(
                "persons_twice",
                f"{wave.repeated_persons} respondents of the wave {wave.wave} answered another "
                "wave of the pool too; waves with the same people are not independent and cannot "
                "be pooled.",
                wave=wave.wave,
                persons=wave.repeated_persons,
            )


def pool_waves(
    estimates: Sequence[Estimate],
    weights: Sequence[float],
    *,
    policy: Policy,
    questionnaires: Sequence[str] | None = None,
) -> Estimate:
    """P = Σ c_t P_t with V = Σ c_t² V_t. ``weights`` c_t ≥ 0 sum to 1.

    ``questionnaires`` are the checksums of what each wave asked, used or not. The degrees of
    freedom are Satterthwaite's; n is the sum of the waves with c_t > 0; n_eff is
    1/Σ(c_t²/n_eff,t), which is Σ n_eff,t when c_t ∝ n_eff,t and less otherwise. Suppressed when
    any wave used is, or lacks a value (``wave_missing``).
    Raises ``AnalysisError`` (``weights_sum``, ``different_questionnaires``).
    """
    if len(estimates) != len(weights) or not all(c >= 0 for c in weights) or not weights:
        raise AnalysisError("weights_sum", "Every wave needs a weight that is not negative.")
    if not abs(math.fsum(weights) - 1) <= 1e-9:
        raise AnalysisError("weights_sum", "The weights of the waves must sum to 1.")
    check_questionnaires(questionnaires, len(estimates))
    used = [(e, c) for e, c in zip(estimates, weights, strict=True) if c > 0]
    n = sum(e.n for e, _ in used)
    random = all(e.random for e, _ in used)
    if any(e.value is None or e.se is None or e.n_effective <= 0 for e, _ in used):
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


def check_questionnaires(checksums: Sequence[str] | None, waves: int) -> None:
    """Raise ``AnalysisError`` (``different_questionnaires``) unless all waves asked the same."""
    if checksums is None:
        return
    if len(checksums) != waves or len(set(checksums)) != 1:
        raise AnalysisError(
            "different_questionnaires",
            "The waves of a pool must ask the same questions; these have "
            f"{len(set(checksums))} questionnaires for {waves} waves. Compare such waves side by "
            "side instead.",
            questionnaires=sorted(set(checksums)),
        )


def change(
    now: Estimate, before: Estimate, *, policy: Policy, peers_before: Sequence[Estimate] = ()
) -> Change | None:
    """Difference of two waves with its interval; ``None`` when one has no value or error.

    se = √(V_now + V_before), t with Satterthwaite's degrees of freedom. ``peers_before`` are all
    streets of the group in the wave before, this one included: where this street was the lowest
    or the highest of at least three, ``notes`` says how far it had to be expected to come back
    even if nothing changed there (``regression_to_the_mean``).
    """
    if now.value is None or before.value is None or now.se is None or before.se is None:
        return None
    parts = [(e.se**2, max(1.0, e.df or 0.0)) for e in (now, before) if e.se is not None]
    se = math.sqrt(sum(v for v, _ in parts))
    value = now.value - before.value
    reach = float(stdtrit(satterthwaite(parts), (1 + policy.confidence) / 2)) * se
    notes = regression_note(before, peers_before)
    return Change(value, se, value - reach, value + reach, abs(value) > reach, notes)


def regression_note(before: Estimate, peers: Sequence[Estimate]) -> tuple[Reason, ...]:
    """What chance alone gives back to a street that stood at the end of its group.

    An extreme score is extreme partly by its own error. With μ and τ² of the group by
    DerSimonian–Laird and B = V/(V + τ²), the best guess of the true score is x + B(μ − x), so a
    change of B(μ − x) is expected without any change in the street (Laird & Louis 1989). The
    note has ``place`` (lowest, highest), ``expected`` in points and ``mean`` μ.
    """
    held = [e for e in peers if e.value is not None and e.se]
    if len(held) < MIN_PEERS or before.value is None or not before.se:
        return ()
    values = np.array([e.value for e in held], np.float64)
    variances = np.array([e.se for e in held], np.float64) ** 2
    lowest, highest = before.value <= values.min(), before.value >= values.max()
    if lowest == highest:
        return ()
    effects = dersimonian_laird(values, variances)
    shrinkage = before.se**2 / (before.se**2 + effects.tau2)
    params = {
        "place": "lowest" if lowest else "highest",
        "expected": float(shrinkage * (effects.mean - before.value)),
        "mean": effects.mean,
    }
    return (Reason("regression_to_the_mean", params),)
