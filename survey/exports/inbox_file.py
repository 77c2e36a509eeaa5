"""A filtered inbox as a file: one row a case, for those who go on in a spreadsheet.

What residents who asked to be called wrote is left out: it is deleted with their request, and a
file would keep it.
"""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l

from survey.desk import Desk
from survey.errors import Refused
from survey.exports import FORMATS
from survey.exports.base import Cell, Column, Document, Table, TableShape
from survey.formatting import local_time
from survey.queries.inbox import CaseRow, InboxFilters, inbox_rows

KINDS = ("csv", "xlsx")
# A clerk's list; who needs more filters, or reads the open data.
MOST_ROWS = 5_000

INBOX = TableShape(
    "inbox",
    ("事项清单", "List of cases"),
    (
        Column("case", "whole", ("事项编号", "Number of the case")),
        Column("state", "text", ("状态", "State")),
        Column("origin", "text", ("来源：theme、comment、call_back、loaded", "What it came from")),
        Column("street", "text", ("街道代码；空：全区", "Code of the street; empty: the district")),
        Column("street_zh", "text", ("街道中文名", "Name of the street in Chinese")),
        Column("street_en", "text", ("街道英文名", "Name of the street in English")),
        Column("holder_zh", "text", ("承办单位中文名", "Who holds it, in Chinese")),
        Column("holder_en", "text", ("承办单位英文名", "Who holds it, in English")),
        Column("indicator_zh", "text", ("指标中文名", "Name of the indicator in Chinese")),
        Column("indicator_en", "text", ("指标英文名", "Name of the indicator in English")),
        Column("what_zh", "text", ("内容，已脱敏并截短", "What it is about, redacted, shortened")),
        Column("what_en", "text", ("同上，英文名称", "The same, with the English name of a theme")),
        Column("said_on", "text", ("反映日期", "Day on which it was said")),
        Column("opened_on", "text", ("立为事项的日期", "Day on which the case was opened")),
        Column("due_on", "text", ("最近的到期日", "The earliest day on which something is due")),
        Column("is_overdue", "yes_no", ("是否已逾期", "Whether that day has passed")),
        Column("is_escalated", "yes_no", ("是否已上报领导小组", "Whether it was escalated")),
    ),
)


def inbox_file(
    kind: str, desk: Desk, *, today: date, filters: InboxFilters, is_demo: bool
) -> bytes:
    """The cases that the filters let through, what is due first at the top.

    kind: one of KINDS; today: in the district's time zone.
    Raises Refused (422) for another kind, and for more than MOST_ROWS cases.
    """
    if kind not in KINDS:
        raise Refused(
            "unknown_format",
            _l("The file must end in %(kinds)s.", kinds=" / ".join(f".{one}" for one in KINDS)),
            status=422,
        )
    rows, total = inbox_rows(desk, today=today, filters=filters, most=MOST_ROWS)
    if total > MOST_ROWS:
        raise Refused(
            "too_many_rows",
            _l(
                "A file holds %(most)s cases at most, and these are %(total)s. Narrow the list "
                "down with the filters.",
                most=f"{MOST_ROWS:,}",
                total=f"{total:,}",
            ),
            status=422,
        )
    table = Table(INBOX, tuple(_cells(row, today) for row in rows))
    return FORMATS[kind].write(Document({"is_demo": is_demo}, (table,)))


def _cells(row: CaseRow, today: date) -> tuple[Cell, ...]:
    what = ("", "") if row.origin == "call_back" else row.what
    return (
        row.id,
        row.state,
        row.origin,
        row.street_code,
        *row.street_name,
        *row.holder_name,
        *row.indicator_name,
        *what,
        row.said_on.isoformat(),
        local_time(row.opened_at).date().isoformat(),
        row.due_on.isoformat() if row.due_on else None,
        row.is_overdue(today),
        row.is_escalated,
    )
