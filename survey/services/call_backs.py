"""Requests to be called back: taken with an answer, shown one number at a time, forgotten.

A request is stored in the transaction of its answer, so a retry of the answer's key never makes
two; nothing in it leads back to the answer.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, delete, exists, insert, select

from analysis.themes.redact import redact
from survey.database import transaction
from survey.errors import Refused
from survey.formatting import local_time
from survey.instrument import CALL_BACK_FIELDS, Instrument
from survey.models import Case, ContactRequest, Street, Wave, table_of
from survey.queries.fieldwork import InstrumentRows
from survey.services import audit
from survey.services.case_file import note
from survey.services.responses import CONTROLS, Origin

# What a telephone number is written with; letters would be read as the keys they stand on.
WRITTEN = re.compile(r"[0-9+() /.-]{5,40}")
_INSERT = insert(table_of(ContactRequest))


@dataclass(frozen=True)
class CallBack:
    """A checked wish: the number as +86…, and whether to hand over what was said."""

    phone: str
    share: bool


def mainland_number(text: str) -> str | None:
    """A mobile or landline number of mainland China as +86…, or None when it is none."""
    written = unicodedata.normalize("NFKC", text).strip()
    if not WRITTEN.fullmatch(written):
        return None
    # Only here: the web process needs its tables for one answer in many.
    import phonenumbers
    from phonenumbers import PhoneNumberFormat, PhoneNumberType

    try:
        number = phonenumbers.parse(written, "CN")
    except phonenumbers.NumberParseException:
        return None
    reachable = (
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
    )
    if number.country_code != 86 or not phonenumbers.is_valid_number(number):
        return None
    if phonenumbers.number_type(number) not in reachable:
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def read_call_back(
    instrument: Instrument, form: Mapping[str, list[str]]
) -> tuple[CallBack | None, dict[str, Any]]:
    """What a posted form asks for, and {field: what is wrong}; (None, {}) when nothing is asked.

    A number is only taken with its own consent, and consent without a number is a mistake too.
    """
    given = {name: form[name][0].strip() for name in CALL_BACK_FIELDS if name in form}
    if instrument.call_back is None or not any(given.values()):
        return None, {}
    agreed, phone = bool(given.get("call_back")), given.get("phone", "")
    if not agreed and phone:
        message = _l("Tick the box above to be called back, or clear the number.")
        return None, {"phone": message}
    if not agreed:
        return None, {}
    number = mainland_number(phone)
    if number is None:
        message = _l(
            "Please give a mobile number or a landline with its area code, for example "
            "13800138000 or 010-12345678. No call wanted? Untick the box above."
        )
        return None, {"phone": message}
    return CallBack(number, share=bool(given.get("share"))), {}


def insert_call_back(
    connection: Connection,
    wanted: CallBack,
    answers: Mapping[str, str],
    *,
    origin: Origin,
    at: datetime,
) -> None:
    """Store a request in the caller's transaction, which is that of the answer.

    answers: {question code: value}, read only when the resident wants to share them. at: UTC.
    """
    day = local_time(at).date()
    row = {
        "id": secrets.token_hex(16),
        "street_id": origin.street_id,
        "wave_id": origin.wave_id,
        "phone": wanted.phone,
        "words": said(origin.rows, answers) if wanted.share else "",
        "asked_week": day - timedelta(days=day.weekday()),
        "handled_on": None,
    }
    connection.execute(_INSERT, [row])


def said(rows: InstrumentRows, answers: Mapping[str, str]) -> str:
    """The ticked tags and the words of an answer, redacted, a line for each indicator."""
    instrument = rows.instrument
    names = {indicator.code: indicator.name[0] for indicator in rows.indicators}
    parts: dict[str, list[str]] = {}
    for code in instrument.questions:
        if code not in answers or code not in (*instrument.tag_codes, *instrument.text_codes):
            continue
        said_here = answers[code]
        if code in instrument.tag_codes:
            labels = {option["code"]: option["text"]["zh"] for option in instrument.options(code)}
            said_here = "、".join(labels[tag] for tag in answers[code].split())
        parts.setdefault(instrument.indicator_of(code) or "", []).append(said_here)
    lines = [
        f"{names[indicator]}：{'；'.join(texts)}" if indicator in names else "\n".join(texts)
        for indicator, texts in parts.items()
    ]
    return redact(CONTROLS.sub("", "\n".join(lines))).text


def open_request(request_id: str, *, street_code: str, actor: str, now: datetime) -> str:
    """The number of a request of this street; that it was read goes into the audit trail.

    Raises Refused (404) for a request that is not there or is another street's.
    """
    with transaction() as session:
        phone = str(_of_street(session, request_id, street_code).phone)
        _record(session, "call_back_read", request_id, street_code, actor=actor, now=now)
    return phone


def deal_with(request_id: str, *, street_code: str, actor: str, now: datetime) -> None:
    """Note that a request is dealt with; it is deleted CALL_BACK_DAYS days after. Once is enough.

    Raises Refused (404) for a request that is not there or is another street's.
    """
    with transaction() as session:
        # The case first, as whoever notes the call there: nobody waits in a circle.
        case = session.scalars(
            select(Case).where(Case.contact_request_id == request_id).with_for_update(of=Case)
        ).one_or_none()
        request = _of_street(session, request_id, street_code)
        if request.handled_on is None:
            request.handled_on = local_time(now).date()
            _record(session, "call_back_dealt_with", request_id, street_code, actor=actor, now=now)
        if case is not None and case.called_at is None:
            case.called_at = now
            note(session, case, "called_back", actor=actor, now=now)


def forget_call_backs(*, now: datetime) -> int:
    """Delete the requests that are CALL_BACK_DAYS days past: how many.

    The days count from when a request was dealt with; when nobody did, from the end of its wave.
    The audit trail says how many of which street nobody had dealt with.
    """
    last: date = local_time(now).date() - timedelta(days=current_app.config["CALL_BACK_DAYS"])
    with transaction() as session:
        audit.lock(session)
        dealt_with = delete(ContactRequest).where(ContactRequest.handled_on <= last)
        gone = len(session.execute(dealt_with.returning(ContactRequest.id)).all())
        for wave_id, wave_code in _ended(session, last):
            left_lying = (
                delete(ContactRequest)
                .where(ContactRequest.wave_id == wave_id, ContactRequest.handled_on.is_(None))
                .returning(ContactRequest.street_id)
            )
            by_street = Counter(session.execute(left_lying).scalars())
            gone += by_street.total()
            _record_forgotten(session, by_street, wave_code, now=now)
    return gone


def _ended(session: Any, last: date) -> list[tuple[int, str]]:
    """(id, code) of the waves with open requests that ended on `last`, a local day, or before."""
    waves = session.execute(
        select(Wave.id, Wave.code, Wave.closes_at).where(
            exists().where(ContactRequest.wave_id == Wave.id, ContactRequest.handled_on.is_(None))
        )
    )
    return [(key, code) for key, code, closes in waves if local_time(closes).date() <= last]


def _record_forgotten(
    session: Any, by_street: Mapping[int, int], wave_code: str, *, now: datetime
) -> None:
    if not by_street:
        return
    codes = dict(
        session.execute(select(Street.id, Street.code).where(Street.id.in_(by_street))).all()
    )
    audit.record(
        session,
        actor="worker",
        action="call_backs_forgotten",
        subject=f"wave {wave_code}",
        detail={"not_dealt_with": {codes[key]: count for key, count in by_street.items()}},
        at=now,
    )


def _of_street(session: Any, request_id: str, street_code: str) -> ContactRequest:
    request: ContactRequest | None = session.scalar(
        select(ContactRequest)
        .join(Street, ContactRequest.street_id == Street.id)
        .where(ContactRequest.id == request_id, Street.code == street_code)
    )
    if request is None:
        raise Refused("unknown_request", _l("This request is no longer there."), status=404)
    return request


def _record(
    session: Any, action: str, request_id: str, street_code: str, *, actor: str, now: datetime
) -> None:
    # The key and not the number: the trail is kept for good.
    audit.record(
        session,
        actor=actor,
        action=action,
        subject=f"call-back {request_id}",
        detail={"street": street_code},
        at=now,
    )
