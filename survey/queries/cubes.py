"""Read the cubes of a wave into the records that analysis computes from.

Six queries for any number of streets and answers; what a cell costs does not depend on how many
answers are in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from analysis.types import StreetCube
from survey.models import (
    AnswerCube,
    ClusterCube,
    MomentCube,
    PopulationMargin,
    Response,
    ResponseCube,
    RollupPending,
    RollupRun,
    Street,
    db,
)
from survey.queries.fieldwork import InstrumentRows, kept_instrument
from survey.queries.views import StreetView
from survey.queries.waves import WaveView


@dataclass(frozen=True)
class CubeState:
    """Which state the cubes are in: the last fold, when it was, and what still waits."""

    rollup_run_id: int | None
    folded_at: datetime | None
    pending: int


@dataclass
class _Rows:
    responses: list[Any] = field(default_factory=list)
    moments: list[Any] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    clusters: list[Any] = field(default_factory=list)


def cube_state(wave: WaveView) -> CubeState:
    """The state of the cubes for a wave. One query."""
    last = select(RollupRun.id, RollupRun.finished_at).order_by(RollupRun.id.desc()).limit(1)
    waiting = (
        select(func.count())
        .select_from(RollupPending)
        .join(Response, RollupPending.response_id == Response.id)
        .where(Response.wave_id == wave.id)
        .scalar_subquery()
    )
    newest = last.subquery()
    row = db.session.execute(
        select(waiting, newest.c.id, newest.c.finished_at)
        .select_from(select(1).subquery())
        .outerjoin(newest, newest.c.id.is_not(None))
    ).one()
    return CubeState(row[1], row[2], int(row[0]))


def streets_with_margins(
    wave: WaveView,
) -> list[tuple[StreetView, dict[str, dict[str, float]]]]:
    """The district's active streets by code, with residents per margin category. One query."""
    rows = db.session.execute(
        select(
            Street, PopulationMargin.variable, PopulationMargin.category, PopulationMargin.residents
        )
        .outerjoin(PopulationMargin, PopulationMargin.street_id == Street.id)
        .where(Street.district_id == wave.district_id, Street.is_active)
        .order_by(Street.code, PopulationMargin.id)
    )
    found: dict[int, tuple[StreetView, dict[str, dict[str, float]]]] = {}
    for street, variable, category, residents in rows:
        if street.id not in found:
            view = StreetView(
                id=street.id,
                code=street.code,
                name=(street.name_zh, street.name_en),
                peer_group=street.peer_group,
                population=street.population,
            )
            found[street.id] = (view, defaultdict(dict))
        if variable is not None:
            found[street.id][1][variable][category] = residents
    return list(found.values())


def street_cubes(
    wave: WaveView,
    streets: Sequence[tuple[StreetView, dict[str, dict[str, float]]]],
    *,
    statuses: Sequence[str] = ("accepted",),
) -> list[StreetCube]:
    """The cubes of a wave, one record a street, in the given order. Four queries.

    statuses: ("accepted",), or with "quarantined" for the index including what is 待核查.
    """
    kept = kept_instrument(wave.questionnaire_id)
    strata = _strata(kept)
    rows = _read(wave, kept, statuses=statuses)
    return [
        StreetCube(
            code=street.code,
            strata=strata,
            responses=rows[street.id].responses,
            moments=rows[street.id].moments,
            answers=rows[street.id].answers,
            clusters=rows[street.id].clusters,
            margins=margins,
            population=street.population,
        )
        for street, margins in streets
    ]


def _strata(kept: InstrumentRows) -> dict[int, dict[str, str]]:
    """{stratum id: categories} of the questionnaire's own strata."""
    return {
        kept.stratum_ids[key]: categories for key, categories in kept.stratum_categories.items()
    }


def _read(wave: WaveView, kept: InstrumentRows, *, statuses: Sequence[str]) -> dict[int, _Rows]:
    rows: dict[int, _Rows] = defaultdict(_Rows)
    indicator = kept.codes_by_indicator
    for street, *cell in _summed(
        ResponseCube, wave, statuses, ("stratum_id", "channel", "is_valid")
    ):
        rows[street].responses.append(tuple(cell))
    axes = ("stratum_id", "channel", "indicator_a_id", "indicator_b_id")
    for street, stratum, channel, a, b, *sums in _summed(MomentCube, wave, statuses, axes):
        rows[street].moments.append((stratum, channel, indicator[a], indicator[b], *sums))
    for street, option, stratum, channel, n in _summed(
        AnswerCube, wave, statuses, ("option_id", "stratum_id", "channel")
    ):
        for code in kept.indicators_by_option.get(option, ()):
            rows[street].answers.append((code, stratum, channel, kept.option_codes[option], n))
    axes = ("collection_point_id", "stratum_id", "channel", "indicator_id")
    for street, point, stratum, channel, key, *sums in _summed(ClusterCube, wave, statuses, axes):
        rows[street].clusters.append((point, stratum, channel, indicator[key], *sums))
    return rows


def _summed(
    cube: type, wave: WaveView, statuses: Sequence[str], axes: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Rows (street, *axes, *sums) of a cube, summed over the statuses; sums as int.

    PostgreSQL returns Decimal for sums of BigInteger, hence int().
    """
    table = cube.__table__  # type: ignore[attr-defined]
    sums = [column.name for column in table.columns if not column.primary_key]
    keys = [table.c.street_id, *(table.c[name] for name in axes)]
    query = (
        select(*keys, *(func.sum(table.c[name]) for name in sums))
        .where(table.c.wave_id == wave.id, table.c.status.in_(statuses))
        .group_by(*keys)
        .order_by(*keys)
    )
    width = len(keys)
    return [
        (*row[:width], *(int(value) for value in row[width:])) for row in db.session.execute(query)
    ]
