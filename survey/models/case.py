"""Cases: what residents said that somebody has to deal with, who holds it, and until when.

What a case is about stands in its comment, theme or request to be called back, never in the case
itself: a comment that its resident takes back is gone from the case as well.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey.models.base import Base, BigKey, one_of
from survey.models.place import Department, Street

CASE_ORIGINS = ("theme", "comment", "call_back", "loaded")
# received: nobody has taken it up; accepted: somebody has; planned: with what and until when;
# done: the office says so; confirmed / not_confirmed: the residents say so; out_of_remit_asked:
# waits for the evaluator's assent; out_of_remit: the evaluator agreed. Handing a case to a
# department changes who holds it and neither its state nor its clock.
CASE_STATES = (
    "received",
    "accepted",
    "planned",
    "done",
    "confirmed",
    "not_confirmed",
    "out_of_remit_asked",
    "out_of_remit",
)
CASE_ACTIONS = (
    "opened",
    "accepted",
    "called_back",
    "replied",
    "planned",
    "done",
    "confirmed",
    "not_confirmed",
    "passed",
    "out_of_remit_asked",
    "out_of_remit_agreed",
    "out_of_remit_refused",
    "departments_called",
    "department_came",
    "escalated",
    "noted",
    "asked_again",
)


OPEN_THEME = "origin = 'theme' AND settled_at IS NULL"


class Case(Base):
    """Something to deal with in one street, or, without a street, in the whole district."""

    __tablename__ = "case_file"
    __table_args__ = (
        one_of("origin", CASE_ORIGINS),
        one_of("state", CASE_STATES),
        CheckConstraint(
            "street_id IS NOT NULL OR department_id IS NOT NULL", name="somebody_holds_it"
        ),
        # One case a comment or request, and one unsettled case a theme and street: found again, not
        # made twice.
        UniqueConstraint("comment_id"),
        UniqueConstraint("contact_request_id"),
        Index("ix_case_file_street_id_state", "street_id", "state"),
        Index("ix_case_file_department_id_state", "department_id", "state"),
        Index(
            "uq_case_file_theme_in_street",
            "theme_id",
            "street_id",
            unique=True,
            sqlite_where=text(OPEN_THEME),
            postgresql_where=text(OPEN_THEME),
        ),
        Index(
            "uq_case_file_theme_of_district",
            "theme_id",
            unique=True,
            sqlite_where=text(f"{OPEN_THEME} AND street_id IS NULL"),
            postgresql_where=text(f"{OPEN_THEME} AND street_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("district.id"))
    #: Where it is; NULL: common to the streets, held by a department from the start.
    street_id: Mapped[int | None] = mapped_column(ForeignKey("street.id"))
    #: Who holds it now; NULL: the street office.
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    origin: Mapped[str] = mapped_column(String(12))
    theme_id: Mapped[int | None] = mapped_column(ForeignKey("theme.id"))
    #: NULL also once its resident took the comment back.
    comment_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("comment.id"))
    #: Not a foreign key: requests are deleted some weeks after they were dealt with.
    contact_request_id: Mapped[str | None] = mapped_column(String(32))
    #: The wave in which it was said; NULL for what was loaded without one.
    wave_id: Mapped[int | None] = mapped_column(ForeignKey("wave.id"), index=True)
    indicator_id: Mapped[int | None] = mapped_column(ForeignKey("indicator.id"))
    state: Mapped[str] = mapped_column(String(20), default="received")
    #: One more with every act: who acts on what another changed meanwhile is told so.
    version: Mapped[int] = mapped_column(default=0)
    #: The day on which it was said, by which times are counted; for a theme, the day of opening.
    said_on: Mapped[date] = mapped_column(Date)
    #: UTC; the clock starts here and never stops for a change of hands.
    opened_at: Mapped[datetime] = mapped_column(DateTime)
    #: Days by the policy, in the district's time zone; NULL where none is due.
    call_due_on: Mapped[date | None] = mapped_column(Date)
    reply_due_on: Mapped[date | None] = mapped_column(Date)
    #: What the plan promises.
    plan_due_on: Mapped[date | None] = mapped_column(Date)
    #: UTC; the first time of each, kept for medians. NULL: not yet.
    accepted_at: Mapped[datetime | None] = mapped_column(DateTime)
    called_at: Mapped[datetime | None] = mapped_column(DateTime)
    replied_at: Mapped[datetime | None] = mapped_column(DateTime)
    planned_at: Mapped[datetime | None] = mapped_column(DateTime)
    done_at: Mapped[datetime | None] = mapped_column(DateTime)
    #: UTC; when residents confirmed it, or it was agreed to be out of remit.
    settled_at: Mapped[datetime | None] = mapped_column(DateTime)
    escalated_at: Mapped[datetime | None] = mapped_column(DateTime)
    #: How often it was said to be done: each time residents are asked anew.
    round: Mapped[int] = mapped_column(default=0)
    #: What residents and, for themes, the public read: the latest reply, plan and result.
    reply: Mapped[str] = mapped_column(Text, default="")
    plan: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[str] = mapped_column(Text, default="")

    street: Mapped[Street | None] = relationship()
    department: Mapped[Department | None] = relationship()


class CaseEvent(Base):
    """One act on a case: who, when, what, and who holds it afterwards. Never changed or deleted."""

    __tablename__ = "case_event"
    __table_args__ = (
        one_of("action", CASE_ACTIONS),
        one_of("state", CASE_STATES),
        Index("ix_case_event_case_id", "case_id"),
        # Which cases went through a department's hands.
        Index("ix_case_event_department_id", "department_id", "case_id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    #: UTC.
    at: Mapped[datetime] = mapped_column(DateTime)
    #: The account's name, the command, "worker", or "residents" for what their answers settled.
    actor: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(24))
    #: The case's state afterwards.
    state: Mapped[str] = mapped_column(String(20))
    #: Who holds the case afterwards; NULL: the street office.
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    #: What was said or noted; without telephone numbers of residents.
    words: Mapped[str] = mapped_column(Text, default="")
    #: From the list of reasons, for what needs one.
    reason: Mapped[str] = mapped_column(String(40), default="")
    #: A day that the act set, e.g. the one a plan promises.
    due_on: Mapped[date | None] = mapped_column(Date)


class CaseCall(Base):
    """A department that a street called to help with a case (吹哨), and whether it came (报到)."""

    __tablename__ = "case_call"
    __table_args__ = (UniqueConstraint("case_id", "department_id", "called_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), index=True)
    #: UTC.
    called_at: Mapped[datetime] = mapped_column(DateTime)
    #: The last day on which it shall come.
    due_on: Mapped[date] = mapped_column(Date)
    #: What for.
    words: Mapped[str] = mapped_column(Text)
    #: UTC; NULL: it has not come.
    came_at: Mapped[datetime | None] = mapped_column(DateTime)
    #: What it says it does.
    answer: Mapped[str] = mapped_column(Text, default="")

    department: Mapped[Department] = relationship()


class Recheck(Base):
    """One resident's answer to "is it solved?". It hangs on the answer, which names nobody."""

    __tablename__ = "recheck"

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    #: Which time of asking: Case.round as it was.
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    response_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("response.id"), primary_key=True, autoincrement=False, index=True
    )
    is_solved: Mapped[bool] = mapped_column(Boolean)
    #: What is still wrong, redacted; may be empty.
    words: Mapped[str] = mapped_column(Text, default="")
    #: The finest time there is.
    answered_on: Mapped[date] = mapped_column(Date)


class ReplyTemplate(Base):
    """Words for a reply that come up again: the district's, a street's or a department's own."""

    __tablename__ = "reply_template"
    __table_args__ = (
        CheckConstraint("street_id IS NULL OR department_id IS NULL", name="one_owner"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("district.id"))
    #: Both NULL: for every office of the district.
    street_id: Mapped[int | None] = mapped_column(ForeignKey("street.id"))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    name: Mapped[str] = mapped_column(String(80))
    words: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=0)
    #: UTC; no longer offered since then.
    retired_at: Mapped[datetime | None] = mapped_column(DateTime)
