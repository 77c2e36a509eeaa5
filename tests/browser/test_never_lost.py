"""An answer is never lost and never counted twice, wherever the line or the server breaks."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from survey.models import Response, ResponseCube, db
from survey.services.responses import receipt_code
from survey.services.rollup import audit, fold_all
from tests.browser.cutting_proxy import CuttingProxy
from tests.factories import INDICATORS, NOW

LOST = "Could not be sent"
DAY = 86_400_000
Switch = Callable[[bool], None]


@pytest.fixture
def line(served: str) -> Iterator[CuttingProxy]:
    """The line between the phone and the server."""
    proxy = CuttingProxy(urlsplit(served).port or 0)
    yield proxy
    proxy.close()


def fill_in(page: Page) -> str:
    """Tap an answer to every indicator; the form's submission key."""
    for name in INDICATORS:
        page.locator(f'label:has(input[name="{name}"][value="4"])').click()
    return page.locator('input[name="submission_key"]').input_value()


def opened(page: Page, url: str, code: str) -> str:
    page.goto(f"{url}/s/{code}?lang=en")
    return fill_in(page)


def stored(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Response)) or 0


def expect_lost(page: Page, words: str = LOST) -> None:
    expect(page.locator("#say")).to_contain_text(words, timeout=10_000)


def expect_receipt(app: Flask, page: Page, key: str, *, timeout: float = 15_000) -> None:
    """The receipt of this key is shown, there is one row, and the cube holds one answer."""
    page.wait_for_url(re.compile("/r/"), timeout=timeout)
    with app.app_context():
        expect(page.locator(".code")).to_have_text(receipt_code(key))
        assert db.session.scalars(select(Response.submission_key)).all() == [key]
        fold_all(now=NOW)
        assert db.session.scalar(select(func.sum(ResponseCube.n))) == 1
        assert audit().differences == []


@pytest.fixture
def network(phone: Page) -> Switch:
    """network(False): the phone has none, as Chromium emulates it; network(True): it is back."""
    session = phone.context.new_cdp_session(phone)
    session.send("Network.enable")

    def switch(on: bool) -> None:
        session.send(
            "Network.emulateNetworkConditions",
            {"offline": not on, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
        )

    return switch


@pytest.mark.parametrize(("where", "arrived"), [("before", 0), ("during", 0), ("after", 1)])
def test_a_line_cut_around_the_post_loses_nothing_and_counts_once(
    app: Flask, line: CuttingProxy, code: str, phone: Page, where: str, arrived: int
) -> None:
    key = opened(phone, line.url, code)
    # When the line is cut before, during or after the POST
    line.cut = where
    phone.locator("#go").click()
    # Then the page says so, keeps the answers, and what arrived is stored
    expect_lost(phone)
    assert stored(app) == arrived
    assert phone.locator("input[type=radio]:checked").count() == len(INDICATORS)
    # And when the line is back, the same answer is there once, with the same receipt
    line.cut = None
    phone.locator("#go").click()
    expect_receipt(app, phone, key)


def test_what_could_not_be_sent_goes_by_itself_when_the_network_is_back(
    app: Flask, served: str, code: str, phone: Page, network: Switch
) -> None:
    key = opened(phone, served, code)
    network(False)
    phone.locator("#go").click()
    expect_lost(phone)
    assert stored(app) == 0
    network(True)
    expect_receipt(app, phone, key)
    # What was kept on the phone is gone with it.
    assert phone.evaluate("Object.keys(localStorage)") == []


def test_a_line_that_comes_back_without_a_sign_is_tried_again(
    app: Flask, line: CuttingProxy, code: str, phone: Page
) -> None:
    key = opened(phone, line.url, code)
    line.cut = "after"
    phone.locator("#go").click()
    expect_lost(phone)
    line.cut = None
    # No event tells of it: the page tries every half minute.
    expect_receipt(app, phone, key, timeout=40_000)


def test_a_page_closed_while_unsent_sends_when_it_is_opened_again(
    app: Flask, line: CuttingProxy, code: str, phone: Page
) -> None:
    key = opened(phone, line.url, code)
    line.cut = "before"
    phone.locator("#go").click()
    expect_lost(phone)
    phone.close()
    line.cut = None
    again = phone.context.new_page()
    again.goto(f"{line.url}/s/{code}?lang=en")
    expect_lost(again, "Sending them now")
    expect_receipt(app, again, key)


def test_a_page_closed_in_the_middle_of_sending_sends_when_it_is_opened_again(
    app: Flask, line: CuttingProxy, code: str, phone: Page
) -> None:
    key = opened(phone, line.url, code)
    line.cut = "after"
    phone.evaluate("document.getElementById('go').click()")
    phone.close()
    line.cut = None
    again = phone.context.new_page()
    again.goto(f"{line.url}/s/{code}?lang=en")
    expect_receipt(app, again, key)


def test_reloading_after_a_lost_reply_gives_the_same_receipt(
    app: Flask, line: CuttingProxy, code: str, phone: Page
) -> None:
    key = opened(phone, line.url, code)
    line.cut = "after"
    phone.locator("#go").click()
    expect_lost(phone)
    line.cut = None
    phone.reload()
    expect_receipt(app, phone, key)
    phone.reload()
    expect_receipt(app, phone, key)


def test_sending_can_be_cancelled(
    app: Flask, served: str, code: str, phone: Page, network: Switch
) -> None:
    opened(phone, served, code)
    network(False)
    phone.locator("#go").click()
    expect_lost(phone)
    phone.get_by_role("button", name="Do not send").click()
    expect_lost(phone, "Not sent")
    network(True)
    phone.reload()
    expect_lost(phone, "filled in again")
    phone.wait_for_timeout(4_000)
    assert stored(app) == 0
    assert phone.locator("input[type=radio]:checked").count() == len(INDICATORS)


BLOCKED = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('off'); } });"
FULL = (
    "Storage.prototype.setItem = function () { throw new DOMException('', 'QuotaExceededError'); };"
)


