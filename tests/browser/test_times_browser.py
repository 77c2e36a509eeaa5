"""How long things take in a browser: phone and desk, both languages, narrowed, on paper."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from survey.clock import utc_now
from survey.desk import Desk
from survey.services import access, cases
from survey.services.case_paths import pass_on
from tests import case_factories, factories

PASSWORD = "correct horse battery"
CLERK = Desk("clerk", street_code="s1")
WINDOWS = [("zh-CN", 360, 740), ("en", 360, 740), ("zh-CN", 1280, 800), ("en", 1280, 800)]
# A4 upright without its margins of 13 mm, at 96 pixels an inch.
PAPER = {"width": 695, "height": 1024}


@pytest.fixture
def given(app: Flask) -> None:
    """Twelve cases of s1, most of them answered, one passed to a department."""
    now = utc_now()
    with app.app_context():
        place = factories.place()
        factories.department(district_id=place.district_id, code="roads")
        for name, role, more in (
            ("clerk", "street", {"street_code": "s1"}),
            ("eva", "evaluator", {}),
        ):
            access.create_account(name, PASSWORD, [role], now=now, **more)
        start = now - timedelta(days=24)
        for number in range(12):
            case_id = case_factories.a_comment_case(place, now=start)
            cases.accept(case_id, version=1, desk=CLERK, now=start + timedelta(days=1))
            if number < 9:
                cases.reply(
                    case_id,
                    version=2,
                    desk=CLERK,
                    words="我们去看过了",
                    now=start + timedelta(days=1 + 2 * number),
                )
        pass_on(
            case_id,
            department_code="roads",
            version=2,
            desk=CLERK,
            words="路灯归道路",
            now=start + timedelta(days=9),
        )


@pytest.fixture(params=WINDOWS, ids=lambda one: f"{one[0]}-{one[1]}")
def page(
    request: pytest.FixtureRequest, browser: Browser, served: str, given: None
) -> Iterator[Page]:
    """A window of the size and language, in which the evaluation office is signed in."""
    locale, width, height = request.param
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=locale,
        base_url=served,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto("/office/sign-in")
    page.fill("[name=username]", "eva")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
    yield page
    context.close()


def test_pictures_and_tables_fit_and_axe_finds_nothing(page: Page) -> None:
    assert page.goto("/office/times").status == 200
    assert page.viewport_size is not None
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    size = "narrow" if width < 700 else "wide"
    # Three pictures, each in the size of the window and in no other, with words inside its edges.
    expect(page.locator(f".drawn svg.{size}:visible")).to_have_count(3)
    expect(page.locator(".drawn svg:visible")).to_have_count(3)
    outside = page.evaluate(
        """() => [...document.querySelectorAll(".drawn svg text")].filter((one) => {
          const box = one.getBoundingClientRect();
          if (!box.width) return false;
          const edge = one.ownerSVGElement.getBoundingClientRect();
          return box.left < edge.left - 4 || box.right > edge.right + 4;
        }).map((one) => one.textContent)"""
    )
    assert outside == []
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    if folder := os.environ.get("TIMES_PICTURES"):
        tag = page.evaluate("document.documentElement.lang")[:2]
        page.screenshot(path=f"{folder}/times-{width}-{tag}.png", full_page=True)


def test_a_street_and_a_department_are_chosen_without_script(page: Page) -> None:
    page.goto("/office/times")
    page.select_option("#street", "s1")
    page.select_option("#department", "roads")
    page.click(".choose button")
    assert "street=s1&department=roads" in page.url
    # One case of one that waits: no answer, so that there is no curve.
    expect(page.locator(".drawn svg:visible")).to_have_count(2)
    page.select_option("#street", "s2")
    page.click(".choose button")
    expect(page.locator(".drawn")).to_have_count(0)
    expect(page.locator(".notice a[href='/office/times']")).to_be_visible()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_on_paper_every_picture_is_there_and_nothing_is_cut(page: Page) -> None:
    page.goto("/office/times")
    page.emulate_media(media="print")
    page.set_viewport_size(PAPER)
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER["width"]
    expect(page.locator(".drawn svg.wide:visible")).to_have_count(3)
    expect(page.locator("nav.side")).to_be_hidden()
