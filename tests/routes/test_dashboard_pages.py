"""The first screen and a street's dashboard: what they say, to whom, and at what cost."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, update

from survey.clock import utc_now
from survey.database import transaction
from survey.models import (
    Account,
    Appeal,
    Case,
    Comment,
    StreetCondition,
    Theme,
    ThemeState,
    Wave,
    db,
)
from survey.services import access, evaluate
from survey.services.rollup import fold_all
from tests import case_factories, factories
from tests.routes.conftest import NOW, PASSWORD, sign_in

STREETS = ("s1", "s2", "s3")
# What every answer of a street gives to the five indicators.
LEVELS = {"s1": (3, 4, 4, 4, 4), "s2": (5, 4, 4, 4, 4), "s3": (4, 4, 4, 4, 4)}
DASHBOARD = "/office/street/s1?lang=en"


@pytest.fixture
def place(app: Flask) -> factories.Place:
    """Three streets of one group with forty answers each, and an account of every role."""
    with app.app_context():
        made = factories.place(streets=STREETS)
        for code, street_id in zip(STREETS, made.street_ids, strict=True):
            slip = factories.point(street_id=street_id, channel="slip")
            for turn in range(40):
                # A little apart, so that there is an interval.
                given = [level - (turn % 4 == 0) for level in LEVELS[code]]
                answers = factories.levels(
                    *given, age_band=("18-29", "60+")[turn % 2], sex="FM"[turn // 2 % 2]
                )
                factories.response(wave_id=made.wave_id, point_code=slip, answers=answers)
        fold_all(now=NOW)
        case_factories.department(district_id=made.district_id)
        for name, roles, more in (
            ("eva", ["evaluator"], {}),
            ("clerk", ["street"], {"street_code": "s1"}),
            ("dept", ["department"], {"department_code": "urban"}),
            ("boss", ["admin"], {}),
            ("audit", ["auditor"], {}),
        ):
            access.create_account(name, PASSWORD, roles, now=NOW, **more)
    return made


@pytest.fixture
def statements(app: Flask) -> list[str]:
    """Every statement sent to the database."""
    found: list[str] = []
    with app.app_context():
        event.listen(
            db.engine,
            "before_cursor_execute",
            lambda _c, _cu, statement, _p, _ctx, _m: found.append(statement),
        )
    return found


def text_of(client: FlaskClient, path: str) -> str:
    """A page's words, blanks and tags made one space."""
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).split())


def condition(street_id: int, value: float, *, per: int = 1000) -> None:
    with transaction() as session:
        session.add(
            StreetCondition(
                street_id=street_id,
                code="staff",
                name_zh="在岗人员",
                name_en="Staff in post",
                unit_zh="人",
                unit_en="people",
                value=value,
                per_residents=per,
                source="yearbook",
            )
        )


# Queries besides those that every page of the office costs for the account and its session.
@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("eva", "/office/"),
        ("audit", "/office/"),
        ("clerk", "/office/"),
        ("dept", "/office/"),
        ("boss", "/office/"),
        ("eva", "/office/street/s1"),
        ("clerk", "/office/street/s1"),
    ],
)
def test_six_queries_are_enough(
    app: Flask,
    place: factories.Place,
    signed_in: Callable[[str], FlaskClient],
    statements: list[str],
    who: str,
    path: str,
) -> None:
    with app.app_context():
        case_factories.a_theme_case(place)
        case_factories.a_comment_case(place)
        condition(place.street_ids[0], 100)
    client = signed_in(who)
    client.get(path)
    sent = []
    for page in ("/office/paper/" if who in ("eva", "clerk", "audit") else "/office/account", path):
        statements.clear()
        assert client.get(page).status_code == 200
        sent = [one for one in statements if not one.startswith(("BEGIN", "PRAGMA", "COMMIT"))]
    of_the_account = [
        one for one in sent if re.search(r"FROM (account|role|office_session)\b", one)
    ]
    assert len(sent) - len(of_the_account) <= 6, sent


