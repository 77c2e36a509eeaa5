"""A printed code changed in the office, and what the resident who scans it meets. Real browsers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from survey.clock import utc_now
from survey.models import CollectionPoint, Response, db
from survey.services import access
from tests.browser.test_resident_browser import fill_in

PASSWORD = "correct horse battery"
OFFICE = {"width": 1366, "height": 768}


@pytest.fixture
def desk(app: Flask, browser: Browser, served: str, code: str) -> Iterator[Page]:
    """The screen of the district's admin, at the list of collection points, in Chinese."""
    with app.app_context():
        access.create_account("boss", PASSWORD, ["admin"], now=utc_now())
    context = browser.new_context(viewport=OFFICE, locale="zh-CN", bypass_csp=True)
    page = context.new_page()
    page.goto(f"{served}/office/sign-in?next=/office/admin/points")
    page.locator('[name="username"]').fill("boss")
    page.locator('[name="password"]').fill(PASSWORD)
    page.locator('[name="password"]').press("Enter")
    page.wait_for_url(re.compile("/office/admin/points$"))
    yield page
    context.close()


def row(desk: Page, code: str):
    """The line of a code in the list."""
    return desk.locator("tbody tr").filter(has=desk.locator("th", has_text=code))


def looks_right(page: Page) -> None:
    """Nothing wider than the screen, nothing that a screen reader stumbles over."""
    widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
    assert Axe().run(page).response["violations"] == []


def channel_points(app: Flask) -> list[str]:
    """The codes under which answers were given."""
    with app.app_context():
        query = select(CollectionPoint.short_code).join(
            Response, Response.collection_point_id == CollectionPoint.id
        )
        return list(db.session.scalars(query))


def test_a_clerk_replaces_a_code_and_the_resident_is_led_to_the_new_one(
    app: Flask, served: str, code: str, desk: Page, phone: Page
) -> None:
    # Given a resident who has the questions of the printed code open
    phone.goto(f"{served}/s/{code}")
    fill_in(phone)
    # When the clerk takes the code out of use
    looks_right(desk)
    row(desk, code).locator(f'a[href$="/{code}/retire"]').click()
    desk.wait_for_url(re.compile("/retire$"))
    looks_right(desk)
    reads = desk.locator('section[aria-labelledby="reads"]')
    title, told = reads.locator("b").first.inner_text(), reads.locator("li").all_inner_texts()
    # (and a form without a choice goes nowhere)
    assert desk.locator("input:checked").count() == 0
    desk.locator("main form button.danger").click()
    assert desk.url.endswith("/retire")
    desk.locator('label:has(input[value="new"])').click()
    desk.locator("main form button.danger").click()
    # Then the list has the old code out of use and the new one with its poster
    desk.wait_for_url(re.compile(r"/points\?street=s1$"))
    new = row(desk, code).locator("td code").inner_text()
    assert new != code
    expect(row(desk, new).locator(f'a[href="/points/{new}/poster.pdf"]')).to_be_visible()
    looks_right(desk)

    # And the resident's answer is refused kindly, with the way on
    phone.locator("#go").click()
    way = phone.locator(f'a[href^="/s/{new}"]')
    expect(way).to_be_visible()
    assert phone.locator("h1").inner_text() == title
    shown = phone.locator("section li").all_inner_texts()
    assert shown[1:] == told[1:]
    assert way.inner_text() in told[0]
    assert channel_points(app) == []

    # And whoever scans the old code from now on answers under the new one
    phone.goto(f"{served}/s/{code}")
    way.click()
    phone.wait_for_url(re.compile(f"/s/{new}"))
    fill_in(phone)
    phone.locator("#go").click()
    phone.wait_for_url(re.compile(r"/r/"))
    assert channel_points(app) == [new]


def test_a_code_retired_by_mistake_comes_back_by_keyboard(
    served: str, code: str, desk: Page, phone: Page
) -> None:
    row(desk, code).locator("a.danger").press("Enter")
    desk.locator('input[value="none"]').press("Space")
    desk.locator("main form button.danger").press("Enter")
    desk.wait_for_url(re.compile(r"/points\?street=s1$"))
    phone.goto(f"{served}/s/{code}")
    expect(phone.locator("#go")).to_have_count(0)
    row(desk, code).locator('a[href$="/restore"]').press("Enter")
    desk.wait_for_url(re.compile("/restore$"))
    looks_right(desk)
    desk.locator("main form button").press("Enter")
    desk.wait_for_url(re.compile(r"/points\?street=s1$"))
    phone.goto(f"{served}/s/{code}")
    expect(phone.locator("#go")).to_be_visible()
    assert urlsplit(phone.url).path == f"/s/{code}"
