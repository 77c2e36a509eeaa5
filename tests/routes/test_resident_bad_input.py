"""What nobody should send, sent over HTTP: refused in words, and nothing is half-written."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from survey.clock import utc_now
from survey.models import Comment, ContactRequest, Response, SpentSlip, Wave, db
from survey.services import slips
from tests import factories
from tests.factories import INDICATORS, levels

LONG = "路灯坏了😀\x0b\x00é" * 1250


def fields(**changes: str) -> dict[str, str]:
    return {"submission_key": secrets.token_urlsafe(16), **levels(5, 4, 3, 2, 1), **changes}


def count(app: Flask, model: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def place(each_app: Flask) -> factories.Place:
    """A street with a poster, and a point for slips, in a wave that is open by the real clock."""
    with each_app.app_context():
        now = utc_now()
        district_id = factories.district()
        street_id = factories.street(district_id=district_id)
        wave_id = factories.wave(
            district_id=district_id,
            opens_at=now - timedelta(days=1),
            closes_at=now + timedelta(days=1),
        )
        factories.point(street_id=street_id, channel="slip", code="BD0001")
        return factories.Place(
            district_id, (street_id,), wave_id, (factories.point(street_id=street_id),)
        )


def slip(app: Flask) -> str:
    with app.app_context():
        (code,) = slips.draw_slip_codes(1)
        slips.record_batch([code], wave="2026q4", point="BD0001", batch="B1", on=utc_now().date())
        return code


def test_ten_thousand_characters_in_any_field_are_refused_and_store_nothing(
    each_app: Flask, place: factories.Place
) -> None:
    client = each_app.test_client()
    assert len(LONG) == 10_000
    wanted = {"call_back": "1", "phone": "13800138000"}
    for name in (*INDICATORS, "urban_tags", "urban_more", "comment", "age_band", "coached", "phone",
                 "submission_key", LONG):  # fmt: skip
        reply = client.post(f"/s/{place.points[0]}?lang=en", data=fields(**wanted | {name: LONG}))
        assert reply.status_code in (400, 422), name
    for model in (Response, Comment, ContactRequest):
        assert count(each_app, model) == 0


def test_emoji_and_line_ends_are_kept_and_control_characters_are_not(
    each_app: Flask, place: factories.Place
) -> None:
    client = each_app.test_client()
    words = "路灯\x00坏了\x1b😀👨‍👩‍👧\r\n第二行\x7f"
    assert client.post(f"/s/{place.points[0]}", data=fields(comment=words)).status_code == 303
    with each_app.app_context():
        assert db.session.scalars(select(Comment.body)).one() == "路灯坏了😀👨‍👩‍👧\n第二行"


@pytest.mark.parametrize(
    "header", ["xx-yy;q=oops, ,;", "zh;q=\x7f", "*" * 4000, "en-GB-oed;q=9e9", "", "\xff\xfe"]
)
def test_a_nonsense_language_header_stops_no_answer(
    each_app: Flask, place: factories.Place, header: str
) -> None:
    client = each_app.test_client()
    told = {"Accept-Language": header}
    assert client.get(f"/s/{place.points[0]}", headers=told).status_code == 200
    sent = client.post(f"/s/{place.points[0]}?lang=%00", data=fields(lang="x"), headers=told)
    assert sent.status_code == 303
    with each_app.app_context():
        assert db.session.scalars(select(Response.language)).one() in ("zh", "en")


def test_a_slip_of_another_wave_says_so_and_takes_nothing(
    each_app: Flask, place: factories.Place
) -> None:
    code = slip(each_app)
    with each_app.app_context():
        db.session.execute(update(Wave).values(status="closed"))
        db.session.commit()
        now = utc_now()
        factories.wave(
            district_id=place.district_id,
            code="2027q1",
            opens_at=now - timedelta(hours=1),
            closes_at=now + timedelta(days=1),
        )
    client = each_app.test_client()
    path = f"/s/{code}?lang=en"
    for reply in (client.get(path), client.post(path, data=fields())):
        assert reply.status_code == 410
        page = reply.get_data(as_text=True)
        assert "This slip was for an earlier survey" in page
        assert "New slips are handed out for the new survey" in page
    assert (count(each_app, Response), count(each_app, SpentSlip)) == (0, 0)


def test_a_posters_form_replayed_under_a_slip_leaves_the_slip_good(
    each_app: Flask, place: factories.Place
) -> None:
    client, code, given = each_app.test_client(), slip(each_app), fields()
    first = client.post(f"/s/{place.points[0]}?lang=en", data=given)
    replayed = client.post(f"/s/{code}?lang=en", data=given | levels(1, 1, 1, 1, 1))
    assert replayed.location.split("?")[0] == first.location.split("?")[0]
    assert "This form had already been sent" in client.get(replayed.location).get_data(as_text=True)
    assert (count(each_app, Response), count(each_app, SpentSlip)) == (1, 0)
    assert client.post(f"/s/{code}", data=fields()).status_code == 303
    assert (count(each_app, Response), count(each_app, SpentSlip)) == (2, 1)
