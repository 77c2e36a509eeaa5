"""cases load: messages with replies become cases, redacted, all or none, and once."""

from __future__ import annotations

import csv
import statistics
from datetime import date, datetime

import pytest
from sqlalchemy import func, select

from survey.models import Case, CaseEvent, Comment
from survey.queries.case_times import case_times
from survey.services.cases_in import load_cases
from survey.services.tables_in import RowsRejected
from tests import factories
from tests.parts import reference_folder

NOW = datetime(2026, 11, 24, 9, 0)
TEXT = (
    "message_id,user,title,time,body,reply,reply_time\n"
    "1,u1,停车难,2026/9/1 8:00:00,电话13812345678,已处理，电话13812345678,2026/9/4 9:00:00\n"
    "2,u2,路灯,2026-09-03,路灯不亮,,\n"
)


def load(path, **changes):
    return load_cases(path, **({"source": "board", "now": NOW, "street": "s1"} | changes))


def test_messages_become_cases_once_and_name_nobody(session, write_file):
    factories.place()
    path = write_file("c.csv", TEXT)
    done = load(path)
    assert (done.stored, done.replied, done.redacted, done.before) == (2, 1, 1, 0)
    first, second = session.scalars(select(Case).order_by(Case.id)).all()
    assert (first.state, second.state) == ("done", "received")
    # 9:00 in the district is 1:00 UTC.
    assert first.replied_at == datetime(2026, 9, 4, 1, 0)
    body = session.scalar(select(Comment.body).where(Comment.id == first.comment_id))
    assert "13812345678" not in first.reply + body
    assert session.scalar(select(func.count()).select_from(CaseEvent)) == 4
    again = load(path)
    assert (again.stored, again.before) == (0, 2)


@pytest.mark.parametrize(
    ("old", "new", "row", "column"),
    [
        ("2026/9/4 9:00:00", "2026/8/4 9:00:00", 2, "reply_time"),
        ("2026/9/4 9:00:00", "", 2, "reply_time"),
        ("2026-09-03", "2027-09-03", 3, "time"),
        ("2026-09-03", "soon", 3, "time"),
        ("2026-09-03", "0001-01-01", 3, "time"),
        ("\n2,", "\n1,", 3, "message_id"),
    ],
)
def test_one_wrong_row_stores_none(session, write_file, old, new, row, column):
    factories.place()
    with pytest.raises(RowsRejected) as refused:
        load(write_file("c.csv", TEXT.replace(old, new, 1)))
    assert (refused.value.rows[0].row, refused.value.rows[0].column) == (row, column)
    assert session.scalar(select(func.count()).select_from(Case)) == 0


def test_the_real_replies_take_as_long_as_counted_by_hand(session):
    path = reference_folder("themes", "teddy_c_f4_replies.csv")
    factories.place()
    assert load(path).stored == 2816
    with path.open(encoding="utf-8", newline="") as file:
        days = [(day(row["reply_time"]) - day(row["time"])).days for row in csv.DictReader(file)]
    reply = case_times(now=NOW).reply
    assert (reply.n, reply.still_open) == (2816, 0)
    assert reply.median == statistics.median(days) == 11


def day(text: str) -> date:
    return date(*map(int, text.split(" ")[0].replace("-", "/").split("/")))