def test_a_street_reads_its_peers_mean_only_once_figures_are_public(
    app: Flask, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    clerk, eva = signed_in("clerk"), signed_in("eva")
    before = text_of(clerk, DASHBOARD)
    assert "not final" in before
    assert "once the figures are on public notice" in before
    assert "the mean of its peer group" not in before
    assert "the district" in before
    # The office reads all of it at any time.
    assert "the mean of its peer group" in text_of(eva, DASHBOARD)
    with app.app_context():
        with transaction() as session:
            session.execute(update(Wave).values(status="closed"))
        evaluate.publish("2026q4", actor="eva", now=NOW, reason="")
    after = text_of(clerk, DASHBOARD)
    assert "the mean of its peer group" in after
    assert "Mean of the 2 other streets" in after
    assert "Revision 1, published" in after


def test_what_moves_it_adds_up_to_the_difference(
    place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    page = text_of(signed_in("eva"), DASHBOARD)
    # One of five indicators: a level (25 points) below s3's and two below s2's.
    assert re.search(r"20 % of the score × −37\.5 −7\.50", page), page
    assert re.search(r"Together −7\.50", page)
    assert "7.5 points below the mean of its peer group" in page
    community = page[page.index("Community building") :]
    assert "not significantly different" in community[:300]


def test_the_trend_marks_what_is_not_final(
    app: Flask, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        with transaction() as session:
            first = session.get_one(Wave, place.wave_id)
            first.status = "closed"
            questionnaire_id = first.questionnaire_id
        evaluate.publish("2026q4", actor="eva", now=NOW, reason="")
        later = factories.wave(
            district_id=place.district_id,
            code="2027q1",
            questionnaire_id=questionnaire_id,
            opens_at=NOW + timedelta(days=30),
            closes_at=NOW + timedelta(days=60),
        )
        slip = factories.point(street_id=place.street_ids[0], channel="slip")
        for turn in range(32):
            given = factories.levels(5, 5, 4, 5, 4 + turn % 2)
            factories.response(wave_id=later, point_code=slip, answers=given)
        fold_all(now=NOW)
    page = signed_in("clerk").get(DASHBOARD).get_data(as_text=True)
    assert 'class="dot hollow"' in page
    assert "The hollow dot is not final." in page
    assert re.search(r"<th scope=\"row\">Wave 2026q4</th>.*?<td>Published</td>", page, re.S)
    assert re.search(r"<th scope=\"row\">Wave 2027q1</th>.*?<td>not final</td>", page, re.S)


def test_who_answered_hides_small_cells_and_says_what_is_missing(
    place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    page = text_of(signed_in("clerk"), DASHBOARD)
    # Ten women of 60 and more are of the forty; nobody of 30 to 59 answered.
    assert "60+ · women 25.0 %" in page
    assert "30-44 · women 0.0 %" in page
    assert re.search(r"About \d+ more answers from the random sample are needed", page)
    # The silent come first, the more of them there are the more.
    told = page[page.index("They help most if they come from:") :]
    assert re.match(r"They help most if they come from: 30-44 \d+ 45-59 \d+", told)
    assert "One-time slip" in told


def test_themes_say_their_state_and_whether_there_is_a_case(
    app: Flask, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        own = case_factories.a_theme(place, mentions=(12, 3))
        case_id = case_factories.a_theme_case(place, theme_id=own)
        case_factories.a_theme(
            place, mentions=(4, 3), label="谁说的原话", keywords=("噪声", "施工"), scope="common"
        )
        with transaction() as session:
            session.execute(
                update(Theme)
                .where(Theme.id == own)
                .values(name_zh="停车位不够", name_en="Too few places to park")
            )
            session.execute(update(Theme).where(Theme.id != own).values(name_zh="", name_en=""))
            session.add(
                ThemeState(
                    theme_id=own,
                    street_id=place.street_ids[0],
                    wave_id=place.wave_id,
                    state="again",
                    mentions=12,
                    respondents=40,
                    mentions_before=3,
                    respondents_before=40,
                )
            )
    page = signed_in("clerk").get(DASHBOARD).get_data(as_text=True)
    assert f'href="/office/cases/{case_id}"' in page
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert re.search(r"Too few places to park again 12 of 40 respondents · Case \d+", words), words
    # A theme that nobody named goes by its keywords, never by a resident's own words.
    assert "噪声、施工" in words
    assert "谁说的原话" not in words
    assert "no case yet" in words


def test_cases_answered_in_time_are_told_with_their_interval(
    app: Flask, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        cases = [case_factories.a_comment_case(place) for _ in range(3)]
        now = utc_now()
        with transaction() as session:
            for key, replied, due in zip(cases, (-4, 2, None), (0, 0, -1), strict=True):
                one = session.get_one(Case, key)
                one.reply_due_on = (now + timedelta(days=due)).date()
                one.replied_at = now + timedelta(days=replied) if replied is not None else None
    page = text_of(signed_in("clerk"), DASHBOARD)
    # One of three: the second came late, the third is overdue.
    assert re.search(r"Answered in time 33 % 6 to 79 %, of 3 that were due or answered", page), page
    assert re.search(r"Open cases 3 .*?Overdue 1 ", page)


def test_conditions_stand_for_a_thousand_residents_beside_the_median(
    app: Flask, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        # 40,000 residents each.
        for street_id, value in zip(place.street_ids, (100, 60, 70), strict=True):
            condition(street_id, value)
    page = text_of(signed_in("clerk"), DASHBOARD)
    assert re.search(
        r"Staff in post people per 1,000 residents 2\.5 in all 100 1\.6 yearbook", page
    )
    assert "None of it enters a score." in page


def test_another_street_is_refused_and_written_down(
    place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    assert signed_in("clerk").get("/office/street/s2").status_code == 403
    assert signed_in("dept").get("/office/street/s1").status_code == 403
    assert signed_in("eva").get("/office/street/s9").status_code == 404
    assert signed_in("eva").get("/office/street/s1?wave=never").status_code == 404


def test_the_first_screen_says_what_is_new_since_the_last_sign_in(
    app: Flask, place: factories.Place
) -> None:
    with app.app_context():
        case_factories.a_comment_case(place, now=utc_now() - timedelta(hours=1))
        old = case_factories.a_comment_case(place, body="楼道灯不亮")
        with transaction() as session:
            session.execute(
                update(Case)
                .where(Case.id == old)
                .values(
                    opened_at=utc_now() - timedelta(days=30),
                    reply_due_on=(utc_now() - timedelta(days=5)).date(),
                )
            )
            session.execute(update(Comment).values(said_on=utc_now().date()))
            filed = evaluate_id(session, place)
            session.add(
                Appeal(
                    evaluation_id=filed,
                    wave_id=place.wave_id,
                    street_id=place.street_ids[0],
                    kind="quarantine",
                    grounds="g",
                    filed_by="clerk",
                    filed_at=NOW,
                    decide_by=NOW.date(),
                    status="rejected",
                    decision="d",
                    closed_by="eva",
                    closed_at=utc_now() - timedelta(hours=2),
                )
            )
            session.execute(
                update(Account)
                .where(Account.username == "clerk")
                .values(signed_in_at=utc_now() - timedelta(days=2))
            )
    client = app.test_client()
    sign_in(client, "clerk")
    page = text_of(client, "/office/?lang=en")
    assert "Since you signed in before, on" in page
    assert "1 new case " in page
    assert "2 comments of residents" in page
    assert "1 decision on an appeal of yours" in page
    due = page[page.index("What is due") :]
    assert "1 case overdue" in due
    assert re.search(r"[56] days overdue 楼道灯不亮", due), due
    # Its own score, and no other street's.
    assert "of 100 points" in page
    assert "Answers so far" not in page
    # Signed in again: nothing happened since.
    client.get("/office/")
    with app.app_context(), transaction() as session:
        session.execute(update(Account).values(signed_in_at=utc_now()))
    again = app.test_client()
    sign_in(again, "clerk")
    assert "new case" not in text_of(again, "/office/?lang=en")


def evaluate_id(session, place: factories.Place) -> int:
    """The key of a frozen evaluation of the wave, so that an appeal has one."""
    from survey.models import Evaluation

    row = Evaluation(
        wave_id=place.wave_id,
        revision=9,
        status="replaced",
        policy_id=session.scalar(select(Wave.policy_id)),
        summary={},
        created_at=NOW,
    )
    session.add(row)
    session.flush()
    return row.id


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("eva", ("Streets without enough answers to be ranked", "3 of 3", "Escalated and open")),
        ("audit", ("Streets without enough answers to be ranked", "Answers so far")),
        ("dept", ("urban bureau", "No case has come to the department yet.")),
        ("boss", ("Collection points in use 6", "Accounts 5", "accepted answers")),
    ],
)
def test_each_role_reads_how_it_is_doing(
    place: factories.Place,
    signed_in: Callable[[str], FlaskClient],
    who: str,
    expected: tuple[str, ...],
) -> None:
    page = text_of(signed_in(who), "/office/?lang=en")
    for words in ("What is new", "What is due", "How are we doing", *expected):
        assert words in page, page


@pytest.mark.parametrize("path", ["/office/", "/office/street/s1"])
def test_pages_keep_to_the_policy_in_both_languages(
    place: factories.Place, signed_in: Callable[[str], FlaskClient], path: str
) -> None:
    client = signed_in("clerk")
    for language in ("zh", "en"):
        page = client.get(f"{path}?lang={language}").get_data(as_text=True)
        for forbidden in (" style=", "<script", "<style", "None", "Undefined"):
            assert forbidden not in page.replace("<script src=", "")
