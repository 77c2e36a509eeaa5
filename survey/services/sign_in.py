"""The last step of signing in: the account is open, its row and its new session say so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from survey.database import transaction
from survey.services import audit, sign_in_attempts, sign_in_codes, sign_in_sessions
from survey.services.sign_in_sessions import Device


@dataclass(frozen=True)
class Entry:
    """How an attempt ended. token: for the cookie, when it succeeded; locked_until: when the
    account is closed for a while; recovery_codes_left: after one of them was used, else None."""

    token: str | None = None
    locked_until: datetime | None = None
    recovery_codes_left: int | None = None


def enter(
    account_id: int,
    *,
    device: Device,
    now: datetime,
    code: str | None = None,
    uniquifier: str | None = None,
) -> Entry:
    """Open a session for an account whose password was right.

    code: the one-time or recovery code; needed when the account has codes. A wrong one counts
    like a wrong password. uniquifier: the account's when the password was checked; a new password
    has changed it, and the old one opens nothing even in that moment. The count of
    failures starts anew only here, when all is right.
    Raises Refused: codes_unreadable.
    """
    with transaction() as session:
        account = sign_in_attempts.held(session, account_id)
        if not account.active or uniquifier not in (None, account.fs_uniquifier):
            return Entry()
        if sign_in_attempts.is_locked(account, now=now):
            return Entry(locked_until=account.locked_until)
        taken, left = None, None
        if account.totp_secret is not None:
            taken = sign_in_codes.take(session, account, code or "", now=now)
            if taken is None:
                until = sign_in_attempts.count_failure(
                    session, account, what="code", address=device.address, now=now
                )
                return Entry(locked_until=until)
        if taken == "recovery_code":
            left = sign_in_codes.recovery_codes_left(session, account_id)
            audit.record(
                session,
                actor=account.username or "",
                action="use_recovery_code",
                subject=f"account {account.username}",
                detail={"left": left, "address": device.address},
                at=now,
            )
        account.failed_attempts, account.locked_until = 0, None
        account.signed_in_before_at, account.signed_in_at = account.signed_in_at, now
        token = sign_in_sessions.new_token()
        sign_in_sessions.begin(session, account_id, token=token, device=device, now=now)
        return Entry(token=token, recovery_codes_left=left)
