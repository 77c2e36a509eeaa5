"""From a sheet of direct scores to entries: which score of which street by whom, or what is wrong.

Two layouts are read: a column an assessor (as the template has it), or a row a score with the
columns street, assessor, score. Columns that are named like an objective indicator of the policy
hold that indicator.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from survey.services.assessment_state import WaveStreets, street_problem
from survey.services.sheets_in import CellIn, RowIn, SheetIn, plain_text
from survey.services.tables_in import Rejected

STREET_HEADS = ("street", "街道代码", "街道")
NAME_HEADS = ("street_name", "街道名称")
ASSESSOR_HEADS = ("assessor", "考评人")
SCORE_HEADS = ("score", "得分", "评分")
LONGEST_ASSESSOR = 60


@dataclass(frozen=True)
class Said:
    """A score as a sheet or form gives it. column: the assessor's code or the indicator's name."""

    street_id: int
    column: str
    is_objective: bool
    score: float
    cell: str = ""
    row: int = 0


@dataclass(frozen=True)
class SaidTable:
    """What a sheet says. empty: cells without a score, which change nothing."""

    scores: tuple[Said, ...]
    empty: int
    problems: tuple[Rejected, ...]


def score_of(cell: CellIn) -> tuple[float | None, Any]:
    """The score in a cell, or why it is none."""
    if cell.wrong:
        return None, cell.wrong
    if cell.day is not None:
        return None, _l("%(cell)s holds a date", cell=cell.address)
    text = plain_text(cell.text)
    if text.startswith(("=", "@")):
        return None, _l("%(cell)s holds a formula: paste values", cell=cell.address)
    if text.endswith("%"):
        return None, _l("%(cell)s is a percentage: enter a plain number 0 … 100", cell=cell.address)
    try:
        # float() would take 1_0, nan and inf, none of which somebody means.
        score = float(text) if all(c in "0123456789.+-eE" for c in text) else math.nan
    except ValueError:
        score = math.nan
    if math.isnan(score):
        return None, _l("%(cell)s is not a number", cell=cell.text[:40])
    if not 0 <= score <= 100:
        return None, _l("%(cell)s is outside 0 … 100", cell=cell.text[:40])
    return score + 0.0, None


def read_scores(sheet: SheetIn, wave: WaveStreets, *, indicators: Collection[str]) -> SaidTable:
    """The scores of a sheet in either layout."""
    heads = _heads(sheet)
    is_long = "assessor" in heads and "score" in heads
    fixed = {"street", "street_name"} | ({"assessor", "score"} if is_long else set())
    columns = [head for head in sheet.heads if heads_of(head) not in fixed]
    problems = list(sheet.problems)
    for head in columns:
        if len(head) > LONGEST_ASSESSOR:
            reason = _l("must have 1 to %(most)s characters", most=LONGEST_ASSESSOR)
            problems.append(Rejected(1, head[:40], reason))
        elif is_long and head not in indicators:
            reason = _l("no objective indicator of the policy is called %(name)s", name=head[:40])
            problems.append(Rejected(1, head[:40], reason))
    reader = _Reader(wave, set(indicators))
    reader.problems = problems
    for row in sheet.rows:
        if is_long:
            reader.long_row(row, columns)
        else:
            reader.wide_row(row, columns)
    return SaidTable(tuple(reader.scores.values()), reader.empty, tuple(reader.problems))


def heads_of(head: str) -> str:
    """The one name of a head that may have several."""
    for names in (STREET_HEADS, NAME_HEADS, ASSESSOR_HEADS, SCORE_HEADS):
        if head in names:
            return names[0]
    return head


def _heads(sheet: SheetIn) -> set[str]:
    return {heads_of(head) for head in sheet.heads}


class _Reader:
    """Gathers scores row by row and refuses a street or score that stands twice."""

    def __init__(self, wave: WaveStreets, indicators: set[str]) -> None:
        self.wave = wave
        self.indicators = indicators
        self.scores: dict[tuple[int, str, bool], Said] = {}
        self.empty = 0
        self.problems: list[Rejected] = []
        self.streets: set[int] = set()

    def wide_row(self, row: RowIn, columns: list[str]) -> None:
        """A street with a score in every column."""
        street = self._street(row)
        if street is None:
            return
        if street in self.streets:
            cell = _cell(row, "street")
            reason = _l("%(value)s stands in an earlier row as well", value=cell.text)
            self._problem(row, cell, reason)
            return
        self.streets.add(street)
        for column in columns:
            self._score(row, street, column, row.cells.get(column, CellIn("")))

    def long_row(self, row: RowIn, columns: list[str]) -> None:
        """One score of one street by one assessor, and objective indicators beside it."""
        street = self._street(row)
        assessor, cell = _cell(row, "assessor"), _cell(row, "score")
        if not 1 <= len(assessor.text) <= LONGEST_ASSESSOR or assessor.wrong:
            reason = assessor.wrong or _l(
                "must have 1 to %(most)s characters", most=LONGEST_ASSESSOR
            )
            self._problem(row, assessor, reason)
        elif street is not None and not (cell.text or cell.wrong):
            self._problem(row, cell, _l("is empty; a missing score has no row"))
        elif street is not None and (street, assessor.text, False) in self.scores:
            reason = _l("this assessor scored the street in an earlier row")
            self._problem(row, assessor, reason)
        elif street is not None:
            self._score(row, street, assessor.text, cell, objective=False)
        if street is None:
            return
        for column in (head for head in columns if head in self.indicators):
            said = self.scores.get((street, column, True))
            given = row.cells.get(column, CellIn(""))
            value, wrong = score_of(given)
            if said is None:
                self._score(row, street, column, given)
            elif given.text and (wrong or value != said.score):
                reason = _l("differs from %(cell)s, the same street", cell=said.cell)
                self._problem(row, given, wrong or reason)

    def _street(self, row: RowIn) -> int | None:
        cell = _cell(row, "street")
        wrong = cell.wrong or street_problem(cell.text, self.wave)
        if wrong:
            self._problem(row, cell, wrong)
            return None
        return self.wave.streets[cell.text]

    def _score(
        self, row: RowIn, street: int, column: str, cell: CellIn, *, objective: bool | None = None
    ) -> None:
        if not cell.text and not cell.wrong:
            self.empty += 1
            return
        score, wrong = score_of(cell)
        if wrong or score is None:
            self._problem(row, cell, wrong)
            return
        is_objective = column in self.indicators if objective is None else objective
        key = (street, column, is_objective)
        self.scores[key] = Said(street, column, is_objective, score, cell.address, row.number)

    def _problem(self, row: RowIn, cell: CellIn, reason: Any) -> None:
        self.problems.append(Rejected(row.number, cell.address, reason))


def _cell(row: RowIn, name: str) -> CellIn:
    """The cell of a row under one of a head's names."""
    for head, cell in row.cells.items():
        if heads_of(head) == name:
            return cell
    return CellIn(f"{name} {row.number}")
