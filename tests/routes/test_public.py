"""What everybody sees: only what is published, with intervals, without what may identify."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from survey.database import transaction
from survey.models import Picture, Theme, db
from survey.services import evaluate
from survey.services.pictures import draw_for_wave
from tests import factories
from tests.published import FIRST, OPEN, SECOND, publish_district, published_copy

PAGES = ("/", "/streets/s1", "/method", "/data")


@pytest.fixture
def published(app: Flask) -> Flask:
    return published_copy(app)


@contextmanager
def queries(app: Flask) -> Iterator[list[str]]:
    """The SQL statements sent meanwhile."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def test_before_anything_is_published_the_page_says_when(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        factories.place()
    for path in ("/", "/streets/s1"):
        page = client.get(path).get_data(as_text=True)
        assert "No results are published yet" in page
        assert "14 Dec 2026" in page
    assert client.get("/method").status_code == client.get("/data").status_code == 200


def test_an_empty_installation_has_a_page_too(client: FlaskClient) -> None:
    assert "No results are published yet" in client.get("/").get_data(as_text=True)


def test_the_finding_stands_first_and_every_street_with_interval_and_n(published: Flask) -> None:
    page = published.test_client().get("/").get_data(as_text=True)
    assert "<h1>The order of the 2 streets can be told</h1>" in page
    table = page[page.index("<table") :]
    row = table[table.index(">s1 Street</a>") :]
    assert row.index('class="ci">') < row.index("n=36") < row.index("</tr>")
    assert "above 1 of 1" in row[: row.index("</tr>")]


def test_a_suppressed_street_has_no_number_and_a_reason(published: Flask) -> None:
    page = published.test_client().get("/").get_data(as_text=True)
    table = page[page.index("<table") :]
    row = table[table.index(">s3 Street</a>") :]
    row = row[: row.index("</tr>")]
    assert "fewer than 30 answers" in row
    assert "n=12" not in row


def test_a_wave_that_is_not_published_is_not_shown(published: Flask) -> None:
    client = published.test_client()
    assert client.get(f"/?wave={OPEN}").status_code == 404
    assert client.get(f"/streets/s1?wave={OPEN}").status_code == 404
    assert client.get(f"/?wave={FIRST}").status_code == 200


def test_an_unknown_street_is_said_to_be_unknown(published: Flask) -> None:
    answer = published.test_client().get("/streets/nowhere")
    assert answer.status_code == 404
    assert "There is no street with the code nowhere" in answer.get_data(as_text=True)


def test_themes_need_ten_people_and_somebody_who_confirmed_them(published: Flask) -> None:
    page = published.test_client().get("/streets/s1").get_data(as_text=True)
    assert "parking · gate" in page
    # A label is somebody's own sentence.
    assert "Parking before the gate" not in page
    assert "14 of 36 respondents" in page
    # Not confirmed: neither somebody's own words nor their keywords.
    assert "night" not in page
    assert "Old Zhang" not in page
    assert "rare" not in page


def test_a_theme_is_hidden_where_it_would_give_a_small_count_away(published: Flask) -> None:
    client = published.test_client()
    assert "stairs" in client.get("/streets/s1").get_data(as_text=True)
    # s2 is hidden with the four people of s3.
    assert "stairs" not in client.get("/streets/s2").get_data(as_text=True)
    assert "stairs" not in client.get("/streets/s3").get_data(as_text=True)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_sent_once_until_it_changes(published: Flask, path: str) -> None:
    client = published.test_client()
    first = client.get(path)
    assert first.status_code == 200
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.get_data() == b""
    # Compressed or not, the tag is the same.
    squeezed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert squeezed.headers["ETag"] == first.headers["ETag"]


def test_another_language_is_another_page(published: Flask) -> None:
    client = published.test_client()
    first = client.get("/")
    again = client.get("/?lang=zh", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200
    assert "s1街道" in again.get_data(as_text=True)


def test_a_new_revision_and_a_new_label_change_the_page(published: Flask) -> None:
    client = published.test_client()
    home, street = client.get("/"), client.get("/streets/s1")
    with published.app_context(), transaction() as session:
        theme = session.scalar(select(Theme).where(Theme.status == "proposed"))
        assert theme is not None
        theme.status, theme.keywords = "confirmed", ["noise", "dark"]
    # What was published stays as it was until it is published anew.
    assert "noise · dark" not in client.get("/streets/s1").get_data(as_text=True)
    with published.app_context():
        evaluate.publish(SECOND, actor="test", now=factories.NOW, reason="A file came late.")
    again = client.get("/", headers={"If-None-Match": home.headers["ETag"]})
    assert again.status_code == 200
    assert "A file came late." in again.get_data(as_text=True)
    page = client.get("/streets/s1", headers={"If-None-Match": street.headers["ETag"]})
    assert "noise · dark" in page.get_data(as_text=True)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_the_database_six_times_at_most(published: Flask, path: str) -> None:
    client = published.test_client()
    client.get(path)
    with queries(published) as seen:
        assert client.get(path).status_code == 200
    assert len(seen) <= 6, seen


def test_the_picture_comes_with_its_table_and_never_without(published: Flask) -> None:
    client = published.test_client()
    page = client.get("/").get_data(as_text=True)
    assert "<img" not in page
    assert "The picture is being drawn" in page
    with published.app_context():
        assert draw_for_wave(SECOND, now=factories.NOW, with_streets=False) == 2
        assert draw_for_wave(SECOND, now=factories.NOW, with_streets=False) == 0
        assert db.session.query(Picture).count() == 8
    page = client.get("/").get_data(as_text=True)
    assert page.count("/pictures/") == 5
    assert page.index("<img") < page.index("<table")
    address = page.split('<img src="')[1].split('"')[0]
    picture = client.get(address)
    assert picture.mimetype == "image/svg+xml"
    assert "immutable" in picture.headers["Cache-Control"]
    svg = picture.get_data(as_text=True)
    assert "s1 Street" in svg
    assert "PingFang SC" in svg
    assert client.get("/pictures/" + "0" * 64 + ".svg").status_code == 404


def test_demo_data_says_so(app: Flask) -> None:
    with app.app_context():
        publish_district(is_demo=True, direct=False)
    client = app.test_client()
    for path in PAGES:
        assert "Demonstration data" in client.get(path).get_data(as_text=True), path


def test_a_typed_code_leads_to_its_survey(client: FlaskClient) -> None:
    assert client.get("/go?code= ab-12 o ").headers["Location"] == "/s/AB120"
    assert client.get("/go?code=").status_code == 400
    # Nothing but a code of ours can come of it.
    assert client.get("/go?code=//evil.example/x").headers["Location"].startswith("/s/")


@pytest.mark.parametrize("path", PAGES)
def test_pages_load_nothing_from_elsewhere_and_need_no_script(published: Flask, path: str) -> None:
    page = published.test_client().get(path).get_data(as_text=True)
    assert "<script" not in page
    assert "style=" not in page
    assert not any(f'{name}="http' in page for name in ("src", "srcset", "href", "action"))


def test_the_method_states_the_values_in_force(
    published: Flask, write_file: Callable[..., Any]
) -> None:
    page = published.test_client().get("/method").get_data(as_text=True)
    assert "from 30 answers" in page
    assert "weight 0.6" in page
