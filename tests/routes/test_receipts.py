"""Receipts: what became of an answer, taking it back, and what a guess finds out."""

from __future__ import annotations

import re
import secrets
import statistics
import time
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, update

from survey.clock import utc_now
from survey.database import transaction
from survey.models import Comment, Response, ResponseCube, RollupPending, Wave, db
from survey.services.responses import ALPHABET, RECEIPT_LENGTH
from survey.services.rollup import fold_all
from tests import factories
from tests.conftest import make_app
from tests.factories import NOW, Place, levels


def open_wave(district_id: int, *, code: str = "2026q4") -> int:
    now = utc_now()
    return factories.wave(
        district_id=district_id,
        code=code,
        opens_at=now - timedelta(days=1),
        closes_at=now + timedelta(days=1),
    )


@pytest.fixture
def place(app: Flask) -> Place:
    """Two streets whose wave is open now, by the real clock."""
    with app.app_context():
        district_id = factories.district()
        ids = tuple(factories.street(district_id=district_id, code=code) for code in ("s1", "s2"))
        wave_id = open_wave(district_id)
        points = tuple(factories.point(street_id=key) for key in ids)
        return Place(district_id, ids, wave_id, points)


def fields(**changes: str) -> dict[str, str]:
    return {"submission_key": secrets.token_urlsafe(16), **levels(5, 4, 3, 2, 1), **changes}


def sent(client: FlaskClient, code: str, given: dict[str, str] | None = None) -> str:
    """Send an answer; the address of its receipt in English."""
    reply = client.post(f"/s/{code}?lang=en", data=given or fields())
    assert reply.status_code == 303
    return reply.headers["Location"]


def page(client: FlaskClient, address: str) -> str:
    reply = client.get(address)
    assert reply.status_code == 200
    return reply.get_data(as_text=True)


def fold(app: Flask) -> None:
    with app.app_context():
        fold_all(now=NOW)


def change(app: Flask, table: type[Response | Wave], **values: object) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(table).values(**values))


def test_the_receipt_says_whether_the_answer_counts(
    app: Flask, client: FlaskClient, place: Place
) -> None:
    address = sent(client, place.points[0])
    assert "Received, about to be counted" in page(client, address)
    fold(app)
    assert "Your answers are part of the result" in page(client, address)
    change(app, Response, status="quarantined")
    assert "Being checked" in page(client, address)
    change(app, Response, status="rejected")
    assert "Not counted" in page(client, address)
    few = sent(client, place.points[0], fields() | dict.fromkeys(factories.INDICATORS, "dk"))
    assert "Stored, not in the index" in page(client, few)


def test_the_receipts_picture_leads_back_to_it(client: FlaskClient, place: Place) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    import numpy as np

    address = sent(client, place.points[0])
    shown = page(client, address)
    [(size, path)] = re.findall(r'viewBox="0 0 (\d+) \1".*?<path d="([^"]+)"', shown)
    modules = np.full((int(size), int(size)), 255, dtype=np.uint8)
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path):
        modules[int(y), int(x) : int(x) + int(length)] = 0
    [found] = zxingcpp.read_barcodes(np.kron(modules, np.ones((4, 4), dtype=np.uint8)))
    code = address.split("/r/")[1].split("?")[0]
    assert found.text == f"http://127.0.0.1:8000/r/{code}"
    assert client.get(f"/r/{code.lower()}").status_code == 200


def test_an_answer_is_taken_back_after_one_question(
    app: Flask, client: FlaskClient, place: Place
) -> None:
    address = sent(client, place.points[0], fields(comment="楼下路灯坏了"))
    fold(app)
    [link] = re.findall(r'href="(/r/\w+/withdraw[^"]*)"', page(client, address))
    asked = page(client, link.replace("&amp;", "&"))
    assert "Withdraw your answers?" in asked
    [action] = re.findall(r'<form method="post" action="([^"]+)"', asked)
    # Nothing has happened by looking.
    assert "Your answers are part of the result" in page(client, address)
    for _again in range(2):
        reply = client.post(action.replace("&amp;", "&"))
        assert reply.status_code == 303
        after = page(client, reply.headers["Location"])
        assert "Your answers are withdrawn" in after
        assert "/withdraw" not in after
    fold(app)
    with app.app_context():
        counted = select(func.sum(ResponseCube.n)).where(ResponseCube.status == "accepted")
        assert db.session.scalar(counted) == 0
        assert db.session.scalar(select(func.count()).select_from(Comment)) == 0
    # The form itself, sent again, does not bring the answer back.
    assert "withdrawn already" in page(client, link.replace("&amp;", "&"))


