"""Printed codes changed from the office: what it does, what residents then read, who may do it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from survey.models import AuditEvent, CollectionPoint, db
from survey.services import audit
from survey.services.points import retire_point
from tests import factories
from tests.factories import NOW, levels
from tests.routes.conftest import form_token

CHANGES = ("retire", "repoint", "restore")


@pytest.fixture
def codes(app: Flask, place: factories.Place, monkeypatch) -> dict[str, str]:
    """Codes of the first street by what they are for; the clock stands at NOW."""
    for module in ("survey.routes.resident", "survey.routes.admin"):
        monkeypatch.setattr(f"{module}.utc_now", lambda: NOW)
    first, second = place.street_ids
    with app.app_context():
        made = {
            "old": factories.point(street_id=first, code="AAAAAA"),
            "other": factories.point(street_id=first, code="BBBBBB", channel="window"),
            "slip": factories.point(street_id=first, code="SSSSSS", channel="slip"),
            "paper": factories.point(street_id=first, code="PPPPPP", channel="paper"),
            "elsewhere": factories.point(street_id=second, code="EEEEEE"),
            "gone": factories.point(street_id=first, code="GGGGGG"),
        }
        retire_point("GGGGGG", replaced_by="AAAAAA", actor="boss", now=NOW)
    return made


def path(code: str, change: str) -> str:
    return f"/office/admin/points/{code}/{change}"


def send(client: FlaskClient, code: str, change: str, **form: str):
    """The form of a confirmation page, sent with its token."""
    token = form_token(client.get("/office/account").text)
    return client.post(path(code, change), data={"csrf_token": token, **form})


def state(app: Flask, code: str) -> tuple[bool, str | None]:
    """Whether a code is retired, and where it leads."""
    with app.app_context():
        point = db.session.scalars(
            select(CollectionPoint).where(CollectionPoint.short_code == code)
        ).one()
        return point.retired_at is not None, point.replaced_by and point.replaced_by.short_code


def events(app: Flask) -> list[tuple[str, str, str, dict]]:
    """What the audit trail says was done to points."""
    with app.app_context():
        assert audit.verify() == ()
        found = db.session.scalars(
            select(AuditEvent)
            .where(AuditEvent.subject.like("point %"), AuditEvent.subject != "point GGGGGG")
            .order_by(AuditEvent.id)
        )
        return [(one.actor, one.action, one.subject, one.detail) for one in found]


def said_to_residents(page: str) -> list[str]:
    """The sentences that a confirmation page says a resident will read."""
    (part,) = re.findall(
        r'<section class="card" aria-labelledby="reads">(.*?)</section>', page, re.S
    )
    part = re.sub(r'<span class="hint">.*?</span>', "", part.split("</h2>")[1], flags=re.S)
    found = re.findall(r"<(?:p|li)>(.*?)</(?:p|li)>", part, re.S)
    return [plain(words) for words in found]


def plain(words: str) -> str:
    """The words of a piece of HTML."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", words)).split())


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_retired_code_says_what_the_office_was_told_it_would(
    app: Flask, client: FlaskClient, signed_in, codes: dict[str, str], lang: str
) -> None:
    # Given the page that asks whether to do it
    boss = signed_in("boss")
    page = boss.get(f"{path('AAAAAA', 'retire')}?lang={lang}")
    assert page.status_code == 200
    told = said_to_residents(page.text)
    assert len(told) == 5
    # When a new code is chosen
    done = send(boss, "AAAAAA", "retire", then="new")
    assert done.status_code == 303
    # Then a resident reads just that, and gets on with the new code
    retired, new = state(app, "AAAAAA")
    assert retired
    assert new not in codes.values()
    notice = client.get(f"/s/AAAAAA?lang={lang}")
    assert notice.status_code == 410
    for sentence in told:
        assert sentence in plain(notice.text)
    assert f'href="/s/{new}?lang={lang}"' in notice.text
    assert client.get(f"/s/{new}").status_code == 200
    # And the older code that led there leads to the newest at once
    assert state(app, "GGGGGG") == (True, new)
    # And the office sees both, with the poster to print
    listed = boss.get(done.location).text
    assert f'href="/points/{new}/poster.pdf"' in listed
    assert 'href="/points/AAAAAA/poster.pdf"' not in listed
    assert events(app) == [("boss", "replace_point", "point AAAAAA", {"leads_to": new})]


