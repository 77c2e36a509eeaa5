"""Every act about a theme is kept, and undoing it leaves every row as it was."""

from __future__ import annotations

import contextvars
import random
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from survey.database import transaction
from survey.errors import Refused
from survey.models import (
    AuditEvent,
    Base,
    Indicator,
    Theme,
    ThemeDecision,
    ThemeJudgement,
    ThemePeriod,
    db,
)
from survey.queries.theme_review import theme_decisions
from survey.queries.theme_sample import CommentToJudge, theme_sample
from survey.queries.themes import wave_themes
from survey.services import theme_review as reviewing
from tests import factories
from tests.factories import NOW, Place
from tests.services.themes_told import (
    CODE,
    DEPARTMENT,
    NOISE,
    PARKING,
    bodies,
    comment_of,
    decide,
    department,
    drawn,
    themed,
)


def rows() -> dict[str, list[tuple[Any, ...]]]:
    """Every row that acts may change, but for the versions, which only ever go up."""
    db.session.rollback()
    found = {}
    for name in ("theme", "theme_period", "mention", "theme_judgement", "comment", "theme_lineage"):
        table = Base.metadata.tables[name]
        # A period comes and goes with its mentions: the same counts under a new key.
        columns = [
            c
            for c in table.columns
            if c.name != "version" and (name, c.name) != ("theme_period", "id")
        ]
        found[name] = sorted(map(repr, db.session.execute(select(*columns)).all()))
    return found


def next_of(theme_id: int, basis: str) -> CommentToJudge | None:
    """What a theme's sample asks about next, if there is such a theme."""
    try:
        return theme_sample(CODE, theme_id, basis=basis).shown
    except Refused:
        return None


def every_act(place: Place, one: int, other: int) -> dict[str, dict[str, Any]]:
    """One act of each kind that changes something, as arguments of decide."""
    first = comment_of(PARKING[0])
    # Merged or dismissed since, it asks nothing any more: the first comment is as good as any.
    asked = {
        basis: shown.id if shown is not None else first
        for basis in ("sample", "border")
        for shown in [next_of(one, basis)]
    }
    sample = {"basis": "sample"}
    return {
        "confirm": {"theme_id": one, "action": "status", "value": "confirmed"},
        "dismiss": {"theme_id": one, "action": "status", "value": "dismissed"},
        "rename": {
            "theme_id": one,
            "action": "rename",
            "given": {"name_zh": "停车难", "name_en": "Parking"},
        },
        "merge": {"theme_id": other, "action": "merge", "other_id": one},
        "move out": {"theme_id": one, "action": "move", "comment_id": first},
        "move over": {
            "theme_id": one,
            "action": "move",
            "comment_id": first,
            "other_id": other,
        },
        "indicator": {"theme_id": one, "action": "indicator", "value": "safety"},
        "comment": {
            "theme_id": None,
            "action": "comment_indicator",
            "value": "safety",
            "comment_id": first,
        },
        "remit": {"theme_id": one, "action": "remit", "value": "street"},
        "scope": {"theme_id": one, "action": "scope", "value": "common"},
        "department": {"theme_id": one, "action": "department", "value": DEPARTMENT},
        "right": {
            "theme_id": one,
            "action": "judge",
            "value": "yes",
            "comment_id": asked["sample"],
            "given": sample,
        },
        "wrong": {
            "theme_id": one,
            "action": "judge",
            "value": "no",
            "comment_id": asked["sample"],
            "given": sample,
        },
        "joins": {
            "theme_id": one,
            "action": "judge",
            "value": "yes",
            "comment_id": asked["border"],
            "given": {"basis": "border"},
        },
    }


NAMES = (
    "confirm",
    "dismiss",
    "rename",
    "merge",
    "move out",
    "move over",
    "indicator",
    "comment",
    "remit",
    "scope",
    "department",
    "right",
    "wrong",
    "joins",
)


def attempted(act: dict[str, Any]) -> tuple[int | None, int]:
    """Try an act: (decision, 200), or (None, the status with which it was refused)."""
    theme_id, action, value = act.pop("theme_id"), act.pop("action"), act.pop("value", "")
    try:
        return decide(theme_id, action, value, **act), 200
    except Refused as error:
        return None, error.status


