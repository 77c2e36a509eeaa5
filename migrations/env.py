"""How Alembic reaches our tables: through the application's engine, in batch mode on SQLite."""

from __future__ import annotations

import re
from typing import Any

from alembic import context
from flask import current_app

# Tables that other libraries keep beside ours (the job queue, when it is on the same database).
FOREIGN_TABLE = re.compile(r"^(huey|task|kv|schedule)")

metadata = current_app.extensions["migrate"].db.metadata


def include_object(item: Any, name: str, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Leave tables alone that are not ours, or autogenerate would drop them."""
    return not (kind == "table" and reflected and compare_to is None and FOREIGN_TABLE.match(name))


def run() -> None:
    """Run the migrations on a connection of the application's engine, in one transaction."""
    engine = current_app.extensions["migrate"].db.engine
    arguments = dict(current_app.extensions["migrate"].configure_args)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            include_object=include_object,
            transaction_per_migration=False,
            **arguments,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Migrations need a database to run on; --sql is not supported.")
run()
