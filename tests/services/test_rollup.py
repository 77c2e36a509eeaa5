"""Folding: every response exactly once, on both databases, whatever workers do."""

from __future__ import annotations

import random
import threading

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, update

from survey.database import transaction
from survey.models import MomentCube, Response, ResponseCube, RollupPending, RollupRun, db
from survey.services import rollup
from tests import factories
from tests.factories import NOW, levels


def answers(place: factories.Place, how_many: int, *, seed: int = 1) -> None:
    """Random answers at the place's points."""
    draw = random.Random(seed)
    for _ in range(how_many):
        given = levels(*(draw.choice([5, 4, 3, 2, 1, "dk"]) for _ in range(5)))
        factories.response(
            wave_id=place.wave_id,
            point_code=draw.choice(place.points),
            answers=given | {"sex": draw.choice("FM")},
        )


def pending() -> int:
    return db.session.scalar(select(func.count()).select_from(RollupPending)) or 0


def counted() -> int:
    return int(db.session.scalar(select(func.sum(ResponseCube.n))) or 0)


def test_sums_are_those_of_the_answers(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        for given in (levels(5, 4, 3, 2, 1), levels(4, 4, "dk", 1, 5)):
            factories.response(wave_id=place.wave_id, point_code=place.points[0], answers=given)
        rollup.fold(now=NOW)
        ids = dict(db.session.execute(db.text("SELECT code, id FROM indicator")).all())
        cells = {
            (row.indicator_a_id, row.indicator_b_id): (row.n, row.sum_a, row.sum_b, row.sum_ab)
            for row in db.session.scalars(select(MomentCube))
        }
        assert cells[ids["party"], ids["party"]] == (2, 17500, 17500, 10000**2 + 7500**2)
        assert cells[ids["party"], ids["urban"]] == (
            2,
            17500,
            15000,
            10000 * 7500 + 7500 * 7500,
        )
        # Only one of the two has an opinion on welfare.
        assert cells[ids["welfare"], ids["community"]] == (1, 5000, 2500, 5000 * 2500)


def test_folding_twice_counts_once(each_app: Flask) -> None:
    with each_app.app_context():
        answers(factories.place(), 20)
        assert rollup.fold_all(now=NOW) == 20
        assert rollup.fold_all(now=NOW) == 0
        assert (pending(), counted()) == (0, 20)
        assert rollup.audit().differences == []


def test_nothing_to_do_writes_nothing(app: Flask) -> None:
    with app.app_context():
        assert rollup.fold(now=NOW) == rollup.Fold(0, None)
        assert db.session.scalar(select(func.count()).select_from(RollupRun)) == 0


def test_a_worker_that_dies_midway_leaves_all_of_its_work(
    each_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with each_app.app_context():
        answers(factories.place(), 10)
        add = rollup._add

        def add_and_die(session: object, sums: object) -> None:
            add(session, sums)
            raise KeyboardInterrupt

        monkeypatch.setattr(rollup, "_add", add_and_die)
        with pytest.raises(KeyboardInterrupt):
            rollup.fold(now=NOW)
        monkeypatch.undo()
        assert (pending(), counted()) == (10, 0)
        rollup.fold_all(now=NOW)
        assert counted() == 10
        assert rollup.audit().differences == []


def test_workers_and_writers_at_once_count_every_answer_once(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
    failures: list[BaseException] = []
    writing = threading.Event()
    writing.set()

    def run(work: object) -> None:
        with each_app.app_context():
            try:
                work()  # type: ignore[operator]
            except BaseException as error:
                failures.append(error)
            finally:
                db.session.remove()

    def fold_while_writing() -> None:
        while writing.is_set():
            rollup.fold(now=NOW, batch=7)

    writers = [
        threading.Thread(target=run, args=(lambda seed=seed: answers(place, 25, seed=seed),))
        for seed in range(3)
    ]
    workers = [threading.Thread(target=run, args=(fold_while_writing,)) for _ in range(2)]
    for thread in writers + workers:
        thread.start()
    for thread in writers:
        thread.join()
    writing.clear()
    for thread in workers:
        thread.join()
    assert failures == []
    with each_app.app_context():
        rollup.fold_all(now=NOW)
        assert (pending(), counted()) == (0, 75)
        assert rollup.audit().differences == []


def test_a_withdrawal_takes_out_what_was_put_in(each_app: Flask) -> None:
    with each_app.app_context():
        answers(factories.place(), 5)
        rollup.fold_all(now=NOW)
        with transaction() as session:
            first = session.scalar(select(func.min(Response.id)))
            session.execute(update(Response).where(Response.id == first).values(status="rejected"))
            session.execute(
                insert(RollupPending),
                [
                    {"response_id": first, "sign": -1, "status": "accepted"},
                    {"response_id": first, "sign": 1, "status": "rejected"},
                ],
            )
        rollup.fold_all(now=NOW)
        by_status = dict(
            db.session.execute(
                select(ResponseCube.status, func.sum(ResponseCube.n)).group_by(ResponseCube.status)
            ).all()
        )
        assert {status: int(n) for status, n in by_status.items()} == {
            "accepted": 4,
            "rejected": 1,
        }
        assert rollup.audit().differences == []


def test_a_rebuild_equals_the_increments_to_the_integer(each_app: Flask) -> None:
    with each_app.app_context():
        answers(factories.place(), 30)
        rollup.fold_all(now=NOW)
        before = {cube: rollup._stored(db.session, cube) for cube in rollup.CUBES}
        assert rollup.rebuild(now=NOW) == 30
        assert {cube: rollup._stored(db.session, cube) for cube in rollup.CUBES} == before


def test_an_audit_finds_a_changed_cell(app: Flask) -> None:
    with app.app_context():
        answers(factories.place(), 5)
        rollup.fold_all(now=NOW)
        with transaction() as session:
            session.execute(update(ResponseCube).values(n=ResponseCube.n + 1))
        assert any("response_cube" in line for line in rollup.audit().differences)
        rollup.rebuild(now=NOW)
        assert rollup.audit().differences == []


def test_an_audit_while_answers_wait_finds_nothing_wrong(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        answers(place, 5)
        rollup.fold_all(now=NOW)
        answers(place, 3, seed=2)
        assert rollup.audit().differences == []
