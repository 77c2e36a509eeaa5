"""You said, we did: what was said, planned and done, and what residents say of it."""

from __future__ import annotations

import csv
import io

import pytest
from flask import Flask
from sqlalchemy import select

from survey.database import transaction
from survey.models import Case, Theme
from survey.queries.public_tables import public_tables
from tests.public_cases import PLAN, REPLY, RESULT, recheck, theme_case, with_cases
from tests.published import SECOND
from tests.routes.test_public import PAGES, queries


@pytest.fixture
def published(app: Flask) -> Flask:
    return with_cases(app)


def case_of_theme(app: Flask) -> int:
    with app.app_context(), transaction() as session:
        found = session.scalar(select(Case.id).where(Case.origin == "theme"))
        assert found is not None
        return found


def block(app: Flask, keyword: str = "parking", path: str = "/streets/s1") -> str:
    """What the page says of one theme."""
    page = app.test_client().get(path).get_data(as_text=True)
    start = page.rindex("<li", 0, page.index(keyword))
    return page[start : page.index("</li>", start)]


def test_said_planned_done_and_asked_stand_apart(published: Flask) -> None:
    said = block(published)
    assert "14 of 36 respondents" in said
    assert PLAN in said
    assert "until 2 Nov 2026" in said
    assert RESULT in said
    assert "Done, says the office" in said
    assert "not asked enough yet" in said
    assert "confirm" not in said


def test_residents_need_to_be_ten_before_they_are_counted(published: Flask) -> None:
    case = case_of_theme(published)
    with published.app_context():
        recheck(case, solved=8, of=9)
    assert "not asked enough yet" in block(published)


def test_ten_residents_make_a_share_with_its_interval(published: Flask) -> None:
    case = case_of_theme(published)
    with published.app_context():
        recheck(case, solved=9, of=12)
    said = block(published)
    assert "75 % say yes" in said
    # Wilson: 9 of 12.
    assert "47–91 %" in said
    assert "n=12" in said
    assert "still full on Sundays" not in said


def test_a_new_round_asks_anew(published: Flask) -> None:
    case = case_of_theme(published)
    with published.app_context():
        recheck(case, solved=12, of=12)
        with transaction() as session:
            session.get_one(Case, case).round = 2
    assert "not asked enough yet" in block(published)


def test_nobody_reads_a_reply_to_one_person(published: Flask) -> None:
    for path in PAGES:
        assert REPLY not in published.test_client().get(path).get_data(as_text=True)
    assert REPLY not in published.test_client().get(f"/api/v1/waves/{SECOND}/said_done").get_data(
        as_text=True
    )


def test_a_plan_that_is_late_is_said_to_be(published: Flask) -> None:
    with published.app_context():
        theme_case(state="planned", keywords="stairs")
    said = block(published, "stairs")
    assert "Plan overdue" in said
    assert "asked when it is done" in said


def test_people_read_a_name_where_people_gave_one(published: Flask) -> None:
    with published.app_context(), transaction() as session:
        for theme in session.scalars(select(Theme).where(Theme.status == "confirmed")):
            if theme.keywords[0] == "parking":
                theme.name_zh, theme.name_en = "停车难", "Nowhere to park"
    page = published.test_client().get("/streets/s1").get_data(as_text=True)
    assert "Nowhere to park" in page
    assert "Parking before the gate" not in page


def test_a_case_goes_with_the_theme_that_was_merged_away(published: Flask) -> None:
    case = case_of_theme(published)
    with published.app_context(), transaction() as session:
        old = session.get_one(Case, case).theme_id
        other = session.scalar(select(Theme).where(Theme.id != old, Theme.status == "confirmed"))
        assert other is not None
        merged = session.get_one(Theme, old)
        merged.status, merged.merged_into_id = "merged", other.id
    assert PLAN in block(published)


def test_figures_wait_until_they_were_audited(app: Flask) -> None:
    app = with_cases(app, audited=False)
    page = app.test_client().get("/streets/s1").get_data(as_text=True)
    assert "The figures of cases are being checked" in page
    assert "until a reply" not in page
    assert app.test_client().get(f"/api/v1/waves/{SECOND}/cases").get_json()["audit"] is None
    assert "is under way" in app.test_client().get("/data").get_data(as_text=True)


def test_times_and_counts_are_of_ten_and_more(published: Flask) -> None:
    page = published.test_client().get("/streets/s1").get_data(as_text=True)
    assert "until a reply" in page
    assert "n=34" in page
    few = published.test_client().get("/streets/s3").get_data(as_text=True)
    assert "n=4" not in few
    assert "until a reply" not in few
    with published.app_context():
        assert public_tables(SECOND) is not None
    assert "no hidden number" in published.test_client().get("/data").get_data(as_text=True)


def test_the_same_stands_in_the_open_data(published: Flask) -> None:
    client = published.test_client()
    rows = client.get(f"/api/v1/waves/{SECOND}/cases").get_json()["rows"]
    text = client.get(f"/api/v1/waves/{SECOND}/cases?format=csv").get_data().decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["street"] for row in rows] == ["s1", "s2", "s3", None]
    told = ["" if row["cases"] is None else str(row["cases"]) for row in rows]
    assert [line["cases"] for line in lines] == told
    assert rows[0]["cases"] == 34
    assert rows[2]["cases"] is None
    assert rows[2]["suppressed_because"] == "could_be_derived"
    for row in rows:
        for name in ("open", "planned", "done", "confirmed", "in_time", "late", "overdue"):
            assert row[name] is None or row[name] == 0 or row[name] >= 10
    said = client.get(f"/api/v1/waves/{SECOND}/said_done?street=s1").get_json()["rows"]
    (parking,) = [row for row in said if row["keywords"].startswith("parking")]
    assert parking["plan"] == PLAN
    assert parking["solved_share"] is parking["asked"] is None


@pytest.mark.parametrize("path", PAGES)
def test_pages_with_cases_ask_six_times_at_most(published: Flask, path: str) -> None:
    client = published.test_client()
    client.get(path)
    with queries(published) as seen:
        assert client.get(path).status_code == 200
    assert len(seen) <= 6, seen


@pytest.mark.parametrize("path", PAGES)
def test_who_has_the_page_costs_no_rendering(
    published: Flask, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = published.test_client()
    first = client.get(path)
    assert "no-cache" in first.headers["Cache-Control"]
    head = client.head(path)
    assert head.status_code == 200
    assert head.get_data() == b""
    assert head.headers["ETag"] == first.headers["ETag"]

    def nothing(*_given: object, **_more: object) -> str:
        raise AssertionError("rendered")

    monkeypatch.setattr("survey.routes.public_page.render_template", nothing)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    # Nor for another reader of this process.
    assert published.test_client().get(path).get_data() == first.get_data()


def test_what_is_done_changes_the_page(published: Flask) -> None:
    client = published.test_client()
    first = client.get("/streets/s1")
    case = case_of_theme(published)
    with published.app_context():
        recheck(case, solved=11, of=12)
    again = client.get("/streets/s1", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200
    assert "92 % say yes" in again.get_data(as_text=True)
