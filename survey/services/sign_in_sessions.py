"""Open sessions: a row for every browser in which an account is signed in.

The cookie carries a token of 256 random bits, the row its hash. A session whose row is ended,
missing or unseen for a week is signed out, whatever the cookie says.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, or_, update
from sqlalchemy.exc import OperationalError

from survey.database import transaction, writing
from survey.errors import Refused
from survey.models import OfficeSession, table_of
from survey.services import audit
from survey.services.account_rules import AnySession, account_named

log = structlog.get_logger(__name__)

SEEN_EVERY = timedelta(minutes=5)
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Device:
    """Where somebody signs in. browser: its kind in few words; address: the network address."""

    browser: str = ""
    address: str = ""


def new_token() -> str:
    """A token for a cookie, 256 bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token; it is random, so one plain sha256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin(
    session: AnySession, account_id: int, *, token: str, device: Device, now: datetime
) -> None:
    """Note a new session in the caller's transaction."""
    session.add(
        OfficeSession(
            token_hash=token_hash(token),
            account_id=account_id,
            started_at=now,
            seen_at=now,
            browser=device.browser[:80],
            address=device.address[:45],
        )
    )


def seen(hashed: str, *, now: datetime) -> None:
    """Note that a session is in use, at most every five minutes.

    A page is not refused because this cannot be written: a busy database is only logged.
    """
    rows = table_of(OfficeSession)
    try:
        with writing() as connection:
            connection.execute(
                update(rows)
                .where(rows.c.token_hash == hashed, rows.c.seen_at <= now - SEEN_EVERY)
                .values(seen_at=now)
            )
    except OperationalError as error:
        log.warning("session_not_seen", reason=type(error.orig).__name__)


def end_all(session: AnySession, account_id: int, *, now: datetime, but: str = "") -> int:
    """End every open session of an account in the caller's transaction; how many they were.

    but: the hash of a session that stays.
    """
    result = session.execute(
        update(OfficeSession)
        .where(
            OfficeSession.account_id == account_id,
            OfficeSession.ended_at.is_(None),
            OfficeSession.token_hash != but,
        )
        .values(ended_at=now)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def sign_out(hashed: str, *, now: datetime) -> None:
    """End the session whose browser signs out; nothing happens when it is ended already."""
    with transaction() as session:
        session.execute(
            update(OfficeSession)
            .where(OfficeSession.token_hash == hashed, OfficeSession.ended_at.is_(None))
            .values(ended_at=now)
        )


def end_one(username: str, hashed: str, *, now: datetime) -> None:
    """End one session from the list of its owner. Raises Refused: unknown_session."""
    with transaction() as session:
        account = account_named(session, username)
        result = session.execute(
            update(OfficeSession)
            .where(
                OfficeSession.token_hash == hashed,
                OfficeSession.account_id == account.id,
                OfficeSession.ended_at.is_(None),
            )
            .values(ended_at=now)
        )
        if not result.rowcount:  # type: ignore[attr-defined]
            raise Refused("unknown_session", _l("That browser is signed out already."), status=404)
        _record(session, "end_session", username, now=now, ended=1)


def end_others(username: str, *, but: str, now: datetime) -> int:
    """End every session of the owner but the one that asks; how many they were."""
    with transaction() as session:
        account = account_named(session, username)
        ended = end_all(session, account.id, now=now, but=but)
        if ended:
            _record(session, "end_sessions", username, now=now, ended=ended)
        return ended


def forget_ended(*, now: datetime) -> int:
    """Delete sessions that ended, or were last seen, more than 30 days ago; how many they were."""
    before = now - KEPT
    with transaction() as session:
        result = session.execute(
            delete(OfficeSession).where(
                or_(OfficeSession.ended_at < before, OfficeSession.seen_at < before)
            )
        )
        return int(result.rowcount)  # type: ignore[attr-defined]


def _record(session: AnySession, action: str, username: str, *, now: datetime, ended: int) -> None:
    audit.record(
        session,
        actor=username,
        action=action,
        subject=f"account {username}",
        detail={"ended": ended},
        at=now,
    )
