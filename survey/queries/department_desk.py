"""Read a department's desk: the problems given to it in a wave, and the calls it has to follow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, func, or_, select

from survey.models import (
    Case,
    CaseCall,
    Department,
    Indicator,
    Street,
    Theme,
    ThemePeriod,
    db,
)
from survey.queries.case_scope import department_id_of
from survey.queries.waves import WaveView

Name = tuple[str, str]


@dataclass(frozen=True)
class ProblemView:
    """A problem of many streets, or one that is the department's task. Names are (zh, en)."""

    theme_id: int
    name: Name
    keywords: tuple[str, ...]
    is_common: bool
    is_confirmed: bool
    indicator_name: Name
    department_name: Name
    department_code: str | None
    #: m, over the streets, with what was loaded from elsewhere.
    mentions: int
    streets: int
    #: The district's own unsettled case about it, and its state.
    case_id: int | None
    case_state: str | None


@dataclass(frozen=True)
class CallView:
    """A call of a street to come and help (吹哨) that was not followed."""

    case_id: int
    street_name: Name
    words: str
    due_on: date


def problems(wave: WaveView, *, department: str | None) -> tuple[ProblemView, ...]:
    """The problems given to a department, or all common ones; most mentioned first. One query.

    department: its code; None: the common problems of all of them.
    """
    said = func.sum(ThemePeriod.mentions + ThemePeriod.mentions_loaded)
    counted = (
        select(
            ThemePeriod.theme_id,
            said.label("mentions"),
            func.count(func.distinct(ThemePeriod.street_id)).label("streets"),
        )
        .where(
            ThemePeriod.wave_id == wave.id,
            ThemePeriod.mentions + ThemePeriod.mentions_loaded > 0,
        )
        .group_by(ThemePeriod.theme_id)
        .subquery()
    )
    given: Any = Theme.scope == "common"
    if department is not None:
        # A common problem that nobody leads yet is shown to all who may be asked to.
        given = or_(
            and_(
                or_(Theme.scope == "common", Theme.remit == "department"),
                Theme.department_id == department_id_of(department),
            ),
            and_(Theme.scope == "common", Theme.department_id.is_(None)),
        )
    is_open = and_(
        Case.theme_id == Theme.id,
        Case.origin == "theme",
        Case.street_id.is_(None),
        Case.settled_at.is_(None),
    )
    rows = db.session.execute(
        select(
            Theme,
            Indicator.name_zh,
            Indicator.name_en,
            Department.name_zh,
            Department.name_en,
            Department.code,
            counted.c.mentions,
            counted.c.streets,
            Case.id,
            Case.state,
        )
        .join(counted, counted.c.theme_id == Theme.id)
        .outerjoin(Indicator, Indicator.id == Theme.indicator_id)
        .outerjoin(Department, Department.id == Theme.department_id)
        .outerjoin(Case, is_open)
        .where(given, Theme.status.not_in(("dismissed", "merged")))
        .order_by(counted.c.mentions.desc(), Theme.id)
    ).all()
    return tuple(_problem(*row) for row in rows)


def _problem(theme: Theme, *found: Any) -> ProblemView:
    # Until somebody named it: its label is the opening of one resident's own words.
    told = "、".join(theme.keywords)
    return ProblemView(
        theme_id=theme.id,
        name=(theme.name_zh or theme.name_en or told, theme.name_en or theme.name_zh or told),
        keywords=tuple(theme.keywords),
        is_common=theme.scope == "common",
        is_confirmed=theme.status == "confirmed",
        indicator_name=(found[0] or "", found[1] or ""),
        department_name=(found[2] or "", found[3] or ""),
        department_code=found[4],
        mentions=int(found[5]),
        streets=int(found[6]),
        case_id=found[7],
        case_state=found[8],
    )


def calls_to_come(department: str) -> tuple[CallView, ...]:
    """Where the department was called to and did not come, what is due first. One query."""
    rows = db.session.execute(
        select(CaseCall, Street.name_zh, Street.name_en)
        .join(Case, Case.id == CaseCall.case_id)
        .outerjoin(Street, Street.id == Case.street_id)
        .where(
            CaseCall.department_id == department_id_of(department),
            CaseCall.came_at.is_(None),
            Case.settled_at.is_(None),
        )
        .order_by(CaseCall.due_on, CaseCall.id)
    ).all()
    return tuple(
        CallView(call.case_id, (zh or "", en or ""), call.words, call.due_on)
        for call, zh, en in rows
    )
