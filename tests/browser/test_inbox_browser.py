"""The inbox and the department's desk in a real browser: search, filter, phone, axe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from survey.clock import utc_now
from survey.database import transaction
from survey.formatting import local_time
from survey.models import Case
from survey.services import access
from survey.services.rollup import fold_all
from tests import case_factories, factories
from tests.browser.conftest import PHONE

PASSWORD = "correct horse battery"


@pytest.fixture
def office(app: Flask, served: str) -> str:
    """The address of an office with cases in both streets, a clerk and the department's account."""
    with app.app_context():
        now = utc_now()
        place = factories.place()
        roads = case_factories.department(district_id=place.district_id, code="roads")
        late = case_factories.a_comment_case(place, body="楼下路灯坏了三个月")
        case_factories.a_comment_case(place, street=1, body="隔壁街道停车难")
        case_factories.a_comment_case(place, body="小区里停车太难了，消防通道也停满了" * 3)
        passed = case_factories.a_theme_case(place)
        with transaction() as session:
            session.get_one(Case, late).reply_due_on = local_time(now).date() - timedelta(days=4)
            session.get_one(Case, passed).department_id = roads
        fold_all(now=now)
        access.create_account("clerk", PASSWORD, ["street"], street_code="s1", now=now)
        access.create_account("dept", PASSWORD, ["department"], department_code="roads", now=now)
    return served


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page as wide as a clerk's screen."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en")
    yield context.new_page()
    context.close()


def enter(page: Page, office: str, who: str, path: str) -> None:
    """Sign in and go on to the page."""
    page.goto(f"{office}/office/sign-in?next={path}&lang=en")
    page.fill("[name=username]", who)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"**{path}*")


def test_a_clerk_searches_and_filters(page: Page, office: str) -> None:
    enter(page, office, "clerk", "/office/inbox")
    rows = page.locator(".inbox-row")
    expect(rows).to_have_count(2)
    # What is overdue stands first.
    expect(rows.first).to_contain_text("楼下路灯坏了三个月")
    expect(rows.first).to_contain_text("4 days overdue")
    page.fill("#q", "停车")
    page.press("#q", "Enter")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("小区里停车太难了")
    page.get_by_role("link", name="Waiting for others").click()
    expect(rows).to_have_count(1)
    expect(page.locator("#q")).to_have_value("停车")
    page.get_by_role("link", name="Show everything").click()
    page.locator(".tabs").get_by_role("link", name="All").click()
    expect(rows).to_have_count(3)
    page.get_by_text("Filters", exact=True).click()
    page.select_option("#due", "overdue")
    page.get_by_role("button", name="Apply the filters").click()
    expect(rows).to_have_count(1)
    assert "due=overdue" in page.url
    rows.first.get_by_role("link").click()
    expect(page.locator("h1")).to_be_visible()
    assert "/office/cases/" in page.url


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("clerk", "/office/inbox"),
        ("clerk", "/office/inbox?tab=all&due=overdue"),
        ("clerk", "/office/inbox?tab=comments"),
        ("dept", "/office/department/"),
    ],
)
def test_nothing_for_axe_and_nothing_wider_than_the_window(
    page: Page, office: str, who: str, path: str
) -> None:
    enter(page, office, who, "/office/account")
    page.goto(f"{office}{path}")
    for size in ({"width": 1280, "height": 800}, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], f"{width} px wide at {size['width']}"
        found = Axe().run(page).response["violations"]
        assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]
