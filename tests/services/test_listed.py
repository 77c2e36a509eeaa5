"""Lists stand beside the scores: F, ranks and verdicts are equal with and without; frozen; cut."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from survey.database import transaction
from survey.errors import Refused
from survey.models import AuditEvent, ObjectiveScore, Wave, db
from survey.queries.assessment import assessment
from survey.queries.draft import computed_draft, draft_evaluation
from survey.queries.evaluation import published_evaluation
from survey.queries.listed import listed_streets, listed_totals
from survey.queries.views import ListedView
from survey.services.assessment_state import require_reason, wave_streets
from survey.services.direct import Change, store
from survey.services.evaluate import approve, freeze, publish
from survey.services.listed import NewItem, add_items, remove_item
from tests import factories
from tests.factories import NOW
from tests.services.test_evaluate import CODE, surveyed

ITEM = ListedView(
    "deduction", "Late report", 2.0, 3.0, "No. 7", date(2026, 10, 8), "District office"
)
VETO = ListedView("veto", "Accident", None, None, "No. 8", date(2026, 9, 1), "Bureau")


def with_policy(overrides: dict[str, Any]) -> None:
    """The wave under a policy with these values."""
    policy_id = factories.policy(overrides=overrides)
    with transaction() as session:
        session.execute(update(Wave).values(policy_id=policy_id))


def listed_three(**more: str) -> None:
    """Two deductions over a document's ceiling and a veto for s1, a bonus for s2."""
    items = [
        NewItem("s1", ITEM),
        NewItem("s1", replace(ITEM, label="Another", points=2.5)),
        NewItem(
            "s1", ListedView("veto", "Accident", None, None, "No. 8", date(2026, 9, 1), "Bureau")
        ),
        NewItem("s2", replace(ITEM, kind="bonus", ceiling=None, points=50.0)),
    ]
    add_items(items, wave_code=CODE, actor="eva", now=NOW, **more)


def test_scores_ranks_and_verdicts_are_equal_with_and_without_lists(each_app: Flask) -> None:
    with each_app.app_context():
        surveyed()
        with_policy({"streams": {"poster": "A"}})
        before = computed_draft(CODE)
        listed_three()
        after = computed_draft(CODE)
        assert before.evaluation.listed == {}
        assert set(after.evaluation.listed) == {"s1", "s2"}
        assert after.inputs == before.inputs
        assert replace(after.evaluation, listed={}) == before.evaluation
        assert after.evaluation.streets[0].blended.value is not None
        assert after.evaluation.streets[0].rank_low is not None


def test_lists_are_frozen_with_the_evaluation_and_read_back(each_app: Flask) -> None:
    with each_app.app_context():
        surveyed()
        listed_three()
        made = publish(CODE, actor="eva", now=NOW)
        db.session.expire_all()
        stored = published_evaluation(CODE)
        assert stored is not None
        assert stored.listed == made.listed
        first, second = listed_streets(stored)
        assert (first.code, first.totals.deduction, first.totals.vetoes) == ("s1", 3.0, 1)
        assert (second.code, second.totals.bonus) == ("s2", 50.0)
        with pytest.raises(Refused) as refused:
            remove_item(1, wave_code=CODE, because=" ", actor="eva", now=NOW)
        assert refused.value.code == "reason_needed"
        remove_item(1, wave_code=CODE, because="Wrong street", actor="eva", now=NOW)
        assert published_evaluation(CODE) == stored
        assert len(draft_evaluation(CODE).listed["s1"]) == 2


def test_after_a_publication_a_new_item_needs_a_reason(app: Flask) -> None:
    with app.app_context():
        surveyed()
        publish(CODE, actor="eva", now=NOW)
        with pytest.raises(Refused, match="revision"):
            listed_three()
        listed_three(reason="The document came late")
        event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert event is not None
        assert event.detail["reason"] == "The document came late"
        assert event.detail["frozen"] == "published"
        assert len(event.detail["items"]) == 4


def test_points_are_cut_per_document_and_kind() -> None:
    items = [
        ITEM,
        replace(ITEM, points=2.5),
        replace(ITEM, document="No. 9", ceiling=None, points=1.5),
        replace(ITEM, kind="bonus", points=1.0),
    ]
    found = listed_totals(items)
    assert (found.bonus, found.deduction, found.vetoes) == (1.0, 4.5, 0)
    assert listed_totals(()) == listed_totals([])


