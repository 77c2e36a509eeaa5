"""Weighted means and their covariance from integer sums, by Taylor linearisation; no intervals.

Integers are centred exactly before any float enters, so nothing is lost at any number of answers.

References: Kish 1965 (clusters, effective size); Woodruff 1971 (linearisation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.cells import pair_positions, upper_triangle
from analysis.types import CellMoments, FloatArray
from analysis.weights import n_effective

HUNDREDTHS = 100.0


@dataclass(frozen=True, slots=True)
class Linearised:
    """Indices (K,) on 0..100 with their covariance split by unit of variance.

    ``covariance`` = ``by_cluster`` + ``by_respondent`` (K, K), before any floor. ``n`` (K,)
    answers and ``n_eff`` (K,) effective. ``units_cluster`` and ``units_respondent`` count the
    units of the two parts; ``clusters`` all collection points, used or not.
    """

    index: FloatArray
    by_cluster: FloatArray
    by_respondent: FloatArray
    n: np.ndarray
    n_eff: FloatArray
    n_eff_all: float
    units_cluster: int
    units_respondent: int
    clusters: int


@dataclass(frozen=True, slots=True)
class CentredMoments:
    """Σ(z_a − I_a)(z_b − I_b) per cell and pair, ``products`` (C, pairs), in hundredths squared.

    I = ``centre`` (K,) integer + ``offset`` (K,); ``mass`` (K,) is Σw of those who answered, 1
    where nobody did.
    """

    centre: np.ndarray
    offset: FloatArray
    products: FloatArray
    mass: FloatArray


def linearise(
    cells: CellMoments,
    weights: FloatArray,
    *,
    min_clusters: int,
    correlation: float = 0.0,
    design_n: int | None = None,
) -> Linearised:
    """Weighted means and their Taylor covariance from the integer sums of the cells.

    I_k = Σwz/Σw over those who answered k; u_ik = w_i (z_ik − I_k)/W_k for those, else 0;
    cov_kl = n/(n−1) Σ_i u_ik u_il with n the valid respondents (``design_n`` when the margins
    are the district's: the whole design, other rows zero). With at least ``min_clusters``
    collection points the totals of u per point take the place of the respondents of clustered
    channels: cov_kl = m/(m−1) Σ_j u_jk u_jl, m = points + respondents of other channels. With
    fewer points their respondents stay the unit and count for less by the ``correlation`` within
    a point that is assumed (``few_points_factor``). ``weights`` (C,). An index nobody answered is
    0 here, with n = 0.
    """
    K = len(cells.indicators)
    centred = centre_moments(cells, weights)
    safe, n_cell = centred.mass, cells.pair_n[:, pair_positions(K).diagonal()]
    squares = (weights**2) @ n_cell
    n_eff = np.divide((weights @ n_cell) ** 2, squares, out=np.zeros(K), where=squares > 0)
    clusters = len(set(cells.cluster_point.tolist()))
    clustered = clusters >= min_clusters
    single = ~cells.clustered if clustered else np.ones(len(weights), bool)
    singles = int(cells.n[single].sum())
    units = singles + (clusters if clustered else 0)
    rows = units if design_n is None or clustered else design_n
    factor = rows / (rows - 1) if rows > 1 else 1.0
    scale = factor / np.outer(safe, safe)
    by_respondent = symmetric((weights[single] ** 2) @ centred.products[single], K) * scale
    if clusters and not clustered and correlation > 0:
        few = cells.clustered
        more = few_points_factor(cells, weights, clusters=clusters, correlation=correlation) - 1
        by_respondent += symmetric((weights[few] ** 2) @ centred.products[few], K) * scale * more
    by_cluster = np.zeros((K, K))
    if clustered:
        totals = cluster_totals(
            cells, weights, centre=centred.centre, offset=centred.offset, clusters=clusters
        )
        by_cluster = (totals.T @ totals) * scale
    return Linearised(
        index=(centred.centre + centred.offset) / HUNDREDTHS,
        by_cluster=by_cluster / HUNDREDTHS**2,
        by_respondent=by_respondent / HUNDREDTHS**2,
        n=n_cell.sum(axis=0),
        n_eff=np.minimum(n_cell.sum(axis=0), n_eff),
        n_eff_all=n_effective(cells.n, weights),
        units_cluster=clusters if clustered else 0,
        units_respondent=singles,
        clusters=clusters,
    )


def few_points_factor(
    cells: CellMoments, weights: FloatArray, *, clusters: int, correlation: float
) -> FloatArray:
    """By what a covariance (K, K) grows when answers of one point resemble each other.

    √(f_k f_l), f_k = 1 + ρ (Σ_j W_jk²/Σ w² − 1) over the answers to k of clustered channels, W_jk
    the weights of point j together; with equal weights the familiar 1 + ρ (m − 1) for m answers
    a point (Kish 1965, §5.4). One where nobody answered.
    """
    K = len(cells.indicators)
    mass = np.zeros((clusters, K))
    where = (cells.cluster_point, cells.cluster_indicator)
    np.add.at(mass, where, weights[cells.cluster_cell] * cells.cluster_n)
    few = cells.clustered
    squares = (weights[few] ** 2) @ cells.pair_n[few][:, pair_positions(K).diagonal()]
    size = np.divide((mass**2).sum(axis=0), squares, out=np.ones(K), where=squares > 0)
    root = np.sqrt(1 + correlation * np.maximum(0.0, size - 1))
    return np.outer(root, root)


def centre_moments(cells: CellMoments, weights: FloatArray) -> CentredMoments:
    """Moments about the weighted means, without cancellation.

    Integers are centred exactly before any float enters: equal answers give variance 0, and
    nothing is lost at ten million responses.
    """
    K = len(cells.indicators)
    first, second = upper_triangle(K)
    own = pair_positions(K).diagonal()
    n_cell = cells.pair_n[:, own]
    answered = n_cell.sum(axis=0)
    mean = cells.sum_a[:, own].sum(axis=0) / np.maximum(answered, 1)
    centre = np.rint(mean).astype(np.int64)
    shifted_a = cells.sum_a - centre[first] * cells.pair_n
    shifted_b = cells.sum_b - centre[second] * cells.pair_n
    products = (
        cells.sum_ab
        - centre[first] * cells.sum_b
        - centre[second] * cells.sum_a
        + centre[first] * centre[second] * cells.pair_n
    )
    mass = weights @ n_cell
    safe = np.where(mass > 0, mass, 1.0)
    offset = (weights @ shifted_a[:, own]) / safe
    residual = (
        products
        - offset[first] * shifted_b
        - offset[second] * shifted_a
        + offset[first] * offset[second] * cells.pair_n
    )
    return CentredMoments(centre, offset, residual, safe)


def symmetric(upper: FloatArray, K: int) -> FloatArray:
    """The symmetric (K, K) matrix of its upper triangle in ``triu_indices`` order."""
    return upper[pair_positions(K)]


def cluster_totals(
    cells: CellMoments,
    weights: FloatArray,
    *,
    centre: np.ndarray,
    offset: FloatArray,
    clusters: int,
) -> FloatArray:
    """Σ w (z − I) per collection point and indicator, (clusters, K), in hundredths."""
    k = cells.cluster_indicator
    shifted = cells.cluster_sum - centre[k] * cells.cluster_n
    amount = weights[cells.cluster_cell] * (shifted - offset[k] * cells.cluster_n)
    totals = np.zeros((clusters, len(cells.indicators)))
    np.add.at(totals, (cells.cluster_point, k), amount)
    return totals
