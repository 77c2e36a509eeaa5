"""How Alembic reaches our tables: through the application's engine, in batch mode on SQLite."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from survey.models.search import OF_THE_INDEX

# Tables that other libraries keep beside ours (the job queue, when it is on the same database).
FOREIGN_TABLE = re.compile(r"^(huey|task|kv|schedule)")

metadata = current_app.extensions["migrate"].db.metadata


def include_object(item: Any, name: str, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Leave alone what is not in the models, or autogenerate would drop it."""
    if not reflected or compare_to is not None:
        return True
    return not (
        (kind == "table" and FOREIGN_TABLE.match(name))
        or (kind in ("table", "index", "column") and OF_THE_INDEX.match(name))
    )


@contextmanager
def _tables_can_be_remade(connection: Connection) -> Iterator[None]:
    """On SQLite a changed table is made anew and the old one dropped, which keys pointing at it
    would forbid: they are switched off meanwhile, and looked through before the commit (below).

    https://www.sqlite.org/lang_altertable.html#otheralter
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    # Of the driver itself: inside a transaction, which SQLAlchemy would begin, it does nothing.
    driver = connection.connection.dbapi_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        # What only looked at the version is still in a transaction.
        connection.rollback()
        driver.execute("PRAGMA foreign_keys=ON")


def _require_whole_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise SystemExit(f"A row of {broken[0]} would point at nothing; nothing was changed.")


def run() -> None:
    """Run the migrations on a connection of the application's engine, in one transaction."""
    engine = current_app.extensions["migrate"].db.engine
    arguments = dict(current_app.extensions["migrate"].configure_args)
    with engine.connect() as connection, _tables_can_be_remade(connection):
        context.configure(
            connection=connection,
            target_metadata=metadata,
            include_object=include_object,
            # Of SQLite, too: the engine says BEGIN itself, so the driver commits nothing unasked.
            transactional_ddl=True,
            transaction_per_migration=False,
            **arguments,
        )
        with context.begin_transaction():
            context.run_migrations()
            _require_whole_keys(connection)


if context.is_offline_mode():
    raise SystemExit("Migrations need a database to run on; --sql is not supported.")
run()
