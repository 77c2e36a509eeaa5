"""Fixtures of the browser tests: a real Chromium, and the application served on a free port."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from survey.clock import utc_now
from tests import factories
from tests.parts import chromium

PHONE = {"width": 360, "height": 740}
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
