"""The first screen and a street's dashboard in a browser: phone and desk, both languages, print."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page

from survey.clock import utc_now
from survey.database import transaction
from survey.models import StreetCondition
from survey.services import access
from survey.services.rollup import fold_all
from tests import case_factories, factories

PASSWORD = "correct horse battery"
SIZES = {"phone": {"width": 360, "height": 740}, "desk": {"width": 1280, "height": 800}}
# A4 upright without its margins of 13 mm, at 96 pixels an inch.
PAPER = {"width": 695, "height": 1024}
PAGES = ("/office/", "/office/street/s1")


@pytest.fixture
def district(app: Flask) -> None:
    """Three streets with answers, a theme, cases, conditions, and two accounts."""
    with app.app_context():
        place = factories.place(streets=("s1", "s2", "s3"))
        for number, street_id in enumerate(place.street_ids):
            slip = factories.point(street_id=street_id, channel="slip")
            for turn in range(40):
                given = [3 + (turn + k + number) % 3 for k in range(5)]
                answers = factories.levels(
                    *given, age_band=("18-29", "60+")[turn % 2], sex="FM"[turn // 2 % 2]
                )
                factories.response(wave_id=place.wave_id, point_code=slip, answers=answers)
            with transaction() as session:
                session.add(
                    StreetCondition(
                        street_id=street_id,
                        code="staff",
                        name_zh="在岗人员（含编外）",
                        name_en="Staff in post, contractors included",
                        unit_zh="人",
                        unit_en="people",
                        value=90 + 10 * number,
                        per_residents=1000,
                    )
                )
        fold_all(now=utc_now())
        case_factories.a_theme_case(place, now=utc_now())
        case_factories.a_comment_case(place, now=utc_now())
        access.create_account("eva", PASSWORD, ["evaluator"], now=utc_now())
        access.create_account("clerk", PASSWORD, ["street"], street_code="s1", now=utc_now())


@pytest.fixture(params=[("phone", "zh-CN"), ("desk", "en")], ids=["phone-zh", "desk-en"])
def page(
    request: pytest.FixtureRequest, browser: Browser, served: str, district: None
) -> Iterator[Page]:
    """A page of the size and language, in which the street's clerk is signed in."""
    size, locale = request.param
    context = browser.new_context(viewport=SIZES[size], locale=locale, base_url=served)
    page = context.new_page()
    sign_in(page, "clerk")
    yield page
    context.close()


def sign_in(page: Page, username: str) -> None:
    page.goto("/office/sign-in")
    page.fill("[name=username]", username)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)


def width_of(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


@pytest.mark.parametrize("path", PAGES)
def test_nothing_to_find_for_axe_and_nothing_wider_than_the_window(page: Page, path: str) -> None:
    page.goto(path)
    assert page.viewport_size is not None
    assert width_of(page) <= page.viewport_size["width"]
    for fold in page.query_selector_all("main summary"):
        fold.click()
    assert width_of(page) <= page.viewport_size["width"]
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_on_paper_nothing_is_cut_and_every_picture_is_there(page: Page) -> None:
    page.goto("/office/street/s1")
    page.emulate_media(media="print")
    page.set_viewport_size(PAPER)
    assert width_of(page) <= PAPER["width"]
    beyond = page.evaluate(
        """() => [...document.querySelectorAll("main *")].filter((one) => {
          const box = one.getBoundingClientRect();
          return box.width > 0 && box.right > document.documentElement.clientWidth + 1;
        }).map((one) => one.className || one.tagName)"""
    )
    assert beyond == []
    for picture in (".d-interval", ".d-part", ".d-pyramid", ".d-pyramid .which"):
        assert page.locator(picture).first.is_visible()
    assert not page.locator("nav.side").is_visible()


def test_the_clerk_gets_from_the_first_screen_to_the_case_and_to_the_dashboard(page: Page) -> None:
    page.goto("/office/")
    assert page.locator(".tasks li").count() == 2
    page.locator(".how .links a").click()
    assert page.url.endswith("/office/street/s1")
    page.locator(".said a[href^='/office/cases/']").first.click()
    assert "/office/cases/" in page.url
    assert page.locator("h1").is_visible()


def test_the_evaluator_reads_the_first_screen_without_a_barrier(
    browser: Browser, served: str, district: None
) -> None:
    context = browser.new_context(viewport=SIZES["phone"], locale="zh-CN", base_url=served)
    page = context.new_page()
    sign_in(page, "eva")
    page.goto("/office/")
    assert width_of(page) <= SIZES["phone"]["width"]
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    context.close()