def test_a_withdrawn_answer_sent_again_stays_withdrawn(
    app: Flask, client: FlaskClient, place: Place
) -> None:
    given = fields()
    address = sent(client, place.points[0], given)
    client.post(address.split("?")[0] + "/withdraw")
    assert "Your answers are withdrawn" in page(client, sent(client, place.points[0], given))
    with app.app_context():
        assert db.session.scalars(select(Response.status)).all() == ["withdrawn"]


def test_after_publication_it_is_refused_politely(
    app: Flask, client: FlaskClient, place: Place
) -> None:
    address = sent(client, place.points[0])
    fold(app)
    change(app, Wave, status="published")
    assert "can no longer be withdrawn" in page(client, address)
    code = address.split("?")[0]
    assert "<form" not in page(client, f"{code}/withdraw?lang=en")
    reply = client.post(f"{code}/withdraw?lang=en")
    assert reply.status_code == 409
    assert "are not changed any more" in reply.get_data(as_text=True)
    asked = client.post(f"{code}/withdraw", headers={"Accept": "application/json"})
    assert asked.get_json()["error"]["code"] == "frozen"
    assert "part of the result" in page(client, address)


def test_another_sites_page_cannot_withdraw(app: Flask, client: FlaskClient, place: Place) -> None:
    code = sent(client, place.points[0]).split("?")[0]
    foreign = client.post(f"{code}/withdraw", headers={"Origin": "https://elsewhere.example"})
    assert foreign.status_code == 403
    with app.app_context():
        assert db.session.scalars(select(Response.status)).all() == ["accepted"]


def test_a_retry_gives_the_same_receipt_and_says_so(
    app: Flask, client: FlaskClient, place: Place
) -> None:
    given = fields()
    first, second = (sent(client, place.points[0], given) for _ in range(2))
    assert first.split("?")[0] == second.split("?")[0]
    shown = page(client, second)
    assert "We already have your answers" in shown
    assert "nothing was lost" in shown
    change(app, Wave, status="closed")
    assert "nothing was lost" in page(client, sent(client, place.points[0], given))


def test_a_form_sent_again_from_another_point_counts_where_it_was_first(
    app: Flask, client: FlaskClient, place: Place
) -> None:
    given = fields()
    first = sent(client, place.points[0], given)
    replayed = sent(client, place.points[1], given | levels(1, 1, 1, 1, 1))
    assert replayed.split("?")[0] == first.split("?")[0]
    shown = page(client, replayed)
    assert "This form had already been sent" in shown
    assert f'href="/s/{place.points[1]}?lang=en' in shown
    assert "s1 Street" in shown
    with app.app_context():
        assert db.session.scalars(select(Response.street_id)).all() == [place.street_ids[0]]
        assert db.session.scalar(select(func.count()).select_from(RollupPending)) == 1


def test_a_form_of_an_older_wave_counts_there_and_leads_to_a_fresh_page(
    app: Flask, client: FlaskClient, place: Place
) -> None:
    given = fields()
    sent(client, place.points[0], given)
    change(app, Wave, status="closed")
    with app.app_context():
        open_wave(place.district_id, code="2027q1")
    shown = page(client, sent(client, place.points[0], given))
    assert "This form had already been sent" in shown
    assert "Wave 2026q4" in shown
    with app.app_context():
        assert db.session.scalars(select(Response.wave_id)).all() == [place.wave_id]


def guess() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(RECEIPT_LENGTH))


