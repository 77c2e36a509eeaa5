"""Read the indices of a wave: every street and indicator with its interval, from the cubes.

A process keeps the last ones it computed, for as long as nothing they are computed from changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import current_app

from analysis.streets import wave_result
from analysis.types import Estimate, Shares, StreetResult, WaveResult
from survey.queries.cubes import (
    cube_state,
    latest_runs,
    streets_with_margins,
    wave_cubes,
)
from survey.queries.fieldwork import kept_instrument
from survey.queries.policies import kept_policy
from survey.queries.views import StreetIndex, StreetView, WaveIndices
from survey.queries.waves import WaveView, wave_view

KEPT = 4
"""Waves whose indices a process holds."""

Places = Sequence[tuple[StreetView, dict[str, dict[str, float]]]]


def wave_indices(wave_code: str) -> WaveIndices:
    """The indices of a wave as they stand. Eight queries, one of them to find the wave.

    Four when nothing was counted since this process computed them last. Raises Refused (404) for
    an unknown wave.
    """
    wave = wave_view(wave_code)
    state = cube_state(wave)
    places = streets_with_margins(wave)
    result = _result(wave, places)
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


def _result(wave: WaveView, places: Places) -> WaveResult:
    """Computed, or what was computed from the same streets, rules and counts before.

    Every change of the cubes leaves a run behind in its own transaction. The runs are read before
    the cubes: what is counted in between makes the kept figures younger than their key, never
    older.
    """
    kept: dict[int, tuple[object, WaveResult]]
    kept = current_app.extensions.setdefault("indices", {})
    key = (wave.questionnaire_id, wave.policy_id, latest_runs(), list(places))
    found = kept.pop(wave.id, None)
    if found is None or found[0] != key:
        cubes = wave_cubes(wave, places)
        found = key, wave_result(cubes.accepted, kept_policy(wave.policy_id))
    kept[wave.id] = found
    while len(kept) > KEPT:
        # Another thread may have taken the same one out.
        kept.pop(next(iter(kept), wave.id), None)
    return found[1]


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
