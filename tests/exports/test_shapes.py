"""The tables' columns and the document that explains them are the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from survey.exports import FORMATS
from survey.exports.base import Column, Table, TableShape
from survey.exports.dictionary import data_dictionary
from survey.exports.shapes import SHAPES

DOCUMENT = Path(__file__).parents[2] / "docs" / "data-dictionary.md"


def test_the_data_dictionary_lists_every_column_as_it_is() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == data_dictionary()


def test_every_column_is_explained_in_both_languages() -> None:
    for shape in SHAPES.values():
        for column in shape.columns:
            zh, en = column.help
            assert any("\u4e00" <= char <= "\u9fff" for char in zh), (shape.name, column.name)
            assert en.isascii(), (shape.name, column.name)


def test_a_format_is_found_by_its_own_name() -> None:
    assert {name: known.name for name, known in FORMATS.items()} == {
        "json": "json",
        "csv": "csv",
        "xlsx": "xlsx",
    }


def test_a_table_refuses_a_doubled_column_and_a_short_row() -> None:
    column = Column("a", "text", ("甲", "a"))
    with pytest.raises(ValueError, match="twice"):
        TableShape("t", ("表", "table"), (column, column))
    with pytest.raises(ValueError, match="cells"):
        Table(TableShape("t", ("表", "table"), (column,)), (("x", "y"),))
