"""Fold responses into the cubes, each exactly once; rebuild and audit the cubes.

A response and its `rollup_pending` row are written in one transaction; `fold` claims pending
rows, adds their sums to the cubes and deletes the claims by their own ids, in one transaction.
A watermark on response ids would lose rows: PostgreSQL gives ids out before the commit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, func, insert, select

from survey.database import transaction, upsert
from survey.models import (
    Answer,
    AnswerCube,
    ArrivalCube,
    Base,
    ClusterCube,
    Indicator,
    IndicatorScore,
    MomentCube,
    Response,
    ResponseCube,
    RollupPending,
    RollupRun,
    db,
    table_of,
)
from survey.services import search_index
from survey.services.recount import CUBES, Progress, Sums, merge, no_sums, recount

BATCH = 2000


@dataclass(frozen=True)
class Fold:
    """What one fold did. rollup_run_id is None when there was nothing to do."""

    folded: int
    rollup_run_id: int | None


@dataclass(frozen=True)
class Audit:
    """Cells of the cubes that differ from a recount of the responses; empty when all agree."""

    cells: int
    differences: list[str] = field(default_factory=list)


def fold(*, now: datetime, batch: int = BATCH) -> Fold:
    """Fold up to `batch` pending rows into the cubes. One transaction; nothing when none wait.

    Safe to run in several workers: each claims other rows (SKIP LOCKED on PostgreSQL; on SQLite
    one writes at a time).
    """
    # A cheap look first, so that an idle worker never takes the write lock.
    if db.session.scalar(select(RollupPending.id).limit(1)) is None:
        db.session.rollback()
        return Fold(0, None)
    with transaction() as session:
        claimed = session.execute(
            select(
                RollupPending.id,
                RollupPending.response_id,
                RollupPending.sign,
                RollupPending.status,
            )
            .order_by(RollupPending.id)
            .limit(batch)
            .with_for_update(skip_locked=True)
        ).all()
        if not claimed:
            return Fold(0, None)
        sums = _sum(session, [(row.response_id, row.sign, row.status) for row in claimed])
        _add(session, sums)
        search_index.add_answered(session, [row.response_id for row in claimed if row.sign > 0])
        session.execute(
            delete(RollupPending).where(RollupPending.id.in_([row.id for row in claimed]))
        )
        run = RollupRun(finished_at=now, folded=len(claimed))
        session.add(run)
        session.flush()
        run_id = run.id
    return Fold(len(claimed), run_id)


def fold_all(*, now: datetime) -> int:
    """Fold until nothing is pending; the number of rows folded."""
    total = 0
    while (done := fold(now=now).folded) > 0:
        total += done
    return total


def _sum(session: Any, work: Sequence[tuple[int, int, str]]) -> Sums:
    """The signed sums of (response id, sign, status) over every cube."""
    ids = sorted({response_id for response_id, _sign, _status in work})
    responses = {
        row.id: row
        for row in session.execute(
            select(
                Response.id,
                Response.wave_id,
                Response.street_id,
                Response.stratum_id,
                Response.collection_point_id,
                Response.channel,
                Response.is_valid,
                Response.submitted_hour,
            ).where(Response.id.in_(ids))
        )
    }
    options: dict[int, list[int]] = defaultdict(list)
    for response_id, option_id in session.execute(
        select(Answer.response_id, Answer.option_id).where(Answer.response_id.in_(ids))
    ):
        options[response_id].append(option_id)
    positions = dict(session.execute(select(Indicator.id, Indicator.position)).all())
    scores: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for response_id, indicator_id, value in session.execute(
        select(IndicatorScore.response_id, IndicatorScore.indicator_id, IndicatorScore.score).where(
            IndicatorScore.response_id.in_(ids)
        )
    ):
        scores[response_id].append((positions[indicator_id], indicator_id, value))

    sums = no_sums()
    for response_id, sign, status in work:
        _count(
            sums,
            responses[response_id],
            options[response_id],
            sorted(scores[response_id]),
            sign=sign,
            status=status,
        )
    return sums


def _count(
    sums: Sums,
    response: Any,
    options: Iterable[int],
    scores: Sequence[tuple[int, int, int]],
    *,
    sign: int,
    status: str,
) -> None:
    """Add one response to the sums; scores: (position, indicator id, score) by position."""
    wave, street, stratum = response.wave_id, response.street_id, response.stratum_id
    point, channel = response.collection_point_id, response.channel
    axes = (wave, street, stratum, channel, status)
    sums[ResponseCube][(*axes, response.is_valid)][0] += sign
    sums[ArrivalCube][wave, point, response.submitted_hour, status][0] += sign
    if not response.is_valid:
        return
    for option in options:
        sums[AnswerCube][wave, street, option, stratum, channel, status][0] += sign
    for place, (_position, a, score_a) in enumerate(scores):
        cluster = sums[ClusterCube][wave, street, point, stratum, channel, status, a]
        cluster[0] += sign
        cluster[1] += sign * score_a
        for _position_b, b, score_b in scores[place:]:
            cell = sums[MomentCube][(*axes, a, b)]
            cell[0] += sign
            cell[1] += sign * score_a
            cell[2] += sign * score_b
            cell[3] += sign * score_a * score_b


def _columns(table: Table) -> tuple[list[str], list[str]]:
    """Names of a cube's axes and of its sums, in the order of the table."""
    axes = [column.name for column in table.columns if column.primary_key]
    return axes, [column.name for column in table.columns if not column.primary_key]


