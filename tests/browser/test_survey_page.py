"""The survey page for every eye, hand and browser: follow-ups, keyboard, old engines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from survey.models import (
    AnswerOption,
    Comment,
    ContactRequest,
    Question,
    Response,
    ResponseTag,
    db,
)
from tests.browser.conftest import PHONE
from tests.browser.test_resident_browser import INDICATORS, fill_in, stored

SCRIPTS = Path(__file__).parents[2] / "survey/static/js"
WECHAT = (
    "Mozilla/5.0 (Linux; Android 7.1.1; OPPO R11) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/66.0.3359.126 MQQBrowser/6.2 TBS/044807 Mobile Safari/537.36 "
    "MMWEBID/1234 MicroMessenger/7.0.5.1440 NetType/3G Language/zh_CN"
)
# What that browser does not have, or refuses.
MISSING = """
for (const name of ['fetch', 'URLSearchParams', 'IntersectionObserver', 'queueMicrotask']) {
  delete window[name];
}
for (const name of ['serviceWorker', 'share', 'connection', 'storage', 'sendBeacon']) {
  delete Navigator.prototype[name];
}
for (const name of ['replaceChildren', 'toggleAttribute', 'replaceWith', 'append']) {
  delete Element.prototype[name];
}
delete Array.prototype.at; delete Array.prototype.flat; delete Object.fromEntries;
delete String.prototype.replaceAll; delete Promise.allSettled; delete CSS.supports;
Object.defineProperty(window, 'localStorage', {get() { throw new Error('denied'); }});
"""


@contextmanager
def opened(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page in a context of its own."""
    context = browser.new_context(**{"viewport": PHONE, "locale": "zh-CN", **options})
    try:
        yield context.new_page()
    finally:
        context.close()


def row(page: Page, name: str, value: str) -> Any:
    return page.locator(f'label:has(input[name="{name}"][value="{value}"])')


def tags_of(app: Flask) -> set[tuple[str, str]]:
    with app.app_context():
        found = db.session.execute(
            select(Question.code, AnswerOption.code)
            .join(AnswerOption, AnswerOption.question_id == Question.id)
            .join(ResponseTag, ResponseTag.option_id == AnswerOption.id)
        )
        return {(question, option) for question, option in found}


def test_a_low_level_unfolds_what_is_wrong_under_its_question(
    app: Flask, served: str, code: str, phone: Page
) -> None:
    # Given the page, on which nothing is chosen and nothing unfolded
    phone.goto(f"{served}/s/{code}")
    assert phone.locator("input:checked").count() == 0
    assert phone.locator(".more:visible").count() == 0

    # When every level is low in one place only
    fill_in(phone)
    assert phone.locator(".more:visible").count() == 0
    row(phone, "urban", "1").click()

    # Then tags and a text stand under that question, and are stored
    expect(phone.locator(".more:visible")).to_have_count(1)
    row(phone, "urban_tags", "1").click()
    row(phone, "urban_tags", "3").click()
    phone.locator('textarea[name="urban_more"]').fill("楼下停满车")
    phone.locator("#go").click()
    phone.wait_for_url(re.compile(r"/r/"))
    assert tags_of(app) == {("urban_tags", "1"), ("urban_tags", "3")}
    with app.app_context():
        assert db.session.scalars(select(Comment.body)).one() == "楼下停满车"


def test_what_was_filled_in_is_never_hidden_again(served: str, code: str, phone: Page) -> None:
    phone.goto(f"{served}/s/{code}")
    row(phone, "urban", "2").click()
    row(phone, "urban", "4").click()
    assert phone.locator(".more:visible").count() == 0
    row(phone, "urban", "2").click()
    phone.locator('textarea[name="urban_more"]').fill("楼下停满车")
    row(phone, "urban", "4").click()
    assert phone.locator(".more:visible").count() == 1
    # It is there after a reload as well, tags and all.
    row(phone, "urban_tags", "2").click()
    phone.reload()
    expect(phone.locator('textarea[name="urban_more"]')).to_have_value("楼下停满车")
    expect(phone.locator('input[name="urban_tags"][value="2"]')).to_be_checked()
    assert phone.locator('input[name="urban_tags"]:checked').count() == 1
    assert phone.locator(".more:visible").count() == 1


