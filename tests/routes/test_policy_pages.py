"""The policy editor and what-if: who may, two windows, errors at their fields, nothing stored."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select
from werkzeug.datastructures import MultiDict

from analysis.policy import ENTRIES, Policy
from survey.models import AuditEvent, Evaluation, Wave, db
from survey.models import Policy as PolicyRow
from survey.policy_form import SHAPES, form_of
from survey.services.evaluate import freeze, publish
from survey.services.rollup import fold_all
from tests import factories
from tests.factories import NOW
from tests.routes.conftest import form_token

DRAFT = "/office/waves/2027q1/policy"


@pytest.fixture
def draft(app: Flask, place: factories.Place) -> int:
    """A draft wave after the open one, under a policy with another alpha."""
    with app.app_context():
        return factories.wave(
            district_id=place.district_id,
            code="2027q1",
            status="draft",
            policy_id=factories.policy(overrides={"alpha": 0.5}),
            opens_at=NOW + timedelta(days=40),
            closes_at=NOW + timedelta(days=80),
        )


def posted(policy: Policy, **changes: str) -> MultiDict[str, str]:
    """The form as the page sends it, with a blank row at the end of every table."""
    form: MultiDict[str, str] = MultiDict()
    typed = form_of(policy).typed
    for entry in ENTRIES:
        columns = SHAPES[entry.kind].columns
        if not columns:
            form.add(entry.key, changes.get(entry.key, typed[entry.key].text))
        for row in (*typed[entry.key].rows, ("",) * len(columns)) if columns else ():
            for column, cell in zip(columns, row, strict=True):
                form.add(f"{entry.key}.{column}", cell)
    return form


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found.group(1))


def save(client: FlaskClient, policy: Policy, *, based_on: str, **changes: str) -> Any:
    form = posted(policy, **changes)
    form["csrf_token"] = form_token(client.get(DRAFT).get_data(as_text=True))
    form["based_on"] = based_on
    return client.post(DRAFT, data=form)


def test_everybody_in_the_office_reads_the_rules_and_only_the_evaluator_gets_controls(
    draft: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    for who in ("eva", "clerk", "dept", "boss", "audit"):
        client = signed_in(who)
        page = client.get(DRAFT).get_data(as_text=True)
        assert "1 value differs from Wave 2026q4" in page
        assert ("Save the policy" in page) == (who == "eva")
        for entry in ENTRIES:
            assert html.escape(entry.help, quote=False).replace("'", "&#39;") in page
        if who != "eva":
            token = form_token(page)
            answer = client.post(DRAFT, data={"csrf_token": token})
            assert answer.status_code == 403


def test_a_locked_policy_is_shown_with_its_hash_and_without_controls(
    draft: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    page = eva.get("/office/waves/2026q4/policy").get_data(as_text=True)
    assert Policy().sha256 in page
    assert "Locked since the wave opened" in page
    assert "Save the policy" not in page
    assert eva.get("/office/policy").headers["Location"] == "/office/waves/2026q4/policy"


def test_a_saved_policy_is_a_new_row_logged_with_what_changed(
    app: Flask, draft: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    before = Policy.from_dict({"alpha": 0.5})
    # Full-width digits, as a Chinese keyboard types them.
    answer = save(eva, before, based_on=before.sha256, alpha="０．４", cap_public=" 4.5 ")
    assert answer.status_code == 303
    page = eva.get(DRAFT).get_data(as_text=True)
    assert "Saved. 2 values are changed." in page
    with app.app_context():
        wave = db.session.get_one(Wave, draft)
        stored = db.session.get_one(PolicyRow, wave.policy_id)
        after = Policy.from_dict({"alpha": 0.4, "cap_public": 4.5})
        assert stored.hash == after.sha256
        logged = db.session.scalars(
            select(AuditEvent).where(AuditEvent.action == "change_policy")
        ).one()
        assert logged.actor == "eva"
        assert logged.detail["changed"] == {
            "alpha": {"before": 0.5, "after": 0.4},
            "cap_public": {"before": 5.0, "after": 4.5},
        }
        rows = db.session.scalar(select(func.count()).select_from(PolicyRow))
    assert save(eva, after, based_on=after.sha256).status_code == 303
    assert "Nothing was changed" in eva.get(DRAFT).get_data(as_text=True)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(PolicyRow)) == rows
        events = select(func.count()).where(AuditEvent.action == "change_policy")
        assert db.session.scalar(events) == 1


def test_several_errors_stand_at_their_fields_and_nothing_typed_is_lost(
    app: Flask, draft: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    before = Policy.from_dict({"alpha": 0.5})
    wrong = {"alpha": "1.7", "min_index": "many", "top_k": "", "cap_public": "3.25"}
    answer = save(eva, before, based_on=before.sha256, **wrong)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "3 values cannot be saved like this" in page
    assert "Give a number from 0 to 1." in page
    assert "“many” is no number." in page
    for key, text in wrong.items():
        assert f'name="{key}" value="{text}"' in page
    assert page.count('aria-invalid="true"') == 3
    assert hidden(page, "based_on") == before.sha256
    chinese = eva.post(
        f"{DRAFT}?lang=zh",
        data=posted(before, **wrong) | {"csrf_token": form_token(page), "based_on": before.sha256},
    )
    assert chinese.status_code == 422
    with app.app_context():
        wave = db.session.get_one(Wave, draft)
        assert db.session.get_one(PolicyRow, wave.policy_id).hash == before.sha256


def test_what_the_questionnaire_does_not_ask_is_said_at_the_value(
    draft: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    before = Policy.from_dict({"alpha": 0.5})
    eva = signed_in("eva")
    other = Policy.from_dict({"alpha": 0.5, "omega": {"party": 0.5, "taxes": 0.5}})
    page = save(eva, other, based_on=before.sha256).get_data(as_text=True)
    assert "indicators, which are not here: community, safety, urban, welfare" in page
    assert "does not ask for: taxes" in page


def test_two_windows_decide_value_by_value_and_nothing_is_overwritten_silently(
    app: Flask, draft: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    base = Policy.from_dict({"alpha": 0.5})
    first, second = signed_in("eva"), signed_in("eva")
    assert save(first, base, based_on=base.sha256, alpha="0.4", top_k="2").status_code == 303
    theirs = Policy.from_dict({"alpha": 0.4, "top_k": 2})
    answer = save(second, base, based_on=base.sha256, alpha="0.7", cap_public="3")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Two people changed this policy" in page
    assert [page.count(f'name="pick.{key}"') for key in ("alpha", "top_k", "cap_public")] == [3] * 3
    # What only one changed is picked; what both changed is not.
    picked = re.findall(r'name="pick\.(\w+)" value="(\w+)" checked', page)
    assert dict(picked) == {"top_k": "theirs", "cap_public": "yours"}
    data = {name: hidden(page, name) for name in ("csrf_token", "base", "based_on", "yours")}
    data |= {f"pick.{key}": choice for key, choice in picked}
    undecided = second.post(f"{DRAFT}/decide", data=data)
    assert undecided.status_code == 422
    assert "Choose one of the three for every value." in undecided.get_data(as_text=True)
    # A third change meanwhile is shown again.
    assert save(first, theirs, based_on=theirs.sha256, min_group="7").status_code == 303
    late = second.post(f"{DRAFT}/decide", data=data | {"pick.alpha": "yours"})
    assert late.status_code == 409
    shown = late.get_data(as_text=True)
    assert 'name="pick.min_group"' in shown
    data["based_on"] = hidden(shown, "based_on")
    done = second.post(
        f"{DRAFT}/decide", data=data | {"pick.alpha": "yours", "pick.min_group": "theirs"}
    )
    assert done.status_code == 303
    with app.app_context():
        wave = db.session.get_one(Wave, draft)
        expected = {"alpha": 0.7, "top_k": 2, "cap_public": 3, "min_group": 7}
        stored = db.session.get_one(PolicyRow, wave.policy_id)
        assert stored.hash == Policy.from_dict(expected).sha256


def test_a_policy_locked_while_it_was_edited_takes_nothing_and_gives_back_what_was_typed(
    app: Flask, draft: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    base = Policy.from_dict({"alpha": 0.5})
    with app.app_context():
        db.session.get_one(Wave, draft).status = "closed"
        db.session.commit()
    form = posted(base, alpha="0.9")
    form["csrf_token"] = form_token(eva.get("/office/account").get_data(as_text=True))
    form["based_on"] = base.sha256
    answer = eva.post(DRAFT, data=form)
    assert answer.status_code == 409
    page = answer.get_data(as_text=True)
    assert "locked since the wave opened" in page
    assert "you: 0.9; locked: 0.5" in page


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "The file is no JSON"),
        (b"\xff\xfe", "The file is no JSON"),
        (b"[" * 100_000, "The file is no JSON"),
        (b'{"alpha": 0.1, "alpha": 0.2}', "The file is no JSON"),
        (b"[1]", "The file holds no policy"),
        (b'{"alhpa": 0.1}', "Do you mean “alpha”?"),
        (b'{"alpha": NaN}', "This must be a number"),
        (b'{"alpha": 1e999}', "This must be a number"),
        (b'{"omega": {"party": {"a": 1}}}', "Give each name a weight"),
        (b'{"version": "\\u0000"}', "cannot be printed"),
        (b'{"version": "\\ud800"}', "The file is no JSON"),
        (json.dumps({"version": "v" * 100_000}).encode(), "Use at most 200 letters"),
        (json.dumps({"missing_options": [f"o{i}" for i in range(999)]}).encode(), "at most 100"),
    ],
)
def test_a_file_that_is_no_policy_is_refused_in_words(
    draft: int, signed_in: Callable[[str], FlaskClient], content: bytes, words: str
) -> None:
    eva = signed_in("eva")
    token = form_token(eva.get(DRAFT).get_data(as_text=True))
    data = {"csrf_token": token, "document": (io.BytesIO(content), "policy.json")}
    answer = eva.post(f"{DRAFT}/prefill", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)


def test_a_downloaded_policy_fills_the_page_and_saves_nothing(
    app: Flask, draft: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    document = eva.get(f"{DRAFT}.json").get_json()
    assert Policy.from_dict(document) == Policy.from_dict({"alpha": 0.5})
    document["cap_public"] = 2
    token = form_token(eva.get(DRAFT).get_data(as_text=True))
    content = json.dumps(document).encode("utf-8-sig")
    data = {"csrf_token": token, "document": (io.BytesIO(content), "policy.json")}
    answer = eva.post(f"{DRAFT}/prefill", data=data, content_type="multipart/form-data")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "1 value here differs from what is stored" in page
    assert 'name="cap_public" value="2"' in page
    with app.app_context():
        events = select(func.count()).where(AuditEvent.action == "change_policy")
        assert db.session.scalar(events) == 0


@pytest.fixture
def evaluated(app: Flask, place: factories.Place) -> None:
    """Two streets with answers and direct scores, published."""
    with app.app_context():
        for order, (street_id, code) in enumerate(zip(place.street_ids, place.points, strict=True)):
            for turn in range(40):
                given = factories.levels(*(5 - (turn + order + k) % 3 for k in range(5)))
                factories.response(wave_id=place.wave_id, point_code=code, answers=given)
            for assessor, score in zip("ABC", (90, 91, 89 - order), strict=True):
                factories.direct_score(
                    wave_id=place.wave_id, street_id=street_id, assessor=assessor, score=score
                )
        fold_all(now=NOW)
        db.session.get_one(Wave, place.wave_id).status = "closed"
        db.session.commit()


WHAT_IF = "/office/waves/2026q4/what-if"


def tried(client: FlaskClient, **changes: str) -> Any:
    form = posted(Policy(), **changes)
    form["csrf_token"] = form_token(client.get(WHAT_IF).get_data(as_text=True))
    return client.post(WHAT_IF, data=form)


@pytest.mark.parametrize("is_frozen", ["", "provisional", "published"])
def test_what_if_shows_both_and_stores_nothing(
    app: Flask,
    evaluated: None,
    draft: int,
    signed_in: Callable[[str], FlaskClient],
    is_frozen: str,
) -> None:
    if is_frozen:
        with app.app_context():
            act = publish if is_frozen == "published" else freeze
            act("2026q4", actor="eva", now=NOW)
    eva = signed_in("eva")
    writes: list[str] = []
    with app.app_context():
        event.listen(
            db.engine,
            "before_cursor_execute",
            lambda _c, _cu, text, _p, _ctx, _m: (
                writes.append(text) if text.startswith(("INSERT", "UPDATE", "DELETE")) else None
            ),
        )
    answer = tried(eva, alpha="0.2", min_answered="5")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert writes == []
    assert "This decides nothing" in page
    assert ("as frozen with revision 1" in page) == bool(is_frozen)
    assert "With 1 other value" in page
    # A value that acts on the answers is named as such and never tried.
    assert "needs a rebuild: Indicators a response must answer" in page
    assert json.loads(hidden(page, "changes")) == {"alpha": 0.2}
    blended = re.findall(r'class="(?:up|down)">([+-]\d+\.\d\d)<', page)
    assert len(blended) == 2, "F changes in both streets, P* in none"
    # Taken over into the next draft: filled in and not saved.
    data = {"csrf_token": form_token(page), "changes": hidden(page, "changes")}
    filled = eva.post(f"{DRAFT}/prefill", data=data)
    assert filled.status_code == 200
    assert 'name="alpha" value="0.2"' in filled.get_data(as_text=True)
    with app.app_context():
        wave = db.session.get_one(Wave, draft)
        kept = db.session.get_one(PolicyRow, wave.policy_id).hash
        assert kept == Policy.from_dict({"alpha": 0.5}).sha256
        assert db.session.scalar(select(func.count()).select_from(Evaluation)) == bool(is_frozen)


def test_what_if_refuses_a_wave_that_is_still_asked_and_words_what_cannot_be_tried(
    app: Flask, evaluated: None, place: factories.Place, signed_in: Callable[[str], FlaskClient]
) -> None:
    eva = signed_in("eva")
    wrong = tried(eva, alpha="2", trim_low="x")
    assert wrong.status_code == 422
    assert "2 values cannot be tried like this" in wrong.get_data(as_text=True)
    with app.app_context():
        db.session.get_one(Wave, place.wave_id).status = "open"
        db.session.commit()
    form = {"csrf_token": form_token(eva.get("/office/account").get_data(as_text=True))}
    answer = eva.post(WHAT_IF, data=form)
    assert answer.status_code == 409
    assert "closed" in answer.get_data(as_text=True)
    # There is no other wave to be led to.
    assert eva.get(WHAT_IF).status_code == 404
    with app.app_context():
        factories.wave(
            district_id=place.district_id,
            code="2026q3",
            status="closed",
            opens_at=NOW - timedelta(days=90),
            closes_at=NOW - timedelta(days=40),
        )
    assert eva.get(WHAT_IF).headers["Location"] == "/office/waves/2026q3/what-if"
