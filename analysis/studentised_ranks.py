"""Confidence sets for ranks by the studentised maximum of all differences; a diagnostic.

The official sets are Holm's (``ranking.holm_rank_sets``). These stand beside them: for many units
they are a little narrower, they can be one-sided, and they can use the covariance of scores
that share a shift. Rank 1 is the largest score.

Reference: Mogstad, Romano, Shaikh & Wilhelm, "Inference for Ranks with Applications to Mobility
across Neighbourhoods and Academic Achievement across Countries", Review of Economic Studies 91
(2024, online 2023), §3; step-down after Romano & Wolf 2005. The quantiles come from simulated
normals (a parametric bootstrap), so they move in the second decimal with the generator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.ranking import RankSets, check_scores, pairwise_z
from analysis.types import AnalysisError, FloatArray, IntArray

Side = Literal["both", "lower", "upper"]

DRAW_BLOCK = 1000
PAIR_BLOCK = 256
COVARIANCE_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class StudentisedRankSets(RankSets):
    """Rank sets with what they were decided by.

    ``above`` and ``below`` (S, S) hold the statement about unit i in row i: unit j is
    significantly above (below) it. In simultaneous sets ``below`` is the transpose of ``above``;
    in marginal ones each row is a statement of its own. ``critical`` (S,) is the quantile of
    the first step, which is the single-step critical value (equal for all units when
    simultaneous, 0 for a unit without others).
    """

    below: np.ndarray
    critical: FloatArray

    def may_be_first(self, places: int = 1) -> np.ndarray:
        """Which units (S,) may be among the first ``places``: their set reaches them.

        For a confidence set of the tau best, take sets with ``side="lower"`` (Mogstad et al. §3.4).
        """
        return self.low <= places

    def may_be_last(self, places: int = 1) -> np.ndarray:
        """Which units (S,) may be among the last ``places``; take sets with ``side="upper"``."""
        return self.high >= len(self.high) - places + 1


def studentised_rank_sets(
    scores: FloatArray,
    variances: FloatArray,
    *,
    rng: np.random.Generator,
    error: float = 0.05,
    simultaneous: bool = True,
    step_down: bool = True,
    side: Side = "both",
    covariance: FloatArray | None = None,
    draws: int = 10_000,
) -> StudentisedRankSets:
    """Sets of ranks that hold the true ranks with probability ≥ 1 − ``error``, approximately.

    ``scores`` (S,) on any scale, ``variances`` (S,) > 0 its square; S = 1 gives the set [1, 1].
    With ``simultaneous`` all sets hold at once, else each by itself. ``side``: ``both``;
    ``lower`` bounds ranks from below only (high = S), ``upper`` from above (low = 1).
    ``covariance`` (S, S) of the scores, its diagonal ``variances``; default: independent.

    Every ordered pair "j above i" that a set is built on is a one-sided hypothesis with
    z_ij = (x_j − x_i)/√Var(x_j − x_i). Those beyond the (1 − error) quantile of the largest
    simulated z of all hypotheses still open are called; with ``step_down`` the quantile is
    taken again over the rest (the reverse of a called pair stays open) until none is added.
    low = 1 + number called above, high = S − number called below.

    ``draws`` × S normals are taken from ``rng``; the same generator state gives the same sets.
    Time grows with S²·draws, memory with S·draws (8 bytes each). Raises ``AnalysisError``
    (``bad_variance``, ``bad_covariance``, ``bad_option``).
    """
    check_options(error, side, draws)
    check_scores(scores, variances)
    S = len(scores)
    spread = spread_of_differences(variances, covariance)
    z = pairwise_z(scores, variances) if covariance is None else differences(scores) / spread
    noise = simulated_scores(variances, covariance, rng=rng, draws=draws)
    above, below = np.zeros((S, S), bool), np.zeros((S, S), bool)
    critical = np.zeros(S)
    for units, family in families(S, side, simultaneous):
        called, first = called_pairs(
            family, z, spread=spread, noise=noise, error=error, step_down=step_down
        )
        critical[units] = first
        if side != "upper":
            above[units] = called[units]
        if side != "lower":
            below[units] = called.T[units]
    return StudentisedRankSets(
        low=1 + above.sum(axis=1),
        high=S - below.sum(axis=1),
        above=above,
        below=below,
        critical=critical,
    )


def check_options(error: float, side: str, draws: int) -> None:
    """Raise ``AnalysisError`` (``bad_option``) for options that no set can be built with."""
    if not 0 < error < 1:
        raise AnalysisError("bad_option", f"The error must lie between 0 and 1, not {error}.")
    if side not in ("both", "lower", "upper"):
        raise AnalysisError("bad_option", f"The side is both, lower or upper, not {side!r}.")
    if draws < 1000:
        raise AnalysisError("bad_option", f"A quantile needs 1,000 draws or more, not {draws}.")


def differences(scores: FloatArray) -> FloatArray:
    """x_j − x_i, (S, S)."""
    return scores[None, :] - scores[:, None]


def spread_of_differences(variances: FloatArray, covariance: FloatArray | None) -> FloatArray:
    """√Var(x_j − x_i) = √(V_i + V_j − 2 C_ij), (S, S); 1 on the diagonal, where it is not used.

    Raises ``AnalysisError`` (``bad_covariance``) unless ``covariance`` is a symmetric (S, S)
    matrix of finite numbers with ``variances`` on its diagonal and no difference without spread.
    """
    square = variances[None, :] + variances[:, None]
    if covariance is not None:
        S = len(variances)
        if covariance.shape != (S, S) or not np.all(np.isfinite(covariance)):
            raise AnalysisError("bad_covariance", f"The covariance must be {S} by {S} numbers.")
        close = COVARIANCE_TOLERANCE * float(variances.max(initial=0.0))
        if np.any(np.abs(covariance - covariance.T) > close) or np.any(
            np.abs(np.diag(covariance) - variances) > close
        ):
            raise AnalysisError(
                "bad_covariance",
                "The covariance must be symmetric with the variances on its diagonal.",
            )
        square = square - 2 * covariance
    np.fill_diagonal(square, 1.0)
    if np.any(square <= 0):
        raise AnalysisError(
            "bad_covariance", "Two scores have a difference without any variance; leave one out."
        )
    return np.sqrt(square)


def simulated_scores(
    variances: FloatArray, covariance: FloatArray | None, *, rng: np.random.Generator, draws: int
) -> FloatArray:
    """Normals with mean 0 and the given covariance, (S, draws).

    Raises ``AnalysisError`` (``bad_covariance``) when the matrix is not positive semi-definite.
    """
    noise = rng.standard_normal((len(variances), draws))
    if covariance is None:
        noise *= np.sqrt(variances)[:, None]
        return noise
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    if values.min(initial=0.0) < -COVARIANCE_TOLERANCE * values.max(initial=0.0):
        raise AnalysisError("bad_covariance", "The covariance is not one: it is not positive.")
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ noise


def families(S: int, side: Side, simultaneous: bool) -> Iterator[tuple[IntArray, np.ndarray]]:
    """The hypotheses (S, S) "column above row" tested together, and the units they speak of.

    Simultaneous: all ordered pairs, whatever the side. Marginal: per unit those above it, those
    below it, or both.
    """
    if simultaneous:
        yield np.arange(S), ~np.eye(S, dtype=bool)
        return
    for unit in range(S):
        family = np.zeros((S, S), bool)
        if side != "upper":
            family[unit] = True
        if side != "lower":
            family[:, unit] = True
        family[unit, unit] = False
        yield np.array([unit]), family


def called_pairs(
    family: np.ndarray,
    z: FloatArray,
    *,
    spread: FloatArray,
    noise: FloatArray,
    error: float,
    step_down: bool,
) -> tuple[np.ndarray, float]:
    """Hypotheses of ``family`` (S, S) that are called, and the quantile of the first step."""
    low, high = np.nonzero(family)
    found, scale = z[low, high], 1 / spread[low, high]
    still = np.ones(len(low), bool)
    first: float | None = None
    while still.any():
        largest = largest_difference(noise, low[still], high[still], scale=scale[still])
        quantile = float(np.quantile(largest, 1 - error))
        first = quantile if first is None else first
        new = still & (found > quantile)
        still &= ~new
        if not step_down or not new.any():
            break
    called = np.zeros_like(family)
    called[low[~still], high[~still]] = True
    return called, first or 0.0


def largest_difference(
    noise: FloatArray, low: IntArray, high: IntArray, *, scale: FloatArray
) -> FloatArray:
    """max over the pairs of (noise_high − noise_low)·scale, per draw (draws,).

    In blocks of draws and of pairs, so that a block stays in the processor's cache and memory
    does not grow with the number of pairs.
    """
    draws = noise.shape[1]
    largest = np.full(draws, -np.inf)
    for start in range(0, draws, DRAW_BLOCK):
        part = noise[:, start : start + DRAW_BLOCK]
        best = largest[start : start + DRAW_BLOCK]
        for first in range(0, len(low), PAIR_BLOCK):
            pairs = slice(first, first + PAIR_BLOCK)
            block = part[high[pairs]] - part[low[pairs]]
            block *= scale[pairs, None]
            np.maximum(best, block.max(axis=0), out=best)
    return largest
