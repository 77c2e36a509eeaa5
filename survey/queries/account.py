"""Read one's own account: where it is signed in, and how many recovery codes are left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select

from survey.models import Account, District, OfficeSession, RecoveryCode, db
from survey.models.signed_in import UNSEEN_FOR


@dataclass(frozen=True)
class SessionView:
    """A browser in which an account is signed in. Times are UTC."""

    #: What names it in a form: a hash that opens nothing.
    key: str
    browser: str
    address: str
    started_at: datetime
    seen_at: datetime
    is_this: bool


def open_sessions(username: str, *, this: str, now: datetime) -> tuple[SessionView, ...]:
    """The open sessions of an account, this one first, then the last seen. One query.

    this: the key of the session that asks.
    """
    rows = db.session.scalars(
        select(OfficeSession)
        .join(Account, Account.id == OfficeSession.account_id)
        .where(
            Account.username == username,
            OfficeSession.ended_at.is_(None),
            OfficeSession.seen_at > now - UNSEEN_FOR,
        )
        .order_by(OfficeSession.seen_at.desc())
    )
    found = [
        SessionView(
            key=row.token_hash,
            browser=row.browser,
            address=row.address,
            started_at=row.started_at,
            seen_at=row.seen_at,
            is_this=row.token_hash == this,
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda shown: not shown.is_this))


def recovery_codes_left(username: str) -> int:
    """How many recovery codes of an account are unused. One query."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(RecoveryCode)
            .join(Account, Account.id == RecoveryCode.account_id)
            .where(Account.username == username, RecoveryCode.used_at.is_(None))
        )
        or 0
    )


def has_invented_district() -> bool:
    """Whether a district here is invented: what the pages before the sign-in say. One query."""
    return bool(db.session.scalar(select(exists().where(District.is_demo))))
