"""Invitations: an admin plans an account, whoever has the link chooses its name and password.

The link carries 256 random bits and its hash alone is stored, so it can be shown once. It is used
once: the statement that marks the row is the one that decides between two at the same time.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from survey.database import transaction
from survey.errors import Refused
from survey.models import Account, AccountInvitation
from survey.services import audit
from survey.services.access import add_account
from survey.services.account_rules import (
    AnySession,
    checked_roles,
    checked_username,
    department_id,
    hashed_password,
    role_rows,
    street_id,
)
from survey.services.sign_in_sessions import token_hash

USUAL_DAYS = 7
MOST_DAYS = 30
LONGEST_LABEL = 120


def invite(
    label: str,
    roles: Iterable[str],
    *,
    street_code: str | None = None,
    department_code: str | None = None,
    days: int = USUAL_DAYS,
    actor: str,
    now: datetime,
) -> str:
    """Plan an account and return the token of its link, which cannot be shown again.

    label: for whom, in the admin's words, 1 to 120 characters; days: 1 to 30 until it expires.
    Raises Refused: bad_label, bad_days and what account_rules.checked_roles, street_id and
    department_id refuse.
    """
    label = " ".join(label.split())
    if not 1 <= len(label) <= LONGEST_LABEL:
        raise Refused("bad_label", _l("Say whom the invitation is for, in 1 to 120 characters."))
    if not 1 <= days <= MOST_DAYS:
        raise Refused("bad_days", _l("An invitation holds for 1 to 30 days."))
    wanted = checked_roles(roles, street_code=street_code, department_code=department_code)
    token = secrets.token_urlsafe(32)
    with transaction() as session:
        row = AccountInvitation(
            token_hash=token_hash(token),
            label=label,
            roles=sorted(wanted),
            street_id=street_id(session, street_code) if street_code else None,
            department_id=department_id(session, department_code) if department_code else None,
            invited_by=actor,
            invited_at=now,
            expires_at=now + timedelta(days=days),
        )
        session.add(row)
        session.flush()
        _record(
            session, "invite", row.id, actor=actor, now=now, label=label, roles=row.roles,
            street=street_code, department=department_code, days=days,
        )  # fmt: skip
    return token


def revoke(invitation_id: int, *, actor: str, now: datetime) -> None:
    """Let a link open nothing any more. Raises Refused: unknown_invitation, invitation_over."""
    with transaction() as session:
        row = session.get(AccountInvitation, invitation_id, with_for_update=True)
        if row is None:
            raise Refused("unknown_invitation", _l("There is no such invitation."), status=404)
        if row.used_at is not None:
            raise Refused(
                "invitation_over",
                _l("This invitation was used already. Deactivate the account instead."),
                status=409,
            )
        if row.revoked_at is None:
            row.revoked_at = now
            _record(session, "revoke_invitation", row.id, actor=actor, now=now, label=row.label)


def accept(token: str, *, username: str, password: str, language: str, now: datetime) -> str:
    """Make the account of an invitation; its name as it is stored.

    language: zh or en, what the account's pages are in at first.
    Raises Refused: invitation_over (410) and what access.create_account refuses; the invitation
    stays open then.
    """
    name = checked_username(username)
    hashed = hashed_password(password, username=name)
    over = Refused(
        "invitation_over",
        _l("This invitation cannot be used any more. Ask your admin for a new one."),
        status=410,
    )
    with transaction() as session:
        key = session.scalar(
            update(AccountInvitation)
            .where(
                AccountInvitation.token_hash == token_hash(token),
                AccountInvitation.used_at.is_(None),
                AccountInvitation.revoked_at.is_(None),
                AccountInvitation.expires_at > now,
            )
            .values(used_at=now)
            .returning(AccountInvitation.id)
        )
        if key is None:
            raise over
        row = session.scalars(select(AccountInvitation).where(AccountInvitation.id == key)).one()
        account = add_account(
            session,
            Account(
                username=name,
                password=hashed,
                language=language,
                street_id=row.street_id,
                department_id=row.department_id,
                roles=role_rows(session, set(row.roles)),
            ),
        )
        row.account_id = account.id
        _record(session, "accept_invitation", key, actor=name, now=now, roles=row.roles)
        return name


def _record(
    session: AnySession, action: str, key: int, *, actor: str, now: datetime, **detail: object
) -> None:
    audit.record(
        session, actor=actor, action=action, subject=f"invitation {key}", detail=detail, at=now
    )
