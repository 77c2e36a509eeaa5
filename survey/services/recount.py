"""Count every stored response anew, in SQL: what the cubes must hold. Nothing is written here.

`rollup.fold` adds answers up one by one in Python; this counts whole ranges of them in the
database. The two ways share no arithmetic, so that comparing them says something.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations_with_replacement
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, case, func, select

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
    table_of,
)

CUBES: tuple[type[Base], ...] = (ResponseCube, AnswerCube, MomentCube, ClusterCube, ArrivalCube)
# Responses counted at once: enough that a statement's own cost vanishes, few enough that what
# the database sorts stays in memory.
RANGE = 50_000
# Pairs of indicators in one statement: databases limit the columns of a result.
PAIRS = 100

# {cube: {key axes: sums}}; the axes and sums are in the order of the cube's columns.
Sums = dict[type[Base], dict[tuple[Any, ...], list[int]]]
Progress = Callable[[int, int], None]


def no_sums() -> Sums:
    """Cubes in which nothing is counted yet."""
    return {cube: defaultdict(lambda: [0, 0, 0, 0]) for cube in CUBES}


def merge(total: Sums, part: Sums) -> None:
    """Add the sums of `part` to `total`."""
    for cube, cells in part.items():
        for key, values in cells.items():
            for place, value in enumerate(values):
                total[cube][key][place] += value


def recount(session: Any, *, progress: Progress | None = None, batch: int = RANGE) -> Sums:
    """The sums of all responses, each under the status it has now.

    progress: called with (counted, all) after each range. What it takes grows with the number of
    responses; memory with the number of cells.
    """
    total = no_sums()
    everything = int(session.scalar(select(func.count()).select_from(Response)) or 0)
    indicators = list(session.scalars(select(Indicator.id).order_by(Indicator.position)))
    counted = 0
    for first, last in _ranges(session, batch):
        within = Response.id.between(first, last)
        for cube, statement in _statements(within).items():
            values = len([c for c in table_of(cube).columns if not c.primary_key])
            for row in session.execute(statement):
                _add(total[cube][tuple(row[:-values])], row[-values:])
        _add_moments(session, total[MomentCube], within, indicators)
        counted = min(everything, counted + batch)
        if progress is not None:
            progress(counted, everything)
    return total


def _add(sums: list[int], values: Sequence[Any]) -> None:
    for place, value in enumerate(values):
        sums[place] += int(value)


def _ranges(session: Any, batch: int) -> Iterator[tuple[int, int]]:
    """First and last id of each range of `batch` responses."""
    first = session.scalar(select(func.min(Response.id)))
    while first is not None:
        ahead = select(Response.id).where(Response.id >= first).order_by(Response.id)
        last = session.scalar(ahead.offset(batch - 1).limit(1))
        if last is None:
            yield first, session.scalar(select(func.max(Response.id)))
            return
        yield first, last
        first = session.scalar(select(func.min(Response.id)).where(Response.id > last))


def _statements(within: ColumnElement[bool]) -> dict[type[Base], Select[Any]]:
    """The query of axes and sums over the responses `within` a range, of each cube but moments."""
    n = func.count()
    valid = within & Response.is_valid
    street = (Response.wave_id, Response.street_id)
    cell = (Response.stratum_id, Response.channel, Response.status)
    point = (Response.collection_point_id, *cell)
    return {
        ResponseCube: _counted(within, (*street, *cell, Response.is_valid), n),
        AnswerCube: _counted(valid, (*street, Answer.option_id, *cell), n).join(
            Answer, Answer.response_id == Response.id
        ),
        ClusterCube: _counted(
            valid,
            (*street, *point, IndicatorScore.indicator_id),
            n,
            func.sum(IndicatorScore.score),
        ).join(IndicatorScore, IndicatorScore.response_id == Response.id),
        ArrivalCube: _counted(
            within,
            (
                Response.wave_id,
                Response.collection_point_id,
                Response.submitted_hour,
                Response.status,
            ),
            n,
        ),
    }


def _add_moments(
    session: Any,
    cells: dict[tuple[Any, ...], list[int]],
    within: ColumnElement[bool],
    indicators: Sequence[int],
) -> None:
    """Add the sums over all pairs of indicators.

    A response's scores are set side by side first: joining scores with scores would make a row
    of every pair of every response.
    """
    wide = (
        select(
            Response.id,
            *(
                func.max(case((IndicatorScore.indicator_id == key, IndicatorScore.score))).label(
                    f"score_{key}"
                )
                for key in indicators
            ),
        )
        .join(IndicatorScore, IndicatorScore.response_id == Response.id)
        .where(within & Response.is_valid)
        .group_by(Response.id)
        .subquery()
    )
    axes = (
        Response.wave_id,
        Response.street_id,
        Response.stratum_id,
        Response.channel,
        Response.status,
    )
    pairs = list(combinations_with_replacement(indicators, 2))
    for start in range(0, len(pairs), PAIRS):
        part = pairs[start : start + PAIRS]
        sums = [column for pair in part for column in _pair_sums(wide, *pair)]
        statement = select(*axes, *sums).join(wide, wide.c.id == Response.id).group_by(*axes)
        for row in session.execute(statement):
            for place, pair in enumerate(part):
                values = row[len(axes) + 4 * place :][:4]
                if values[0]:
                    _add(cells[(*row[: len(axes)], *pair)], values)


def _pair_sums(wide: Subquery, a: int, b: int) -> tuple[ColumnElement[Any], ...]:
    """n, Σa, Σb and Σab over the responses with a score on both."""
    x, y = wide.c[f"score_{a}"], wide.c[f"score_{b}"]
    return (
        func.count(x + y),
        func.sum(case((y.is_not(None), x))),
        func.sum(case((x.is_not(None), y))),
        func.sum(x * y),
    )


def _counted(where: ColumnElement[bool], axes: tuple[Any, ...], *sums: Any) -> Select[Any]:
    return select(*axes, *sums).select_from(Response).where(where).group_by(*axes)
