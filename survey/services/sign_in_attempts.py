"""Lock-out: ten failures in a row, by password or code, close an account for a quarter of an hour.

They are counted in the account's row under a lock, so the count is exact however many processes
there are. While an account is locked nothing is counted and the right password does not open it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_security import verify_password
from sqlalchemy import select

from survey.database import transaction
from survey.errors import Refused
from survey.formatting import say_time
from survey.models import Account
from survey.services import audit
from survey.services.account_rules import AnySession, account_named, normal_password

MOST_FAILURES = 10
LOCKED_FOR = timedelta(minutes=15)


def is_locked(account: Account, *, now: datetime) -> bool:
    """Whether attempts for this account are refused at the moment."""
    return account.locked_until is not None and account.locked_until > now


def locked_words(until: datetime) -> Any:
    """What somebody reads who may not try at the moment, with the time in the district's zone."""
    return _l(
        "After ten wrong attempts nobody can sign in here until %(time)s. "
        "Wait until then, or ask your admin.",
        time=say_time(until),
    )


def held(session: AnySession, account_id: int) -> Account:
    """The account, read anew and locked until the caller's transaction ends."""
    return session.scalars(
        select(Account)
        .where(Account.id == account_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def count_failure(
    session: AnySession, account: Account, *, what: str, address: str, now: datetime
) -> datetime | None:
    """Count a failed attempt of a held account; until when it is locked, or None.

    what: password | code. What was typed is never noted.
    """
    if is_locked(account, now=now):
        return account.locked_until
    account.failed_attempts += 1
    _record(session, "sign_in_failed", account, now=now, what=what, address=address)
    if account.failed_attempts < MOST_FAILURES:
        return None
    account.failed_attempts = 0
    account.locked_until = now + LOCKED_FOR
    _record(session, "account_locked", account, now=now, address=address)
    return account.locked_until


def failed(account_id: int, *, what: str, address: str, now: datetime) -> datetime | None:
    """Count a failed attempt; until when the account is locked now, or None."""
    with transaction() as session:
        account = held(session, account_id)
        return count_failure(session, account, what=what, address=address, now=now)


def prove(username: str, password: str, *, address: str, now: datetime) -> str:
    """Make sure that who is signed in knows the password, before something weighty is changed.

    A wrong one counts like one at sign-in, so a browser left open is no place for guessing;
    address: where it was typed, for the trail.
    Returns the account's fs_uniquifier; what writes afterwards gives it to `held_proved`.
    Raises Refused: wrong_password (422), account_locked (429).
    """
    with transaction() as session:
        account = account_named(session, username)
        _refuse_locked(account, now=now)
        account_id, kept, uniquifier = account.id, account.password, account.fs_uniquifier
    if verify_password(normal_password(password), kept):
        # Checking takes a while: others may have locked the account or reset the password.
        with transaction() as session:
            held_proved(session, username, uniquifier, now=now)
        return uniquifier
    locked = failed(account_id, what="password", address=address, now=now)
    if locked is not None:
        raise Refused("account_locked", locked_words(locked), status=429)
    raise _wrong_password()


def held_proved(session: AnySession, username: str, uniquifier: str, *, now: datetime) -> Account:
    """The account, held, when what `prove` found still stands in the caller's transaction.

    Raises Refused: wrong_password (422) when the password was changed or the account deactivated
    since, account_locked (429).
    """
    account = held(session, account_named(session, username).id)
    if not account.active or account.fs_uniquifier != uniquifier:
        raise _wrong_password()
    _refuse_locked(account, now=now)
    return account


def unlock(username: str, *, actor: str, now: datetime) -> None:
    """Let an account try again at once. Raises Refused: unknown_account."""
    with transaction() as session:
        account = held(session, account_named(session, username).id)
        account.failed_attempts, account.locked_until = 0, None
        audit.record(
            session, actor=actor, action="unlock_account", subject=f"account {username}", at=now
        )


def _refuse_locked(account: Account, *, now: datetime) -> None:
    if account.locked_until is not None and is_locked(account, now=now):
        raise Refused("account_locked", locked_words(account.locked_until), status=429)


def _wrong_password() -> Refused:
    return Refused("wrong_password", _l("The present password is not right."), status=422)


def _record(
    session: AnySession, action: str, account: Account, *, now: datetime, **detail: str
) -> None:
    audit.record(
        session,
        actor=account.username or "",
        action=action,
        subject=f"account {account.username}",
        detail=detail,
        at=now,
    )
