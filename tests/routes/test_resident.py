"""The resident's pages: bad input gets a clear message and the right status, and stores nothing."""

from __future__ import annotations

import gzip
import os
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select
from structlog.testing import capture_logs

from survey import pages
from survey.clock import utc_now
from survey.models import Comment, Response, db
from survey.services import collect
from tests import factories
from tests.factories import Place, levels

# Where a form is part of a test's name it must be the same in every process.
KEY = "a-key-that-stays-the-same"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def place(app: Flask) -> Place:
    """A place whose wave is open now, by the real clock."""
    with app.app_context():
        now = utc_now()
        district_id = factories.district()
        street_id = factories.street(district_id=district_id, code="s1")
        wave_id = factories.wave(
            district_id=district_id,
            opens_at=now - timedelta(days=1),
            closes_at=now + timedelta(days=1),
        )
        return Place(district_id, (street_id,), wave_id, (factories.point(street_id=street_id),))


def stored(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Response)) or 0


def fields(**changes: str) -> dict[str, str]:
    return {"submission_key": secrets.token_urlsafe(16), **levels(5, 4, 3, 2, 1), **changes}


def test_the_page_is_whole_without_script_cookie_or_other_host(
    client: FlaskClient, place: Place
) -> None:
    reply = client.get(f"/s/{place.points[0]}?lang=zh")
    page = reply.get_data(as_text=True)
    assert reply.status_code == 200
    assert "Set-Cookie" not in reply.headers
    assert page.count('type="radio"') >= 30
    assert " checked" not in page
    addresses = re.findall(r'(?:src|href|action)="([^"]*)"', page)
    assert addresses
    assert all(one.startswith(("/", "#", "data:,")) for one in addresses)
    assert "http://" not in page.replace("http://www.w3.org/", "")


def test_the_kept_page_is_what_a_browser_unpacks(client: FlaskClient, place: Place) -> None:
    path = f"/s/{place.points[0]}"
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    plain = client.get(path)
    assert packed.headers["Content-Encoding"] == "gzip"
    key = re.compile(rb'name="submission_key" value="([\w-]+)"')
    unpacked = gzip.decompress(packed.data)
    [first], [second] = key.findall(unpacked), key.findall(plain.data)
    assert first != second
    assert unpacked.replace(first, b"") == plain.data.replace(second, b"")


def test_the_page_weighs_less_than_eight_kilobytes(client: FlaskClient, place: Place) -> None:
    for query in ("", "?lang=en", "?lang=en&size=large"):
        reply = client.get(f"/s/{place.points[0]}{query}", headers={"Accept-Encoding": "gzip"})
        head = sum(len(name) + len(value) + 4 for name, value in reply.headers) + 17
        assert len(reply.data) + head <= 8 * 1024


@pytest.mark.parametrize(("seconds", "queries"), [(collect.KEPT_SECONDS, 0), (0, 1)])
def test_a_kept_page_costs_at_most_one_query_and_no_account(
    app: Flask,
    client: FlaskClient,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    seconds: int,
    queries: int,
) -> None:
    monkeypatch.setattr(collect, "KEPT_SECONDS", seconds)
    client.get(f"/s/{place.points[0]}")
    statements: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    client.get(f"/s/{place.points[0]}")
    assert len([one for one in statements if one != "BEGIN"]) == queries


def test_a_page_that_does_not_hold_its_key_once_is_not_kept() -> None:
    with pytest.raises(ValueError, match="unpack"):
        pages.KeptPage.from_html("no place for a key")


def test_an_answer_leads_to_its_receipt(client: FlaskClient, place: Place) -> None:
    sent = client.post(f"/s/{place.points[0]}?lang=en", data=fields())
    assert sent.status_code == 303
    receipt = client.get(sent.headers["Location"])
    code = sent.headers["Location"].split("/r/")[1].split("?")[0]
    assert receipt.status_code == 200
    assert code in receipt.get_data(as_text=True).replace(" ", "").replace("-", "")
    assert receipt.headers["Cache-Control"].startswith("private")