@pytest.mark.parametrize("broken", [BLOCKED, FULL], ids=["blocked", "full"])
def test_without_storage_the_page_says_that_it_must_stay_open_and_still_sends(
    app: Flask, served: str, code: str, phone: Page, network: Switch, broken: str
) -> None:
    phone.add_init_script(broken)
    key = opened(phone, served, code)
    network(False)
    phone.locator("#go").click()
    expect_lost(phone, "Do not close this page")
    network(True)
    expect_receipt(app, phone, key)


def test_a_phone_whose_storage_is_really_full_still_sends(
    app: Flask, served: str, code: str, phone: Page, network: Switch
) -> None:
    phone.goto(f"{served}/s/{code}?lang=en")
    phone.evaluate(
        "for (let n = 4194304, i = 0; n >= 1; n = n / 2 | 0)"
        " try { for (;;) localStorage.setItem(i++, 'x'.repeat(n)); } catch (error) {}"
    )
    key = fill_in(phone)
    network(False)
    phone.locator("#go").click()
    expect_lost(phone, "Do not close this page")
    network(True)
    expect_receipt(app, phone, key)


def test_a_clock_put_right_by_a_day_while_waiting_changes_nothing(
    app: Flask, served: str, code: str, phone: Page, network: Switch
) -> None:
    key = opened(phone, served, code)
    network(False)
    phone.locator("#go").click()
    expect_lost(phone)
    phone.evaluate(f"const now = Date.now; Date.now = () => now() + {25 * 3_600_000}")
    network(True)
    expect_receipt(app, phone, key)


@pytest.mark.parametrize(("ahead", "by_itself"), [(-DAY, True), (DAY + 60_000, False)])
def test_a_clock_a_day_wrong_over_a_closed_page_only_asks_again(
    app: Flask, line: CuttingProxy, code: str, phone: Page, ahead: int, by_itself: bool
) -> None:
    key = opened(phone, line.url, code)
    line.cut = "before"
    phone.locator("#go").click()
    expect_lost(phone)
    phone.close()
    line.cut = None
    again = phone.context.new_page()
    again.add_init_script(f"const now = Date.now; Date.now = () => now() + ({ahead});")
    again.goto(f"{line.url}/s/{code}?lang=en")
    if not by_itself:
        expect_lost(again, "filled in again")
        again.locator("#go").click()
    expect_receipt(app, again, key)