def test_wrong_receipts_are_limited_and_right_ones_are_not(
    migrated_file: Path, tmp_path: Path
) -> None:
    database = tmp_path / "app.db"
    database.write_bytes(migrated_file.read_bytes())
    app = make_app(f"sqlite:///{database}", folder=tmp_path, RATELIMIT_ENABLED=True)
    with app.app_context():
        district_id = factories.district()
        open_wave(district_id)
        code = factories.point(street_id=factories.street(district_id=district_id))
    client = app.test_client()
    address = sent(client, code)
    assert {client.get(address).status_code for _ in range(60)} == {200}
    tries = [client.get(f"/r/{guess()}?lang=en") for _ in range(15)]
    tries += [client.get(f"/r/{guess()}/withdraw?lang=en") for _ in range(5)]
    tries += [client.post(f"/r/{guess()}/withdraw?lang=en") for _ in range(5)]
    assert [reply.status_code for reply in tries] == [404] * 20 + [429] * 5
    assert "Too many" in tries[-1].get_data(as_text=True)
    # From another address nothing is held against anybody.
    elsewhere = client.get(address, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 200


def test_a_guess_costs_the_same_work_and_time_however_near_it_comes(
    app: Flask, client: FlaskClient, place: Place
) -> None:
    addresses = [sent(client, place.points[0]) for _ in range(20)]
    real = [address.split("/r/")[1].split("?")[0] for address in addresses]
    statements: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

    def near(code: str) -> str:
        return code[:-1] + ALPHABET[(ALPHABET.index(code[-1]) + 1) % 32]

    def timed(code: str) -> float:
        statements.clear()
        start = time.perf_counter()
        client.get(f"/r/{code}?lang=en")
        took = time.perf_counter() - start
        asked.add(tuple(statements))
        return took

    asked: set[tuple[str, ...]] = set()
    times: dict[str, list[float]] = {"right": [], "near": [], "far": []}
    for turn in range(120):
        code = real[turn % len(real)]
        # In turn, so that a busy moment of the machine falls on all of them.
        times["right"].append(timed(code))
        times["near"].append(timed(near(code)))
        times["far"].append(timed(guess()))
    assert len(asked) == 1, "the same statements, whatever is found"

    def chance_slower(a: list[float], b: list[float]) -> float:
        return statistics.mean((x > y) + (x == y) / 2 for x in a for y in b)

    # 0.5: the times tell nothing apart. A comparison that stops at the first different letter, or
    # a way of its own for what does not exist, drives this towards 0 or 1.
    assert 0.2 < chance_slower(times["near"], times["far"]) < 0.8
    medians = {kind: statistics.median(found) for kind, found in times.items()}
    assert max(medians.values()) < 2.5 * min(medians.values()), medians


def test_the_receipt_says_that_a_call_back_is_withdrawn_elsewhere(
    client: FlaskClient, place: Place
) -> None:
    receipt = sent(client, place.points[0])
    shown = page(client, receipt)
    assert "withdrawing the answers does not withdraw the request" in shown
    assert "tell the street office of s1 Street" in shown
    # Before withdrawing and afterwards, too.
    way = receipt.split("?")[0] + "/withdraw?lang=en"
    assert "To withdraw it, tell the street office" in page(client, way)
    assert client.post(way).status_code == 303
    assert "does not withdraw the request" in page(client, receipt)


def test_a_receipt_says_nothing_of_call_backs_that_were_not_offered(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        content = factories.document(call_back=None, code="plain")
        district_id = factories.district()
        factories.wave(
            district_id=district_id,
            questionnaire_id=factories.questionnaire(content=content),
            opens_at=utc_now() - timedelta(days=1),
            closes_at=utc_now() + timedelta(days=1),
        )
        code = factories.point(street_id=factories.street(district_id=district_id))
    receipt = sent(client, code)
    assert "call" not in page(client, receipt).split("<body")[1].lower()
    way = receipt.split("?")[0] + "/withdraw?lang=en"
    assert "called back" not in page(client, way)