@pytest.mark.parametrize(("lang", "words"), [("en", "There is no such code"), ("zh", "")])
def test_an_unknown_code_is_said_in_the_readers_language(
    client: FlaskClient, place: Place, lang: str, words: str
) -> None:
    reply = client.get(f"/s/WRONG9?lang={lang}")
    page = reply.get_data(as_text=True)
    assert reply.status_code == 404
    assert words in page
    assert f'lang="{"en" if lang == "en" else "zh-Hans"}"' in page


def test_mistakes_come_back_with_what_was_typed(
    app: Flask, client: FlaskClient, place: Place
) -> None:
    posted = fields(party="", comment="路灯坏了" * 600)
    reply = client.post(f"/s/{place.points[0]}?lang=en", data=posted)
    page = reply.get_data(as_text=True)
    assert reply.status_code == 422
    assert "路灯坏了路灯坏了" in page
    assert posted["submission_key"] in page
    assert re.search(r'name="urban" value="4"[^>]* checked', page)
    assert "This text is too long" in page
    assert stored(app) == 0


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (urlencode(fields(submission_key=KEY, is_admin="1")), 400, "unknown_fields"),
        (urlencode([*fields(submission_key=KEY).items(), ("party", "1")]), 400, "unknown_fields"),
        (urlencode(levels(5, 4, 3, 2, 1)), 400, "no_submission_key"),
        (urlencode(fields(submission_key=KEY)) + "&comment=%ff%fe", 400, "unreadable_form"),
        (
            urlencode(fields(submission_key=KEY)).encode() + "&comment=好".encode("gb18030"),
            400,
            "unreadable_form",
        ),
        (urlencode(fields(submission_key=KEY, comment="x" * 1_000_000)), 413, "too_large"),
        ("&".join(f"f{n}=1" for n in range(500)), 400, "unreadable_form"),
        ("", 400, "no_submission_key"),
    ],
)
def test_a_form_that_cannot_be_taken_says_so(
    app: Flask, client: FlaskClient, place: Place, body: str | bytes, status: int, code: str
) -> None:
    for accept in ("text/html", "application/json"):
        reply = client.post(
            f"/s/{place.points[0]}?lang=en", data=body, headers={**FORM, "Accept": accept}
        )
        assert reply.status_code == status
        if accept == "application/json":
            assert reply.get_json()["error"]["code"] == code
            assert reply.get_json()["error"]["message"]
        else:
            assert "<h1" in reply.get_data(as_text=True)
    assert stored(app) == 0


ODD = ("/s/%00", "/s/%F0%9F%98%80", "/r/%00", "/streets/%00", "/api/v1/waves/%00/indices")


@pytest.mark.parametrize("path", [*ODD, "/s/" + "A" * 3000, "/?wave=%00", "/go?code=%00"])
def test_an_odd_address_is_answered_on_both_databases(each_app: Flask, path: str) -> None:
    with each_app.app_context():
        factories.place()
    assert each_app.test_client().get(path).status_code in (302, 303, 400, 404, 200)


def test_control_characters_are_dropped_on_both_databases(each_app: Flask) -> None:
    with each_app.app_context():
        now = utc_now()
        district_id = factories.district()
        factories.wave(
            district_id=district_id,
            opens_at=now - timedelta(days=1),
            closes_at=now + timedelta(days=1),
        )
        street_id = factories.street(district_id=district_id, code="s1")
        code = factories.point(street_id=street_id)
    said = fields(comment="路灯\x00坏了\x1b[31m\u202e😀\r\n两个月")
    assert each_app.test_client().post(f"/s/{code}", data=said).status_code == 303
    with each_app.app_context():
        body = db.session.scalars(select(Comment.body)).one()
    assert body.startswith("路灯坏了[31m")
    assert "\x00" not in body


def test_json_is_not_a_form(app: Flask, client: FlaskClient, place: Place) -> None:
    reply = client.post(f"/s/{place.points[0]}", json=fields())
    assert reply.status_code == 415
    assert stored(app) == 0


