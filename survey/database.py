"""How the product speaks to its database: the engine's settings and the one way to write.

Nothing but `transaction` commits. SQLite ignores FOR UPDATE, so a writing transaction there
starts with BEGIN IMMEDIATE: what it read cannot change before it writes.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flask import current_app
from sqlalchemy import Connection, Engine, Table, bindparam, event, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, scoped_session

from survey.models import db

BUSY_SECONDS = 5
# How soon a writer looks again whether another process still writes, at first and at last.
SOONEST_SECONDS, LATEST_SECONDS = 0.0005, 0.01
# What a process remembers of the database for a moment; emptied by whatever it writes itself.
KEPT = "kept_for_a_moment"

# SQLite has one writer at a time and lets the others sleep and look again. Threads of one process
# rather wait in a row: the next begins the moment the last has ended.
_writer = threading.Lock()
# Whether this thread is writing: a second transaction inside the first would end it unseen.
_here = threading.local()


def engine_options(url: str) -> dict[str, Any]:
    """Options for create_engine by kind of database.

    hide_parameters: a failing statement is logged without the words and numbers it carried.
    """
    if url.startswith("sqlite"):
        return {"hide_parameters": True, "connect_args": {"timeout": BUSY_SECONDS}}
    return {
        "hide_parameters": True,
        "pool_pre_ping": True,
        "connect_args": {"options": f"-c lock_timeout={BUSY_SECONDS}s -c timezone=UTC"},
    }


def prepare_engine(engine: Engine) -> None:
    """Attach what SQLite needs at connect and at BEGIN; PostgreSQL needs nothing."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: Any) -> None:
        # We say BEGIN ourselves (below); the driver's own idea of transactions is switched off.
        connection.isolation_level = None
        cursor = connection.cursor()
        # WAL with FULL is one fsync a commit, and is what "acknowledged" means. A read-only file
        # refuses and stays readable; writing to it will say what is wrong.
        with suppress(sqlite3.OperationalError):
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        if not connection.get_execution_options().get("writes", False):
            connection.exec_driver_sql("BEGIN")
        elif not _begins_writing(connection.connection.dbapi_connection):
            # Once more, so that it is SQLAlchemy's error, which is what is answered everywhere.
            connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begins_writing(connection: sqlite3.Connection) -> bool:
    """BEGIN IMMEDIATE as soon as no other process writes; False: it went on, or cannot be.

    SQLite's own waiting sleeps 1, 2, 5, 10, … milliseconds between its tries, several times as
    long as an answer takes to be stored, and meanwhile nobody writes. Looking again sooner stores
    two fifths more answers a second (docs/resident.md, Speed). Who waits long looks less often.
    """
    (allowed,) = connection.execute("PRAGMA busy_timeout").fetchone()
    began = time.monotonic()
    connection.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return True
            except sqlite3.OperationalError as error:
                waited = time.monotonic() - began
                # The low byte is the error, the others say more of it. A full disk or a read-only
                # file is no matter of waiting.
                is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not is_busy or waited * 1000 >= allowed:
                    return False
            time.sleep(min(max(waited / 10, SOONEST_SECONDS), LATEST_SECONDS))
    finally:
        connection.execute(f"PRAGMA busy_timeout={allowed}")


@contextmanager
def transaction(*, snapshot: bool = False) -> Iterator[scoped_session[Any]]:
    """One unit of work: commits at the end, rolls everything back on any exception.

    snapshot: every statement sees the database as it was at the start (REPEATABLE READ on
    PostgreSQL; SQLite always does).
    A read transaction that is still open on this session is ended first, because a transaction
    that began by reading cannot become a writing one on SQLite without risking 'locked'.
    """
    session = db.session
    _end_reading()
    options: dict[str, Any] = {"writes": True}
    if snapshot and db.engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    with _in_turn():
        try:
            session.connection(execution_options=options)
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            kept_for_a_moment().clear()


@contextmanager
def writing() -> Iterator[Connection]:
    """One unit of work like `transaction`, on a connection without a session around it.

    For the resident's request, where the session would cost a tenth of the time. It must not
    change what is kept for a moment: points, waves, districts.
    """
    _end_reading()
    with _in_turn(), _writing_engine().begin() as connection:
        yield connection


def _end_reading() -> None:
    """End a read transaction that is open on this session: it would go on seeing the past.

    Raises RuntimeError inside a writing one of this thread, which would be ended as well.
    """
    if getattr(_here, "writing", False):
        raise RuntimeError("a transaction was begun inside another one")
    if db.session.registry.has() and db.session().in_transaction():
        db.session.rollback()


def kept_for_a_moment() -> dict[Any, Any]:
    """The memory of this process that any `transaction` of it empties."""
    kept: dict[Any, Any] = current_app.extensions.setdefault(KEPT, {})
    return kept


def _writing_engine() -> Engine:
    """The engine with the option of a writing BEGIN, made once: it shares the pool."""
    extensions = current_app.extensions
    if "writing_engine" not in extensions:
        extensions["writing_engine"] = db.engine.execution_options(writes=True)
    engine: Engine = extensions["writing_engine"]
    return engine


@contextmanager
def _in_turn() -> Iterator[None]:
    """Be the one thread of this process that writes, on SQLite.

    Who has waited for BUSY_SECONDS tries all the same and hears from SQLite why it is busy.
    """
    waits = db.engine.dialect.name == "sqlite" and _writer.acquire(timeout=BUSY_SECONDS)
    _here.writing = True
    try:
        yield
    finally:
        _here.writing = False
        if waits:
            _writer.release()


def lock_table(session: Session | scoped_session[Any], table: Table) -> None:
    """Let nobody else write to, or lock rows of, a table until this transaction ends.

    In a transaction with snapshot=True this must come before anything that reads: the snapshot
    is taken by the first statement that does, and would not show what was waited for.
    """
    # SQLite's writer is alone already.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"LOCK TABLE {table.name} IN EXCLUSIVE MODE"))


def hold_row(connection: Connection, table: Table, key: int) -> None:
    """Let nobody change this row until the transaction ends; others may hold it as well.

    What changes it at the moment is waited for, and what is read afterwards shows it.
    """
    # SQLite's writer is alone already.
    if connection.dialect.name == "postgresql":
        row = select(table.c.id).where(table.c.id == bindparam("key"))
        connection.execute(row.with_for_update(read=True), {"key": key})


def upsert(table: Table) -> Any:
    """An INSERT that can carry ON CONFLICT, in the dialect of the database in use."""
    if db.engine.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def database_url(setting: str, *, instance_path: str) -> str:
    """The configured URL, or the SQLite file in the instance folder; psycopg 3 for PostgreSQL."""
    if not setting:
        return f"sqlite:///{instance_path}/app.db"
    if setting.startswith("postgresql://"):
        return setting.replace("postgresql://", "postgresql+psycopg://", 1)
    return setting
