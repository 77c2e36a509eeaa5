"""The duty list in a real browser: read, changed by keyboard, nothing for axe to find."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, expect

from survey.clock import utc_now
from survey.services import access
from survey.services.duties_file import load_duties
from tests import factories

DEMO = Path(__file__).resolve().parents[2] / "survey" / "demo" / "duties.csv"
PASSWORD = "correct horse battery"


@pytest.fixture
def office(app: Flask, served: str) -> str:
    """The address of an office with the demo's duty list and an evaluator, eva."""
    with app.app_context():
        now = utc_now()
        district_id = factories.district()
        factories.wave(district_id=district_id)
        factories.street(district_id=district_id, code="s1")
        load_duties(DEMO, now=now)
        access.create_account("eva", PASSWORD, ["evaluator"], now=now)
    return served


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
    for path in ("/office/duties/", "/office/duties/D19"):
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
