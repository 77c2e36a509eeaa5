"""Counting anew in the database: the same integers as folding, in ranges of any size."""

from __future__ import annotations

import random

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import delete, update

from survey.database import transaction
from survey.models import MomentCube, Response, ResponseCube, RollupPending
from survey.services import rollup
from survey.services.recount import CUBES, recount
from tests import factories
from tests.factories import NOW, levels


def answered(how_many: int = 40) -> factories.Place:
    """Random answers, some without an opinion, some not valid, some 待核查, and gaps in the ids."""
    draw = random.Random(3)
    place = factories.place()
    for _ in range(how_many):
        given = levels(*(draw.choice([5, 4, 3, 2, 1, "dk", "dk"]) for _ in range(5)))
        factories.response(
            wave_id=place.wave_id,
            point_code=draw.choice(place.points),
            answers=given | {"sex": draw.choice("FM")},
        )
    with transaction() as session:
        session.execute(update(Response).where(Response.id % 5 == 0).values(is_valid=False))
        waiting = RollupPending.response_id % 7 == 0
        session.execute(update(Response).where(Response.id % 7 == 0).values(status="quarantined"))
        session.execute(update(RollupPending).where(waiting).values(status="quarantined"))
    return place


@pytest.mark.parametrize("batch", [1, 7, 10_000])
def test_ranges_of_any_size_count_what_folding_counts(each_app: Flask, batch: int) -> None:
    with each_app.app_context():
        answered()
        rollup.fold_all(now=NOW)
        with transaction() as session:
            counted = recount(session, batch=batch)
            for cube in CUBES:
                stored = rollup._stored(session, cube)
                found = {key: sums[: len(stored[key])] for key, sums in counted[cube].items()}
                assert found == stored
        assert sum(sums[0] for sums in counted[ResponseCube].values()) == 40
        assert counted[MomentCube]


def test_progress_ends_at_all_of_them(app: Flask) -> None:
    with app.app_context():
        answered(10)
        seen: list[tuple[int, int]] = []
        with transaction() as session:
            recount(session, batch=4, progress=lambda done, all_: seen.append((done, all_)))
        assert seen == [(4, 10), (8, 10), (10, 10)]


def test_nothing_to_count_is_no_error(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        assert all(not cells for cells in recount(session).values())


def test_rebuild_mends_what_was_lost_and_audit_sees_it(each_app: Flask) -> None:
    with each_app.app_context():
        answered()
        rollup.fold_all(now=NOW)
        with transaction() as session:
            session.execute(delete(MomentCube))
            session.execute(update(ResponseCube).values(n=ResponseCube.n + 1))
        assert rollup.audit().differences
        assert rollup.rebuild(now=NOW) == 40
        assert rollup.audit().differences == []


def test_rebuild_settles_what_was_pending_once(each_app: Flask) -> None:
    with each_app.app_context():
        place = answered(12)
        rollup.rebuild(now=NOW)
        factories.response(wave_id=place.wave_id, point_code=place.points[0], answers=levels(5))
        assert rollup.fold_all(now=NOW) == 1
        assert rollup.audit().differences == []
        with transaction() as session:
            assert session.query(RollupPending).count() == 0


def test_commands_tell_how_many(app: Flask, runner: FlaskCliRunner) -> None:
    with app.app_context():
        answered(6)
    assert "6 responses counted" in runner.invoke(args=["cube", "rebuild"]).output
    assert "all equal to the recount" in runner.invoke(args=["cube", "audit"]).output
