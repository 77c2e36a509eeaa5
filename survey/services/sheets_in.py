"""Read a spreadsheet that somebody uploads, xlsx or CSV: its cells, and what is wrong with each.

Nothing here knows what the cells mean. A file is bounded before it is opened: a small zip can
hold gigabytes.
"""

from __future__ import annotations

import io
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zipfile import BadZipFile, ZipFile

from flask_babel import lazy_gettext as _l

from survey.services.tables_in import Rejected, csv_records, refuse_file

MOST_BYTES = 2 * 1024 * 1024
MOST_UNPACKED = 16 * 1024 * 1024
MOST_FILES = 500
MOST_ROWS = 5000
MOST_COLUMNS = 200
# A title may stand above the heads of the columns.
HEAD_WITHIN = 10


@dataclass(frozen=True)
class CellIn:
    """One cell: its address, its text without outer blanks, and why it cannot be used if so."""

    address: str
    text: str = ""
    wrong: Any = None
    day: date | None = None


@dataclass(frozen=True)
class RowIn:
    """One row below the heads, numbered as the spreadsheet does; cells by head."""

    number: int
    cells: dict[str, CellIn]


@dataclass(frozen=True)
class SheetIn:
    """The sheet that was read. notes: what of the file was not read, in words."""

    file: str
    sheet: str
    heads: tuple[str, ...]
    rows: tuple[RowIn, ...]
    problems: tuple[Rejected, ...] = ()
    notes: tuple[Any, ...] = ()


