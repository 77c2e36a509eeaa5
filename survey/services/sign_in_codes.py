"""One-time codes (TOTP, RFC 6238) and the recovery codes for a lost telephone.

A secret lies encrypted (Fernet) under a key derived from JIEPING_SECRET_KEY, and recovery codes
lie as keyed hashes, so the database alone opens nothing. A code is taken once: the time step of
the last one stays with the account, and a used recovery code has its time.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, select, update

from survey.database import transaction
from survey.errors import Refused
from survey.models import Account, RecoveryCode
from survey.services import audit, sign_in_attempts, sign_in_sessions
from survey.services.account_rules import AnySession, account_named

ISSUER = "Jieping"
# A clock may be one step of 30 seconds off, either way.
WINDOW_SECONDS = 30
RECOVERY_CODES = 10
# Without look-alikes, all small: they are typed from paper. 12 of 31 letters are 59 bits.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP = 3, 4


@dataclass(frozen=True)
class Enrolment:
    """A secret on its way into an app. sealed: encrypted, for the cookie; key: to type, grouped;
    uri: what the QR code says."""

    sealed: str
    key: str
    uri: str


def new_secret() -> str:
    """A new secret of 160 bits, sealed."""
    from passlib.totp import TOTP

    return _seal(TOTP.new().base32_key)


def enrolment(sealed: str, username: str) -> Enrolment:
    """How a sealed secret gets into an app. Raises Refused: codes_unreadable."""
    from passlib.totp import TOTP

    totp = TOTP(_unseal(sealed), issuer=ISSUER, label=username)
    return Enrolment(sealed, totp.pretty_key(sep=" "), totp.to_uri())


def switch_on(
    username: str,
    sealed: str,
    *,
    password: str,
    code: str,
    this_session: str,
    address: str,
    now: datetime,
) -> tuple[str, ...]:
    """Demand codes from now on, once one was typed; the recovery codes, shown this once.

    Every other session of the account ends: it was opened without a code.
    address: of the browser; a wrong password is noted with it, here and below.
    Raises Refused: wrong_password, account_locked, wrong_code, codes_unreadable, codes_are_on.
    """
    proved = sign_in_attempts.prove(username, password, address=address, now=now)
    step = _matching_step(_unseal(sealed), code, last=None, now=now)
    if step is None:
        raise Refused(
            "wrong_code",
            _l(
                "That is not the code of this moment. Type the one that the app shows now; "
                "if it goes wrong again, check the time of the telephone."
            ),
            status=422,
        )
    with transaction() as session:
        account = sign_in_attempts.held_proved(session, username, proved, now=now)
        if account.totp_secret is not None:
            raise Refused("codes_are_on", _l("One-time codes are switched on already."), status=409)
        account.totp_secret, account.totp_last_step = sealed, step
        sign_in_sessions.end_all(session, account.id, now=now, but=this_session)
        codes = _new_recovery_codes(session, account.id)
        _record(session, "switch_on_codes", username, actor=username, now=now)
        return codes


def switch_off(username: str, *, password: str, code: str, address: str, now: datetime) -> None:
    """Let the password be enough again. Raises Refused: wrong_password, wrong_code,
    account_locked."""
    proved = _prove_both(username, password=password, code=code, address=address, now=now)
    with transaction() as session:
        _forget(session, sign_in_attempts.held_proved(session, username, proved, now=now))
        _record(session, "switch_off_codes", username, actor=username, now=now)


def renew_recovery_codes(
    username: str, *, password: str, code: str, address: str, now: datetime
) -> tuple[str, ...]:
    """Ten new recovery codes, shown this once; the old ones open nothing any more.

    Raises Refused: wrong_password, wrong_code, account_locked.
    """
    proved = _prove_both(username, password=password, code=code, address=address, now=now)
    with transaction() as session:
        account = sign_in_attempts.held_proved(session, username, proved, now=now)
        codes = _new_recovery_codes(session, account.id)
        _record(session, "renew_recovery_codes", username, actor=username, now=now)
        return codes


def reset(username: str, *, actor: str, now: datetime) -> None:
    """Switch somebody's codes off when telephone and recovery codes are lost; sessions end.

    Raises Refused: unknown_account.
    """
    with transaction() as session:
        account = account_named(session, username)
        _forget(session, account)
        account.fs_uniquifier = secrets.token_hex(32)
        sign_in_sessions.end_all(session, account.id, now=now)
        _record(session, "reset_codes", username, actor=actor, now=now)


def recovery_codes_left(session: AnySession, account_id: int) -> int:
    """How many recovery codes are unused. One query."""
    return (
        session.scalar(
            select(func.count())
            .select_from(RecoveryCode)
            .where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
        )
        or 0
    )


def take(session: AnySession, account: Account, typed: str, *, now: datetime) -> str | None:
    """Take a one-time or a recovery code of a held account, once.

    Returns "code", "recovery_code", or None when it is neither, or was used before.
    """
    if account.totp_secret is None:
        return None
    step = _matching_step(_unseal(account.totp_secret), typed, last=account.totp_last_step, now=now)
    if step is not None:
        account.totp_last_step = step
        return "code"
    used = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account.id,
            RecoveryCode.code_hash == _recovery_hash(account.id, typed),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return "recovery_code" if used.rowcount == 1 else None  # type: ignore[attr-defined]


def _prove_both(username: str, *, password: str, code: str, address: str, now: datetime) -> str:
    """The account's fs_uniquifier, as `prove` returns it, when password and code are right."""
    proved = sign_in_attempts.prove(username, password, address=address, now=now)
    with transaction() as session:
        # Guesses sent at once all find the account open before they wait for its row here.
        account = sign_in_attempts.held_proved(session, username, proved, now=now)
        if take(session, account, code, now=now):
            return proved
        until = sign_in_attempts.count_failure(
            session, account, what="code", address=address, now=now
        )
    if until is not None:
        raise Refused("account_locked", sign_in_attempts.locked_words(until), status=429)
    raise Refused("wrong_code", _l("That code is not right, or it was used already."), status=422)


