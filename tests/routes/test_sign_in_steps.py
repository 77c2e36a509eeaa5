"""Signing in as a browser does it: codes, lock-out, the list of sessions, invitations."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from passlib.totp import TOTP
from sqlalchemy import select

from survey.clock import utc_now
from survey.models import AuditEvent, db
from survey.services import sign_in_codes
from tests.factories import Place
from tests.routes.conftest import PASSWORD, form_token, sign_in

Enter = Callable[[str], FlaskClient]


def send(client: FlaskClient, page: str, path: str, **fields: str):
    token = form_token(client.get(page).get_data(as_text=True))
    return client.post(path, data={"csrf_token": token, **fields})


def switch_on(app: Flask, username: str) -> tuple[TOTP, tuple[str, ...]]:
    """Codes that were switched on some minutes ago."""
    with app.app_context():
        then = utc_now() - timedelta(minutes=10)
        sealed = sign_in_codes.new_secret()
        totp = TOTP(sign_in_codes.enrolment(sealed, username).key)
        codes = sign_in_codes.switch_on(
            username,
            sealed,
            password=PASSWORD,
            code=totp.generate(then).token,
            this_session="",
            address="",
            now=then,
        )
    return totp, codes


def test_enrolment_then_two_steps_that_open_nothing_half_way(
    app: Flask, signed_in: Enter, client: FlaskClient
) -> None:
    eva, other = signed_in("eva"), signed_in("eva")
    page = eva.get("/office/account/codes").get_data(as_text=True)
    key = re.search(r'class="shown-once">([^<]+)<', page)
    assert key
    totp, path = TOTP(key.group(1)), "/office/account/codes"
    assert send(eva, path, path, code="000000", password=PASSWORD).status_code == 422
    code = totp.generate(utc_now()).token
    assert send(eva, path, path, code=code, password="not it").status_code == 422
    done = send(eva, path, path, code=code, password=PASSWORD)
    assert len(re.findall(r"<code>([a-z0-9-]{14})</code>", done.get_data(as_text=True))) == 10
    assert eva.get("/office/account").status_code == 200
    assert other.get("/office/account").status_code == 302
    half = sign_in(client, "eva", next="/office/account")
    assert half.headers["Location"] == "/office/sign-in/code"
    assert client.get("/office/").status_code == 302
    page = client.get("/office/sign-in/code").get_data(as_text=True)
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    # The code of the enrolment was used.
    again = send(client, "/office/sign-in/code", "/office/sign-in/code", code=code)
    assert "used already" in again.get_data(as_text=True)
    soon = totp.generate(utc_now() + timedelta(seconds=30)).token
    opened = send(client, "/office/sign-in/code", "/office/sign-in/code", code=soon)
    assert opened.headers["Location"] == "/office/account"
    assert client.get("/office/account").status_code == 200


def test_what_fails_on_the_account_page_is_noted_with_its_address(
    app: Flask, signed_in: Enter, client: FlaskClient
) -> None:
    eva, page, path = signed_in("eva"), "/office/account", "/office/account/codes"
    long = "another long enough one"
    send(eva, page, f"{page}/password", current="not it", new=long, again=long)
    send(eva, path, path, password="not it", code="000000")
    _totp, codes = switch_on(app, "eva")
    sign_in(client, "eva")
    send(client, "/office/sign-in/code", "/office/sign-in/code", code=codes[0])
    for wrong in ("off", "recovery"):
        send(client, path, f"{path}/{wrong}", password="not it", code="000000")
        send(client, path, f"{path}/{wrong}", password=PASSWORD, code="000000")
    with app.app_context():
        failures = select(AuditEvent.detail).where(AuditEvent.action == "sign_in_failed")
        noted = list(db.session.scalars(failures.order_by(AuditEvent.id)))
    assert [found["what"] for found in noted] == ["password"] * 2 + ["password", "code"] * 2
    assert {found["address"] for found in noted} == {"127.0.0.1"}


def test_between_the_steps_lie_five_minutes_at_most(
    app: Flask, client: FlaskClient, place: Place
) -> None:
    _totp, codes = switch_on(app, "eva")
    sign_in(client, "eva")
    token = form_token(client.get("/office/sign-in/code").get_data(as_text=True))
    with client.session_transaction() as session:
        who, at, to = session["half_signed_in"]
        assert at <= utc_now().isoformat()
        session["half_signed_in"] = [who, (utc_now() - timedelta(minutes=6)).isoformat(), to]
    late = client.post("/office/sign-in/code", data={"csrf_token": token, "code": codes[0]})
    assert late.headers["Location"] == "/office/sign-in"
    assert client.get("/office/").status_code == 302


@pytest.mark.parametrize("name", ["eva", "nobody-here"])
def test_a_locked_name_reads_the_same_whether_it_exists(
    client: FlaskClient, place: Place, name: str
) -> None:
    pages = [sign_in(client, name, "not the password").get_data(as_text=True) for _ in range(11)]
    assert ["After ten wrong attempts" in page for page in pages] == [False] * 9 + [True] * 2
    right = sign_in(client, name).get_data(as_text=True)
    assert "After ten wrong attempts" in right


def test_the_roles_of_the_setting_open_nothing_but_the_enrolment(
    app: Flask, signed_in: Enter
) -> None:
    app.config["TOTP_ROLES"] = frozenset({"admin"})
    boss, eva = signed_in("boss"), signed_in("eva")
    assert boss.get("/office/").headers["Location"] == "/office/account/codes"
    assert boss.get("/office/account/codes").status_code == 200
    answer = boss.get("/office/admin/accounts", headers={"Accept": "application/json"})
    assert answer.json["error"]["code"] == "codes_needed"
    assert eva.get("/office/account").status_code == 200


def test_another_browser_is_signed_out_from_the_list(signed_in: Enter) -> None:
    one, two = signed_in("eva"), signed_in("eva")
    page = one.get("/office/account").get_data(as_text=True)
    key = re.search(r'name="session" value="([0-9a-f]{64})"', page)
    assert key
    path = "/office/account/sessions/end"
    assert send(one, "/office/account", path, session=key.group(1)).status_code == 303
    assert (one.get("/office/account").status_code, two.get("/office/account").status_code) == (
        200,
        302,
    )
    assert send(one, "/office/account", path, session=key.group(1)).status_code == 404


def test_an_invitation_is_made_used_once_and_listed(signed_in: Enter, client: FlaskClient) -> None:
    boss, page = signed_in("boss"), "/office/admin/accounts"
    made = send(
        boss, page, "/office/admin/invitations", label="Letters", role="street", street="s1",
        days="7",
    )  # fmt: skip
    assert made.status_code == 201
    link = re.search(r"/office/invitation/[\w-]{43}", made.get_data(as_text=True))
    assert link
    assert link.group() not in boss.get(page).get_data(as_text=True)
    path = link.group()
    new = {"new": "a new long password", "again": "a new long password"}
    assert send(client, path, path, username="eva", **new).status_code == 409
    assert send(client, path, path, username="letters", **new).status_code == 303
    assert client.get(path).status_code == 410
    assert sign_in(client, "letters", new["new"]).status_code == 302
    assert client.get("/office/street/s1").status_code == 200
    assert "letters" in boss.get(page).get_data(as_text=True)
    unknown = client.get("/office/invitation/nothing")
    assert (unknown.status_code, unknown.headers["Referrer-Policy"]) == (404, "no-referrer")
    assert send(boss, page, "/office/admin/invitations", label="x", role="admin",
                days="99").status_code == 400  # fmt: skip


def test_an_admin_unlocks_and_resets_codes(
    app: Flask, signed_in: Enter, client: FlaskClient
) -> None:
    switch_on(app, "eva")
    for _ in range(10):
        sign_in(client, "eva", "not the password")
    boss, page = signed_in("boss"), "/office/admin/accounts"
    assert "locked until" in boss.get(page).get_data(as_text=True)
    assert send(boss, page, f"{page}/eva/unlock").status_code == 303
    assert sign_in(client, "eva").headers["Location"] == "/office/sign-in/code"
    assert send(boss, page, f"{page}/eva/codes-reset").status_code == 303
    assert sign_in(client, "eva").headers["Location"] == "/office/"
