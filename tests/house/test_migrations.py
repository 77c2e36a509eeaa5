"""Migrations lead from empty to exactly the models, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from survey.database import transaction
from survey.models import Answer, Base, Response, RollupPending, db
from survey.models.search import OF_THE_INDEX
from tests import factories


def without_search_index(_item: Any, name: str, _kind: str, reflected: bool, _to: Any) -> bool:
    """The index is of the database alone; tests/services/test_search_index.py uses it."""
    return not (reflected and OF_THE_INDEX.match(name))


def test_migrated_tables_match_the_models(each_app: Flask) -> None:
    with each_app.app_context(), db.engine.connect() as connection:
        options = {"compare_type": True, "include_object": without_search_index}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_tables_that_are_made_anew_keep_their_rows_and_their_rules(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        answers = factories.levels(5, 4, 3, 2, 1)
        for _ in range(2):
            factories.response(wave_id=place.wave_id, point_code=place.points[0], answers=answers)
        with transaction() as session:
            first = select(func.min(Response.id)).scalar_subquery()
            session.execute(update(Response).where(Response.id == first).values(status="withdrawn"))
        db.session.remove()
        # Alembic's batch mode makes `response` anew on SQLite, with answers pointing at it.
        downgrade(revision="0004")
        statuses = select(Response.status).order_by(Response.id)
        assert db.session.scalars(statuses).all() == ["rejected", "accepted"]
        db.session.remove()
        upgrade()
        for table, count in ((Response, 2), (RollupPending, 2), (Answer, 10)):
            assert db.session.scalar(select(func.count()).select_from(table)) == count
        for wrong in ({"status": "lost"}, {"channel": "pigeon"}, {"street_id": 999}):
            with pytest.raises(IntegrityError), transaction() as session:
                session.execute(update(Response).values(**wrong))
