"""A department's desk: what waits for it, what is given to it, and whose desk it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, update

from survey.database import transaction
from survey.models import Account, Case, CaseCall, Department, Theme, db
from tests import case_factories, factories
from tests.routes.conftest import DEPARTMENT, NOW

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def given(app: Flask, place: factories.Place) -> dict[str, int]:
    """A common problem and a case given to the department, and a call to come."""
    with app.app_context():
        own = db.session.scalar(select(Department.id).where(Department.code == DEPARTMENT))
        other = factories.department(district_id=place.district_id, code="parks")
        themes = {
            "ours": case_factories.a_theme(place, scope="common", keywords=["停车"]),
            "theirs": case_factories.a_theme(place, scope="common", keywords=["绿化"]),
            "street": case_factories.a_theme(place, keywords=["电梯"]),
        }
        passed = case_factories.a_comment_case(place, body="路灯坏了")
        called = case_factories.a_comment_case(place, street=1, body="井盖松了")
        with transaction() as session:
            for name, department in (("ours", own), ("theirs", other)):
                session.execute(
                    update(Theme).where(Theme.id == themes[name]).values(department_id=department)
                )
            session.execute(update(Theme).values(name_zh="", name_en=""))
            session.execute(update(Case).where(Case.id == passed).values(department_id=own))
            session.add(
                CaseCall(
                    case_id=called,
                    department_id=own,
                    called_at=NOW,
                    due_on=NOW.date() + timedelta(days=2),
                    words="请来现场看井盖",
                )
            )
        return {"passed": passed, "called": called}


def desk(client: FlaskClient, query: str = "") -> str:
    """The desk with this query."""
    answer = client.get(f"/office/department/{query}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_a_department_sees_its_own_desk(signed_in: SignIn, given: dict[str, int]) -> None:
    shown = desk(signed_in("dept"))
    assert "停车" in shown
    assert "绿化" not in shown
    assert "电梯" not in shown
    assert "请来现场看井盖" in shown
    for case_id in given.values():
        assert f'"/office/cases/{case_id}"' in shown
    # Whatever it asks for, it is its own desk.
    assert "绿化" not in desk(signed_in("dept"), "?department=parks")


def test_the_evaluation_office_chooses_whose_desk(signed_in: SignIn, given: dict[str, int]) -> None:
    eva = signed_in("eva")
    every = desk(eva)
    assert "停车" in every
    assert "绿化" in every
    assert "电梯" not in every
    theirs = desk(eva, "?department=parks")
    assert "绿化" in theirs
    assert "停车" not in theirs
    assert 'name="theme"' in theirs
    assert eva.get("/office/department/?department=none").status_code == 404
    assert 'name="theme"' not in desk(signed_in("audit"))


def test_an_account_without_a_department_sees_common_problems_and_how_to_be_bound(
    app: Flask, signed_in: SignIn, given: dict[str, int]
) -> None:
    with app.app_context(), transaction() as session:
        session.execute(
            update(Account).where(Account.username == "dept").values(department_id=None)
        )
    shown = desk(signed_in("dept"))
    assert "is not bound to a department" in shown
    assert "绿化" in shown
    assert "/office/cases/" not in shown


def test_others_have_no_such_desk(signed_in: SignIn, given: dict[str, int]) -> None:
    assert signed_in("clerk").get("/office/department/").status_code == 403


@pytest.mark.parametrize(
    ("who", "query"), [("dept", ""), ("eva", ""), ("eva", "?department=roads")]
)
def test_budget(app: Flask, signed_in: SignIn, given: dict[str, int], who: str, query: str) -> None:
    client = signed_in(who)
    desk(client, query)
    found: list[str] = []
    with app.app_context():
        event.listen(
            db.engine,
            "before_cursor_execute",
            lambda _c, _cu, statement, _p, _ctx, _m: found.append(statement),
        )
    desk(client, query)
    own = [
        one for one in found if one == "BEGIN" or "FROM account" in one or "office_session" in one
    ]
    assert len(found) - len(own) <= 6, found
