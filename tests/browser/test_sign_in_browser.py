"""Signing in with a real browser: enrolment, codes, recovery codes, sessions; nothing for axe."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from passlib.totp import TOTP
from playwright.sync_api import Browser, Page

from survey.clock import utc_now
from survey.services import access
from tests import factories

PASSWORD = "correct horse battery"
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 360, "height": 740}


def look(page: Page, name: str) -> None:
    """Nothing for axe at either width, and nothing that hangs over the edge."""
    for size in (NARROW, WIDE):
        page.set_viewport_size(size)
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "best-practice"]})
        assert found.violations_count == 0, found.generate_report()
        over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(over) <= 0, (name, size)
        if folder := os.environ.get("PICTURES"):
            page.screenshot(path=Path(folder) / f"{name}-{size['width']}.png", full_page=True)


def enter(page: Page, served: str) -> None:
    page.goto(f"{served}/office/sign-in")
    page.locator("#username").fill("boss")
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").click()


def test_enrol_sign_in_with_codes_end_a_session_and_invite(
    app: Flask, browser: Browser, served: str
) -> None:
    language = os.environ.get("PICTURES_LOCALE", "en")
    with app.app_context():
        factories.place()
        access.create_account("boss", PASSWORD, ["admin"], language=language, now=utc_now())
    first = browser.new_context(viewport=WIDE).new_page()
    enter(first, served)
    first.goto(f"{served}/office/account/codes")
    look(first, "enrol")
    totp = TOTP(first.locator(".shown-once").inner_text())
    first.locator("#code").fill(totp.generate(utc_now()).token)
    first.locator("#password").fill(PASSWORD)
    first.locator("main form button").click()
    codes = first.locator(".recovery code").all_inner_texts()
    assert len(codes) == 10
    look(first, "recovery")
    first.locator("header form button").click()
    first.wait_for_url("**/office/sign-in")

    enter(first, served)
    first.wait_for_url("**/office/sign-in/code")
    look(first, "code")
    first.locator("#code").fill(totp.generate(utc_now() + timedelta(seconds=30)).token)
    first.locator("#code").press("Enter")
    first.wait_for_url("**/office/")

    second = browser.new_context(viewport=NARROW).new_page()
    enter(second, served)
    second.locator("details summary").click()
    second.locator("#recovery").fill(codes[0])
    second.locator("#recovery").press("Enter")
    second.wait_for_url("**/office/")

    first.goto(f"{served}/office/account")
    assert first.locator(".sessions li").count() == 2
    look(first, "account")
    first.locator(".sessions form button").click()
    first.wait_for_url("**/office/account")
    second.goto(f"{served}/office/account")
    assert "/office/sign-in" in second.url

    first.goto(f"{served}/office/account/codes")
    look(first, "codes-on")
    first.goto(f"{served}/office/admin/accounts")
    first.locator("#label").fill("Letters desk")
    first.locator("form[action$=invitations] input[value=evaluator]").check()
    first.locator("form[action$=invitations] .button").click()
    address = first.locator(".shown-once").inner_text()
    look(first, "accounts")
    link = re.search(r"/office/invitation/[\w-]+", address)
    assert link
    second.goto(served + link.group())
    look(second, "invitation")
    second.locator("#username").fill("letters")
    second.locator("#new").fill(PASSWORD)
    second.locator("#again").fill(PASSWORD)
    second.locator("main form button").click()
    second.wait_for_url("**/office/sign-in")
    second.goto(served + link.group())
    look(second, "invitation-used")
    for page in (first, second):
        page.context.close()
