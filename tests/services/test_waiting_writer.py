"""A writer on SQLite waits for another process, gives up in time, and says why it cannot write."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import factories
import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from survey.database import transaction
from survey.models import Street, db


@contextmanager
def other_writer(app: Flask) -> Iterator[sqlite3.Connection]:
    """Another connection that writes, as another process would."""
    with app.app_context():
        path = Path(db.engine.url.database or "")
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    finally:
        connection.close()


def allow(milliseconds: int) -> None:
    """Connections made from now on wait so long."""
    db.engine.dispose()
    event.listen(
        db.engine,
        "connect",
        lambda connection, _: connection.execute(f"PRAGMA busy_timeout={milliseconds}"),
    )


def rename(name: str) -> None:
    with transaction() as session:
        session.execute(text("UPDATE street SET name_zh = :name"), {"name": name})


def test_a_writer_begins_when_the_other_has_ended(app: Flask) -> None:
    with app.app_context():
        factories.place()
        with other_writer(app) as other:
            other.execute("UPDATE street SET name_zh = '先'")
            ends = threading.Timer(0.05, other.execute, ["COMMIT"])
            ends.start()
            rename("后")
            ends.join()
        assert set(db.session.scalars(db.select(Street.name_zh))) == {"后"}


def test_a_writer_gives_up_and_reading_waits_as_long_as_before(app: Flask) -> None:
    with app.app_context():
        factories.place()
        allow(30)
        with other_writer(app), pytest.raises(OperationalError, match="locked"):
            rename("后")
        assert db.session.scalar(text("PRAGMA busy_timeout")) == 30
        rename("再")
        assert db.session.scalar(text("PRAGMA busy_timeout")) == 30


def test_what_no_waiting_mends_is_tried_no_more(app: Flask) -> None:
    said: list[str] = []

    def read_only(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA query_only=1")
        connection.set_trace_callback(said.append)

    with app.app_context():
        factories.place()
        db.engine.dispose()
        event.listen(db.engine, "connect", read_only)
        with pytest.raises(OperationalError, match="readonly"):
            rename("后")
    # Once for us, once for SQLAlchemy to say it.
    assert said.count("BEGIN IMMEDIATE") <= 2
