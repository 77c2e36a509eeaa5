"""The pages on which people decide about themes: what they show, cost, refuse and lead to."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from survey import jobs
from survey.models import Mention, Theme, ThemeDecision, db
from survey.queries.themes import wave_themes
from survey.services import themes
from survey.services.theme_review import decide
from tests import factories
from tests.routes.conftest import NOW, form_token
from tests.services.themes_told import CODE, DEPARTMENT, NOISE, PARKING, department, themed

HERE = f"/office/waves/{CODE}/themes"
PAGES = ("", "/review", "/1", "/1/sample", "/1/sample?basis=border", "/comments", "/decisions")


@pytest.fixture
def theme_id(app: Flask, place: factories.Place) -> int:
    with app.app_context():
        department(place)
        found = themed(place, PARKING)
        themed(place, NOISE, street=1, keywords=["吵"])
    return found


def post(client: FlaskClient, path: str, **data: object):
    """Post a form as a page of ours would send it."""
    token = form_token(client.get(f"{HERE}/review").get_data(as_text=True))
    return client.post(path, data={"csrf_token": token, **data})


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_themes_costs_at_most_six_queries(
    app: Flask, theme_id: int, signed_in: Callable[[str], FlaskClient], page: str
) -> None:
    client = signed_in("eva")
    client.get(HERE + page)
    sent: list[str] = []
    with app.app_context():
        event.listen(
            db.engine, "before_cursor_execute", lambda _c, _cu, text, *_more: sent.append(text)
        )
    assert client.get(HERE + page).status_code == 200
    asked = [text for text in sent if not text.startswith(("BEGIN", "PRAGMA"))]
    # Besides the account's own.
    assert len(asked) - 1 <= 6, asked


@pytest.mark.parametrize("page", PAGES)
def test_no_page_of_themes_holds_what_the_policy_forbids(
    theme_id: int, signed_in: Callable[[str], FlaskClient], page: str
) -> None:
    text = signed_in("eva").get(HERE + page).get_data(as_text=True)
    assert " style=" not in text
    assert "<style" not in text
    assert re.findall(r"<script(?! src=\"/static/)", text) == []


def test_after_a_decision_in_the_queue_the_theme_stays_until_all_is_said(
    app: Flask, theme_id: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    path, queue = f"{HERE}/{theme_id}", {"from": "review"}
    for action, value in (("status", "confirmed"), ("scope", "common")):
        answer = post(eva, path, action=action, value=value, **queue)
        assert answer.status_code == 303
        assert answer.location.startswith(f"{HERE}/review?")
        page = eva.get(answer.location).get_data(as_text=True)
        assert PARKING[0] in page
        assert ">Undo<" in page
    answer = post(eva, path, action="department", value=DEPARTMENT, **queue)
    # Nothing is left to ask about it: the next one follows.
    page = eva.get(answer.location).get_data(as_text=True)
    assert NOISE[0] in page
    assert "1 settled" in page
    with app.app_context():
        theme = db.session.get_one(Theme, theme_id)
        assert (theme.status, theme.scope, theme.remit) == ("confirmed", "common", "department")
        assert theme.department is not None
        assert theme.department.code == DEPARTMENT
        theme_words = list(theme.keywords)
        assert theme_words
    # On the desk of the department it was given to, and on no other's.
    desk = eva.get(f"/office/department/?department={DEPARTMENT}").get_data(as_text=True)
    other = signed_in("dept").get("/office/department/").get_data(as_text=True)
    for word in theme_words:
        assert word in desk
        assert word not in other


def test_judging_leads_from_comment_to_comment(
    theme_id: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    seen = set()
    for number in range(12):
        page = eva.get(f"{HERE}/{theme_id}/sample").get_data(as_text=True)
        assert f"{number} judged" in page
        found = re.search(rf"{HERE}/{theme_id}/comments/(\d+)", page)
        assert found
        seen.add(found.group(1))
        answer = post(eva, found.group(0), action="judge", basis="sample", value="yes", seen="0")
        assert answer.status_code == 303
    assert len(seen) == 12
    page = eva.get(f"{HERE}/{theme_id}/sample").get_data(as_text=True)
    assert "Every comment was judged" in page
    shown = eva.get(f"{HERE}/{theme_id}").get_data(as_text=True)
    assert re.search(r"100 % <span class=\"ci\">\(76–100 %\)", shown)


def test_a_comment_moves_to_the_theme_that_is_chosen_once_for_all(
    theme_id: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    page = eva.get(f"{HERE}/{theme_id}").get_data(as_text=True)
    # A list of every theme beside every comment would be most of the page.
    assert page.count('name="other"') == 2  # where to merge, where to move
    token = form_token(page)
    addresses = re.findall(r'form="move" formaction="([^"]+)"', page)
    assert len(addresses) == len(set(addresses)) == 12
    sent = {"csrf_token": token, "action": "move", "other": ""}
    assert eva.post(addresses[3], data=sent).status_code == 303
    left = eva.get(f"{HERE}/{theme_id}").get_data(as_text=True)
    assert addresses[3] not in left
    assert addresses[4] in left


def test_the_second_of_two_clerks_reads_what_the_first_did(
    theme_id: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    path = f"{HERE}/{theme_id}"
    page = eva.get(f"{HERE}/review").get_data(as_text=True)
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    form = {"action": "status", "from": "review", "version": version.group(1)}
    assert post(eva, path, value="confirmed", **form).status_code == 303
    second = post(eva, path, value="dismissed", **form)
    assert second.status_code == 409
    text = second.get_data(as_text=True)
    assert "eva decided about this while you were looking at it" in text
    assert "Confirmed" in text
    assert post(eva, path, value="loved", action="status").status_code == 422


def test_undoing_brings_the_theme_back(
    app: Flask, theme_id: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    post(eva, f"{HERE}/{theme_id}", action="status", value="dismissed")
    with app.app_context():
        assert theme_id not in {one.id for one in wave_themes(CODE)}
        done = db.session.scalar(select(func.max(ThemeDecision.id)))
    path = f"{HERE}/decisions/{done}/undo"
    assert post(eva, path).status_code == 302
    assert post(eva, path).status_code == 409
    with app.app_context():
        assert theme_id in {one.id for one in wave_themes(CODE)}


@pytest.mark.parametrize(
    ("path", "data"),
    [
        (f"{HERE}/999", {"action": "status", "value": "confirmed"}),
        (f"{HERE}/1/comments/999", {"action": "judge", "value": "yes", "basis": "sample"}),
        (f"{HERE}/comments/999", {"value": "urban"}),
        (f"{HERE}/decisions/999/undo", {}),
        ("/office/waves/nowhere/themes/1", {"action": "status", "value": "confirmed"}),
        ("/office/waves/other-wave/themes/1", {"action": "status", "value": "confirmed"}),
    ],
)
def test_what_is_not_of_this_wave_and_district_is_not_found(
    app: Flask,
    theme_id: int,
    signed_in: Callable[[str], FlaskClient],
    path: str,
    data: dict[str, str],
) -> None:
    with app.app_context():
        factories.wave(district_id=factories.district(code="other"), code="other-wave")
    assert post(signed_in("eva"), path, **data).status_code == 404


@pytest.mark.parametrize("who", ["clerk", "dept", "boss", "audit"])
def test_only_evaluators_decide(
    app: Flask, theme_id: int, signed_in: Callable[[str], FlaskClient], who: str
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    signed = {"username": who, "password": "correct horse battery"}
    assert client.post("/office/sign-in", data=signed).status_code == 302
    reads = 200 if who == "audit" else 403
    for page in PAGES:
        assert client.get(HERE + page).status_code == reads
    form = {"action": "status", "value": "confirmed"}
    assert client.post(f"{HERE}/{theme_id}", data=form).status_code == 403
    if who == "audit":
        assert 'data-key="1"' not in client.get(f"{HERE}/review").get_data(as_text=True)


def test_a_street_reads_no_theme_that_nobody_mentioned_there(
    theme_id: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    clerk = signed_in("clerk")
    assert clerk.get(f"/office/street/s1/themes/{theme_id}").status_code == 200
    # The theme of s2, in one's own street and in the other one.
    assert clerk.get(f"/office/street/s1/themes/{theme_id + 1}").status_code == 404
    assert clerk.get(f"/office/street/s2/themes/{theme_id + 1}").status_code == 403


INJECTION = '<script>alert(1)</script>{{ 7 * 7 }}" onload="x'


def test_a_residents_sentence_names_a_theme_only_for_those_who_read_everything(
    app: Flask, theme_id: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    def acted(action: str, **given: str) -> None:
        with app.app_context():
            decide(CODE, theme_id, action=action, given=given, actor="eva", now=NOW)

    def headings(who: str, path: str) -> str:
        page = signed_in(who).get(path).get_data(as_text=True)
        return "".join(re.findall(r"<h2>.*?</h2>|<th scope=\"row\">.*?</th>", page, re.DOTALL))

    acted("status", value="confirmed")
    acted("scope", value="common")
    seen = (("clerk", "/office/street/s1/themes"), ("dept", "/office/department/"))
    for who, path in seen:
        assert PARKING[0] not in headings(who, path)
        assert "停车" in headings(who, path)
    assert PARKING[0] in headings("eva", HERE)
    acted("rename", name_zh="停车难", name_en="Parking")
    for who, path in seen:
        assert "Parking" in headings(who, path)


def test_script_in_labels_names_and_comments_is_shown_inert(
    app: Flask, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        theme_id = themed(
            place,
            [f"{INJECTION} 停车难，位置太少了 {i}" for i in ("甲", "乙丙丁")],
            keywords=["<b>停车</b>", INJECTION],
        )
    eva = signed_in("eva")
    named = {"name_zh": INJECTION, "name_en": INJECTION}
    assert post(eva, f"{HERE}/{theme_id}", action="rename", **named).status_code == 303
    for page in PAGES:
        text = eva.get(HERE + page).get_data(as_text=True)
        assert "<script>" not in text
        assert "<b>停车" not in text
        assert '" onload' not in text
        assert ">49" not in text
    assert "&lt;script&gt;alert(1)" in eva.get(HERE).get_data(as_text=True)


def test_a_wave_without_comments_has_pages_that_say_so(
    place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    for page, words in (
        ("", "There are no themes in this wave yet"),
        ("/review", "Nothing left to decide"),
        ("/comments", "Nothing left to sort"),
        ("/decisions", "Nobody has decided anything yet"),
    ):
        assert words in eva.get(HERE + page).get_data(as_text=True)
    assert eva.get(f"{HERE}/1").status_code == 404


def test_the_list_shows_how_far_the_worker_is(
    app: Flask, theme_id: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    assert post(eva, f"{HERE}/run").status_code == 303
    assert "about to sort" in eva.get(HERE).get_data(as_text=True)
    with app.app_context():
        # Asked twice, the worker is asked once.
        assert len(jobs.queue()) == 1
    assert post(eva, f"{HERE}/run").status_code == 303
    with app.app_context():
        assert len(jobs.queue()) == 1
        jobs.tell_themes(CODE, state="running", done=1500, total=6000)
    page = eva.get(HERE).get_data(as_text=True)
    assert "1,500 of 6,000" in page
    assert '<progress max="6000" value="1500"' in page
    ran = app.test_cli_runner().invoke(args=["themes", "run", CODE])
    assert ran.exit_code == 0, ran.output
    page = eva.get(HERE).get_data(as_text=True)
    assert "Last sorted" in page
    assert "Sort new comments now" in page


def test_a_run_that_fails_says_why_on_the_page(
    app: Flask, theme_id: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        jobs.tell_themes(CODE, state="failed", reason="The comment model cannot be used.")
    page = signed_in("eva").get(HERE).get_data(as_text=True)
    assert "The last run failed: The comment model cannot be used." in page


def test_each_deduction_of_a_draft_leads_to_the_comments_behind_it(
    app: Flask, theme_id: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        given = {"value": "urban"}
        decide(CODE, theme_id, action="indicator", given=given, actor="eva", now=NOW)
    eva = signed_in("eva")
    page = eva.get(f"/office/waves/{CODE}/evaluation").get_data(as_text=True)
    link = re.search(rf'href="({HERE}/{theme_id}\?street=s1)#comments"', page)
    assert link
    shown = eva.get(link.group(1)).get_data(as_text=True)
    assert all(text in shown for text in PARKING)
    assert "Only those of" in shown


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_same_text_ten_thousand_times_is_one_comment_to_judge(
    app: Flask, place: factories.Place, signed_in: Callable[[str], FlaskClient], language: str
) -> None:
    with app.app_context():
        theme_id = themed(place, [*PARKING[:2], *[PARKING[0]] * 300])
        assert db.session.scalar(select(func.count()).select_from(Mention)) == 302
    page = signed_in("eva").get(f"{HERE}/{theme_id}/sample?lang={language}")
    assert page.status_code == 200
    with app.app_context():
        assert wave_themes(CODE)[0].mentions == 2
        assert wave_themes(CODE)[0].sample.members == 2


def test_a_street_with_one_comment_and_a_district_with_none_run_through(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        assert themes.run_themes(CODE, now=NOW).comments == 0
        factories.response(
            wave_id=place.wave_id,
            point_code=place.points[0],
            answers=factories.levels(3, 3, 3, 3, 3, comment=PARKING[0]),
        )
        for review in (False, True):
            done = themes.run_themes(CODE, now=NOW, review=review)
            assert done.new_themes == 0
        assert wave_themes(CODE) == ()
