"""Blending the district's direct scores with the public's: the score, its variance and weights.

Arrays over streets in, arrays out; scores on 0..100 (method §7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.types import FloatArray


@dataclass(frozen=True, slots=True)
class Blend:
    """Blended scores F (S,) with variances, and the direct scores as they went in.

    ``standardised`` is false although it was asked for when all direct scores are equal.
    """

    score: FloatArray
    variance: FloatArray
    direct: FloatArray
    direct_variance: FloatArray
    standardised: bool


@dataclass(frozen=True, slots=True)
class EffectiveWeights:
    """Shares of the differences between streets that each side makes; ``None``: undefined."""

    direct: float | None
    public: float | None


def direct_variance(standard_errors: Sequence[float | None], *, sd_floor: float) -> FloatArray:
    """V(D) = max(se², floor²): a direct score without noise would manufacture a last place."""
    return np.array([max(se or 0.0, sd_floor) ** 2 for se in standard_errors], np.float64)


def standardise(direct: FloatArray, variance: FloatArray, public: FloatArray) -> Blend | None:
    """D′ = P̄* + (D − D̄)·sd(P*)/sd(D) with V(D)·(sd P*/sd D)²; ``None`` when sd(D) is 0."""
    spread = float(np.std(direct))
    if spread <= 1e-12:
        return None
    ratio = float(np.std(public)) / spread
    moved = public.mean() + (direct - direct.mean()) * ratio
    return Blend(moved, variance * ratio**2, moved, variance * ratio**2, True)


def blend(
    direct: FloatArray,
    direct_variances: FloatArray,
    public: FloatArray,
    public_variances: FloatArray,
    *,
    alpha: float,
    standardised: bool = False,
) -> Blend:
    """F = αD + (1−α)P*, V(F) = α²V(D) + (1−α)²V(P); all arrays (S,)."""
    moved = standardise(direct, direct_variances, public) if standardised else None
    d, v = (direct, direct_variances) if moved is None else (moved.direct, moved.direct_variance)
    return Blend(
        score=alpha * d + (1 - alpha) * public,
        variance=alpha**2 * v + (1 - alpha) ** 2 * public_variances,
        direct=d,
        direct_variance=v,
        standardised=moved is not None,
    )


def effective_weights(
    blended: Blend, public: FloatArray, public_variances: FloatArray, *, alpha: float
) -> EffectiveWeights:
    """What each side contributes to the differences in F, beside its nominal weight.

    s_D = α·cov(D, F); s_P = (1−α)·cov(P*, F) − (1−α)²·mean V(P); each over their sum, undefined
    when the sum is not positive or there is one street.
    """
    if len(public) < 2:
        return EffectiveWeights(None, None)
    score = blended.score
    share_direct = alpha * float(np.cov(blended.direct, score)[0, 1])
    share_public = (1 - alpha) * float(np.cov(public, score)[0, 1])
    share_public -= (1 - alpha) ** 2 * float(public_variances.mean())
    total = share_direct + share_public
    if total <= 0:
        return EffectiveWeights(None, None)
    return EffectiveWeights(share_direct / total, share_public / total)
