"""Reading tables: encodings, headers and rows, each mistake with its place."""

from __future__ import annotations

import pytest

from survey.errors import Refused
from survey.services.tables_in import RowsRejected, read_table, whole_number

TEXT = 'id,名称\n1,南山坡\n\n2,"多行\n文字"\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_usual_encodings_give_the_same_table(app, write_file, encoding):
    table = read_table(write_file("t.csv", TEXT, encoding=encoding), columns=["id", "名称"])
    assert table.columns == ("id", "名称")
    assert [(row.number, row.cells["名称"]) for row in table.rows] == [
        (2, "南山坡"),
        (4, "多行\n文字"),
    ]


def test_rows_are_counted_as_a_spreadsheet_does(app, write_file):
    with app.app_context(), pytest.raises(RowsRejected) as refused:
        read_table(write_file("t.csv", TEXT + "3\n4,x,y\n"))
    assert [(r.row, r.column) for r in refused.value.rows] == [(5, "名称"), (6, "")]


def test_unusual_line_separators_inside_a_cell_do_not_split_it(app, write_file):
    table = read_table(write_file("t.csv", "id,text\n1,one\u2028two\x0bthree\n"))
    assert table.rows[0].cells["text"] == "one\u2028twothree"


def test_what_nobody_can_see_is_not_read(app, write_file):
    table = read_table(write_file("t.csv", "id,text\n1,路灯\x01坏\u202e了\n"))
    assert table.rows[0].cells["text"] == "路灯坏了"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n", "empty"),
        (b"id,name\n", "no rows"),
        (b"id,name\n1,\xff\xfe\n", "byte 11"),
        (b"PK\x03\x04rest", "Excel"),
        (b"i\x00d\x00", "byte 2"),
        (b'id,name\n1,"open\n', "CSV"),
        (b"id,id\n1,2\n", "id"),
        (b"code,name\n1,2\n", "lacks the column id"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_line(app, write_file, content, words):
    with app.app_context():
        with pytest.raises(Refused) as refused:
            read_table(write_file("t.csv", content), columns=["id"])
        message = str(refused.value)
    assert words in message
    assert message.startswith("t.csv: ")
    assert "\n" not in message


def test_a_folder_and_a_missing_file_are_refused(app, tmp_path):
    with app.app_context():
        with pytest.raises(Refused, match="folder"):
            read_table(tmp_path)
        with pytest.raises(Refused, match="no such file"):
            read_table(tmp_path / "none.csv")


def test_whole_numbers_may_have_thousands_commas():
    assert whole_number("12,345") == 12345
    assert whole_number("１２") is None
    assert whole_number("-1") is None
    assert whole_number("") is None
