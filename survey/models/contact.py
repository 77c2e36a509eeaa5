"""Requests to be called back: a telephone number apart from every answer.

No key, receipt, point, hour or order leads from here to a response, and none from there to here:
the key is random, SQLite keeps the rows in its order (WITHOUT ROWID), and the week is the finest
time. A test names the columns.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from survey.models.base import Base


class ContactRequest(Base):
    """A resident's wish to be called by the street office, given with consent of its own."""

    __tablename__ = "contact_request"
    __table_args__ = ({"sqlite_with_rowid": False},)

    #: 128 random bits.
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    street_id: Mapped[int] = mapped_column(ForeignKey("street.id"), index=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"))
    #: As +86…; removed with the row.
    phone: Mapped[str] = mapped_column(String(20))
    #: What it is about, redacted; empty unless the resident ticked that too.
    words: Mapped[str] = mapped_column(Text)
    #: Monday of the week in which it was asked for.
    asked_week: Mapped[date] = mapped_column(Date)
    #: The day on which the office said that it is dealt with; days are counted from here.
    handled_on: Mapped[date | None] = mapped_column(Date)
