"""What is decided after the figures are frozen keeps them from being signed, and nothing else."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from survey.database import transaction
from survey.models import Evaluation, Theme, ThemeAdjustment, ThemeDecision, db
from survey.queries.draft import draft_evaluation
from survey.queries.outdated import outdated
from survey.queries.views import ListedView
from survey.queries.waves import wave_view
from survey.services.appeal_decisions import decide_appeal, hold_back_again
from survey.services.appeals import file_appeal
from survey.services.direct import Change, store
from survey.services.evaluate import freeze, publish
from survey.services.listed import NewItem, add_items, remove_item
from survey.services.rollup import fold_all
from tests import two_waves
from tests.factories import NOW
from tests.on_notice import CODE, LATER, TODAY, OnNotice, put_on_notice

BEFORE = NOW - timedelta(seconds=1)
ITEM = ListedView(
    kind="deduction",
    label="Late report",
    points=1.0,
    ceiling=None,
    document="No. 3",
    document_date=date(2026, 1, 1),
    signed_by="office",
)


def found() -> list[str]:
    """Codes of what the newest figures of the wave lack."""
    db.session.expire_all()
    newest = select(Evaluation).order_by(Evaluation.id.desc()).limit(1)
    return [one.code for one in outdated(db.session.scalars(newest).one(), wave_view(CODE))]


def test_a_change_whose_request_began_before_the_freeze_is_noticed(each_app: Flask) -> None:
    with each_app.app_context():
        put_on_notice()
        assert found() == []
        change = Change("s7", "A", False, 90.0, 10.0)
        store([change], wave_code=CODE, actor="eva", now=BEFORE, reason="misread")
        assert found() == ["assessed_since"]
        freeze(CODE, actor="eva", now=LATER, reason="a score was misread")
        assert found() == []
        add_items([NewItem("s7", ITEM)], wave_code=CODE, actor="eva", now=BEFORE, reason="late")
        assert found() == ["assessed_since"]
        later = LATER + timedelta(hours=1)
        freeze(CODE, actor="eva", now=later, reason="an item was missing")
        assert found() == []
        remove_item(1, wave_code=CODE, because="wrong street", actor="eva", now=BEFORE)
        assert found() == ["assessed_since"]


def test_answers_held_back_again_are_noticed(each_app: Flask) -> None:
    with each_app.app_context():
        put_on_notice()
        appeal_id = file_appeal(
            CODE,
            street_code="s7",
            kind="quarantine",
            grounds="They were residents.",
            actor="clerk",
            now=LATER,
            today=TODAY,
        )
        decide_appeal(
            appeal_id,
            decision="upheld",
            because="So it is.",
            actor="eva",
            actor_street=None,
            now=LATER,
        )
        fold_all(now=LATER)
        freeze(CODE, actor="eva", now=LATER + timedelta(hours=1), reason="an appeal")
        assert found() == []
        # The request began before the freeze.
        hold_back_again(appeal_id, because="They were not.", actor="eva", now=LATER)
        fold_all(now=LATER + timedelta(hours=2))
        assert found() == ["decided_since"]


def decided(made: OnNotice, *, theme_id: int, action: str = "status", rows: int = 1) -> int:
    """A decision about a theme an hour after the figures."""
    with transaction() as session:
        one = ThemeDecision(
            district_id=made.place.district_id,
            theme_id=theme_id,
            action=action,
            actor="eva",
            at=LATER,
            before={"rows": [{}] * rows},
            after={"rows": [{}] * rows, "decided": []},
        )
        session.add(one)
        session.flush()
        return one.id


def test_a_decision_about_a_theme_that_costs_points_is_noticed(each_app: Flask) -> None:
    with each_app.app_context():
        made = put_on_notice()
        decided(made, theme_id=made.theme_id, action="rename")
        decided(made, theme_id=made.theme_id, rows=0)
        assert found() == []
        one = decided(made, theme_id=made.theme_id)
        with transaction() as session:
            session.get_one(Theme, made.theme_id).status = "proposed"
        frozen = db.session.scalars(select(ThemeAdjustment.deduction)).all()
        now = [a.deduction for s in draft_evaluation(CODE).streets for a in s.adjustments]
        assert sum(now) < sum(frozen)
        assert found() == ["themes_decided_since"]
        # Undone since: the theme is as it was.
        undo = decided(made, theme_id=made.theme_id, action="undo")
        with transaction() as session:
            session.execute(
                update(ThemeDecision).where(ThemeDecision.id == one).values(undone_by_id=undo)
            )
        assert found() == []


def test_a_theme_that_only_lacked_its_decision_is_noticed_and_another_is_not(app: Flask) -> None:
    with app.app_context():
        made = put_on_notice()
        with transaction() as session:
            session.execute(
                update(ThemeAdjustment)
                .where(ThemeAdjustment.theme_id == made.idle_id)
                .values(not_counted_because=["not_confirmed", "too_few_mentions"])
            )
        decided(made, theme_id=made.idle_id)
        assert found() == []
        with transaction() as session:
            session.execute(
                update(ThemeAdjustment)
                .where(ThemeAdjustment.theme_id == made.idle_id)
                .values(not_counted_because=["not_confirmed"])
            )
        assert found() == ["themes_decided_since"]


@pytest.mark.parametrize("weights", [(0.5, 0.5), (1.0,)], ids=["pooled", "only handed on"])
def test_an_earlier_wave_corrected_since_is_noticed(app: Flask, weights: tuple[float, ...]) -> None:
    with app.app_context():
        two_waves.two_waves({"last_waves": 2, "pool_weights": weights})
        freeze(CODE, actor="eva", now=NOW)
        assert found() == []
        change = Change("s5", "A", False, 60.0, 99.0)
        store([change], wave_code=two_waves.EARLIER, actor="eva", now=LATER, reason="typed wrong")
        assert found() == []
        publish(two_waves.EARLIER, actor="x", now=LATER, reason="typed wrong")
        stored = db.session.scalars(
            select(Evaluation).join(Evaluation.sign_offs).where(Evaluation.status == "provisional")
        ).one()
        assert [one.code for one in outdated(stored, wave_view(CODE))] == [
            "earlier_published_since"
        ]
