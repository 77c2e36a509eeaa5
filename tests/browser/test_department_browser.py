"""A department's day: called to a case it comes, one that is passed it plans and passes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from survey.clock import utc_now
from survey.desk import Desk
from survey.models import Case, CaseCall, db
from survey.services import access, cases
from survey.services.case_calls import call_departments
from survey.services.case_paths import pass_on
from tests import case_factories, factories
from tests.browser.conftest import PASSWORD, looked_at

STREET = Desk("clerk", street_code="s1")


@pytest.fixture
def given(app: Flask) -> tuple[int, int]:
    """Two cases of s1: the department is called to the first, the second is passed to it."""
    with app.app_context():
        place = factories.place()
        for code in ("urban", "police"):
            case_factories.department(district_id=place.district_id, code=code)
        now = utc_now()
        access.create_account("dept", PASSWORD, ["department"], department_code="urban", now=now)
        access.create_account("clerk", PASSWORD, ["street"], street_code="s1", now=now)
        access.create_account("eva", PASSWORD, ["evaluator"], now=now)
        called, passed = (
            case_factories.a_comment_case(place, body=body, now=now - timedelta(days=9))
            for body in ("路灯坏了三个月没人修", "小区门口乱停车，消防车进不来")
        )
        for case_id in (called, passed):
            then = now - timedelta(days=8)
            cases.accept(case_id, version=1, desk=STREET, now=then)
        call_departments(
            called,
            department_codes=["urban", "police"],
            version=2,
            desk=STREET,
            words="请带图纸到现场，看电缆是谁的",
            now=now - timedelta(days=6),
        )
        pass_on(
            passed,
            department_code="urban",
            version=2,
            desk=STREET,
            words="乱停车在市政道路上",
            now=now - timedelta(days=3),
        )
        return called, passed


def form(page: Page, act: str) -> None:
    """Open the form of an act, unless it is."""
    details = page.locator(f"#act-{act}")
    if details.get_attribute("open") is None:
        details.locator("summary").click()


def test_a_department_comes_accepts_plans_and_passes_back(
    app: Flask, served: str, given: tuple[int, int], enter: Callable[[str], Page]
) -> None:
    called, passed = given
    page = enter("dept")
    assert page.goto(f"{served}/office/department/").status == 200
    looked_at(page, "department-desk")

    page.goto(f"{served}/office/cases/{called}")
    expect(page.locator("#act-pass")).to_have_count(0)
    looked_at(page, "department-called")
    page.fill("#words-came", "电缆归我局，周五换")
    page.click("#act-came button")
    expect(page.locator("#act-came")).to_have_count(0)
    expect(page.locator(".case-calls")).to_contain_text("电缆归我局，周五换")

    page.goto(f"{served}/office/cases/{passed}")
    page.click(".case-acts .case-accept button")
    form(page, "plan")
    page.fill("#words-plan", "划设禁停线")
    page.fill("#due_on", (utc_now().date() + timedelta(days=20)).isoformat())
    page.click("#act-plan button")
    for act in ("pass", "escalate", "out-of-remit"):
        form(page, act)
    looked_at(page, "department-forms")
    page.select_option("#to", "street")
    # What a browser that checks no forms would send.
    page.eval_on_selector("#words-pass", "one => { one.required = false; }")
    page.click("#act-pass button")
    expect(page.locator("[role=alert]")).to_be_visible()
    looked_at(page, "department-refused")
    page.fill("#words-pass", "禁停线已划，巡查归街道")
    page.click("#act-pass button")
    expect(page.locator("[role=status]").first).to_be_visible()
    expect(page.locator("#act-pass")).to_have_count(0)
    expect(page.locator(".case-holds li")).to_have_count(3)
    looked_at(page, "department-passed-back")
    with app.app_context():
        row = db.session.get_one(Case, passed)
        assert (row.department_id, row.state, row.plan) == (None, "received", "划设禁停线")
        came = db.session.query(CaseCall).filter(CaseCall.came_at.is_not(None)).one()
        assert came.case_id == called


def test_a_street_calls_and_escalates_and_the_evaluation_office_decides(
    served: str, given: tuple[int, int], enter: Callable[[str], Page]
) -> None:
    called, _passed = given
    clerk, eva = enter("clerk"), enter("eva")
    clerk.goto(f"{served}/office/cases/{called}")
    for act in ("call-departments", "escalate", "pass", "out-of-remit"):
        form(clerk, act)
    looked_at(clerk, "street-forms")
    # A department did not come in time: no words are needed.
    clerk.click("#act-escalate button")
    expect(clerk.locator("#act-escalate")).to_have_count(0)
    eva.goto(f"{served}/office/calls")
    looked_at(eva, "open-calls")
    eva.goto(f"{served}/office/cases/{called}")
    looked_at(eva, "leading-group")
    eva.select_option("#to", "police")
    eva.fill("#words-pass", "由交警牵头")
    eva.click("#act-pass button")
    expect(eva.locator(".case-holds .now")).to_contain_text("police")

    clerk.goto(f"{served}/office/reply-templates")
    clerk.fill("#name-0", "到场时间")
    clerk.fill("#words-0", "您好，{street}将于 {date} 到场。")
    clerk.click("#template-new button")
    expect(clerk.locator("[role=status]").first).to_be_visible()
    looked_at(clerk, "reply-templates")
    clerk.goto(f"{served}/office/account/mail")
    looked_at(clerk, "mail")
