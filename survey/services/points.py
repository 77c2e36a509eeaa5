"""Create, retire, replace and restore collection points: places where a code is shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from survey.database import transaction
from survey.errors import Refused
from survey.models import CHANNELS, CollectionPoint, Street, db
from survey.queries.points import may_take_over, unknown_code
from survey.services import audit
from survey.services.collect import draw_code, normalise_code
from survey.services.tables_in import Rejected, RowsRejected, read_table

POINT_COLUMNS = ("street", "channel", "label_zh", "label_en")
LONGEST_LABEL = 120


@dataclass(frozen=True)
class NewPoint:
    """A point to be made: in which street, of which channel, where it hangs."""

    street: str
    channel: str
    label_zh: str
    label_en: str


@dataclass(frozen=True)
class PointCreated:
    """A point with the code that is printed."""

    code: str
    street: str
    channel: str
    label_zh: str
    label_en: str


def create_points(points: Sequence[NewPoint]) -> tuple[PointCreated, ...]:
    """Store collection points, all or none, each with a new short code.

    Raises Refused for a street or channel that does not exist and for empty or long labels.
    """
    with transaction() as session:
        streets = dict(session.execute(select(Street.code, Street.id)).all())
        for point in points:
            problem = point_problem(point, streets)
            if problem is not None:
                column, reason = problem
                raise Refused("point_wrong", f"{column}: {reason}", status=422)
        codes = free_codes(session, len(points))
        session.add_all(
            CollectionPoint(
                street_id=streets[point.street],
                channel=point.channel,
                short_code=code,
                label_zh=point.label_zh,
                label_en=point.label_en,
            )
            for point, code in zip(points, codes, strict=True)
        )
    return tuple(
        PointCreated(code, point.street, point.channel, point.label_zh, point.label_en)
        for point, code in zip(points, codes, strict=True)
    )


def load_points(path: Path) -> tuple[PointCreated, ...]:
    """Store the points of a CSV file (street, channel, label_zh, label_en), all or none."""
    table = read_table(path, columns=POINT_COLUMNS)
    points, rejected = [], []
    streets = _street_codes()
    for row in table.rows:
        point = NewPoint(**{column: row.cells[column] for column in POINT_COLUMNS})
        problem = point_problem(point, streets)
        if problem is None:
            points.append(point)
        else:
            rejected.append(Rejected(row.number, *problem))
    if rejected:
        raise RowsRejected(table.name, rejected)
    return create_points(points)


def _street_codes() -> set[str]:
    codes = set(db.session.scalars(select(Street.code)))
    db.session.rollback()
    return codes


def point_problem(point: NewPoint, streets: Collection[str]) -> tuple[str, Any] | None:
    """(column, reason) of the first thing wrong with a point; None when it can be made."""
    if point.street not in streets:
        return "street", _l("there is no street %(code)s", code=point.street or "–")
    if point.channel not in CHANNELS:
        return "channel", _l("must be one of %(names)s", names=", ".join(CHANNELS))
    for column in ("label_zh", "label_en"):
        if not 1 <= len(getattr(point, column)) <= LONGEST_LABEL:
            return column, _l("must have 1 to 120 characters")
    return None


def free_codes(session: Any, count: int) -> list[str]:
    """Codes nobody has. They are random: one code must not lead to its neighbours."""
    codes: dict[str, None] = {}
    while len(codes) < count:
        drawn = {draw_code() for _ in range(min(count - len(codes), 500))}
        taken = session.scalars(
            select(CollectionPoint.short_code).where(CollectionPoint.short_code.in_(drawn))
        )
        codes |= dict.fromkeys(sorted(drawn - set(taken) - set(codes)))
    return list(codes)


def retire_point(code: str, *, replaced_by: str | None, actor: str, now: datetime) -> None:
    """Take a code out of use from `now` (UTC) on; `replaced_by` is where it leads people.

    Codes that led to it lead to its successor, so that nobody is sent on twice, and nowhere when
    it has none. Raises Refused for unknown codes, one that is retired already, and a successor
    that cannot stand in.
    """
    with transaction() as session:
        point = _in_use(session, code)
        successor = None if not replaced_by else _successor(session, point, replaced_by)
        point.retired_at = now
        _lead(session, point, successor)
        _record(session, "retire_point", point, actor=actor, now=now)


def replace_point(code: str, *, actor: str, now: datetime) -> str:
    """Take a code out of use and lead to a new one for the same place, which is returned.

    For a code that was spread where it should not be, or whose poster is worn or was misprinted.
    Raises Refused as `retire_point` does, and for a point for slips: those are replaced in print.
    """
    with transaction() as session:
        point = _in_use(session, code)
        if point.channel == "slip":
            raise Refused(
                "slip_point",
                _l(
                    "%(code)s is a point for slips: make the slips void and print new ones.",
                    code=point.short_code,
                ),
                status=409,
            )
        made = CollectionPoint(
            street_id=point.street_id,
            channel=point.channel,
            short_code=free_codes(session, 1)[0],
            label_zh=point.label_zh,
            label_en=point.label_en,
        )
        session.add(made)
        session.flush()
        point.retired_at = now
        _lead(session, point, made)
        _record(session, "replace_point", point, actor=actor, now=now)
        return made.short_code


def repoint(code: str, *, to: str, actor: str, now: datetime) -> None:
    """Let a retired code lead to another point. Raises Refused as `retire_point` does."""
    with transaction() as session:
        point = _point(session, code)
        if point.retired_at is None:
            raise Refused(
                "in_use",
                _l(
                    "%(code)s is in use and serves the open wave by itself; retire it first.",
                    code=point.short_code,
                ),
                status=409,
            )
        _lead(session, point, _successor(session, point, to))
        _record(session, "repoint_point", point, actor=actor, now=now)


def restore_point(code: str, *, actor: str, now: datetime) -> None:
    """Take a retired code back into use. Raises Refused when it is unknown or in use."""
    with transaction() as session:
        point = _point(session, code)
        if point.retired_at is None:
            raise Refused("in_use", _l("%(code)s is in use.", code=point.short_code), status=409)
        point.retired_at = None
        point.replaced_by = None
        _record(session, "restore_point", point, actor=actor, now=now)


def _point(session: Any, code: str) -> CollectionPoint:
    found: CollectionPoint | None = session.scalar(
        select(CollectionPoint)
        .where(CollectionPoint.short_code == normalise_code(code))
        .with_for_update()
    )
    if found is None:
        raise unknown_code(code)
    return found


def _in_use(session: Any, code: str) -> CollectionPoint:
    point = _point(session, code)
    if point.retired_at is not None:
        raise Refused(
            "already_retired",
            _l(
                "%(code)s is out of use already; what can be changed is where it leads.",
                code=point.short_code,
            ),
            status=409,
        )
    return point


def _successor(session: Any, point: CollectionPoint, code: str) -> CollectionPoint:
    """The point that takes the place of another: in use, of the same street, for everybody."""
    found = _point(session, code)
    fits = (
        found.id != point.id
        and found.retired_at is None
        and found.street_id == point.street_id
        and may_take_over(point.channel, found.channel)
    )
    if not fits:
        raise Refused(
            "no_successor",
            _l(
                "%(code)s cannot take its place: that must be another code of the same street, "
                "in use, that hangs somewhere for everybody or is of the same kind.",
                code=found.short_code,
            ),
            status=409,
        )
    return found


def _lead(session: Any, point: CollectionPoint, successor: CollectionPoint | None) -> None:
    session.execute(
        update(CollectionPoint)
        .where(CollectionPoint.replaced_by_id == point.id)
        .values(replaced_by_id=successor.id if successor else None)
    )
    point.replaced_by = successor


def _record(
    session: Any, action: str, point: CollectionPoint, *, actor: str, now: datetime
) -> None:
    leads_to = point.replaced_by.short_code if point.replaced_by else None
    audit.record(
        session,
        actor=actor,
        action=action,
        subject=f"point {point.short_code}",
        detail={"leads_to": leads_to},
        at=now,
    )
