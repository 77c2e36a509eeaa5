"""One-time codes, lock-out, sessions and invitations, on both databases where it matters."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from passlib.totp import TOTP
from sqlalchemy import select

from survey.errors import Refused
from survey.models import Account, AuditEvent, OfficeSession, RecoveryCode, db
from survey.queries.invitations import invitation_of
from survey.services import (
    access,
    invitations,
    sign_in,
    sign_in_attempts,
    sign_in_codes,
    sign_in_sessions,
)
from survey.services.sign_in_sessions import Device
from tests import factories

NOW = datetime(2026, 11, 24, 9, 0)
PASSWORD = "correct horse battery"
HOME = Device(browser="Firefox · Windows", address="192.0.2.1")


@pytest.fixture
def key(each_app: Flask) -> Iterator[int]:
    """The account eva, inside an application context."""
    with each_app.app_context():
        factories.place()
        yield access.create_account("eva", PASSWORD, ["evaluator"], now=NOW)
        db.session.rollback()


def switch_on(now: datetime = NOW) -> tuple[TOTP, tuple[str, ...]]:
    sealed = sign_in_codes.new_secret()
    totp = TOTP(sign_in_codes.enrolment(sealed, "eva").key)
    codes = sign_in_codes.switch_on(
        "eva",
        sealed,
        password=PASSWORD,
        code=totp.generate(now).token,
        this_session="",
        address="",
        now=now,
    )
    return totp, codes


def test_a_code_is_taken_once_within_one_step(key: int) -> None:
    totp, _codes = switch_on()
    later = NOW + timedelta(minutes=5)
    code = totp.generate(later).token
    assert sign_in.enter(key, device=HOME, now=NOW, code=totp.generate(NOW).token).token is None
    late, soon = later + timedelta(seconds=75), later + timedelta(seconds=30)
    assert sign_in.enter(key, device=HOME, now=late, code=code).token is None
    assert sign_in.enter(key, device=HOME, now=soon, code=code).token
    assert sign_in.enter(key, device=HOME, now=soon, code=code).token is None
    assert sign_in.enter(key, device=HOME, now=soon).token is None


def test_a_recovery_code_opens_once_and_nothing_readable_is_stored(key: int) -> None:
    totp, codes = switch_on()
    assert len(set(codes)) == 10
    first = sign_in.enter(key, device=HOME, now=NOW, code=codes[0].upper().replace("-", " "))
    assert (bool(first.token), first.recovery_codes_left) == (True, 9)
    assert sign_in.enter(key, device=HOME, now=NOW, code=codes[0]).token is None
    stored = str([vars(row) for row in db.session.scalars(select(RecoveryCode))])
    account = db.session.scalars(select(Account).where(Account.id == key)).one()
    assert codes[1] not in stored
    assert totp.base32_key not in (account.totp_secret or "")
    actions = list(db.session.scalars(select(AuditEvent.action)))
    assert "use_recovery_code" in actions
    assert "switch_on_codes" in actions


def test_codes_are_switched_off_with_both_and_reset_by_an_admin(key: int) -> None:
    totp, codes = switch_on()
    later = NOW + timedelta(minutes=2)
    with pytest.raises(Refused, match="password is not right"):
        sign_in_codes.switch_off("eva", password="not it", code=codes[0], address="", now=later)
    with pytest.raises(Refused, match="used already"):
        sign_in_codes.switch_off("eva", password=PASSWORD, code="000000", address="", now=later)
    again = sign_in_codes.renew_recovery_codes(
        "eva", password=PASSWORD, code=codes[0], address="", now=later
    )
    assert sign_in.enter(key, device=HOME, now=later, code=codes[1]).token is None
    code = totp.generate(later).token
    sign_in_codes.switch_off("eva", password=PASSWORD, code=code, address="", now=later)
    assert sign_in.enter(key, device=HOME, now=later).token
    assert len(again) == 10
    switch_on(later + timedelta(minutes=2))
    sign_in_codes.reset("eva", actor="boss", now=later)
    assert sign_in.enter(key, device=HOME, now=later).token


def test_ten_failures_lock_for_a_quarter_of_an_hour_and_an_admin_unlocks(key: int) -> None:
    for _ in range(9):
        assert sign_in_attempts.failed(key, what="password", address="", now=NOW) is None
    until = sign_in_attempts.failed(key, what="code", address="", now=NOW)
    assert until == NOW + timedelta(minutes=15)
    assert sign_in.enter(key, device=HOME, now=NOW).locked_until == until
    with pytest.raises(Refused) as refused:
        sign_in_attempts.prove("eva", PASSWORD, address="", now=NOW)
    assert refused.value.code == "account_locked"
    sign_in_attempts.unlock("eva", actor="boss", now=NOW)
    assert sign_in.enter(key, device=HOME, now=NOW).token
    # What was right in between starts the count anew.
    for _ in range(9):
        assert sign_in_attempts.failed(key, what="password", address="", now=NOW) is None
    assert sign_in.enter(key, device=HOME, now=NOW).token
    assert sign_in_attempts.failed(key, what="password", address="", now=NOW) is None


def test_guesses_already_under_way_are_not_taken_once_the_account_is_locked(
    key: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    totp, codes = switch_on()
    later = NOW + timedelta(minutes=2)
    prove = sign_in_attempts.prove

    def others_fail_meanwhile(username: str, password: str, *, address: str, now: datetime) -> str:
        proved = prove(username, password, address=address, now=now)
        for _ in range(10):
            sign_in_attempts.failed(key, what="code", address="", now=now)
        return proved

    monkeypatch.setattr(sign_in_attempts, "prove", others_fail_meanwhile)
    for right in (totp.generate(later).token, codes[0]):
        sign_in_attempts.unlock("eva", actor="boss", now=later)
        with pytest.raises(Refused) as refused:
            sign_in_codes.switch_off("eva", password=PASSWORD, code=right, address="", now=later)
        assert refused.value.code == "account_locked"


def test_a_password_changed_since_it_was_checked_opens_nothing(key: int) -> None:
    checked = db.session.scalars(select(Account.fs_uniquifier).where(Account.id == key)).one()
    db.session.rollback()
    assert sign_in.enter(key, device=HOME, now=NOW, uniquifier=checked).token
    access.change_own_password("eva", PASSWORD, "another long enough one", address="", now=NOW)
    assert sign_in.enter(key, device=HOME, now=NOW, uniquifier=checked).token is None


def test_a_right_password_is_not_taken_once_the_account_is_locked(
    key: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = sign_in_attempts.verify_password

    def others_fail_meanwhile(typed: str, kept: str) -> bool:
        for _ in range(10):
            sign_in_attempts.failed(key, what="password", address="", now=NOW)
        return verify(typed, kept)

    monkeypatch.setattr(sign_in_attempts, "verify_password", others_fail_meanwhile)
    with pytest.raises(Refused) as refused:
        sign_in_attempts.prove("eva", PASSWORD, address="", now=NOW)
    assert refused.value.code == "account_locked"


@pytest.mark.parametrize("step", ["password", "on", "off", "recovery"])
def test_an_old_password_changes_nothing_after_a_reset_in_between(
    key: int, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    codes = switch_on()[1] if step in ("off", "recovery") else ("",)
    prove, reset = sign_in_attempts.prove, "what the admin set now"

    def reset_meanwhile(username: str, password: str, *, address: str, now: datetime) -> str:
        proved = prove(username, password, address=address, now=now)
        access.set_password("eva", reset, actor="boss", now=now)
        return proved

    def kept() -> tuple[object, ...]:
        account = db.session.scalars(select(Account).where(Account.id == key)).one()
        hashes = select(RecoveryCode.code_hash, RecoveryCode.used_at).order_by(RecoveryCode.id)
        found = account.totp_secret, *map(tuple, db.session.execute(hashes))
        db.session.rollback()
        return found

    before = kept()
    steps = {
        "password": lambda: access.change_own_password(
            "eva", PASSWORD, "my own again", address="", now=NOW
        ),
        "on": switch_on,
        "off": lambda: sign_in_codes.switch_off(
            "eva", password=PASSWORD, code=codes[0], address="", now=NOW
        ),
        "recovery": lambda: sign_in_codes.renew_recovery_codes(
            "eva", password=PASSWORD, code=codes[0], address="", now=NOW
        ),
    }
    with monkeypatch.context() as patched:
        patched.setattr(sign_in_attempts, "prove", reset_meanwhile)
        with pytest.raises(Refused) as refused:
            steps[step]()
    assert refused.value.code == "wrong_password"
    assert kept() == before
    assert sign_in_attempts.prove("eva", reset, address="", now=NOW)


def test_failures_at_the_same_time_are_all_counted(each_app: Flask, key: int) -> None:
    db.session.rollback()

    def fail() -> None:
        with each_app.app_context():
            sign_in_attempts.failed(key, what="password", address="", now=NOW)

    threads = [threading.Thread(target=contextvars.Context().run, args=(fail,)) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    account = db.session.scalars(select(Account).where(Account.id == key)).one()
    assert (account.failed_attempts, account.locked_until) == (9, None)


def test_sessions_are_ended_one_by_one_and_all_by_a_new_password(key: int) -> None:
    tokens = [sign_in.enter(key, device=HOME, now=NOW).token or "" for _ in range(4)]
    hashes = [sign_in_sessions.token_hash(token) for token in tokens]
    sign_in_sessions.end_one("eva", hashes[0], now=NOW)
    with pytest.raises(Refused, match="signed out already"):
        sign_in_sessions.end_one("eva", hashes[0], now=NOW)
    access.create_account("other", PASSWORD, ["evaluator"], now=NOW)
    with pytest.raises(Refused):
        sign_in_sessions.end_one("other", hashes[1], now=NOW)
    assert sign_in_sessions.end_others("eva", but=hashes[1], now=NOW) == 2
    open_ones = select(OfficeSession.token_hash).where(OfficeSession.ended_at.is_(None))
    assert list(db.session.scalars(open_ones)) == [hashes[1]]
    access.change_own_password("eva", PASSWORD, "another long password", address="", now=NOW)
    assert list(db.session.scalars(open_ones)) == []
    assert sign_in_sessions.forget_ended(now=NOW + timedelta(days=29)) == 0
    assert sign_in_sessions.forget_ended(now=NOW + timedelta(days=31)) == 4


def test_of_two_who_accept_an_invitation_at_once_one_wins(each_app: Flask, key: int) -> None:
    token = invitations.invite("desk", ["street"], street_code="s1", actor="boss", now=NOW)
    db.session.rollback()
    ended: list[str] = []

    def accept(name: str) -> None:
        with each_app.app_context():
            try:
                invitations.accept(token, username=name, password=PASSWORD, language="zh", now=NOW)
                ended.append("made")
            except Refused as error:
                ended.append(error.code)

    threads = [
        threading.Thread(target=contextvars.Context().run, args=(accept, f"clerk-{n}"))
        for n in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["invitation_over", "made"]
    found = invitation_of(token, now=NOW)
    assert found is not None
    assert (found.state, found.desk_name[1]) == ("used", "s1 Street")


def test_an_invitation_outlives_a_taken_name_and_neither_time_nor_revoking(key: int) -> None:
    def invite() -> str:
        return invitations.invite("desk", ["evaluator"], days=2, actor="boss", now=NOW)

    def refused(token: str, name: str, now: datetime = NOW) -> str:
        with pytest.raises(Refused) as error:
            invitations.accept(token, username=name, password=PASSWORD, language="", now=now)
        return error.value.code

    token = invite()
    assert refused(token, "eva") == "username_taken"
    assert refused(token, "ben", NOW + timedelta(days=2)) == "invitation_over"
    assert refused("made up", "ben") == "invitation_over"
    found = invitation_of(token, now=NOW)
    assert found is not None
    invitations.revoke(found.id, actor="boss", now=NOW)
    assert refused(token, "ben") == "invitation_over"
    other = invite()
    assert invitations.accept(other, username="Ben", password=PASSWORD, language="", now=NOW)