def _add(session: Any, sums: Sums) -> None:
    """Add the sums to the cubes. Rows are sorted, or two workers could deadlock."""
    for cube, cells in sums.items():
        if not cells:
            continue
        table = table_of(cube)
        axes, values = _columns(table)
        rows = [
            dict(zip(axes + values, [*key, *cells[key][: len(values)]], strict=True))
            for key in sorted(cells)
        ]
        statement = upsert(table)
        statement = statement.on_conflict_do_update(
            index_elements=axes,
            set_={name: table.c[name] + statement.excluded[name] for name in values},
        )
        session.execute(statement, rows)


def expected(session: Any, *, progress: Progress | None = None) -> Sums:
    """What the cubes should hold: every folded response counted anew under its status.

    Responses whose folding still waits are left out with the side that waits, so that a recount
    can be compared while answers come in.
    """
    total = recount(session, progress=progress)
    pending = session.execute(
        select(RollupPending.response_id, RollupPending.sign, RollupPending.status)
    ).all()
    for start in range(0, len(pending), BATCH):
        part = pending[start : start + BATCH]
        merge(total, _sum(session, [(r, -sign, status) for r, sign, status in part]))
    return total


def _stored(session: Any, cube: type[Base]) -> dict[tuple[Any, ...], list[int]]:
    table = table_of(cube)
    axes, values = _columns(table)
    return {
        tuple(row[: len(axes)]): [int(value) for value in row[len(axes) :]]
        for row in session.execute(select(*(table.c[name] for name in axes + values)))
    }


def audit(*, progress: Progress | None = None) -> Audit:
    """Compare every cell with a recount, to the integer; a cell of zeros equals an absent one.

    progress: called with (counted, all) as the recount goes on.
    """
    with transaction(snapshot=True) as session:
        due = expected(session, progress=progress)
        cells, differences = 0, []
        for cube in CUBES:
            stored = _stored(session, cube)
            wanted = due[cube]
            for key in sorted(stored.keys() | wanted.keys(), key=str):
                cells += 1
                have = stored.get(key, [])
                want = wanted.get(key, [0, 0, 0, 0])
                if (have or [0] * len(want)) != want[: len(have) or len(want)]:
                    name = cube.__tablename__
                    differences.append(f"{name} {key}: {have} in the cube, {want} counted")
    return Audit(cells, differences)


def rebuild(*, now: datetime, progress: Progress | None = None) -> int:
    """Empty the cubes and count every response anew; the number of responses counted.

    progress: called with (counted, all) as the count goes on.

    One transaction: readers see the old cubes until it is done. What was pending is settled; an
    answer that arrives meanwhile keeps its pending row and is folded afterwards (the snapshot
    shows neither the one nor the other).
    """
    with transaction(snapshot=True) as session:
        search_index.add_answered(session, session.scalars(select(RollupPending.response_id)))
        session.execute(delete(RollupPending))
        for cube in CUBES:
            session.execute(delete(cube))
        _add(session, recount(session, progress=progress))
        counted = session.scalar(select(func.count()).select_from(Response)) or 0
        session.execute(insert(RollupRun).values(finished_at=now, folded=counted))
    return int(counted)
