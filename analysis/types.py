"""The frozen records that travel between the steps of the method; no computation happens here.

Scores are on 0..100 unless a field says otherwise; shares are on 0..1; variances carry the
square of the unit. Text fields named ``code`` or ``*_because`` hold machine-readable codes,
never sentences: whoever shows them words them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

UNKNOWN = "unknown"
"""The category of a respondent who did not say."""

StratumKey = Hashable
ResponseRow = tuple[StratumKey, str, bool, int]
MomentRow = tuple[StratumKey, str, str, str, int, int, int, int]
AnswerRow = tuple[str, StratumKey, str, str, int]
ClusterRow = tuple[Hashable, StratumKey, str, str, int, int]


class AnalysisError(ValueError):
    """Input that cannot be used; ``message`` says in English what to do about it.

    ``code`` is stable and meant for translation, ``params`` are the values in the message.
    """

    def __init__(self, code: str, message: str, **params: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.params = params


@dataclass(frozen=True, slots=True)
class Reason:
    """One machine-readable statement: a code and the numbers or names that belong in it."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with everything it must never travel without.

    ``value`` is ``None`` only when nothing can be computed; a value that may not be published
    is kept and ``suppressed_because`` says why (``no_answers``, ``n_below_30``,
    ``indicator_n_below_30`` ...): whoever publishes nulls it. ``random`` is true when the
    interval is a 95 % confidence interval of a random sample, false when it rests on a model
    because answers were self-selected. ``df`` are the degrees of freedom of the interval
    (``None`` for Wilson intervals).
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    n_effective: float
    suppressed_because: str | None = None
    se: float | None = None
    df: float | None = None
    random: bool = False

    @property
    def variance(self) -> float | None:
        """Square of the standard error."""
        return None if self.se is None else self.se**2


@dataclass(frozen=True, slots=True)
class StreetCube:
    """All that is counted of one street in one wave, as plain rows of integers.

    ``strata`` maps a key (any hashable, such as the database id) to the categories of its
    variables, e.g. ``{7: {"age_band": "18-29", "sex": "unknown"}}``. The rows name strata by
    that key and cover accepted responses only (or accepted and quarantined, for the index
    with them):

    * ``responses``: (stratum, channel, valid, n)
    * ``moments``: (stratum, channel, indicator_a, indicator_b, n, sum_a, sum_b, sum_ab) over
      valid responses that answered both; scores are 0..10000; each unordered pair once, a
      pair of an indicator with itself included
    * ``answers``: (indicator, stratum, channel, option, n) over valid responses
    * ``clusters``: (collection point, stratum, channel, indicator, n, sum) over valid responses

    ``margins`` maps a variable to residents per category; empty means unweighted.
    ``population`` is the adult population (default: total of the first margin).
    """

    code: str
    strata: Mapping[StratumKey, Mapping[str, str]]
    responses: Sequence[ResponseRow]
    moments: Sequence[MomentRow]
    answers: Sequence[AnswerRow] = ()
    clusters: Sequence[ClusterRow] = ()
    margins: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    population: float | None = None


@dataclass(frozen=True, slots=True)
class WeightsReport:
    """How the weights came about: what a reader must see to trust them.

    ``gaps`` holds per margin the largest absolute difference between the weighted and the
    target share. ``collapsed`` and ``dropped`` are reasons with the variable and category.
    ``at_bounds`` counts respondents whose weight sits on a trimming bound.
    """

    n: int
    deff: float
    n_effective: float
    converged: bool
    iterations: int
    gaps: Mapping[str, float]
    collapsed: tuple[Reason, ...] = ()
    dropped: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()
    minimum: float = 1.0
    maximum: float = 1.0
    at_bounds: int = 0


@dataclass(frozen=True, slots=True)
class CellMoments:
    """Integer sums of one street and stream; the sufficient statistics of every index.

    Shapes: C cells, K indicators, K(K+1)/2 pairs in the order of ``numpy.triu_indices``.
    ``n`` (C,) valid respondents; ``pair_n``, ``sum_a``, ``sum_b``, ``sum_ab`` (C, pairs).
    ``clustered`` (C,) says whether a cell's channels are drawn by collection point;
    ``cluster_cell``, ``cluster_point``, ``cluster_indicator``, ``cluster_n``, ``cluster_sum``
    are parallel arrays of cluster totals inside clustered cells.
    """

    indicators: tuple[str, ...]
    n: IntArray
    pair_n: IntArray
    sum_a: IntArray
    sum_b: IntArray
    sum_ab: IntArray
    clustered: NDArray[np.bool_]
    cluster_cell: IntArray
    cluster_point: IntArray
    cluster_indicator: IntArray
    cluster_n: IntArray
    cluster_sum: IntArray


@dataclass(frozen=True, slots=True)
class IndexEstimates:
    """Public score and indices of one street and stream, with the unit of their variance.

    ``variance_unit`` is ``respondent`` or ``cluster``; ``clusters`` counts collection points.
    """

    public: Estimate
    indicators: Mapping[str, Estimate]
    variance_unit: str
    clusters: int


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares 0..1 of those with an opinion (``dont_know``: of all who answered).

    ``satisfied`` includes 基本满意 and ``satisfied_strict`` does not; ``mapped_index`` is the
    index 0..100 under the policy's alternative scale.
    """

    satisfied: Estimate
    satisfied_strict: Estimate
    dissatisfied: Estimate
    dont_know: Estimate
    mapped_index: Estimate


@dataclass(frozen=True, slots=True)
class StreamResult:
    """One street and one stream (``A`` random, ``B`` open), weighted by itself.

    ``n`` valid responses, ``responses`` all accepted ones. ``shares`` has one entry per
    indicator that has answer rows, and ``public_shares`` their means with the weights ω.
    """

    stream: str
    n: int
    responses: int
    n_effective: float
    public: Estimate
    indicators: Mapping[str, Estimate]
    shares: Mapping[str, Shares]
    public_shares: Shares | None
    weights: WeightsReport
    variance_unit: str
    clusters: int


@dataclass(frozen=True, slots=True)
class StreetResult:
    """What is said of one street in one wave.

    ``basis`` is ``combined`` (both streams), ``random`` (A only), ``open`` (B only) or
    ``none``. ``phi`` is the weight of A. ``n_effective_random`` is 0 when A does not count.
    ``ranked`` is false, with the reason, for a street whose random stream is absent or too small.
    """

    code: str
    streams: Mapping[str, StreamResult]
    basis: str
    phi: float | None
    public: Estimate
    indicators: Mapping[str, Estimate]
    shares: Mapping[str, Shares]
    public_shares: Shares | None
    n_effective_random: float
    ranked: bool
    not_ranked_because: str | None
    population: float | None


@dataclass(frozen=True, slots=True)
class Combination:
    """The bias of the open stream against the random one, over the streets of a wave.

    ``combined`` is false (with ``reason``) when too few streets have both streams; then
    ``delta``, ``tau2``, ``variance_delta`` and ``q`` are ``None`` and nothing was shifted.
    """

    combined: bool
    reason: Reason | None
    delta: float | None
    tau2: float | None
    tau2_unfloored: float | None
    variance_delta: float | None
    q: float | None


@dataclass(frozen=True, slots=True)
class WaveResult:
    """All streets of a wave. ``covariance`` (S, S) is that of the public scores, order ``codes``;
    rows of a street without a public score are zero."""

    codes: tuple[str, ...]
    streets: Mapping[str, StreetResult]
    combination: Combination
    covariance: FloatArray
    district: Estimate
    district_indicators: Mapping[str, Estimate]
