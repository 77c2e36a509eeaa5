"""A kiosk in a real browser: one person after another, and nothing left of the one before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from survey.clock import utc_now
from survey.models import Response, db
from tests import factories
from tests.browser.test_resident_browser import fill_in

TABLET = {"width": 1024, "height": 768}
# The seconds of the default setting; the tests move the page's clock.
IDLE = 60


@pytest.fixture
def kiosk(app: Flask, served: str) -> str:
    """The address of a kiosk."""
    with app.app_context():
        now = utc_now()
        district_id = factories.district()
        factories.wave(
            district_id=district_id,
            opens_at=now - timedelta(days=1),
            closes_at=now + timedelta(days=1),
        )
        street_id = factories.street(district_id=district_id, code="s1")
        code = factories.point(street_id=street_id, channel="assisted", code="KASK77")
    return f"{served}/kiosk/{code}"


@pytest.fixture
def tablet(browser: Browser) -> Iterator[Page]:
    """A tablet's page; any error of a script fails the test."""
    context = browser.new_context(viewport=TABLET, locale="zh-CN", has_touch=True)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def answers(app: Flask) -> list[str]:
    """The channels of the stored answers."""
    with app.app_context():
        return list(db.session.scalars(select(Response.channel)))


def chosen(page: Page) -> int:
    return page.locator("input:checked").count()


def begin(page: Page, kiosk: str, lang: str = "zh") -> None:
    page.goto(kiosk)
    page.locator(f'a.go[href$="lang={lang}"]').tap()
    page.wait_for_url(re.compile("/ask"))
    page.wait_for_load_state()


def test_one_after_another_answers_and_no_receipt_is_left(
    app: Flask, kiosk: str, tablet: Page
) -> None:
    # Given somebody who answers in large type
    begin(tablet, kiosk)
    assert tablet.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 24
    fill_in(tablet)
    tablet.locator("#go").tap()
    # When it is sent, then there are thanks and no code
    tablet.wait_for_url(re.compile("/r/thanks"))
    assert answers(app) == ["assisted"]
    expect(tablet.locator(".code")).to_have_count(0)
    # And the code with its QR picture for those who ask
    tablet.locator('a[href*="show=1"]').tap()
    expect(tablet.locator(".code")).to_have_text(re.compile(r"^[0-9A-Z]{10}$"))
    receipt = tablet.locator(".code").inner_text()
    expect(tablet.locator("svg.qr")).to_be_visible()
    # Then one tap clears it, and neither back, forward, reload nor the address bring it back
    tablet.locator("a.go").tap()
    expect(tablet.locator(".welcome")).to_be_visible()
    for move in (tablet.go_back, tablet.go_forward, tablet.reload):
        move()
        assert receipt not in tablet.content()
        assert chosen(tablet) == 0
    tablet.goto(f"{kiosk}/r/thanks?show=1")
    expect(tablet.locator(".welcome")).to_be_visible()
    assert tablet.context.cookies() == []


def test_it_warns_and_one_tap_goes_on_and_else_it_clears_itself(
    app: Flask, kiosk: str, tablet: Page
) -> None:
    tablet.clock.install()
    begin(tablet, kiosk, "en")
    fill_in(tablet, level="2")
    tablet.locator('textarea[name="comment"]').fill("nobody else may read this")
    # Nothing is touched: the question comes, and a tap goes on with everything still there
    tablet.clock.fast_forward((IDLE - 25) * 1000)
    expect(tablet.locator("#still")).to_be_hidden()
    tablet.clock.fast_forward(10_000)
    expect(tablet.locator("#still")).to_be_visible()
    expect(tablet.locator("#still button")).to_be_focused()
    tablet.locator("#still button").tap()
    expect(tablet.locator("#still")).to_be_hidden()
    assert chosen(tablet) == 5
    # Not touched any more: the welcome, and the next person finds nothing
    tablet.clock.fast_forward((IDLE - 10) * 1000)
    expect(tablet.locator("#still")).to_be_visible()
    tablet.clock.fast_forward(11_000)
    expect(tablet.locator(".welcome")).to_be_visible()
    begin(tablet, kiosk, "en")
    assert chosen(tablet) == 0
    expect(tablet.locator('textarea[name="comment"]')).to_have_value("")
    tablet.go_back()
    assert "nobody else" not in tablet.content()
    assert answers(app) == []


def test_typing_keeps_it_from_clearing(kiosk: str, tablet: Page) -> None:
    tablet.clock.install()
    begin(tablet, kiosk)
    for _ in range(4):
        tablet.locator('textarea[name="comment"]').press_sequentially("灯")
        tablet.clock.fast_forward(30_000)
    expect(tablet.locator("#still")).to_be_hidden()
    expect(tablet.locator('textarea[name="comment"]')).to_have_value("灯" * 4)


def test_a_reload_shows_empty_questions_and_nothing_lies_in_the_storage(
    kiosk: str, tablet: Page
) -> None:
    begin(tablet, kiosk)
    fill_in(tablet)
    tablet.locator('textarea[name="comment"]').fill("不该留下")
    tablet.reload()
    assert chosen(tablet) == 0
    expect(tablet.locator('textarea[name="comment"]')).to_have_value("")
    stored = tablet.context.storage_state()
    assert stored["origins"] == []


