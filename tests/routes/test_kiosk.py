"""The kiosk's pages without a browser: its channel, what is kept by nobody, and refusals."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from survey.clock import utc_now
from survey.models import CollectionPoint, Response, Wave, db
from survey.routes.assisted import COOKIE
from tests import factories

KEY = "kiosk-key-0123456789"
GOOD = factories.levels(5, 4, 3, 2, 1) | {"submission_key": KEY, "lang": "zh"}


@pytest.fixture
def kiosk(app: Flask) -> str:
    """The path of a kiosk in an open wave."""
    with app.app_context():
        place = factories.place()
        now = utc_now()
        row = db.session.get_one(Wave, place.wave_id)
        row.opens_at, row.closes_at = now.replace(year=now.year - 1), now.replace(year=now.year + 1)
        db.session.commit()
        factories.point(street_id=place.street_ids[0], channel="window", code="WWWW11")
        return "/kiosk/" + factories.point(
            street_id=place.street_ids[0], channel="assisted", code="KASK77"
        )


def stored(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        rows = select(Response.channel, CollectionPoint.short_code).join(
            CollectionPoint, Response.collection_point_id == CollectionPoint.id
        )
        return [(channel, code) for channel, code in db.session.execute(rows)]


def test_its_answers_are_a_channel_and_a_point_of_their_own(
    app: Flask, client: FlaskClient, kiosk: str
) -> None:
    answer = client.post(f"{kiosk}/ask", data=GOOD)
    assert answer.status_code == 303
    assert stored(app) == [("assisted", "KASK77")]
    # The same form again is the same answer
    client.post(f"{kiosk}/ask", data=GOOD)
    assert len(stored(app)) == 1


def test_no_page_is_kept_and_no_address_names_the_receipt(client: FlaskClient, kiosk: str) -> None:
    pages = [client.get(kiosk), client.get(f"{kiosk}/ask?lang=en")]
    sent = client.post(f"{kiosk}/ask?lang=zh", data=GOOD)
    assert sent.headers["Location"] == f"{kiosk}/r/thanks?lang=zh"
    cookie = sent.headers["Set-Cookie"]
    for wanted in ("HttpOnly", "SameSite=Strict", f"Path={kiosk}/", "Max-Age=45"):
        assert wanted in cookie
    thanks = client.get(f"{kiosk}/r/thanks")
    shown = client.get(f"{kiosk}/r/thanks?show=1")
    for page in (*pages, sent, thanks, shown):
        assert page.headers["Cache-Control"] == "no-store"
    receipt = client.get_cookie(COOKIE, path=f"{kiosk}/").value.split(".")[0]  # type: ignore[union-attr]
    assert receipt in shown.get_data(as_text=True)
    assert receipt not in thanks.get_data(as_text=True)


def test_the_next_screen_forgets_the_receipt(client: FlaskClient, kiosk: str) -> None:
    for next_screen in (kiosk, f"{kiosk}/ask"):
        client.post(f"{kiosk}/ask", data=GOOD)
        assert client.get(f"{kiosk}/r/thanks?show=1").status_code == 200
        client.get(next_screen)
        assert client.get(f"{kiosk}/r/thanks?show=1").status_code == 303


def test_a_copied_cookie_opens_nothing_later_or_with_another_receipt(
    app: Flask, client: FlaskClient, kiosk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post(f"{kiosk}/ask", data=GOOD)
    value = client.get_cookie(COOKIE, path=f"{kiosk}/").value  # type: ignore[union-attr]
    client.set_cookie(COOKIE, "0000000000" + value[10:], path=f"{kiosk}/")
    assert client.get(f"{kiosk}/r/thanks?show=1").status_code == 303
    client.set_cookie(COOKIE, value, path=f"{kiosk}/")
    assert client.get(f"{kiosk}/r/thanks?show=1").status_code == 200
    monkeypatch.setattr("survey.routes.assisted.COOKIE_SECONDS", -1)
    assert client.get(f"{kiosk}/r/thanks?show=1").status_code == 303


def test_a_code_of_another_channel_is_no_kiosk(app: Flask, client: FlaskClient, kiosk: str) -> None:
    for path in ("/kiosk/WWWW11", "/kiosk/WWWW11/ask"):
        assert client.get(path).status_code == 409
    assert client.post("/kiosk/WWWW11/ask", data=GOOD).status_code == 409
    assert stored(app) == []


def test_mistakes_come_back_with_what_was_chosen(
    app: Flask, client: FlaskClient, kiosk: str
) -> None:
    answer = client.post(f"{kiosk}/ask", data={k: v for k, v in GOOD.items() if k != "party"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert page.count(" checked") == 4
    assert f'action="{kiosk}/ask' in page
    assert answer.headers["Cache-Control"] == "no-store"
    assert stored(app) == []


def test_a_foreign_page_an_unknown_code_and_a_closed_wave_lead_back_by_themselves(
    app: Flask, client: FlaskClient, kiosk: str
) -> None:
    foreign = client.post(f"{kiosk}/ask", data=GOOD, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert client.get("/kiosk/NOWHERE").status_code == 404
    with app.app_context():
        db.session.execute(Wave.__table__.update().values(status="closed"))
        db.session.commit()
    closed = client.get(kiosk)
    assert closed.status_code == 410
    assert closed.headers["Refresh"] == f"60; url={kiosk}"
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Response)) == 0


def test_it_offers_no_call_back_and_starts_in_large_type(client: FlaskClient, kiosk: str) -> None:
    page = client.get(f"{kiosk}/ask").get_data(as_text=True)
    assert 'name="phone"' not in page
    assert 'class="large"' in page
    assert 'class="large"' not in client.get(f"{kiosk}/ask?size=normal").get_data(as_text=True)


def test_choosing_a_language_on_it_leaves_the_offices_language_alone(
    client: FlaskClient, kiosk: str
) -> None:
    client.get(f"{kiosk}/ask?lang=en")
    assert client.get_cookie("lang") is None
