"""CSV that opens in a spreadsheet: UTF-8 with a byte order mark, one table a file (RFC 4180)."""

from __future__ import annotations

import csv
import io

from survey.exports.base import Cell, Document, Format

# A spreadsheet runs a cell that begins like this as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: Cell) -> str | int | float:
    """A cell as written: text that would be a formula gets an apostrophe, nothing is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


def write_csv(document: Document) -> bytes:
    """The one table of `document`. Raises ValueError when there is not exactly one."""
    if len(document.tables) != 1:
        raise ValueError("a CSV file holds one table")
    (table,) = document.tables
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(column.name for column in table.shape.columns)
    writer.writerows([safe_cell(value) for value in row] for row in table.rows)
    return out.getvalue().encode("utf-8-sig")


CSV = Format("csv", "text/csv", "csv", False, write_csv)