def test_a_dead_network_covers_the_answers_keeps_them_and_sends_them_once(
    app: Flask, kiosk: str, tablet: Page
) -> None:
    tablet.clock.install()
    begin(tablet, kiosk)
    fill_in(tablet, level="1")
    tablet.context.set_offline(True)
    tablet.locator("#go").tap()
    # The answers are covered, and not cleared however long nobody touches the tablet
    expect(tablet.locator("#unsent")).to_be_visible()
    tablet.clock.fast_forward(IDLE * 1000 * 10)
    expect(tablet.locator("#unsent")).to_be_visible()
    assert answers(app) == []
    # Back again, they are sent by themselves, and the welcome follows
    tablet.context.set_offline(False)
    tablet.wait_for_url(re.compile("/r/thanks"), timeout=15_000)
    assert answers(app) == ["assisted"]


def test_who_does_not_want_to_wait_clears_everything_even_offline(
    app: Flask, kiosk: str, tablet: Page
) -> None:
    begin(tablet, kiosk)
    fill_in(tablet, level="1")
    tablet.context.set_offline(True)
    tablet.locator("#go").tap()
    tablet.locator("#unsent button").tap()
    # No error page of the browser: a blank screen that comes back by itself
    expect(tablet.locator("#blank")).to_be_visible()
    assert chosen(tablet) == 0
    tablet.context.set_offline(False)
    expect(tablet.locator(".welcome")).to_be_visible(timeout=10_000)
    tablet.wait_for_timeout(1000)
    assert answers(app) == []


def test_idle_while_the_network_is_down_clears_at_once(kiosk: str, tablet: Page) -> None:
    tablet.clock.install()
    begin(tablet, kiosk)
    fill_in(tablet)
    tablet.context.set_offline(True)
    tablet.clock.fast_forward((IDLE + 1) * 1000)
    expect(tablet.locator("#blank")).to_be_visible()
    assert chosen(tablet) == 0
    tablet.context.set_offline(False)
    expect(tablet.locator(".welcome")).to_be_visible(timeout=10_000)


def test_without_script_it_works_by_links_and_clears_itself(
    app: Flask, kiosk: str, browser: Browser
) -> None:
    context = browser.new_context(viewport=TABLET, java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(kiosk)
    page.locator('a.go[href$="lang=zh"]').click()
    assert page.locator('noscript meta[http-equiv="refresh"], meta[http-equiv="refresh"]').count()
    for name in factories.INDICATORS:
        page.locator(f'input[name="{name}"][value="4"]').check()
    page.locator("#go").click()
    page.wait_for_url(re.compile("/r/thanks"))
    assert answers(app) == ["assisted"]
    page.locator('a[href*="show=1"]').click()
    expect(page.locator(".code")).to_be_visible()
    # The page leaves by itself, and going back shows neither the code nor the answers
    expect(page.locator(".welcome")).to_be_visible(timeout=20_000)
    for _ in range(4):
        page.go_back()
        assert page.locator(".code").count() == 0
        assert chosen(page) == 0
    context.close()


@pytest.mark.parametrize("viewport", [TABLET, {"width": 360, "height": 740}])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_axe_finds_nothing_and_nothing_hangs_over_the_edge(
    kiosk: str, browser: Browser, viewport: dict[str, int], lang: str
) -> None:
    context = browser.new_context(viewport=viewport, bypass_csp=True, has_touch=True)
    page = context.new_page()
    page.clock.install()

    def look() -> None:
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1]

    page.goto(kiosk)
    look()
    heights = page.locator("a.go").evaluate_all("all => all.map(a => a.offsetHeight)")
    assert min(heights) >= 80
    begin(page, kiosk, lang)
    look()
    fill_in(page)
    page.clock.fast_forward((IDLE - 15) * 1000)
    expect(page.locator("#still")).to_be_visible()
    look()
    page.locator("#still button").tap()
    page.locator("#go").tap()
    page.wait_for_url(re.compile("/r/thanks"))
    look()
    page.locator('a[href*="show=1"]').tap()
    expect(page.locator(".code")).to_be_visible()
    look()
    context.close()


def test_counting_needs_no_other_host(kiosk: str, tablet: Page) -> None:
    asked: list[str] = []
    tablet.on("request", lambda request: asked.append(request.url))
    begin(tablet, kiosk)
    fill_in(tablet)
    tablet.locator("#go").tap()
    tablet.wait_for_url(re.compile("/r/thanks"))
    own = kiosk.split("/kiosk/")[0]
    assert all(url.startswith((own, "data:")) for url in asked)


def test_the_number_of_answers_is_the_number_of_people(
    app: Flask, kiosk: str, tablet: Page
) -> None:
    for _ in range(3):
        begin(tablet, kiosk)
        fill_in(tablet)
        tablet.locator("#go").dblclick()
        tablet.wait_for_url(re.compile("/r/thanks"))
        tablet.locator("a.go").tap()
        expect(tablet.locator(".welcome")).to_be_visible()
    with app.app_context():
        assert db.session.scalar(select(func.count(func.distinct(Response.submission_key)))) == 3
