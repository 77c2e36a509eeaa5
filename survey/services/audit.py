"""The audit trail: what was done, each event chained to the one before by hash.

A line that was changed or removed, or put in between, breaks the chain; `verify` says where. The
end of the chain can only be cut off unseen, so its last hash belongs into every backup's name.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from survey.database import lock_table
from survey.models import AuditEvent, db, table_of

FIRST = "0" * 64


@dataclass(frozen=True)
class Break:
    """An event that does not follow from the one before. reason: changed | removed | moved."""

    event_id: int
    reason: str


def event_hash(event: AuditEvent) -> str:
    """sha256 over the event's content and the hash of the event before."""
    content = {
        "id": event.id,
        "at": event.at.isoformat(),
        "actor": event.actor,
        "action": event.action,
        "subject": event.subject,
        "detail": event.detail,
        "previous_hash": event.previous_hash,
    }
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def lock(session: Session | scoped_session[Session]) -> None:
    """Let nobody else append until the caller's transaction ends.

    In a transaction with snapshot=True this must be the first statement: the lock has to come
    before the snapshot, or the last event seen may not be the last.
    """
    lock_table(session, table_of(AuditEvent))


def record(
    session: Session | scoped_session[Session],
    *,
    actor: str,
    action: str,
    subject: str,
    detail: dict[str, Any] | None = None,
    at: datetime,
) -> AuditEvent:
    """Append one event within the caller's transaction: it stands or falls with what it tells.

    actor: the account's name, or the command; action: a verb; subject: what it was done to;
    detail: JSON values, no personal data of residents; at: UTC.
    In a transaction with snapshot=True call `lock` first.
    """
    lock(session)  # two at once would both follow the same event
    last = session.execute(
        select(AuditEvent.id, AuditEvent.hash).order_by(AuditEvent.id.desc()).limit(1)
    ).first()
    event = AuditEvent(
        id=last.id + 1 if last else 1,
        at=at,
        actor=actor[:80],
        action=action[:60],
        subject=subject,
        detail=detail or {},
        previous_hash=last.hash if last else FIRST,
    )
    event.hash = event_hash(event)
    session.add(event)
    session.flush()
    return event


def verify() -> tuple[Break, ...]:
    """Every place where the chain is broken; empty when it holds. Reads the table once."""
    breaks: list[Break] = []
    expected_id, expected_hash = 1, FIRST
    query = select(AuditEvent).order_by(AuditEvent.id).execution_options(yield_per=1000)
    for event in db.session.scalars(query):
        if event.id != expected_id:
            breaks.append(Break(event.id, "removed"))
        elif event.previous_hash != expected_hash:
            breaks.append(Break(event.id, "moved"))
        if event_hash(event) != event.hash:
            breaks.append(Break(event.id, "changed"))
        expected_id, expected_hash = event.id + 1, event.hash
    return tuple(breaks)