def test_a_tag_alone_does_not_answer_its_question(served: str, code: str, phone: Page) -> None:
    phone.goto(f"{served}/s/{code}")
    phone.evaluate("document.querySelector('input[name=urban_tags]').click()")
    assert phone.evaluate("document.getElementById('done').value") == 0


def test_it_unfolds_without_script_too(
    app: Flask, served: str, code: str, browser: Browser
) -> None:
    with opened(browser, java_script_enabled=False) as page:
        page.goto(f"{served}/s/{code}")
        assert page.locator(".more:visible").count() == 0
        for name in INDICATORS:
            page.locator(f'input[name="{name}"][value="2"]').check()
        assert page.locator(".more:visible").count() == 5
        page.locator('input[name="safety_tags"][value="1"]').check()
        page.locator("#go").click()
        page.wait_for_url(re.compile(r"/r/"))
    assert tags_of(app) == {("safety_tags", "1")}


def test_an_engine_without_has_and_script_shows_it_always(
    served: str, code: str, browser: Browser
) -> None:
    def older(route: Route) -> None:
        reply = route.fetch()
        # An engine that does not know :has passes the block over, as it does an unknown pseudo.
        route.fulfill(
            response=reply, body=reply.text().replace("selector(:has(a))", "selector(:nope(a))")
        )

    with opened(browser, java_script_enabled=False, bypass_csp=True) as page:
        page.route("**/s/*", older)
        page.goto(f"{served}/s/{code}")
        assert page.locator(".more:visible").count() == 6


def test_a_call_back_needs_its_own_tick(app: Flask, served: str, code: str, phone: Page) -> None:
    # Given a page on which the number is not even shown
    phone.goto(f"{served}/s/{code}?lang=en")
    expect(phone.locator("#phone")).to_be_hidden()
    fill_in(phone)
    # When the box is ticked and the number is none
    row(phone, "call_back", "1").click()
    phone.locator("#phone").fill("no number")
    phone.locator("#go").click()
    # Then nothing is stored, what was filled in is still there and the mistake is named
    phone.wait_for_selector("#errors")
    assert stored(app) == 0
    expect(phone.locator("#e-phone")).to_be_visible()
    expect(phone.locator("#phone")).to_have_value("no number")
    expect(phone.locator('input[name="party"][value="4"]')).to_be_checked()
    # When it is put right, the answer and the request are stored apart
    phone.locator("#phone").fill("138 0013 8000")
    phone.locator("#go").click()
    phone.wait_for_url(re.compile(r"/r/"))
    with app.app_context():
        assert db.session.scalars(select(ContactRequest.phone)).one() == "+8613800138000"
    assert stored(app) == 1


def test_ten_thousand_characters_come_back_to_be_shortened(
    app: Flask, served: str, code: str, browser: Browser
) -> None:
    with opened(browser, java_script_enabled=False) as page:
        page.goto(f"{served}/s/{code}")
        for name in INDICATORS:
            page.locator(f'input[name="{name}"][value="5"]').check()
        words = "路灯坏了😀\x0b" * 2000
        # The browser's own limit is lifted, as a person with other tools would.
        with opened(browser, bypass_csp=True) as other:
            other.goto(f"{served}/s/{code}")
            other.evaluate(
                "document.querySelectorAll('textarea').forEach(t => t.removeAttribute('maxlength'))"
            )
            fill_in(other)
            other.locator('textarea[name="comment"]').fill(words)
            other.locator("#go").click()
            other.wait_for_selector("#errors")
            assert other.locator('textarea[name="comment"]').input_value().startswith("路灯坏了😀")
            assert len(other.locator('textarea[name="comment"]').input_value()) > 9000
    assert stored(app) == 0


# --- eyes ------------------------------------------------------------------------------------


