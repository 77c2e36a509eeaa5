"""Spreadsheets to fill in: direct scores with a row a street, and lists with a row an item.

They hold what is stored, so that a file that is loaded back unchanged changes nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from flask_babel import lazy_gettext as _l

from survey.errors import Refused
from survey.exports.base import Cell
from survey.exports.csv_file import safe_cell
from survey.formatting import by_language, language
from survey.queries.assessment import AssessmentView
from survey.queries.listed import ListedPage

KINDS = ("xlsx", "csv")
MIMETYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
}
# Heads of columns nobody has filled in yet: codes to go on from.
FIRST_ASSESSORS = ("A", "B", "C")


def scores_file(view: AssessmentView, *, kind: str) -> bytes:
    """A row a street and a column an assessor or objective indicator, with what is stored."""
    heads = ("street", "street_name") if language() == "en" else ("街道代码", "街道名称")
    assessors = view.assessors or FIRST_ASSESSORS
    rows: list[list[Cell]] = [
        [
            street.code,
            by_language(*street.name),
            *(street.scores.get(name) for name in assessors),
            *(street.objective.get(name) for name in view.objective_weights),
        ]
        for street in view.streets
    ]
    return _file([*heads, *assessors, *view.objective_weights], rows, kind=kind)


def list_file(page: ListedPage, *, kind: str, heads: Sequence[Sequence[str]]) -> bytes:
    """A row a standing item. heads: the names of each column, English and then Chinese."""
    place = 0 if language() == "en" else 1
    rows: list[list[Cell]] = [
        [
            entry.street_code,
            KIND_WORDS[entry.item.kind][place],
            entry.item.label,
            entry.item.points,
            entry.item.ceiling,
            entry.item.document,
            entry.item.document_date.isoformat(),
            entry.item.signed_by,
        ]
        for entry in page.standing
    ]
    return _file([names[place] for names in heads], rows, kind=kind)


KIND_WORDS = {
    "bonus": ("bonus", "加分"),
    "deduction": ("deduction", "扣分"),
    "veto": ("veto", "一票否决"),
}


def _file(heads: Sequence[str], rows: Sequence[Sequence[Cell]], *, kind: str) -> bytes:
    if kind not in KINDS:
        raise Refused(
            "unknown_format",
            _l("The file must end in %(kinds)s.", kinds=" / ".join(f".{one}" for one in KINDS)),
            status=422,
        )
    safe = [[_safe(value) for value in row] for row in [list(heads), *rows]]
    if kind == "csv":
        out = io.StringIO()
        csv.writer(out, lineterminator="\r\n").writerows(safe)
        return out.getvalue().encode("utf-8-sig")
    return _workbook(safe)


def _safe(value: Cell) -> Cell:
    return value if isinstance(value, int | float) or value is None else safe_cell(value)


def _workbook(rows: Sequence[Sequence[Cell]]) -> bytes:
    # Only when somebody asks for a workbook.
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(list(row))
    for place, cell in enumerate(sheet[1], start=1):
        cell.font = Font(bold=True)
        widest = max((len(str(row[place - 1] or "")) for row in rows), default=0)
        sheet.column_dimensions[get_column_letter(place)].width = min(40, max(10, 2 * widest))
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
