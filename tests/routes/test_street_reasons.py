"""The reasons residents ticked, as a street office sees them: never a small count."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from survey.models import db
from survey.queries.fieldwork import kept_instrument
from survey.queries.ticked import street_reasons
from survey.queries.waves import wave_view
from survey.services.responses import receipt_code, receipt_hash
from survey.services.withdraw import withdraw
from tests import factories
from tests.routes.conftest import NOW

PATH = "/office/street/s1/reasons?lang=en"


@pytest.fixture
def keys(app: Flask, place: factories.Place) -> list[str]:
    """In s1 parking is ticked ten times and noise nine times, of twelve answers; more in s2."""
    made = []
    with app.app_context():
        for number in range(12):
            tags = " ".join(["1"] * (number < 10) + ["4"] * (number < 9))
            answers = factories.levels(5, 2, 3, 3, 3) | ({"urban_tags": tags} if tags else {})
            made.append(
                factories.response(
                    wave_id=place.wave_id, point_code=place.points[0], answers=answers
                )
            )
        for _number in range(30):
            factories.response(
                wave_id=place.wave_id,
                point_code=place.points[1],
                answers=factories.levels(5, 2, 3, 3, 3, urban_tags="4"),
            )
    return made


def counts(app: Flask, street: str = "s1") -> dict[str, int | None]:
    with app.app_context():
        found = street_reasons(wave_view("2026q4"), street)
        return {
            reason.text[0]: reason.count
            for group in found.groups
            if group.indicator is not None and group.indicator.code == "urban"
            for reason in group.reasons
        }


def test_a_count_is_shown_from_the_smallest_cell_on(app: Flask, keys: list[str]) -> None:
    seen = counts(app)
    assert seen["停车"] == 10
    # Nine are too few, and look like none.
    assert [reason for reason, count in seen.items() if count is not None] == ["停车"]
    assert counts(app, "s2")["噪音"] == 30


def test_every_reason_of_every_indicator_has_its_row(
    app: Flask, keys: list[str], signed_in: Callable[[str], FlaskClient]
) -> None:
    page = signed_in("clerk").get(PATH).get_data(as_text=True)
    with app.app_context():
        rows = kept_instrument(wave_view("2026q4").questionnaire_id)
        instrument = rows.instrument
        expected = sum(len(instrument.options(code)) for code in instrument.tag_codes)
    assert len(re.findall(r'<td class="num">', page)) == expected
    assert page.count("fewer than 10") == expected - 1
    assert re.search(r'<td class="num">10</td>', page)
    assert "Answers so far: 12." in page
    assert not re.search(r'<td class="num">9</td>', page)


def test_a_withdrawn_answer_takes_its_ticks_with_it(app: Flask, keys: list[str]) -> None:
    with app.app_context():
        withdraw(receipt_hash(receipt_code(keys[0])), now=NOW)
    assert counts(app)["停车"] is None


def test_a_street_sees_its_own_only(
    keys: list[str], signed_in: Callable[[str], FlaskClient]
) -> None:
    clerk = signed_in("clerk")
    assert clerk.get(PATH).status_code == 200
    assert clerk.get("/office/street/s2/reasons").status_code == 403
    assert signed_in("dept").get(PATH).status_code == 403
    assert signed_in("eva").get("/office/street/s2/reasons").status_code == 200
    assert signed_in("eva").get("/office/street/none/reasons").status_code == 404


def test_the_page_asks_the_database_six_times_at_most(
    app: Flask, keys: list[str], signed_in: Callable[[str], FlaskClient]
) -> None:
    clerk = signed_in("clerk")
    clerk.get(PATH)
    sent: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *call: sent.append(call[2]))
    assert clerk.get(PATH).status_code == 200
    asked = [text for text in sent if not text.startswith(("BEGIN", "PRAGMA"))]
    # One of them is the account's own.
    assert len(asked) - 1 <= 6, asked