def unfold_all(page: Page) -> None:
    for name in INDICATORS:
        row(page, name, "2").click()
    row(page, "call_back", "1").click()


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"forced_colors": "active"}])
@pytest.mark.parametrize("query", ["?lang=zh", "?lang=en", "?lang=zh&size=large"])
def test_axe_finds_nothing_when_all_is_unfolded(
    served: str, code: str, browser: Browser, query: str, options: dict[str, Any]
) -> None:
    with opened(browser, bypass_csp=True, **options) as page:
        page.goto(f"{served}/s/{code}{query}")
        unfold_all(page)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        # The same with every mistake named, by the script and then by the server.
        page.locator("#phone").fill("x")
        page.locator("#go").click()
        page.wait_for_selector("#errors")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_a_screen_reader_hears_what_belongs_together(served: str, code: str, phone: Page) -> None:
    phone.goto(f"{served}/s/{code}?lang=en")
    row(phone, "urban", "1").click()
    question = phone.get_by_role("group", name=re.compile("^2.5 Upkeep of streets"))
    expect(question).to_have_accessible_description(re.compile("^For example: cleaning"))
    expect(question.get_by_role("radio")).to_have_count(6)
    expect(question.get_by_role("radio", name="Very dissatisfied", checked=True)).to_have_count(1)
    tags = question.get_by_role("group", name=re.compile("^What is wrong"))
    expect(tags.get_by_role("checkbox", name="Parking")).to_have_count(1)
    expect(question.get_by_role("textbox", name=re.compile("^What is it"))).to_be_visible()
    expect(phone.get_by_role("heading", level=1)).to_have_count(1)
    expect(phone.get_by_role("main")).to_have_count(1)
    expect(phone.get_by_role("status")).to_have_count(1)


def test_all_targets_are_as_large_as_a_thumb(served: str, code: str, phone: Page) -> None:
    for query in ("?lang=zh", "?lang=en", "?lang=zh&size=large"):
        phone.goto(f"{served}/s/{code}{query}")
        unfold_all(phone)
        small = phone.locator("label:has(input), a, button, textarea, [type=tel]").evaluate_all(
            """all => all.filter(one => one.offsetParent && one.getBoundingClientRect().height < 48)
                 .map(one => one.outerHTML)"""
        )
        assert small == []


