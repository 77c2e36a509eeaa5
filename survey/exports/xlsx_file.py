"""Excel: a sheet a table, a sheet about the document, and a sheet that explains every column."""

from __future__ import annotations

import io
from typing import Any

from survey.exports.base import Cell, Document, Format
from survey.exports.csv_file import safe_cell
from survey.plain_text import plain

# Excel's own limit.
MOST_ROWS = 1_048_575


def write_xlsx(document: Document) -> bytes:
    """The workbook. Raises ValueError for a table with more rows than a sheet can hold."""
    # 18 MB that a web process only needs when somebody asks for a workbook.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    bold = Font(bold=True)

    def add_sheet(name: str, head: list[str], rows: Any, widths: list[int]) -> None:
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for i, width in enumerate(widths):
            sheet.column_dimensions[get_column_letter(i + 1)].width = width
        cells = [WriteOnlyCell(sheet, value=title) for title in head]
        for cell in cells:
            cell.font = bold
        sheet.append(cells)
        for row in rows:
            sheet.append(row)

    for table in document.tables:
        if len(table.rows) > MOST_ROWS:
            raise ValueError("too many rows for a sheet; use csv")
        names = [column.name for column in table.shape.columns]
        add_sheet(
            table.shape.name,
            names,
            ([_cell(value) for value in row] for row in table.rows),
            [max(10, min(28, len(name) + 2)) for name in names],
        )
    about = [(key, safe_cell(value)) for key, value in _flat(document.about)]
    add_sheet("about", ["key", "value"], about, [30, 80])
    columns = [
        (table.shape.name, column.name, column.kind, *column.help)
        for table in document.tables
        for column in table.shape.columns
    ]
    add_sheet(
        "columns", ["table", "column", "kind", "说明", "meaning"], columns, [14, 24, 10, 60, 80]
    )
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(value: Cell) -> Cell:
    # Numbers stay numbers, and yes and no stay yes and no.
    if isinstance(value, int | float) or value is None:
        return value
    # A workbook cannot hold control characters; one that was stored must not spoil the file.
    return safe_cell(plain(value))


def _flat(value: Any, prefix: str = "") -> list[tuple[str, Cell]]:
    if isinstance(value, dict):
        return [
            pair
            for key, inner in value.items()
            for pair in _flat(inner, f"{prefix}.{key}" if prefix else str(key))
        ]
    if isinstance(value, list | tuple):
        return [pair for i, inner in enumerate(value) for pair in _flat(inner, f"{prefix}[{i}]")]
    return [(prefix, value)]


XLSX = Format(
    "xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xlsx",
    True,
    write_xlsx,
)
