"""Slips: one-time codes on paper, of which the database holds keyed hashes and never the code.

What was printed (`slip`) and what was used (`spent_slip`) carry two different hashes of the same
code. Without the paper itself and the secret key nothing leads from a serial to a spent slip, and
nothing at all leads from either to a response. Neither has a time or a counted key; SQLite keeps
the rows in the order of the hashes (WITHOUT ROWID). A test names the columns.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from survey.models.base import Base


class SlipBatch(Base):
    """Slips printed together, for one wave and one collection point."""

    __tablename__ = "slip_batch"
    __table_args__ = (
        UniqueConstraint("wave_id", "name"),
        CheckConstraint("printed > 0", name="printed_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"))
    #: The building, block or list the slips go to: the cluster of their answers.
    collection_point_id: Mapped[int] = mapped_column(ForeignKey("collection_point.id"), index=True)
    #: As printed on every slip of it; unique in the wave.
    name: Mapped[str] = mapped_column(String(40))
    #: Serials run from 1 to this.
    printed: Mapped[int]
    printed_on: Mapped[date]
    #: The batch whose void slips these replace.
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("slip_batch.id"))


class Slip(Base):
    """One printed code. Whether it was used is not written here."""

    __tablename__ = "slip"
    __table_args__ = (UniqueConstraint("batch_id", "serial"), {"sqlite_with_rowid": False})

    #: HMAC-SHA-256 of the code as printed.
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("slip_batch.id"))
    serial: Mapped[int]
    is_void: Mapped[bool] = mapped_column(default=False)


class SlipVoid(Base):
    """A line of the ledger: these serials were made void, and why."""

    __tablename__ = "slip_void"
    __table_args__ = (
        CheckConstraint("last_serial >= first_serial", name="serials_in_order"),
        CheckConstraint("voided > 0", name="voided_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("slip_batch.id"), index=True)
    first_serial: Mapped[int]
    last_serial: Mapped[int]
    #: Slips between the two that were not void before.
    voided: Mapped[int]
    reason: Mapped[str] = mapped_column(String(200))
    voided_on: Mapped[date]


class SpentSlip(Base):
    """A code that was answered with. The primary key is what lets one of many tries win."""

    __tablename__ = "spent_slip"
    __table_args__ = ({"sqlite_with_rowid": False},)

    #: Another HMAC-SHA-256 of the code than `slip.code_hash`.
    spent_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: For the count of the ledger; the serial is not known here.
    batch_id: Mapped[int] = mapped_column(ForeignKey("slip_batch.id"))
