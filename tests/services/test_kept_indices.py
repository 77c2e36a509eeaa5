"""Indices that a process keeps: the same until something is counted or a street changes."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import event, update

from survey import preload
from survey.database import transaction
from survey.models import PopulationMargin, ResponseCube, RollupRun, db
from survey.queries.cubes import latest_runs
from survey.queries.streets import wave_indices
from survey.services import rollup
from tests import factories
from tests.factories import NOW

CODE = "2026q4"


def add(place: factories.Place, *, level: int, count: int = 1) -> None:
    for i in range(count):
        answers = factories.levels(level, 4, 3, 2, 5, age_band="60+", sex="FM"[i % 2])
        factories.response(wave_id=place.wave_id, point_code=place.points[0], answers=answers)
    rollup.fold_all(now=NOW)


def test_cubes_are_read_again_only_when_something_was_counted(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        add(place, level=4, count=32)
        first = wave_indices(CODE)
        read: list[str] = []
        event.listen(
            db.engine,
            "before_cursor_execute",
            lambda _c, _cu, statement, _p, _ctx, _m: read.append(statement),
        )
        assert wave_indices(CODE) == first
        assert not [one for one in read if "moment_cube" in one]
        add(place, level=1)
        read.clear()
        again = wave_indices(CODE)
        assert [one for one in read if "moment_cube" in one]
        assert again.streets[0].public.n == first.streets[0].public.n + 1


def test_residents_of_a_street_are_part_of_what_is_kept(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        add(place, level=4, count=32)
        first = wave_indices(CODE)
        with transaction() as session:
            session.execute(
                update(PopulationMargin)
                .where(
                    PopulationMargin.street_id == place.street_ids[0],
                    PopulationMargin.category == "F",
                )
                .values(residents=5000)
            )
        assert wave_indices(CODE).streets[0].weights != first.streets[0].weights


def test_a_run_that_commits_after_a_later_one_is_seen(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        add(place, level=4, count=32)
        with transaction() as session:
            session.add(RollupRun(id=50, finished_at=NOW, folded=1))
        first = wave_indices(CODE)
        with transaction() as session:
            session.add(RollupRun(id=49, finished_at=NOW, folded=1))
            session.execute(update(ResponseCube).values(n=ResponseCube.n + 1))
        assert latest_runs()[:2] == (50, 49)
        assert wave_indices(CODE).streets[0].responses > first.streets[0].responses


def test_every_template_compiles_before_the_first_request(app: Flask) -> None:
    count = preload.load(app)
    assert count == len(app.jinja_env.list_templates())
    assert len(app.jinja_env.cache or ()) >= count
