"""A resident on a small phone reads what was done and says whether it is solved."""

from __future__ import annotations

import os
import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from survey.clock import utc_now
from survey.database import transaction
from survey.desk import Desk
from survey.models import Comment, Mention, Recheck, Wave, db
from survey.services import cases
from survey.services.case_opening import open_comment_case
from survey.services.responses import receipt_code
from tests import case_factories, factories
from tests.browser.conftest import PHONE
from tests.factories import levels

STREET = Desk("clerk", street_code="s1")


def go_through(case_id: int, *, plan: str, result: str, reply: str = "") -> None:
    """Accept, plan, declare done and perhaps reply, as the street does over some days."""
    version, start = case_factories.version_of, utc_now() - timedelta(days=6)
    cases.accept(case_id, version=version(case_id), desk=STREET, now=start)
    cases.plan(
        case_id,
        version=version(case_id),
        desk=STREET,
        now=start,
        words=plan,
        due_on=start.date() + timedelta(days=14),
    )
    now = start + timedelta(days=5)
    cases.declare_done(case_id, version=version(case_id), desk=STREET, now=now, words=result)
    if reply:
        cases.reply(case_id, version=version(case_id), desk=STREET, now=now, words=reply)


@pytest.fixture
def receipt(app: Flask) -> str:
    """A receipt whose comment is a case of its own, and names a theme with one; both are done."""
    with app.app_context():
        place = factories.place()
        now = utc_now()
        with transaction() as session:
            wave = session.get_one(Wave, place.wave_id)
            wave.opens_at, wave.closes_at = now - timedelta(days=20), now + timedelta(days=20)
        key = factories.response(
            wave_id=place.wave_id,
            point_code=place.points[0],
            answers=levels(4, 2, 3, 4, 3, comment="门口停车太乱，路灯也坏了三个月"),
            at=now - timedelta(days=9),
        )
        theme_id = case_factories.a_theme(place)
        comment_id = db.session.scalars(select(Comment.id)).one()
        with transaction() as session:
            session.add(Mention(comment_id=comment_id, theme_id=theme_id, closeness=0.9))
        opened = now - timedelta(days=7)
        theme_case = case_factories.a_theme_case(place, theme_id=theme_id, now=opened)
        own_case = open_comment_case(comment_id, actor="eva", now=opened)
        go_through(
            theme_case, plan="在东门外划出 30 个车位。", result="30 个车位已经划好，今天可以停。"
        )
        go_through(
            own_case,
            plan="更换坏掉的路灯。",
            result="换了 4 盏灯。",
            reply="您好！门口的 4 盏路灯已经全部更换，谢谢您告诉我们。",
        )
        return receipt_code(key)


def looked_at(page: Page, name: str) -> None:
    """Axe finds nothing, the page is not wider than the window; a picture when it is asked for."""
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/recheck-{name}.png", full_page=True)


@pytest.mark.parametrize("query", ["?lang=zh", "?lang=en", "?lang=zh&size=large"])
def test_a_resident_reads_what_was_done_and_answers(
    app: Flask, served: str, receipt: str, browser: Browser, query: str
) -> None:
    # The policy of the page forbids foreign scripts, axe included: the test alone lifts it.
    context = browser.new_context(viewport=PHONE, locale="zh-CN", has_touch=True, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{served}/r/{receipt}{query}")
    looked_at(page, query[6:8] + query[14:] + "-asked")
    own, common = page.locator(".case").all()
    expect(own).to_contain_text("谢谢您告诉我们")
    expect(common).to_contain_text("30 个车位已经划好")
    heights = page.locator(".case label:has(input)").evaluate_all(
        "rows => rows.map(row => row.getBoundingClientRect().height)"
    )
    assert len(heights) == 4
    assert min(heights) >= 48

    common.locator("label:has(input[value=no])").click()
    common.locator("textarea").fill("晚上还是停不下")
    common.locator("button").click()
    page.wait_for_url(re.compile(r"said=\d+"))
    thanks = page.locator(".case [role=status]")
    expect(thanks).to_have_count(1)
    expect(thanks).to_be_in_viewport()
    looked_at(page, query[6:8] + query[14:] + "-said")
    # Another look at the page changes nothing; another answer does, in the same place.
    page.reload()
    expect(page.locator(".case [role=status]")).to_have_count(1)
    with app.app_context():
        [stored] = db.session.execute(select(Recheck.is_solved, Recheck.words)).all()
        assert tuple(stored) == (False, "晚上还是停不下")
    context.close()


def test_it_works_without_script_and_a_double_tap_is_one_answer(
    app: Flask, served: str, receipt: str, browser: Browser
) -> None:
    context = browser.new_context(viewport=PHONE, locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served}/r/{receipt}?lang=zh")
    own = page.locator(".case").first
    own.locator("label:has(input[value=yes])").click()
    own.locator("button").dblclick(no_wait_after=True)
    page.wait_for_url(re.compile(r"said=\d+"))
    # One's own case is settled by one answer: nothing is asked about it any more.
    expect(page.locator(".case").first.locator("form")).to_have_count(0)
    # Going back finds the same: the page is never kept while there is something to ask.
    page.go_back()
    expect(page.locator(".case").first.locator("form")).to_have_count(0)
    with app.app_context():
        assert list(db.session.scalars(select(Recheck.is_solved))) == [True]
    context.close()
