"""What an account must be: its name, its password, its roles and the desk it is bound to."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from flask_security import hash_password
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from survey.errors import Refused
from survey.extensions import security
from survey.models import ROLES, Account, Department, Role, Street

LONGEST_NAME = 60
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200

AnySession = Session | scoped_session[Session]


def normalise_username(typed: str) -> str | None:
    """The name as it is stored: NFKC, trimmed, lower case; None when nothing is left."""
    return unicodedata.normalize("NFKC", typed).strip().casefold() or None


def checked_username(username: str) -> str:
    """The name as it is stored. Raises Refused: bad_username."""
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


def checked_roles(
    roles: Iterable[str], *, street_code: str | None, department_code: str | None
) -> set[str]:
    """The roles as a set, when they go together and with the desk.

    Raises Refused: unknown_role, street_needed, street_not_needed, department_not_needed,
    two_desks, auditor_alone.
    """
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


def normal_password(password: str) -> str:
    """The password in the one form of Unicode in which it is hashed."""
    return security.password_util.normalize(password)


def hashed_password(password: str, *, username: str) -> str:
    """The argon2 hash of a new password. Raises Refused: weak_password."""
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
    return hash_password(normal_password(password))


def account_named(session: AnySession, name: str) -> Account:
    """The account of that name. Raises Refused: unknown_account."""
    account = session.scalar(select(Account).where(Account.username == name))
    if account is None:
        raise Refused(
            "unknown_account", _l("There is no account named %(name)s.", name=name), status=404
        )
    return account


def street_id(session: AnySession, code: str) -> int:
    """The street of that code. Raises Refused: unknown_street."""
    found = session.scalar(select(Street.id).where(Street.code == code))
    if found is None:
        raise Refused(
            "unknown_street",
            _l("There is no street with the code %(code)s.", code=code),
            status=404,
        )
    return found


def department_id(session: AnySession, code: str) -> int:
    """The department of that code, in use. Raises Refused: unknown_department."""
    found = session.scalar(
        select(Department.id).where(Department.code == code, Department.is_active)
    )
    if found is None:
        raise Refused(
            "unknown_department",
            _l("There is no department with the code %(code)s.", code=code),
            status=404,
        )
    return found


def role_rows(session: AnySession, wanted: set[str]) -> list[Role]:
    """The rows of the roles, made when they are not there yet."""
    found = {role.name: role for role in session.scalars(select(Role).where(Role.name.in_(wanted)))}
    for name in wanted - set(found):
        found[name] = Role(name=name)
        session.add(found[name])
    return list(found.values())
