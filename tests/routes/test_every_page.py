"""Every page opens, and says that the data are invented where they are, and nowhere else."""

from __future__ import annotations

import secrets
from functools import cache

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from survey.database import transaction
from survey.models import District
from tests import factories
from tests.every_page import ANYBODY, AT_KIOSK, HALF_WAY, pages_of
from tests.furnished import PASSWORD, furnish
from tests.routes.conftest import sign_in

SAYS = '<p class="demo">'
# Words for programmers, the same for every district.
SAYS_NOTHING = {"api.docs"}


def entered(app: Flask, who: str, data: dict[str, str]) -> FlaskClient:
    """A browser of somebody of tests.every_page."""
    client = app.test_client()
    if who == AT_KIOSK:
        given = factories.levels(5, 4, 3, 2, 1)
        given["submission_key"] = secrets.token_urlsafe(16)
        assert client.post(f"/kiosk/{data['kiosk']}/ask", data=given).status_code == 303
    elif who != ANYBODY:
        answer = sign_in(client, who, PASSWORD)
        assert answer.headers["Location"].endswith("code") == (who == HALF_WAY)
    return client


@pytest.mark.parametrize("is_demo", [True, False])
def test_every_page_says_whether_its_data_are_invented(app: Flask, is_demo: bool) -> None:
    pages = pages_of(app)
    data = furnish(app, is_demo=is_demo)
    enter = cache(lambda who: entered(app, who, data))
    wrong = []
    for endpoint, visits in pages.items():
        for who, path in visits:
            answer = enter(who).get(path.format(**data), follow_redirects=True)
            page = answer.get_data(as_text=True)
            if answer.status_code != 200 or answer.mimetype != "text/html":
                wrong.append((endpoint, who, path, answer.status, page[-900:]))
            elif (SAYS in page) != (is_demo and endpoint not in SAYS_NOTHING):
                wrong.append((endpoint, who, path, "notice"))
    assert not wrong, "\n".join(map(str, wrong))


def test_a_page_of_the_office_that_is_refused_says_it_too(app: Flask) -> None:
    data = furnish(app, is_demo=True)
    clerk = entered(app, "clerk", data)
    refused = clerk.get("/office/street/s2")
    assert refused.status_code == 403
    assert "Demonstration data" in refused.get_data(as_text=True)
    with app.app_context(), transaction() as session:
        session.execute(update(District).values(is_demo=False))
    assert "Demonstration data" not in clerk.get("/office/account").get_data(as_text=True)
