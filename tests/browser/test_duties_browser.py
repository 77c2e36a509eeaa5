"""The duty list and what the counts say, in a real browser: nothing for axe to find."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, expect

from survey.clock import utc_now
from survey.database import transaction
from survey.models import Theme, ThemePeriod
from survey.queries.waves import wave_view
from survey.services import access
from survey.services.duties_file import load_duties
from survey.services.rollup import fold_all
from survey.services.theme_states import store_states
from tests import factories

DEMO = Path(__file__).resolve().parents[2] / "survey" / "demo" / "duties.csv"
PASSWORD = "correct horse battery"


@pytest.fixture
def office(app: Flask, served: str) -> str:
    """The address of an office with the demo's duty list and an evaluator, eva."""
    with app.app_context():
        now = utc_now()
        place = factories.place()
        load_duties(DEMO, now=now)
        theme(place, now)
        access.create_account("eva", PASSWORD, ["evaluator"], now=now)
    return served


def theme(place: factories.Place, now: datetime) -> None:
    """A theme that is mentioned in both streets, with what its counts say."""
    for point in place.points * 20:
        factories.response(
            wave_id=place.wave_id, point_code=point, answers=factories.levels(5, 4, 4, 3, 2)
        )
    fold_all(now=now)
    with transaction() as session:
        row = Theme(
            district_id=place.district_id,
            label="停车难",
            keywords=["停车"],
            centroid={},
            texts=2,
            created_at=now,
        )
        session.add(row)
        session.flush()
        session.add_all(
            ThemePeriod(
                theme_id=row.id,
                street_id=street_id,
                wave_id=place.wave_id,
                mentions=9,
                mentions_loaded=0,
                mentions_random=0,
            )
            for street_id in place.street_ids
        )
    wave = wave_view("2026q4")
    with transaction() as session:
        store_states(session, wave)


@pytest.mark.parametrize(("lang", "width"), [("zh", 1366), ("en", 1366), ("en", 360)])
def test_axe_finds_nothing_and_a_duty_is_changed(
    office: str, browser: Browser, lang: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{office}/office/sign-in?lang={lang}")
    page.locator('[name="username"]').fill("eva")
    page.locator('[name="password"]').fill(PASSWORD)
    page.locator('[name="password"]').press("Enter")
    page.wait_for_url(re.compile("/office/$"))
    findings = "/office/waves/2026q4/themes/findings"
    for path in (findings, "/office/duties/", "/office/duties/D19"):
        page.goto(f"{office}{path}?lang={lang}")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1]
    page.locator("#name_en").fill("Look for unlicensed building")
    page.locator("#name_en").press("Enter")
    page.wait_for_url(re.compile("/office/duties/#duty-D19$"))
    expect(page.locator("#duty-D19")).to_contain_text(
        "Look for unlicensed building" if lang == "en" else "发现并上报违法建设"
    )
    context.close()
