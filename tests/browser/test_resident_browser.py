"""The resident's part in a real browser on a small phone."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from survey.models import Comment, IndicatorScore, Response, db
from tests.browser.conftest import PHONE

INDICATORS = ("party", "urban", "welfare", "community", "safety")


def fill_in(page: Page, *, level: str = "4") -> None:
    """Tap one level of every indicator."""
    for name in INDICATORS:
        page.locator(f'label:has(input[name="{name}"][value="{level}"])').click()


def stored(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Response)) or 0


def test_a_resident_answers_and_gets_a_receipt(
    app: Flask, served: str, code: str, phone: Page
) -> None:
    # Given the page behind a scanned code
    phone.goto(f"{served}/s/{code}")
    assert phone.locator("input:checked").count() == 0

    # When every indicator is tapped, words are written and the form is sent
    fill_in(phone)
    phone.locator('label:has(input[name="safety"][value="dk"])').click()
    phone.locator('textarea[name="comment"]').fill("楼下路灯坏了两个月")
    phone.locator("#go").click()

    # Then the receipt is there, and so is the answer
    phone.wait_for_url(re.compile(r"/r/"))
    expect(phone.locator(".code")).to_have_text(re.compile(r"^[0-9A-Z]{10}$"))
    assert stored(app) == 1
    with app.app_context():
        assert list(db.session.scalars(select(IndicatorScore.score))) == [7500] * 4
        assert db.session.scalars(select(Comment.body)).one() == "楼下路灯坏了两个月"


@pytest.mark.parametrize("query", ["?lang=zh", "?lang=en", "?lang=zh&size=large"])
def test_the_page_fits_a_thumb(served: str, code: str, phone: Page, query: str) -> None:
    phone.goto(f"{served}/s/{code}{query}")
    widths = phone.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
    heights = phone.locator("label:has(input[type=radio])").evaluate_all(
        "rows => rows.map(row => row.getBoundingClientRect().height)"
    )
    assert len(heights) >= 30
    assert min(heights) >= 48


@pytest.mark.parametrize("query", ["?lang=zh", "?lang=en"])
def test_axe_finds_nothing(served: str, code: str, browser: Browser, query: str) -> None:
    # The policy of the page forbids foreign scripts, axe included: the test alone lifts it.
    context = browser.new_context(viewport=PHONE, bypass_csp=True)
    page = context.new_page()
    for path in (f"/s/WRONG9{query}", f"/s/{code}{query}"):
        page.goto(served + path)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    fill_in(page)
    page.locator("#go").click()
    page.wait_for_url(re.compile(r"/r/"))
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    context.close()


def test_one_request_brings_the_whole_page(served: str, code: str, phone: Page) -> None:
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    problems: list[str] = []
    phone.on("console", lambda message: problems.append(message.text))
    phone.goto(f"{served}/s/{code}")
    phone.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith("data:")] == [f"{served}/s/{code}"]
    assert problems == []


def test_without_script_it_works_as_well(
    app: Flask, served: str, code: str, browser: Browser
) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{served}/s/{code}")
    # When something is left out, the browser itself stops there and what was chosen stays chosen
    for name in INDICATORS[1:]:
        page.locator(f'input[name="{name}"][value="5"]').check()
    page.locator("#go").click()
    expect(page.locator('input[name="party"]:invalid')).to_have_count(6)
    expect(page.locator('input[name="urban"][value="5"]')).to_be_checked()
    assert stored(app) == 0
    # When it is added, the answer is taken
    page.locator('input[name="party"][value="3"]').check()
    page.locator("#go").click()
    page.wait_for_url(re.compile(r"/r/"))
    assert stored(app) == 1
    context.close()


def test_a_double_tap_is_one_answer(app: Flask, served: str, code: str, phone: Page) -> None:
    phone.goto(f"{served}/s/{code}")
    fill_in(phone)
    phone.locator("#go").dblclick()
    phone.wait_for_url(re.compile(r"/r/"))
    assert stored(app) == 1


def test_what_was_tapped_survives_a_reload(served: str, code: str, phone: Page) -> None:
    phone.goto(f"{served}/s/{code}")
    fill_in(phone, level="2")
    phone.locator('textarea[name="comment"]').fill("还没写完")
    phone.reload()
    for name in INDICATORS:
        expect(phone.locator(f'input[name="{name}"][value="2"]')).to_be_checked()
    expect(phone.locator('textarea[name="comment"]')).to_have_value("还没写完")


def test_a_dead_network_loses_nothing(app: Flask, served: str, code: str, phone: Page) -> None:
    # Given a filled-in form
    phone.goto(f"{served}/s/{code}")
    fill_in(phone)
    # When the network dies before sending
    phone.context.set_offline(True)
    phone.locator("#go").click()
    # Then the page says so and keeps the answers
    expect(phone.locator("#say")).to_be_visible()
    assert stored(app) == 0
    # And sends them by itself, once, when the network is back
    phone.context.set_offline(False)
    phone.wait_for_url(re.compile(r"/r/"), timeout=15_000)
    assert stored(app) == 1


def test_large_type_is_one_tap_and_is_remembered(served: str, code: str, phone: Page) -> None:
    phone.goto(f"{served}/s/{code}")
    before = phone.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    phone.locator("#size").click()
    after = phone.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    assert after >= 24 > before
    phone.goto(f"{served}/s/{code}")
    assert phone.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") == after
