"""Axe finds nothing on any page, at a desk or on a phone, and no phone scrolls sideways.

The desk reads English, the phone Chinese. tests.every_page holds the pages; a rule that it does
not name fails the walk by name.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page

from tests import factories
from tests.browser.conftest import PASSWORD, PHONE, SIZES, sign_in
from tests.every_page import ANYBODY, AT_KIOSK, PAGES, pages_of
from tests.furnished import furnish

VIOLATIONS = {"resultTypes": ["violations"]}


class Windows:
    """A window for each account, opened when it is first needed."""

    def __init__(self, browser: Browser, served: str, size: tuple[str, int, int]) -> None:
        self.browser, self.served, self.size = browser, served, size
        self.opened: dict[str, Page] = {}

    def of(self, who: str, data: dict[str, str]) -> Page:
        """The window of somebody of tests.every_page."""
        if who not in self.opened:
            locale, width, height = self.size
            # Colours are looked at when they have arrived, not on their way.
            context = self.browser.new_context(
                viewport={"width": width, "height": height},
                locale=locale,
                reduced_motion="reduce",
            )
            self.opened[who] = page = context.new_page()
            if who == AT_KIOSK:
                given = factories.levels(5, 4, 3, 2, 1)
                given["submission_key"] = secrets.token_urlsafe(16)
                page.request.post(f"{self.served}/kiosk/{data['kiosk']}/ask", form={**given})
            elif who != ANYBODY:
                sign_in(page, self.served, who, PASSWORD)
        return self.opened[who]


@pytest.fixture(params=SIZES, ids=["desk", "phone"])
def windows(request: pytest.FixtureRequest, browser: Browser, served: str) -> Iterator[Windows]:
    """Where the walk looks: one size and language a walk."""
    made = Windows(browser, served, request.param)
    yield made
    for page in made.opened.values():
        page.context.close()


def test_nothing_is_found_on_any_page(app: Flask, windows: Windows) -> None:
    data = furnish(app, is_demo=True)
    found: list[str] = []
    for endpoint, visits in pages_of(app).items():
        for who, path in visits:
            page = windows.of(who, data)
            answer = page.goto(windows.served + path.format(**data))
            assert answer
            assert answer.status == 200, (endpoint, path)
            if endpoint == "api.docs":
                page.locator(".opblock").first.wait_for()
            found += [f"{endpoint} ({who}): {one}" for one in _wrong(page)]
    assert not found, "\n".join(found)


def _wrong(page: Page) -> list[str]:
    """What axe finds with everything unfolded, and whether a phone had to scroll sideways."""
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = [
        f"{one['id']}: {node['target']} {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in Axe().run(page, options=VIOLATIONS).response["violations"]
        for node in one["nodes"][:3]
    ]
    size = page.viewport_size
    assert size
    for width in {size["width"], PHONE["width"]}:
        page.set_viewport_size({"width": width, "height": size["height"]})
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{wide} px wide in a window of {width}"] * (wide > width)
    page.set_viewport_size(size)
    return found


def test_a_rule_that_no_walk_opens_is_named(app: Flask) -> None:
    app.add_url_rule("/office/new-page", "forgotten.page", lambda: "")
    with pytest.raises(AssertionError, match=r"forgotten\.page"):
        pages_of(app)
    assert len(PAGES) > 60
