"""Signing in: open sessions, codes for a lost telephone, and invitations to make an account."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import JSON, DateTime, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from survey.models.base import Base

#: A session unseen for so long is over: a browser closed without signing out is not open for ever.
UNSEEN_FOR = timedelta(days=7)


class OfficeSession(Base):
    """A browser in which an account is signed in; ended ones are kept a while for the list."""

    __tablename__ = "office_session"

    #: sha256 of the token in the cookie.
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    #: UTC.
    started_at: Mapped[datetime] = mapped_column(DateTime)
    #: UTC; within some minutes.
    seen_at: Mapped[datetime] = mapped_column(DateTime)
    #: UTC; signed out, ended from the list or by a new password.
    ended_at: Mapped[datetime | None] = mapped_column(DateTime)
    #: Kind of browser and system, in few words.
    browser: Mapped[str] = mapped_column(String(80), default="")
    #: The address it came from when it signed in.
    address: Mapped[str] = mapped_column(String(45), default="")


class RecoveryCode(Base):
    """A code that opens an account once, when the telephone with its one-time codes is lost."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    #: Keyed hash (HMAC-SHA256) of the account and the code.
    code_hash: Mapped[str] = mapped_column(String(255))
    #: UTC.
    used_at: Mapped[datetime | None] = mapped_column(DateTime)


class AccountInvitation(Base):
    """A link by which somebody chooses name and password of an account that an admin planned."""

    __tablename__ = "account_invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: sha256 of the token in the link.
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    #: For whom, in the admin's words, e.g. the post; never a person's name by force.
    label: Mapped[str] = mapped_column(String(120))
    roles: Mapped[list[str]] = mapped_column(JSON)
    street_id: Mapped[int | None] = mapped_column(ForeignKey("street.id"))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    #: The admin's account name.
    invited_by: Mapped[str] = mapped_column(String(60))
    #: UTC.
    invited_at: Mapped[datetime] = mapped_column(DateTime)
    expires_at: Mapped[datetime] = mapped_column(DateTime)
    #: UTC; NULL: still open. One of the two at most.
    used_at: Mapped[datetime | None] = mapped_column(DateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
