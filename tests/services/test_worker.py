"""The worker: folds, draws, survives a busy database and ends when it is told to."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from flask import Flask
from huey import PostgresHuey, SqliteHuey
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from survey import jobs
from survey.charts.words import district_chart
from survey.commands import worker
from survey.database import transaction
from survey.models import Picture, ResponseCube, RollupPending, Wave, db
from survey.queries.public import public_waves, results
from survey.queries.worker import waves_to_review, waves_with_new_comments
from survey.services.evaluate import freeze
from survey.services.pictures import page_picture
from tests import factories
from tests.published import published_copy

ROOT = Path(__file__).parents[2]


@pytest.fixture
def process(app: Flask, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`flask worker` on the database of `app`."""
    environment = os.environ | {
        "JIEPING_INSTANCE_DIR": str(tmp_path),
        "JIEPING_DATABASE_URL": f"sqlite:///{tmp_path}/app.db",
        "JIEPING_FOLD_SECONDS": "1",
    }
    log = (tmp_path / "worker.log").open("wb")
    started = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "survey", "worker"],
        cwd=ROOT,
        env=environment,
        stderr=log,
        stdout=log,
    )
    yield started
    started.kill()
    started.wait()


def _wait(until: object, seconds: float = 150.0) -> None:
    end = time.monotonic() + seconds
    while not until():  # type: ignore[operator]
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.1)


def _events(folder: Path) -> list[str]:
    lines = (folder / "worker.log").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["event"] for line in lines]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_folds_and_draws_and_ends_at_once_when_told_to(
    app: Flask, process: subprocess.Popen[bytes], tmp_path: Path, number: signal.Signals
) -> None:
    published_copy(app)
    with app.app_context():
        point = factories.point(street_id=1, channel="slip")
        factories.response(wave_id=3, point_code=point, answers=factories.levels(5, 5, 5, 5, 5))
        chart = district_chart(results(public_waves()))
        assert chart is not None
        assert page_picture("district", chart).is_drawn is False
        # Asked for once, however many pages want it.
        assert jobs.ask_for_picture("k", "district", chart.to_params()) is True
        assert jobs.ask_for_picture("k", "district", chart.to_params()) is False
        db.session.rollback()

    def done() -> bool:
        with app.app_context():
            return (
                db.session.query(RollupPending).count() == 0
                and db.session.query(Picture).count() == 4
            )

    _wait(done)
    with app.app_context():
        assert db.session.query(ResponseCube).filter_by(wave_id=3).count() == 1
    process.send_signal(number)
    assert process.wait(timeout=20) == 0
    events = _events(tmp_path)
    assert events[0] == "worker_started"
    assert events[-1] == "worker_stopped"
    assert "folded" in events
    assert "task_complete" in events


def test_it_ends_at_once_while_a_child_works(app: Flask, process: subprocess.Popen[bytes]) -> None:
    with app.app_context():
        factories.place()
        assert jobs.ask_for_themes("2026q4") is True
        _wait(lambda: len(jobs.queue()) == 0)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    # Long before the child would be done with its work of its own accord.
    process.wait(timeout=20)


def test_a_busy_database_lengthens_the_pause_and_loses_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[float] = []
    stop = threading.Event()

    def busy(*, now: object) -> int:
        attempts.append(time.monotonic())
        if len(attempts) < 4:
            raise OperationalError("BEGIN", {}, sqlite3.OperationalError("database is locked"))
        stop.set()
        return 0

    monkeypatch.setattr(worker, "fold_all", busy)
    worker.fold_until(stop, app, seconds=0.05)
    pauses = [later - earlier for earlier, later in pairwise(attempts)]
    assert pauses == sorted(pauses)
    assert pauses[2] > 0.35


def test_new_comments_of_open_waves_are_seen(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        assert waves_with_new_comments() == ()
        factories.comment(body="楼道堆物", wave_id=place.wave_id, street_id=place.street_ids[0])
        assert waves_with_new_comments() == ("2026q4",)


def test_themes_are_gone_over_until_figures_are_frozen(app: Flask) -> None:
    with app.app_context():
        factories.place()
        assert waves_to_review() == ("2026q4",)
        with transaction() as session:
            session.execute(update(Wave).values(status="closed"))
        assert waves_to_review() == ("2026q4",)
        freeze("2026q4", actor="eva", now=factories.NOW)
        assert waves_to_review() == ()


def test_a_queue_that_cannot_be_reached_costs_a_picture_and_no_page(app: Flask) -> None:
    app.config["JOBS_URL"] = "sqlite:////nowhere/at/all/jobs.db"
    with app.app_context():
        assert jobs.ask_for_themes("2026q4") is False


def test_the_kind_of_queue_follows_the_setting(tmp_path: Path) -> None:
    queue = jobs.open_queue("", instance_path=str(tmp_path))
    assert isinstance(queue, SqliteHuey)
    assert (tmp_path / "jobs.db").exists()


@pytest.mark.postgres
def test_jobs_can_wait_in_postgresql(postgres_server: object, tmp_path: Path) -> None:
    url = postgres_server.create_database()  # type: ignore[attr-defined]
    queue = jobs.open_queue(url, instance_path=str(tmp_path))
    assert isinstance(queue, PostgresHuey)

    @queue.task(name="note")
    def note(word: str) -> None:
        (tmp_path / word).touch()

    note("done")
    assert len(queue) == 1
    task = queue.dequeue()
    assert task is not None
    queue.execute(task)
    assert (tmp_path / "done").exists()
    queue.storage.close()
    postgres_server.drop_database(url)  # type: ignore[attr-defined]
