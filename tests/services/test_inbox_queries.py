"""The inbox: what a desk sees, what waits for it, and what is due when, on both databases."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from survey.database import transaction
from survey.desk import Desk
from survey.models import Case, CaseCall, Theme
from survey.queries.inbox import InboxFilters, case_counts, due_cases, inbox
from tests import factories

NOW = datetime(2026, 11, 24, 1, 0)
TODAY = date(2026, 11, 24)
CLERK = Desk("clerk", street_code="s1")
ROADS = Desk("roads", department_code="roads")
EVA = Desk("eva", is_evaluator=True)


def add(*, theme: int | None = None, **values: object) -> int:
    """A case row as it stands in the table."""
    with transaction() as session:
        row = Case(
            origin=values.pop("origin", "theme" if theme else "comment"),
            theme_id=theme,
            said_on=TODAY,
            opened_at=values.pop("opened_at", NOW),
            **values,
        )
        session.add(row)
        session.flush()
        return row.id


@pytest.fixture
def made(each_app: Flask) -> dict[str, int]:
    """Cases in two streets and with a department; {what it is: its id}."""
    with each_app.app_context():
        place = factories.place()
        first, second = place.street_ids
        roads = factories.department(district_id=place.district_id, code="roads")
        other = factories.department(district_id=place.district_id, code="other")
        with transaction() as session:
            theme = Theme(
                district_id=place.district_id,
                label="我家门口停车难",
                keywords=["停车", "小区"],
                centroid={},
                texts=2,
                created_at=NOW,
            )
            session.add(theme)
            session.flush()
            theme_id = theme.id
        words = factories.comment(body="路灯坏了" * 60, wave_id=place.wave_id, street_id=first)
        here = {"district_id": place.district_id, "street_id": first}
        made = {
            "late": add(**here, comment_id=words, reply_due_on=TODAY - timedelta(days=3)),
            "today": add(
                **here,
                theme=theme_id,
                state="planned",
                reply_due_on=TODAY - timedelta(days=9),
                replied_at=NOW,
                plan_due_on=TODAY,
            ),
            "passed": add(**here, department_id=roads, reply_due_on=TODAY + timedelta(days=5)),
            "done": add(**here, state="done", replied_at=NOW, plan_due_on=TODAY),
            "settled": add(
                **here, state="confirmed", settled_at=NOW, reply_due_on=TODAY - timedelta(days=1)
            ),
            "elsewhere": add(
                district_id=place.district_id, street_id=second, state="out_of_remit_asked"
            ),
            "common": add(
                district_id=place.district_id, street_id=None, department_id=other, theme=theme_id
            ),
        }
        with transaction() as session:
            session.add(
                CaseCall(
                    case_id=made["elsewhere"],
                    department_id=roads,
                    called_at=NOW,
                    due_on=TODAY,
                    words="",
                )
            )
        return made


def _ids(app: Flask, desk: Desk, **filters: object) -> list[int]:
    with app.app_context():
        page = inbox(desk, today=TODAY, filters=InboxFilters(**filters))  # type: ignore[arg-type]
        assert page.total == len(page.rows)
        return [row.id for row in page.rows]


def test_a_street_sees_its_own_cases_and_no_other(each_app: Flask, made: dict[str, int]) -> None:
    every = _ids(each_app, CLERK, tab="all")
    assert set(every) == {made[k] for k in ("late", "today", "passed", "done", "settled")}
    assert _ids(each_app, CLERK) == [made["late"], made["today"]]
    assert _ids(each_app, CLERK, tab="waiting") == [made["passed"]]
    assert _ids(each_app, CLERK, tab="done") == [made["done"]]
    # Asking for another street is asking for nothing.
    assert _ids(each_app, CLERK, tab="all", street="s2") == []
    with each_app.app_context():
        page = inbox(CLERK, today=TODAY)
        assert page.tabs == {"to_do": 2, "waiting": 1, "done": 1, "all": 5}
        assert inbox(Desk("nobody"), today=TODAY).tabs["all"] == 0


def test_a_department_sees_what_it_holds_and_is_called_to(
    each_app: Flask, made: dict[str, int]
) -> None:
    assert set(_ids(each_app, ROADS, tab="all")) == {made["passed"], made["elsewhere"]}
    assert set(_ids(each_app, ROADS)) == {made["passed"], made["elsewhere"]}
    assert len(_ids(each_app, EVA, tab="all")) == len(made)
    assert _ids(each_app, EVA) == [made["elsewhere"]]


def test_filters_narrow_the_list(each_app: Flask, made: dict[str, int]) -> None:
    assert _ids(each_app, CLERK, tab="all", due="overdue") == [made["late"]]
    assert _ids(each_app, CLERK, tab="all", due="today") == [made["today"]]
    assert _ids(each_app, CLERK, tab="all", due="week") == [
        made["late"],
        made["today"],
        made["passed"],
    ]
    assert _ids(each_app, CLERK, tab="all", holder="roads") == [made["passed"]]
    assert made["passed"] not in _ids(each_app, CLERK, tab="all", holder="street")
    assert _ids(each_app, EVA, tab="all", origin="theme", street="s1") == [made["today"]]
    assert _ids(each_app, CLERK, tab="all", state="planned") == [made["today"]]
    assert _ids(each_app, CLERK, tab="all", is_escalated=True) == []


def test_rows_say_what_and_when(each_app: Flask, made: dict[str, int]) -> None:
    with each_app.app_context():
        late, planned = due_cases(CLERK, today=TODAY)
        common = inbox(EVA, today=TODAY, filters=InboxFilters(tab="all", holder="other")).rows[0]
    assert late.is_overdue(TODAY)
    assert late.days_left(TODAY) == -3
    assert late.what[0].startswith("路灯坏了")
    assert late.what[0].endswith("…")
    assert planned.due_on == TODAY
    assert not planned.is_overdue(TODAY)
    # The label of a theme is a resident's own words; until it is named its keywords stand there.
    assert planned.what == ("停车、小区", "停车、小区")
    assert common.street_name == ("", "")
    assert common.holder_name[1]
    assert not common.is_passed


def test_counts_of_a_desk(each_app: Flask, made: dict[str, int]) -> None:
    with each_app.app_context():
        clerk = case_counts(CLERK, today=TODAY, since=NOW - timedelta(hours=1))
        assert (clerk.new, clerk.open, clerk.due_today, clerk.overdue) == (5, 3, 1, 1)
        assert case_counts(CLERK, today=TODAY, since=None).new == 0
        roads = case_counts(ROADS, today=TODAY, since=NOW + timedelta(hours=1))
        assert (roads.new, roads.open) == (0, 2)
        assert case_counts(EVA, today=TODAY, since=NOW).overdue == 1


def test_a_page_beyond_the_last_is_the_last(each_app: Flask, made: dict[str, int]) -> None:
    with each_app.app_context():
        page = inbox(CLERK, today=TODAY, filters=InboxFilters(tab="all"), page=9)
    assert page.page == 1
    assert len(page.rows) == 5
