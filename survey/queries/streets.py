"""Read the indices of a wave: every street and indicator with its interval, from the cubes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.policy import Policy
from analysis.streets import wave_result
from analysis.types import Estimate, Shares, StreetResult, WaveResult
from survey.queries.cubes import CubeState, cube_state, streets_with_margins, wave_cubes
from survey.queries.fieldwork import kept_instrument
from survey.queries.policies import kept_policy
from survey.queries.views import IndicatorView, StreetIndex, StreetView, WaveIndices
from survey.queries.waves import WaveView, wave_view


@dataclass(frozen=True)
class ComputedWave:
    """A wave's figures as computed, for those who compute further."""

    wave: WaveView
    policy: Policy
    streets: tuple[StreetView, ...]
    indicators: tuple[IndicatorView, ...]
    result: WaveResult
    #: With what is 待核查 as well; the same record when nothing is.
    result_with_quarantined: WaveResult
    state: CubeState


def computed_wave(wave: WaveView) -> ComputedWave:
    """Compute a wave's figures from the cubes. Six queries."""
    state = cube_state(wave)
    places = streets_with_margins(wave)
    policy = kept_policy(wave.policy_id)
    cubes = wave_cubes(wave, places)
    result = wave_result(cubes.accepted, policy)
    both = cubes.with_quarantined
    return ComputedWave(
        wave=wave,
        policy=policy,
        streets=tuple(street for street, _margins in places),
        indicators=kept_instrument(wave.questionnaire_id).indicators,
        result=result,
        result_with_quarantined=result if both is None else wave_result(both, policy),
        state=state,
    )


def wave_indices(wave_code: str) -> WaveIndices:
    """The indices of a wave as they stand. Seven queries, one of them to find the wave.

    Raises Refused (404) for an unknown wave.
    """
    found = computed_wave(wave_view(wave_code))
    return WaveIndices(
        wave=found.wave,
        indicators=found.indicators,
        streets=tuple(
            _street_index(street, found.result.streets[street.code]) for street in found.streets
        ),
        district=found.result.district,
        rollup_run_id=found.state.rollup_run_id,
        folded_at=found.state.folded_at,
        pending=found.state.pending,
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
