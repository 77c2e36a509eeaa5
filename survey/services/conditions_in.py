"""Read conditions.csv: resources and conditions of streets, e.g. staff or money, as context.

They stand beside a street's figures on its own page and never enter a score.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete

from survey.models import Street, StreetCondition
from survey.services.tables_in import Rejected, Row, RowsRejected, TableIn, whole_number

CONDITION_COLUMNS = ("street", "code", "name_zh", "name_en", "value")
# What has to be the same in every row of a condition: streets are compared by it.
SHARED = ("name_zh", "name_en", "unit_zh", "unit_en", "per_residents")
CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")
LONGEST = {"name_zh": 80, "name_en": 80, "unit_zh": 40, "unit_en": 40, "source": 240}
LARGEST_PER = 1_000_000

#: {street code: rows of `street_condition` without their street}
Conditions = Mapping[str, list[dict[str, Any]]]


def read_conditions(table: TableIn, streets: Collection[str]) -> Conditions:
    """The conditions of each street, in the order of the file.

    street, code, name_zh, name_en and value are needed; unit_zh, unit_en, per_residents (shown
    for so many residents, e.g. 1000; empty or 0: as it is), as_of (YYYY-MM-DD) and source may be
    left out. Raises RowsRejected with the row and column of every problem.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    first: dict[str, Row] = {}
    seen: set[tuple[str, str]] = set()
    rejected: list[Rejected] = []
    for row in table.rows:
        cells = row.cells
        problems = _problems(row, streets)
        key = (cells["street"], cells["code"])
        if not problems and key in seen:
            reason = _l("%(value)s stands in an earlier row as well", value=" ".join(key))
            problems = [Rejected(row.number, "code", reason)]
        if not problems:
            problems = _unlike(row, first.setdefault(cells["code"], row))
        rejected += problems
        if not problems:
            seen.add(key)
            found.setdefault(cells["street"], []).append(_values(cells))
    if rejected:
        raise RowsRejected(table.name, rejected)
    return found


def _values(cells: Mapping[str, str]) -> dict[str, Any]:
    return {
        "code": cells["code"],
        "name_zh": cells["name_zh"],
        "name_en": cells["name_en"],
        "unit_zh": cells.get("unit_zh", ""),
        "unit_en": cells.get("unit_en", ""),
        "value": _number(cells["value"]),
        "per_residents": whole_number(cells.get("per_residents", "") or "0"),
        "as_of": _day(cells.get("as_of", "")),
        "source": cells.get("source", ""),
    }


def _problems(row: Row, streets: Collection[str]) -> list[Rejected]:
    cells = row.cells
    found = []
    if cells["street"] not in streets:
        reason = _l("%(value)s is not in streets.csv", value=cells["street"] or "–")
        found.append(Rejected(row.number, "street", reason))
    if not CODE.fullmatch(cells["code"]):
        reason = _l("must have 1 to 40 letters, digits, - or _")
        found.append(Rejected(row.number, "code", reason))
    found += [
        Rejected(row.number, column, _l("is empty"))
        for column in ("name_zh", "name_en")
        if not cells[column]
    ]
    for column, most in LONGEST.items():
        if len(cells.get(column, "")) > most:
            reason = _l("must have at most %(most)s characters", most=most)
            found.append(Rejected(row.number, column, reason))
    if _number(cells["value"]) is None:
        found.append(Rejected(row.number, "value", _l("must be a number such as 12 or 12.5")))
    per = whole_number(cells.get("per_residents", "") or "0")
    if per is None or per > LARGEST_PER:
        reason = _l("must be a whole number such as 1000, or empty")
        found.append(Rejected(row.number, "per_residents", reason))
    if cells.get("as_of") and _day(cells["as_of"]) is None:
        found.append(Rejected(row.number, "as_of", _l("must be a date such as 2025-12-31")))
    return found


def _unlike(row: Row, first: Row) -> list[Rejected]:
    """Where a row says otherwise than the first of the same condition."""
    return [
        Rejected(
            row.number,
            column,
            _l("differs from row %(row)s, which is of the same condition", row=first.number),
        )
        for column in SHARED
        if row.cells.get(column, "") != first.cells.get(column, "")
    ]


def _number(text: str) -> float | None:
    """A number as typed, with or without thousands commas; None otherwise."""
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def replace_conditions(session: Any, stored: Mapping[str, Street], conditions: Conditions) -> None:
    """Put the conditions in place of all that these streets had. stored: by code, flushed."""
    keys = [street.id for street in stored.values()]
    session.execute(delete(StreetCondition).where(StreetCondition.street_id.in_(keys)))
    session.add_all(
        StreetCondition(street_id=stored[code].id, **values)
        for code, rows in conditions.items()
        for values in rows
    )