@pytest.mark.parametrize("name", NAMES)
def test_undoing_an_act_leaves_every_row_as_it_was(app: Flask, name: str) -> None:
    with app.app_context():
        place = factories.place()
        department(place)
        one = themed(place, PARKING[:6], keywords=["停车", "吵"])
        other = themed(place, NOISE, street=1, keywords=["吵"])
        before = rows()
        act = every_act(place, one, other)[name]
        done = decide(act.pop("theme_id"), act.pop("action"), act.pop("value", ""), **act)
        assert done is not None
        assert rows() != before
        reviewing.undo(CODE, done, actor="boss", now=NOW)
        assert rows() == before
        kept = db.session.get_one(ThemeDecision, done)
        assert (kept.actor, kept.at, kept.undone_by_id is not None) == ("eva", NOW, True)
        with pytest.raises(Refused) as caught:
            reviewing.undo(CODE, done, actor="boss", now=NOW)
        assert caught.value.code == "undone_before"


@pytest.mark.parametrize("seed", range(6))
def test_undoing_many_acts_from_the_last_to_the_first_leads_back_step_by_step(
    app: Flask, seed: int
) -> None:
    draw = random.Random(seed)
    with app.app_context():
        place = factories.place()
        department(place)
        one = themed(place, PARKING[:5], keywords=["停车", "吵"])
        other = themed(place, NOISE, street=1, keywords=["吵"])
        steps: list[tuple[int, dict[str, Any]]] = []
        for name in draw.choices(NAMES, k=9):
            act = every_act(place, one, other)[name]
            before = rows()
            done, status = attempted(act)
            # Of a theme that is gone, or to where it is: refused, and nothing changed.
            assert status in (200, 404, 409, 422)
            if done is None:
                assert rows() == before
            else:
                steps.append((done, before))
        assert len(steps) > 2
        for done, before in reversed(steps):
            reviewing.undo(CODE, done, actor="eva", now=NOW)
            assert rows() == before


def test_what_a_later_decision_rests_on_is_not_undone_under_it(app: Flask) -> None:
    with app.app_context():
        theme_id = themed(factories.place(), PARKING[:4])
        first = decide(theme_id, "scope", "common")
        renamed = decide(theme_id, "rename", given={"name_zh": "停车", "name_en": "Parking"})
        decide(theme_id, "scope", "own")
        assert first is not None
        assert renamed is not None
        with pytest.raises(Refused) as caught:
            reviewing.undo(CODE, first, actor="eva", now=NOW)
        assert (caught.value.code, caught.value.status) == ("changed_since", 409)
        # A decision about something else is not in the way.
        reviewing.undo(CODE, renamed, actor="eva", now=NOW)
        assert wave_themes(CODE)[0].scope == "own"


