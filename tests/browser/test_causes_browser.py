"""From every figure of the evaluation page to its cause in at most three clicks, by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page

from survey.services import access
from tests.factories import NOW
from tests.published import SECOND, published_copy

PASSWORD = "correct horse battery"
BASE = f"/office/waves/{SECOND}/evaluation"


@pytest.fixture(params=[("en", 1280, 800), ("zh-CN", 360, 740)], ids=["desk", "phone"])
def page(
    request: pytest.FixtureRequest, app: Flask, browser: Browser, served: str
) -> Iterator[Page]:
    """The evaluation page of a published wave, an evaluator signed in."""
    locale, width, height = request.param
    published_copy(app)
    with app.app_context():
        access.create_account("eva", PASSWORD, ["evaluator"], street_code=None, now=NOW)
    context = browser.new_context(viewport={"width": width, "height": height}, locale=locale)
    made = context.new_page()
    made.goto(f"{served}/office/sign-in")
    made.fill("[name=username]", "eva")
    made.fill("[name=password]", PASSWORD)
    made.press("[name=password]", "Enter")
    made.wait_for_url("**/office/")
    made.goto(f"{served}{BASE}")
    yield made
    context.close()


@pytest.mark.parametrize(
    ("figure", "clicks", "cause"),
    [
        ("F", ["/streets/s1?revision=1#blend"], "#blend"),
        ("D", ["/streets/s1?revision=1#direct"], "#direct"),
        ("P", ["/streets/s1?revision=1#streams"], "#streams"),
        ("cells", ["/streets/s1?revision=1#streams", "#cells"], "#cells"),
        ("indicator", ["/streets/s1?revision=1#streams", "#indicators"], "#indicators"),
        ("verdict", ["/verdict?revision=1"], "ol.reasons"),
    ],
)
def test_a_figure_leads_to_its_cause(
    page: Page, figure: str, clicks: list[str], cause: str
) -> None:
    assert len(clicks) <= 3
    for step in clicks:
        page.locator(f'main a[href$="{step}"]').first.click()
    page.wait_for_load_state()
    assert page.locator(cause).first.is_visible(), figure
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert Axe().run(page).violations_count == 0


def test_a_change_leads_to_the_year_and_its_conditions(page: Page) -> None:
    page.locator('main a[href$="/year?revision=1"]').first.click()
    page.wait_for_load_state()
    assert page.locator("table").count() == 3
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert Axe().run(page).violations_count == 0
    page.locator('main a[href$="/verdict?revision=1#year"]').first.click()
    page.wait_for_load_state()
    assert page.locator("#year ol.reasons").is_visible()
