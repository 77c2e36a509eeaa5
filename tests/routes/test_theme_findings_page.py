"""What the counts say of themes, on a page: worded, within six queries, for evaluators."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from survey.database import transaction
from survey.models import Theme, ThemePeriod, ThemeSignal, db
from survey.queries.waves import wave_view
from survey.services.duties_file import load_duties
from survey.services.rollup import fold_all
from survey.services.theme_states import store_states
from tests import factories
from tests.routes.conftest import NOW

DEMO = Path(__file__).resolve().parents[2] / "survey" / "demo" / "duties.csv"
PATH = "/office/waves/2026q4/themes/findings"


def theme(place: factories.Place, label: str, keyword: str, **mentions: int) -> int:
    """A theme with these mentions in street s1 in the waves named."""
    with transaction() as session:
        row = Theme(
            district_id=place.district_id,
            label=label,
            keywords=[keyword],
            centroid={},
            texts=2,
            created_at=NOW,
        )
        session.add(row)
        session.flush()
        session.add_all(
            ThemePeriod(
                theme_id=row.id,
                street_id=place.street_ids[0],
                wave_id=wave_view(wave.lstrip("w")).id,
                mentions=count,
                mentions_loaded=0,
                mentions_random=0,
            )
            for wave, count in mentions.items()
        )
        return row.id


@pytest.fixture
def found(app: Flask, place: factories.Place) -> dict[str, int]:
    """Forty answers in s1 in two waves; themes that are new, easing and surging."""
    with app.app_context():
        before = factories.wave(
            district_id=place.district_id,
            code="2026q3",
            status="closed",
            opens_at=NOW - timedelta(days=110),
            closes_at=NOW - timedelta(days=80),
        )
        for wave_id in (before, place.wave_id):
            for _ in range(40):
                factories.response(
                    wave_id=wave_id,
                    point_code=place.points[0],
                    answers=factories.levels(5, 4, 4, 3, 2),
                )
        fold_all(now=NOW)
        load_duties(DEMO, now=NOW)
        made = {
            "parking": theme(place, "停车难", "停车", w2026q4=12),
            "rubbish": theme(place, "垃圾没人清", "垃圾", w2026q3=30, w2026q4=8),
            "building": theme(place, "楼顶违建", "违建", w2026q4=6),
            "other": theme(place, "说不清的事", "说不清", w2026q4=1),
        }
        wave = wave_view("2026q4")
        with transaction() as session:
            store_states(session, wave)
            signal = session.get_one(ThemeSignal, (made["rubbish"], wave.id))
            signal.week_ends, signal.week_persons = NOW.date(), 9
            signal.week_expected, signal.week_chance, signal.is_surging = 1.25, 0.0001, True
    return made


def test_every_theme_is_told_with_its_numbers_surging_ones_first(
    found: dict[str, int], signed_in: Callable[[str], FlaskClient]
) -> None:
    page = signed_in("eva").get(PATH).get_data(as_text=True)
    rows = page.split("<tr id=")[1:]
    assert [int(row.split('"')[1].removeprefix("theme-")) for row in rows] == [
        found["rubbish"],
        found["parking"],
        found["building"],
        found["other"],
    ]
    rubbish, parking, building, other = rows
    for words in ("easing", "8 of 40", "before 30 of 40", "surging", "9 persons, expected 1.2"):
        assert words in rubbish
    assert "Street’s task" in rubbish
    assert "Duty D11" in rubbish
    for words in ("new", "12 of 40", "not tested: too new", "District transport bureau"):
        assert words in parking
    assert "handed down without means" in building
    assert "no duty fits" in other
    assert "cannot be told" in other
    assert "No duty list was locked for this wave" in page


def test_the_page_costs_six_queries_and_only_evaluators_see_it(
    app: Flask, found: dict[str, int], signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    eva.get(PATH)
    sent: list[str] = []
    with app.app_context():
        event.listen(
            db.engine, "before_cursor_execute", lambda _c, _cu, text, *_more: sent.append(text)
        )
    assert eva.get(PATH).status_code == 200
    asked = [text for text in sent if not text.startswith(("BEGIN", "PRAGMA"))]
    assert len(asked) - 1 <= 6, asked
    for who in ("clerk", "dept", "boss"):
        assert signed_in(who).get(PATH).status_code == 403
    assert eva.get("/office/waves/2020q1/themes/findings").status_code == 404


def test_a_wave_without_themes_says_so(
    place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    page = signed_in("eva").get(PATH).get_data(as_text=True)
    assert "There are no themes in this wave yet" in page
    assert " style=" not in page
