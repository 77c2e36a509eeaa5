"""Whether the installation can serve: the database answers and has this version's tables."""

from __future__ import annotations

from dataclasses import dataclass

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from survey.models import db


@dataclass(frozen=True)
class Readiness:
    """code: ok | database_away | database_behind | database_ahead; message says what to do."""

    code: str
    message: str
    status: int


def newest_migration() -> str:
    """The migration this version of the program needs."""
    config = Config()
    config.set_main_option("script_location", current_app.extensions["migrate"].directory)
    head = ScriptDirectory.from_config(config).get_current_head()
    assert head is not None
    return head


def readiness() -> Readiness:
    """The state of the database."""
    try:
        stored = db.session.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except DBAPIError as error:
        reason = str(error.orig).lower()
        if "no such table" not in reason and "does not exist" not in reason:
            return Readiness("database_away", "The database cannot be reached.", 503)
        stored = None
    finally:
        db.session.rollback()
    if stored == newest_migration():
        return Readiness("ok", "Ready.", 200)
    return Readiness(
        "database_behind",
        "The tables are not of this version. Run: flask --app survey db upgrade",
        503,
    )