def test_a_new_code_is_for_the_same_place_and_counts_for_the_same_street(
    app: Flask, client: FlaskClient, signed_in, codes: dict[str, str]
) -> None:
    send(signed_in("boss"), "BBBBBB", "retire", then="new")
    _retired, new = state(app, "BBBBBB")
    with app.app_context():
        old, made = (
            db.session.scalars(
                select(CollectionPoint).where(CollectionPoint.short_code == code)
            ).one()
            for code in ("BBBBBB", new)
        )
        same = ("street_id", "channel", "label_zh", "label_en")
        assert [getattr(old, name) for name in same] == [getattr(made, name) for name in same]
    answer = client.post(f"/s/{new}", data=levels(5, 4, 3, 2, 1) | {"submission_key": "k" * 22})
    assert answer.status_code == 303


def test_who_has_the_questions_open_cannot_send_them_under_a_retired_code(
    app: Flask, client: FlaskClient, signed_in, codes: dict[str, str]
) -> None:
    form = levels(5, 4, 3, 2, 1) | {"submission_key": "k" * 22}
    assert client.get("/s/AAAAAA").status_code == 200
    send(signed_in("boss"), "AAAAAA", "retire", then="other", to="BBBBBB")
    refused = client.post("/s/AAAAAA", data=form)
    assert refused.status_code == 410
    assert 'href="/s/BBBBBB?' in refused.text
    assert events(app)[-1] == ("boss", "retire_point", "point AAAAAA", {"leads_to": "BBBBBB"})


def test_a_code_can_lead_nowhere_and_then_nothing_leads_to_it(
    app: Flask, client: FlaskClient, signed_in, codes: dict[str, str]
) -> None:
    assert state(app, "GGGGGG") == (True, "AAAAAA")
    send(signed_in("boss"), "AAAAAA", "retire", then="none", to="BBBBBB")
    assert state(app, "AAAAAA") == (True, None)
    for code in ("AAAAAA", "GGGGGG"):
        notice = client.get(f"/s/{code}")
        assert notice.status_code == 410
        assert "Look for a newer poster or card nearby" in notice.text
        assert "survey that takes its place" not in notice.text
    assert events(app)[-1][1:] == ("retire_point", "point AAAAAA", {"leads_to": None})


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({}, 422, "Choose where the old code shall lead."),
        ({"then": "perhaps"}, 422, "Choose where the old code shall lead."),
        ({"then": "other"}, 422, "Choose where the old code shall lead."),
        ({"then": "other", "to": "AAAAAA"}, 409, "AAAAAA cannot take its place"),
        ({"then": "other", "to": "EEEEEE"}, 409, "EEEEEE cannot take its place"),
        ({"then": "other", "to": "SSSSSS"}, 409, "SSSSSS cannot take its place"),
        # Somebody who scans a poster is no paper form: those are the random stream.
        ({"then": "other", "to": "PPPPPP"}, 409, "PPPPPP cannot take its place"),
        ({"then": "other", "to": "GGGGGG"}, 409, "GGGGGG cannot take its place"),
        ({"then": "other", "to": "NOBODY"}, 404, "no point with the code NOBODY"),
    ],
)
def test_a_choice_that_cannot_be_is_named_and_changes_nothing(
    app: Flask, client: FlaskClient, signed_in, codes: dict[str, str], form, status, words
) -> None:
    refused = send(signed_in("boss"), "AAAAAA", "retire", **form)
    assert refused.status_code == status
    assert words in refused.text
    if form.get("then") == "other":
        assert re.search(r'value="other" required checked', refused.text)
    assert state(app, "AAAAAA") == (False, None)
    assert events(app) == []
    assert client.get("/s/AAAAAA").status_code == 200


def test_only_what_can_take_over_is_offered(signed_in, codes: dict[str, str]) -> None:
    boss = signed_in("boss")
    offered = re.findall(r'<option value="(\w+)"', boss.get(path("AAAAAA", "retire")).text)
    assert "BBBBBB" in offered
    assert not {"AAAAAA", "SSSSSS", "PPPPPP", "EEEEEE", "GGGGGG"} & set(offered)
    # Slips are printed anew, not given a new code.
    page = boss.get(path("SSSSSS", "retire")).text
    assert 'value="new"' not in page
    assert "No slip of this building can be used any more" in page
    refused = send(boss, "SSSSSS", "retire", then="new")
    assert refused.status_code == 409
    assert "make the slips void" in refused.text


