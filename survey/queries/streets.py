"""Read the indices of a wave: every street and indicator with its interval, from the cubes."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.streets import wave_result
from analysis.types import Estimate, Shares, StreetResult
from survey.queries.cubes import cube_state, streets_with_margins, wave_cubes
from survey.queries.fieldwork import kept_instrument
from survey.queries.policies import kept_policy
from survey.queries.views import StreetIndex, StreetView, WaveIndices
from survey.queries.waves import wave_view


def wave_indices(wave_code: str) -> WaveIndices:
    """The indices of a wave as they stand. Seven queries, one of them to find the wave.

    Raises Refused (404) for an unknown wave.
    """
    wave = wave_view(wave_code)
    state = cube_state(wave)
    places = streets_with_margins(wave)
    cubes = wave_cubes(wave, places)
    result = wave_result(cubes.accepted, kept_policy(wave.policy_id))
    return WaveIndices(
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
