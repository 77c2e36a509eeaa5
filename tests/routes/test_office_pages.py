"""The office pages on real figures: what they show, what they cost, what they change."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, update

from survey.clock import utc_now
from survey.database import transaction
from survey.models import Theme, ThemePeriod, Wave, db
from survey.services import access, evaluate, paper_entry
from survey.services.rollup import fold_all
from survey.wording import CONDITIONS, NUMBER, REASONS
from tests import factories
from tests.routes.conftest import NOW, PASSWORD, form_token

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def theme_id(app: Flask, place: factories.Place) -> int:
    """Forty counted answers in s1, a theme with 12 mentions there and 3 in s2."""
    with app.app_context():
        for number in range(40):
            factories.response(
                wave_id=place.wave_id,
                point_code=place.points[0],
                answers=factories.levels(5, 4, 4, 3, 1 + number % 5, age_band="30-44", sex="F"),
            )
        fold_all(now=NOW)
        with transaction() as session:
            theme = Theme(
                district_id=place.district_id,
                label="停车难",
                keywords=["停车"],
                status="proposed",
                centroid={},
                texts=2,
                created_at=NOW,
            )
            session.add(theme)
            session.flush()
            for street_id, mentions in zip(place.street_ids, (12, 3), strict=True):
                session.add(
                    ThemePeriod(
                        theme_id=theme.id,
                        street_id=street_id,
                        wave_id=place.wave_id,
                        mentions=mentions,
                        mentions_loaded=0,
                        mentions_random=0,
                    )
                )
            return theme.id


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


# Queries besides the account's own.
@pytest.mark.parametrize(
    ("who", "path", "most"),
    [
        ("eva", "/office/", 6),
        ("eva", "/office/waves/2026q4/indices", 7),
        ("eva", "/office/waves/2026q4/evaluation", 24),
        ("eva", "/office/waves/2026q4/assessment", 6),
        ("eva", "/office/waves/2026q4/assessment/column?assessor=A", 6),
        ("eva", "/office/waves/2026q4/lists", 5),
        ("eva", "/office/waves/2026q4/themes", 7),
        ("eva", "/office/waves/2026q4/policy", 3),
        ("clerk", "/office/waves/2026q4/policy", 3),
        ("clerk", "/office/street/s1", 6),
        ("clerk", "/office/street/s1/themes", 7),
        ("dept", "/office/department/", 6),
        ("boss", "/office/admin/", 6),
        ("boss", "/office/admin/points", 3),
        ("boss", "/office/admin/accounts", 6),
    ],
)
def test_a_page_costs_a_fixed_number_of_queries(
    theme_id: int,
    signed_in: Callable[[str], FlaskClient],
    statements: list[str],
    who: str,
    path: str,
    most: int,
) -> None:
    client = signed_in(who)
    client.get(path)
    statements.clear()
    assert client.get(path).status_code == 200
    sent = [text for text in statements if not text.startswith(("BEGIN", "PRAGMA"))]
    assert len(sent) - 1 <= most, sent


def test_an_index_is_shown_with_its_interval_and_n(
    theme_id: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    page = signed_in("eva").get("/office/waves/2026q4/indices").get_data(as_text=True)
    assert re.search(r"<b>75\.0</b>\s*<span class=\"ci\">\d+\.\d–\d+\.\d</span>", page)
    assert "n=40" in page
    # s2 has no answers: no number, but the reason.
    assert "no answers" in page


def test_no_page_needs_what_the_policy_forbids(
    theme_id: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    for path in ("", "waves/2026q4/indices", "waves/2026q4/evaluation", "waves/2026q4/themes"):
        page = eva.get(f"/office/{path}").get_data(as_text=True)
        assert " style=" not in page
        assert "<script" not in page
        assert "<style" not in page


def test_a_draft_names_every_condition_that_is_not_met(
    theme_id: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    page = signed_in("eva").get("/office/waves/2026q4/evaluation").get_data(as_text=True)
    assert "No last place can be established" in page
    assert "not met" in page


def test_a_decision_about_a_theme_is_stored_and_shown(
    app: Flask, theme_id: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    path = f"/office/waves/2026q4/themes/{theme_id}"
    token = form_token(eva.get(path).get_data(as_text=True))
    for action, value in (("status", "confirmed"), ("scope", "common"), ("remit", "department")):
        data = {"csrf_token": token, "action": action, "value": value}
        assert eva.post(path, data=data).status_code == 303
    wrong = {"csrf_token": token, "action": "status", "value": "loved"}
    assert eva.post(path, data=wrong).status_code == 422
    # Until it has a name a department reads its keywords.
    shown = signed_in("dept").get("/office/department/").get_data(as_text=True)
    assert "停车" in shown
    assert "停车难" not in shown
    with app.app_context():
        theme = db.session.get_one(Theme, theme_id)
        assert (theme.status, theme.scope, theme.remit) == ("confirmed", "common", "department")


def test_comments_are_shown_to_a_street_from_ten_mentions_on(
    app: Flask, theme_id: int, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    clerk = signed_in("clerk")
    path = f"/office/street/s1/themes/{theme_id}"
    assert "blacked out" in clerk.get(path).get_data(as_text=True)
    with app.app_context(), transaction() as session:
        session.execute(
            update(ThemePeriod)
            .where(ThemePeriod.street_id == place.street_ids[0])
            .values(mentions=9)
        )
    page = clerk.get(path).get_data(as_text=True)
    assert "blacked out" not in page
    assert "from 10 mentions on" in page


def test_freezing_needs_the_confirmation_and_a_revision_its_reason(
    app: Flask, theme_id: int, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Wave).values(status="closed"))
    eva = signed_in("eva")
    path = "/office/waves/2026q4/evaluation"
    data = {"csrf_token": form_token(eva.get(path).get_data(as_text=True)), "step": "freeze"}
    unread = eva.post(path, data=data)
    assert unread.status_code == 422
    assert "Tick the box" in unread.get_data(as_text=True)
    until = (utc_now() + timedelta(days=30)).date()
    data |= {"confirmed": "yes", "notice_until": until.isoformat()}
    assert eva.post(path, data={**data, "notice_until": "soon"}).status_code == 422
    assert eva.post(path, data={**data, "notice_until": "2026-01-05"}).status_code == 422
    assert eva.post(path, data=data).status_code == 303
    page = eva.get(path).get_data(as_text=True)
    assert "Provisional, revision 1" in page
    assert f"until {until.day} {until:%b %Y}" in page
    assert eva.post(path, data=data).status_code == 409
    assert eva.post(path, data={**data, "reason": "a late file"}).status_code == 303
    page = eva.get(path).get_data(as_text=True)
    assert "Provisional, revision 2" in page
    assert "a late file" in page
    # The first is kept, the auditor reads it and changes nothing.
    kept = signed_in("audit").get(f"{path}?revision=1").get_data(as_text=True)
    assert "Replaced, revision 1" in kept
    assert 'name="confirmed"' not in kept
    assert eva.get(f"{path}?revision=9").status_code == 404


def test_the_page_leads_from_the_draft_to_the_publication(
    app: Flask, theme_id: int, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Wave).values(status="closed"))
    with app.app_context():
        access.create_account("eve", PASSWORD, ["evaluator"], now=NOW)
        # Long enough ago for its notice to be over.
        evaluate.freeze("2026q4", actor="eva", now=datetime(2025, 3, 3, 9))
    path = "/office/waves/2026q4/evaluation"
    eva, eve = signed_in("eva"), signed_in("eve")
    own = eva.get(path).get_data(as_text=True)
    assert "Somebody else has to approve what eva has frozen" in own
    assert "Approve revision 1" not in own
    shown = eve.get(path).get_data(as_text=True)
    assert "Approve revision 1" in shown
    data = {"csrf_token": form_token(shown), "step": "approve", "confirmed": "yes"}
    assert eve.post(path, data={**data, "revision": "2"}).status_code == 409
    assert eve.post(path, data={**data, "step": "jump"}).status_code == 422
    assert eve.post(path, data={**data, "revision": "1", "note": "read twice"}).status_code == 303
    again = eve.post(path, data={**data, "revision": "1"})
    assert again.status_code == 409
    assert "eve already approved revision 1" in again.get_data(as_text=True)
    data |= {"step": "publish"}
    # Without a revision nothing is published that nobody approved.
    assert eve.post(path, data=data).status_code == 409
    assert eve.post(path, data={**data, "revision": "1"}).status_code == 303
    page = eve.get(path).get_data(as_text=True)
    assert "Published, revision 1" in page
    assert "read twice" in page
    assert "without a public notice" not in page


def test_a_new_account_shows_its_password_once_and_can_sign_in(
    signed_in: Callable[[str], FlaskClient],
) -> None:
    boss = signed_in("boss")
    path = "/office/admin/accounts"
    token = form_token(boss.get(path).get_data(as_text=True))
    data = {"csrf_token": token, "username": "newcomer", "role": "street"}
    refused = boss.post(path, data=data)
    assert refused.status_code == 400
    assert "needs its street" in refused.get_data(as_text=True)
    assert 'value="newcomer"' in refused.get_data(as_text=True)
    made = boss.post(path, data={**data, "street": "s1"})
    assert made.status_code == 201
    shown = re.search(r'class="shown-once">(\w{16})<', made.get_data(as_text=True))
    assert shown
    assert shown.group(1) not in boss.get(path).get_data(as_text=True)


def test_every_code_of_the_method_has_words() -> None:
    pattern = re.compile(r"(?:Reason|Condition|condition_distance)\(\s*f?\"([a-z_]+)\"")
    sources = ("adjustment", "verdicts", "weights", "evaluation")
    codes = {
        code
        for name in sources
        for code in pattern.findall((ROOT / f"analysis/{name}.py").read_text(encoding="utf-8"))
    }
    assert len(codes) > 15
    assert {code for code in codes if NUMBER.sub("_N", code) not in REASONS} == set()
    assert set(CONDITIONS) <= set(REASONS)


def test_open_piles_of_paper_stand_where_publishing_would(
    app: Flask, theme_id: int, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        pile = paper_entry.open_batch("2026q4", "s1", label="box 7", actor="ann", now=NOW)
        paper_entry.store_form(pile, 1, 1, {"party": "5"}, actor="ann", now=NOW)
        with transaction() as session:
            session.execute(update(Wave).values(status="closed"))
    eva = signed_in("eva")
    path = "/office/waves/2026q4/evaluation?lang=en"
    page = eva.get(path).get_data(as_text=True)
    assert "box 7" in page
    assert 'name="confirmed"' not in page
    # Whoever sends the form of an older page is told the same.
    token = form_token(page)
    day = (utc_now() + timedelta(days=30)).date().isoformat()
    refused = eva.post(
        path, data={"csrf_token": token, "confirmed": "yes", "step": "freeze", "notice_until": day}
    )
    assert refused.status_code == 409
    assert "box 7 (1)" in refused.get_data(as_text=True)
    with app.app_context():
        paper_entry.drop_form(pile, 1, actor="ann")
    assert 'name="confirmed"' in eva.get(path).get_data(as_text=True)
