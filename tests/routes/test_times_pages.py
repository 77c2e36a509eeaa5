"""How long things take: one example counted by hand, who sees whose times, and at what cost."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from survey.charts import times as drawings
from survey.charts.times import Promise, day_axis
from survey.database import transaction
from survey.desk import Desk
from survey.models import AuditEvent, Case, db
from survey.routes import times as page
from survey.services import access, cases
from survey.services.case_paths import pass_on
from tests import case_factories, factories
from tests.routes.conftest import DEPARTMENT, PASSWORD, sign_in

SignIn = Callable[[str], FlaskClient]
DEPARTMENT_NAME = "roads Office"
START = datetime(2026, 11, 2, 1, 0)
CLERK = Desk("clerk", street_code="s1")
ROADS = Desk("dept", department_code=DEPARTMENT)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


@pytest.fixture
def example(app: Flask, place: factories.Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five cases of s1, all said and opened on day 0 and looked at on day 20.

    Four are answered after 2, 4, 6 and 10 days; the first is passed to the roads office.
    """
    with app.app_context():
        found = [case_factories.a_comment_case(place, now=START) for _ in range(5)]
        for number, after in enumerate((2, 4, 6, 10)):
            cases.reply(
                found[number],
                version=case_factories.version_of(found[number]),
                desk=CLERK,
                words="我们去看过了",
                now=day(after),
            )
        first = found[0]

        def version() -> int:
            return case_factories.version_of(first)

        cases.accept(first, version=version(), desk=CLERK, now=day(3))
        pass_on(
            first,
            department_code=DEPARTMENT,
            version=version(),
            desk=CLERK,
            words="路灯归道路",
            now=day(5),
        )
        cases.accept(first, version=version(), desk=ROADS, now=day(12))
        cases.plan(
            first,
            version=version(),
            desk=ROADS,
            words="换灯",
            due_on=date(2026, 11, 30),
            now=day(13),
        )
        cases.declare_done(first, version=version(), desk=ROADS, words="已换", now=day(18))
    monkeypatch.setattr(page, "utc_now", lambda: day(20))


