"""Signing in and out, and what it must never give away or let through."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.orm import Session, scoped_session

from survey.models import AuditEvent, db
from survey.services import access
from tests.conftest import make_app
from tests.factories import NOW, Place
from tests.routes.conftest import PASSWORD, form_token, sign_in

WRONG = "The account name or the password is wrong."


def test_the_right_name_and_password_lead_to_the_office(client: FlaskClient, place: Place) -> None:
    answer = sign_in(client, " EVA ")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/office/")
    assert "eva" in client.get("/office/").get_data(as_text=True)


def test_sign_in_leads_back_to_the_page_that_was_asked_for(
    client: FlaskClient, place: Place
) -> None:
    asked = client.get("/office/waves/2026q4/indices?lang=en")
    page = client.get(asked.headers["Location"]).get_data(as_text=True)
    next_page = re.search(r'name="next" value="([^"]+)"', page)
    assert next_page
    data = {"csrf_token": form_token(page), "username": "eva", "next": next_page.group(1)}
    again = client.post("/office/sign-in", data={**data, "password": "not this one"})
    assert f'value="{next_page.group(1)}"' in again.get_data(as_text=True)
    answer = client.post("/office/sign-in", data={**data, "password": PASSWORD})
    assert answer.headers["Location"] == "/office/waves/2026q4/indices?lang=en"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\x19//evil.example",
        "https:evil.example",
        "javascript:alert(1)",
    ],
)
def test_nobody_is_led_to_another_site(client: FlaskClient, place: Place, target: str) -> None:
    location = sign_in(client, "eva", next=target).headers["Location"]
    # What a browser makes of it: control characters dropped, \ read as /.
    seen = re.sub(r"[\x00-\x20]", "", location).replace("\\", "/")
    reached = urlsplit(urljoin("http://localhost/office/sign-in", seen))
    assert (reached.scheme, reached.netloc) == ("http", "localhost"), location


def test_a_wrong_name_and_a_wrong_password_are_worded_the_same(
    client: FlaskClient, app: Flask, place: Place
) -> None:
    def said(username: str) -> str:
        page = sign_in(client, username, "not the password").get_data(as_text=True)
        assert WRONG in page
        return re.sub(r'value="[^"]*"', "", page)

    with app.app_context():
        access.deactivate("dept", now=NOW)
    assert said("eva") == said("nobody") == said("dept") == said("")


def test_a_deactivated_account_cannot_sign_in_with_the_right_password(
    client: FlaskClient, app: Flask, place: Place
) -> None:
    with app.app_context():
        access.deactivate("eva", now=NOW)
    answer = sign_in(client, "eva")
    assert answer.status_code == 200
    assert WRONG in answer.get_data(as_text=True)


def test_an_unknown_name_takes_as_long_as_a_wrong_password(
    client: FlaskClient, place: Place
) -> None:
    token = form_token(client.get("/office/sign-in").get_data(as_text=True))

    def seconds(username: str) -> float:
        data = {"csrf_token": token, "username": username, "password": "not the password"}
        start = time.process_time()
        client.post("/office/sign-in", data=data)
        return time.process_time() - start

    seconds("eva")
    known = median(seconds("eva") for _ in range(5))
    unknown = median(seconds("nobody") for _ in range(5))
    assert 0.6 < unknown / known < 1.6


def test_signing_out_needs_a_post_with_a_token_and_ends_the_session(
    signed_in: Callable[[str], FlaskClient],
) -> None:
    eva = signed_in("eva")
    page = eva.get("/office/").get_data(as_text=True)
    assert eva.get("/office/sign-out").status_code == 405
    assert eva.post("/office/sign-out").status_code == 400
    answer = eva.post("/office/sign-out", data={"csrf_token": form_token(page)})
    assert answer.headers["Location"] == "/office/sign-in"
    assert eva.get("/office/").status_code == 302


@pytest.mark.parametrize("change", ["deactivate", "set_password"])
def test_open_sessions_end_when_access_changes(
    app: Flask, signed_in: Callable[[str], FlaskClient], change: str
) -> None:
    eva = signed_in("eva")
    assert eva.get("/office/").status_code == 200
    with app.app_context():
        if change == "deactivate":
            access.deactivate("eva", now=NOW)
        else:
            access.set_password("eva", "another long password", now=NOW)
    assert eva.get("/office/").status_code == 302


def test_failed_attempts_of_a_known_account_are_in_the_trail_without_what_was_typed(
    client: FlaskClient, session: scoped_session[Session], place: Place
) -> None:
    sign_in(client, "eva", "a secret that was mistyped")
    sign_in(client, "nobody at all", "a secret that was mistyped")
    session.rollback()
    failed = [found for found in session.query(AuditEvent) if found.action == "sign_in_failed"]
    assert [(found.actor, found.detail) for found in failed] == [
        ("eva", {"what": "password", "address": "127.0.0.1"})
    ]
    assert "mistyped" not in str([vars(found) for found in session.query(AuditEvent)])


def test_a_street_asking_for_another_street_leaves_a_trace(
    signed_in: Callable[[str], FlaskClient], session: scoped_session[Session]
) -> None:
    answer = signed_in("clerk").get("/office/street/s2")
    assert answer.status_code == 403
    session.rollback()
    last = session.query(AuditEvent).order_by(AuditEvent.id.desc()).first()
    assert last is not None
    assert (last.actor, last.action, last.subject) == ("clerk", "refused", "/office/street/s2")


def test_attempts_are_limited_by_account_and_address_and_not_by_address_alone(
    migrated_file: Path, tmp_path: Path
) -> None:
    database = tmp_path / "limited.db"
    database.write_bytes(migrated_file.read_bytes())
    app = make_app(f"sqlite:///{database}", folder=tmp_path, RATELIMIT_ENABLED=True)
    with app.app_context():
        for name in ("eva", "ben"):
            access.create_account(name, PASSWORD, ["evaluator"], now=NOW)
    client = app.test_client()
    # Nine, so that the account itself is not locked: that is tested below.
    statuses = [sign_in(client, "eva", "wrong password").status_code for _ in range(9)]
    statuses += [sign_in(client, "nobody", "wrong password").status_code for _ in range(12)]
    assert statuses == [200] * 9 + [200] * 10 + [429] * 2
    assert sign_in(client, "eva").status_code == 302
    assert sign_in(app.test_client(), "ben").status_code == 302
    with app.app_context():
        db.engine.dispose()


def test_the_residents_page_asks_for_no_account_and_sets_no_cookie(
    app: Flask, signed_in: Callable[[str], FlaskClient], place: Place
) -> None:
    statements: list[str] = []
    with app.app_context():
        event.listen(
            db.engine,
            "before_cursor_execute",
            lambda _c, _cu, statement, _p, _ctx, _m: statements.append(statement),
        )
    for client in (app.test_client(), signed_in("eva")):
        client.get(f"/s/{place.points[0]}")
        statements.clear()
        answer = client.get(f"/s/{place.points[0]}")
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
        assert not [text for text in statements if "account" in text]


def test_an_account_reads_in_its_own_language(
    app: Flask, client: FlaskClient, place: Place
) -> None:
    with app.app_context():
        access.set_language("eva", "zh")
    sign_in(client, "eva")
    page = client.get("/office/", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert '<html lang="zh-Hans">' in page


def test_one_changes_the_own_password_knowing_the_present_one(
    app: Flask, signed_in: Callable[[str], FlaskClient], client: FlaskClient
) -> None:
    eva = signed_in("eva")
    token = form_token(eva.get("/office/account").get_data(as_text=True))
    new = "a new long password"

    def send(current: str, first: str, second: str):
        data = {"csrf_token": token, "current": current, "new": first, "again": second}
        return eva.post("/office/account/password", data=data)

    assert send("not it", new, new).status_code == 422
    assert send(PASSWORD, new, new + "x").status_code == 422
    assert send(PASSWORD, "short", "short").status_code == 422
    assert send(PASSWORD, new, new).status_code == 303
    assert eva.get("/office/").status_code == 302
    assert sign_in(client, "eva").status_code == 200
    assert sign_in(client, "eva", new).status_code == 302
