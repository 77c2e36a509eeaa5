"""Index, public score, variance and interval of one street and stream, from integer sums.

One function serves the cubes and single respondents: respondents are counted into cells first
(``cells.cube_from_respondents``), and weights depend on the cell only.

References: Kish 1965; Wilson 1927; Welch 1947 and Satterthwaite 1946 (degrees of freedom).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from scipy.special import ndtri

from analysis.intervals import mean_limits
from analysis.linearisation import Linearised, linearise
from analysis.policy import Policy
from analysis.types import CellMoments, Estimate, FloatArray, IndexEstimates


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
    lin = linearise(
        cells,
        weights,
        min_clusters=policy.min_clusters,
        correlation=policy.cluster_correlation,
        design_n=design_n,
    )
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
