"""Read access: which accounts there are, and whether a key of the API is valid."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from survey.models import Account, ApiKey, Department, db


@dataclass(frozen=True)
class AccountView:
    """One account as an admin sees it. Names are (zh, en)."""

    username: str
    roles: tuple[str, ...]
    street_code: str | None
    street_name: tuple[str, str]
    department_name: tuple[str, str]
    is_active: bool
    #: Whether a one-time code is demanded at sign-in.
    has_codes: bool
    #: UTC; set while attempts are refused.
    locked_until: datetime | None
    #: UTC; the last sign-in.
    signed_in_at: datetime | None


def api_key_valid(raw: str) -> str | None:
    """The name of the key when it is known and not revoked, else None. One query.

    The key is looked up by its hash, so the time taken says nothing about its characters.
    """
    digest = hashlib.sha256(raw.encode()).hexdigest()
    return db.session.scalar(
        select(ApiKey.name).where(ApiKey.key_hash == digest, ApiKey.revoked_at.is_(None))
    )


def all_accounts(*, now: datetime | None = None) -> tuple[AccountView, ...]:
    """Every account, active ones first. One query.

    now: UTC; a lock that is over by then is not told. Without it none is.
    """
    accounts = db.session.scalars(
        select(Account)
        .options(
            joinedload(Account.roles),
            joinedload(Account.street),
            joinedload(Account.department),
        )
        .order_by(Account.active.desc(), Account.username)
    ).unique()
    return tuple(
        AccountView(
            username=account.username,
            roles=tuple(sorted(role.name for role in account.roles)),
            street_code=account.street.code if account.street else None,
            street_name=(account.street.name_zh, account.street.name_en)
            if account.street
            else ("", ""),
            department_name=(account.department.name_zh, account.department.name_en)
            if account.department
            else ("", ""),
            is_active=account.active,
            has_codes=account.totp_secret is not None,
            locked_until=account.locked_until
            if now and account.locked_until and account.locked_until > now
            else None,
            signed_in_at=account.signed_in_at,
        )
        for account in accounts
    )


def departments_in_use() -> tuple[tuple[str, tuple[str, str]], ...]:
    """(code, (zh, en)) of every department an account can be bound to. One query."""
    rows = db.session.execute(
        select(Department.code, Department.name_zh, Department.name_en)
        .where(Department.is_active)
        .order_by(Department.code)
    )
    return tuple((code, (zh, en)) for code, zh, en in rows)
