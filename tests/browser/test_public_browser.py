"""The public pages in a real browser: on a phone and a desk, without script, with high contrast."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page

from survey.services.pictures import draw_for_wave
from tests.factories import NOW
from tests.public_cases import PLAN, with_cases
from tests.published import FIRST, SECOND

PATHS = (
    "/",
    f"/?wave={FIRST}",
    "/streets/s1",
    "/streets/s3",
    "/method",
    "/data",
)
SIZES = {"desk": ("en", 1280, 800), "phone": ("zh-CN", 360, 740)}


@pytest.fixture
def published(app: Flask) -> Flask:
    app = with_cases(app)
    with app.app_context():
        draw_for_wave(SECOND, now=NOW, with_streets=False)
    return app


@pytest.mark.parametrize("size", SIZES)
def test_every_page_fits_and_says_everything_to_everybody(
    published: Flask, served: str, browser: Browser, size: str
) -> None:
    locale, width, height = SIZES[size]
    with browser.new_context(viewport={"width": width, "height": height}, locale=locale) as context:
        page = context.new_page()
        wrong: list[str] = []
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("requestfailed", lambda request: wrong.append(request.url))
        for path in PATHS:
            page.goto(served + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            found = Axe().run(page)
            assert found.violations_count == 0, (path, found.generate_report())
        assert wrong == []


@pytest.fixture
def bare(browser: Browser) -> Page:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, locale="en", java_script_enabled=False
    )
    page = context.new_page()
    yield page
    context.close()


def test_the_way_from_the_finding_to_what_was_done_needs_no_script(
    published: Flask, served: str, bare: Page
) -> None:
    bare.goto(served + "/")
    assert "The order of the 2 streets can be told" in bare.locator("h1").inner_text()
    assert bare.locator("picture img").is_visible()
    bare.locator(".street-links a", has_text="s1 Street").click()
    bare.get_by_role("link", name="You said, we did").first.click()
    theme = bare.locator(".said-theme", has_text="parking")
    assert theme.locator("dt").all_inner_texts() == [
        "You said",
        "What is planned",
        "What was done, says the office",
        "Is it solved? Residents say",
    ]
    assert PLAN in theme.inner_text()
    assert bare.locator(".trend-plot").is_visible()
    assert bare.locator(".times b").first.is_visible()
    # Where a picture is not drawn yet, the intervals stand there all the same.
    assert bare.locator(".meters .range").count() == 5


def test_what_matters_stays_in_high_contrast_and_on_paper(
    published: Flask, served: str, browser: Browser
) -> None:
    with browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="zh-CN", forced_colors="active"
    ) as context:
        page = context.new_page()
        page.goto(served + "/streets/s1")
        line = page.locator(".trend-plot .range").first
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert line.evaluate("node => getComputedStyle(node).stroke") != paper
        page.emulate_media(media="print", forced_colors="none")
        assert page.locator(".said-theme").first.is_visible()
        assert not page.locator(".jump").is_visible()
        # The table under the picture is printed although it is folded on the screen.
        assert page.locator("details table").first.is_visible()
