"""Load the duty list from a CSV file: all rows or none, with row and column of each problem."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey.database import transaction
from survey.models import Duty
from survey.queries.duties import COLUMNS
from survey.services import audit
from survey.services.duties import YES, Known, known_codes, locked_district, problems, store
from survey.services.tables_in import Rejected, RowsRejected, TableIn, read_table

# A file may leave these out.
OPTIONAL = ("department_zh", "department_en", "source", "retired")


@dataclass(frozen=True)
class DutiesLoaded:
    """What was stored. retired: of the rows, those that are out of the list."""

    added: int
    updated: int
    retired: int


def load_duties(
    path: Path, *, now: datetime, actor: str = "command line", district: str | None = None
) -> DutiesLoaded:
    """Store the duties of a file. A code that is known is updated; one that the file does not
    name stays as it is, because themes may rest on it: retire it by the column `retired`.

    Raises Refused (district, file) and RowsRejected.
    """
    required = [column for column in COLUMNS if column not in OPTIONAL]
    table = read_table(path, columns=required)
    with transaction() as session:
        place = locked_district(session, district)
        entries = _check(table, known_codes(session, place.id))
        stored = {
            duty.code: duty
            for duty in session.scalars(select(Duty).where(Duty.district_id == place.id))
        }
        for cells in entries:
            known = known_codes(session, place.id)
            duty = stored.get(cells["code"]) or Duty(district_id=place.id, code=cells["code"])
            store(session, duty, cells, known=known)
            if cells["retired"].lower() in YES:
                duty.retired_at = duty.retired_at or now
            elif cells["retired"]:
                duty.retired_at = None
        added = sorted({cells["code"] for cells in entries} - set(stored))
        updated = sorted({cells["code"] for cells in entries} & set(stored))
        audit.record(
            session,
            actor=actor,
            action="duties_loaded",
            subject=f"duties of {place.code}",
            detail={"file": path.name, "added": added, "updated": updated},
            at=now,
        )
    out = sum(cells["retired"].lower() in YES for cells in entries)
    return DutiesLoaded(len(added), len(updated), out)


def _check(table: TableIn, known: Known) -> list[dict[str, str]]:
    """The rows as entries. Raises RowsRejected."""
    entries: list[dict[str, str]] = []
    rejected: list[Rejected] = []
    seen: set[str] = set()
    # A department is named once; further rows of the file need only its code.
    departments = dict(known.departments)
    for row in table.rows:
        cells = {column: row.cells.get(column, "") for column in COLUMNS}
        found = [
            Rejected(row.number, column, reason)
            for column, reason in problems(cells, Known(known.indicators, departments))
        ]
        if cells["code"] in seen:
            reason = _l("%(value)s stands in an earlier row as well", value=cells["code"])
            found.append(Rejected(row.number, "code", reason))
        seen.add(cells["code"])
        rejected += found
        if not found:
            entries.append(cells)
            departments.setdefault(cells["responsible"], 0)
    if rejected:
        raise RowsRejected(table.name, rejected)
    return entries
