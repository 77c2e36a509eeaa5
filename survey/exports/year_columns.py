"""The cells of a street's year in the evaluation table: pooled score, and change with interval."""

from __future__ import annotations

from survey.exports.base import Cell
from survey.queries.views import EvaluationView, published


def year_cells(view: EvaluationView, code: str) -> tuple[Cell, ...]:
    """Pool (4 cells) and change (5 cells) of a street; empty where there is none to show."""
    street = view.year.streets.get(code) if view.year is not None else None
    if street is None:
        return (None,) * 9
    pool = published(street.pool) if street.pool is not None else None
    change = street.shown_change
    pooled = (None,) * 4 if pool is None else (pool.value, pool.low, pool.high, pool.se)
    changed: tuple[Cell, ...] = (None,) * 5
    if change is not None:
        changed = (change.value, change.low, change.high, change.se, change.clear)
    return (*pooled, *changed)
