"""Fixtures of the browser tests: a real Chromium, and the application served on a free port."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from survey.clock import utc_now
from tests import factories
from tests.parts import chromium

PHONE = {"width": 360, "height": 740}
PASSWORD = "correct horse battery"
#: A desk reads English, a telephone Chinese.
SIZES = [("en", 1280, 800), ("zh-CN", 360, 740)]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder, so that `-m browser` finds it."""
    for item in items:
        if item.path.is_relative_to(__file__.rsplit("/", 1)[0]):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; each test opens its own pages in a fresh context."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A page as large as a small phone, in Chinese."""
    context = browser.new_context(viewport=PHONE, locale="zh-CN", has_touch=True)
    yield context.new_page()
    context.close()


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    """The address of the application on a free port."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def code(app: Flask) -> str:
    """The code of a point in a wave that is open now, by the real clock."""
    with app.app_context():
        now = utc_now()
        district_id = factories.district()
        factories.wave(
            district_id=district_id,
            opens_at=now - timedelta(days=1),
            closes_at=now + timedelta(days=1),
        )
        return factories.point(street_id=factories.street(district_id=district_id, code="s1"))


def sign_in(page: Page, served: str, username: str, password: str = PASSWORD) -> None:
    """Sign in and wait for the first screen, or for the page that asks for a one-time code."""
    page.goto(f"{served}/office/sign-in")
    page.fill("[name=username]", username)
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda address: not address.endswith("/office/sign-in"))


@pytest.fixture(params=SIZES, ids=["desk", "phone"])
def enter(
    request: pytest.FixtureRequest, browser: Browser, served: str
) -> Iterator[Callable[[str], Page]]:
    """enter("clerk") -> a window of its own in which the account is signed in."""
    locale, width, height = request.param
    opened: list[BrowserContext] = []

    def entered(username: str) -> Page:
        # Colours are looked at when they have arrived, not on their way.
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale=locale, reduced_motion="reduce"
        )
        opened.append(context)
        page = context.new_page()
        sign_in(page, served, username)
        return page

    yield entered
    for context in opened:
        context.close()


def looked_at(page: Page, name: str) -> None:
    """Axe finds nothing, the page is not wider than the window; a picture when it is asked for."""
    assert page.viewport_size
    width = page.viewport_size["width"]
    folder = os.environ.get("CASE_PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    found = Axe().run(page)
    assert found.violations_count == 0, (name, found.generate_report())
