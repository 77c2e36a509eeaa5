"""Accounts and keys: what is refused, and that nothing can be read back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from survey.errors import Refused
from survey.models import Account, ApiKey, AuditEvent
from survey.queries.access import all_accounts, api_key_valid
from survey.services import access
from tests import factories

NOW = datetime(2026, 11, 24, 9, 0)
PASSWORD = "correct horse battery"


@pytest.fixture
def place(session: scoped_session[Session]) -> factories.Place:
    return factories.place()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"username": "a b"}, "bad_username"),
        ({"username": "   "}, "bad_username"),
        ({"username": "<script>"}, "bad_username"),
        ({"password": "short"}, "weak_password"),
        ({"password": "aaaaaaaaaaaaaaaa"}, "weak_password"),
        ({"password": "xx-newcomer-xx-1"}, "weak_password"),
        ({"roles": []}, "unknown_role"),
        ({"roles": ["king"]}, "unknown_role"),
        ({"roles": ["street"]}, "street_needed"),
        ({"roles": ["admin"], "street_code": "s1"}, "street_not_needed"),
        ({"roles": ["street"], "street_code": "nowhere"}, "unknown_street"),
        ({"roles": ["admin"], "department_code": "roads"}, "department_not_needed"),
        ({"roles": ["department"], "department_code": "nowhere"}, "unknown_department"),
        (
            {"roles": ["department", "street"], "department_code": "roads", "street_code": "s1"},
            "two_desks",
        ),
        ({"roles": ["auditor", "evaluator"]}, "auditor_alone"),
        ({"language": "fr"}, "unknown_language"),
        ({"username": "TAKEN"}, "username_taken"),
    ],
)
def test_an_account_that_makes_no_sense_is_refused_and_nothing_is_left(
    session: scoped_session[Session], place: factories.Place, change: dict[str, Any], code: str
) -> None:
    access.create_account("taken", PASSWORD, ["evaluator"], now=NOW)
    given: dict[str, Any] = {"username": "newcomer", "password": PASSWORD, "roles": ["evaluator"]}
    given |= change
    with pytest.raises(Refused) as refused:
        access.create_account(
            given.pop("username"), given.pop("password"), given.pop("roles"), now=NOW, **given
        )
    assert refused.value.code == code
    assert str(refused.value)
    session.rollback()
    assert session.scalars(select(Account.username)).all() == ["taken"]


def test_a_password_is_stored_as_an_argon2_hash(
    session: scoped_session[Session], place: factories.Place
) -> None:
    access.create_account("Newcomer", PASSWORD, ["street"], street_code="s1", now=NOW)
    account = session.scalars(select(Account)).one()
    assert account.username == "newcomer"
    assert account.password.startswith("$argon2id$")
    (shown,) = all_accounts()
    assert (shown.roles, shown.street_code) == (("street",), "s1")


def test_a_department_account_may_name_its_department(
    session: scoped_session[Session], place: factories.Place
) -> None:
    factories.department(district_id=place.district_id, code="roads")
    for name, code in (("bound", "roads"), ("free", None)):
        access.create_account(name, PASSWORD, ["department"], department_code=code, now=NOW)
    shown = {found.username: found.department_name for found in all_accounts()}
    assert shown == {"bound": ("roads局", "roads Office"), "free": ("", "")}


def test_a_hash_outlives_another_secret_key(app: Flask, session: scoped_session[Session]) -> None:
    from flask_security import verify_password

    access.create_account("eva", PASSWORD, ["evaluator"], now=NOW)
    app.config["SECRET_KEY"] = "y" * 40
    app.config["SECURITY_PASSWORD_SALT"] = "another"
    assert verify_password(PASSWORD, session.scalars(select(Account.password)).one())


def test_the_last_admin_and_the_own_account_stay(session: scoped_session[Session]) -> None:
    access.create_account("boss", PASSWORD, ["admin"], now=NOW)
    with pytest.raises(Refused, match="last admin"):
        access.deactivate("boss", now=NOW)
    with pytest.raises(Refused, match="you are using"):
        access.deactivate("boss", actor="boss", now=NOW)
    access.create_account("second", PASSWORD, ["admin"], now=NOW)
    access.deactivate("boss", actor="second", now=NOW)
    assert [shown.is_active for shown in all_accounts()] == [True, False]
    access.reactivate("boss", now=NOW)
    assert all(shown.is_active for shown in all_accounts())


def test_every_change_of_access_is_in_the_trail(session: scoped_session[Session]) -> None:
    access.create_account("boss", PASSWORD, ["admin"], now=NOW)
    access.create_account("eva", PASSWORD, ["evaluator"], actor="boss", now=NOW)
    access.set_password("eva", "another long password", actor="boss", now=NOW)
    access.deactivate("eva", actor="boss", now=NOW)
    access.create_api_key("script", actor="boss", now=NOW)
    access.revoke_api_key("script", actor="boss", now=NOW)
    events = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [(found.actor, found.action) for found in events] == [
        ("command line", "create_account"),
        ("boss", "create_account"),
        ("boss", "set_password"),
        ("boss", "deactivate_account"),
        ("boss", "create_api_key"),
        ("boss", "revoke_api_key"),
    ]
    assert PASSWORD not in str([found.detail for found in events])


def test_a_key_opens_until_it_is_revoked_and_is_stored_as_a_hash(
    session: scoped_session[Session],
) -> None:
    raw = access.create_api_key("monthly report", now=NOW)
    assert api_key_valid(raw) == "monthly report"
    assert api_key_valid(raw + "x") is None
    assert api_key_valid("") is None
    stored = session.scalars(select(ApiKey)).one()
    assert raw not in str(vars(stored))
    with pytest.raises(Refused) as refused:
        access.create_api_key("monthly report", now=NOW)
    assert refused.value.status == 409
    access.revoke_api_key("monthly report", now=NOW)
    assert api_key_valid(raw) is None
    with pytest.raises(Refused, match="no key named"):
        access.revoke_api_key("another", now=NOW)


def test_commands_show_a_secret_once_and_say_what_is_wrong(
    runner: FlaskCliRunner, session: scoped_session[Session], place: factories.Place
) -> None:
    made = runner.invoke(args=["account", "create", "Clerk", "--role", "street", "--street", "s1"])
    assert made.exit_code == 0
    password = made.output.split("password:")[1].split()[0]
    assert len(password) == 16
    again = runner.invoke(args=["account", "create", "clerk", "--role", "admin"])
    assert again.exit_code == 1
    assert "already an account named clerk" in again.output
    bare = runner.invoke(args=["account", "create", "other", "--role", "street"])
    assert bare.exit_code == 1
    assert "needs its street" in bare.output
    renewed = runner.invoke(args=["account", "password", "clerk"])
    assert renewed.exit_code == 0
    assert password not in renewed.output
    key = runner.invoke(args=["apikey", "create", "script"])
    assert api_key_valid(key.output.split()[0]) == "script"
    session.rollback()
    assert runner.invoke(args=["apikey", "revoke", "script"]).exit_code == 0
    session.rollback()
    assert api_key_valid(key.output.split()[0]) is None
    assert runner.invoke(args=["apikey", "revoke", "nothing"]).exit_code == 1
