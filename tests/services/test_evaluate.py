"""Publishing: what is frozen equals the draft, never changes, and is refused when it may not be."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from survey.database import transaction
from survey.errors import Refused
from survey.models import (
    AuditEvent,
    DirectScore,
    Evaluation,
    Response,
    RollupPending,
    StreetResult,
    Wave,
    db,
)
from survey.queries.evaluation import draft_evaluation, published_evaluation
from survey.services import paper_entry
from survey.services.evaluate import publish
from survey.services.rollup import fold_all
from tests import factories
from tests.factories import NOW, Place, levels

CODE = "2026q4"
STREETS = tuple(f"s{number}" for number in range(1, 8))


def surveyed(*, with_direct: bool = True) -> Place:
    """Seven streets with 40 answers each, counted, in a closed wave."""
    place = factories.place(streets=STREETS)
    for order, (street_id, code) in enumerate(zip(place.street_ids, place.points, strict=True)):
        for turn in range(40):
            given = levels(*(5 - (turn + order + k) % (2 + order // 3) for k in range(5)))
            factories.response(wave_id=place.wave_id, point_code=code, answers=given)
        if with_direct:
            for assessor, score in zip("ABC", (90, 91, 89 - order), strict=True):
                factories.direct_score(
                    wave_id=place.wave_id, street_id=street_id, assessor=assessor, score=score
                )
    fold_all(now=NOW)
    set_status("closed")
    return place


def set_status(status: str) -> None:
    with transaction() as session:
        session.execute(update(Wave).values(status=status))


def test_what_is_published_is_the_draft_to_the_last_bit(each_app: Flask) -> None:
    with each_app.app_context():
        surveyed()
        draft = draft_evaluation(CODE)
        made = publish(CODE, actor="eva", now=NOW)
        db.session.expire_all()
        stored = published_evaluation(CODE)
        assert stored == made
        assert stored is not None
        assert set(stored.district_indicators) == set(factories.INDICATORS)
        assert stored.district_indicators["party"].value is not None
        same = {
            "wave": draft.wave,
            "status": "draft",
            "revision": 0,
            "published_at": None,
            "frozen_at": None,
            "sign_offs": (),
        }
        assert replace(stored, **same) == draft


def test_later_answers_and_scores_change_the_draft_and_not_what_was_published(app: Flask) -> None:
    with app.app_context():
        place = surveyed()
        publish(CODE, actor="eva", now=NOW)
        before = published_evaluation(CODE)
        for _ in range(5):
            factories.response(
                wave_id=place.wave_id, point_code=place.points[0], answers=levels(1, 1, 1, 1, 1)
            )
        fold_all(now=NOW)
        with transaction() as session:
            session.execute(update(DirectScore).values(score=50))
        assert published_evaluation(CODE) == before
        assert draft_evaluation(CODE).streets[0].public != before.streets[0].public  # type: ignore[union-attr]


def test_a_second_publication_is_a_revision_with_a_reason(app: Flask) -> None:
    with app.app_context():
        surveyed()
        publish(CODE, actor="eva", now=NOW)
        with pytest.raises(Refused) as caught:
            publish(CODE, actor="eva", now=NOW, reason="  ")
        assert caught.value.code == "reason_needed"
        later = publish(CODE, actor="eva", now=NOW + timedelta(days=1), reason="A score was wrong")
        assert later.revision == 2
        assert published_evaluation(CODE) == later
        first = published_evaluation(CODE, revision=1)
        assert first is not None
        assert (first.revision, first.published_at) == (1, NOW)


def test_publishing_leaves_a_trail(app: Flask) -> None:
    with app.app_context():
        surveyed()
        publish(CODE, actor="eva", now=NOW)
        event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "publish")).one()
        assert (event.actor, event.subject) == ("eva", f"wave {CODE} revision 1")


def test_an_open_wave_is_not_published(app: Flask) -> None:
    with app.app_context():
        surveyed()
        set_status("open")
        with pytest.raises(Refused) as caught:
            publish(CODE, actor="eva", now=NOW)
        assert caught.value.code == "wave_not_closed"
        assert db.session.scalar(select(func.count()).select_from(Evaluation)) == 0


def test_waiting_answers_hold_a_publication_up(app: Flask) -> None:
    with app.app_context():
        place = surveyed()
        factories.response(
            wave_id=place.wave_id, point_code=place.points[0], answers=levels(1, 1, 1, 1, 1)
        )
        with pytest.raises(Refused) as caught:
            publish(CODE, actor="eva", now=NOW)
        assert caught.value.code == "answers_waiting"
        assert "1 answers" in str(caught.value)
        assert db.session.scalar(select(func.count()).select_from(StreetResult)) == 0


def test_piles_of_paper_that_are_not_closed_hold_a_publication_up(each_app: Flask) -> None:
    with each_app.app_context():
        surveyed()
        # Given a pile with two forms, and one that was opened and never begun
        pile = paper_entry.open_batch(CODE, "s2", label="box 7", actor="ann", now=NOW)
        paper_entry.open_batch(CODE, "s3", label="empty", actor="ann", now=NOW)
        for number in (1, 2):
            paper_entry.store_form(pile, 1, number, {"party": "5"}, actor="ann", now=NOW)
        # Then publishing is refused with its name, and nothing is written
        with pytest.raises(Refused, match=r"box 7 \(2\)") as caught:
            publish(CODE, actor="eva", now=NOW)
        assert (caught.value.code, caught.value.status) == ("paper_open", 409)
        assert "empty" not in str(caught.value)
        assert db.session.scalar(select(func.count()).select_from(Evaluation)) == 0
        # And when its forms are dropped it goes through
        for number in (1, 2):
            paper_entry.drop_form(pile, number, actor="ann")
        assert publish(CODE, actor="eva", now=NOW).revision == 1


def test_answers_that_are_being_stored_are_waited_for(each_app: Flask) -> None:
    with each_app.app_context():
        place = surveyed()
    holding = threading.Event()

    def load() -> None:
        # As an import does: it holds the wave's row while its answers arrive.
        with each_app.app_context(), transaction() as session:
            session.get_one(Wave, place.wave_id, with_for_update=True)
            response = session.scalars(select(Response).limit(1)).one()
            session.add(RollupPending(response_id=response.id, sign=-1, status="accepted"))
            session.flush()
            holding.set()
            time.sleep(1)

    loader = threading.Thread(target=load)
    loader.start()
    assert holding.wait(10)
    with each_app.app_context():
        with pytest.raises(Refused) as caught:
            publish(CODE, actor="eva", now=NOW)
        assert caught.value.code == "answers_waiting"
    loader.join()


def test_direct_scores_are_there_for_all_streets_or_for_none(app: Flask) -> None:
    with app.app_context():
        place = surveyed()
        with transaction() as session:
            session.execute(
                DirectScore.__table__.delete().where(DirectScore.street_id == place.street_ids[0])
            )
        with pytest.raises(Refused) as caught:
            publish(CODE, actor="eva", now=NOW)
        assert caught.value.code == "direct_missing"
        assert "s1" in str(caught.value)
        with transaction() as session:
            session.execute(DirectScore.__table__.delete())
        done = publish(CODE, actor="eva", now=NOW)
        assert not done.has_direct
        assert {one.blended.suppressed_because for one in done.streets} == {"direct_missing"}


def test_no_last_place_without_a_random_stream(app: Flask) -> None:
    with app.app_context():
        surveyed()
        [group] = draft_evaluation(CODE).groups
        assert not group.last.established
        unmet = {one.code for one in group.last.conditions if not one.met}
        assert unmet
        assert {one.rank_suppressed_because for one in draft_evaluation(CODE).streets} == {
            "no_random_stream"
        }
