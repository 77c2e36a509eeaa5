"""Read collection points for what is printed of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select

from survey.errors import Refused
from survey.models import CollectionPoint, District, Street, db
from survey.queries.fieldwork import kept_instrument, point_view

# Channels whose code hangs or lies somewhere for all to see.
DISPLAYED = ("poster", "window", "doorstep")


@dataclass(frozen=True)
class Poster:
    """All that a poster says of its point. Names are (zh, en)."""

    short_code: str
    #: The full address in the QR code, and the shorter thing to type.
    address: str
    label: tuple[str, str]
    street_code: str
    street_name: tuple[str, str]
    district_name: tuple[str, str]
    is_demo: bool
    #: Questions about the street, and how long they take.
    questions: int
    minutes: int


def _points() -> Select[Any]:
    return (
        select(CollectionPoint.short_code)
        .join(Street, CollectionPoint.street_id == Street.id)
        .join(District, Street.district_id == District.id)
        .where(CollectionPoint.retired_at.is_(None))
        .order_by(Street.code, CollectionPoint.id)
    )


def posters(*, street: str | None = None, code: str | None = None) -> tuple[Poster, ...]:
    """The posters of the points in use that are displayed, or of one code, by street."""
    found = _points()
    if code is None:
        found = found.where(CollectionPoint.channel.in_(DISPLAYED))
    if street is not None:
        found = found.where(Street.code == street)
    if code is not None:
        found = found.where(CollectionPoint.short_code == code)
    return tuple(poster(short_code) for short_code in db.session.scalars(found).all())


def poster(code: str) -> Poster:
    """The poster of one point. Raises Refused (404, 410) when there is none or it is retired."""
    point = point_view(code)
    if point is None:
        raise Refused(
            "unknown_code", _l("There is no point with the code %(code)s.", code=code), status=404
        )
    if point.retired_at is not None:
        raise Refused(
            "retired_code",
            _l("The code %(code)s is no longer in use, so it is not printed.", code=code),
            status=410,
        )
    if point.channel == "slip":
        raise Refused(
            "slip_point",
            _l("%(code)s is a point for slips: print sheets of slips for it.", code=code),
            status=409,
        )
    questions, minutes = 5, 1
    if point.questionnaire_id is not None:
        instrument = kept_instrument(point.questionnaire_id).instrument
        questions = len({q for items in instrument.indicator_items.values() for q in items})
        minutes = int(instrument.document.get("minutes", 1))
    return Poster(
        short_code=point.short_code,
        address=f"{current_app.config['BASE_URL']}/s/{point.short_code}",
        label=point.label,
        street_code=point.street_code,
        street_name=point.street_name,
        district_name=point.district_name,
        is_demo=point.is_demo,
        questions=questions,
        minutes=minutes,
    )


def first_open_point() -> str | None:
    """The code of a poster that can be answered now, for the list of addresses; or None."""
    from survey.models import Wave

    return db.session.scalar(
        select(CollectionPoint.short_code)
        .join(Street, CollectionPoint.street_id == Street.id)
        .join(Wave, Wave.district_id == Street.district_id)
        .where(
            Wave.status == "open",
            CollectionPoint.channel == "poster",
            CollectionPoint.retired_at.is_(None),
        )
        .order_by(Street.code, CollectionPoint.id)
        .limit(1)
    )
