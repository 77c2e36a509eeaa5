"""How long cases take: days to the reply, the plan, done and confirmed, and where the days went.

Cases that are still open count for as long as they are (analysis.durations). The database counts
cases by days, so that a district of 100,000 cases costs a few hundred rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from flask import current_app
from sqlalchemy import (
    Float,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from analysis.durations import DayCount, TimeTo, time_to
from survey.models import Case, CaseEvent, Department, Wave, db
from survey.queries.case_scope import department_id_of, street_id_of
from survey.queries.sql_days import calendar_days, days_between

FEWEST_CASES = 10
"""Cases that a time or a count needs before the public may read it."""

STEPS = ("reply", "plan", "done", "confirmed")
"""What a case's clock runs to, from the day on which something was said."""

#: Where a case's days can go, in the order of its way. "unopened": said, and not a case yet;
#: "done": the office says it is done and residents have not confirmed it.
WAYS = (
    "unopened",
    "received",
    "accepted",
    "planned",
    "not_confirmed",
    "out_of_remit_asked",
    "done",
)
#: In these the days are not the holder's: nobody had it yet, the evaluation office decides,
#: residents are asked.
NOT_THE_HOLDERS = ("unopened", "out_of_remit_asked", "done")
_ENDED = ("confirmed", "out_of_remit")

KEPT = 64
KEPT_MINUTES = 5
"""Times that a process holds, for how long at most; any act on a case ends it at once."""


@dataclass(frozen=True)
class Spent:
    """Days of 24 hours that cases spent in one step (of WAYS) in one office's hands.

    department: its code, None for the street offices; name: the department's (zh, en), empty for
    the streets.
    """

    step: str
    department: str | None
    name: tuple[str, str]
    days: float


@dataclass(frozen=True)
class StepDays:
    """Days of all cases in one step; per_case: their mean over all cases, those without too."""

    step: str
    days: float
    per_case: float


@dataclass(frozen=True)
class HolderDays:
    """Days of all cases in one office's hands, by step; without those that are not its own."""

    department: str | None
    name: tuple[str, str]
    days: float
    per_case: float
    steps: tuple[StepDays, ...]


@dataclass(frozen=True)
class CaseTimes:
    """Times of the cases of a desk or of the district. Calendar days from the day it was said.

    reply: of what one resident said (comments, calls back, messages loaded from elsewhere), to
    the first reply or call. plan, done: of cases kept here; what was done without a plan counts
    as planned then. confirmed: by residents. cases: how many there are, of every kind.
    """

    cases: int
    reply: TimeTo
    plan: TimeTo
    done: TimeTo
    confirmed: TimeTo
    by_step: tuple[StepDays, ...]
    by_holder: tuple[HolderDays, ...]

    @property
    def steps(self) -> tuple[tuple[str, TimeTo], ...]:
        """The four times by name, in the order of the way."""
        return tuple((name, getattr(self, name)) for name in STEPS)


@dataclass(frozen=True)
class _Scope:
    street: str | None
    department: str | None
    wave: str | None

    @cached_property
    def _held(self) -> Any:
        """SQL: cases that the department holds or held; one for all parts, so found once."""
        department = department_id_of(self.department or "")
        events = select(CaseEvent.case_id).where(CaseEvent.department_id == department)
        now = select(Case.id).where(Case.department_id == department)
        return events.union(now).cte("held")

    def condition(self) -> Any:
        """SQL: the case belongs to the scope."""
        wanted: list[Any] = [literal(True)]
        if self.street is not None:
            wanted.append(Case.street_id == street_id_of(self.street))
        if self.department is not None:
            # Whatever went through its hands: its days stay its days after it passed a case on.
            wanted.append(Case.id.in_(select(self._held.c.case_id)))
        if self.wave is not None:
            code = select(Wave.id).where(Wave.code == self.wave).scalar_subquery()
            wanted.append(Case.wave_id == code)
        return and_(*wanted)


