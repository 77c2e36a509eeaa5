"""A clerk's day with one case, at a desk and on a phone, and two windows on the same case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page

from survey.clock import utc_now
from survey.models import Case, db
from survey.services import access
from tests import case_factories, factories
from tests.browser.conftest import PASSWORD, looked_at


@pytest.fixture
def case_id(app: Flask) -> int:
    """A case of s1 about a theme, opened two days ago by the real clock."""
    with app.app_context():
        place = factories.place()
        for name in ("clerk", "colleague"):
            access.create_account(name, PASSWORD, ["street"], street_code="s1", now=utc_now())
        return case_factories.a_theme_case(place, now=utc_now() - timedelta(days=2))


def form(page: Page, act: str) -> None:
    """Open the form of an act, unless it is."""
    details = page.locator(f"#act-{act}")
    if details.get_attribute("open") is None:
        details.locator("summary").click()


def test_a_clerks_day(app: Flask, case_id: int, served: str, enter: Callable[[str], Page]) -> None:
    page = enter("clerk")
    page.goto(f"{served}/office/cases/{case_id}")
    assert page.locator(".case-way .now").count() == 1
    looked_at(page, "case-received")
    page.click(".case-accept button")
    day = (utc_now() + timedelta(days=21)).date()
    form(page, "plan")
    page.fill("#words-plan", "与物业商定，三号楼东侧新划二十个车位。")
    page.fill("#due_on", day.isoformat())
    page.click("#act-plan button")
    assert page.locator(".case-due .left").last.is_visible()
    looked_at(page, "case-planned")

    # A resident's number is asked about before anything is stored; corrected, it goes.
    form(page, "reply")
    page.fill("#words-reply", "已与 13800138000 的居民联系，本月划线。")
    page.click("#act-reply button")
    assert page.locator(".case-suspects mark").inner_text() == "13800138000"
    assert "本月划线" in page.input_value("#words-reply")
    looked_at(page, "case-asked")
    page.fill("#words-reply", "已与反映问题的居民联系，本月划线。")
    page.click("#act-reply button")
    assert page.locator(".case-suspects").count() == 0

    form(page, "done")
    page.fill("#words-done", "二十个车位已划好并投入使用。")
    page.click("#act-done button")
    assert page.locator("#act-done").count() == 0
    assert page.locator(".case-way .done").count() == 4
    looked_at(page, "case-done")
    with app.app_context():
        found = db.session.get_one(Case, case_id)
        assert (found.state, found.round) == ("done", 1)
        assert "13800138000" not in found.reply


def test_the_second_window_sees_what_the_first_did(
    app: Flask, case_id: int, served: str, enter: Callable[[str], Page]
) -> None:
    first, second = enter("clerk"), enter("colleague")
    for page in (first, second):
        page.goto(f"{served}/office/cases/{case_id}")
    first.click(".case-accept button")
    form(second, "reply")
    second.fill("#words-reply", "我们正在了解情况。")
    second.click("#act-reply button")
    told = second.locator(".notice.wait").first
    assert "clerk" in told.inner_text()
    assert second.input_value("#words-reply") == "我们正在了解情况。"
    looked_at(second, "case-stale")
    second.click("#act-reply button")
    with app.app_context():
        found = db.session.get_one(Case, case_id)
        assert (found.state, found.reply) == ("accepted", "我们正在了解情况。")
