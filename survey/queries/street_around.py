"""Read what stands around a street's figures, in one query: conditions, points, cases."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Date,
    Float,
    Integer,
    String,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from analysis.estimate import wilson
from survey.models import Case, CollectionPoint, StreetCondition, db
from survey.queries.inbox import due_on
from survey.queries.sql_days import calendar_days
from survey.queries.views import StreetView


@dataclass(frozen=True)
class ConditionHere:
    """A resource or condition of a street beside the median of the others of its peer group.

    Names and units are (zh, en). shown: the value for `per` residents, as it is where per is 0;
    median: of the same among `peers` other streets, None without any.
    """

    code: str
    name: tuple[str, str]
    unit: tuple[str, str]
    value: float
    shown: float
    per: int
    median: float | None
    peers: int
    as_of: date | None
    source: str


@dataclass(frozen=True)
class PointHere:
    """A collection point of the street that is in use. label is (zh, en)."""

    id: int
    channel: str
    label: tuple[str, str]


@dataclass(frozen=True)
class CaseStanding:
    """The cases of a street, whoever holds them.

    answered: cases whose answer was due or was given, of which in_time by the day it was due.
    """

    open: int
    overdue: int
    closed: int
    answered: int
    in_time: int

    @property
    def total(self) -> int:
        """All cases."""
        return self.open + self.closed

    @property
    def share(self) -> float | None:
        """Answered in time, 0 … 1; None: nothing was due."""
        return self.in_time / self.answered if self.answered else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share."""
        return wilson(self.share or 0.0, max(1, self.answered), confidence=0.95)


@dataclass(frozen=True)
class Around:
    """What stands around a street's figures."""

    conditions: tuple[ConditionHere, ...]
    points: tuple[PointHere, ...]
    cases: CaseStanding


def street_around(
    street: StreetView, streets: Sequence[StreetView], *, today: date, now: datetime
) -> Around:
    """Read it. One query. streets: all of the district; today: its day; now: UTC."""
    keys = [one.id for one in streets]
    rows = db.session.execute(
        union_all(_conditions(keys), _points(street.id), _cases(street.id, today, now))
    ).all()
    by_kind: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_kind[row.kind].append(row)
    return Around(
        conditions=_compared(by_kind["condition"], street, streets),
        points=tuple(
            PointHere(row.number, row.code, (row.zh, row.en))
            for row in sorted(by_kind["point"], key=lambda row: row.number)
        ),
        cases=_standing(by_kind["case"]),
    )


def _row(kind: str, **given: Any) -> list[Any]:
    """The columns that every part of the one query has."""
    columns: dict[str, Any] = {
        # PostgreSQL takes the type of a union's column from its first part.
        "key": cast(null(), Integer),
        "street_id": cast(null(), Integer),
        "code": cast(null(), String),
        "zh": cast(null(), String),
        "en": cast(null(), String),
        "unit_zh": cast(null(), String),
        "unit_en": cast(null(), String),
        "value": cast(null(), Float),
        "number": cast(null(), Integer),
        "as_of": cast(null(), Date),
        "source": cast(null(), String),
    }
    return [
        literal(kind).label("kind"),
        *(column.label(name) for name, column in (columns | given).items()),
    ]


def _conditions(streets: Sequence[int]) -> Any:
    one = StreetCondition
    return select(
        *_row(
            "condition",
            key=one.id,
            street_id=one.street_id,
            code=one.code,
            zh=one.name_zh,
            en=one.name_en,
            unit_zh=one.unit_zh,
            unit_en=one.unit_en,
            value=one.value,
            number=one.per_residents,
            as_of=one.as_of,
            source=one.source,
        )
    ).where(one.street_id.in_(streets))


def _points(street_id: int) -> Any:
    one = CollectionPoint
    return select(
        *_row("point", number=one.id, code=one.channel, zh=one.label_zh, en=one.label_en)
    ).where(one.street_id == street_id, one.retired_at.is_(None))


def _cases(street_id: int, today: date, now: datetime) -> Any:
    """Cases counted by whether they are closed or overdue, and were answered in time."""
    due = due_on()
    state = case(
        (Case.settled_at.is_not(None) | (Case.state == "done"), "closed"),
        (due < today, "overdue"),
        else_="open",
    )
    in_time = answered_in_time(today, now)
    found = (
        select(state.label("state"), in_time.label("in_time"))
        .where(Case.street_id == street_id)
        .subquery()
    )
    return select(
        *_row("case", code=found.c.state, zh=found.c.in_time, number=func.count())
    ).group_by(found.c.state, found.c.in_time)


def answered_in_time(today: date, now: datetime) -> Any:
    """SQL: "yes" or "no" of a case whose answer was due or was given, "none" of every other.

    Who was called back was answered, too. today: the district's; now: UTC.
    """
    answered = func.coalesce(Case.replied_at, Case.called_at)
    return case(
        (Case.reply_due_on.is_(None), "none"),
        (
            answered.is_not(None),
            case((calendar_days(Case.reply_due_on, answered, now=now) <= 0, "yes"), else_="no"),
        ),
        (Case.reply_due_on < today, "no"),
        else_="none",
    )


def _standing(rows: Sequence[Any]) -> CaseStanding:
    states: dict[str, int] = defaultdict(int)
    in_time: dict[str, int] = defaultdict(int)
    for row in rows:
        states[row.code] += row.number
        in_time[row.zh] += row.number
    return CaseStanding(
        open=states["open"] + states["overdue"],
        overdue=states["overdue"],
        closed=states["closed"],
        answered=in_time["yes"] + in_time["no"],
        in_time=in_time["yes"],
    )


def _compared(
    rows: Sequence[Any], street: StreetView, streets: Sequence[StreetView]
) -> tuple[ConditionHere, ...]:
    peers = {
        one.id: one
        for one in streets
        if one.peer_group == street.peer_group and one.id != street.id
    }
    others: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row.street_id in peers and _can_be_shown(row, peers[row.street_id].population):
            others[row.code].append(_for_residents(row, peers[row.street_id].population))
    return tuple(
        ConditionHere(
            code=row.code,
            name=(row.zh, row.en),
            unit=(row.unit_zh, row.unit_en),
            value=row.value,
            shown=_for_residents(row, street.population),
            per=row.number,
            median=statistics.median(others[row.code]) if others[row.code] else None,
            peers=len(others[row.code]),
            as_of=row.as_of,
            source=row.source,
        )
        for row in sorted(rows, key=lambda row: row.key or 0)
        if row.street_id == street.id and _can_be_shown(row, street.population)
    )


def _can_be_shown(row: Any, population: int) -> bool:
    return not row.number or population > 0


def _for_residents(row: Any, population: int) -> float:
    return float(row.value * row.number / population if row.number else row.value)