def test_a_word_that_agreed_with_the_model_is_not_undone_under_a_later_one(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        urban = db.session.scalar(select(Indicator.id).where(Indicator.code == "urban"))
        theme_id = themed(place, PARKING[:4])
        with transaction() as session:
            session.get_one(Theme, theme_id).indicator_id = urban
        agreed = decide(theme_id, "indicator", "urban")
        later = decide(theme_id, "indicator", "safety")
        assert agreed is not None
        assert later is not None
        with pytest.raises(Refused) as caught:
            reviewing.undo(CODE, agreed, actor="eva", now=NOW)
        assert caught.value.code == "changed_since"
        assert "indicator" in db.session.get_one(Theme, theme_id).decided
        # From the last to the first both can be undone.
        for done in (later, agreed):
            reviewing.undo(CODE, done, actor="eva", now=NOW)
        assert db.session.get_one(Theme, theme_id).decided == []


def test_every_act_leaves_a_trail(app: Flask) -> None:
    with app.app_context():
        theme_id = themed(factories.place(), PARKING[:4])
        done = decide(theme_id, "scope", "common", reason="  heard in every street  ")
        assert done is not None
        reviewing.undo(CODE, done, actor="boss", now=NOW)
        events = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
        trail = [(e.actor, e.action, e.subject) for e in events if e.action.startswith("theme_")]
        assert trail == [
            ("eva", "theme_scope", f"theme {theme_id}"),
            ("boss", "theme_undo", f"theme {theme_id}"),
        ]
        _wave, decisions, _lineage = theme_decisions(CODE)
        assert [(d.actor, d.action, d.is_undone, d.reason) for d in decisions] == [
            ("boss", "undo", False, ""),
            ("eva", "scope", True, "heard in every street"),
        ]


def test_a_merged_theme_counts_for_the_other_and_tells_its_streets(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        one = themed(place, PARKING[:4])
        other = themed(place, PARKING[4:7], street=1)
        early = NOW - timedelta(days=90)
        decide(other, "status", "confirmed", at=early)
        decide(other, "merge", other_id=one)
        [left] = wave_themes(CODE)
        assert (left.id, left.mentions, left.by_street) == (one, 7, {"s1": 4, "s2": 3})
        assert bodies(one) == set(PARKING[:7])
        told = dict(
            db.session.execute(
                select(ThemePeriod.street_id, ThemePeriod.notified_at).where(
                    ThemePeriod.theme_id == one
                )
            ).all()
        )
        # s2 was told of the other one; s1 was told of none.
        assert told == {place.street_ids[0]: None, place.street_ids[1]: early}
        # Of a merged theme nothing more is decided, and none is merged into one.
        for action, more in (("status", {}), ("merge", {"other_id": one})):
            with pytest.raises(Refused) as caught:
                decide(other, action, "confirmed", **more)
            assert caught.value.status == 404


def test_a_theme_that_speaks_for_others_hands_them_on(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        a, b, c = (themed(place, PARKING[i : i + 2]) for i in (0, 2, 4))
        first = decide(a, "merge", other_id=b)
        second = decide(b, "merge", other_id=c)
        assert first is not None
        assert second is not None
        assert [(one.id, one.mentions) for one in wave_themes(CODE)] == [(c, 6)]
        with pytest.raises(Refused):
            reviewing.undo(CODE, first, actor="eva", now=NOW)
        reviewing.undo(CODE, second, actor="eva", now=NOW)
        assert {one.id: one.mentions for one in wave_themes(CODE)} == {b: 4, c: 2}


def test_of_two_who_decide_at_once_the_second_is_told_who_was_first(each_app: Flask) -> None:
    with each_app.app_context():
        theme_id = themed(factories.place(), PARKING[:4])
        seen = wave_themes(CODE)[0].version

    def first() -> None:
        with each_app.app_context():
            decide(theme_id, "status", "confirmed", version=seen, actor="eva")

    contextvars.Context().run(first)
    with each_app.app_context():
        with pytest.raises(Refused) as caught:
            decide(theme_id, "status", "dismissed", version=seen, actor="otto")
        assert (caught.value.code, caught.value.status) == ("decided_meanwhile", 409)
        assert "eva" in str(caught.value)
        assert wave_themes(CODE)[0].status == "confirmed"
        judged = {"comment_id": drawn(theme_id), "given": {"basis": "sample", "seen": "0"}}
        decide(theme_id, "judge", "yes", actor="eva", **judged)
        with pytest.raises(Refused) as caught:
            decide(theme_id, "judge", "no", actor="otto", **judged)
        assert caught.value.code == "decided_meanwhile"
        assert db.session.scalars(select(ThemeJudgement.is_about)).one()


def test_nothing_of_another_district_or_wave_can_be_decided(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        theme_id = themed(place, PARKING[:4])
        elsewhere = factories.district(code="other")
        factories.wave(district_id=elsewhere, code="other-wave")
        later = factories.wave(
            district_id=place.district_id, code="2027q1", closes_at=NOW + timedelta(days=99)
        )
        strange = factories.comment(body="别处的话", wave_id=later)
        done = decide(theme_id, "scope", "common")
        assert done is not None
        wanted: list[tuple[str, int | None, dict[str, Any]]] = [
            ("other-wave", theme_id, {"action": "scope", "given": {"value": "own"}}),
            ("2027q1", None, {"action": "comment_indicator", "comment_id": comment_of(PARKING[0])}),
            (CODE, theme_id, {"action": "move", "comment_id": strange}),
            (CODE, 9999, {"action": "scope", "given": {"value": "own"}}),
            (CODE, theme_id, {"action": "merge", "other_id": 9999}),
        ]
        for wave_code, theme, more in wanted:
            with pytest.raises(Refused) as caught:
                reviewing.decide(wave_code, theme, actor="eva", now=NOW, **({"given": {}} | more))
            assert caught.value.status == 404
        with pytest.raises(Refused) as caught:
            reviewing.undo("other-wave", done, actor="eva", now=NOW)
        assert caught.value.status == 404


@pytest.mark.parametrize(
    ("action", "given"),
    [
        ("rename", {"name_zh": "停车", "name_en": "  "}),
        ("rename", {"name_zh": "停" * 121, "name_en": "Parking"}),
        ("department", {"value": "nobody"}),
        ("indicator", {"value": "shoes"}),
        ("scope", {"value": ""}),
        ("judge", {"value": "maybe", "basis": "sample"}),
        ("judge", {"value": "yes", "basis": "person"}),
        ("merge", {}),
        ("undo", {}),
        ("eat", {}),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    app: Flask, action: str, given: dict[str, str]
) -> None:
    with app.app_context():
        theme_id = themed(factories.place(), PARKING[:3])
        before = rows()
        comment_id = comment_of(PARKING[0]) if action == "judge" else None
        with pytest.raises(Refused) as caught:
            decide(theme_id, action, given=given, comment_id=comment_id)
        assert caught.value.status == 422
        assert len(str(caught.value)) > 15
        assert rows() == before
