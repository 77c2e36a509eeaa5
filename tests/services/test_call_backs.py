"""Call-backs: a number only with consent, apart from the answer, once, and gone in time."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from survey.errors import Refused
from survey.models import AuditEvent, ContactRequest, Response, db
from survey.queries.contacts import call_back_requests
from survey.services import audit, call_backs, collect
from tests import factories
from tests.factories import NOW, levels

WANTED = {"call_back": "1", "phone": "138 0013 8000"}


def form(**fields: str | list[str]) -> dict[str, list[str]]:
    """A posted form with a fresh key."""
    given = {"submission_key": secrets.token_urlsafe(16), **levels(5, 2, 3, 2, "dk"), **fields}
    return {name: value if isinstance(value, list) else [value] for name, value in given.items()}


def send(code: str, posted: dict[str, list[str]]) -> collect.Receipt:
    receipt = collect.submit(code, posted, now=NOW, language="zh")
    # The session sees the database as of its first read: what follows reads anew.
    db.session.rollback()
    return receipt


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("13800138000", "+8613800138000"),
        ("138 0013 8000", "+8613800138000"),
        ("138-0013-8000", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("010-65123456", "+861065123456"),
        ("(0755) 8212 3456", "+8675582123456"),
        ("电话一三八", None),
        ("1-800-FLOWERS", None),
        ("12345", None),
        ("13800138", None),
        ("65123456", None),
        ("+44 20 7946 0958", None),
        ("+852 2123 4567", None),
        ("1" * 41, None),
        ("138001\x0038000", None),
        ("", None),
    ],
)
def test_only_mainland_mobiles_and_landlines_are_numbers(typed: str, stored: str | None) -> None:
    assert call_backs.mainland_number(typed) == stored


def test_a_request_is_stored_with_its_answer_and_apart_from_it(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        send(place.points[0], form(**WANTED, comment="路灯坏了"))
        request = db.session.scalars(select(ContactRequest)).one()
        assert request.phone == "+8613800138000"
        assert request.street_id == place.street_ids[0]
        assert request.words == ""
        assert request.asked_week == date(2026, 11, 23)
        assert count(Response) == 1
        # Nothing of the request is found in any column of the answer, or the other way round.
        response = db.session.execute(select(Response.__table__)).one()
        secret = {response.submission_key, response.receipt_hash, str(response.id)}
        assert secret.isdisjoint({request.id, request.phone, request.words})


def test_what_was_said_is_handed_over_only_when_that_is_ticked_too(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        said: dict[str, str | list[str]] = {
            "urban_tags": ["1", "4"],
            "urban_more": "3号楼下，请打13912345678",
            "comment": "其他都好",
        }
        send(place.points[0], form(**WANTED, **said, share="1"))
        words = db.session.scalars(select(ContactRequest.words)).one()
        first, second = words.splitlines()
        assert first.startswith("城市管理：停车、噪音；")
        assert second == "其他都好"
        assert "13912345678" not in words


@pytest.mark.parametrize(
    "given",
    [
        {"phone": "13800138000"},
        {"phone": "13800138000", "share": "1"},
        {"call_back": "1"},
        {"call_back": "1", "phone": ""},
        {"call_back": "1", "phone": "one three eight"},
    ],
)
def test_a_number_without_consent_or_consent_without_a_number_stores_nothing(
    each_app: Flask, given: dict[str, str]
) -> None:
    with each_app.app_context():
        place = factories.place()
        with pytest.raises(collect.Incomplete) as caught:
            send(place.points[0], form(**given))
        assert set(caught.value.fields) == {"phone"}
        assert count(Response) == count(ContactRequest) == 0


def test_nothing_is_asked_by_empty_fields(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        send(place.points[0], form(phone=" "))
        send(place.points[0], form(share="1"))
        assert (count(Response), count(ContactRequest)) == (2, 0)


def test_mistakes_in_questions_and_in_the_number_are_said_together(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        with pytest.raises(collect.Incomplete) as caught:
            send(place.points[0], form(phone="abc", party="9", urban_tags=["parking?"]))
        assert set(caught.value.fields) == {"phone", "party", "urban_tags"}
        assert count(Response) == count(ContactRequest) == 0


def test_a_retry_never_makes_two_requests(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        posted = form(**WANTED)
        first = send(place.points[0], posted)
        again = send(place.points[0], posted)
        assert (again.code, again.is_new) == (first.code, False)
        assert (count(Response), count(ContactRequest)) == (1, 1)


def test_a_questionnaire_without_the_offer_takes_no_number(app: Flask) -> None:
    with app.app_context():
        district_id = factories.district()
        content = factories.document(call_back=None, code="plain")
        factories.wave(
            district_id=district_id, questionnaire_id=factories.questionnaire(content=content)
        )
        code = factories.point(street_id=factories.street(district_id=district_id))
        with pytest.raises(Refused) as caught:
            send(code, form(**WANTED))
        assert caught.value.code == "unknown_fields"
        assert count(Response) == 0


def test_on_sqlite_requests_lie_in_the_order_of_their_random_keys(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        for number in range(12):
            send(place.points[0], form(call_back="1", phone=f"138001380{number:02d}"))
        rows = db.session.execute(text("SELECT id, phone FROM contact_request")).all()
        assert [row.id for row in rows] == sorted(row.id for row in rows)
        assert [row.phone for row in rows] != sorted(row.phone for row in rows)
        with pytest.raises(Exception, match="rowid"):
            db.session.execute(text("SELECT rowid FROM contact_request"))


@pytest.fixture
def asked(each_app: Flask) -> Callable[[], str]:
    """Makes a place with one request in s1; returns the key of the request."""

    def make() -> str:
        place = factories.place()
        send(place.points[0], form(**WANTED, share="1", comment="路灯坏了"))
        return call_back_requests("s1")[0].id

    return make


def test_opening_a_number_leaves_a_line_in_the_audit_trail(
    each_app: Flask, asked: Callable[[], str]
) -> None:
    with each_app.app_context():
        key = asked()
        phone = call_backs.open_request(key, street_code="s1", actor="clerk", now=NOW)
        assert phone == "+8613800138000"
        event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert event is not None
        assert (event.actor, event.action) == ("clerk", "call_back_read")
        assert key in event.subject
        assert "8000" not in str(event.detail) + event.subject


def test_another_street_finds_no_request(each_app: Flask, asked: Callable[[], str]) -> None:
    with each_app.app_context():
        key = asked()
        assert call_back_requests("s2") == ()
        for act in (call_backs.open_request, call_backs.deal_with):
            with pytest.raises(Refused) as caught:
                act(key, street_code="s2", actor="clerk", now=NOW)
            assert caught.value.status == 404
        assert count(AuditEvent) == 0


def test_a_request_is_forgotten_so_many_days_after_it_was_dealt_with(
    each_app: Flask, asked: Callable[[], str]
) -> None:
    with each_app.app_context():
        key = asked()
        days = each_app.config["CALL_BACK_DAYS"]
        call_backs.deal_with(key, street_code="s1", actor="clerk", now=NOW)
        # Once more, later: the days count from the first time.
        call_backs.deal_with(key, street_code="s1", actor="clerk", now=NOW + timedelta(days=9))
        assert call_back_requests("s1")[0].forgotten_on == NOW.date() + timedelta(days=days)
        assert call_backs.forget_call_backs(now=NOW + timedelta(days=days - 1)) == 0
        assert call_backs.forget_call_backs(now=NOW + timedelta(days=days)) == 1
        assert count(ContactRequest) == 0
        assert count(Response) == 1


def test_a_request_nobody_dealt_with_is_forgotten_after_its_wave(each_app: Flask) -> None:
    with each_app.app_context():
        # Given two requests in s1 and one in s2, of a wave that ends in twenty days
        place = factories.place()
        for number, point in enumerate((place.points[0], place.points[0], place.points[1])):
            send(point, form(call_back="1", phone=f"1380013800{number}", share="1", comment="路灯"))
        days = each_app.config["CALL_BACK_DAYS"]
        gone_on = NOW + timedelta(days=20 + days)
        shown = call_back_requests("s1")
        assert {request.forgotten_on for request in shown} == {gone_on.date()}
        # And one of them is dealt with on the last day, so its days begin then
        late = gone_on - timedelta(days=1)
        call_backs.deal_with(shown[0].id, street_code="s1", actor="clerk", now=late)
        # When the days after the wave are not over, nothing is gone
        assert call_backs.forget_call_backs(now=late) == 0
        # When they are, what nobody dealt with is gone with number and words, and that is noted
        assert call_backs.forget_call_backs(now=gone_on) == 2
        assert [request.id for request in call_back_requests("s1")] == [shown[0].id]
        assert call_back_requests("s2") == ()
        event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert event is not None
        assert (event.action, event.subject) == ("call_backs_forgotten", "wave 2026q4")
        assert event.detail == {"not_dealt_with": {"s1": 1, "s2": 1}}
        # And what was dealt with keeps the days that were promised, and goes without a line
        events = count(AuditEvent)
        assert call_backs.forget_call_backs(now=late + timedelta(days=days - 1)) == 0
        assert call_backs.forget_call_backs(now=late + timedelta(days=days)) == 1
        assert (count(ContactRequest), count(Response), count(AuditEvent)) == (0, 3, events)
        assert audit.verify() == ()
