"""An open appeal that could lift an established last place holds the approval up; others do not."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select, update

from survey.database import transaction
from survey.errors import Refused
from survey.models import Appeal, Evaluation, Wave, db
from survey.queries.standing import blocking_appeals
from survey.services.evaluate import approve, freeze
from survey.services.rollup import fold_all
from tests import factories
from tests.factories import NOW, levels

CODE = "2026q4"
STREETS = tuple(f"s{number}" for number in range(1, 6))
AFTER = datetime(2026, 12, 2, 1)
# One wave of forty answers a street shall be enough here.
POLICY = {"last_waves": 1, "min_rank_n_effective": 10.0, "last_n_effective": 10.0}


def far_behind(app: Flask) -> int:
    """Five streets on notice, of which s5 is so far behind that the last place is established."""
    place = factories.place(streets=STREETS)
    for order, street_id in enumerate(place.street_ids):
        code = factories.point(street_id=street_id, channel="slip")
        for turn in range(40):
            low = 1 if order == len(STREETS) - 1 else 4
            given = levels(*(low + (turn + k) % 2 for k in range(5)))
            factories.response(wave_id=place.wave_id, point_code=code, answers=given)
        for assessor in "ABC":
            factories.direct_score(
                wave_id=place.wave_id,
                street_id=street_id,
                assessor=assessor,
                score=60 if order == len(STREETS) - 1 else 90,
            )
    fold_all(now=NOW)
    policy_id = factories.policy(overrides=POLICY)
    with transaction() as session:
        session.execute(update(Wave).values(status="closed", policy_id=policy_id))
    made = freeze(CODE, actor="eva", now=NOW)
    [group] = made.groups
    assert group.last.established, [one for one in group.last.conditions if not one.met]
    assert group.last.street == "s5"
    return place.wave_id


def appeal(wave_id: int, street_id: int) -> int:
    """An open appeal of a street against answers that are held back."""
    with transaction() as session:
        one = Appeal(
            evaluation_id=session.scalars(select(Evaluation.id)).one(),
            wave_id=wave_id,
            street_id=street_id,
            kind="quarantine",
            grounds="They were residents.",
            filed_by="clerk",
            filed_at=NOW,
            decide_by=AFTER.date(),
        )
        session.add(one)
        session.flush()
        return one.id


def test_only_an_appeal_that_could_change_who_is_last_holds_the_approval_up(app: Flask) -> None:
    with app.app_context():
        wave_id = far_behind(app)
        stored = db.session.scalars(select(Evaluation)).one()
        first, *_between, last = sorted(result.street_id for result in stored.results)
        appeal(wave_id, first)
        stored = db.session.scalars(select(Evaluation)).one()
        assert blocking_appeals(stored) == ()
        own = appeal(wave_id, last)
        with pytest.raises(Refused) as caught:
            approve(CODE, actor="eve", now=AFTER)
        assert caught.value.code == "appeals_open"
        with transaction() as session:
            session.execute(
                update(Appeal).where(Appeal.id == own).values(status="rejected", closed_at=AFTER)
            )
        # The other one is still open and changes no verdict.
        assert approve(CODE, actor="eve", now=AFTER).status == "approved"
