"""An answer kept on the phone that is refused later: said plainly, not sent again, not lost."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, Request, expect
from sqlalchemy import event, func, select, update
from werkzeug.serving import make_server

from survey.clock import utc_now
from survey.extensions import limiter
from survey.models import Response, Wave, db
from survey.services import collect, slips
from survey.services.responses import receipt_code
from tests import factories
from tests.browser.conftest import PHONE
from tests.browser.cutting_proxy import CuttingProxy
from tests.browser.test_never_lost import expect_lost, expect_receipt, fill_in, line, opened
from tests.conftest import make_app
from tests.factories import INDICATORS, levels
from tests.routes.test_resident import locked

__all__ = ["line"]  # a fixture

WORDS = "The lamp at the east gate\nhas been dark since May."
REFUSED = "Your answers were not taken"


def slip_in(app: Flask) -> str:
    """A slip of a wave that is open now, by the real clock."""
    with app.app_context():
        now = utc_now()
        district_id = factories.district()
        factories.wave(
            district_id=district_id,
            opens_at=now - timedelta(days=1),
            closes_at=now + timedelta(days=1),
        )
        street_id = factories.street(district_id=district_id)
        factories.point(street_id=street_id, channel="slip", code="BD0001")
        (code,) = slips.draw_slip_codes(1)
        slips.record_batch([code], wave="2026q4", point="BD0001", batch="B1", on=now.date())
        return code


@pytest.fixture
def slip(app: Flask) -> str:
    return slip_in(app)


@pytest.fixture
def posts(phone: Page) -> list[str]:
    """The addresses this phone has posted to, as they are sent."""
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            sent.append(request.url)

    phone.context.on("request", note)
    return sent


def answer_elsewhere(app: Flask, code: str) -> None:
    with app.app_context():
        form = {name: [value] for name, value in levels(5, 5, 5, 5, 5).items()}
        form["submission_key"] = ["another-phone-000001"]
        collect.submit(code, form, now=utc_now(), language="zh")


def set_wave(app: Flask, **values: Any) -> None:
    with app.app_context():
        db.session.execute(update(Wave).values(**values))
        db.session.commit()


def keys_stored(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Response.submission_key)))


def kept(page: Page, code: str) -> dict[str, Any] | None:
    found = page.evaluate(f"localStorage.getItem('jieping:/s/{code}')")
    return json.loads(found) if found else None


def kept_offline(page: Page, url: str, code: str) -> str:
    """Answer, write and send without a network; the form's submission key."""
    page.goto(f"{url}/s/{code}?lang=en")
    key = fill_in(page)
    page.locator('textarea[name="comment"]').fill(WORDS)
    page.context.set_offline(True)
    page.locator("#go").click()
    expect_lost(page)
    return key


def expect_refused(page: Page, title: str) -> None:
    expect(page.locator("h1")).to_have_text(title, timeout=15_000)
    box = page.locator("#kept")
    expect(box).to_be_visible(timeout=15_000)
    expect(box).to_contain_text(REFUSED)
    expect(box).to_contain_text("are not sent any more")
    # Its words to the letter, the end of the line too; nothing else of the form is taken for one.
    expect(box.locator(".words p")).to_have_count(1)
    assert box.locator(".words p").inner_text() == WORDS


def test_a_slip_used_elsewhere_meanwhile_is_said_and_the_words_are_kept(
    app: Flask, served: str, slip: str, phone: Page, posts: list[str]
) -> None:
    # Given an answer kept offline, and the same slip used on another phone
    kept_offline(phone, served, slip)
    answer_elsewhere(app, slip)
    # When the network is back and the page sends by itself
    phone.context.set_offline(False)
    # Then it says why, in plain words, and shows what was written
    expect_refused(phone, "This slip was already used")
    expect(phone.get_by_text("Ask whoever gave you the slip")).to_be_visible()
    assert keys_stored(app) == ["another-phone-000001"]
    # And nothing is sent again, neither by waiting nor by coming back
    draft = kept(phone, slip)
    assert draft is not None
    assert (draft["age"], draft["refused"]) == (-1, True)
    posts.clear()
    phone.goto(f"{served}/s/{slip}?lang=en")
    expect_refused(phone, "This slip was already used")
    phone.wait_for_timeout(4_000)
    assert posts == []
    # And it stays on the phone until its owner deletes it
    phone.get_by_role("button", name="Delete them from this phone").click()
    expect(phone.locator("#kept")).to_be_hidden()
    assert kept(phone, slip) is None


def test_a_page_closed_while_unsent_says_so_when_it_is_opened_again(
    app: Flask, served: str, slip: str, phone: Page, posts: list[str]
) -> None:
    kept_offline(phone, served, slip)
    phone.close()
    answer_elsewhere(app, slip)
    phone.context.set_offline(False)
    posts.clear()
    again = phone.context.new_page()
    again.goto(f"{served}/s/{slip}?lang=en")
    expect_refused(again, "This slip was already used")
    # It was asked once whether it had arrived before.
    assert len(posts) == 1
    assert keys_stored(app) == ["another-phone-000001"]


