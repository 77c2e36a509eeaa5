"""Read collection points: what is printed of them, and what the office may do with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from survey.errors import Refused
from survey.models import CollectionPoint, District, Street, db
from survey.queries.fieldwork import kept_instrument, point_view

# Channels whose code hangs or lies somewhere for all to see.
DISPLAYED = ("poster", "window", "doorstep")

_successor = aliased(CollectionPoint)


@dataclass(frozen=True)
class PointAdmin:
    """A collection point as the admin sees it. Names are (zh, en)."""

    short_code: str
    channel: str
    label: tuple[str, str]
    street_code: str
    street_name: tuple[str, str]
    retired_at: datetime | None
    #: Where a retired code leads, or None.
    replaced_by: str | None


@dataclass(frozen=True)
class PointChange:
    """A point that is to be retired, led elsewhere or restored, and what hangs on it."""

    point: PointAdmin
    #: The points that can take its place.
    successors: tuple[PointAdmin, ...]
    #: Retired codes that lead to it now.
    led_here: tuple[str, ...]


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


def admin_points(*, street_code: str | None = None) -> tuple[PointAdmin, ...]:
    """Every point, of one street when `street_code` is given; retired ones last. One query."""
    query = (
        select(CollectionPoint, Street, _successor.short_code)
        .join(Street, CollectionPoint.street_id == Street.id)
        .outerjoin(_successor, CollectionPoint.replaced_by_id == _successor.id)
        .order_by(Street.code, CollectionPoint.retired_at.is_not(None), CollectionPoint.id)
    )
    if street_code is not None:
        query = query.where(Street.code == street_code)
    return tuple(
        PointAdmin(
            short_code=point.short_code,
            channel=point.channel,
            label=(point.label_zh, point.label_en),
            street_code=street.code,
            street_name=(street.name_zh, street.name_en),
            retired_at=point.retired_at,
            replaced_by=replaced_by,
        )
        for point, street, replaced_by in db.session.execute(query)
    )


def point_change(code: str) -> PointChange:
    """What can be done with a printed code. Two queries. Raises Refused (404) for unknown ones."""
    street = db.session.scalar(
        select(Street.code)
        .join(CollectionPoint, CollectionPoint.street_id == Street.id)
        .where(CollectionPoint.short_code == code)
    )
    points = {point.short_code: point for point in admin_points(street_code=street or "")}
    if code not in points:
        raise unknown_code(code)
    point = points.pop(code)
    return PointChange(
        point=point,
        successors=tuple(
            other
            for other in points.values()
            if other.retired_at is None and may_take_over(point.channel, other.channel)
        ),
        led_here=tuple(other.short_code for other in points.values() if other.replaced_by == code),
    )


def may_take_over(old_channel: str, new_channel: str) -> bool:
    """Whether people who scan a code of one channel may be led to a code of another.

    An answer is of the channel of the code it is given under: whoever scans a poster must not
    become a paper form or a telephone interview. Slips are one person's chance each.
    """
    return new_channel in DISPLAYED or new_channel == old_channel != "slip"


def unknown_code(code: str) -> Refused:
    """That no point has this code."""
    return Refused(
        "unknown_code", _l("There is no point with the code %(code)s.", code=code), status=404
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
        raise unknown_code(code)
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
