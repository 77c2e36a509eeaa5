"""The survey one group of questions a step, where the installation wants that."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_resident_browser import fill_in, stored
from tests.browser.test_survey_page import opened, row


@pytest.fixture
def steps(app: Flask) -> None:
    """The installation wants one group of questions a step."""
    app.config["SURVEY_LAYOUT"] = "steps"


def test_one_group_a_step_leads_to_the_same_answer(
    app: Flask, served: str, code: str, phone: Page, steps: None
) -> None:
    # Given the first step alone
    phone.goto(f"{served}/s/{code}?lang=en")
    shown = phone.locator("section:visible")
    expect(shown).to_have_count(1)
    expect(phone.locator("#go")).to_be_hidden()
    next_step, back = (
        phone.get_by_role("button", name="Next step"),
        phone.get_by_role("button", name="Previous step"),
    )
    expect(back).to_be_hidden()

    # When something is open it is named and the step stays
    row(phone, "party", "5").click()
    next_step.click()
    expect(phone.locator("#q-urban")).to_have_class(re.compile("bad"))
    expect(phone.locator("#q-party")).to_be_visible()
    assert stored(app) == 0

    # When all is answered the next group comes, its heading has the focus, and Back leads back
    fill_in(phone)
    next_step.click()
    expect(phone.locator('textarea[name="comment"]')).to_be_visible()
    expect(phone.locator("#q-party")).to_be_hidden()
    assert phone.evaluate("document.activeElement.textContent") == "In your own words"
    back.click()
    expect(row(phone, "party", "4")).to_be_visible()

    # Then the last step has the button, and the history one entry only
    for _ in range(3):
        next_step.click()
    expect(next_step).to_be_hidden()
    assert phone.evaluate("history.length") == 2
    phone.locator("#go").click()
    phone.wait_for_url(re.compile(r"/r/"))
    assert stored(app) == 1


def test_a_form_with_mistakes_comes_back_as_one_page(
    app: Flask, served: str, code: str, phone: Page, steps: None
) -> None:
    phone.goto(f"{served}/s/{code}?lang=en")
    fill_in(phone)
    for _ in range(3):
        phone.get_by_role("button", name="Next step").click()
    row(phone, "call_back", "1").click()
    phone.locator("#phone").fill("x")
    phone.locator("#go").click()
    phone.wait_for_selector("#errors")
    # So every mistake of the summary can be led to, and the button is in reach.
    expect(phone.locator("section:visible")).to_have_count(4)
    expect(phone.locator(".move")).to_be_hidden()
    phone.locator("#errors a").click()
    expect(phone.locator("#phone")).to_be_in_viewport()
    phone.locator("#phone").fill("13800138000")
    phone.locator("#go").click()
    phone.wait_for_url(re.compile(r"/r/"))
    assert stored(app) == 1


def test_without_script_it_is_one_page_whatever_the_setting(
    served: str, code: str, browser: Browser, steps: None
) -> None:
    with opened(browser, java_script_enabled=False) as page:
        page.goto(f"{served}/s/{code}")
        expect(page.locator("section:visible")).to_have_count(4)
        expect(page.locator("#go")).to_be_visible()
        expect(page.locator("#q-urban legend b")).to_have_text("2/5")


def test_axe_finds_nothing_in_steps(served: str, code: str, browser: Browser, steps: None) -> None:
    with opened(browser, bypass_csp=True) as page:
        page.goto(f"{served}/s/{code}")
        fill_in(page)
        page.locator(".move button").last.click()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
