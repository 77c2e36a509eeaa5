"""A wave on public notice: everybody reads its figures, marked, and the published ones stay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from survey.database import transaction
from survey.models import DirectScore
from survey.services import access
from survey.services.evaluate import approve, freeze, publish
from tests.factories import NOW
from tests.published import FIRST, SECOND, published_copy
from tests.routes.conftest import PASSWORD, sign_in

NOTICE = f"/?wave={SECOND}&status=provisional"
API = f"/api/v1/waves/{SECOND}/evaluation"


@pytest.fixture
def noticed(app: Flask) -> Flask:
    """Two published waves, of which the second has another revision on notice."""
    published_copy(app)
    with app.app_context():
        with transaction() as session:
            session.execute(update(DirectScore).values(score=70))
        freeze(SECOND, actor="eva", now=NOW, reason="Scores were wrong")
    return app


def test_the_page_of_a_notice_is_marked_and_the_published_one_stays(noticed: Flask) -> None:
    client = noticed.test_client()
    front = client.get("/").get_data(as_text=True)
    assert "is on public notice until 1 Dec 2026" in front
    assert "Provisional, on public notice" not in front
    page = client.get(NOTICE).get_data(as_text=True)
    assert "Provisional, on public notice until 1 Dec 2026" in page
    assert "a street office can appeal" in page
    assert "Scores were wrong" in page
    link = f"/streets/s1?wave={SECOND}&amp;status=provisional"
    assert link in page
    street = client.get(link.replace("&amp;", "&")).get_data(as_text=True)
    assert "Provisional, on public notice until 1 Dec 2026" in street
    # A wave without a notice has none to show.
    assert client.get(f"/?wave={FIRST}&status=provisional").status_code == 404
    assert client.get(f"/?wave={SECOND}&status=secret").status_code == 404


def test_the_api_gives_the_notice_when_asked_and_what_is_published_otherwise(
    noticed: Flask,
) -> None:
    client = noticed.test_client()
    default = client.get(API)
    assert default.get_json()["status"] == "published"
    assert default.get_json()["revision"] == 1
    asked = client.get(f"{API}?status=provisional")
    found = asked.get_json()
    assert (found["status"], found["revision"]) == ("provisional", 2)
    assert found["notice_until"] == "2026-12-01"
    assert asked.headers["ETag"] != default.headers["ETag"]
    again = client.get(
        f"{API}?status=provisional", headers={"If-None-Match": asked.headers["ETag"]}
    )
    assert again.status_code == 304
    assert found["rows"] != default.get_json()["rows"]
    assert client.get(f"{API}?status=draft").status_code == 422
    assert client.get(f"/api/v1/waves/{FIRST}/evaluation?status=provisional").status_code == 403
    assert client.get(f"{API}?revision=2").status_code == 403


def test_after_publication_both_revisions_can_be_read(noticed: Flask) -> None:
    with noticed.app_context():
        approve(SECOND, actor="eve", now=NOW + timedelta(days=10))
    client = noticed.test_client()
    assert "Approved after its public notice" in client.get(NOTICE).get_data(as_text=True)
    on_notice = client.get(f"{API}?status=provisional").get_json()
    assert on_notice["status"] == "approved"
    with noticed.app_context():
        publish(SECOND, actor="eva", now=NOW + timedelta(days=10))
    assert client.get(NOTICE).status_code == 404
    now = client.get(API).get_json()
    assert now["revision"] == 2
    assert now["rows"] == [row | {"status": "published"} for row in on_notice["rows"]]
    assert client.get(f"{API}?revision=1").get_json()["revision"] == 1
    assert client.get(f"{API}?revision=3").status_code == 403
    page = client.get("/").get_data(as_text=True)
    assert "Read revision 1, as it was published" in page
    old = client.get(f"/?wave={SECOND}&revision=1").get_data(as_text=True)
    assert "Revision 1 was corrected" in old
    assert f"/streets/s1?wave={SECOND}&amp;revision=1" in old
    assert client.get(f"/?wave={SECOND}&revision=7").status_code == 404


def test_the_first_screen_of_the_office_says_what_is_due(noticed: Flask) -> None:
    with noticed.app_context():
        access.create_account("clerk", PASSWORD, ["street"], street_code="s1", now=NOW)
    clerk = noticed.test_client()
    sign_in(clerk, "clerk")
    page = clerk.get("/office/").get_data(as_text=True)
    assert "lasts until 1 Dec 2026" in page
    assert f"/?wave={SECOND}&amp;status=provisional" in page
