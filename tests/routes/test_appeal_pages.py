"""The pages of appeals: a street files, the office decides, nobody sees what is not theirs."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from survey.models import Appeal, AuditEvent, db
from survey.queries.appeals import one_appeal
from survey.services import access
from survey.services.appeals import file_appeal
from tests.on_notice import CODE, LATER, NOW, TODAY, OnNotice, put_on_notice
from tests.routes.conftest import PASSWORD, ROLES, form_token, sign_in

PDF = b"%PDF-1.7\n<script>alert(1)</script>"
HERE = "/office/street/s7/appeals"
FORM = f"{HERE}/new?wave={CODE}&kind=deduction&theme="


@pytest.fixture
def made(app: Flask, monkeypatch: pytest.MonkeyPatch) -> OnNotice:
    """Figures on notice, accounts of s7 (clerk) and s6 (other), and the clock of the pages."""
    with app.app_context():
        made = put_on_notice()
        for name, (role, street) in ROLES.items():
            street = street and "s7"
            access.create_account(name, PASSWORD, [role], street_code=street, now=NOW)
        access.create_account("other", PASSWORD, ["street"], street_code="s6", now=NOW)
    at_time(monkeypatch, LATER)
    return made


def at_time(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """The pages' clock stands at `now`."""
    monkeypatch.setattr("survey.routes.appeals.utc_now", lambda: now)
    monkeypatch.setattr("survey.routes.exclusions.utc_now", lambda: now)


@pytest.fixture
def enter(app: Flask) -> Callable[[str], FlaskClient]:
    """enter("eva") -> a browser in which eva is signed in."""

    def entered(username: str) -> FlaskClient:
        client = app.test_client()
        assert sign_in(client, username).status_code == 302
        return client

    return entered


def filed(app: Flask, made: OnNotice, **more: object) -> int:
    """An appeal of s7 with a file."""
    with app.app_context():
        given: dict[str, object] = {
            "street_code": "s7",
            "kind": "deduction",
            "theme_id": made.theme_id,
            "grounds": "<b>The car park</b> opened in May.",
            "files": [("照片 1.pdf", PDF)],
            "actor": "clerk",
            "now": LATER,
            "today": TODAY,
        }
        return file_appeal(CODE, **given | more)  # type: ignore[arg-type]


