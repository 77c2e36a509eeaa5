"""CSV opens in a spreadsheet and runs nothing there."""

from __future__ import annotations

import csv
import io

import pytest

from survey.exports.csv_file import write_csv
from tests.exports.documents import document


def test_it_begins_with_a_byte_order_mark_and_reads_back() -> None:
    content = write_csv(document())
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["name", "n", "value", "is_ok"]
    assert rows[1] == ["月湖街道", "12", "71.25", "true"]
    assert rows[4][0] == 'a "b", c\nd'
    assert len(rows) == 5


def test_text_that_would_be_a_formula_is_text_and_numbers_stay_numbers() -> None:
    rows = list(csv.reader(io.StringIO(write_csv(document()).decode("utf-8-sig"), newline="")))
    assert rows[2] == ["'=1+1", "", "", "false"]
    assert rows[3] == ["'-2", "-2", "-0.5", ""]


def test_two_tables_do_not_fit() -> None:
    with pytest.raises(ValueError, match="one table"):
        write_csv(document(tables=2))
