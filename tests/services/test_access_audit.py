"""The audit trail: a chain that shows what was changed, removed or put in between."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, scoped_session

from survey.database import transaction
from survey.models import AuditEvent, db
from survey.services import audit

NOW = datetime(2026, 11, 24, 9, 0, 30, 123456)


def record(number: int) -> None:
    with transaction() as session:
        audit.record(
            session,
            actor="eva",
            action="publish",
            subject=f"wave {number}",
            detail={"number": number, "share": 0.1, "name": "望江"},
            at=NOW,
        )


def test_a_whole_chain_has_no_break(each_app: Flask) -> None:
    with each_app.app_context():
        assert audit.verify() == ()
        for number in range(5):
            record(number)
        assert audit.verify() == ()
        first = db.session.get_one(AuditEvent, 1)
        assert first.previous_hash == audit.FIRST


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (lambda s: s.execute(delete(AuditEvent).where(AuditEvent.id == 3)), [(4, "removed")]),
        (
            lambda s: s.execute(
                update(AuditEvent).where(AuditEvent.id == 3).values(actor="nobody")
            ),
            [(3, "changed")],
        ),
        (
            lambda s: s.execute(
                update(AuditEvent).where(AuditEvent.id == 3).values(detail={"number": 9})
            ),
            [(3, "changed")],
        ),
        (
            lambda s: s.execute(
                update(AuditEvent).where(AuditEvent.id == 2).values(previous_hash="f" * 64)
            ),
            [(2, "moved"), (2, "changed")],
        ),
    ],
)
def test_harm_shows_where_it_was_done(
    session: scoped_session[Session],
    harm: Callable[[Session], object],
    expected: list[tuple[int, str]],
) -> None:
    for number in range(5):
        record(number)
    with transaction() as writing:
        harm(writing())
    assert [(found.event_id, found.reason) for found in audit.verify()] == expected


def test_an_event_stands_or_falls_with_what_it_tells(session: scoped_session[Session]) -> None:
    def fail() -> None:
        with transaction() as writing:
            audit.record(writing, actor="eva", action="publish", subject="x", at=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert session.scalars(select(AuditEvent)).all() == []


def test_many_at_once_make_one_chain(each_app: Flask) -> None:
    failures: list[BaseException] = []

    def work(start: int) -> None:
        with each_app.app_context():
            try:
                for number in range(start, start + 5):
                    record(number)
            except BaseException as error:
                failures.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, args=(100 * number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with each_app.app_context():
        assert audit.verify() == ()
        assert len(db.session.scalars(select(AuditEvent)).all()) == 30
