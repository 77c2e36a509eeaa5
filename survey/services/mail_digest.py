"""The daily mail of what is due: once a working day to whoever wants mail and has something due."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from survey.database import transaction
from survey.formatting import local_time
from survey.models import Account, MailMessage
from survey.queries.mail import due_by_holder, waits_for_evaluators
from survey.services import audit, mail
from survey.working_days import add_working_days_beyond

KIND = "due_soon"


def write_digests(*, now: datetime) -> int:
    """Write today's mails of what is due; how many. Running it twice on a day writes none twice.

    The evaluation office hears of all overdue cases together, of calls that are late and of cases
    that wait for its assent. now: UTC; the day is the one in the district's time zone.
    """
    today = local_time(now).date()
    if not mail.is_on() or not _works(today):
        return 0
    with transaction() as session:
        # Two workers at once: the second finds them written.
        audit.lock(session)
        due = due_by_holder(today)
        late, asked = waits_for_evaluators(today)
        everywhere = {
            "due": sum(one.due for one in due.values()),
            "overdue": sum(one.overdue for one in due.values()),
            "late_calls": late,
            "asked": asked,
        }
        told = _told_since(session, now - timedelta(hours=20))
        written = 0
        for account in session.scalars(
            select(Account).where(Account.active, Account.wants_mail, Account.email.is_not(None))
        ):
            if account.id in told:
                continue
            if any(role.name == "evaluator" for role in account.roles):
                params = everywhere
            elif account.street_id or account.department_id:
                street = None if account.department_id else account.street_id
                one = due.get((street, account.department_id))
                params = {"due": one.due, "overdue": one.overdue} if one else {}
            else:
                continue
            if any(params.values()):
                written += mail.write(
                    session, kind=KIND, params=params, now=now, account_ids=[account.id]
                )
        return written


def _told_since(session: Any, moment: datetime) -> set[int]:
    query = select(MailMessage.account_id).where(
        MailMessage.kind == KIND, MailMessage.written_at > moment
    )
    return set(session.scalars(query))


def _works(day: date) -> bool:
    """A working day; beyond what the calendar knows, Monday to Friday."""
    return add_working_days_beyond(day - timedelta(days=1), 1) == day
