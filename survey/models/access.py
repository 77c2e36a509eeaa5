"""Access: accounts, their roles, keys of the API, and the trail of what was done.

An account of a street is bound to its street. Keys are stored as hashes only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_security import RoleMixin, UserMixin
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey.models.base import Base, BigKey
from survey.models.place import Department, Street

ROLES = ("evaluator", "street", "department", "admin", "auditor")

account_role = Table(
    "account_role",
    Base.metadata,
    Column("account_id", Integer, ForeignKey("account.id"), primary_key=True),
    Column("role_id", Integer, ForeignKey("role.id"), primary_key=True),
)


class Role(Base, RoleMixin):
    """One of the five roles."""

    __tablename__ = "role"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    description: Mapped[str] = mapped_column(String(200), default="")


class Account(Base, UserMixin):
    """Somebody who works in an office."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: What is typed at sign-in.
    username: Mapped[str] = mapped_column(String(60), unique=True)
    #: Optional; nobody signs in with it.
    email: Mapped[str | None] = mapped_column(  # type: ignore[assignment]
        String(255), unique=True
    )
    #: argon2 hash.
    password: Mapped[str] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    #: Changes when every session of the account shall end.
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    #: Interface language, zh or en; empty: the browser's.
    language: Mapped[str] = mapped_column(String(8), default="")
    #: Set for accounts of a street, and only for those.
    street_id: Mapped[int | None] = mapped_column(ForeignKey("street.id"))
    #: Set for accounts of a department, and only for those.
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    #: Secret of the one-time codes (TOTP, RFC 6238), encrypted; NULL: a password is enough.
    totp_secret: Mapped[str | None] = mapped_column(String(400))
    #: The time step of the last code that was taken: none is taken twice.
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)
    #: Failed attempts since the last sign-in, and until when (UTC) further ones are refused.
    failed_attempts: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(DateTime)
    #: UTC; this sign-in and the one before it: what happened since then is new.
    signed_in_at: Mapped[datetime | None] = mapped_column(DateTime)
    signed_in_before_at: Mapped[datetime | None] = mapped_column(DateTime)
    #: Whether mail about due and passed cases is wanted, to `email`.
    wants_mail: Mapped[bool] = mapped_column(Boolean, default=False)

    roles: Mapped[list[Role]] = relationship(secondary=account_role)  # type: ignore[assignment]
    street: Mapped[Street | None] = relationship()
    department: Mapped[Department | None] = relationship()


class ApiKey(Base):
    """A key for pulling results by script."""

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: What the key is for, e.g. the name of the script.
    name: Mapped[str] = mapped_column(String(120), unique=True)
    #: sha256 of the key; the key itself is shown once.
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime)
    #: UTC; from then on the key opens nothing.
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime)


class AuditEvent(Base):
    """Something that was done, chained by hash so that a removed line shows."""

    __tablename__ = "audit_event"
    __table_args__ = (CheckConstraint("id > 0", name="chain_starts_at_one"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime)
    #: The account's name, or the command that did it.
    actor: Mapped[str] = mapped_column(String(80))
    #: A verb, e.g. publish.
    action: Mapped[str] = mapped_column(String(60))
    #: What it was done to, e.g. wave 2026q3 revision 1.
    subject: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: The hash of the event before, or 64 zeros.
    previous_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