@pytest.mark.parametrize(
    "query", ["?lang=zh", "?lang=en", "?lang=zh&size=large", "?lang=en&size=large"]
)
def test_at_twice_the_size_nothing_leaves_the_side(
    served: str, code: str, browser: Browser, query: str
) -> None:
    # 360 px at 200 % zoom are 180 px of the page's own.
    with opened(browser, viewport={"width": 180, "height": 370}) as page:
        page.goto(f"{served}/s/{code}{query}")
        unfold_all(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 180


def test_in_forced_colours_a_choice_is_seen(served: str, code: str, browser: Browser) -> None:
    with opened(browser, forced_colors="active") as page:
        page.goto(f"{served}/s/{code}")
        row(page, "party", "4").click()
        page.locator("h1").click()
        outline = "one => getComputedStyle(one).outlineStyle"
        assert page.locator('[name="party"][value="4"] + span').evaluate(outline) == "solid"
        assert page.locator('[name="party"][value="5"] + span').evaluate(outline) == "none"


def test_nothing_moves_for_those_who_asked_for_that(
    served: str, code: str, browser: Browser
) -> None:
    with opened(browser, reduced_motion="reduce") as page:
        page.goto(f"{served}/s/{code}")
        unfold_all(page)
        assert page.evaluate("document.getAnimations().length") == 0
        assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_nothing_shifts_while_the_page_arrives(served: str, code: str, browser: Browser) -> None:
    watch = """window.shifted = 0; new PerformanceObserver(list => list.getEntries().forEach(
        e => { if (!e.hadRecentInput) shifted += e.value })).observe(
        {type: 'layout-shift', buffered: true})"""
    for query in ("?lang=zh", "?lang=en&size=large"):
        with opened(browser) as page:
            page.add_init_script(watch)
            session = page.context.new_cdp_session(page)
            session.send("Network.enable")
            slow = {"offline": False, "latency": 400, "downloadThroughput": 10_000}
            session.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": 10_000})
            page.goto(f"{served}/s/{code}{query}")
            page.wait_for_load_state("networkidle")
            assert page.evaluate("shifted") == 0
            # Large type was chosen before: it is there from the first paint.
            page.evaluate("localStorage.setItem('jieping:size', '\"large\"')")
            page.reload()
            page.wait_for_load_state("networkidle")
            assert page.evaluate("shifted") == 0


# --- hands -----------------------------------------------------------------------------------


def test_the_keyboard_is_enough(app: Flask, served: str, code: str, browser: Browser) -> None:
    with opened(browser) as page:
        page.goto(f"{served}/s/{code}")
        page.locator("#size").focus()
        focused = "document.activeElement.name + document.activeElement.value"
        for name in INDICATORS:
            for _ in range(12):
                page.keyboard.press("Tab")
                if page.evaluate("document.activeElement.name") == name:
                    break
            # Space takes the first level, the arrows go down from there.
            page.keyboard.press("Space")
            page.keyboard.press("ArrowDown")
            assert page.evaluate(focused) == f"{name}4"
            shown = page.evaluate(
                "getComputedStyle(document.activeElement.nextElementSibling).outlineStyle"
            )
            assert shown == "solid"
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") == "safety_tags"
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/r/"))
    assert stored(app) == 1
    assert tags_of(app) == {("safety_tags", "1")}


# --- browsers --------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["page", "steps"])
def test_wechats_older_browser_answers(
    app: Flask, served: str, code: str, browser: Browser, layout: str
) -> None:
    app.config["SURVEY_LAYOUT"] = layout
    with opened(browser, user_agent=WECHAT, has_touch=True) as page:
        page.add_init_script(MISSING)
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(f"{served}/s/{code}")
        assert page.evaluate("typeof fetch + typeof URLSearchParams") == "undefinedundefined"
        page.locator("#size").click()
        assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 24
        fill_in(page, level="2")
        row(page, "urban_tags", "1").click()
        while layout == "steps" and not page.locator("#go").is_visible():
            page.locator(".move button:visible").last.click()
        page.locator("#go").click()
        page.wait_for_url(re.compile(r"/r/"))
        assert failures == []
    assert stored(app) == 1
    assert tags_of(app) == {("urban_tags", "1")}


@pytest.mark.parametrize("name", ["resident", "steps", "notice"])
def test_the_scripts_are_of_a_language_that_old_engines_read(name: str) -> None:
    source = (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
    code = re.sub(r"'(?:\\.|[^'\\])*'|/\*.*?\*/|//[^\n]*", "", source, flags=re.DOTALL)
    for newer in ("=>", "`", "?.", "??", "...", "let ", "const ", "class ", "async ", "await "):
        assert newer not in code, newer


def test_a_nonsense_language_is_answered_in_the_languages_of_the_house(
    served: str, code: str, browser: Browser
) -> None:
    for header in ("xx-yy;q=oops, ,;", "zh;q=\x7f", "*" * 300, "en-GB-oed;q=9e9"):
        with opened(browser, extra_http_headers={"Accept-Language": header}) as page:
            reply = page.goto(f"{served}/s/{code}")
            assert reply is not None
            assert reply.status == 200
            assert page.locator("html").get_attribute("lang") in ("zh-Hans", "en")


def test_the_answers_of_every_browser_lie_in_the_same_columns(
    app: Flask, served: str, code: str, phone: Page
) -> None:
    phone.goto(f"{served}/s/{code}?lang=en")
    fill_in(phone)
    row(phone, "coached", "no").click()
    phone.locator("#go").click()
    phone.wait_for_url(re.compile(r"/r/"))
    with app.app_context():
        assert db.session.scalars(select(Response.language)).one() == "en"
