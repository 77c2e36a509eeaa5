"""Fixtures of the route tests: accounts of every role and browsers signed in with them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from survey.services import access
from tests import factories

PASSWORD = "correct horse battery"
NOW = datetime(2026, 11, 24, 9, 0)
DEPARTMENT = "roads"
ROLES = {
    "eva": ("evaluator", None),
    "clerk": ("street", "s1"),
    "dept": ("department", None),
    "boss": ("admin", None),
    "audit": ("auditor", None),
}


def form_token(page: str) -> str:
    """The token of the first form on a page."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found, page
    return found.group(1)


def sign_in(client: FlaskClient, username: str, password: str = PASSWORD, **more: str):
    """Fill in the sign-in form and send it; the answer to the POST."""
    token = form_token(client.get("/office/sign-in").get_data(as_text=True))
    data = {"csrf_token": token, "username": username, "password": password, **more}
    return client.post("/office/sign-in", data=data)


@pytest.fixture
def place(app: Flask) -> factories.Place:
    """Two streets, an open wave, and an account of every role.

    The street account is of the street s1, the department account of the department roads.
    """
    with app.app_context():
        made = factories.place()
        factories.department(district_id=made.district_id, code=DEPARTMENT)
        for name, (role, street) in ROLES.items():
            access.create_account(
                name,
                PASSWORD,
                [role],
                street_code=street,
                department_code=DEPARTMENT if role == "department" else None,
                now=NOW,
            )
    return made


@pytest.fixture
def signed_in(app: Flask, place: factories.Place) -> Callable[[str], FlaskClient]:
    """signed_in("eva") -> a browser in which eva is signed in."""

    def enter(username: str) -> FlaskClient:
        client = app.test_client()
        assert sign_in(client, username).status_code == 302
        return client

    return enter
