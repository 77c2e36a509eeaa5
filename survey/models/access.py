"""Access: accounts, their roles, keys of the API, and the trail of what was done.

An account of a street is bound to its street. Keys are stored as hashes only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_security import RoleMixin, UserMixin
from sqlalchemy import (
    JSON,
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
from survey.models.place import Street

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

    roles: Mapped[list[Role]] = relationship(secondary=account_role)  # type: ignore[assignment]
    street: Mapped[Street | None] = relationship()


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
