"""Write access: make accounts and keys, change passwords, take access back.

Every change leaves an audit event in the same transaction. Passwords are stored as argon2
hashes, keys of the API as sha256; neither can be read back.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Iterable
from datetime import datetime

from flask_babel import lazy_gettext as _l
from flask_security import hash_password, verify_password
from sqlalchemy import func, select
from sqlalchemy.orm import Session, scoped_session

from survey.clock import utc_now
from survey.database import transaction
from survey.errors import Refused
from survey.extensions import security
from survey.formatting import LOCALES
from survey.models import ROLES, Account, ApiKey, Department, Role, Street
from survey.services import audit

__all__ = [
    "ROLES",
    "change_own_password",
    "create_account",
    "create_api_key",
    "deactivate",
    "generate_password",
    "key_hash",
    "normalise_username",
    "reactivate",
    "record_failed_sign_in",
    "record_refusal",
    "revoke_api_key",
    "set_language",
    "set_password",
]

LONGEST_NAME = 60
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
COMMAND_LINE = "command line"
# Without look-alikes: it is read from a screen or a paper once.
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

Session_ = Session | scoped_session[Session]


def normalise_username(typed: str) -> str | None:
    """The name as it is stored: NFKC, trimmed, lower case; None when nothing is left."""
    return unicodedata.normalize("NFKC", typed).strip().casefold() or None


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
    name = _checked_username(username)
    wanted = _checked_roles(roles, street_code=street_code, department_code=department_code)
    if language and language not in LOCALES:
        raise Refused("unknown_language", _l("Choose zh or en as the language."))
    hashed = _hashed(password, username=name)
    with transaction() as session:
        if session.scalar(select(Account.id).where(Account.username == name)):
            raise Refused(
                "username_taken",
                _l("There is already an account named %(name)s. Choose another name.", name=name),
                status=409,
            )
        account = Account(
            username=name,
            password=hashed,
            active=True,
            fs_uniquifier=secrets.token_hex(32),
            language=language,
            street_id=_street_id(session, street_code) if street_code else None,
            department_id=_department_id(session, department_code) if department_code else None,
            roles=_role_rows(session, wanted),
        )
        session.add(account)
        session.flush()
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


def set_password(
    username: str, password: str, *, actor: str = COMMAND_LINE, now: datetime | None = None
) -> None:
    """Give an account another password; every session of the account ends.

    Raises Refused: unknown_account, weak_password.
    """
    name = normalise_username(username) or ""
    hashed = _hashed(password, username=name)
    with transaction() as session:
        account = _account(session, name)
        account.password = hashed
        account.fs_uniquifier = secrets.token_hex(32)
        _record_change(session, "set_password", name, actor=actor, now=now)


def change_own_password(username: str, current: str, new: str, *, now: datetime) -> None:
    """Change a password by whoever knows the present one; every session of the account ends.

    Raises Refused: wrong_password, weak_password.
    """
    hashed = _hashed(new, username=username)
    with transaction() as session:
        account = _account(session, username)
        if not verify_password(_normal(current), account.password):
            raise Refused("wrong_password", _l("The present password is not right."), status=422)
        account.password = hashed
        account.fs_uniquifier = secrets.token_hex(32)
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
        account = _account(session, name)
        _keep_an_admin(session, account)
        account.active = False
        account.fs_uniquifier = secrets.token_hex(32)
        _record_change(session, "deactivate_account", name, actor=actor, now=now)


def reactivate(username: str, *, actor: str = COMMAND_LINE, now: datetime | None = None) -> None:
    """Give a deactivated account its access back. Raises Refused: unknown_account."""
    name = normalise_username(username) or ""
    with transaction() as session:
        _account(session, name).active = True
        _record_change(session, "reactivate_account", name, actor=actor, now=now)


def set_language(username: str, language: str) -> None:
    """Set the language an account reads in: zh, en or empty for the browser's.

    Raises Refused: unknown_language.
    """
    if language and language not in LOCALES:
        raise Refused("unknown_language", _l("Choose zh or en as the language."))
    with transaction() as session:
        _account(session, username).language = language


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


def record_failed_sign_in(username: str, *, address: str, now: datetime) -> None:
    """Note a failed attempt for an account that exists; what was typed is never noted."""
    with transaction() as session:
        audit.record(
            session,
            actor=username,
            action="sign_in_failed",
            subject=f"account {username}",
            detail={"address": address},
            at=now,
        )


def record_refusal(username: str, *, path: str, now: datetime) -> None:
    """Note that a signed-in account asked for a page it may not open."""
    with transaction() as session:
        audit.record(session, actor=username, action="refused", subject=path[:500], at=now)


def _record_change(
    session: Session_, action: str, name: str, *, actor: str, now: datetime | None
) -> None:
    audit.record(
        session, actor=actor, action=action, subject=f"account {name}", at=now or utc_now()
    )


def _checked_username(username: str) -> str:
    name = normalise_username(username)
    if (
        name is None
        or len(name) > LONGEST_NAME
        or any(not (letter.isalnum() or letter in "._-") for letter in name)
    ):
        raise Refused(
            "bad_username",
            _l("A name has letters, digits, points, hyphens and underscores, at most 60."),
        )
    return name


def _checked_roles(
    roles: Iterable[str], *, street_code: str | None, department_code: str | None
) -> set[str]:
    wanted = set(roles)
    unknown = sorted(wanted - set(ROLES))
    if unknown or not wanted:
        raise Refused(
            "unknown_role",
            _l(
                "%(role)s is not a role. Choose among %(roles)s.",
                role=", ".join(unknown) or "–",
                roles=", ".join(ROLES),
            ),
        )
    if "street" in wanted and not street_code:
        raise Refused("street_needed", _l("A street account needs its street. Name its code."))
    if street_code and "street" not in wanted:
        raise Refused("street_not_needed", _l("Only a street account is bound to a street."))
    if department_code and "department" not in wanted:
        raise Refused(
            "department_not_needed",
            _l("Only a department account is bound to a department."),
        )
    if street_code and department_code:
        raise Refused(
            "two_desks",
            _l("An account is bound to a street or to a department, not to both."),
        )
    if "auditor" in wanted and len(wanted) > 1:
        raise Refused(
            "auditor_alone",
            _l("An auditor only reads, so the account cannot have another role as well."),
        )
    return wanted


def _normal(password: str) -> str:
    return security.password_util.normalize(password)


def _hashed(password: str, *, username: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Refused(
            "weak_password",
            _l(
                "A password has %(low)s to %(high)s characters; several words in a row do well.",
                low=SHORTEST_PASSWORD,
                high=LONGEST_PASSWORD,
            ),
            status=422,
        )
    if len(set(password)) < 5 or (username and username in password.casefold()):
        raise Refused(
            "weak_password",
            _l("That password is easy to guess. Use more different characters and not the name."),
            status=422,
        )
    return hash_password(_normal(password))


def _account(session: Session_, name: str) -> Account:
    account = session.scalar(select(Account).where(Account.username == name))
    if account is None:
        raise Refused(
            "unknown_account", _l("There is no account named %(name)s.", name=name), status=404
        )
    return account


def _keep_an_admin(session: Session_, account: Account) -> None:
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


def _street_id(session: Session_, code: str) -> int:
    street_id = session.scalar(select(Street.id).where(Street.code == code))
    if street_id is None:
        raise Refused(
            "unknown_street",
            _l("There is no street with the code %(code)s.", code=code),
            status=404,
        )
    return street_id


def _department_id(session: Session_, code: str) -> int:
    department_id = session.scalar(
        select(Department.id).where(Department.code == code, Department.is_active)
    )
    if department_id is None:
        raise Refused(
            "unknown_department",
            _l("There is no department with the code %(code)s.", code=code),
            status=404,
        )
    return department_id


def _role_rows(session: Session_, wanted: set[str]) -> list[Role]:
    found = {role.name: role for role in session.scalars(select(Role).where(Role.name.in_(wanted)))}
    for name in wanted - set(found):
        found[name] = Role(name=name)
        session.add(found[name])
    return list(found.values())
