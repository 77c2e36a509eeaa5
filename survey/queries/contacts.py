"""Read a street's requests to be called back: without the numbers, which are opened one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import current_app
from sqlalchemy import select

from survey.formatting import local_time
from survey.models import ContactRequest, Street, Wave, db


@dataclass(frozen=True)
class CallBackRequest:
    """One request. wave_name is (zh, en)."""

    id: str
    wave_name: tuple[str, str]
    #: Redacted; empty when the resident did not hand it over.
    words: str
    #: Monday of the week in which it was asked for.
    asked_week: date
    handled_on: date | None
    #: The day on which it is deleted: so many days after it was dealt with, or, while it is not,
    #: after the end of its wave.
    forgotten_on: date


def call_back_requests(street_code: str) -> tuple[CallBackRequest, ...]:
    """The requests made to a street: open ones first, the oldest week first. One query.

    Within a week they come in the order of their random keys, never in that of their arrival.
    """
    days = timedelta(days=current_app.config["CALL_BACK_DAYS"])
    # The number is not read here: whoever sees it leaves a line in the audit trail.
    query = (
        select(
            ContactRequest.id,
            Wave.name_zh,
            Wave.name_en,
            ContactRequest.words,
            ContactRequest.asked_week,
            ContactRequest.handled_on,
            Wave.closes_at,
        )
        .join(Street, ContactRequest.street_id == Street.id)
        .join(Wave, ContactRequest.wave_id == Wave.id)
        .where(Street.code == street_code)
        .order_by(
            ContactRequest.handled_on.is_not(None), ContactRequest.asked_week, ContactRequest.id
        )
    )
    return tuple(
        CallBackRequest(
            id=key,
            wave_name=(zh, en),
            words=words,
            asked_week=week,
            handled_on=handled,
            forgotten_on=(handled or local_time(closes).date()) + days,
        )
        for key, zh, en, words, week, handled, closes in db.session.execute(query)
    )