def case_times(
    *,
    street_code: str | None = None,
    department_code: str | None = None,
    wave_code: str | None = None,
    fewest: int = 0,
    now: datetime,
) -> CaseTimes:
    """The times of the cases in one street, that one department holds or held, said in one wave,
    or of all; what is given together must all be so.

    fewest: FEWEST_CASES for readers outside the offices; a time of fewer cases has no figures,
    and with fewer cases in all no days are told either. now: UTC, up to when open cases have
    waited.
    Two queries, one when nothing was done on any case since this process last counted.
    """
    scope = _Scope(street_code, department_code, wave_code)
    # Each act on a case leaves an event behind. A slow writer on PostgreSQL may end after one
    # with a higher number: therefore not for long.
    acts = db.session.execute(
        select(
            select(func.max(CaseEvent.id)).scalar_subquery(),
            select(func.max(Case.id)).scalar_subquery(),
        )
    ).one()
    since = now.replace(minute=now.minute // KEPT_MINUTES * KEPT_MINUTES, second=0, microsecond=0)
    key = (tuple(acts), since)
    kept: dict[_Scope, tuple[Any, CaseTimes]]
    kept = current_app.extensions.setdefault("case_times", {})
    found = kept.pop(scope, None)
    if found is None or found[0] != key:
        found = key, _counted(scope, now)
    kept[scope] = found
    while len(kept) > KEPT:
        # Another thread may have taken the same one out.
        kept.pop(next(iter(kept), scope), None)
    return for_outsiders(found[1], fewest=fewest) if fewest else found[1]


def for_outsiders(times: CaseTimes, *, fewest: int = FEWEST_CASES) -> CaseTimes:
    """The same without figures of fewer cases than `fewest`."""
    steps: dict[str, Any] = {
        name: time_to(time.counts, fewest=fewest) for name, time in times.steps
    }
    shown = replace(times, **steps)
    if times.cases < fewest:
        return replace(shown, by_step=(), by_holder=())
    return shown


def _counted(scope: _Scope, now: datetime) -> CaseTimes:
    rows = db.session.execute(
        union_all(
            *(_time(name, scope, now) for name in STEPS), _unopened(scope, now), _spent(scope, now)
        )
    ).all()
    by_days: dict[str, list[DayCount]] = defaultdict(list)
    spent: list[Spent] = []
    cases = 0
    for row in rows:
        if row.days is not None:
            # Said "tomorrow" by a clock that was wrong: the same day.
            days = max(0, row.days)
            ended, still_open = (0, row.cases) if row.is_open else (row.cases, 0)
            by_days[row.step].append(DayCount(days, ended, still_open))
            continue
        if row.step == "unopened":
            cases = row.cases
        # Less than nothing, by a clock that was wrong: nothing, in every sum.
        if row.spent and row.spent > 0:
            spent.append(Spent(row.step, row.code, (row.zh or "", row.en or ""), row.spent))
    return CaseTimes(
        cases=cases,
        **{name: time_to(by_days[name]) for name in STEPS},
        by_step=_by_step(spent, cases),
        by_holder=_by_holder(spent, cases),
    )


def _by_step(spent: Iterable[Spent], cases: int) -> tuple[StepDays, ...]:
    totals: dict[str, float] = defaultdict(float)
    for one in spent:
        totals[one.step] += one.days
    return tuple(
        StepDays(step, totals[step], totals[step] / cases)
        for step in WAYS
        if cases and totals[step] > 0
    )


def _by_holder(spent: Iterable[Spent], cases: int) -> tuple[HolderDays, ...]:
    """Street offices first, then the departments with the most days."""
    own: dict[tuple[str | None, tuple[str, str]], list[Spent]] = defaultdict(list)
    for one in spent:
        if one.step not in NOT_THE_HOLDERS and one.days > 0:
            own[one.department, one.name].append(one)
    holders = []
    for (department, name), parts in own.items():
        days = sum(part.days for part in parts)
        holders.append(
            HolderDays(department, name, days, days / max(1, cases), _by_step(parts, cases))
        )
    return tuple(sorted(holders, key=lambda one: (one.department is not None, -one.days)))


def _row(step: Any, *, cases: Any, **given: Any) -> list[Any]:
    """The columns that every part of the one query has."""
    columns = {
        # PostgreSQL takes the type of a union's column from its first part.
        "days": cast(null(), Integer),
        "is_open": cast(null(), Integer),
        "cases": cases,
        "spent": cast(null(), Float),
        "code": cast(null(), String),
        "zh": cast(null(), String),
        "en": cast(null(), String),
    }
    return [
        step.label("step"),
        *(column.label(name) for name, column in (columns | given).items()),
    ]


def _time(step: str, scope: _Scope, now: datetime) -> Select[Any]:
    """Cases by days to a step and whether they are still open."""
    counted = Case.origin != "loaded"
    if step == "reply":
        counted = Case.origin != "theme"
    reached = {
        "reply": func.coalesce(Case.called_at, Case.replied_at),
        "plan": func.coalesce(Case.planned_at, Case.done_at),
        "done": Case.done_at,
        "confirmed": case((Case.state == "confirmed", Case.settled_at)),
    }[step]
    until = func.coalesce(reached, Case.settled_at, literal(now))
    days = calendar_days(Case.said_on, until, now=now)
    is_open = case((reached.is_(None), 1), else_=0)
    return (
        select(*_row(literal(step), cases=func.count(), days=days, is_open=is_open))
        .where(scope.condition(), counted)
        .group_by("days", "is_open")
    )


def _unopened(scope: _Scope, now: datetime) -> Select[Any]:
    """All cases, and the days before each was one."""
    days = calendar_days(Case.said_on, Case.opened_at, now=now)
    return select(
        *_row(literal("unopened"), cases=func.count(), spent=func.sum(case((days > 0, days))))
    ).where(scope.condition())


def _spent(scope: _Scope, now: datetime) -> Select[Any]:
    """Days from each event to the next of its case, by the state and holder in between."""
    following = func.lead(CaseEvent.at).over(partition_by=CaseEvent.case_id, order_by=CaseEvent.id)
    # A message loaded with its reply has no resident who is asked: its days end there.
    waits = or_(Case.origin != "loaded", CaseEvent.state != "done")
    events = (
        select(
            CaseEvent.state,
            CaseEvent.department_id,
            CaseEvent.at,
            following.label("following"),
            waits.label("waits"),
        )
        .join(Case, Case.id == CaseEvent.case_id)
        .where(scope.condition())
        .subquery()
    )
    ended = func.coalesce(events.c.following, literal(now))
    days = func.sum(days_between(events.c.at, ended))
    return (
        select(
            *_row(
                events.c.state,
                cases=func.count(),
                spent=days,
                code=Department.code,
                zh=Department.name_zh,
                en=Department.name_en,
            )
        )
        .outerjoin(Department, Department.id == events.c.department_id)
        .where(events.c.state.not_in(_ENDED), events.c.waits)
        .group_by(events.c.state, Department.code, Department.name_zh, Department.name_en)
    )