def test_a_slips_own_answer_whose_reply_was_lost_leads_to_its_receipt(
    app: Flask, line: CuttingProxy, slip: str, phone: Page
) -> None:
    # Given a slip spent by this phone's answer, whose reply never came
    key = opened(phone, line.url, slip)
    line.cut = "after"
    phone.locator("#go").click()
    expect_lost(phone)
    assert keys_stored(app) == [key]
    phone.close()
    line.cut = None
    # When the page is opened again, the slip is spent, and yet the answer was this one
    again = phone.context.new_page()
    again.goto(f"{line.url}/s/{slip}?lang=en")
    expect_receipt(app, again, key)
    assert again.evaluate("Object.keys(localStorage)") == []


def test_a_wave_that_closed_meanwhile_is_said_and_another_one_is_not_answered_unasked(
    app: Flask, served: str, code: str, phone: Page
) -> None:
    kept_offline(phone, served, code)
    set_wave(app, status="closed")
    phone.context.set_offline(False)
    expect_refused(phone, "This survey has ended")
    assert keys_stored(app) == []
    # When something is asked under the code again within the day
    set_wave(app, status="open")
    phone.goto(f"{served}/s/{code}?lang=en")
    # Then the form is filled in, and sending it is its owner's tap
    expect_lost(phone, "filled in again")
    phone.wait_for_timeout(4_000)
    assert keys_stored(app) == []
    assert phone.locator("input[type=radio]:checked").count() == len(INDICATORS)
    phone.locator("#go").click()
    phone.wait_for_url(re.compile("/r/"))
    assert len(keys_stored(app)) == 1


def test_a_busy_database_is_waited_for(app: Flask, served: str, code: str, phone: Page) -> None:
    with app.app_context():
        path = Path(db.engine.url.database or "")
        db.engine.dispose()
        event.listen(
            db.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=1")
        )
    phone.goto(f"{served}/s/{code}?lang=en")
    key = fill_in(phone)
    with locked(path), phone.expect_response(re.compile("/s/")) as reply:
        phone.locator("#go").click()
        assert reply.value.status == 503
        expect_lost(phone)
        assert phone.locator("input[type=radio]:checked").count() == len(INDICATORS)
    # It tries again by itself.
    expect_receipt(app, phone, key, timeout=40_000)


@pytest.fixture
def limited(migrated_file: Path, tmp_path: Path) -> Iterator[tuple[Flask, str]]:
    """An application that counts wrong slips, and its address."""
    shutil.copy(migrated_file, tmp_path / "limited.db")
    app = make_app(f"sqlite:///{tmp_path}/limited.db", folder=tmp_path, RATELIMIT_ENABLED=True)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield app, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        forget_guesses(app)


def forget_guesses(app: Flask) -> None:
    """As if the minute and the day had passed."""
    with app.app_context():
        limiter.reset()


def test_a_house_that_guessed_too_often_waits_and_loses_nothing(
    limited: tuple[Flask, str], phone: Page
) -> None:
    app, url = limited
    slip = slip_in(app)
    phone.goto(f"{url}/s/{slip}?lang=en")
    key = fill_in(phone)
    phone.locator('textarea[name="comment"]').fill(WORDS)
    # Given somebody at the same address who tried too many codes
    guesses = app.test_client()
    assert [guesses.get(f"/s/ZZZZZ{n:05d}").status_code for n in range(21)][-1] == 429
    # When the answer is sent, it waits
    with phone.expect_response(re.compile("/s/")) as reply:
        phone.locator("#go").click()
    assert reply.value.status == 429
    expect_lost(phone)
    # And a page that is opened meanwhile says that it is still there, shows it and keeps it
    draft = kept(phone, slip)
    phone.goto(f"{url}/s/{slip}?lang=en")
    expect(phone.locator("h1")).to_have_text("Too many tries")
    box = phone.locator("#kept")
    expect(box).to_contain_text("Your answers are still on this phone")
    assert box.locator(".words p").inner_text() == WORDS
    assert kept(phone, slip) == draft
    # Then, when the time is over, it goes by itself, once
    forget_guesses(app)
    phone.goto(f"{url}/s/{slip}?lang=en")
    phone.wait_for_url(re.compile("/r/"), timeout=15_000)
    assert keys_stored(app) == [key]
    with app.app_context():
        expect(phone.locator(".code")).to_have_text(receipt_code(key))
        assert db.session.scalar(select(func.count()).select_from(Response)) == 1


@pytest.mark.parametrize("query", ["?lang=zh", "?lang=en", "?lang=zh&size=large"])
def test_axe_finds_nothing_where_an_answer_was_not_taken(
    app: Flask, served: str, slip: str, browser: Browser, query: str
) -> None:
    # The policy of the page forbids foreign scripts, axe included: the test alone lifts it.
    context = browser.new_context(viewport=PHONE, bypass_csp=True)
    page = context.new_page()
    kept_offline(page, served, slip)
    page.close()
    answer_elsewhere(app, slip)
    context.set_offline(False)
    again = context.new_page()
    again.goto(f"{served}/s/{slip}{query}")
    expect(again.locator("#kept")).to_be_visible(timeout=15_000)
    found = Axe().run(again)
    assert found.violations_count == 0, found.generate_report()
    root = "document.documentElement"
    assert again.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
    context.close()
