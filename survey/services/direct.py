"""Direct scores of a wave: say what a file or form would change, and store it whole or not at all.

An assessor is a code, not a name. Objective indicators are those the wave's policy names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from survey.database import transaction
from survey.errors import Refused
from survey.models import DirectScore, ObjectiveScore, db
from survey.queries.policies import kept_policy
from survey.services import audit
from survey.services.appeals import after_figures
from survey.services.assessment_state import (
    WaveStreets,
    require_reason,
    street_problem,
    wave_streets,
)
from survey.services.direct_table import (
    LONGEST_ASSESSOR,
    STREET_HEADS,
    Said,
    SaidTable,
    read_scores,
    score_of,
)
from survey.services.sheets_in import CellIn, read_sheet
from survey.services.tables_in import Rejected, Row, RowsRejected, TableIn, read_table

COLUMNS = ("street", "assessor", "score")
MOST_IN_EVENT = 500


@dataclass(frozen=True)
class DirectLoaded:
    """What was stored."""

    scores: int
    streets: int
    assessors: int


@dataclass(frozen=True)
class Change:
    """One score as it is and as it would be; None: there is none. column: assessor or indicator."""

    street: str
    column: str
    is_objective: bool
    before: float | None
    after: float | None
    cell: str = ""

    @property
    def kind(self) -> str:
        """new, changed or removed."""
        if self.before is None:
            return "new"
        return "removed" if self.after is None else "changed"


@dataclass(frozen=True)
class Plan:
    """What a file or form would change. problems: nothing is stored while there is one."""

    changes: tuple[Change, ...]
    #: Scores that are stored already as given; cells that are empty and change nothing.
    equal: int = 0
    empty: int = 0
    problems: tuple[Rejected, ...] = ()
    notes: tuple[Any, ...] = ()
    sheet: str = ""
    #: Assessors of whom nothing was stored before: a mistyped head shows here.
    new_assessors: tuple[str, ...] = ()


def plan_file(name: str, data: bytes, *, wave_code: str) -> Plan:
    """What an xlsx or CSV file would change. Stores nothing.

    Raises Refused for an unknown wave and a file that cannot be read as a whole.
    """
    wave = wave_streets(wave_code)
    sheet = read_sheet(name, data, heads=(STREET_HEADS,))
    indicators = tuple(kept_policy(wave.policy_id).objective_weights)
    table = read_scores(sheet, wave, indicators=indicators)
    return replace(_plan(table, wave), notes=sheet.notes, sheet=sheet.sheet)


def plan_form(
    given: Mapping[str, str], *, column: str, is_objective: bool, wave_code: str
) -> tuple[Plan, dict[str, Any]]:
    """What a form with one column would change, and {street code: what is wrong with its field}.

    given: {street code: text}; an empty field takes a stored score away.
    Raises Refused: unknown wave; 422 a code that is no assessor's or names no indicator.
    """
    wave = wave_streets(wave_code)
    _require_column(column, is_objective=is_objective, wave=wave)
    scores, wrong = [], {}
    for code, text in given.items():
        reason = street_problem(code, wave)
        if reason is None and text.strip():
            score, reason = score_of(CellIn(text.strip(), text.strip()))
            if score is not None:
                scores.append(Said(wave.streets[code], column, is_objective, score))
        if reason is not None:
            wrong[code] = reason
    plan = _plan(SaidTable(tuple(scores), 0, ()), wave)
    stored = _stored(wave.id)
    removed = tuple(
        Change(code, column, is_objective, stored[key], None)
        for code, text in given.items()
        if code not in wrong
        and not text.strip()
        and (key := (wave.streets[code], column, is_objective)) in stored
    )
    return replace(plan, changes=(*plan.changes, *removed)), wrong


def store(
    changes: Sequence[Change], *, wave_code: str, actor: str, now: datetime, reason: str = ""
) -> int:
    """Store changes that were looked at before; all or none. Returns how many. One transaction.

    reason: required when figures of the wave are on public notice or published.
    Raises Refused: 404 unknown wave; 409 no reason, or a score is no longer what was looked at;
    422 a street, assessor, indicator or score that cannot be.
    """
    with transaction() as session:
        wave = wave_streets(wave_code, locked=True)
        frozen = require_reason(wave, reason)
        stored = _stored(wave.id)
        for change in changes:
            _require_column(change.column, is_objective=change.is_objective, wave=wave)
            key = _key(change, wave)
            if stored.get(key) != change.before:
                raise Refused(
                    "changed_meanwhile",
                    _l(
                        "The score of %(street)s by %(column)s was changed meanwhile; nothing was "
                        "stored. Look again.",
                        street=change.street,
                        column=change.column,
                    ),
                    status=409,
                )
            _write(change, key, wave_id=wave.id)
        if changes:
            audit.record(
                session,
                actor=actor,
                action="direct_scores",
                subject=f"wave {wave_code}",
                detail={
                    "reason": reason.strip(),
                    "frozen": frozen,
                    "changes": [
                        [one.street, one.column, one.is_objective, one.before, one.after]
                        for one in changes
                    ],
                },
                # Scores bear no time; figures frozen by now see by this one that they lack them.
                at=after_figures(session, wave.id, now),
            )
    return len(changes)


def _write(change: Change, key: tuple[int, str, bool], *, wave_id: int) -> None:
    session = db.session
    street_id, column, is_objective = key
    if is_objective:
        session.execute(
            delete(ObjectiveScore).where(
                ObjectiveScore.wave_id == wave_id,
                ObjectiveScore.street_id == street_id,
                ObjectiveScore.indicator == column,
            )
        )
    else:
        session.execute(
            delete(DirectScore).where(
                DirectScore.wave_id == wave_id,
                DirectScore.street_id == street_id,
                DirectScore.assessor == column,
            )
        )
    if change.after is None:
        return
    where = {"wave_id": wave_id, "street_id": street_id, "score": change.after}
    row = (
        ObjectiveScore(indicator=column, **where)
        if is_objective
        else DirectScore(assessor=column, **where)
    )
    session.add(row)


def _key(change: Change, wave: WaveStreets) -> tuple[int, str, bool]:
    wrong = street_problem(change.street, wave)
    if wrong is None and change.after is not None and not 0 <= change.after <= 100:
        wrong = _l("%(cell)s is outside 0 … 100", cell=change.after)
    if wrong is not None:
        raise Refused("bad_score", wrong, status=422)
    return wave.streets[change.street], change.column, change.is_objective


def _require_column(column: str, *, is_objective: bool, wave: WaveStreets) -> None:
    known = kept_policy(wave.policy_id).objective_weights
    if is_objective and column not in known:
        raise Refused(
            "unknown_indicator",
            _l("No objective indicator of the policy is called %(name)s.", name=column[:60]),
            status=422,
        )
    if not is_objective and (not 1 <= len(column) <= LONGEST_ASSESSOR or column in known):
        raise Refused(
            "bad_assessor",
            _l(
                "An assessor needs a code of 1 to %(most)s characters that is not the name of an "
                "objective indicator.",
                most=LONGEST_ASSESSOR,
            ),
            status=422,
        )


def _stored(wave_id: int) -> dict[tuple[int, str, bool], float]:
    """{(street id, assessor or indicator, is it an indicator): score}. Two queries."""
    direct = select(DirectScore.street_id, DirectScore.assessor, DirectScore.score)
    objective = select(ObjectiveScore.street_id, ObjectiveScore.indicator, ObjectiveScore.score)
    found = {
        (street, assessor, False): score
        for street, assessor, score in db.session.execute(
            direct.where(DirectScore.wave_id == wave_id)
        )
    }
    return found | {
        (street, indicator, True): score
        for street, indicator, score in db.session.execute(
            objective.where(ObjectiveScore.wave_id == wave_id)
        )
    }


def _plan(table: SaidTable, wave: WaveStreets) -> Plan:
    stored = _stored(wave.id)
    known = {column for _street, column, is_objective in stored if not is_objective}
    changes = []
    equal = 0
    for said in table.scores:
        before = stored.get((said.street_id, said.column, said.is_objective))
        if before == said.score:
            equal += 1
            continue
        street = wave.codes[said.street_id]
        changes.append(
            Change(street, said.column, said.is_objective, before, said.score, said.cell)
        )
    named = {one.column for one in changes if not one.is_objective}
    return Plan(
        changes=tuple(changes),
        equal=equal,
        empty=table.empty,
        problems=table.problems,
        new_assessors=tuple(sorted(named - known)),
    )


def load_direct(
    path: Path, *, wave: str, now: datetime, actor: str = "command line", reason: str = ""
) -> DirectLoaded:
    """Store the direct scores of a file (CSV with street, assessor, score, or xlsx): all or none.

    Raises Refused (wave, header, encoding, reason) and RowsRejected (row, column, reason), the
    latter also for a score that is stored already: a command overwrites nothing.
    """
    if path.suffix.lower() == ".xlsx" and path.is_file():
        plan = plan_file(path.name, path.read_bytes(), wave_code=wave)
        changes, problems = plan.changes, list(plan.problems)
    else:
        table = read_table(path, columns=COLUMNS)
        changes, problems = _check(table, wave_streets(wave))
    loaded = _l("this assessor's score of the street was loaded before")
    problems += [Rejected(0, one.cell, loaded) for one in changes if one.before is not None]
    if problems:
        raise RowsRejected(path.name, problems)
    store(changes, wave_code=wave, actor=actor, now=now, reason=reason)
    scores = [one for one in changes if not one.is_objective]
    return DirectLoaded(
        scores=len(scores),
        streets=len({one.street for one in scores}),
        assessors=len({one.column for one in scores}),
    )


def _check(table: TableIn, wave: WaveStreets) -> tuple[tuple[Change, ...], list[Rejected]]:
    stored = _stored(wave.id)
    changes: dict[tuple[int, str], Change] = {}
    rejected: list[Rejected] = []
    for row in table.rows:
        problems = _problems(row, wave)
        if not problems:
            key = (wave.streets[row.cells["street"]], row.cells["assessor"])
            if key in changes:
                reason = _l("this assessor scored the street in an earlier row")
                problems = [Rejected(row.number, "assessor", reason)]
            elif (*key, False) in stored:
                reason = _l("this assessor's score of the street was loaded before")
                problems = [Rejected(row.number, "assessor", reason)]
            else:
                score, _wrong = score_of(CellIn("", row.cells["score"]))
                changes[key] = Change(wave.codes[key[0]], key[1], False, None, score)
        rejected += problems
    return tuple(changes.values()), rejected


def _problems(row: Row, wave: WaveStreets) -> list[Rejected]:
    cells = row.cells
    found = []
    if reason := street_problem(cells["street"], wave):
        found.append(Rejected(row.number, "street", reason))
    if not 1 <= len(cells["assessor"]) <= LONGEST_ASSESSOR:
        reason = _l("must have 1 to %(most)s characters", most=LONGEST_ASSESSOR)
        found.append(Rejected(row.number, "assessor", reason))
    reason = _l("is empty; a missing score has no row")
    if cells["score"]:
        _score, reason = score_of(CellIn(cells["score"], cells["score"]))
    if reason is not None:
        found.append(Rejected(row.number, "score", reason))
    return found
