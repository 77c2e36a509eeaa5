"""Mail on pages: one's own wish, and the admin's list of what could not be sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from survey.clock import utc_now
from survey.services import mail
from tests.mail_server import MailServer
from tests.routes.conftest import form_token

Enter = Callable[[str], FlaskClient]


@pytest.fixture
def server(app: Flask) -> Iterator[MailServer]:
    with MailServer() as running:
        app.config["MAIL_URL"] = running.url
        yield running


def wish(client: FlaskClient, **fields: str):
    token = form_token(client.get("/office/account/mail").text)
    return client.post("/office/account/mail", data={"csrf_token": token, **fields})


def test_an_account_sets_its_address_and_has_a_test_message_sent(
    app: Flask, server: MailServer, signed_in: Enter
) -> None:
    clerk = signed_in("clerk")
    answer = wish(clerk, address="not one", wants_mail="1")
    assert answer.status_code == 422
    assert 'value="not one"' in answer.text
    assert wish(clerk, address="clerk@example.org", wants_mail="1", test="1").status_code == 303
    assert 'value="clerk@example.org"' in clerk.get("/office/account/mail").text
    with app.app_context():
        assert mail.send_due(now=utc_now()) == (1, 0)
    assert server.taken[0]["To"] == "clerk@example.org"


def test_the_admin_sees_what_could_not_be_sent_and_no_address(
    app: Flask, server: MailServer, signed_in: Enter
) -> None:
    clerk, boss = signed_in("clerk"), signed_in("boss")
    assert "Every message so far was taken" in boss.get("/office/admin/mail").text
    server.set_mood("refuses")
    wish(clerk, address="clerk@example.org", wants_mail="1", test="1")
    now = utc_now()
    with app.app_context():
        for pause in (*mail.PAUSES, mail.PAUSES[-1]):
            mail.send_due(now=now)
            now += pause
    page = boss.get("/office/admin/mail").text
    assert "the server refused this recipient (550)" in page
    assert "given up" in page
    assert "clerk@example.org" not in page
    token = form_token(page)
    assert boss.post("/office/admin/mail/again", data={"csrf_token": token}).status_code == 303
    server.set_mood("takes")
    with app.app_context():
        assert mail.send_due(now=now) == (1, 0)
    assert clerk.get("/office/admin/mail").status_code == 403


def test_without_a_server_the_pages_say_so(signed_in: Enter) -> None:
    assert "sends no mail at present" in signed_in("clerk").get("/office/account/mail").text
    assert "Mail is off" in signed_in("boss").get("/office/admin/mail").text
