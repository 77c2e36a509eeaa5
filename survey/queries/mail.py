"""Read about mail: one's own settings, what could not be sent, and what is due on each desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import case, func, select

from survey.models import Account, Case, CaseCall, MailMessage, db
from survey.queries.inbox import due_on

Holder = tuple[int | None, int | None]
"""Who holds a case: (street, None) or (any street, department) by their keys."""


@dataclass(frozen=True)
class MailWish:
    """What an account set about mail."""

    address: str
    wants_mail: bool


@dataclass(frozen=True)
class MailRow:
    """A message that could not be sent so far. Times are UTC."""

    username: str
    kind: str
    written_at: datetime
    tries: int
    problem: str
    next_try_at: datetime
    given_up_at: datetime | None


@dataclass(frozen=True)
class MailState:
    """How mail goes: numbers of messages, and the latest that failed."""

    waiting: int
    sent: int
    given_up: int
    last_sent_at: datetime | None
    failed: tuple[MailRow, ...]


@dataclass(frozen=True)
class DueCases:
    """Cases of one desk with something unmet that is due today, or was before."""

    due: int
    overdue: int


def mail_wish(username: str) -> MailWish:
    """What an account set about mail. One query."""
    row = db.session.execute(
        select(Account.email, Account.wants_mail).where(Account.username == username)
    ).one_or_none()
    return MailWish((row.email or "") if row else "", bool(row and row.wants_mail))


def mail_state(*, limit: int = 50) -> MailState:
    """How mail goes, with the latest messages that failed. Two queries."""
    is_waiting = MailMessage.sent_at.is_(None) & MailMessage.given_up_at.is_(None)
    counts = db.session.execute(
        select(
            func.count(case((is_waiting, 1))),
            func.count(MailMessage.sent_at),
            func.count(MailMessage.given_up_at),
            func.max(MailMessage.sent_at),
        )
    ).one()
    rows = db.session.execute(
        select(MailMessage, Account.username)
        .join(Account, Account.id == MailMessage.account_id)
        .where(MailMessage.sent_at.is_(None), MailMessage.problem != "")
        .order_by(MailMessage.id.desc())
        .limit(limit)
    )
    failed = tuple(
        MailRow(
            username=username,
            kind=row.kind,
            written_at=row.written_at,
            tries=row.tries,
            problem=row.problem,
            next_try_at=row.next_try_at,
            given_up_at=row.given_up_at,
        )
        for row, username in rows
    )
    return MailState(*counts, failed)


def due_by_holder(today: date) -> Mapping[Holder, DueCases]:
    """What is due today and overdue on every desk, by what is due first of each case. One query."""
    first = due_on()
    street = case((Case.department_id.is_(None), Case.street_id))
    rows = db.session.execute(
        select(
            street,
            Case.department_id,
            func.count(case((first == today, 1))),
            func.count(case((first < today, 1))),
        )
        .where(Case.settled_at.is_(None), first <= today)
        .group_by(street, Case.department_id)
    )
    return {(s, d): DueCases(due, overdue) for s, d, due, overdue in rows}


def waits_for_evaluators(today: date) -> tuple[int, int]:
    """(calls to departments that are late, cases that wait for an assent). One query."""
    late = (
        select(func.count(CaseCall.id))
        .where(CaseCall.came_at.is_(None), CaseCall.due_on < today)
        .scalar_subquery()
    )
    asked = select(func.count(Case.id)).where(Case.state == "out_of_remit_asked").scalar_subquery()
    found = db.session.execute(select(late, asked)).one()
    return int(found[0]), int(found[1])
