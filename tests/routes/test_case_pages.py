"""The page of a case: who may open it, what it shows, what is kept when something is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, update

from survey.clock import utc_now
from survey.database import transaction
from survey.desk import Desk
from survey.formatting import local_time
from survey.models import (
    AuditEvent,
    Case,
    CaseEvent,
    Comment,
    Duty,
    Indicator,
    Mention,
    Theme,
    ThemePeriod,
    db,
)
from survey.services import cases
from tests import case_factories, factories
from tests.routes.conftest import NOW, form_token

STREET = Desk("other clerk", street_code="s1")


@pytest.fixture
def theme_case(app: Flask, place: factories.Place) -> int:
    """A case of s1 about a theme that twelve residents mention there."""
    with app.app_context():
        return case_factories.a_theme_case(place)


def text(client: FlaskClient, path: str, status: int = 200) -> str:
    found = client.get(path)
    assert found.status_code == status, found.get_data(as_text=True)[:600]
    return found.get_data(as_text=True)


def send(client: FlaskClient, path: str, **fields: str):
    token = form_token(text(client, "/office/account"))
    return client.post(path, data={"csrf_token": token, **fields})


@pytest.mark.parametrize(
    ("kind", "who", "is_done"),
    [
        ("theme", "clerk", False),
        ("comment", "clerk", False),
        ("call_back", "clerk", False),
        ("theme", "eva", True),
        ("comment", "clerk", True),
    ],
)
def test_the_page_costs_at_most_eight_queries(
    app: Flask,
    place: factories.Place,
    signed_in: Callable[[str], FlaskClient],
    kind: str,
    who: str,
    is_done: bool,
) -> None:
    found: list[str] = []
    with app.app_context():
        case_id = getattr(case_factories, f"a_{kind}_case")(place)
        if is_done:
            cases.accept(case_id, version=1, desk=STREET, now=NOW)
            cases.declare_done(case_id, version=2, desk=STREET, now=NOW, words="已办")
        event.listen(
            db.engine,
            "before_cursor_execute",
            lambda _c, _cu, statement, _p, _ctx, _m: found.append(statement),
        )
    client = signed_in(who)
    text(client, f"/office/cases/{case_id}")
    found.clear()
    text(client, f"/office/cases/{case_id}")
    sent = [said for said in found if not said.startswith(("BEGIN", "PRAGMA"))]
    # Besides the account's own.
    assert len(sent) - 1 <= 8, sent


def test_another_streets_case_is_refused_and_logged_and_an_unknown_one_is_not_found(
    app: Flask, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        other = case_factories.a_theme_case(place, street_code="s2")
    clerk = signed_in("clerk")
    path = f"/office/cases/{other}"
    text(clerk, path, 403)
    assert send(clerk, f"{path}/accept", version="1").status_code == 403
    text(clerk, "/office/cases/4711", 404)
    text(signed_in("dept"), path, 403)
    text(signed_in("audit"), path)
    text(signed_in("boss"), path, 403)
    with app.app_context():
        refused = db.session.scalars(
            select(AuditEvent).where(AuditEvent.actor == "clerk", AuditEvent.action == "refused")
        ).all()
        assert path in "".join(row.subject + str(row.detail) for row in refused)
        assert db.session.get_one(Case, other).state == "received"


def test_a_clerk_goes_all_the_way_and_only_what_can_be_done_is_offered(
    app: Flask, theme_case: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    clerk = signed_in("clerk")
    path = f"/office/cases/{theme_case}"
    page = text(clerk, path)
    assert "Accept the case" in page
    assert 'id="act-plan"' not in page
    assert send(clerk, f"{path}/accept", version="1").status_code == 303
    page = text(clerk, path)
    assert 'id="act-plan"' in page
    assert f'action="{path}/accept"' not in page
    with app.app_context():
        day = local_time(utc_now()).date() + timedelta(days=9)
    assert (
        send(clerk, f"{path}/plan", version="2", words="划 20 个车位", due_on="").status_code == 422
    )
    done = send(clerk, f"{path}/plan", version="2", words="划 20 个车位", due_on=day.isoformat())
    assert done.status_code == 303
    page = text(clerk, path)
    assert "划 20 个车位" in page
    assert "in 9 days" in page
    assert send(clerk, f"{path}/done", version="3", words="已划好").status_code == 303
    page = text(clerk, path)
    assert "residents are asked" in page
    assert 'id="act-done"' not in page
    reader = text(signed_in("audit"), path)
    assert "已划好" in reader
    assert 'id="acts"' not in reader


def test_the_second_of_two_keeps_the_words_and_sees_what_the_first_did(
    app: Flask, theme_case: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    clerk = signed_in("clerk")
    path = f"/office/cases/{theme_case}"
    with app.app_context():
        cases.reply(theme_case, version=1, desk=STREET, now=NOW, words="本周派人查看")
    late = send(clerk, f"{path}/reply", version="1", words="我们收到了 <b>")
    page = late.get_data(as_text=True)
    assert late.status_code == 409
    assert "Done meanwhile by somebody else" in page
    assert "other clerk" in page
    assert "我们收到了 &lt;b&gt;</textarea>" in page
    # The form now carries the version with the change in it: sent again, it is stored.
    assert 'name="version" value="2"' in page
    assert send(clerk, f"{path}/reply", version="2", words="我们收到了").status_code == 303
    with app.app_context():
        assert db.session.get_one(Case, theme_case).reply == "我们收到了"


def test_a_number_in_a_reply_is_asked_about_and_nothing_is_lost(
    app: Flask, theme_case: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    clerk = signed_in("clerk")
    path = f"/office/cases/{theme_case}/reply"
    words = "已与 13800138000 联系"
    asked = send(clerk, path, version="1", words=words)
    page = asked.get_data(as_text=True)
    assert asked.status_code == 422
    assert "<mark>13800138000</mark>" in page
    assert f"{words}</textarea>" in page
    assert send(clerk, path, version="1", words=words, anyway="yes").status_code == 303
    with app.app_context():
        assert db.session.get_one(Case, theme_case).reply == words


def test_comments_are_shown_from_ten_mentions_on(
    app: Flask, place: factories.Place, theme_case: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        theme_id = db.session.get_one(Case, theme_case).theme_id
        comment_id = factories.comment(
            body="晚上没有地方停车", wave_id=place.wave_id, street_id=place.street_ids[0]
        )
        with transaction() as session:
            session.add(
                Mention(comment_id=comment_id, theme_id=theme_id, closeness=0.9, decided_by="model")
            )
    clerk = signed_in("clerk")
    page = text(clerk, f"/office/cases/{theme_case}")
    assert "晚上没有地方停车" in page
    assert "12 residents mention it" in page
    # From the theme's page the clerk opens a case of the comment; of another street's one not.
    made = send(clerk, "/office/cases", comment=str(comment_id))
    assert made.status_code == 303
    with app.app_context(), transaction() as session:
        session.execute(update(ThemePeriod).values(mentions=9))
    page = text(clerk, f"/office/cases/{theme_case}")
    assert "晚上没有地方停车" not in page
    assert "from 10 mentions on" in page
    with app.app_context():
        hidden = factories.comment(
            body="楼道太黑", wave_id=place.wave_id, street_id=place.street_ids[0]
        )
    assert send(clerk, "/office/cases", comment=str(hidden)).status_code == 403
    assert send(signed_in("eva"), "/office/cases", comment=str(hidden)).status_code == 303


def test_a_street_opens_cases_of_its_own_themes_alone(
    app: Flask, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        theme = str(case_factories.a_theme(place))
    clerk = signed_in("clerk")
    made = send(clerk, "/office/cases", theme=theme, wave="2026q4", street="s1")
    assert made.status_code == 303
    again = send(clerk, "/office/cases", theme=theme, wave="2026q4", street="s1")
    assert again.headers["Location"] == made.headers["Location"]
    for other in ("s2", ""):
        refused = send(clerk, "/office/cases", theme=theme, wave="2026q4", street=other)
        assert refused.status_code == 403
    assert send(clerk, "/office/cases", theme="x", wave="2026q4", street="s1").status_code == 404


def test_a_theme_that_was_merged_away_is_spoken_for(
    app: Flask, place: factories.Place, theme_case: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        own = db.session.get_one(Case, theme_case).theme_id
        into = case_factories.a_theme(place, label="车位不够", mentions=(20, 5))
        with transaction() as session:
            session.execute(
                update(Theme).where(Theme.id == own).values(status="merged", merged_into_id=into)
            )
            session.execute(update(Theme).where(Theme.id == into).values(name_en="Too few places"))
    page = text(signed_in("clerk"), f"/office/cases/{theme_case}")
    assert "“Nowhere to park” was merged into this one" in page
    assert "Too few places" in page
    assert "20 residents mention it" in page


def test_the_number_is_shown_to_its_street_alone_and_opened_on_record(
    app: Flask, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        case_id = case_factories.a_call_back_case(place)
    path = f"/office/cases/{case_id}"
    clerk, eva = signed_in("clerk"), signed_in("eva")
    assert "+8613800138000" not in text(clerk, path)
    assert "Show the number" not in text(eva, path)
    assert send(eva, f"{path}/number").status_code == 403
    opened = send(clerk, f"{path}/number").get_data(as_text=True)
    assert "+8613800138000" in opened
    with app.app_context():
        read = select(AuditEvent.actor).where(AuditEvent.action == "call_back_read")
        assert db.session.scalars(read).all() == ["clerk"]
    assert send(clerk, f"{path}/call-back", version="1", words="已说明").status_code == 303
    # The old page says the same of the request, and leads to the case.
    page = text(clerk, "/office/street/s1/call-backs")
    assert "Dealt with on" in page
    assert f'href="{path}"' in page


def test_what_is_dealt_with_on_the_list_is_noted_in_the_case(
    app: Flask, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        case_id = case_factories.a_call_back_case(place)
        key = db.session.get_one(Case, case_id).contact_request_id
    clerk = signed_in("clerk")
    path = f"/office/street/s1/call-backs/{key}/dealt-with"
    assert send(clerk, path).status_code == 303
    assert send(clerk, path).status_code == 303
    with app.app_context():
        assert db.session.get_one(Case, case_id).called_at is not None
        told = select(CaseEvent.action).where(CaseEvent.case_id == case_id)
        assert db.session.scalars(told).all() == ["opened", "called_back"]


def test_a_due_date_beyond_the_calendar_is_said_to_be_one(
    app: Flask, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        near = case_factories.a_theme_case(place)
        far = case_factories.a_theme_case(place, now=NOW.replace(year=2027), street_code="s2")
    eva = signed_in("eva")
    assert "calendar of working days" not in text(eva, f"/office/cases/{near}")
    assert "calendar of working days" in text(eva, f"/office/cases/{far}")


def test_a_comment_that_was_taken_back_leaves_a_case_that_says_so(
    app: Flask, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        case_id = case_factories.a_comment_case(place)
        with transaction() as session:
            session.execute(update(Case).values(comment_id=None))
            session.execute(Comment.__table__.delete())
    page = text(signed_in("clerk"), f"/office/cases/{case_id}")
    assert "Taken back by its resident" in page
    assert "路灯" not in page


def test_the_duty_list_proposes_and_passes_nothing_on(
    app: Flask, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        department_id = case_factories.department(district_id=place.district_id)
        with transaction() as session:
            indicator_id = session.scalar(select(Indicator.id).where(Indicator.code == "urban"))
            session.add(
                Duty(
                    district_id=place.district_id,
                    code="D12",
                    indicator_id=indicator_id,
                    name_zh="路灯维护",
                    name_en="Street lamps",
                    terms=["路灯"],
                    body="department",
                    department_id=department_id,
                    has_means=True,
                    source="三定方案",
                )
            )
        case_id = case_factories.a_comment_case(place)
        assert db.session.get_one(Case, case_id).department_id is None
    page = text(signed_in("clerk"), f"/office/cases/{case_id}")
    assert "By the duty list (D12, Street lamps) this is a task of: urban bureau." in page
    assert "It stays with you until you pass it on." in page


def test_theme_pages_offer_cases_to_who_may_open_them(
    app: Flask, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        theme = case_factories.a_theme(place, scope="common")
        comment_id = factories.comment(
            body="晚上没有地方停车", wave_id=place.wave_id, street_id=place.street_ids[0]
        )
        case_factories.department(district_id=place.district_id)
        with transaction() as session:
            session.add(
                Mention(comment_id=comment_id, theme_id=theme, closeness=0.9, decided_by="model")
            )
    pages = {
        "eva": f"/office/waves/2026q4/themes/{theme}",
        "clerk": f"/office/street/s1/themes/{theme}",
    }
    offered = f'name="comment" value="{comment_id}"'
    for who, path in pages.items():
        page = text(signed_in(who), path)
        assert offered in page
        assert 'name="street" value="s1"' in page
        read = text(signed_in("audit"), path)
        assert "/office/cases" not in read
    assert "Open a case" in text(signed_in("clerk"), "/office/street/s1/themes")
    made = send(
        signed_in("eva"), "/office/cases", theme=str(theme), wave="2026q4", department="urban"
    )
    page = text(signed_in("eva"), made.headers["Location"])
    assert "All streets" in page
    assert "urban bureau" in page


def test_a_theme_without_a_name_is_called_by_its_keywords_and_not_by_a_residents_words(
    app: Flask, theme_case: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Theme).values(name_zh="", name_en="", label="楼下停车难死了"))
    page = text(signed_in("clerk"), f"/office/cases/{theme_case}")
    assert "楼下停车难死了" not in page
    assert "停车 · 车位" in page
