"""The workbook holds the rows, what they are about and what the columns mean."""

from __future__ import annotations

import io

from openpyxl import load_workbook

from survey.exports.xlsx_file import write_xlsx
from tests.exports.documents import document


def test_cells_keep_their_kinds_and_text_is_never_a_formula() -> None:
    book = load_workbook(io.BytesIO(write_xlsx(document())))
    assert book.sheetnames == ["people", "about", "columns"]
    rows = list(book["people"].iter_rows(values_only=True))
    assert rows[0] == ("name", "n", "value", "is_ok")
    assert rows[1] == ("月湖街道", 12, 71.25, True)
    assert rows[2] == ("'=1+1", None, None, False)
    assert rows[3][1:3] == (-2, -0.5)
    assert not any(cell.data_type == "f" for row in book["people"] for cell in row)


def test_it_explains_itself() -> None:
    book = load_workbook(io.BytesIO(write_xlsx(document())))
    assert ("wave.code", "2026q3") in list(book["about"].iter_rows(values_only=True))
    assert ("people", "n", "whole", "数", "Count") in list(
        book["columns"].iter_rows(values_only=True)
    )
