"""Read the cubes of a wave into the records that analysis computes from.

Six queries for any number of streets and answers; what a cell costs does not depend on how many
answers are in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, true

from analysis.types import StreetCube
from survey.models import (
    AnswerCube,
    Base,
    ClusterCube,
    MomentCube,
    PopulationMargin,
    Response,
    ResponseCube,
    RollupPending,
    RollupRun,
    Street,
    db,
    table_of,
)
from survey.queries.fieldwork import InstrumentRows, kept_instrument
from survey.queries.views import StreetView
from survey.queries.waves import WaveView

# What an index may be computed from; rejected and withdrawn answers only stand in the cubes so
# that they can be counted anew.
COUNTED = ("accepted", "quarantined")
# More runs than are ever at work at the same time.
SIDE_BY_SIDE = 64


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

    def add(self, other: _Rows) -> None:
        """Append the other's rows."""
        self.responses += other.responses
        self.moments += other.moments
        self.answers += other.answers
        self.clusters += other.clusters


def cube_state(wave: WaveView) -> CubeState:
    """The state of the cubes for a wave. One query."""
    return state_and_runs(wave)[0]


def latest_runs() -> tuple[int, ...]:
    """The newest runs that changed the cubes of any wave, newest first. One query.

    Not the newest alone: of two that work side by side, the one with the lower number may commit
    last. The same numbers mean the same cubes.
    """
    newest = select(RollupRun.id).order_by(RollupRun.id.desc()).limit(SIDE_BY_SIDE)
    return tuple(db.session.scalars(newest))


def state_and_runs(wave: WaveView) -> tuple[CubeState, tuple[int, ...]]:
    """The state of the cubes for a wave, and `latest_runs`. One query."""
    waiting = (
        select(func.count())
        .select_from(RollupPending)
        .join(Response, RollupPending.response_id == Response.id)
        # Said so that SQLite begins with the few that wait, not with the million of the wave.
        .where(Response.wave_id + 0 == wave.id)
        .scalar_subquery()
    )
    newest = (
        select(RollupRun.id, RollupRun.finished_at)
        .order_by(RollupRun.id.desc())
        .limit(SIDE_BY_SIDE)
        .subquery()
    )
    rows = db.session.execute(
        select(waiting, newest.c.id, newest.c.finished_at)
        .select_from(select(1).subquery())
        .outerjoin(newest, newest.c.id.is_not(None))
        .order_by(newest.c.id.desc())
    ).all()
    pending, run_id, finished_at = rows[0]
    runs = tuple(row[1] for row in rows if row[1] is not None)
    return CubeState(run_id, finished_at, int(pending)), runs


def streets_with_margins(
    wave: WaveView, *, include_inactive: bool = False
) -> list[tuple[StreetView, dict[str, dict[str, float]]]]:
    """The district's streets by code, with residents per margin category. One query.

    include_inactive: also streets that were re-organised away, for what was published of them.
    """
    rows = db.session.execute(
        select(
            Street, PopulationMargin.variable, PopulationMargin.category, PopulationMargin.residents
        )
        .outerjoin(PopulationMargin, PopulationMargin.street_id == Street.id)
        .where(
            Street.district_id == wave.district_id,
            Street.is_active if not include_inactive else true(),
        )
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


@dataclass(frozen=True)
class WaveCubes:
    """The cubes of a wave, one record a street: what counts, and with what is 待核查 as well."""

    accepted: list[StreetCube]
    #: None when nothing is 待核查: both would be the same.
    with_quarantined: list[StreetCube] | None


def wave_cubes(
    wave: WaveView, streets: Sequence[tuple[StreetView, dict[str, dict[str, float]]]]
) -> WaveCubes:
    """The cubes of a wave in the order of `streets`. Four queries."""
    kept = kept_instrument(wave.questionnaire_id)
    rows = _read(wave, kept)
    accepted = _cubes(streets, kept, rows["accepted"])
    if not rows["quarantined"]:
        return WaveCubes(accepted, None)
    both: dict[int, _Rows] = defaultdict(_Rows)
    for status in COUNTED:
        for street_id, part in rows[status].items():
            # Cells that stand twice are added up by the reader of the cubes.
            both[street_id].add(part)
    return WaveCubes(accepted, _cubes(streets, kept, both))


def _cubes(
    streets: Sequence[tuple[StreetView, dict[str, dict[str, float]]]],
    kept: InstrumentRows,
    rows: dict[int, _Rows],
) -> list[StreetCube]:
    strata: dict[Hashable, dict[str, str]] = {
        kept.stratum_ids[key]: found for key, found in kept.stratum_categories.items()
    }
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


def _read(wave: WaveView, kept: InstrumentRows) -> dict[str, dict[int, _Rows]]:
    """{status: {street id: rows}}."""
    found: dict[str, dict[int, _Rows]] = defaultdict(lambda: defaultdict(_Rows))
    indicator = kept.codes_by_indicator
    for status, street, *cell in _cells(ResponseCube, wave, ("stratum_id", "channel", "is_valid")):
        found[status][street].responses.append(tuple(cell))
    axes: tuple[str, ...] = ("stratum_id", "channel", "indicator_a_id", "indicator_b_id")
    for status, street, stratum, channel, a, b, *sums in _cells(MomentCube, wave, axes):
        cell = [stratum, channel, indicator[a], indicator[b], *sums]
        found[status][street].moments.append(tuple(cell))
    axes = ("option_id", "stratum_id", "channel")
    for status, street, option, stratum, channel, n in _cells(AnswerCube, wave, axes):
        for code in kept.indicators_by_option.get(option, ()):
            cell = [code, stratum, channel, kept.option_codes[option], n]
            found[status][street].answers.append(tuple(cell))
    axes = ("collection_point_id", "stratum_id", "channel", "indicator_id")
    for status, street, point, stratum, channel, key, *sums in _cells(ClusterCube, wave, axes):
        found[status][street].clusters.append((point, stratum, channel, indicator[key], *sums))
    return found


def _cells(cube: type[Base], wave: WaveView, axes: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Rows (status, street, *axes, *sums) of the cells that hold something."""
    table = table_of(cube)
    sums = [column for column in table.columns if not column.primary_key]
    columns = [table.c.status, table.c.street_id, *(table.c[name] for name in axes), *sums]
    query = (
        select(*columns)
        .where(table.c.wave_id == wave.id, table.c.status.in_(COUNTED), table.c.n != 0)
        .order_by(*columns[: 2 + len(axes)])
    )
    # All at once, past the session: a wave has tens of thousands of cells, and one by one each
    # costs several calls.
    yield from db.session.connection().execute(query).all()
