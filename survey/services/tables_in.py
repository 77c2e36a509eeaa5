"""Read tables that were made elsewhere: CSV files, with errors that name the row and column.

Nothing here knows what the tables mean; the loaders (place, answers, comments, direct) do.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l

from survey.errors import Refused
from survey.plain_text import plain


@dataclass(frozen=True)
class Rejected:
    """A row that cannot be stored. row: as a spreadsheet counts it, the header being row 1."""

    row: int
    column: str
    reason: Any


class RowsRejected(Refused):
    """Some rows of a file are wrong, so none was stored. `rows` says which and why."""

    def __init__(self, name: str, rows: Sequence[Rejected]) -> None:
        first = rows[0]
        super().__init__(
            "rows_rejected",
            _l(
                "%(file)s: %(count)s problems; nothing was stored. The first: row %(row)s, "
                "column %(column)s: %(reason)s",
                file=name,
                count=len(rows),
                row=first.row,
                column=first.column or "–",
                reason=first.reason,
            ),
            status=422,
        )
        self.rows = tuple(rows)


def refuse_file(name: str, reason: Any) -> Refused:
    """The error for a file that is wrong as a whole; to be raised."""
    return Refused(
        "file_unusable", _l("%(file)s: %(reason)s", file=name, reason=reason), status=422
    )


def loaded_meanwhile(name: str) -> Refused:
    """The error when somebody else stored the same rows between the check and the storing."""
    return Refused(
        "loaded_meanwhile",
        _l("%(file)s: rows of it were loaded meanwhile; nothing was stored. Try again.", file=name),
        status=409,
    )


@dataclass(frozen=True)
class Row:
    """One row: its number in a spreadsheet and its cells by column, without outer blanks."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class TableIn:
    """A table as read. Every row has a cell for each column."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def require(self, *columns: str) -> None:
        """Raise Refused when a column is missing, naming those that are there."""
        missing = [column for column in columns if column not in self.columns]
        if missing:
            raise refuse_file(
                self.name,
                _l(
                    "row 1 lacks the column %(missing)s; it has: %(columns)s",
                    missing=", ".join(missing),
                    columns=", ".join(self.columns),
                ),
            )


def read_table(path: Path, *, columns: Sequence[str] = ()) -> TableIn:
    """The CSV file at `path`, in UTF-8 (with or without a mark) or GB18030.

    columns: those that must be there; others may be.
    Raises Refused for a file that is missing, a folder, empty, of another kind or encoding or
    without those columns; RowsRejected for rows with too few or too many cells.
    """
    records = csv_records(path.name, _bytes(path))
    start = next((i for i, cells in enumerate(records) if any(c.strip() for c in cells)), None)
    if start is None:
        raise refuse_file(path.name, _l("is empty"))
    header = tuple(cell.strip() for cell in records[start])
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise refuse_file(
            path.name, _l("row 1 names the column %(column)s twice", column=", ".join(twice))
        )
    table = TableIn(path.name, header, _rows(path.name, header, records, start=start + 1))
    table.require(*columns)
    return table


def csv_records(name: str, data: bytes) -> list[list[str]]:
    """The cells of a CSV file, row by row, without what nobody can see, as forms are read.

    Raises Refused for another encoding or kind of file.
    """
    text = plain(_decode(name, data))
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        reason = _l("is not a proper CSV file: %(error)s", error=error)
        raise refuse_file(name, reason) from error


def _rows(
    name: str, header: tuple[str, ...], records: list[list[str]], *, start: int
) -> tuple[Row, ...]:
    rows, ragged = [], []
    for number, cells in enumerate(records[start:], start=start + 1):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            reason = _l(
                "has %(count)s cells instead of %(expected)s",
                count=len(cells),
                expected=len(header),
            )
            column = header[len(cells)] if len(cells) < len(header) else ""
            ragged.append(Rejected(number, column, reason))
        else:
            values = (cell.strip() for cell in cells)
            rows.append(Row(number, dict(zip(header, values, strict=True))))
    if ragged:
        raise RowsRejected(name, ragged)
    if not rows:
        raise refuse_file(name, _l("has a header and no rows"))
    return tuple(rows)


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise refuse_file(path.name, _l("is a folder; name a CSV file"))
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise refuse_file(str(path), _l("there is no such file")) from error
    except OSError as error:
        raise refuse_file(
            path.name, _l("cannot be read: %(error)s", error=error.strerror)
        ) from error
    if not data.strip():
        raise refuse_file(path.name, _l("is empty"))
    if data.startswith(b"PK\x03\x04") or data.startswith(b"\xd0\xcf\x11\xe0"):
        raise refuse_file(path.name, _l("is an Excel file; save it as “CSV UTF-8” and load that"))
    if b"\x00" in data:
        place = data.index(b"\x00") + 1
        raise refuse_file(
            path.name, _l("is not text (byte %(place)s is zero); save it as CSV", place=place)
        )
    return data


def _decode(name: str, data: bytes) -> str:
    """Strict UTF-8 first: text in GB18030 is hardly ever valid UTF-8, the reverse often is."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as utf8:
        try:
            return data.decode("gb18030")
        except UnicodeDecodeError as gb:
            raise refuse_file(
                name,
                _l(
                    "is neither UTF-8 (byte %(utf8)s) nor GB18030 (byte %(gb)s); "
                    "save it as “CSV UTF-8” and load that",
                    utf8=utf8.start + 1,
                    gb=gb.start + 1,
                ),
            ) from utf8


def whole_number(text: str) -> int | None:
    """A whole number of at least 0 as typed, with or without thousands commas; None otherwise."""
    digits = text.replace(",", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 12 else None
