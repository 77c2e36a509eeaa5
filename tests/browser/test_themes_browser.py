"""An evaluator decides about themes in a real browser: few clicks, keys, and no script needed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import select

from survey.models import Theme, db
from survey.services import access
from survey.services.theme_review import decide
from tests import factories
from tests.factories import NOW
from tests.services.themes_told import CODE, DEPARTMENT, NOISE, PARKING, department, themed

HERE = f"/office/waves/{CODE}/themes"
PASSWORD = "correct horse battery"
SIZES = {"desk": {"width": 1280, "height": 800}, "phone": {"width": 360, "height": 740}}


@pytest.fixture
def theme_id(app: Flask) -> int:
    """A proposed theme of twelve comments and one of three, and a department."""
    with app.app_context():
        place = factories.place()
        department(place)
        access.create_account("eva", PASSWORD, ["evaluator"], street_code=None, now=NOW)
        found = themed(place, PARKING)
        themed(place, NOISE, street=1, keywords=["吵"])
        given = {"value": "urban"}
        decide(CODE, found, action="indicator", given=given, actor="eva", now=NOW)
    return found


def signed_in(context: BrowserContext, served: str) -> Page:
    page = context.new_page()
    page.goto(f"{served}/office/sign-in")
    page.fill("[name=username]", "eva")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/office/")
    return page


@pytest.fixture
def desk(browser: Browser, served: str, theme_id: int) -> Iterator[Page]:
    """A page at a desk, in English, eva signed in."""
    context = browser.new_context(viewport=SIZES["desk"], locale="en")
    yield signed_in(context, served)
    context.close()


def decided(app: Flask, theme_id: int) -> tuple[str, str, str, str | None]:
    with app.app_context():
        theme = db.session.scalars(select(Theme).where(Theme.id == theme_id)).one()
        named = theme.department.code if theme.department else None
        return theme.status, theme.scope, theme.remit, named


AFTER = ("confirmed", "common", "department", DEPARTMENT)


@pytest.mark.parametrize("start", ["review", "theme"])
def test_from_proposed_to_confirmed_common_and_a_department_in_four_clicks(
    app: Flask, desk: Page, served: str, theme_id: int, start: str
) -> None:
    # Given a proposed theme, first in the queue or on its own page
    desk.goto(f"{served}{HERE}/{'review' if start == 'review' else theme_id}")
    assert decided(app, theme_id)[0] == "proposed"
    # When these are clicked, and nothing else
    desk.evaluate("sessionStorage.clicks = 0")
    desk.add_init_script(
        "addEventListener('click', function (e) {"
        " if (e.isTrusted) sessionStorage.clicks = 1 + Number(sessionStorage.clicks); }, true)"
    )
    desk.reload()
    desk.get_by_role("button", name="Confirm", exact=False).first.click()
    desk.get_by_role("button", name="Common problem").click()
    desk.locator("summary", has_text="Department").click()
    desk.get_by_role("button", name="Urban", exact=True).click()
    desk.wait_for_load_state()
    # Then it is so, in four clicks, and the queue goes on to the next theme
    assert int(desk.evaluate("sessionStorage.clicks")) == 4
    assert decided(app, theme_id) == AFTER
    if start == "review":
        assert NOISE[0] in desk.inner_text("article h2")


def test_keys_alone_decide_and_judge(app: Flask, desk: Page, served: str, theme_id: int) -> None:
    desk.goto(f"{served}{HERE}/review")
    for key in ("1", "3"):
        with desk.expect_navigation():
            desk.keyboard.press(key)
    desk.keyboard.press("6")
    with desk.expect_navigation():
        desk.keyboard.press("Enter")
    assert decided(app, theme_id) == AFTER
    desk.goto(f"{served}{HERE}/{theme_id}/sample")
    for key in ("1", "2", "1"):
        with desk.expect_navigation():
            desk.keyboard.press(key)
    assert "3 judged, 2 of them about it" in desk.inner_text("main")
    # A digit in a field is a digit.
    desk.goto(f"{served}{HERE}/review")
    desk.locator("summary", has_text="Give it a name").click()
    desk.locator("#name_en").press_sequentially("12")
    assert desk.locator("#name_en").input_value() == "12"
    assert desk.url.endswith("/review")


def test_without_script_everything_can_be_decided_and_undone(
    app: Flask, browser: Browser, served: str, theme_id: int
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en")
    page = signed_in(context, served)
    page.goto(f"{served}{HERE}/review")
    page.get_by_role("button", name="Confirm").first.click()
    page.get_by_role("button", name="Common problem").click()
    page.locator("summary", has_text="Department").click()
    page.get_by_role("button", name="Urban", exact=True).click()
    assert decided(app, theme_id) == AFTER
    page.get_by_role("button", name="Undo").click()
    assert decided(app, theme_id) == ("confirmed", "common", "undecided", None)
    context.close()


def test_a_deduction_of_a_draft_is_one_click_from_its_comments(
    desk: Page, served: str, theme_id: int
) -> None:
    desk.goto(f"{served}/office/waves/{CODE}/evaluation?draft=1")
    # What takes nothing stands in a list that is closed at first.
    closed = desk.locator("details:not([open]) summary", has=desk.locator("xpath=..//a"))
    clicks = 0
    link = desk.locator(f'a[href*="/themes/{theme_id}?street=s1"]').first
    if not link.is_visible():
        closed.first.click()
        clicks += 1
    link.click()
    clicks += 1
    assert clicks <= 2
    assert desk.locator("#comments").is_visible()
    for text in PARKING:
        assert text in desk.inner_text("main")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_pages_of_themes_are_accessible_and_fit(
    browser: Browser, served: str, theme_id: int, size: str, locale: str
) -> None:
    context = browser.new_context(viewport=SIZES[size], locale=locale)
    page = signed_in(context, served)
    for path in ("", "/review", f"/{theme_id}", f"/{theme_id}/sample", "/comments", "/decisions"):
        page.goto(f"{served}{HERE}{path}")
        found = Axe().run(page)
        problems = [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]]
        assert problems == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    context.close()
