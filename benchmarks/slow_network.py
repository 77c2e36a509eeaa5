"""The survey page on a slow network and an old phone, in Chromium: when it can be used, what moves.

Chromium's own emulation (CDP Network.emulateNetworkConditions, Emulation.setCPUThrottlingRate):
400 kbit/s both ways, 2,000 ms added to every request, a CPU four times slower. "Usable" is the
moment, from navigation on, at which a tap on the first answer is shown as chosen.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from typing import Any

from benchmarks.resident import prepare, served

NAME = "slow network"
COMMAND = ".venv/bin/python -m benchmarks slow_network"
ROUNDS = 5
BYTES_A_SECOND = 400_000 / 8
ADDED_MS = 2000
SLOWER = 4
PHONE = {"width": 360, "height": 740}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
# Every layout shift, and when the first frame with a ticked answer was drawn.
WATCH = """
window.shifts = 0;
new PerformanceObserver(list => {
  for (const one of list.getEntries()) window.shifts += one.value;
}).observe({type: 'layout-shift', buffered: true});
addEventListener('change', event => requestAnimationFrame(() => setTimeout(() => {
  window.usable = window.usable || performance.now();
})), true);
"""
# Tap as soon as there is something to tap, as an impatient person does.
TAP = """
(function tap() {
  const first = document.querySelector('input[type=radio]');
  if (first && document.readyState !== 'loading') first.click();
  else setTimeout(tap, 5);
})();
"""


def visit(browser: Any, url: str) -> dict[str, float]:
    """One first visit: {usable (s), shift, requests, bytes}."""
    context = browser.new_context(viewport=PHONE, has_touch=True, locale="zh-CN")
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": ADDED_MS,
            "downloadThroughput": BYTES_A_SECOND,
            "uploadThroughput": BYTES_A_SECOND,
        },
    )
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    seen: dict[str, float] = {"requests": 0, "bytes": 0}

    def sent(event: dict[str, Any]) -> None:
        seen["requests"] += event["request"]["url"].startswith("http")

    def finished(event: dict[str, Any]) -> None:
        # As Chromium counts it: headers and body as they came over the wire.
        seen["bytes"] += event["encodedDataLength"]

    session.on("Network.requestWillBeSent", sent)
    session.on("Network.loadingFinished", finished)
    page.add_init_script(WATCH + TAP)
    page.goto(url)
    page.wait_for_function("window.usable")
    page.wait_for_load_state("networkidle")
    seen["usable"] = page.evaluate("window.usable") / 1000
    seen["shift"] = page.evaluate("window.shifts")
    context.close()
    return seen


def run() -> list[dict[str, Any]]:
    """Rows of (measure, figure, yardstick, ratio, limit, command)."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        code = prepare(folder)
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        with served("survey:create_app()", JIEPING_INSTANCE_DIR=folder) as (port, _worker):
            url = f"http://127.0.0.1:{port}/s/{code}"
            visit(browser, url)
            time.sleep(0.5)
            visits = [visit(browser, url) for _round in range(ROUNDS)]
        browser.close()
    usable = statistics.median(one["usable"] for one in visits)
    figures = [
        ("first tap is shown, seconds (median of 5 first visits)", usable, "aim: 2.5", 2.5),
        ("layout shift (CLS), worst", max(one["shift"] for one in visits), "aim: 0", None),
        ("bytes over the wire, headers too", max(one["bytes"] for one in visits), "8192", 8192),
        ("requests", max(one["requests"] for one in visits), "aim: 1", 1),
    ]
    return [
        {
            "measure": f"400 kbit/s, {ADDED_MS} ms added, {SLOWER}x slower CPU: {measure}",
            "figure": round(figure, 3),
            "yardstick": yardstick,
            "ratio": round(figure / limit, 3) if limit else (0.0 if figure == 0 else 9.0),
            "limit": 1.0,
            "command": COMMAND,
        }
        for measure, figure, yardstick, limit in figures
    ]
