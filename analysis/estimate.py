"""Index, public score, variance and interval of one street and stream, from integer sums.

One function serves the cubes and single respondents: respondents are counted into cells first
(``cells.cube_from_respondents``), and weights depend on the cell only.

References: Kish 1965; Wilson 1927; Welch 1947 and Satterthwaite 1946 (degrees of freedom).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import ndtri

from analysis.cells import pair_positions, upper_triangle
from analysis.intervals import mean_limits
from analysis.policy import Policy
from analysis.types import CellMoments, Estimate, FloatArray, IndexEstimates
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
    design_n: int | None = None,
) -> Linearised:
    """Weighted means and their Taylor covariance from the integer sums of the cells.

    I_k = Σwz/Σw over those who answered k; u_ik = w_i (z_ik − I_k)/W_k for those, else 0;
    cov_kl = n/(n−1) Σ_i u_ik u_il with n the valid respondents (``design_n`` when the margins
    are the district's: the whole design, other rows zero). With at least ``min_clusters``
    collection points the totals of u per point take the place of the respondents of clustered
    channels: cov_kl = m/(m−1) Σ_j u_jk u_jl, m = points + respondents of other channels.
    ``weights`` (C,). An index nobody answered is 0 here, with n = 0.
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


def index_estimates(
    cells: CellMoments,
    weights: FloatArray,
    *,
    policy: Policy,
    random: bool,
    floor: bool = True,
    design_n: int | None = None,
) -> IndexEstimates:
    """Public score P = Σ ω_k I_k and every index, with variance, floor and interval (method §4).

    V(P) = ω' cov ω uses the covariance of the indicators. Floor: V ≥ sd_floor²/n_eff. Interval:
    ± t(df) √V cut to [0, 100], within six SE of an end Wilson's (``intervals.mean_limits``);
    df = n_eff − 1, with clusters their number − 1 (Satterthwaite when some channels are not
    clustered). Suppression is decided, values are kept. ``weights`` (C,) per cell; ``random``
    marks stream A.
    """
    lin = linearise(cells, weights, min_clusters=policy.min_clusters, design_n=design_n)
    sd_floor = policy.sd_floor if floor else 0.0
    K = len(cells.indicators)
    single = np.eye(K)
    indicators = {
        name: linear_estimate(
            lin,
            single[k],
            int(lin.n[k]),
            lin.n_eff[k],
            sd_floor=sd_floor,
            policy=policy,
            random=random,
            suppressed=suppress_index(int(lin.n[k]), policy),
        )
        for k, name in enumerate(cells.indicators)
    }
    omega = np.array([policy.omega.get(name, 0.0) for name in cells.indicators])
    public = linear_estimate(
        lin,
        omega,
        int(cells.n.sum()),
        lin.n_eff_all,
        sd_floor=sd_floor,
        policy=policy,
        random=random,
        suppressed=suppress_public([int(n) for n in lin.n[omega > 0]], policy),
    )
    unit = "cluster" if lin.units_cluster else "respondent"
    return IndexEstimates(public, indicators, unit, lin.clusters)


def linear_estimate(
    lin: Linearised,
    combination: FloatArray,
    n: int,
    n_eff: float,
    *,
    sd_floor: float,
    policy: Policy,
    random: bool,
    suppressed: str | None,
) -> Estimate:
    """The estimate of Σ c_k I_k for a ``combination`` c (K,); no value when an index is missing."""
    used = combination > 0
    if np.any(lin.n[used] == 0):
        return Estimate(
            None, None, None, n, float(n_eff), suppressed or "no_answers", random=random
        )
    value = float(combination @ lin.index)
    single_df = max(1.0, min(n_eff, lin.units_respondent) - 1.0)
    parts = [
        (max(0.0, float(combination @ covariance @ combination)), df)
        for covariance, df in (
            (lin.by_cluster, lin.units_cluster - 1.0),
            (lin.by_respondent, single_df),
        )
    ]
    variance = max(sum(v for v, _ in parts), sd_floor**2 / n_eff)
    if variance == 0 and lin.units_cluster + lin.units_respondent <= 1:
        return Estimate(value, 0.0, 100.0, n, float(n_eff), suppressed, df=0.0, random=random)
    df = satterthwaite(parts) if lin.units_cluster else n_eff - 1.0
    return interval_estimate(
        value,
        variance,
        df,
        n=n,
        n_eff=float(n_eff),
        policy=policy,
        random=random,
        suppressed=suppressed,
        bounded=True,
    )


def satterthwaite(parts: Sequence[tuple[float, float]]) -> float:
    """Degrees of freedom of a sum of variances, (ΣV)² / Σ(V²/df); parts without variance drop out.

    Parts are (variance, df > 0); Satterthwaite 1946. All parts zero: the smallest df.
    """
    live = [(v, df) for v, df in parts if v > 0]
    if not live:
        return min(df for _, df in parts)
    return sum(v for v, _ in live) ** 2 / sum(v * v / df for v, df in live)


def interval_estimate(
    value: float,
    variance: float,
    df: float,
    *,
    n: int,
    n_eff: float,
    policy: Policy,
    random: bool,
    suppressed: str | None = None,
    bounded: bool = False,
) -> Estimate:
    """An estimate with the limits of ``mean_limits``: value ± t(df) √variance cut to [0, 100].

    ``bounded``: the variance is the sampling variance of one mean of answers, so that Wilson's
    form may take over near an end of the scale.
    """
    se = math.sqrt(variance)
    low, high = mean_limits(value, se, df, confidence=policy.confidence, bounded=bounded)
    return Estimate(
        value=value,
        low=low,
        high=high,
        n=n,
        n_effective=n_eff,
        suppressed_because=suppressed,
        se=se,
        df=max(0.0, df),
        random=random,
    )


def suppress_index(n: int, policy: Policy) -> str | None:
    """Code of the reason an index on ``n`` answers may not be published, or ``None``."""
    if n == 0:
        return "no_answers"
    return f"n_below_{policy.min_index}" if n < policy.min_index else None


def suppress_public(answers: Sequence[int], policy: Policy) -> str | None:
    """The same for the public score; ``answers`` of every indicator with ω > 0."""
    if not answers or min(answers) == 0:
        return "indicator_without_answers" if any(answers) else "no_answers"
    if min(answers) < policy.min_index:
        return f"indicator_n_below_{policy.min_index}"
    return None


@lru_cache(maxsize=64)
def normal_quantile(probability: float) -> float:
    """Quantile of the standard normal distribution at a ``probability`` in (0, 1)."""
    return float(ndtri(probability))


def wilson(share: float, n_eff: float, *, confidence: float) -> tuple[float, float]:
    """Wilson interval of a share at an effective sample size (Wilson 1927); (0, 1) at n_eff 0.

    (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n).
    """
    if n_eff <= 0:
        return 0.0, 1.0
    z = normal_quantile((1 + confidence) / 2)
    middle = share + z * z / (2 * n_eff)
    reach = z * math.sqrt(share * (1 - share) / n_eff + z * z / (4 * n_eff**2))
    scale = 1 + z * z / n_eff
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def district_estimate(
    estimates: Mapping[str, Estimate],
    populations: Mapping[str, float | None],
    *,
    policy: Policy,
    covariance: FloatArray | None = None,
) -> Estimate:
    """Σ(N_s/N)·I_s with V = Σ(N_s/N)²·V_s, plus the covariance of streets that share a shift.

    ``covariance`` (S, S) in the order of ``estimates``; its diagonal is not used. No value when
    a street has none that may be shown (``street_without_index``): it would not be the
    district's without it, and with it the hidden figure would follow from the others; n counts
    the others. No value either without a population (``population_missing``).
    """
    every = list(estimates.values())
    shown = [e for e in every if e.se is not None and e.suppressed_because is None]
    n = sum(e.n for e in shown)
    random = bool(every) and all(e.random for e in every)
    sizes = [populations.get(code) for code in estimates]
    missing = "street_without_index" if len(shown) < len(every) else None
    if not every or any(size is None or size <= 0 for size in sizes):
        missing = missing or "population_missing"
    if missing:
        return Estimate(None, None, None, n, 0.0, missing, random=random)
    share = np.array(sizes, float) / sum(float(size or 0) for size in sizes)
    value = float(sum(w * (e.value or 0.0) for w, e in zip(share, every, strict=True)))
    parts = [
        (float(w) ** 2 * (e.se or 0.0) ** 2, max(1.0, e.df or 0.0))
        for w, e in zip(share, every, strict=True)
    ]
    variance = sum(v for v, _ in parts)
    if covariance is not None:
        shared = covariance - np.diag(np.diag(covariance))
        variance += float(share @ shared @ share)
    n_eff = sum(w * w / e.n_effective for w, e in zip(share, every, strict=True))
    return interval_estimate(
        value,
        variance,
        satterthwaite(parts),
        n=n,
        n_eff=float(1 / n_eff),
        policy=policy,
        random=random,
        suppressed=suppress_index(n, policy),
    )