def text(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def test_a_street_files_an_appeal_by_form_and_follows_it(
    app: Flask, made: OnNotice, enter: Callable[[str], FlaskClient]
) -> None:
    clerk = enter("clerk")
    page = text(clerk, f"{HERE}?wave={CODE}")
    assert "on public notice until 1 Dec 2026" in page
    assert f"kind=deduction&amp;theme={made.theme_id}" in page
    assert "2 answers of this street are held back" in page
    form = text(clerk, f"{FORM}{made.theme_id}")
    assert 'enctype="multipart/form-data"' in form
    data = {
        "csrf_token": form_token(form),
        "wave": CODE,
        "kind": "deduction",
        "theme": str(made.theme_id),
        "grounds": "The car park opened in May.",
        "files": [(io.BytesIO(PDF), "../../ab.pdf"), (io.BytesIO(b""), "")],
    }
    answer = clerk.post(f"{HERE}/new?wave={CODE}", data=data)
    assert answer.status_code == 303
    page = text(clerk, answer.location)
    assert "Being looked at" in page
    assert "10 working days left" in page
    assert "ab.pdf" in page
    assert "What it would change" not in page
    assert "See the appeal" in text(clerk, f"{HERE}?wave={CODE}")
    token = form_token(page)
    assert clerk.post(f"{answer.location}/withdraw", data={"csrf_token": token}).status_code == 303
    assert "Withdrawn" in text(clerk, answer.location)


def test_another_street_sees_and_does_nothing(
    app: Flask, made: OnNotice, enter: Callable[[str], FlaskClient]
) -> None:
    appeal_id = filed(app, made)
    with app.app_context():
        document = one_appeal(appeal_id).documents[0].id
    other = enter("other")
    token = form_token(text(other, f"/office/street/s6/appeals?wave={CODE}"))
    for path in (
        HERE,
        f"{FORM}{made.theme_id}",
        f"/office/appeals/{appeal_id}",
        f"/office/appeals/{appeal_id}/documents/{document}",
    ):
        assert other.get(path).status_code == 403, path
    for path in (
        f"{HERE}/new?wave={CODE}",
        f"/office/appeals/{appeal_id}/withdraw",
        f"/office/appeals/{appeal_id}/decide",
    ):
        assert other.post(path, data={"csrf_token": token}).status_code == 403, path
    with app.app_context():
        assert one_appeal(appeal_id).status == "open"
        refusals = select(func.count()).select_from(AuditEvent).where(AuditEvent.actor == "other")
        assert (db.session.scalar(refusals) or 0) >= 7


def test_an_auditor_reads_and_decides_nothing(
    app: Flask, made: OnNotice, enter: Callable[[str], FlaskClient]
) -> None:
    appeal_id = filed(app, made)
    audit = enter("audit")
    page = text(audit, f"/office/appeals/{appeal_id}")
    assert "Store the decision" not in page
    assert "What it would change" in page
    assert text(audit, f"/office/waves/{CODE}/appeals")
    assert text(audit, f"/office/waves/{CODE}/exclusions")
    data = {"csrf_token": form_token(page), "decision": "upheld", "because": "x"}
    assert audit.post(f"/office/appeals/{appeal_id}/decide", data=data).status_code == 403


def test_evidence_is_saved_and_never_shown_in_our_pages(
    app: Flask, made: OnNotice, enter: Callable[[str], FlaskClient]
) -> None:
    appeal_id = filed(app, made)
    with app.app_context():
        document = one_appeal(appeal_id).documents[0].id
    eva = enter("eva")
    answer = eva.get(f"/office/appeals/{appeal_id}/documents/{document}")
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    assert eva.get(f"/office/appeals/{appeal_id}/documents/{document + 1}").status_code == 404
    # Words of a street are words, not markup.
    assert "&lt;b&gt;The car park" in text(eva, f"/office/appeals/{appeal_id}")


def test_the_office_sees_what_an_appeal_would_change_and_decides_once(
    app: Flask, made: OnNotice, enter: Callable[[str], FlaskClient]
) -> None:
    appeal_id = filed(app, made)
    eva, second = enter("eva"), enter("eva")
    here = f"/office/appeals/{appeal_id}"
    assert "8 Dec 2026" in text(eva, f"/office/waves/{CODE}/appeals")
    page = text(eva, here)
    assert "If upheld" in page
    data = {"csrf_token": form_token(page), "decision": "upheld", "because": " "}
    late = {"csrf_token": form_token(text(second, here)), "decision": "rejected", "because": "No."}
    refused = eva.post(f"{here}/decide", data=data)
    assert refused.status_code == 422
    assert "Say why the appeal is decided so" in refused.get_data(as_text=True)
    assert eva.post(f"{here}/decide", data=data | {"because": "It did."}).status_code == 303
    answer = second.post(f"{here}/decide", data=late)
    assert answer.status_code == 409
    assert "upheld by eva before" in answer.get_data(as_text=True)
    assert "It did." in text(enter("clerk"), here)


def test_a_form_that_cannot_be_taken_keeps_the_words(
    app: Flask,
    made: OnNotice,
    enter: Callable[[str], FlaskClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clerk = enter("clerk")
    form = text(clerk, f"{FORM}{made.theme_id}")
    data = {
        "csrf_token": form_token(form),
        "wave": CODE,
        "kind": "deduction",
        "theme": str(made.theme_id),
        "grounds": "Our words stay.",
    }
    where = f"{HERE}/new?wave={CODE}"

    def sent(status: int, **more: object) -> str:
        answer = clerk.post(where, data=data | more)
        assert answer.status_code == status
        return answer.get_data(as_text=True)

    assert "Our words stay." in sent(422, files=(io.BytesIO(b"<html>"), "a.pdf"))
    assert "is empty" in sent(422, files=(io.BytesIO(b""), "a.pdf"))
    assert "larger than 5 MB" in sent(413, files=(io.BytesIO(PDF + b"x" * 20_000_000), "a.pdf"))
    assert "At most five files" in sent(
        422, files=[(io.BytesIO(PDF), f"{n}.pdf") for n in range(6)]
    )
    assert "Say why the street appeals" in sent(422, grounds="   ")
    sent(409, theme="٣")
    sent(409, theme=str(made.idle_id))
    sent(422, kind="")
    at_time(monkeypatch, NOW + timedelta(days=30))
    assert "That day has passed" in sent(409)
    assert "Appeals are no longer taken" in text(clerk, f"{HERE}?wave={CODE}")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Appeal)) == 0


def test_an_exclusion_is_recorded_and_lifted_on_its_page(
    made: OnNotice, enter: Callable[[str], FlaskClient]
) -> None:
    eva = enter("eva")
    here = f"/office/waves/{CODE}/exclusions"
    token = form_token(text(eva, here))
    data = {"csrf_token": token, "street": "s7", "reason": "Flood", "document": ""}
    assert eva.post(here, data=data).status_code == 422
    assert eva.post(here, data=data | {"document": "No. 3"}).status_code == 303
    page = text(eva, here)
    assert "Flood" in page
    assert eva.post(f"{here}/1/lift", data={"csrf_token": token, "because": ""}).status_code == 422
    lifted = eva.post(f"{here}/1/lift", data={"csrf_token": token, "because": "Over"})
    assert lifted.status_code == 303
    assert "Lifted" in text(eva, here)
    assert eva.post(f"{here}/2/lift", data={"csrf_token": token, "because": "x"}).status_code == 404


# Queries besides the account's own; one appeal is a draft computed twice.
@pytest.mark.parametrize(
    ("who", "path", "most"),
    [
        ("clerk", HERE, 8),
        ("clerk", "/office/appeals/1", 4),
        ("eva", f"/office/waves/{CODE}/appeals", 3),
        ("eva", f"/office/waves/{CODE}/exclusions", 3),
        ("eva", "/office/appeals/1", 20),
    ],
)
def test_a_page_costs_a_fixed_number_of_queries(
    app: Flask,
    made: OnNotice,
    enter: Callable[[str], FlaskClient],
    who: str,
    path: str,
    most: int,
) -> None:
    filed(app, made)
    client = enter(who)
    found: list[str] = []
    client.get(path)
    with app.app_context():
        event.listen(
            db.engine,
            "before_cursor_execute",
            lambda _c, _cu, statement, _p, _ctx, _m: found.append(statement),
        )
    assert client.get(path).status_code == 200
    sent = [one for one in found if not one.startswith(("BEGIN", "PRAGMA"))]
    assert len(sent) - 1 <= most, sent