def _matching_step(key: str, typed: str, *, last: int | None, now: datetime) -> int | None:
    """The time step whose code was typed, later than `last`; None when there is none."""
    from passlib.exc import TokenError
    from passlib.totp import TOTP

    try:
        match = TOTP(key).match(typed, time=now, window=WINDOW_SECONDS, last_counter=last)
    except TokenError:
        return None
    return int(match.counter)


def _new_recovery_codes(session: AnySession, account_id: int) -> tuple[str, ...]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = tuple(
        "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))
        for _ in range(RECOVERY_CODES)
    )
    session.add_all(
        RecoveryCode(account_id=account_id, code_hash=_recovery_hash(account_id, code))
        for code in codes
    )
    return codes


def _forget(session: AnySession, account: Account) -> None:
    account.totp_secret = account.totp_last_step = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))


def _recovery_hash(account_id: int, typed: str) -> str:
    """A keyed hash: 59 random bits need no slow one, and equal hashes can be looked up at once."""
    letters = "".join(letter for letter in typed.casefold() if letter.isalnum())
    key = _derived_key("recovery codes")
    return hmac.new(key, f"{account_id} {letters}".encode(), sha256).hexdigest()


def _derived_key(purpose: str) -> bytes:
    """32 bytes from JIEPING_SECRET_KEY for one purpose (HKDF, RFC 5869)."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"jieping {purpose} 1".encode())
    return hkdf.derive(current_app.config["SECRET_KEY"].encode())


def _seal(key: str) -> str:
    from cryptography.fernet import Fernet

    fernet = Fernet(base64.urlsafe_b64encode(_derived_key("one-time codes")))
    return fernet.encrypt(key.encode()).decode()


def _unseal(sealed: str) -> str:
    from cryptography.fernet import Fernet, InvalidToken

    fernet = Fernet(base64.urlsafe_b64encode(_derived_key("one-time codes")))
    try:
        return fernet.decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Refused(
            "codes_unreadable",
            _l(
                "The codes of this account can no longer be checked, because the secret key of "
                "the installation was changed. Ask your admin to reset them."
            ),
            status=409,
        ) from error


def _record(session: AnySession, action: str, username: str, *, actor: str, now: datetime) -> None:
    audit.record(session, actor=actor, action=action, subject=f"account {username}", at=now)
