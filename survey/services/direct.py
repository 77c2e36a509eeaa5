"""Load the district's own assessment: one score per street and assessor, from a CSV file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey.database import transaction
from survey.errors import Refused
from survey.models import DirectScore, Street, Wave, db
from survey.services.tables_in import Rejected, Row, RowsRejected, TableIn, read_table

COLUMNS = ("street", "assessor", "score")
LONGEST_ASSESSOR = 60


@dataclass(frozen=True)
class DirectLoaded:
    """What was stored."""

    scores: int
    streets: int
    assessors: int


def load_direct(path: Path, *, wave: str) -> DirectLoaded:
    """Store the direct scores (street, assessor, score 0 … 100) of a wave: all rows or none.

    assessor: a code, not a name. Raises Refused (wave, header, encoding) and RowsRejected (row,
    column, reason), the latter also for a score that is stored already.
    """
    table = read_table(path, columns=COLUMNS)
    with transaction() as session:
        stored = session.scalar(select(Wave).where(Wave.code == wave).with_for_update())
        if stored is None:
            raise Refused(
                "unknown_wave",
                _l("There is no wave with the code %(code)s.", code=wave),
                status=404,
            )
        if stored.status == "published":
            raise Refused(
                "wave_status",
                _l("Wave %(code)s is published; nothing can be added to it.", code=wave),
                status=409,
            )
        scores = _check(table, stored)
        session.add_all(
            DirectScore(wave_id=stored.id, street_id=street_id, assessor=assessor, score=score)
            for (street_id, assessor), score in scores.items()
        )
    return DirectLoaded(
        scores=len(scores),
        streets=len({street_id for street_id, _assessor in scores}),
        assessors=len({assessor for _street_id, assessor in scores}),
    )


def _check(table: TableIn, wave: Wave) -> dict[tuple[int, str], float]:
    found = select(Street.code, Street.id).where(Street.district_id == wave.district_id)
    streets = dict(db.session.execute(found).all())
    before = select(DirectScore.street_id, DirectScore.assessor).where(
        DirectScore.wave_id == wave.id
    )
    taken = set(db.session.execute(before))
    scores: dict[tuple[int, str], float] = {}
    rejected: list[Rejected] = []
    for row in table.rows:
        problems = _problems(row, streets)
        if not problems:
            key = (streets[row.cells["street"]], row.cells["assessor"])
            if key in scores:
                reason = _l("this assessor scored the street in an earlier row")
                problems = [Rejected(row.number, "assessor", reason)]
            elif key in taken:
                reason = _l("this assessor's score of the street was loaded before")
                problems = [Rejected(row.number, "assessor", reason)]
            else:
                scores[key] = float(row.cells["score"])
        rejected += problems
    if rejected:
        raise RowsRejected(table.name, rejected)
    return scores


def _problems(row: Row, streets: dict[str, int]) -> list[Rejected]:
    cells = row.cells
    found = []
    if cells["street"] not in streets:
        reason = _l("there is no street %(code)s", code=cells["street"] or "–")
        found.append(Rejected(row.number, "street", reason))
    if not 1 <= len(cells["assessor"]) <= LONGEST_ASSESSOR:
        reason = _l("must have 1 to %(most)s characters", most=LONGEST_ASSESSOR)
        found.append(Rejected(row.number, "assessor", reason))
    reason = _score_problem(cells["score"])
    if reason is not None:
        found.append(Rejected(row.number, "score", reason))
    return found


def _score_problem(text: str) -> Any:
    """Why a cell is not a score; None when it is."""
    if not text:
        return _l("is empty; a missing score has no row")
    if text.startswith(("=", "+", "@")):
        return _l("is a formula; save the table with its values")
    try:
        score = float(text)
    except ValueError:
        return _l("%(cell)s is not a number", cell=text[:40])
    if not math.isfinite(score) or not 0 <= score <= 100:
        return _l("%(cell)s is outside 0 … 100", cell=text[:40])
    return None
