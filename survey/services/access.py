"""Write access: make accounts and keys, change passwords, take access back.

Every change leaves an audit event in the same transaction. Passwords are stored as argon2
hashes, keys of the API as sha256; neither can be read back.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from survey.clock import utc_now
from survey.database import transaction
from survey.errors import Refused
from survey.formatting import LOCALES
from survey.models import ROLES, Account, ApiKey, Role
from survey.services import audit, sign_in_attempts, sign_in_sessions
from survey.services.account_rules import (
    SHORTEST_PASSWORD,
    AnySession,
    account_named,
    checked_roles,
    checked_username,
    department_id,
    hashed_password,
    normalise_username,
    role_rows,
    street_id,
)

__all__ = [
    "ROLES",
    "SHORTEST_PASSWORD",
    "add_account",
    "change_own_password",
    "create_account",
    "create_api_key",
    "deactivate",
    "generate_password",
    "key_hash",
    "normalise_username",
    "reactivate",
    "record_refusal",
    "revoke_api_key",
    "set_language",
    "set_password",
]

COMMAND_LINE = "command line"
# Without look-alikes: it is read from a screen or a paper once.
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def generate_password() -> str:
    """A password of 16 characters, about 92 bits."""
    return "".join(secrets.choice(PASSWORD_LETTERS) for _ in range(16))


def key_hash(raw: str) -> str:
    """What is stored of an API key. A key is 256 random bits, so one plain sha256 is enough."""
    return hashlib.sha256(raw.encode()).hexdigest()


def create_account(
    username: str,
    password: str,
    roles: Iterable[str],
    *,
    street_code: str | None = None,
    department_code: str | None = None,
    language: str = "",
    actor: str = COMMAND_LINE,
    now: datetime | None = None,
) -> int:
    """Make an account and return its id.

    roles: some of survey.models.ROLES; a street account names its street, a department account
    may name its department, others neither, and an auditor is nothing else. now: UTC, the
    clock's when not given.
    Raises Refused: bad_username, weak_password, unknown_role, street_needed, street_not_needed,
    department_not_needed, two_desks, auditor_alone, unknown_street, unknown_department,
    unknown_language, username_taken.
    """
    name = checked_username(username)
    wanted = checked_roles(roles, street_code=street_code, department_code=department_code)
    if language and language not in LOCALES:
        raise Refused("unknown_language", _l("Choose zh or en as the language."))
    hashed = hashed_password(password, username=name)
    with transaction() as session:
        account = add_account(
            session,
            Account(
                username=name,
                password=hashed,
                language=language,
                street_id=street_id(session, street_code) if street_code else None,
                department_id=department_id(session, department_code) if department_code else None,
                roles=role_rows(session, wanted),
            ),
        )
        detail = {"roles": sorted(wanted), "street": street_code, "department": department_code}
        audit.record(
            session,
            actor=actor,
            action="create_account",
            subject=f"account {name}",
            detail=detail,
            at=now or utc_now(),
        )
        return account.id


def add_account(session: AnySession, account: Account) -> Account:
    """Add a new account in the caller's transaction; its id is known from here on.

    Raises Refused: username_taken, also when somebody else takes the name at the same time.
    """
    name = account.username
    taken = Refused(
        "username_taken",
        _l("There is already an account named %(name)s. Choose another name.", name=name),
        status=409,
    )
    with session.no_autoflush:
        if session.scalar(select(Account.id).where(Account.username == name)):
            raise taken
    account.active, account.fs_uniquifier = True, secrets.token_hex(32)
    session.add(account)
    try:
        session.flush()
    except IntegrityError as error:
        raise taken from error
    return account


def set_password(
    username: str, password: str, *, actor: str = COMMAND_LINE, now: datetime | None = None
) -> None:
    """Give an account another password; every session of the account ends.

    Raises Refused: unknown_account, weak_password.
    """
    name = normalise_username(username) or ""
    hashed = hashed_password(password, username=name)
    with transaction() as session:
        account = account_named(session, name)
        account.password = hashed
        account.failed_attempts, account.locked_until = 0, None
        _end_sessions(session, account, now=now)
        _record_change(session, "set_password", name, actor=actor, now=now)


def change_own_password(
    username: str, current: str, new: str, *, address: str, now: datetime
) -> None:
    """Change a password by whoever knows the present one; every session of the account ends.

    address: of the browser; a wrong password is noted with it.
    Raises Refused: wrong_password, weak_password, account_locked.
    """
    hashed = hashed_password(new, username=username)
    proved = sign_in_attempts.prove(username, current, address=address, now=now)
    with transaction() as session:
        account = sign_in_attempts.held_proved(session, username, proved, now=now)
        account.password = hashed
        _end_sessions(session, account, now=now)
        _record_change(session, "change_own_password", username, actor=username, now=now)


def deactivate(username: str, *, actor: str = COMMAND_LINE, now: datetime | None = None) -> None:
    """Take an account's access away at once; it stays listed.

    Raises Refused: unknown_account, own_account, last_admin.
    """
    name = normalise_username(username) or ""
    if name == actor:
        raise Refused(
            "own_account",
            _l("You cannot deactivate the account you are using. Ask another admin."),
            status=409,
        )
    with transaction() as session:
        account = account_named(session, name)
        _keep_an_admin(session, account)
        account.active = False
        _end_sessions(session, account, now=now)
        _record_change(session, "deactivate_account", name, actor=actor, now=now)


def reactivate(username: str, *, actor: str = COMMAND_LINE, now: datetime | None = None) -> None:
    """Give a deactivated account its access back. Raises Refused: unknown_account."""
    name = normalise_username(username) or ""
    with transaction() as session:
        account_named(session, name).active = True
        _record_change(session, "reactivate_account", name, actor=actor, now=now)


def set_language(username: str, language: str) -> None:
    """Set the language an account reads in: zh, en or empty for the browser's.

    Raises Refused: unknown_language.
    """
    if language and language not in LOCALES:
        raise Refused("unknown_language", _l("Choose zh or en as the language."))
    with transaction() as session:
        account_named(session, username).language = language


def create_api_key(name: str, *, actor: str = COMMAND_LINE, now: datetime) -> str:
    """Make a key for pulling results by script and return it; it cannot be shown again.

    Raises Refused: bad_key_name, key_name_taken.
    """
    name = name.strip()
    if not 1 <= len(name) <= 120:
        raise Refused("bad_key_name", _l("Name the key by what it is for, in 1 to 120 characters."))
    raw = "jp_" + secrets.token_urlsafe(32)
    with transaction() as session:
        if session.scalar(select(ApiKey.id).where(ApiKey.name == name)):
            raise Refused(
                "key_name_taken",
                _l(
                    "There is already a key named %(name)s. Revoke it or choose another.", name=name
                ),
                status=409,
            )
        session.add(ApiKey(name=name, key_hash=key_hash(raw), created_at=now))
        audit.record(
            session, actor=actor, action="create_api_key", subject=f"api key {name}", at=now
        )
    return raw


def revoke_api_key(name: str, *, actor: str = COMMAND_LINE, now: datetime) -> None:
    """Let a key open nothing from now on. Raises Refused: unknown_key."""
    with transaction() as session:
        key = session.scalar(select(ApiKey).where(ApiKey.name == name.strip()))
        if key is None:
            raise Refused(
                "unknown_key", _l("There is no key named %(name)s.", name=name), status=404
            )
        if key.revoked_at is None:
            key.revoked_at = now
            audit.record(
                session, actor=actor, action="revoke_api_key", subject=f"api key {name}", at=now
            )


def record_refusal(username: str, *, path: str, now: datetime) -> None:
    """Note that a signed-in account asked for a page it may not open."""
    with transaction() as session:
        audit.record(session, actor=username, action="refused", subject=path[:500], at=now)


def _end_sessions(session: AnySession, account: Account, *, now: datetime | None) -> None:
    # The one is what a cookie names, the other what the list shows.
    account.fs_uniquifier = secrets.token_hex(32)
    sign_in_sessions.end_all(session, account.id, now=now or utc_now())


def _record_change(
    session: AnySession, action: str, name: str, *, actor: str, now: datetime | None
) -> None:
    audit.record(
        session, actor=actor, action=action, subject=f"account {name}", at=now or utc_now()
    )


def _keep_an_admin(session: AnySession, account: Account) -> None:
    if all(role.name != "admin" for role in account.roles) or not account.active:
        return
    others = session.scalar(
        select(func.count())
        .select_from(Account)
        .where(
            Account.active.is_(True),
            Account.id != account.id,
            Account.roles.any(Role.name == "admin"),
        )
    )
    if not others:
        raise Refused(
            "last_admin",
            _l("This is the last admin. Make another one first."),
            status=409,
        )
