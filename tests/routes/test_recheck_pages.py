"""The receipt asks "is it solved?", and the case's page shows what residents said."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from survey.clock import utc_now
from survey.database import transaction
from survey.desk import Desk
from survey.models import Comment, Mention, Recheck, db
from survey.services import cases
from survey.services.case_opening import open_comment_case
from survey.services.responses import ALPHABET, RECEIPT_LENGTH
from tests import case_factories, factories
from tests.factories import NOW
from tests.routes.conftest import PASSWORD, sign_in
from tests.routes.test_receipts import fields, open_wave, page, sent

STREET = Desk("clerk", street_code="s1")


@pytest.fixture
def place(app: Flask) -> factories.Place:
    """Two streets whose wave is open now, by the real clock, and a clerk of the first."""
    from survey.services import access

    with app.app_context():
        district_id = factories.district()
        ids = tuple(factories.street(district_id=district_id, code=code) for code in ("s1", "s2"))
        wave_id = open_wave(district_id)
        points = tuple(factories.point(street_id=key) for key in ids)
        access.create_account("clerk", PASSWORD, ["street"], street_code="s1", now=NOW)
        return factories.Place(district_id, ids, wave_id, points)


def go_through(case_id: int) -> None:
    """Accept, plan and declare done."""
    now, version = utc_now(), case_factories.version_of
    cases.accept(case_id, version=version(case_id), desk=STREET, now=now)
    cases.plan(
        case_id,
        version=version(case_id),
        desk=STREET,
        now=now,
        words="Paint twenty bays",
        due_on=now.date() + timedelta(days=9),
    )
    cases.declare_done(
        case_id, version=version(case_id), desk=STREET, now=now, words="Twenty bays are painted"
    )


def a_done_theme(app: Flask, place: factories.Place) -> tuple[int, int]:
    with app.app_context():
        theme_id = case_factories.a_theme(place)
        case_id = case_factories.a_theme_case(place, theme_id=theme_id, now=utc_now())
        return theme_id, case_id


def mention_all(app: Flask, theme_id: int) -> None:
    """Every comment that is stored mentions the theme."""
    with app.app_context(), transaction() as session:
        for comment_id in session.scalars(select(Comment.id)).all():
            session.add(Mention(comment_id=comment_id, theme_id=theme_id, closeness=0.9))


def asked_form(shown: str) -> tuple[str, dict[str, str]]:
    """The address and the hidden fields of the question on a receipt."""
    [(action, inside)] = re.findall(
        r'<form method="post" action="([^"]+)">(.*?)</form>', shown, re.S
    )
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', inside))
    return action.replace("&amp;", "&"), hidden


def test_the_receipt_shows_what_was_done_and_asks_once(
    app: Flask, client: FlaskClient, place: factories.Place
) -> None:
    address = sent(client, place.points[0], fields(comment="停车难，路上停满了"))
    assert "What was done about it" not in page(client, address)
    theme_id, case_id = a_done_theme(app, place)
    mention_all(app, theme_id)
    shown = page(client, address)
    assert "Nowhere to park" in shown
    assert "<form" not in shown
    with app.app_context():
        go_through(case_id)
    shown = page(client, address)
    for words in ("Paint twenty bays", "Twenty bays are painted", "Is it solved?", "s1 Street"):
        assert words in shown
    action, hidden = asked_form(shown)
    assert hidden == {"case": str(case_id), "round": "1"}
    # A double tap, a reload and going back give the same.
    for _again in range(2):
        reply = client.post(action, data={**hidden, "solved": "no", "words": "Still full"})
        assert reply.status_code == 303
        after = page(client, reply.headers["Location"].partition("#")[0])
        assert "Thank you, your answer has arrived." in after
        assert "You said: it is not solved." in after
    reply = client.post(action, data={**hidden, "solved": "yes"})
    assert "You said: it is solved." in page(client, reply.headers["Location"].partition("#")[0])
    assert client.get(address).headers["Cache-Control"] == "no-store"
    with app.app_context():
        assert [one.is_solved for one in db.session.scalars(select(Recheck))] == [True]


def test_a_case_of_ones_own_shows_the_reply_and_is_settled_by_one(
    app: Flask, client: FlaskClient, place: factories.Place
) -> None:
    address = sent(client, place.points[0], fields(comment="路灯坏了三个月"))
    with app.app_context():
        comment_id = db.session.scalars(select(Comment.id)).one()
        case_id = open_comment_case(comment_id, actor="eva", now=utc_now())
        go_through(case_id)
        cases.reply(
            case_id,
            version=case_factories.version_of(case_id),
            desk=STREET,
            now=utc_now(),
            words="The lamp is new",
        )
    shown = page(client, address)
    assert "What you wrote to us" in shown
    assert "The lamp is new" in shown
    action, hidden = asked_form(shown)
    assert client.post(action, data={**hidden, "solved": "no"}).status_code == 303
    assert "The office has it back" in page(client, address)
    clerk = app.test_client()
    sign_in(clerk, "clerk")
    office = clerk.get(f"/office/cases/{case_id}?lang=en").get_data(as_text=True)
    assert "says that it is not solved" in office


def test_bad_posts_are_told_and_store_nothing(
    app: Flask, client: FlaskClient, place: factories.Place
) -> None:
    address = sent(client, place.points[0], fields(comment="停车难，路上停满了"))
    theme_id, case_id = a_done_theme(app, place)
    mention_all(app, theme_id)
    with app.app_context():
        go_through(case_id)
    action, hidden = asked_form(page(client, address))
    good = {**hidden, "solved": "yes"}
    for change, status in (
        ({"solved": "maybe"}, 422),
        ({"words": "长" * 501}, 422),
        ({"round": "2"}, 409),
        ({"case": "4711"}, 409),
        ({"case": "x'"}, 409),
    ):
        assert client.post(action, data=good | change).status_code == status, change
    foreign = client.post(action, data=good, headers={"Origin": "https://elsewhere.example"})
    assert foreign.status_code == 403
    guessed = "".join(secrets.choice(ALPHABET) for _ in range(RECEIPT_LENGTH))
    assert client.post(f"/r/{guessed}/solved?lang=en", data=good).status_code == 404
    with app.app_context():
        assert db.session.scalars(select(Recheck)).all() == []
    # Who takes the answer back is asked nothing any more.
    client.post(address.split("?")[0] + "/withdraw")
    shown = page(client, address)
    assert "What was done about it" not in shown
    assert client.post(action, data=good).status_code == 409


def test_only_who_wrote_something_costs_a_second_query(
    app: Flask, client: FlaskClient, place: factories.Place
) -> None:
    mute = sent(client, place.points[0])
    spoke = sent(client, place.points[0], fields(comment="停车难，路上停满了"))
    found: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *call: found.append(call[2]))

    def cost(address: str) -> int:
        client.get(address)
        found.clear()
        client.get(address)
        return len([one for one in found if one.startswith("SELECT")])

    assert (cost(mute), cost(spoke)) == (1, 2)


def test_an_office_sees_nothing_but_the_count_below_ten_answers(
    app: Flask, client: FlaskClient, place: factories.Place
) -> None:
    addresses = [
        sent(client, place.points[0], fields(comment=f"停车难，第{turn}条路都停满了"))
        for turn in range(12)
    ]
    theme_id, case_id = a_done_theme(app, place)
    mention_all(app, theme_id)
    with app.app_context():
        go_through(case_id)
    clerk = app.test_client()
    sign_in(clerk, "clerk")
    queries: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *call: queries.append(call[2]))

    def office() -> str:
        queries.clear()
        return clerk.get(f"/office/cases/{case_id}?lang=en").get_data(as_text=True)

    def answer(address: str, solved: str, words: str) -> None:
        action, hidden = asked_form(page(client, address))
        given = {**hidden, "solved": solved, "words": words}
        assert client.post(action, data=given).status_code == 303

    for number, address in enumerate(addresses[:9]):
        answer(address, "no" if number < 3 else "yes", f"said {number}")
    shown = office()
    assert "12 receipts ask; 9 answered so far." in shown
    assert "From 10 answers on" in shown
    assert "said 3" not in shown
    assert " %</b>" not in shown
    answer(addresses[9], "yes", "said 9")
    shown = office()
    # By hand, the one-sided bounds of 7 of 10: (.835277 ∓ 1.644854·√(.021 + .006764))/1.270554.
    assert "70 %</b> say that it is solved: 7 of 10." in shown
    assert "at least 44 % and at most 87 %" in shown
    assert "said 9" in shown
    sent_queries = [one for one in queries if not one.startswith(("BEGIN", "PRAGMA"))]
    assert len(sent_queries) - 1 <= 8, sent_queries
