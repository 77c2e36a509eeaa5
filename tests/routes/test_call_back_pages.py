"""The call-back page: one street's requests, for its own office and nobody else."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from survey.models import AuditEvent, db
from survey.services import collect
from tests import factories
from tests.routes.conftest import NOW, form_token

PATH = "/office/street/s1/call-backs"


@pytest.fixture
def request_id(app: Flask, place: factories.Place) -> str:
    """A resident of s1 asked to be called about the street lights; the key of the request."""
    from survey.queries.contacts import call_back_requests

    with app.app_context():
        given = factories.levels(5, 2, 3, 3, 3) | {
            "submission_key": secrets.token_urlsafe(16),
            "urban_tags": "5",
            "call_back": "1",
            "phone": "13800138000",
            "share": "1",
        }
        form = {name: [value] for name, value in given.items()}
        collect.submit(place.points[0], form, now=NOW, language="zh")
        db.session.rollback()
        return call_back_requests("s1")[0].id


def test_the_page_shows_what_it_is_about_and_no_number(
    signed_in: Callable[[str], FlaskClient], request_id: str
) -> None:
    page = signed_in("clerk").get(PATH).get_data(as_text=True)
    assert "城市管理：路灯" in page
    assert "13800138000" not in page
    # And until when it is kept if nobody acts.
    assert re.search(r"deleted on \d.{8,12} if nobody deals with it", page)


def test_a_number_is_shown_when_it_is_opened_and_that_is_recorded(
    app: Flask, signed_in: Callable[[str], FlaskClient], request_id: str
) -> None:
    clerk = signed_in("clerk")
    token = form_token(clerk.get(PATH).get_data(as_text=True))
    opened = clerk.post(f"{PATH}/{request_id}/open", data={"csrf_token": token})
    assert "+8613800138000" in opened.get_data(as_text=True)
    assert opened.headers["Cache-Control"] == "no-store"
    with app.app_context():
        last = db.session.query(AuditEvent).order_by(AuditEvent.id.desc()).first()
        assert last is not None
        assert (last.actor, last.action) == ("clerk", "call_back_read")


def test_what_is_dealt_with_says_when_it_will_be_deleted(
    signed_in: Callable[[str], FlaskClient], request_id: str
) -> None:
    clerk = signed_in("clerk")
    token = form_token(clerk.get(PATH).get_data(as_text=True))
    done = clerk.post(f"{PATH}/{request_id}/dealt-with", data={"csrf_token": token})
    assert done.status_code == 303
    page = clerk.get(PATH + "?lang=en").get_data(as_text=True)
    assert re.search(r"Dealt with on \d", page)
    assert re.search(r"deleted on \d", page)


def test_a_request_that_is_gone_is_said(signed_in: Callable[[str], FlaskClient]) -> None:
    clerk = signed_in("clerk")
    page = clerk.get(PATH + "?lang=en").get_data(as_text=True)
    assert "Nobody has asked" in page
    token = form_token(page)
    gone = clerk.post(f"{PATH}/{'0' * 32}/open", data={"csrf_token": token})
    assert gone.status_code == 404
    assert "no longer there" in gone.get_data(as_text=True)


@pytest.mark.parametrize("who", ["eva", "audit", "boss", "dept"])
def test_nobody_else_reads_them(
    signed_in: Callable[[str], FlaskClient], request_id: str, who: str
) -> None:
    assert signed_in(who).get(PATH).status_code == 403


def test_another_street_reads_its_own(
    signed_in: Callable[[str], FlaskClient], request_id: str
) -> None:
    assert signed_in("clerk").get("/office/street/s2/call-backs").status_code == 403
