"""Mail: what is to be sent to offices, written with its cause and sent by the worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from survey.models.base import Base


class MailMessage(Base):
    """A message to one account: that there is something to see, never what residents said."""

    __tablename__ = "mail_message"
    __table_args__ = (
        Index(
            "ix_mail_message_waiting",
            "next_try_at",
            sqlite_where=text("sent_at IS NULL AND given_up_at IS NULL"),
            postgresql_where=text("sent_at IS NULL AND given_up_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    #: What happened, e.g. case_passed; worded when it is sent, in the account's language.
    kind: Mapped[str] = mapped_column(String(40))
    #: What the words need, e.g. {"case": 12}.
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: UTC.
    written_at: Mapped[datetime] = mapped_column(DateTime)
    next_try_at: Mapped[datetime] = mapped_column(DateTime)
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(DateTime)
    given_up_at: Mapped[datetime | None] = mapped_column(DateTime)
    #: Why the last try failed, without addresses.
    problem: Mapped[str] = mapped_column(String(200), default="")
