"""What nobody can see stays out of stored words; numbers too large for a key name nothing."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from survey.database import transaction
from survey.models import Exclusion, Wave, db
from survey.plain_text import plain
from survey.services import access
from tests import factories
from tests.factories import NOW
from tests.published import SECOND, published_copy
from tests.routes.conftest import PASSWORD, form_token, sign_in

TOO_LARGE = 10**30


def test_only_what_cannot_be_seen_is_dropped() -> None:
    assert plain("a\x00b\x07c\x85d") == "abcd"
    assert plain("No. \u202e12\u202c3 \u2067x\u2069") == "No. 123 x"
    kept = "街道\r\n\t👨‍👩‍👧 \u200f\u200d é"
    assert plain(kept) == kept


def test_a_form_is_stored_as_it_can_be_read(app: Flask) -> None:
    with app.app_context():
        factories.place()
        with transaction() as session:
            session.query(Wave).update({"status": "closed"})
        access.create_account("eva", PASSWORD, ["evaluator"], now=NOW)
    client = app.test_client()
    assert sign_in(client, "eva").status_code == 302
    page = client.get("/office/waves/2026q4/exclusions").get_data(as_text=True)
    answer = client.post(
        "/office/waves/2026q4/exclusions",
        data={
            "csrf_token": form_token(page),
            "street": "s1",
            "reason": "merged\x00 in\u202e May",
            "document": "No. \u20667\u2069",
        },
    )
    assert answer.status_code == 303, answer.get_data(as_text=True)
    with app.app_context():
        kept = db.session.query(Exclusion).one()
        assert (kept.reason, kept.document) == ("merged in May", "No. 7")


@pytest.mark.parametrize(
    "path",
    [
        f"/?wave={SECOND}&revision={TOO_LARGE}",
        f"/streets/s1?wave={SECOND}&revision={TOO_LARGE}",
        f"/api/v1/waves/{SECOND}/evaluation?revision={TOO_LARGE}",
    ],
)
def test_a_number_no_key_can_be_names_nothing(app: Flask, path: str) -> None:
    answer = published_copy(app).test_client().get(path)
    assert answer.status_code in (404, 422), answer.get_data(as_text=True)


def test_every_address_on_the_page_of_data_answers(app: Flask) -> None:
    client = published_copy(app).test_client()
    found = re.findall(r'href="(/api/[^"#]+)"', client.get("/data").get_data(as_text=True))
    assert len(found) > 10
    for path in found:
        assert client.get(path.replace("&amp;", "&")).status_code == 200, path
