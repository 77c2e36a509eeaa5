"""Days between two times, counted by the database: whole calendar days, and days of 24 hours.

SQLite and PostgreSQL have no function in common for it, so that each is said in both.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import Float, Integer, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _CalendarDays(FunctionElement[int]):
    """(day, moment, minutes): days from `day` to the day of `moment` east of UTC by `minutes`."""

    type = Integer()
    inherit_cache = True


class _DaysBetween(FunctionElement[float]):
    """(first, second): days of 24 hours between two moments."""

    type = Float()
    inherit_cache = True


def calendar_days(day: Any, moment: Any, *, now: datetime) -> Any:
    """SQL: calendar days from the day `day` to the local day of `moment` (UTC); 0 the same day.

    Local: in the district's time zone as it stands at `now` (UTC), summer time disregarded.
    """
    zone = current_app.config["TIMEZONE"]
    offset = zone.utcoffset(now)
    assert offset is not None
    return _CalendarDays(day, moment, literal(int(offset.total_seconds()) // 60))


def days_between(first: Any, second: Any) -> Any:
    """SQL: days of 24 hours from the moment `first` to the moment `second`."""
    return _DaysBetween(first, second)


def _parts(element: Any, compiler: Any, kwargs: dict[str, Any]) -> list[str]:
    return [compiler.process(clause, **kwargs) for clause in element.clauses]


@compiles(_CalendarDays, "sqlite")
def _calendar_days_sqlite(element: Any, compiler: Any, **kwargs: Any) -> str:
    day, moment, minutes = _parts(element, compiler, kwargs)
    local = f"julianday(date({moment}, {minutes} || ' minutes'))"
    return f"CAST({local} - julianday({day}) AS INTEGER)"


@compiles(_CalendarDays, "postgresql")
def _calendar_days_postgresql(element: Any, compiler: Any, **kwargs: Any) -> str:
    day, moment, minutes = _parts(element, compiler, kwargs)
    local = f"CAST(CAST({moment} AS timestamp) + {minutes} * interval '1 minute' AS date)"
    return f"({local} - {day})"


@compiles(_DaysBetween, "sqlite")
def _days_between_sqlite(element: Any, compiler: Any, **kwargs: Any) -> str:
    first, second = _parts(element, compiler, kwargs)
    return f"(julianday({second}) - julianday({first}))"


@compiles(_DaysBetween, "postgresql")
def _days_between_postgresql(element: Any, compiler: Any, **kwargs: Any) -> str:
    first, second = _parts(element, compiler, kwargs)
    later, earlier = f"CAST({second} AS timestamp)", f"CAST({first} AS timestamp)"
    return f"(CAST(EXTRACT(EPOCH FROM ({later} - {earlier})) AS double precision) / 86400)"