def test_another_sites_page_cannot_send(app: Flask, client: FlaskClient, place: Place) -> None:
    path = f"/s/{place.points[0]}"
    # The second is no address at all.
    for elsewhere in ("https://elsewhere.example", "http://[::1"):
        foreign = client.post(path, data=fields(), headers={"Origin": elsewhere})
        assert foreign.status_code == 403
    assert stored(app) == 0
    own = client.post(path, data=fields(), headers={"Origin": "http://localhost"})
    assert own.status_code == 303


def test_a_fault_of_ours_is_logged_without_the_code(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_asked: object, **_also: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("survey.routes.resident.receipt_view", fail)
    with capture_logs() as logged:
        assert client.get("/r/K7Q2MD0000").status_code == 500
    assert [entry["path"] for entry in logged] == ["/r/<receipt>"]


def test_a_guessed_receipt_is_not_found(client: FlaskClient, place: Place) -> None:
    assert client.get("/r/0000000000").status_code == 404


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process holds the write lock."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_locked_database_loses_nothing(
    app: Flask, client: FlaskClient, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted = fields()
    with app.app_context():
        path = Path(db.engine.url.database or "")
        # Waiting five seconds would prove no more than waiting none.
        db.engine.dispose()
        event.listen(
            db.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=1")
        )
    with locked(path), capture_logs() as logged:
        reply = client.post(f"/s/{place.points[0]}?lang=en", data=posted)
        assert reply.status_code == 503
        assert [entry["path"] for entry in logged] == ["/s/<code>"]
        assert reply.headers["Retry-After"]
        assert "Nothing was stored" in reply.get_data(as_text=True)
    # The same form, sent again, is taken.
    assert client.post(f"/s/{place.points[0]}", data=posted).status_code == 303
    assert stored(app) == 1


def test_a_read_only_database_still_shows_the_page(
    app: Flask, client: FlaskClient, place: Place
) -> None:
    with app.app_context():
        db.engine.dispose()
        event.listen(
            db.engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only=1")
        )
    assert client.get(f"/s/{place.points[0]}").status_code == 200
    reply = client.post(f"/s/{place.points[0]}?lang=en", data=fields())
    assert reply.status_code == 503
    assert "Nothing can be stored" in reply.get_data(as_text=True)


def test_a_database_of_an_older_version_says_so(
    app: Flask, client: FlaskClient, place: Place
) -> None:
    with app.app_context():
        path = db.engine.url.database or ""
        db.engine.dispose()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE wave DROP COLUMN name_en")
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
        connection.commit()
    assert client.get(f"/s/{place.points[0]}?lang=en").status_code == 503
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert ready.get_json()["status"] == "database_behind"
    assert "db upgrade" in ready.get_json()["message"]


def test_a_database_that_is_away_says_so(tmp_path: Path) -> None:
    from tests.conftest import make_app

    app = make_app("postgresql://nobody@127.0.0.1:1/none", folder=tmp_path)
    client = app.test_client()
    assert client.get("/s/ABC123?lang=en").status_code == 503
    assert client.get("/readyz").get_json()["status"] == "database_away"
    assert client.get("/healthz").status_code == 200


def test_a_folder_that_cannot_be_written_stops_the_start(tmp_path: Path) -> None:
    from survey import create_app
    from survey.config import SettingError

    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(SettingError, match="cannot be written"):
        create_app({"INSTANCE_DIR": str(blocked / "inside")})


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("JIEPING_MAX_BODY_KB", "many", "whole number"),
        ("JIEPING_DATABASE_URL", "mysql://x", "sqlite://"),
        ("JIEPING_LANGUAGE", "fr", "zh, en"),
        ("JIEPING_TIMEZONE", "Mars/Base", "time zone"),
        ("JIEPING_SECRET_KEY", "short", "32"),
        ("JIEPING_DATABSE_URL", "", "not a setting"),
    ],
)
def test_a_wrong_setting_stops_the_start(name: str, value: str, words: str) -> None:
    from survey.config import SettingError, load_settings

    with pytest.raises(SettingError, match=words) as caught:
        load_settings({**os.environ, name: value})
    assert name in str(caught.value.message)
    if name.endswith("SECRET_KEY"):
        assert value not in caught.value.message
