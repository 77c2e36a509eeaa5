"""Who answered in a district against who lives there, by two variables at once: age and sex.

It is counted from the cubes an evaluation is computed from and frozen with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from analysis.policy import Policy
from analysis.small_counts import hidden_counts
from analysis.types import StreetCube


@dataclass(frozen=True)
class CoverageCell:
    """Valid answers of one row and side, beside the adult residents."""

    row: str
    side: str
    #: None: fewer than the policy's min_cell, or it would give such a count away.
    answers: int | None
    #: Estimated from the margins of each street, see `crossed_coverage`.
    residents: float


@dataclass(frozen=True)
class CrossedCoverage:
    """The district by an ordered variable (rows) and one of two categories (sides)."""

    row_variable: str
    side_variable: str
    #: In the order of the policy.
    rows: tuple[str, ...]
    sides: tuple[str, ...]
    cells: tuple[CoverageCell, ...]
    #: Valid answers in the cells, also in hidden ones.
    answers: int
    #: Valid answers that leave one of the two out, or name a category without residents.
    untold: int

    @property
    def residents(self) -> float:
        """Adult residents in all cells."""
        return sum(cell.residents for cell in self.cells)

    def cell(self, row: str, side: str) -> CoverageCell:
        """One cell. Raises StopIteration when it is not there."""
        return next(one for one in self.cells if (one.row, one.side) == (row, side))

    def answer_share(self, *, row: str | None = None, side: str | None = None) -> float | None:
        """Share 0 … 1 of the answers in a row, a side or a cell; None where one is hidden."""
        counts = [cell.answers for cell in self._of(row, side)]
        known = [count for count in counts if count is not None]
        return None if len(known) < len(counts) else sum(known) / self.answers

    def resident_share(self, *, row: str | None = None, side: str | None = None) -> float:
        """The same of the adult residents."""
        return sum(cell.residents for cell in self._of(row, side)) / self.residents

    def _of(self, row: str | None, side: str | None) -> list[CoverageCell]:
        return [c for c in self.cells if row in (None, c.row) and side in (None, c.side)]


def crossed_coverage(cubes: Sequence[StreetCube], policy: Policy) -> CrossedCoverage | None:
    """The coverage of all streets together.

    Rows are the first ordered margin variable of the policy, sides the first with two categories.
    Residents are known by margin only: within each street the two are taken as independent, which
    leaves every row and side as it was counted. None when the policy has no such variables, a
    street has no residents of one of them, or there is no answer to show.
    """
    found = _variables(policy)
    if found is None:
        return None
    (row_variable, rows), (side_variable, sides) = found
    answers: dict[tuple[str, str], int] = {(row, side): 0 for row in rows for side in sides}
    residents: dict[tuple[str, str], float] = defaultdict(float)
    untold = 0
    for cube in cubes:
        by_row, by_side = cube.margins.get(row_variable, {}), cube.margins.get(side_variable, {})
        both = sum(by_side.get(side, 0.0) for side in sides)
        if not both or not any(by_row.get(row) for row in rows):
            return None
        for row, side in answers:
            residents[row, side] += by_row.get(row, 0.0) * by_side.get(side, 0.0) / both
        for stratum, _channel, is_valid, n in cube.responses:
            told = cube.strata[stratum]
            key = (told.get(row_variable, ""), told.get(side_variable, ""))
            if is_valid and key in answers:
                answers[key] += int(n)
            elif is_valid:
                untold += int(n)
    total = sum(answers.values())
    hidden = hidden_counts(answers, least=policy.min_cell)
    if not total or all(key in hidden for key, n in answers.items() if n):
        return None
    return CrossedCoverage(
        row_variable=row_variable,
        side_variable=side_variable,
        rows=rows,
        sides=sides,
        cells=tuple(
            CoverageCell(*key, None if key in hidden else n, residents[key])
            for key, n in answers.items()
        ),
        answers=total,
        untold=untold,
    )


def _variables(
    policy: Policy,
) -> tuple[tuple[str, tuple[str, ...]], tuple[str, tuple[str, ...]]] | None:
    """The variable of the rows and that of the sides, each with its categories."""
    rows = sides = None
    for name, one in policy.margin_variables.items():
        categories = tuple(one["categories"])
        if one["ordered"]:
            rows = rows or (name, categories)
        elif len(categories) == 2:
            sides = sides or (name, categories)
    return None if rows is None or sides is None else (rows, sides)


def coverage_json(found: CrossedCoverage | None) -> dict[str, Any] | None:
    """As it is frozen with an evaluation, in plain JSON."""
    return None if found is None else asdict(found)


def read_coverage(given: Mapping[str, Any] | None) -> CrossedCoverage | None:
    """The inverse of `coverage_json`; None for what was frozen before it was kept."""
    if not given:
        return None
    return CrossedCoverage(
        **{
            **given,
            "rows": tuple(given["rows"]),
            "sides": tuple(given["sides"]),
            "cells": tuple(CoverageCell(**cell) for cell in given["cells"]),
        }
    )
