"""A quarter in a real browser: policy, scores, public notice, two appeals, approval, publication.

One appeal is upheld and one rejected. At the end the page, the interface, the report, the bundle
and an auditor's recomputation say the same figures.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from survey.clock import utc_now
from survey.database import transaction
from survey.models import Evaluation, Wave
from survey.services import access
from survey.services.reports import make_reports
from survey.services.rollup import fold_all
from tests import factories
from tests.on_notice import CODE, STREETS, add_theme

PASSWORD = "correct horse battery"
ROOT = Path(__file__).resolve().parents[2]
WAVE = f"/office/waves/{CODE}"
PAGES = (
    f"{WAVE}/evaluation",
    f"{WAVE}/evaluation?draft=1",
    f"{WAVE}/evaluation/streets/s6",
    f"{WAVE}/evaluation/verdict",
    f"{WAVE}/year",
    f"{WAVE}/appeals",
    f"{WAVE}/exclusions",
    f"{WAVE}/assessment",
    f"{WAVE}/lists",
    f"{WAVE}/policy",
    f"{WAVE}/what-if",
    "/office/",
    "/office/appeals/1",
    f"/?wave={CODE}",
    "/streets/s6",
)
SCORES = {"A": 90, "B": 91, "C": 89}


@pytest.fixture
def place(app: Flask) -> factories.Place:
    """Seven streets with a draft wave, and the people of the story."""
    with app.app_context():
        now = utc_now()
        made = factories.place(streets=STREETS, wave_status="draft")
        for name in ("eva", "leader"):
            access.create_account(name, PASSWORD, ["evaluator"], now=now)
        for code in ("s6", "s7"):
            access.create_account(code, PASSWORD, ["street"], street_code=code, now=now)
        access.create_account("audit", PASSWORD, ["auditor"], now=now)
    return made


@pytest.fixture
def enter(browser: Browser, served: str, place: factories.Place) -> Callable[[str], Page]:
    """enter("eva") -> a window in which eva is signed in, in English."""

    def entered(username: str) -> Page:
        context = browser.new_context(
            viewport={"width": 1280, "height": 800}, base_url=served, bypass_csp=True
        )
        context.add_cookies([{"name": "lang", "value": "en", "url": served}])
        page = context.new_page()
        page.goto("/office/sign-in?lang=en")
        page.locator("#username").fill(username)
        page.locator("#password").fill(PASSWORD)
        page.locator("main button").click()
        expect(page.locator("h1")).to_be_visible()
        return page

    return entered


def residents_answer(app: Flask, place: factories.Place) -> None:
    """The wave is asked and closed; two streets are named in a theme that costs points."""
    with app.app_context():
        with transaction() as session:
            session.execute(update(Wave).values(status="open"))
        for order, street_id in enumerate(place.street_ids):
            code = factories.point(street_id=street_id, channel="slip")
            for turn in range(40):
                marks = (5 - (turn + order + k) % (2 + order // 3) for k in range(5))
                factories.response(
                    wave_id=place.wave_id, point_code=code, answers=factories.levels(*marks)
                )
        fold_all(now=utc_now())
        add_theme(place, "停车难", confirmed=True)
        with transaction() as session:
            session.execute(update(Wave).values(status="closed"))


def notice_passes(app: Flask) -> None:
    """The last day of the public notice is over."""
    yesterday = utc_now().date() - timedelta(days=1)
    with app.app_context(), transaction() as session:
        session.execute(
            update(Evaluation)
            .where(Evaluation.notice_until.is_not(None))
            .values(notice_until=yesterday)
        )


def freeze(page: Page, until: date, *, reason: str = "") -> None:
    page.goto(f"{WAVE}/evaluation?draft=1")
    form = page.locator("form:has(input[name=step][value=freeze])")
    if reason:
        form.locator("#reason").fill(reason)
    form.locator("#notice-until").fill(until.isoformat())
    form.locator("[name=confirmed]").check()
    form.locator("button").click()
    expect(page.locator(".way li.now")).to_contain_text("Public notice")


def take_step(page: Page, step: str) -> None:
    page.goto(f"{WAVE}/evaluation")
    form = page.locator(f"form:has(input[name=step][value={step}])")
    form.locator("[name=confirmed]").check()
    form.locator("button").click()


def appeal(page: Page, street: str, grounds: str) -> None:
    page.goto(f"/office/street/{street}/appeals?wave={CODE}")
    page.locator("a[href*='kind=deduction']").first.click()
    page.locator("#grounds").fill(grounds)
    page.locator("#files").set_input_files(
        {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 a plan"}
    )
    page.get_by_role("button", name="File the appeal").click()
    expect(page.locator("main")).to_contain_text("plan.pdf")


def decide(page: Page, street: str, decision: str, because: str) -> None:
    page.goto(f"{WAVE}/appeals")
    page.locator(f"tr:has-text('{street}') a[href^='/office/appeals/']").first.click()
    expect(page.get_by_role("heading", name="What it would change")).to_be_visible()
    page.locator(f"[name=decision][value={decision}]").check()
    page.locator("#because").fill(because)
    page.get_by_role("button", name="Store the decision").click()
    expect(page.locator("main")).to_contain_text(because)


def test_a_quarter_from_the_policy_to_the_publication(
    app: Flask, place: factories.Place, enter: Callable[[str], Page], tmp_path: Path
) -> None:
    eva, leader = enter("eva"), enter("leader")
    until = utc_now().date() + timedelta(days=20)

    # The rules, before anybody is asked.
    eva.goto(f"{WAVE}/policy")
    eva.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    for name, value in (("alpha", "0.5"), ("theme_min_waves", "1"), ("theme_sample", "0")):
        eva.locator(f"#{name}").fill(value)
    eva.locator("#notice_days").fill("0")
    eva.locator(".save-bar button").click()
    expect(eva.locator("#alpha")).to_have_value("0.5")

    residents_answer(app, place)

    # The district's own scores, an assessor at a time.
    for assessor, score in SCORES.items():
        eva.goto(f"{WAVE}/assessment/column?assessor={assessor}")
        for order, street in enumerate(STREETS):
            eva.locator(f"#s-{street}").fill(str(score - (order if assessor == "C" else 0)))
        eva.get_by_role("button", name="Store").click()
        expect(eva.locator("h1")).to_be_visible()

    freeze(eva, until)
    assert eva.locator("text=provisional").count()

    # Both streets appeal; one is right.
    appeal(enter("s6"), "s6", "The car park opened in May.")
    appeal(enter("s7"), "s7", "We do not agree.")
    decide(eva, "s6", "upheld", "The car park was seen on the spot.")
    decide(eva, "s7", "rejected", "The comments are about this street.")

    # Not in the figures yet, so nobody can sign them off.
    notice_passes(app)
    leader.goto(f"{WAVE}/evaluation")
    assert leader.locator("form:has(input[name=step][value=approve])").count() == 0
    freeze(eva, until, reason="An appeal was upheld")
    notice_passes(app)
    # Who froze it cannot sign it off.
    eva.goto(f"{WAVE}/evaluation")
    assert eva.locator("form:has(input[name=step][value=approve])").count() == 0
    take_step(leader, "approve")
    take_step(leader, "publish")
    expect(leader.locator(".way li.now, .way li.done").last).to_contain_text("Published")

    with app.app_context():
        assert make_reports(CODE, revision=2, now=utc_now())
    auditor = enter("audit")
    assert_same_everywhere(app, auditor, tmp_path)
    for path in PAGES:
        assert_sound(auditor, path)


def assert_sound(page: Page, path: str) -> None:
    """Axe finds nothing, and nothing is wider than a desk's window or a phone's."""
    answer = page.goto(path)
    assert answer is not None, path
    assert answer.ok, path
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        found = Axe().run(page)
        assert found.violations_count == 0, (path, width, found.generate_report())
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, (path, width, wide)


def assert_same_everywhere(app: Flask, page: Page, folder: Path) -> None:
    """Page, interface, printed report, bundle and recomputation agree to the last digit."""
    page.goto(f"{WAVE}/evaluation")
    with page.expect_download() as waited:
        page.locator("a[href$='-full.zip'], a[href$='/full.zip']").first.click()
    bundle = folder / "bundle.zip"
    waited.value.save_as(bundle)
    done = subprocess.run(
        [sys.executable, "-m", "analysis", "recompute", str(bundle), "--tolerance", "0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr

    with app.app_context():
        key = access.create_api_key("script", now=utc_now())
    answer = page.request.get(
        f"/api/v1/waves/{CODE}/evaluation", headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.ok, answer.text()
    figures = json.loads(answer.text())
    streets = {one["street"]: one for one in figures["rows"]}
    assert set(streets) == set(STREETS)
    # The upheld appeal: the theme is named at s6 and takes nothing there; at s7 it does.
    assert streets["s6"]["adjusted"] == streets["s6"]["public"]
    assert streets["s7"]["adjusted"] < streets["s7"]["public"]

    with zipfile.ZipFile(bundle) as packed:
        sealed = "".join(packed.read(name).decode() for name in packed.namelist())
    page.goto(f"/?wave={CODE}&lang=en")
    public = page.locator("main").text_content() or ""
    page.goto(f"{WAVE}/evaluation")
    office = page.locator("main").text_content() or ""
    with page.expect_download() as waited:
        page.locator("a[href$='full-en.pdf']").first.click()
    report = folder / "report.pdf"
    waited.value.save_as(report)
    printed = subprocess.run(
        ["pdftotext", "-layout", str(report), "-"], capture_output=True, text=True, check=True
    ).stdout
    for code, street in streets.items():
        blended = street["blended"]
        assert repr(blended) in sealed, code
        for shown in (public, office, printed):
            assert re.search(rf"\b{blended:.1f}", shown), (code, blended)
