"""From the cubes of a wave to what is said of each street: weights, indices, shares, one score.

The steps themselves live in ``weights``, ``estimate``, ``shares`` and ``streams``; this module
only puts them in order and decides which stream speaks for a street (method §3 to §5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from analysis.cells import StreamCells, stream_cells, weights_of_cells
from analysis.combining import StreamCombiner, is_usable
from analysis.estimate import district_estimate, index_estimates
from analysis.policy import OPEN, RANDOM, Policy
from analysis.shares import mean_shares, stream_shares
from analysis.streams import StreamBias, stream_bias
from analysis.types import (
    AnalysisError,
    Combination,
    Estimate,
    FloatArray,
    Reason,
    StreamResult,
    StreetCube,
    StreetResult,
    WaveResult,
)
from analysis.weights import stratum_weights

Streams = Mapping[str, StreamResult]


def stream_result(
    cells: StreamCells,
    margins: Mapping[str, Mapping[str, float]],
    *,
    policy: Policy,
    floor: bool = True,
    trim: bool = True,
) -> StreamResult:
    """Weigh and estimate one stream of one street.

    ``margins`` in raking order, empty for unweighted; ``floor`` and ``trim`` switch the variance
    floor and the trimming off. Raises ``AnalysisError`` (``bad_margin``).
    """
    random = cells.stream == RANDOM
    weights, report = stratum_weights(
        cells.strata, cells.n, margins, policy=policy, use_base_weights=random, trim=trim
    )
    found = index_estimates(
        cells.moments, weights_of_cells(weights), policy=policy, random=random, floor=floor
    )
    shares = stream_shares(cells, weights, policy=policy, random=random)
    n_eff = report.n_effective
    return StreamResult(
        stream=cells.stream,
        n=report.n,
        responses=int(cells.responses.sum()),
        n_effective=n_eff,
        public=found.public,
        indicators=found.indicators,
        shares=shares,
        public_shares=mean_shares(shares, n=report.n, n_eff=n_eff, policy=policy, random=random),
        weights=report,
        variance_unit=found.variance_unit,
        clusters=found.clusters,
    )


def street_streams(cube: StreetCube, policy: Policy) -> dict[str, StreamResult]:
    """Result of each stream of a street that has accepted responses, ``{"A": …, "B": …}``.

    Margins are those the policy names and the cube has. Raises ``AnalysisError``
    (``unknown_name``, ``bad_margin``).
    """
    margins = {v: cube.margins[v] for v in policy.margin_variables if v in cube.margins}
    return {
        stream: stream_result(cells, margins, policy=policy)
        for stream, cells in stream_cells(cube, policy).items()
        if cells.responses.sum() > 0
    }


def street_result(cube: StreetCube, policy: Policy) -> StreetResult:
    """A street by itself, its streams not combined (that takes the other streets of the wave)."""
    return wave_result([cube], policy).streets[cube.code]


def wave_result(cubes: Sequence[StreetCube], policy: Policy) -> WaveResult:
    """All streets of a wave: streams combined where enough streets have both (method §5).

    Raises ``AnalysisError`` (``duplicate_street`` and those of ``street_streams``).
    """
    codes = tuple(cube.code for cube in cubes)
    if len(set(codes)) < len(codes):
        raise AnalysisError("duplicate_street", "A street appears twice among the cubes.")
    streams = {cube.code: street_streams(cube, policy) for cube in cubes}
    populations = {cube.code: population_of(cube) for cube in cubes}
    bias = wave_bias(streams, policy)
    if bias is None:
        streets = {c: single_stream(c, streams[c], populations[c], policy) for c in codes}
        covariances: dict[str | None, FloatArray] = {None: variances(streets)}
    else:
        combiner = StreamCombiner(streams, bias[0], bias[1], policy)
        streets = {c: combined_street(c, combiner, populations[c], policy) for c in codes}
        covariances = combiner.covariances
    indicators = dict.fromkeys(name for street in streets.values() for name in street.indicators)
    return WaveResult(
        codes=codes,
        streets=streets,
        combination=describe_combination(bias, streams, policy),
        covariance=covariances[None],
        district=district_estimate(
            {c: streets[c].public for c in codes},
            populations,
            policy=policy,
            covariance=covariances[None],
        ),
        district_indicators={
            name: district_estimate(
                {c: streets[c].indicators.get(name, nothing()) for c in codes},
                populations,
                policy=policy,
                covariance=covariances.get(name),
            )
            for name in indicators
        },
    )


def population_of(cube: StreetCube) -> float | None:
    """Adults of a street: as given, else the total of its first margin."""
    if cube.population is not None:
        return cube.population
    totals = [sum(residents.values()) for residents in cube.margins.values()]
    return float(totals[0]) if totals else None


def wave_bias(
    streams: Mapping[str, Streams], policy: Policy
) -> tuple[StreamBias, tuple[str, ...]] | None:
    """Bias of the open stream and the streets it rests on; ``None`` with too few of them."""
    both = tuple(
        code
        for code, found in streams.items()
        if all(is_usable(found.get(s), policy) for s in (RANDOM, OPEN))
    )
    if len(both) < policy.min_random_streets:
        return None

    def column(stream: str, part: Callable[[Estimate], float | None]) -> FloatArray:
        return np.array([part(streams[code][stream].public) for code in both], np.float64)

    random_v, open_v = (column(s, lambda e: e.variance) for s in (RANDOM, OPEN))
    random, open_ = (column(s, lambda e: e.value) for s in (RANDOM, OPEN))
    bias = stream_bias(random, random_v, open_, open_v, floor=policy.stream_bias_floor)
    return bias, both


def describe_combination(
    bias: tuple[StreamBias, tuple[str, ...]] | None,
    streams: Mapping[str, Streams],
    policy: Policy,
) -> Combination:
    """What was done about the streams, for the reader."""
    if bias is not None:
        b = bias[0]
        return Combination(True, None, b.delta, b.tau2, b.tau2_unfloored, b.variance_delta, b.q)
    both = sum(
        all(is_usable(found.get(s), policy) for s in (RANDOM, OPEN)) for found in streams.values()
    )
    reason = Reason(
        "too_few_streets_with_both_streams",
        {"streets": both, "needed": policy.min_random_streets},
    )
    return Combination(False, reason, None, None, None, None, None)


def single_stream(
    code: str, streams: Streams, population: float | None, policy: Policy
) -> StreetResult:
    """A street whose streams are not combined: the first publishable of A and B speaks for it.

    If neither is publishable, the one with more valid responses does, suppressed with its reason.
    """
    chosen = next(
        (s for s in (RANDOM, OPEN) if s in streams and not streams[s].public.suppressed_because),
        max(streams, key=lambda s: streams[s].n, default=None),
    )
    if chosen is None:
        return street_record(code, streams, population, policy, basis="none", phi=None)
    result = streams[chosen]
    return street_record(
        code,
        streams,
        population,
        policy,
        basis="random" if chosen == RANDOM else "open",
        phi=1.0 if chosen == RANDOM else 0.0,
        public=result.public,
        indicators=result.indicators,
        shares=result.shares,
        public_shares=result.public_shares,
    )


def combined_street(
    code: str, combiner: StreamCombiner, population: float | None, policy: Policy
) -> StreetResult:
    """A street of a wave in which streams are combined; one without a usable stream as it is."""
    streams = combiner.streams[code]
    phi = combiner.phi.get(code)
    if phi is None:
        return single_stream(code, streams, population, policy)
    basis = {1.0: "random", 0.0: "open"}.get(phi, "combined")
    return street_record(
        code,
        streams,
        population,
        policy,
        basis=basis,
        phi=phi,
        public=combiner.public[code],
        indicators=combiner.indicators[code],
        shares=combiner.shares[code],
        public_shares=combiner.public_shares.get(code),
    )


def nothing() -> Estimate:
    """The estimate of a street without any response."""
    return Estimate(None, None, None, 0, 0.0, "no_answers")


def street_record(
    code: str,
    streams: Streams,
    population: float | None,
    policy: Policy,
    *,
    basis: str,
    phi: float | None,
    **figures: object,
) -> StreetResult:
    """Assemble a street's result and decide whether it may be ranked (method §5, §11)."""
    random = streams.get(RANDOM)
    counted = random is not None and basis in ("random", "combined")
    n_eff = random.n_effective if random is not None and counted else 0.0
    because = None
    if basis in ("open", "none"):
        because = "no_random_stream"
    elif n_eff < policy.min_rank_n_effective:
        because = f"n_effective_below_{policy.min_rank_n_effective:g}"
    filled = {"public": nothing(), "indicators": {}, "shares": {}, "public_shares": None} | figures
    return StreetResult(
        code=code,
        streams=streams,
        basis=basis,
        phi=phi,
        n_effective_random=n_eff,
        ranked=because is None,
        not_ranked_because=because,
        population=population,
        **filled,  # type: ignore[arg-type]
    )


def variances(streets: Mapping[str, StreetResult]) -> FloatArray:
    """Diagonal covariance (S, S) of independent public scores; 0 where there is no variance."""
    return np.diag(np.array([s.public.variance or 0.0 for s in streets.values()], np.float64))
