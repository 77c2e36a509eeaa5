"""The policy in a real browser: two windows, errors in sight, what-if and take-over; axe-clean."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from survey.clock import utc_now
from survey.database import transaction
from survey.models import Wave
from survey.services import access
from survey.services.rollup import fold_all
from tests import factories

PASSWORD = "correct horse battery"
DRAFT = "/office/waves/2027q1/policy"
OPEN_ALL = "document.querySelectorAll('details').forEach(one => one.open = true)"


@pytest.fixture
def office(app: Flask, served: str) -> str:
    """The address of an office with a closed wave, a draft after it and an evaluator, eva."""
    with app.app_context():
        now = utc_now()
        place = factories.place()
        for point in place.points * 20:
            factories.response(
                wave_id=place.wave_id, point_code=point, answers=factories.levels(5, 4, 4, 3, 2)
            )
        fold_all(now=now)
        for street_id in place.street_ids:
            for assessor in "ABC":
                factories.direct_score(
                    wave_id=place.wave_id, street_id=street_id, assessor=assessor
                )
        with transaction() as session:
            session.execute(update(Wave).values(status="closed"))
        factories.wave(
            district_id=place.district_id,
            code="2027q1",
            status="draft",
            policy_id=factories.policy(overrides={"alpha": 0.5}),
            opens_at=now + timedelta(days=40),
            closes_at=now + timedelta(days=80),
        )
        access.create_account("eva", PASSWORD, ["evaluator"], now=now)
    return served


def signed_in(browser: Browser, office: str, *, lang: str, width: int) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 740}, bypass_csp=True).new_page()
    page.goto(f"{office}/office/sign-in?lang={lang}")
    page.locator("#username").fill("eva")
    page.locator("#password").fill(PASSWORD)
    page.locator("main button").click()
    page.context.add_cookies([{"name": "lang", "value": lang, "url": office}])
    return page


def assert_sound(page: Page) -> None:
    """Nothing for axe to find, and nothing wider than the window."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")


@pytest.mark.parametrize(("lang", "width"), [("zh", 1280), ("en", 1280), ("zh", 360)])
def test_a_policy_is_edited_in_two_windows_and_tried(
    office: str, browser: Browser, lang: str, width: int
) -> None:
    first = signed_in(browser, office, lang=lang, width=width)
    second = signed_in(browser, office, lang=lang, width=width)
    for page in (first, second):
        page.goto(office + DRAFT)
    # What differs is open already, the rest is folded.
    assert first.locator("details.policy-section[open]").count() == 1
    assert_sound(first)
    first.evaluate(OPEN_ALL)
    assert_sound(first)
    first.locator("#alpha").fill("1.7")
    first.locator("#top_k").fill("")
    first.locator(".save-bar button").click()
    expect(first.locator(".entry .error")).to_have_count(2)
    expect(first.locator("#alpha")).to_have_value("1.7")
    assert_sound(first)
    first.locator("#alpha").fill("０．４")
    first.locator("#top_k").fill("2")
    first.locator(".save-bar button").click()
    expect(first.locator(".notice.good")).to_be_visible()
    expect(first.locator("#alpha")).to_have_value("0.4")

    second.evaluate(OPEN_ALL)
    second.locator("#alpha").fill("0.7")
    second.locator(".save-bar button").click()
    expect(second.locator(".dispute")).to_have_count(2)
    assert_sound(second)
    second.locator("[name='pick.alpha'][value='yours']").check()
    second.locator(".save-bar button").click()
    expect(second.locator("#alpha")).to_have_value("0.7")

    first.goto(f"{office}/office/waves/2026q4/what-if")
    assert_sound(first)
    first.evaluate(OPEN_ALL)
    first.locator("#alpha").fill("0.1")
    first.locator(".save-bar button").click()
    expect(first.locator(".before-after tbody tr")).to_have_count(2)
    assert_sound(first)
    first.locator(".adopt button").click()
    expect(first.locator("#alpha")).to_have_value("0.1")
    first.goto(office + DRAFT)
    expect(first.locator("#alpha")).to_have_value("0.7")