def test_a_retired_code_is_led_elsewhere(
    app: Flask, client: FlaskClient, signed_in, codes: dict[str, str]
) -> None:
    boss = signed_in("boss")
    page = boss.get(path("GGGGGG", "repoint"))
    assert "Now it leads to AAAAAA." in page.text
    assert re.search(r'<option value="AAAAAA" selected', page.text)
    assert send(boss, "GGGGGG", "repoint").status_code == 422
    assert send(boss, "GGGGGG", "repoint", to="EEEEEE").status_code == 409
    assert state(app, "GGGGGG") == (True, "AAAAAA")
    done = send(boss, "GGGGGG", "repoint", to="BBBBBB")
    assert done.status_code == 303
    assert "GGGGGG leads to BBBBBB now." in boss.get(done.location).text
    assert 'href="/s/BBBBBB?' in client.get("/s/GGGGGG").text
    in_use = send(boss, "AAAAAA", "repoint", to="BBBBBB")
    assert in_use.status_code == 409
    assert "retire it first" in in_use.text
    with app.app_context():
        said = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert (said.action, said.detail) == ("repoint_point", {"leads_to": "BBBBBB"})


def test_a_retired_code_comes_back_into_use(
    app: Flask, client: FlaskClient, signed_in, codes: dict[str, str]
) -> None:
    boss = signed_in("boss")
    assert client.get("/s/GGGGGG").status_code == 410
    page = boss.get(path("GGGGGG", "restore"))
    assert "AAAAAA, to which it leads now, stays in use as well." in page.text
    done = send(boss, "GGGGGG", "restore")
    assert done.status_code == 303
    assert "GGGGGG is in use again." in boss.get(done.location).text
    assert client.get("/s/GGGGGG").status_code == 200
    assert state(app, "GGGGGG") == (False, None)
    assert send(boss, "GGGGGG", "restore").status_code == 409


def test_a_second_tap_says_that_it_is_done(app: Flask, signed_in, codes: dict[str, str]) -> None:
    boss = signed_in("boss")
    assert send(boss, "AAAAAA", "retire", then="new").status_code == 303
    first = state(app, "AAAAAA")
    again = send(boss, "AAAAAA", "retire", then="new")
    assert again.status_code == 409
    assert "is out of use already" in again.text
    assert state(app, "AAAAAA") == first
    for change in CHANGES:
        assert boss.get(path("NOBODY", change)).status_code == 404
        assert send(boss, "NOBODY", change, then="new", to="AAAAAA").status_code == 404


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("who", ["eva", "clerk", "dept", "audit"])
def test_nobody_but_the_districts_admin_changes_a_code(
    app: Flask, signed_in, codes: dict[str, str], who: str, change: str
) -> None:
    # Above all not the street that is rated: a code out of use is a voice less.
    code = "AAAAAA" if change == "retire" else "GGGGGG"
    before = state(app, code)
    browser = signed_in(who)
    assert browser.get(path(code, change)).status_code == (200 if who == "audit" else 403)
    refused = send(browser, code, change, then="none", to="BBBBBB")
    assert refused.status_code == 403
    assert state(app, code) == before
    if who == "audit":
        assert f"/{change}" not in browser.get("/office/admin/points").text


def test_a_forged_form_changes_nothing(app: Flask, signed_in, codes: dict[str, str]) -> None:
    boss = signed_in("boss")
    for change, code in (("retire", "AAAAAA"), ("repoint", "GGGGGG"), ("restore", "GGGGGG")):
        before = state(app, code)
        assert (
            boss.post(path(code, change), data={"then": "none", "to": "BBBBBB"}).status_code == 400
        )
        assert state(app, code) == before


def test_the_pages_cost_the_same_with_many_points(
    app: Flask, signed_in: Callable[[str], FlaskClient], codes: dict[str, str]
) -> None:
    boss = signed_in("boss")
    sent: list[str] = []
    with app.app_context():
        event.listen(
            db.engine,
            "before_cursor_execute",
            lambda _c, _cu, statement, _p, _ctx, _m: sent.append(statement),
        )
        street_id = db.session.scalar(
            select(CollectionPoint.street_id).where(CollectionPoint.short_code == "AAAAAA")
        )
    pages = ["/office/admin/points", *(path("GGGGGG", change) for change in CHANGES)]

    def cost() -> list[int]:
        found = []
        for page in pages:
            sent.clear()
            assert boss.get(page).status_code == 200
            found.append(len([s for s in sent if not s.startswith(("BEGIN", "PRAGMA"))]))
        return found

    boss.get(pages[0])
    before = cost()
    with app.app_context():
        for _ in range(20):
            factories.point(street_id=street_id)
    assert cost() == before
    # One of them is the account's own.
    assert max(before) - 1 <= 6
