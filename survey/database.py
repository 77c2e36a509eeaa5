"""How the product speaks to its database: the engine's settings and the one way to write.

Nothing but `transaction` commits. SQLite ignores FOR UPDATE, so a writing transaction there
starts with BEGIN IMMEDIATE: what it read cannot change before it writes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Engine, Table, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, scoped_session

from survey.models import db

BUSY_SECONDS = 5


def engine_options(url: str) -> dict[str, Any]:
    """Options for create_engine by kind of database."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": BUSY_SECONDS}}
    return {
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
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def transaction(*, snapshot: bool = False) -> Iterator[scoped_session[Any]]:
    """One unit of work: commits at the end, rolls everything back on any exception.

    snapshot: every statement sees the database as it was at the start (REPEATABLE READ on
    PostgreSQL; SQLite always does).
    A read transaction that is still open on this session is ended first, because a transaction
    that began by reading cannot become a writing one on SQLite without risking 'locked'.
    """
    session = db.session
    if session().in_transaction():
        session.rollback()
    options: dict[str, Any] = {"writes": True}
    if snapshot and db.engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    try:
        session.connection(execution_options=options)
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


def lock_table(session: Session | scoped_session[Any], table: Table) -> None:
    """Let nobody else write to, or lock rows of, a table until this transaction ends.

    In a transaction with snapshot=True this must come before anything that reads: the snapshot
    is taken by the first statement that does, and would not show what was waited for.
    """
    # SQLite's writer is alone already.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"LOCK TABLE {table.name} IN EXCLUSIVE MODE"))


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
