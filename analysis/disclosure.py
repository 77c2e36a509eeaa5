"""Hiding small cells of a table so that its margins do not give them away (method §11).

Primary cells hold few people; complementary cells are hidden beside them. This is the first pass
over one table. It promises that no small cell is worked out exactly, not how wide its range is,
and knows no other table: ``disclosure_protection`` goes on from here until the audit of
``disclosure_audit`` passes.
"""

from __future__ import annotations

import numpy as np

from analysis.types import AnalysisError, FloatArray, IntArray


def primary_cells(counts: IntArray, threshold: int) -> np.ndarray:
    """Which cells (R, C) hold 1 to threshold − 1 people. Zero says that there is nobody."""
    check_counts(counts)
    return (counts > 0) & (counts < threshold)


def suppress(counts: IntArray, *, threshold: int = 10, whole_lines: bool = True) -> np.ndarray:
    """Which cells (R, C) to hide when row and column totals are shown.

    Per primary cell, by ascending value, row, column: hide the other three corners of the
    cheapest rectangle (fewest people newly hidden, already hidden costs 0; ties: first row, then
    column). A zero cell protects nothing and is never a corner. A cell without any rectangle
    (a single row or column, zeros all around) has its whole row and column of positive cells
    hidden, unless ``whole_lines`` is false, which leaves it to ``protect``.

    The rectangle (the "hypercube" method: Hundepool et al. 2012, §4.4) keeps a cell from being
    worked out exactly; that its range has a promised width, and that other tables do not give it
    away, is the business of ``disclosure_protection.protect``. Raises ``AnalysisError``
    (``bad_table``).
    """
    hidden = primary_cells(counts, threshold)
    cells = sorted(zip(*np.nonzero(hidden), strict=True), key=lambda rc: (counts[rc], *rc))
    for row, column in cells:
        corners = cheapest_rectangle(counts, hidden, int(row), int(column))
        if corners is not None:
            for corner in corners:
                hidden[corner] = True
        elif whole_lines:
            hidden[row] |= counts[row] > 0
            hidden[:, column] |= counts[:, column] > 0
    return hidden


def cheapest_rectangle(
    counts: IntArray, hidden: np.ndarray, row: int, column: int
) -> list[tuple[int, int]] | None:
    """The other corners of the rectangle through a cell that hides the fewest people anew."""
    cost = np.where(hidden, 0, counts).astype(float)
    cost[counts == 0] = np.inf
    price = cost + cost[row] + cost[:, [column]]
    price[row], price[:, column] = np.inf, np.inf
    # The first of equal prices in the order of rows, then columns.
    r, c = divmod(int(np.argmin(price)), counts.shape[1])
    return [(row, c), (r, column), (r, c)] if np.isfinite(price[r, c]) else None


def feasible_range(counts: IntArray, hidden: np.ndarray, row: int, column: int) -> tuple[int, int]:
    """Smallest and largest value of a hidden cell that fit the shown cells and totals.

    Two linear programmes over the hidden cells (all ≥ 0) with the row and column totals; the
    vertices of this transport polytope are integers. What an outsider can find out from this one
    table; ``disclosure_audit.feasible_range_of`` takes any number of linked tables.
    """
    # Heavy to import and needed by audits only, never by a page.
    from scipy.optimize import linprog

    places = list(zip(*np.nonzero(hidden), strict=True))
    position = {place: i for i, place in enumerate(places)}
    if (row, column) not in position:
        value = int(counts[row, column])
        return value, value
    R, C = counts.shape
    equations = np.zeros((R + C, len(places)))
    for i, (r, c) in enumerate(places):
        equations[r, i] = equations[R + c, i] = 1
    shown = np.where(hidden, 0, counts)
    left = counts - shown
    totals: FloatArray = np.concatenate([left.sum(axis=1), left.sum(axis=0)]).astype(float)
    goal = np.zeros(len(places))
    goal[position[(row, column)]] = 1
    ends = [
        linprog(sign * goal, A_eq=equations, b_eq=totals, bounds=(0, None)).fun * sign
        for sign in (1, -1)
    ]
    return round(ends[0]), round(ends[1])


def check_counts(counts: IntArray) -> None:
    """Raise ``AnalysisError`` (``bad_table``) unless counts are a table of integers ≥ 0."""
    table = np.asarray(counts)
    whole = table.ndim == 2 and np.issubdtype(table.dtype, np.integer)
    if not whole or np.any(table < 0):
        raise AnalysisError("bad_table", "A table to suppress must hold whole numbers of people.")
