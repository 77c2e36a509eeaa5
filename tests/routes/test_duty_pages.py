"""The duty list in the office: read, added to, changed, retired, within its queries and clean."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from survey.models import AuditEvent, Department, db
from survey.queries.duties import district_by_code, duty_rows
from survey.services.duties_file import load_duties
from tests.factories import Place
from tests.routes.conftest import NOW, form_token

DEMO = Path(__file__).resolve().parents[2] / "survey" / "demo" / "duties.csv"
TYPED = {
    "code": "X1",
    "name_zh": "遛狗拴绳",
    "name_en": "Dogs on a leash",
    "indicator": "community",
    "terms": "拴绳；不拴绳",
    "responsible": "new",
    "department": "dogs",
    "department_zh": "养犬办",
    "department_en": "Dog office",
    "has_means": "no",
    "source": "2026-3",
}


@pytest.fixture
def listed(app: Flask, place: Place) -> None:
    with app.app_context():
        load_duties(DEMO, now=NOW)


def post(client: FlaskClient, path: str, **data: str) -> tuple[int, str]:
    token = form_token(client.get("/office/duties/").get_data(as_text=True))
    answer = client.post(path, data={"csrf_token": token, **data}, follow_redirects=True)
    return answer.status_code, answer.get_data(as_text=True)


def test_the_list_costs_few_queries_whatever_its_length(
    app: Flask, listed: None, signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    found: list[str] = []
    with app.app_context():
        event.listen(
            db.engine,
            "before_cursor_execute",
            lambda _c, _cu, statement, _p, _ctx, _m: found.append(statement),
        )
    for path in ("/office/duties/", "/office/duties/D11"):
        eva.get(path)
        found.clear()
        assert eva.get(path).status_code == 200
        sent = [text for text in found if not text.startswith(("BEGIN", "PRAGMA"))]
        assert len(sent) - 1 <= 6, sent


def test_a_duty_is_added_changed_retired_and_restored_with_a_trail(
    app: Flask, listed: None, signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    status, page = post(eva, "/office/duties/", **TYPED)
    assert status == 200
    assert "Dogs on a leash" in page
    assert "Dog office" in page
    changed = TYPED | {"responsible": "street", "name_en": "Dogs on leashes", "has_means": "yes"}
    assert "Dogs on leashes" in post(eva, "/office/duties/X1", **changed)[1]
    assert "is retired" in post(eva, "/office/duties/X1/retire")[1]
    assert "out of the list since" in eva.get("/office/duties/X1").get_data(as_text=True)
    assert post(eva, "/office/duties/X1/restore")[0] == 200
    with app.app_context():
        [duty] = [one for one in duty_rows(district_by_code().id) if one.code == "X1"]
        assert (duty.responsible, duty.terms, duty.is_in_use) == (
            "street",
            ("拴绳", "不拴绳"),
            True,
        )
        assert "dogs" in db.session.scalars(select(Department.code)).all()
        trail = db.session.scalars(
            select(AuditEvent).where(AuditEvent.subject == "duty X1").order_by(AuditEvent.id)
        ).all()
        assert [one.action for one in trail] == [
            "duty_added",
            "duty_changed",
            "duty_retired",
            "duty_restored",
        ]
        assert {one.actor for one in trail} == {"eva"}


def test_what_was_typed_stays_when_it_is_refused(
    listed: None, signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    status, page = post(eva, "/office/duties/", **TYPED | {"terms": ""})
    assert status == 422
    assert "terms: must be 1 to 40 terms" in page
    assert "Dogs on a leash" in page
    assert 'value="dogs"' in page
    status, page = post(eva, "/office/duties/D11", **TYPED | {"name_zh": ""})
    assert status == 422
    assert "Dogs on a leash" in page
    assert post(eva, "/office/duties/none", **TYPED)[0] == 404
    assert post(eva, "/office/duties/", **TYPED | {"code": "D11"})[0] == 409


def test_streets_and_departments_read_and_only_evaluators_change(
    listed: None, signed_in: Callable[[str], FlaskClient]
) -> None:
    dept = signed_in("dept")
    page = dept.get("/office/duties/").get_data(as_text=True)
    assert "D11" in page
    assert "Add a duty" not in page
    assert "Save" not in dept.get("/office/duties/D11").get_data(as_text=True)
    clerk = signed_in("clerk")
    assert "Add a duty" not in clerk.get("/office/duties/").get_data(as_text=True)
    token = form_token(page)
    assert clerk.post("/office/duties/D11/retire", data={"csrf_token": token}).status_code in (
        400,
        403,
    )
    assert signed_in("boss").get("/office/duties/").status_code == 403
    assert dept.post("/office/duties/", data={"csrf_token": token, **TYPED}).status_code == 403


def test_the_list_is_downloaded_as_it_is_loaded(
    app: Flask, listed: None, signed_in: Callable[[str], FlaskClient], tmp_path: Path
) -> None:
    eva = signed_in("eva")
    answer = eva.get("/office/duties/duties.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="duties.csv"'
    path = tmp_path / "duties.csv"
    path.write_bytes(answer.data)
    with app.app_context():
        assert load_duties(path, now=NOW).updated == 44
    assert eva.get("/office/duties/duties.xlsx").data.startswith(b"PK")
    assert eva.get("/office/duties/duties.pdf").status_code == 422


def test_an_empty_list_says_how_to_begin(
    place: Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    page = signed_in("eva").get("/office/duties/").get_data(as_text=True)
    assert "There are no duties yet" in page
    assert " style=" not in page
    assert "<script" not in page
