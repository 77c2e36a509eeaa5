"""Mail to offices: written with its cause, sent by the worker, tried again, given up at last.

Nothing here sends within a request. A message is claimed before it is sent, so that two workers
do not send it both; one that dies in between leaves it to be sent again, with the same id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import current_app
from flask_babel import force_locale
from sqlalchemy import delete, or_, select, update

from survey.database import transaction
from survey.desk import Desk
from survey.formatting import LOCALES
from survey.mail_words import SUBJECTS, worded
from survey.models import Account, Case, Department, MailMessage, Role, Street
from survey.postbox import Mail, NotDelivered, Postbox
from survey.queries.case_scope import seen_by

log = structlog.get_logger(__name__)

# After each failed try but the last: when to try again.
PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
# How long a claimed message is left to whoever claimed it.
CLAIMED = timedelta(minutes=10)
KEPT = timedelta(days=90)
MOST_A_RUN = 200


def is_on() -> bool:
    """Whether this installation sends mail."""
    return bool(current_app.config["MAIL_URL"])


def sender() -> str:
    """The address in From: JIEPING_MAIL_FROM, else one at the host of JIEPING_BASE_URL."""
    given: str = current_app.config["MAIL_FROM"]
    return given or f"jieping@{current_app.config['BASE_URL'].split('://')[1].split(':')[0]}"


def write(
    session: Any,
    *,
    kind: str,
    params: Mapping[str, Any],
    now: datetime,
    account_ids: Iterable[int] = (),
    desk: Desk | None = None,
) -> int:
    """Write a message to each account that wants mail, in the caller's transaction; how many.

    kind: one of survey.mail_words.SUBJECTS; params: JSON values for its words, never words of
    residents; desk: everybody of this street, department or the evaluation office, but not
    whoever acts (desk.username). Without a mail server nothing is written. now: UTC.
    """
    if kind not in SUBJECTS:
        raise ValueError(f"unknown kind of mail: {kind}")
    if not is_on():
        return 0
    query = select(Account.id).where(Account.active, Account.wants_mail, Account.email.is_not(None))
    whom: list[Any] = [Account.id.in_(list(account_ids))]
    if desk is not None:
        whom.append(_sits_at(desk) & (Account.username != desk.username))
    found = session.scalars(query.where(or_(*whom)).order_by(Account.id)).all()
    session.add_all(
        MailMessage(
            account_id=account_id,
            kind=kind,
            params=dict(params),
            written_at=now,
            next_try_at=now,
        )
        for account_id in found
    )
    session.flush()
    return len(found)


def _sits_at(desk: Desk) -> Any:
    if desk.street_code is not None:
        return Account.street.has(Street.code == desk.street_code)
    if desk.department_code is not None:
        return Account.department.has(Department.code == desk.department_code)
    return Account.roles.any(Role.name == "evaluator")


def send_due(*, now: datetime, seconds: float = 10.0) -> tuple[int, int]:
    """Send what waits, oldest first; returns (sent, failed). now: UTC.

    seconds: how long the server may take over each step. What concerns the server itself ends the
    run: the others would wait for it as long, and keep their tries.
    """
    if not is_on():
        return 0, 0
    sent = failed = 0
    with Postbox(current_app.config["MAIL_URL"], sender=sender(), seconds=seconds) as postbox:
        for _turn in range(MOST_A_RUN):
            claimed = _claim(now)
            if claimed is None:
                break
            message_id, mail = claimed
            try:
                if mail is None:
                    raise NotDelivered("no_address", about_server=False)
                postbox.deliver(mail)
            except NotDelivered as error:
                _failed(message_id, error.code, now=now, for_good=mail is None)
                failed += 1
                if error.about_server:
                    break
            else:
                _sent(message_id, now=now)
                sent += 1
    return sent, failed


def _claim(now: datetime) -> tuple[int, Mail | None] | None:
    """The next message that is due, its try counted; (id, None) for one nobody wants any more."""
    with transaction() as session:
        row = session.scalar(
            select(MailMessage)
            .where(
                MailMessage.next_try_at <= now,
                MailMessage.sent_at.is_(None),
                MailMessage.given_up_at.is_(None),
            )
            .order_by(MailMessage.next_try_at, MailMessage.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        row.tries += 1
        row.next_try_at = now + CLAIMED
        account = session.get_one(Account, row.account_id)
        if not (account.active and account.email and (account.wants_mail or _is_test(row))):
            return row.id, None
        if not _sees_its_case(session, account, row):
            return row.id, None
        locale = LOCALES.get(account.language, current_app.config["BABEL_DEFAULT_LOCALE"])
        with force_locale(locale):
            subject, body = worded(row.kind, row.params, base_url=current_app.config["BASE_URL"])
        name = f"jieping-{row.id}-{row.written_at:%Y%m%d%H%M%S}"
        return row.id, Mail(name, account.email, subject, body, row.written_at)


def _sees_its_case(session: Any, account: Account, row: MailMessage) -> bool:
    """Whether the account still sees the case: it may sit at another desk by now."""
    roles = {role.name for role in account.roles}
    desk = Desk(
        account.username,
        street_code=account.street.code if account.street else None,
        department_code=account.department.code if account.department else None,
        is_evaluator="evaluator" in roles,
        only_reads="auditor" in roles,
    )
    seen = session.scalar(select(seen_by(desk)).where(Case.id == row.params.get("case")))
    return seen is None or bool(seen)


def _is_test(row: MailMessage) -> bool:
    return row.kind == "mail_test"


def _sent(message_id: int, *, now: datetime) -> None:
    with transaction() as session:
        row = session.get_one(MailMessage, message_id)
        row.sent_at, row.problem = now, ""
        log.info("mail_sent", message=message_id, kind=row.kind, tries=row.tries)


def _failed(message_id: int, code: str, *, now: datetime, for_good: bool) -> None:
    with transaction() as session:
        row = session.get_one(MailMessage, message_id)
        row.problem = code
        if for_good or row.tries > len(PAUSES):
            row.given_up_at = now
        else:
            row.next_try_at = now + PAUSES[row.tries - 1]
        log.warning(
            "mail_given_up" if row.given_up_at else "mail_not_sent",
            message=message_id,
            kind=row.kind,
            tries=row.tries,
            problem=code,
        )


def try_again(*, now: datetime) -> int:
    """Have every message that was given up tried anew; how many."""
    with transaction() as session:
        done = session.execute(
            update(MailMessage)
            .where(MailMessage.given_up_at.is_not(None))
            .values(given_up_at=None, tries=0, next_try_at=now)
        )
        return int(done.rowcount)  # type: ignore[attr-defined]


def forget_mail(*, now: datetime) -> int:
    """Delete what was sent or given up long ago; how many."""
    with transaction() as session:
        done = session.execute(
            delete(MailMessage).where(
                or_(MailMessage.sent_at.is_not(None), MailMessage.given_up_at.is_not(None)),
                MailMessage.written_at < now - KEPT,
            )
        )
        return int(done.rowcount)  # type: ignore[attr-defined]
