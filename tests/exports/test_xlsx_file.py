"""The workbook holds the rows, what they are about and what the columns mean."""

from __future__ import annotations

import io

from openpyxl import load_workbook

from survey.exports.base import Column, Document, Table, TableShape
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


def test_a_control_character_that_was_stored_spoils_no_workbook() -> None:
    shape = TableShape("said", ("话", "Words"), (Column("words", "text", ("话", "Words")),))
    content = write_xlsx(Document({}, (Table(shape, (("路灯\x01坏了\n两个月",),)),)))
    rows = list(load_workbook(io.BytesIO(content))["said"].iter_rows(values_only=True))
    assert rows[1] == ("路灯坏了\n两个月",)