@dataclass
class _Grid:
    """The cells of one sheet before anybody knows where its heads are."""

    name: str
    rows: list[tuple[int, list[CellIn]]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[tuple[str, int, int]] = field(default_factory=list)


def read_sheet(name: str, data: bytes, *, heads: Sequence[Sequence[str]]) -> SheetIn:
    """The one sheet of a file that has a row of heads; `heads` are the columns that must be there,
    each with the names it may have, the first of which it gets.

    Raises Refused: another kind of file, too large, no or several sheets with such heads.
    """
    if not data.strip():
        raise refuse_file(name, _l("is empty"))
    if len(data) > MOST_BYTES:
        raise refuse_file(name, _l("is larger than %(most)s MB", most=MOST_BYTES // 1024**2))
    notes: list[Any] = []
    if data.startswith(b"PK\x03\x04"):
        grids, notes = _workbook(name, data)
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        raise refuse_file(
            name, _l("is an Excel file of before 2007 or has a password; save it as xlsx")
        )
    elif b"\x00" in data:
        raise refuse_file(name, _l("is neither an Excel file (xlsx) nor CSV"))
    else:
        grids = [_csv_grid(name, data)]
    found = [(grid, at) for grid in grids if (at := _head_row(grid, heads)) is not None]
    if not found:
        wanted = ", ".join(names[0] for names in heads)
        raise refuse_file(
            name, _l("no sheet has a row with the columns %(columns)s", columns=wanted)
        )
    if len(found) > 1:
        names = ", ".join(grid.name for grid, _at in found)
        raise refuse_file(
            name, _l("several sheets have these columns: %(sheets)s; leave one", sheets=names)
        )
    chosen = found[0][0]
    notes += [
        _l("The sheet %(sheet)s has no such columns and was not read.", sheet=grid.name)
        for grid in grids
        if grid is not chosen
    ]
    return _sheet(name, *found[0], heads=heads, notes=notes)


def plain_text(text: str) -> str:
    """Text as it was meant: full-width digits and signs as common ones, no outer blanks."""
    return unicodedata.normalize("NFKC", text).strip()


def _head_row(grid: _Grid, heads: Sequence[Sequence[str]]) -> int | None:
    for place, (_number, cells) in enumerate(grid.rows[:HEAD_WITHIN]):
        texts = {cell.text for cell in cells}
        if all(texts & set(names) for names in heads):
            return place
    return None


def _sheet(
    name: str, grid: _Grid, at: int, *, heads: Sequence[Sequence[str]], notes: list[Any]
) -> SheetIn:
    same = {other: names[0] for names in heads for other in names}
    head_number, head_cells = grid.rows[at]
    named = [same.get(cell.text, cell.text) for cell in head_cells]
    problems = [
        Rejected(head_number, cell.address, cell.wrong) for cell in head_cells if cell.wrong
    ]
    for place, head in enumerate(named):
        address = head_cells[place].address
        if head and head in named[:place]:
            reason = _l("the column %(column)s is there twice", column=head)
            problems.append(Rejected(head_number, address, reason))
        if head and place in grid.hidden_columns:
            reason = _l("the column %(column)s is hidden: show or delete it", column=head)
            problems.append(Rejected(head_number, address, reason))
    problems += [
        Rejected(first, address, _l("%(cells)s is merged: split it, fill each cell", cells=address))
        for address, first, last in grid.merged
        if last >= head_number
    ]
    rows = []
    for number, cells in grid.rows[at + 1 :]:
        used = [cell for cell in cells if cell.text or cell.wrong]
        if not used:
            continue
        if number in grid.hidden_rows:
            reason = _l("row %(row)s is hidden: show or delete it", row=number)
            problems.append(Rejected(number, used[0].address, reason))
        beside = [c for place, c in enumerate(cells) if place >= len(named) or not named[place]]
        problems += [
            Rejected(number, cell.address, _l("stands in a column without a head"))
            for cell in beside
            if cell.text or cell.wrong
        ]
        pairs = zip(named, cells, strict=False)
        rows.append(RowIn(number, {head: cell for head, cell in pairs if head}))
    if not rows:
        raise refuse_file(name, _l("has a header and no rows"))
    return SheetIn(
        file=name,
        sheet=grid.name,
        heads=tuple(head for head in named if head),
        rows=tuple(rows),
        problems=tuple(problems),
        notes=tuple(notes),
    )


def _csv_grid(name: str, data: bytes) -> _Grid:
    records = csv_records(name, data)
    if len(records) > MOST_ROWS:
        raise _too_many_rows(name, len(records))
    if max((len(cells) for cells in records), default=0) > MOST_COLUMNS:
        raise refuse_file(name, _l("has more than %(most)s columns", most=MOST_COLUMNS))
    grid = _Grid("CSV")
    for number, cells in enumerate(records, start=1):
        row = [
            CellIn(f"{_letter(place)}{number}", *_said(text.strip(), place, number))
            for place, text in enumerate(cells)
        ]
        grid.rows.append((number, row))
    return grid


def _said(text: str, place: int, number: int) -> tuple[str, Any]:
    address = f"{_letter(place)}{number}"
    return text, _formula(address) if text.startswith("=") else None


def _letter(place: int) -> str:
    """0 is A, 25 is Z, 26 is AA."""
    text, left = "", place + 1
    while left:
        left, digit = divmod(left - 1, 26)
        text = chr(ord("A") + digit) + text
    return text


def _formula(address: str) -> Any:
    return _l("%(cell)s holds a formula: paste values", cell=address)


def _too_many_rows(name: str, rows: int) -> Exception:
    return refuse_file(
        name, _l("has %(rows)s rows; at most %(most)s are read", rows=rows, most=MOST_ROWS)
    )


def _workbook(name: str, data: bytes) -> tuple[list[_Grid], list[Any]]:
    """The visible sheets of an xlsx file, and notes on those that are hidden."""
    _bounded(name, data)
    # Only when somebody uploads a workbook: a web process does not need it otherwise.
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(data), data_only=False, keep_links=False)
    except Exception as error:
        # Whatever the reader of a broken or foreign file trips over.
        raise refuse_file(name, _l("is not a proper Excel file; save it anew as xlsx")) from error
    notes = []
    grids = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            notes.append(_l("The hidden sheet %(sheet)s was not read.", sheet=sheet.title))
            continue
        if sheet.max_row > MOST_ROWS:
            raise _too_many_rows(name, sheet.max_row)
        if sheet.max_column > MOST_COLUMNS:
            raise refuse_file(name, _l("has more than %(most)s columns", most=MOST_COLUMNS))
        grids.append(_grid(sheet))
    return grids, notes


def _grid(sheet: Any) -> _Grid:
    from openpyxl.utils import column_index_from_string

    grid = _Grid(sheet.title)
    for cells in sheet.iter_rows():
        grid.rows.append((cells[0].row, [_cell(cell) for cell in cells]))
    grid.hidden_rows = {row for row, found in sheet.row_dimensions.items() if found.hidden}
    for letter, found in sheet.column_dimensions.items():
        if found.hidden:
            first = found.min or column_index_from_string(letter)
            grid.hidden_columns |= set(range(first - 1, min(found.max or first, MOST_COLUMNS)))
    grid.merged = [
        (found.coord, found.min_row, found.max_row) for found in sheet.merged_cells.ranges
    ]
    return grid


def _cell(cell: Any) -> CellIn:
    """One cell of a workbook; merged ones have no value and are named with their range."""
    value, address = cell.value, cell.coordinate
    if value is None:
        return CellIn(address)
    kind = cell.data_type
    if kind == "f" or not isinstance(value, str | int | float | bool | date | datetime):
        return CellIn(address, "", _formula(address))
    if kind == "e":
        return CellIn(address, str(value), _l("%(cell)s holds an error", cell=address))
    if isinstance(value, bool):
        return CellIn(address, "", _l("%(cell)s is true or false and no value", cell=address))
    if isinstance(value, date):
        day = value.date() if isinstance(value, datetime) else value
        return CellIn(address, day.isoformat(), day=day)
    if isinstance(value, str):
        return CellIn(address, value.strip())
    if "%" in str(cell.number_format):
        wrong = _l("%(cell)s is a percentage: enter a plain number 0 … 100", cell=address)
        return CellIn(address, "", wrong)
    return CellIn(address, repr(value))


def _bounded(name: str, data: bytes) -> None:
    """Raise Refused for a zip that is no workbook, or would be too much once unpacked."""
    try:
        with ZipFile(io.BytesIO(data)) as packed:
            entries = packed.infolist()
            if "xl/workbook.xml" not in packed.namelist():
                raise refuse_file(name, _l("is neither an Excel file (xlsx) nor CSV"))
            # What an entry says of its size is also the most that is ever read of it.
            if (
                len(entries) > MOST_FILES
                or sum(entry.file_size for entry in entries) > MOST_UNPACKED
            ):
                raise refuse_file(
                    name,
                    _l("holds more than %(most)s MB unpacked", most=MOST_UNPACKED // 1024**2),
                )
            for entry in entries:
                if entry.filename.endswith((".xml", ".rels")):
                    _bounded_entry(name, packed, entry)
    except (BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, EOFError) as error:
        raise refuse_file(name, _l("is damaged or has a password")) from error


def _bounded_entry(name: str, packed: ZipFile, entry: zipfile.ZipInfo) -> None:
    """Count rows without building them, and let no document define entities."""
    rows = 0
    for part in _parts(packed, entry):
        if b"<!DOCTYPE" in part:
            raise refuse_file(name, _l("is not a proper Excel file; save it anew as xlsx"))
        rows += part.count(b"<row ")
    if rows > MOST_ROWS:
        raise _too_many_rows(name, rows)


def _parts(packed: ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with packed.open(entry) as file:
        while part := file.read(1 << 20):
            yield part
