"""An open appeal with which a verdict would not stand holds the approval up; others do not."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from survey.database import transaction
from survey.errors import Refused
from survey.models import Appeal, Evaluation, ThemePeriod, Wave, db
from survey.queries.blocking import blocking_appeals
from survey.services.evaluate import approve, freeze
from survey.services.rollup import fold_all
from tests import factories
from tests.factories import NOW, levels
from tests.on_notice import POLICY as NOTICE_POLICY
from tests.on_notice import add_theme
from tests.two_waves import two_waves

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
            evaluation_id=session.scalars(
                select(Evaluation.id).where(Evaluation.wave_id == wave_id)
            ).one(),
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


def test_an_appeal_blocks_a_last_place_that_only_the_year_establishes(app: Flask) -> None:
    with app.app_context():
        # Forty answers are too few for the wave alone; both waves together are enough.
        place = two_waves({"last_waves": 2, "last_n_effective": 50.0})
        made = freeze(CODE, actor="eva", now=NOW)
        assert made.year is not None
        assert not made.groups[0].last.established
        assert not made.groups[0].last.verified_this_wave
        assert made.year.groups[0].last.established
        appeal(place.wave_id, place.street_ids[0])
        own = appeal(place.wave_id, place.street_ids[-1])
        stored = db.session.scalars(
            select(Evaluation).where(Evaluation.wave_id == place.wave_id)
        ).one()
        assert own in blocking_appeals(stored)
        with pytest.raises(Refused) as caught:
            approve(CODE, actor="eve", now=AFTER)
        assert caught.value.code == "appeals_open"


def test_an_appeal_blocks_a_last_place_that_is_handed_on_to_the_next_wave(app: Flask) -> None:
    with app.app_context():
        place = two_waves({"last_waves": 2, "pool_weights": (1.0,)})
        last = freeze(CODE, actor="eva", now=NOW).groups[0].last
        assert last.verified_this_wave
        assert not last.established
        stored = db.session.scalars(
            select(Evaluation).where(Evaluation.wave_id == place.wave_id)
        ).one()
        assert blocking_appeals(stored) == ()
        open_one = appeal(place.wave_id, place.street_ids[-1])
        db.session.expire_all()
        assert blocking_appeals(stored) == (open_one,)
        with pytest.raises(Refused, match="could change a verdict"):
            approve(CODE, actor="eve", now=AFTER)


def test_an_appeal_blocks_first_places_that_would_be_others_if_it_were_upheld(app: Flask) -> None:
    with app.app_context():
        place = factories.place(streets=STREETS)
        for order, street_id in enumerate(place.street_ids):
            code = factories.point(street_id=street_id, channel="slip")
            for turn in range(40):
                # s4 and s5 are well ahead of the rest and equal but for their theme.
                low = 4 if order >= 3 else 1
                given = levels(*(low + (turn + k) % 2 for k in range(5)))
                factories.response(wave_id=place.wave_id, point_code=code, answers=given)
            for assessor in "ABC":
                factories.direct_score(
                    wave_id=place.wave_id,
                    street_id=street_id,
                    assessor=assessor,
                    score=90 if order >= 3 else 60,
                )
        fold_all(now=NOW)
        theme_id = add_theme(place, "停车难", confirmed=True)
        with transaction() as session:
            # It costs s5 alone, so that s4 is first; without it nobody is.
            session.execute(delete(ThemePeriod).where(ThemePeriod.street_id == place.street_ids[3]))
        policy_id = factories.policy(
            overrides=POLICY | NOTICE_POLICY | {"top_k": 1, "top_z": 0.15, "alpha": 0.1}
        )
        with transaction() as session:
            session.execute(update(Wave).values(status="closed", policy_id=policy_id))
        [group] = freeze(CODE, actor="eva", now=NOW).groups
        assert (group.top_verified, group.top_group) == (True, ("s4",))
        held = appeal(place.wave_id, place.street_ids[3])
        key = appeal(place.wave_id, place.street_ids[4])
        stored = db.session.scalars(select(Evaluation)).one()
        # Against answers held back, of which there are none.
        assert blocking_appeals(stored) == ()
        with transaction() as session:
            session.execute(
                update(Appeal).where(Appeal.id == key).values(kind="deduction", theme_id=theme_id)
            )
        db.session.expire_all()
        assert blocking_appeals(stored) == (held, key)