def rows_of(client: FlaskClient, path: str = "/office/times?lang=en") -> dict[str, list[str]]:
    """The tables' rows by their head."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    found = {}
    for row in re.findall(r"<tr>(<th scope=\"row\".*?)</tr>", answer.get_data(as_text=True), re.S):
        head, *cells = [
            " ".join(re.sub(r"<[^>]+>", " ", cell).split())
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
        ]
        found.setdefault(head, cells)
    return found


def words_of(client: FlaskClient, path: str = "/office/times?lang=en") -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return " ".join(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).split())


def test_the_steps_are_those_counted_by_hand(signed_in: SignIn, example: None) -> None:
    # Share without an answer: 4/5 after day 2, 3/5 after 4, 2/5 after 6, 1/5 after 10: the first
    # at or below one half is day 6, below three quarters day 4, below one quarter day 10.
    # Lower limit at day 2: .8^exp(1.96·√(1/20)/−ln .8) = .8^7.1 = .20, below one half already.
    # Upper limit at day 10: V = 1/20 + 1/12 + 1/6 + 1/2 = .8, .2^exp(−1.96·√.8/1.61) = .58: no end.
    client = signed_in("clerk")
    rows = rows_of(client)
    assert rows["Reply"] == ["6", "2 or more", "4", "10", "5", "1"]
    # One of five is planned on day 13 and done on day 18, the others are open for 20 days: 4/5,
    # so that neither median nor quartile is known, and the lower limit is .20 as above.
    assert rows["Plan"] == ["–", "13 or more", "–", "–", "5", "4"]
    assert rows["Done, says the office"] == ["–", "18 or more", "–", "–", "5", "4"]
    assert rows["Confirmed by residents"] == ["–", "–", "–", "–", "5", "5"]
    assert (
        "Half of all residents’ matters were answered within 6 days (95 % interval: 2 or more); "
        "the policy promises 15 working days."
    ) in words_of(client)


def test_the_share_answered_by_each_day_is_that_counted_by_hand(
    signed_in: SignIn, example: None
) -> None:
    rows = rows_of(signed_in("clerk"))
    # By day 5 two of five; limits of S = .6 with V = 1/20 + 1/12: .6^exp(±1.96·√.1333/.5108)
    # = .126 and .882, so that 12 to 87 % have an answer.
    assert rows["5"] == ["40 %", "12–87 %", "2", "0"]
    assert rows["10"][0] == "80 %"
    # Before the first answer the curve has no limits.
    assert rows["1"] == ["0 %", "–", "0", "0"]
    # No case was watched as long as the promise allows.
    assert "21 promised" not in rows


def test_the_days_went_where_the_hand_says(signed_in: SignIn, example: None) -> None:
    # Five cases of twenty days: 100 days. Of the first, the street had 3 + 2, the roads office
    # 7 + 1 + 5, residents are asked for 2. The other four wait with the street for 20 each.
    client = signed_in("clerk")
    rows = rows_of(client)
    assert rows["Street office"] == ["83", "2", "–", "–", "85", "17.0"]
    assert rows[DEPARTMENT_NAME][-2:] == ["13", "2.6"]
    assert rows["Residents"] == ["–", "–", "–", "2", "2", "0.4"]
    assert rows["Together"][-2:] == ["100", "20.0"]
    assert "13 % were with departments" in words_of(client)


def test_a_department_keeps_the_days_of_what_it_passed_back(
    app: Flask, signed_in: SignIn, example: None
) -> None:
    client = signed_in("dept")
    assert rows_of(client)[DEPARTMENT_NAME][-2:] == ["13", "13.0"]
    with app.app_context(), transaction() as session:
        first = session.query(Case).filter(Case.done_at.is_not(None)).one()
        first.department_id = None
        app.extensions["case_times"].clear()
    assert rows_of(client)[DEPARTMENT_NAME][-2:] == ["13", "13.0"]
    assert "holds or held" in words_of(client)


@pytest.mark.parametrize(
    ("who", "narrowed", "status"),
    [
        ("clerk", "street=s2", 403),
        ("clerk", "street=s1", 200),
        ("clerk", f"department={DEPARTMENT}", 200),
        ("clerk", "wave=nowhere", 404),
        ("dept", "department=water", 403),
        ("dept", "street=s1", 200),
        ("dept", "street=nowhere", 404),
        ("eva", f"street=s2&department={DEPARTMENT}&wave=2026q4", 200),
        ("eva", "street=nowhere", 404),
        ("eva", "department=%00", 404),
        ("audit", "street=s1", 200),
        ("boss", "", 403),
    ],
)
def test_nobody_gets_out_of_the_own_scope(
    app: Flask, signed_in: SignIn, example: None, who: str, narrowed: str, status: int
) -> None:
    assert signed_in(who).get(f"/office/times?{narrowed}").status_code == status
    with app.app_context():
        refused = db.session.query(AuditEvent).filter(AuditEvent.action.like("%refused%")).count()
        assert bool(refused) == (status == 403)


def test_the_scope_narrows_what_is_counted(signed_in: SignIn, example: None) -> None:
    eva = signed_in("eva")
    assert rows_of(eva)["Reply"][4] == "5"
    assert rows_of(eva, f"/office/times?lang=en&department={DEPARTMENT}")["Reply"][4] == "1"
    nothing = words_of(eva, "/office/times?lang=en&street=s2")
    assert "No case fits this choice." in nothing
    assert "Show all of our cases" in nothing


def test_without_cases_it_says_how_one_begins(signed_in: SignIn) -> None:
    found = words_of(signed_in("clerk"))
    assert "A case begins from a theme, a comment, or a wish to be called back." in found


def test_an_account_without_street_or_department_is_told_so(
    app: Flask, place: factories.Place, client: FlaskClient
) -> None:
    with app.app_context():
        access.create_account("loose", PASSWORD, ["department"], now=START)
    sign_in(client, "loose")
    assert "not bound to a street or a department" in words_of(client)


@pytest.mark.parametrize("who", ["clerk", "dept", "eva"])
def test_six_queries_are_enough(app: Flask, signed_in: SignIn, example: None, who: str) -> None:
    client = signed_in(who)
    asked: list[str] = []
    client.get("/office/times")
    with app.app_context():
        # As after an act on any case: nothing kept is of use.
        app.extensions["case_times"].clear()
        event.listen(
            db.engine,
            "before_cursor_execute",
            lambda _c, _cu, statement, _p, _ctx, _m: asked.append(statement),
        )
    client.get("/office/times")
    selects = [one for one in asked if one.lstrip().upper().startswith(("SELECT", "WITH"))]
    assert 0 < len(selects) <= 6, selects


@pytest.mark.parametrize(
    ("path", "who", "link"),
    [
        ("/office/", "clerk", "/office/times"),
        ("/office/street/s1", "clerk", "/office/times"),
        ("/office/street/s1", "eva", "/office/times?street=s1"),
        ("/office/department/", "dept", "/office/times"),
        (
            f"/office/department/?department={DEPARTMENT}",
            "eva",
            f"/office/times?department={DEPARTMENT}",
        ),
    ],
)
def test_pages_lead_here(signed_in: SignIn, example: None, path: str, who: str, link: str) -> None:
    assert f'href="{link}"' in signed_in(who).get(path).get_data(as_text=True)


@pytest.mark.parametrize(
    ("longest", "end", "ticks"), [(6, 6, 7), (8, 8, 9), (9, 10, 6), (21, 25, 6), (300, 300, 7)]
)
def test_axes_are_round_and_hold_everything(longest: float, end: int, ticks: int) -> None:
    found, marks = day_axis(longest)
    assert (found, len(marks)) == (end, ticks)


def test_a_promise_of_working_days_in_calendar_days() -> None:
    assert [Promise(days).days for days in (1, 5, 10, 15)] == [1, 7, 14, 21]


def test_days_are_said_whole_or_half(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        assert [drawings.say_days(one) for one in (None, 11.0, 11.5)] == ["–", "11", "11.5"]
