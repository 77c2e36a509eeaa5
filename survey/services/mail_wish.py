"""What an account sets about mail: its address, and whether it wants any."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey.database import transaction
from survey.errors import Refused
from survey.models import Account, MailMessage
from survey.services import audit, mail


def set_mail(username: str, *, address: str, wants_mail: bool, now: datetime) -> None:
    """Store an account's own address and wish; an empty address takes it away.

    Raises Refused: 422 bad_address, address_needed; 409 address_taken. The trail tells that it
    was changed and not the address.
    """
    wanted = _checked(address)
    if wants_mail and not wanted:
        raise Refused(
            "address_needed", _l("Give an address first: mail needs somewhere to go."), status=422
        )
    with transaction() as session:
        account = session.scalars(select(Account).where(Account.username == username)).one()
        taken = select(Account.id).where(Account.email == wanted, Account.id != account.id)
        if wanted and session.scalar(taken) is not None:
            raise Refused(
                "address_taken",
                _l("Another account has this address. Use one of your own."),
                status=409,
            )
        account.email, account.wants_mail = wanted, wants_mail
        audit.record(
            session,
            actor=username,
            action="set_mail",
            subject=f"account {username}",
            detail={"has_address": bool(wanted), "wants_mail": wants_mail},
            at=now,
        )


def send_test(username: str, *, now: datetime) -> None:
    """Have the worker send a test message to one's own address.

    Raises Refused: 409 mail_off, address_needed.
    """
    with transaction() as session:
        account = session.scalars(select(Account).where(Account.username == username)).one()
        if not mail.is_on():
            raise Refused("mail_off", _l("This installation sends no mail."), status=409)
        if not account.email:
            raise Refused("address_needed", _l("Give an address first."), status=409)
        session.add(
            MailMessage(
                account_id=account.id,
                kind="mail_test",
                params={},
                written_at=now,
                next_try_at=now,
            )
        )


def _checked(typed: str) -> str | None:
    if not typed.strip():
        return None
    # Only here: few requests need it.
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(typed.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise Refused(
            "bad_address", _l("This is no address that mail can be sent to."), status=422
        ) from error
    return str(found.normalized)
