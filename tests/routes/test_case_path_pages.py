"""What moves a case, by its forms: who may, what is kept when it is refused, and templates."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from survey.clock import utc_now
from survey.desk import Desk
from survey.models import AuditEvent, Case, CaseCall, Department, ReplyTemplate, db
from survey.services import cases
from survey.services.case_calls import call_departments
from tests import factories
from tests.case_factories import a_comment_case, department, version_of
from tests.routes.conftest import form_token

STREET = Desk("clerk", street_code="s1")
Enter = Callable[[str], FlaskClient]


@pytest.fixture
def case_id(app: Flask, place: factories.Place) -> int:
    """An accepted case of s1; besides the department of the account there is another."""
    with app.app_context():
        department(district_id=place.district_id, code="police")
        made = a_comment_case(place, now=utc_now())
        cases.accept(made, version=1, desk=STREET, now=utc_now())
        return made


def own_department(app: Flask) -> str:
    with app.app_context():
        return db.session.scalars(select(Department.code).where(Department.code != "police")).one()


def post(app: Flask, client: FlaskClient, case_id: int, act: str, **fields: object):
    """Fill in the form of an act on the page of the case and send it."""
    with app.app_context():
        version = version_of(case_id)
    token = form_token(client.get("/office/account").get_data(as_text=True))
    data = {"csrf_token": token, "version": version, **fields}
    return client.post(f"/office/cases/{case_id}/{act}", data=data)


def state_of(app: Flask, case_id: int) -> str:
    with app.app_context():
        return db.session.get_one(Case, case_id).state


def test_a_department_is_called_comes_and_is_passed_the_case(
    app: Flask, signed_in: Enter, case_id: int
) -> None:
    code = own_department(app)
    clerk, dept = signed_in("clerk"), signed_in("dept")
    assert dept.get(f"/office/cases/{case_id}").status_code == 403
    answer = post(app, clerk, case_id, "call-departments", department=[code], words="请到场")
    assert answer.status_code == 303
    page = dept.get(f"/office/cases/{case_id}").get_data(as_text=True)
    assert "Your department is called to this case" in page
    assert 'id="act-pass"' not in page
    with app.app_context():
        call_id = db.session.scalars(select(CaseCall.id)).one()
    answer = post(app, dept, case_id, "came", call=call_id, words="已到场")
    assert answer.status_code == 303
    page = clerk.get(f"/office/cases/{case_id}").get_data(as_text=True)
    assert "已到场" in page
    assert "In whose hands" in page
    assert post(app, clerk, case_id, "pass", to=code).status_code == 422
    assert post(app, clerk, case_id, "pass", to=code, words="占道").status_code == 303
    page = dept.get(f"/office/cases/{case_id}").get_data(as_text=True)
    assert 'id="act-pass"' in page
    assert "Accept the case" in page


def test_what_is_refused_keeps_its_words(app: Flask, signed_in: Enter, case_id: int) -> None:
    clerk = signed_in("clerk")
    answer = post(app, clerk, case_id, "pass", to="", words="我的理由")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Choose who holds it from now on." in page
    assert "我的理由" in page
    answer = post(app, clerk, case_id, "escalate", words="请联系 13800138000")
    assert answer.status_code == 422
    assert "send it anyway" in answer.get_data(as_text=True)
    again = post(app, clerk, case_id, "escalate", words="请联系 13800138000", anyway="yes")
    assert again.status_code == 303


def test_a_stale_page_is_told_what_was_done(app: Flask, signed_in: Enter, case_id: int) -> None:
    clerk = signed_in("clerk")
    answer = post(app, clerk, case_id, "pass", to="police", words="占道", version=1)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Somebody changed this case" in page
    assert "占道" in page
    assert post(app, clerk, case_id, "pass", to="police", words="x", version="?").status_code == 409


@pytest.mark.parametrize(
    "act", ["pass", "call-departments", "came", "escalate", "out-of-remit", "assent"]
)
def test_others_move_nothing(app: Flask, signed_in: Enter, case_id: int, act: str) -> None:
    before = state_of(app, case_id)
    fields = {"to": "police", "words": "x", "reason": "outside", "agreed": "yes", "call": 1}
    for name in ("dept", "boss", "audit"):
        answer = post(app, signed_in(name), case_id, act, **fields)
        assert answer.status_code == 403, name
    assert state_of(app, case_id) == before
    with app.app_context():
        told = db.session.scalars(select(AuditEvent.action)).all()
    assert "case_passed" not in told
    assert signed_in("clerk").post(f"/office/cases/{case_id}/{act}").status_code == 400


def test_out_of_remit_is_asked_and_decided(app: Flask, signed_in: Enter, case_id: int) -> None:
    clerk, eva = signed_in("clerk"), signed_in("eva")
    answer = post(app, clerk, case_id, "out-of-remit", reason="same", named_same="77", words="x")
    assert answer.status_code == 422
    assert 'value="77"' in answer.get_data(as_text=True)
    answer = post(app, clerk, case_id, "out-of-remit", reason="private", words="邻里纠纷")
    assert answer.status_code == 303
    page = eva.get(f"/office/cases/{case_id}").get_data(as_text=True)
    assert "邻里纠纷" in page
    assert "It is a dispute between private persons" in page
    assert post(app, eva, case_id, "assent", words="x").status_code == 422
    assert post(app, eva, case_id, "assent", agreed="yes").status_code == 303
    assert state_of(app, case_id) == "out_of_remit"
    page = clerk.get(f"/office/cases/{case_id}").get_data(as_text=True)
    assert 'id="act-pass"' not in page


def test_the_evaluation_office_sees_open_calls(app: Flask, signed_in: Enter, case_id: int) -> None:
    eva = signed_in("eva")
    assert "Every department that was called has come" in eva.get("/office/calls").text
    with app.app_context():
        call_departments(
            case_id,
            department_codes=["police"],
            version=version_of(case_id),
            desk=STREET,
            words="交通疏导",
            now=factories.NOW,
        )
    page = eva.get("/office/calls").text
    assert "交通疏导" in page
    assert "police" in page
    assert signed_in("clerk").get("/office/calls").status_code == 403


def test_the_page_of_a_case_costs_eight_queries(app: Flask, signed_in: Enter, case_id: int) -> None:
    clerk = signed_in("clerk")
    clerk.get(f"/office/cases/{case_id}")
    statements: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("SELECT"):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    clerk.get(f"/office/cases/{case_id}")
    event.remove(engine, "before_cursor_execute", note)
    own = [one for one in statements if "FROM account" in one or "office_session" in one]
    assert 0 < len(statements) - len(own) <= 8, statements


def template(app: Flask, client: FlaskClient, path: str = "", **fields: object):
    token = form_token(client.get("/office/account").get_data(as_text=True))
    return client.post(f"/office/reply-templates{path}", data={"csrf_token": token, **fields})


def test_templates_are_a_desk_s_own_or_the_district_s(
    app: Flask, signed_in: Enter, case_id: int
) -> None:
    clerk, eva, dept = signed_in("clerk"), signed_in("eva"), signed_in("dept")
    assert template(app, eva, name="统一", words="您好：{street}").status_code == 303
    words = "第 {case} 号，{street}，{date}。"
    assert template(app, clerk, name="路灯", words=words).status_code == 303
    assert "路灯" not in dept.get("/office/reply-templates").text
    assert "统一" in dept.get("/office/reply-templates").text
    with app.app_context():
        common, own = db.session.scalars(select(ReplyTemplate.id).order_by(ReplyTemplate.id)).all()
    page = clerk.get(f"/office/cases/{case_id}?template={own}").text
    assert f"第 {case_id} 号，s1 Street，" in page
    assert clerk.get(f"/office/cases/{case_id}?template=x").status_code == 200
    # Put in after something was typed: both are there, nothing is stored, and the version that
    # was seen stays, so that what others did meanwhile is still told.
    token = form_token(page)
    given = {"csrf_token": token, "version": "7", "words": "已经查看。", "template": own, "fill": 1}
    both = clerk.post(f"/office/cases/{case_id}/reply", data=given).text
    assert f"已经查看。\n\n第 {case_id} 号，s1 Street，" in both
    assert 'name="version" value="7"' in both
    with app.app_context():
        assert db.session.get_one(Case, case_id).reply == ""
    fields = {"name": "路灯二", "words": "请 {date} 前", "version": 0}
    assert template(app, clerk, f"/{common}", **fields).status_code == 403
    assert template(app, dept, f"/{own}", **fields).status_code == 403
    assert template(app, clerk, f"/{own}", **fields).status_code == 303
    stale = template(app, clerk, f"/{own}", **{**fields, "words": "我改的"})
    assert stale.status_code == 409
    assert "我改的" in stale.text
    assert template(app, clerk, name="", words="x").status_code == 422
    assert template(app, clerk, f"/{own}/retire", version=1).status_code == 303
    assert "路灯二" not in clerk.get("/office/reply-templates").text
    assert template(app, clerk, f"/{own}/retire", version=2).status_code == 404
    with app.app_context():
        told = db.session.scalars(select(AuditEvent.action)).all()
    assert [one for one in told if one.startswith("reply_template")] == [
        "reply_template_added",
        "reply_template_added",
        "reply_template_changed",
        "reply_template_retired",
    ]