def test_a_document_has_one_ceiling_and_an_item_stands_once(app: Flask) -> None:
    with app.app_context():
        factories.place()
        add_items([NewItem("s1", ITEM)], wave_code=CODE, actor="eva", now=NOW)
        for item, code in (
            (replace(ITEM, label="x", ceiling=9.0), "other_ceiling"),
            (ITEM, "listed_already"),
        ):
            with pytest.raises(Refused) as refused:
                add_items([NewItem("s1", item)], wave_code=CODE, actor="eva", now=NOW)
            assert refused.value.code == code
        with pytest.raises(Refused):
            add_items([NewItem("s9", ITEM)], wave_code=CODE, actor="eva", now=NOW)


def objective(score: float, street: str = "s1") -> Change:
    return Change(street, "closed in time", True, None, score)


def weighted() -> None:
    """A surveyed wave whose policy weighs an objective indicator at a quarter."""
    surveyed()
    with_policy({"objective_weights": {"closed in time": 0.25}})


def test_objective_values_enter_d_and_the_bundle_and_one_missing_blocks(each_app: Flask) -> None:
    with each_app.app_context():
        weighted()
        changes = [objective(80.0, f"s{i}") for i in range(1, 7)]
        store(changes, wave_code=CODE, actor="eva", now=NOW)
        draft = draft_evaluation(CODE)
        assert draft.streets[0].direct.value == pytest.approx(0.75 * 90 + 0.25 * 80)
        assert draft.streets[6].direct.suppressed_because == "objective_missing"
        assert draft.streets[6].blended.value is None
        with pytest.raises(Refused) as refused:
            publish(CODE, actor="eva", now=NOW)
        assert refused.value.code == "direct_missing"
        store([objective(70.0, "s7")], wave_code=CODE, actor="eva", now=NOW)
        grid = assessment(CODE)
        draft = draft_evaluation(CODE)
        for line, street in zip(grid.streets, draft.streets, strict=True):
            assert line.direct == street.direct.value
            assert line.variance == pytest.approx((street.direct.se or 0) ** 2)
        publish(CODE, actor="eva", now=NOW)
        assert len(db.session.scalars(select(ObjectiveScore)).all()) == 7


def test_a_score_that_is_not_what_was_looked_at_stores_nothing(each_app: Flask) -> None:
    with each_app.app_context():
        factories.place()
        store([Change("s1", "A", False, None, 90.0)], wave_code=CODE, actor="eva", now=NOW)
        changes = [Change("s2", "A", False, None, 80.0), Change("s1", "A", False, 91.0, 80.0)]
        with pytest.raises(Refused) as refused:
            store(changes, wave_code=CODE, actor="eva", now=NOW)
        assert refused.value.code == "changed_meanwhile"
        (first, second) = assessment(CODE).streets
        assert (first.scores, second.scores) == ({"A": 90.0}, {})


@pytest.mark.parametrize(
    "change",
    [
        Change("s1", "A", False, None, 101.0),
        Change("s9", "A", False, None, 90.0),
        Change("s1", "", False, None, 90.0),
        Change("s1", "x", True, None, 90.0),
    ],
)
def test_a_change_that_cannot_be_is_refused_also_past_the_page(app: Flask, change: Change) -> None:
    with app.app_context():
        factories.place()
        with pytest.raises(Refused) as refused:
            store([change], wave_code=CODE, actor="eva", now=NOW)
        assert refused.value.status == 422


def test_a_reason_has_a_length(app: Flask) -> None:
    with app.app_context():
        factories.place()
        with pytest.raises(Refused, match="characters"):
            require_reason(wave_streets(CODE), "x" * 2001)


@pytest.mark.parametrize("what", ["score", "list", "nothing"])
def test_what_is_on_notice_is_not_approved_after_a_change(each_app: Flask, what: str) -> None:
    with each_app.app_context():
        surveyed()
        with_policy({"appeal_days": 0})
        freeze(CODE, actor="eva", now=NOW)
        later = NOW + timedelta(days=1)
        change = Change("s1", "A", False, 90.0, 85.0)
        with pytest.raises(Refused, match="public notice"):
            store([change], wave_code=CODE, actor="eva", now=later)
        if what == "score":
            store([change], wave_code=CODE, actor="eva", now=later, reason="Misread")
        elif what == "list":
            items = [NewItem("s1", ITEM)]
            add_items(items, wave_code=CODE, actor="eva", now=later, reason="Late")
        if what == "nothing":
            assert approve(CODE, actor="ada", now=later).status == "approved"
            return
        with pytest.raises(Refused) as refused:
            approve(CODE, actor="ada", now=later)
        assert refused.value.code == "assessed_since"
        freeze(CODE, actor="eva", now=later, reason="A score was misread")
        made = approve(CODE, actor="ada", now=later)
        assert (made.status, made.revision) == ("approved", 2)
