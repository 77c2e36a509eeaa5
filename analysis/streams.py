"""Combining the random and the open stream of the streets of a wave; knows nothing of cubes.

References: DerSimonian & Laird 1986 (variance between studies by moments).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.types import AnalysisError, FloatArray


@dataclass(frozen=True, slots=True)
class RandomEffects:
    """Heterogeneity of values with known variances: mean μ, Q and τ² (never negative)."""

    mean: float
    q: float
    tau2: float


@dataclass(frozen=True, slots=True)
class StreamBias:
    """Bias of the open stream: δ with variance, τ_b² before and after its floor, Q, and the
    weight (S,) 1/(v_s + τ_b²) of each street in δ."""

    delta: float
    variance_delta: float
    tau2: float
    tau2_unfloored: float
    q: float
    weights: FloatArray


@dataclass(frozen=True, slots=True)
class CombinedStreams:
    """Combined values (S,) and covariance (S, S), with the share φ (S,) of the random stream."""

    value: FloatArray
    covariance: FloatArray
    phi: FloatArray


def dersimonian_laird(values: FloatArray, variances: FloatArray) -> RandomEffects:
    """Moment estimate of the variance between units. ``values``, ``variances`` (S,), S ≥ 1.

    w = 1/v; Q = Σw(x − x̄_w)²; τ² = max(0, (Q − (S−1)) / (Σw − Σw²/Σw)); μ with weights
    1/(v + τ²). Raises ``AnalysisError`` (``bad_variance``) unless every variance is positive.
    """
    if not np.all(variances > 0) or not np.all(np.isfinite(values)):
        raise AnalysisError(
            "bad_variance", "Every score must be a number and every variance above 0."
        )
    w = 1 / variances
    centre = np.dot(w, values) / w.sum()
    q = float(np.dot(w, (values - centre) ** 2))
    slack = w.sum() - np.dot(w, w) / w.sum()
    tau2 = max(0.0, (q - (len(values) - 1)) / slack) if len(values) > 1 else 0.0
    total = 1 / (variances + tau2)
    return RandomEffects(float(np.dot(total, values) / total.sum()), q, float(tau2))


def stream_bias(
    random: FloatArray,
    random_variance: FloatArray,
    open_: FloatArray,
    open_variance: FloatArray,
    *,
    floor: float,
) -> StreamBias:
    """δ and τ_b² of d_s = B_s − A_s over streets that have both streams; all arrays (S,).

    τ_b² ≥ floor²; δ = Σ W d / Σ W, W = 1/(V_A + V_B + τ_b²); V_δ = 1/Σ W (method §5).
    """
    difference = open_ - random
    variance = random_variance + open_variance
    found = dersimonian_laird(difference, variance)
    tau2 = max(found.tau2, floor**2)
    weights = 1 / (variance + tau2)
    return StreamBias(
        delta=float(np.dot(weights, difference) / weights.sum()),
        variance_delta=float(1 / weights.sum()),
        tau2=tau2,
        tau2_unfloored=found.tau2,
        q=found.q,
        weights=weights,
    )


def random_share(random_variance: FloatArray, open_variance: FloatArray, tau2: float) -> FloatArray:
    """φ = (V_B + τ_b²)/(V_A + V_B + τ_b²): what the random stream weighs in each street (S,)."""
    return (open_variance + tau2) / (random_variance + open_variance + tau2)


def combine(
    random: FloatArray,
    random_variance: FloatArray,
    open_: FloatArray,
    open_variance: FloatArray,
    *,
    phi: FloatArray,
    delta: float,
    variance_delta: float,
    tau2: float,
) -> CombinedStreams:
    """P = φA + (1−φ)(B − δ) with V and Cov of the method §5; all arrays (S,).

    V = φ²V_A + (1−φ)²(V_B + τ_b²) + (1−φ)²V_δ; Cov_st = (1−φ_s)(1−φ_t)V_δ. Where φ is 0 or 1
    the values of the stream that is not used must be finite but do not matter.
    """
    rest = 1 - phi
    value = phi * random + rest * (open_ - delta)
    own = phi**2 * random_variance + rest**2 * (open_variance + tau2)
    covariance = np.outer(rest, rest) * variance_delta + np.diag(own)
    return CombinedStreams(value, covariance, phi)


def bias_of(difference: FloatArray, variance: FloatArray, bias: StreamBias) -> tuple[float, float]:
    """δ and V_δ of another figure of the same streets (an indicator), with the same weights.

    Because the weights are those of the public score, Σ ω_k δ_k is its δ and indicators add up.
    """
    share = bias.weights / bias.weights.sum()
    delta = float(np.dot(share, difference))
    return delta, float(np.dot(share**2, variance + bias.tau2))