def test_an_older_receipt_opened_meanwhile_forgets_nothing(
    app: Flask, line: CuttingProxy, code: str, phone: Page
) -> None:
    opened(phone, line.url, code)
    phone.locator("#go").click()
    phone.wait_for_url(re.compile("/r/"))
    first = phone.url
    key = opened(phone, line.url, code)
    line.cut = "before"
    phone.locator("#go").click()
    expect_lost(phone)
    line.cut = None
    other = phone.context.new_page()
    other.goto(first)
    phone.reload()
    phone.wait_for_url(re.compile("/r/"), timeout=15_000)
    with app.app_context():
        expect(phone.locator(".code")).to_have_text(receipt_code(key))
    assert stored(app) == 2


def test_back_and_send_again_gives_the_same_receipt_without_fetch(
    app: Flask, served: str, code: str, phone: Page
) -> None:
    # Given a browser without fetch: the form is sent the browser's own way
    phone.add_init_script("delete window.fetch;")
    key = opened(phone, served, code)
    phone.locator("#go").click()
    expect_receipt(app, phone, key)
    # When the resident goes back and sends once more
    phone.go_back()
    phone.wait_for_url(re.compile("/s/"))
    again = phone.locator('input[name="submission_key"]').input_value()
    if again == key:
        phone.locator("#go").click()
        expect_receipt(app, phone, key)
        expect(phone.locator("h1")).to_have_text("We already have your answers")
    else:
        # A fresh page is an empty form: nothing can be sent twice by mistake.
        assert phone.locator("input[type=radio]:checked").count() == 0


def test_a_public_networks_own_page_is_not_taken_for_an_answer(
    app: Flask, served: str, code: str, phone: Page
) -> None:
    key = opened(phone, served, code)
    phone.route(
        re.compile("/s/"),
        lambda route: route.fulfill(status=200, body="<h1>Please sign in to the Wi-Fi</h1>"),
    )
    phone.locator("#go").click()
    expect_lost(phone)
    phone.unroute_all()
    phone.locator("#go").click()
    expect_receipt(app, phone, key)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def dying(app: Flask, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A gunicorn of its own on the application's database; (address, the file that kills)."""
    port, flag = free_port(), tmp_path / "die"
    environ = os.environ | {
        "DYING_FLAG": str(flag),
        "JIEPING_DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
        "JIEPING_INSTANCE_DIR": app.instance_path,
        "JIEPING_SECRET_KEY": app.config["SECRET_KEY"],
    }
    command = [
        sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1",
        "--worker-class", "gthread", "--threads", "2", "--log-level", "critical",
        "tests.browser.dying_server:app",
    ]  # fmt: skip
    master = subprocess.Popen(command, env=environ)
    url = f"http://127.0.0.1:{port}"
    try:
        for _attempt in range(300):
            with suppress(OSError), urllib.request.urlopen(f"{url}/healthz", timeout=5):
                break
            time.sleep(0.1)
        yield url, flag
    finally:
        master.send_signal(signal.SIGTERM)
        master.wait(timeout=20)


def test_a_server_killed_between_commit_and_reply_has_the_answer_once(
    app: Flask, dying: tuple[str, Path], code: str, phone: Page
) -> None:
    url, flag = dying
    key = opened(phone, url, code)
    # Given a server process that dies after COMMIT and before the first byte of its reply
    flag.touch()
    phone.locator("#go").click()
    wait_until(lambda: not flag.exists())
    # When it is sent again to the process that takes its place, by the browser, which does so
    # when a kept connection breaks, or by the page, or by the resident
    expect_receipt(app, phone, key, timeout=60_000)
    # Then it is the same receipt, one row, one more in the cube, and the page says so
    expect(phone.locator("h1")).to_have_text("We already have your answers")


def wait_until(true: Callable[[], bool]) -> None:
    for _attempt in range(200):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen within ten seconds")
