"""Read invitations: the admin's list, and what somebody who opens a link is told."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from survey.models import Account, AccountInvitation, Department, Street, db


@dataclass(frozen=True)
class InvitationView:
    """One invitation. state: open | used | revoked | expired. Names are (zh, en), times UTC."""

    id: int
    label: str
    roles: tuple[str, ...]
    #: Of the street or the department; empty without one.
    desk_name: tuple[str, str]
    invited_by: str
    invited_at: datetime
    expires_at: datetime
    state: str
    #: Of the account that was made, else empty.
    username: str


def invitations(*, now: datetime, limit: int = 50) -> tuple[InvitationView, ...]:
    """The latest invitations, open ones first. One query."""
    rows = db.session.execute(_rows().order_by(AccountInvitation.id.desc()).limit(limit))
    found = [_view(row, now=now) for row in rows]
    return tuple(sorted(found, key=lambda shown: shown.state != "open"))


def invitation_of(token: str, *, now: datetime) -> InvitationView | None:
    """The invitation behind a link, or None. One query."""
    hashed = hashlib.sha256(token.encode()).hexdigest()
    row = db.session.execute(_rows().where(AccountInvitation.token_hash == hashed)).one_or_none()
    return _view(row, now=now) if row is not None else None


def _rows() -> Select[AccountInvitation, Street, Department, str]:
    return (
        select(AccountInvitation, Street, Department, Account.username)
        .outerjoin(Street, Street.id == AccountInvitation.street_id)
        .outerjoin(Department, Department.id == AccountInvitation.department_id)
        .outerjoin(Account, Account.id == AccountInvitation.account_id)
    )


def _view(found: Any, *, now: datetime) -> InvitationView:
    """found: a row of _rows()."""
    row, street, department, username = found
    desk = street or department
    if row.used_at is not None:
        state = "used"
    elif row.revoked_at is not None:
        state = "revoked"
    else:
        state = "open" if row.expires_at > now else "expired"
    return InvitationView(
        id=row.id,
        label=row.label,
        roles=tuple(row.roles),
        desk_name=(desk.name_zh, desk.name_en) if desk else ("", ""),
        invited_by=row.invited_by,
        invited_at=row.invited_at,
        expires_at=row.expires_at,
        state=state,
        username=username or "",
    )
