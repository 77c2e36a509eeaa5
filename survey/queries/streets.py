"""Read the indices of a wave: every street and indicator with its interval, from the cubes.

A process keeps the last ones it computed, for as long as nothing they are computed from changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from flask import current_app

from analysis.streets import wave_result
from analysis.types import Estimate, Shares, StreetCube, StreetResult, WaveResult
from survey.queries.cubes import (
    state_and_runs,
    streets_with_margins,
    wave_cubes,
)
from survey.queries.fieldwork import kept_instrument
from survey.queries.policies import kept_policy
from survey.queries.pyramid import CrossedCoverage, crossed_coverage
from survey.queries.views import StreetIndex, StreetView, WaveIndices
from survey.queries.waves import WaveView, wave_view

KEPT = 4
"""Waves whose indices a process holds."""

Places = Sequence[tuple[StreetView, dict[str, dict[str, float]]]]


@dataclass(frozen=True)
class Answered:
    """Who answered in one street: what its cubes say besides the indices."""

    #: By age and sex against the residents, small cells hidden; None: nothing to show.
    crossed: CrossedCoverage | None
    #: {variable: {category: valid answers}}, "unknown" included.
    categories: Mapping[str, Mapping[str, int]]
    #: {variable: {category: residents}}
    margins: Mapping[str, Mapping[str, float]]
    #: {collection point: valid answers with an opinion on the indicator most had one on}
    points: Mapping[Hashable, int]


@dataclass(frozen=True)
class WaveFigures:
    """The indices of a wave and who they come from, by street code."""

    indices: WaveIndices
    answered: Mapping[str, Answered]


@dataclass(frozen=True)
class _Kept:
    """What was computed of a wave, and from what."""

    key: object
    result: WaveResult
    answered: Mapping[str, Answered]


def wave_indices(wave_code: str) -> WaveIndices:
    """The indices of a wave as they stand. Seven queries, one of them to find the wave.

    Three when nothing was counted since this process computed them last. Raises Refused (404) for
    an unknown wave.
    """
    return wave_figures(wave_view(wave_code)).indices


def wave_figures(wave: WaveView) -> WaveFigures:
    """The same of a wave that was read already, with who answered. Two queries, else six.

    Every change of the cubes leaves a run behind in its own transaction. The runs are read before
    the cubes: what is counted in between makes the kept figures younger than their key, never
    older.
    """
    state, runs = state_and_runs(wave)
    places = streets_with_margins(wave)
    kept = _computed(wave, places, runs)
    result = kept.result
    indices = WaveIndices(
        wave=wave,
        indicators=kept_instrument(wave.questionnaire_id).indicators,
        streets=tuple(
            _street_index(street, result.streets[street.code]) for street, _margins in places
        ),
        district=result.district,
        district_indicators=result.district_indicators,
        rollup_run_id=state.rollup_run_id,
        folded_at=state.folded_at,
        pending=state.pending,
    )
    return WaveFigures(indices, kept.answered)


def _computed(wave: WaveView, places: Places, runs: tuple[int, ...]) -> _Kept:
    """Computed, or what was computed from the same streets, rules and counts before."""
    kept: dict[int, _Kept] = current_app.extensions.setdefault("indices", {})
    key = (wave.questionnaire_id, wave.policy_id, runs, list(places))
    found = kept.pop(wave.id, None)
    if found is None or found.key != key:
        cubes = wave_cubes(wave, places).accepted
        policy = kept_policy(wave.policy_id)
        found = _Kept(
            key,
            wave_result(cubes, policy),
            {cube.code: _answered(cube, crossed_coverage([cube], policy)) for cube in cubes},
        )
    kept[wave.id] = found
    while len(kept) > KEPT:
        # Another thread may have taken the same one out.
        kept.pop(next(iter(kept), wave.id), None)
    return found


def _answered(cube: StreetCube, crossed: CrossedCoverage | None) -> Answered:
    categories: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for stratum, _channel, is_valid, n in cube.responses:
        if is_valid:
            for variable, category in cube.strata[stratum].items():
                categories[variable][category] += int(n)
    points: dict[Hashable, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for point, _stratum, _channel, indicator, n, _sum in cube.clusters:
        points[point][indicator] += int(n)
    return Answered(
        crossed=crossed,
        categories={name: dict(counts) for name, counts in categories.items()},
        margins=cube.margins,
        points={point: max(counts.values()) for point, counts in points.items()},
    )


def _street_index(street: StreetView, result: StreetResult) -> StreetIndex:
    return StreetIndex(
        street=street,
        responses=sum(stream.responses for stream in result.streams.values()),
        public=result.public,
        indicators=result.indicators,
        shares={code: _shares(shares) for code, shares in result.shares.items()},
        weights={name: stream.weights for name, stream in result.streams.items()},
        basis=result.basis,
        not_ranked_because=result.not_ranked_because,
        n_effective_random=result.n_effective_random,
    )


def _shares(shares: Shares) -> Mapping[str, Estimate]:
    return {
        "satisfied": shares.satisfied,
        "strictly_satisfied": shares.satisfied_strict,
        "dissatisfied": shares.dissatisfied,
        "dont_know": shares.dont_know,
        "mapped_index": shares.mapped_index,
    }
