"""Read the inbox: which cases wait for a desk, what they are about and what is due when.

Every statement begins with `seen_by`: a case that a desk must not see is in no list and no count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date as Day
from sqlalchemy import and_, case, exists, func, literal, null, or_, select, type_coerce
from sqlalchemy.orm import aliased

from survey.desk import Desk
from survey.models import (
    Case,
    CaseCall,
    CaseEvent,
    Comment,
    ContactRequest,
    Department,
    Indicator,
    Street,
    Theme,
    db,
)
from survey.queries.case_scope import department_id_of, held_by, seen_by, street_id_of
from survey.queries.inbox_about import about

PER_PAGE = 50
# What a row shows of a resident's words.
SHOWN = 120
TABS = ("to_do", "waiting", "done", "all")
DUE = ("overdue", "today", "week")
# Holders that are no department.
STREET_OFFICE = "street"

# To be worked on by whoever holds the case; of the rest, somebody else has the word.
AT_WORK = ("received", "accepted", "planned", "not_confirmed")
_NEVER = date(9999, 12, 31)


@dataclass(frozen=True)
class CaseRow:
    """A case as one line. Names are (zh, en), ("", "") where there is none."""

    id: int
    #: ("", ""): a case of the whole district.
    street_name: tuple[str, str]
    #: The department that holds it, else the street.
    holder_name: tuple[str, str]
    origin: str
    state: str
    #: The theme's name or the resident's redacted words, shortened; ("", ""): there are none (any
    #: more).
    what: tuple[str, str]
    indicator_name: tuple[str, str]
    #: UTC.
    opened_at: datetime
    said_on: date
    #: The earliest day on which something is due that was not done; None: nothing is.
    due_on: date | None
    is_escalated: bool
    version: int
    #: Whether a department holds it.
    is_passed: bool = False
    street_code: str | None = None

    def is_overdue(self, today: date) -> bool:
        """Whether the day it was due on has passed; today: in the district's time zone."""
        return self.due_on is not None and self.due_on < today

    def days_left(self, today: date) -> int | None:
        """Days until it is due; negative once that has passed, None when nothing is due."""
        return None if self.due_on is None else (self.due_on - today).days


@dataclass(frozen=True)
class CaseCounts:
    """How many cases a desk has to deal with (the evaluation office: of all desks)."""

    #: Opened, or handed to the desk, since the time that was asked about.
    new: int
    open: int
    due_today: int
    overdue: int


@dataclass(frozen=True)
class InboxFilters:
    """What of the inbox is asked for; "" and None: everything."""

    tab: str = "to_do"
    words: str = ""
    state: str = ""
    #: A street's code.
    street: str = ""
    #: A department's code, or STREET_OFFICE.
    holder: str = ""
    #: An indicator's code.
    indicator: str = ""
    theme: int | None = None
    #: One of DUE.
    due: str = ""
    is_escalated: bool = False
    #: One of survey.models.case.CASE_ORIGINS.
    origin: str = ""


@dataclass(frozen=True)
class InboxPage:
    """One page of a list of cases, what is due first at the top."""

    rows: tuple[CaseRow, ...]
    #: Cases that the filters let through, on all pages.
    total: int
    page: int
    pages: int
    #: {tab: cases}, whatever is filtered.
    tabs: Mapping[str, int]


def due_on() -> Any:
    """SQL: the earliest day on which something of a case is due and was not done; NULL: nothing.

    A call to a resident, an answer, or what a plan promises; nothing once a case is settled.
    """
    far = literal(_NEVER, Day)
    call = case((Case.called_at.is_(None), func.coalesce(Case.call_due_on, far)), else_=far)
    reply = case((Case.replied_at.is_(None), func.coalesce(Case.reply_due_on, far)), else_=far)
    plan = case((Case.state.in_(AT_WORK), func.coalesce(Case.plan_due_on, far)), else_=far)
    first = case((and_(call <= reply, call <= plan), call), (reply <= plan, reply), else_=plan)
    return type_coerce(
        case((Case.settled_at.is_not(None), null()), else_=func.nullif(first, far)), Day
    )


def is_called(desk: Desk) -> Any:
    """SQL: the desk's department was called to a case (吹哨) and has not come."""
    return exists().where(
        CaseCall.case_id == Case.id,
        CaseCall.department_id == department_id_of(desk.department_code or ""),
        CaseCall.came_at.is_(None),
        Case.settled_at.is_(None),
    )


def to_do(desk: Desk) -> Any:
    """SQL: the desk is the one to act: it holds the case and has something to do about it.

    The evaluation office: what waits for its assent, what was escalated to it.
    """
    if desk.sees_all:
        return or_(
            Case.state == "out_of_remit_asked",
            and_(Case.escalated_at.is_not(None), Case.state.in_(AT_WORK)),
        )
    held = and_(held_by(desk), Case.state.in_(AT_WORK))
    return or_(held, is_called(desk)) if desk.department_code is not None else held


def _tab(desk: Desk, tab: str) -> Any:
    if tab == "to_do":
        return to_do(desk)
    if tab == "waiting":
        # Somebody else's turn, residents' apart.
        return and_(~to_do(desk), Case.state.in_((*AT_WORK, "out_of_remit_asked")))
    if tab == "done":
        return Case.state == "done"
    return None


def inbox(
    desk: Desk, *, today: date, filters: InboxFilters = InboxFilters(), page: int = 1
) -> InboxPage:
    """A page of the cases that a desk sees: what is due first, then the oldest.

    today: in the district's time zone; page: from 1 on, a higher one than there are gives the
    last. Two queries, two more when words are searched.
    """
    tabs = tab_counts(desk)
    wanted = _filtered(desk, today=today, filters=filters)
    page = max(1, page)
    rows, total = _rows(wanted, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    if not rows and page > 1:
        _first, total = _rows(wanted, limit=1, offset=0)
        page = max(1, -(-total // PER_PAGE))
        rows, total = _rows(wanted, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    return InboxPage(rows, total, page, max(1, -(-total // PER_PAGE)), tabs)


def inbox_rows(
    desk: Desk, *, today: date, filters: InboxFilters, most: int
) -> tuple[tuple[CaseRow, ...], int]:
    """(the first `most` cases that the filters let through, how many there are on all)."""
    return _rows(_filtered(desk, today=today, filters=filters), limit=most)


def tab_counts(desk: Desk) -> dict[str, int]:
    """{tab: cases}, whatever is filtered. One query."""
    sums = [
        func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
        for tab in TABS[:-1]
        if (condition := _tab(desk, tab)) is not None
    ]
    found = db.session.execute(select(*sums, func.count(Case.id)).where(seen_by(desk))).one()
    return {tab: int(count) for tab, count in zip(TABS, found, strict=True)}


def _filtered(desk: Desk, *, today: date, filters: InboxFilters) -> list[Any]:
    """SQL: the conditions of a list."""
    conditions = [seen_by(desk)]
    tab = _tab(desk, filters.tab)
    if tab is not None:
        conditions.append(tab)
    if filters.state:
        conditions.append(Case.state == filters.state)
    if filters.street:
        conditions.append(Case.street_id == street_id_of(filters.street))
    if filters.holder == STREET_OFFICE:
        conditions.append(Case.department_id.is_(None))
    elif filters.holder:
        conditions.append(Case.department_id == department_id_of(filters.holder))
    if filters.indicator:
        indicator = select(Indicator.id).where(Indicator.code == filters.indicator)
        conditions.append(Case.indicator_id == indicator.scalar_subquery())
    if filters.theme is not None:
        speaking = select(Theme.id).where(
            func.coalesce(Theme.merged_into_id, Theme.id) == filters.theme
        )
        conditions.append(Case.theme_id.in_(speaking))
    if filters.origin:
        conditions.append(Case.origin == filters.origin)
    if filters.is_escalated:
        conditions.append(Case.escalated_at.is_not(None))
    if filters.due in DUE:
        last = {"overdue": today - timedelta(days=1), "today": today}
        conditions.append(due_on() <= last.get(filters.due, today + timedelta(days=6)))
    if filters.due == "today":
        conditions.append(due_on() >= today)
    if filters.words:
        said = about(filters.words)
        # What says nothing to look for finds nothing: all cases would look like an answer.
        conditions.append(said if said is not None else literal(False))
    return conditions


def _rows(conditions: list[Any], *, limit: int, offset: int = 0) -> tuple[tuple[CaseRow, ...], int]:
    """The rows of one page and how many there are on all. One query."""
    due = due_on().label("due")
    # Counted for itself: beside a window the database carries every case through it to show fifty.
    total = select(func.count(Case.id)).where(*conditions).scalar_subquery()
    chosen = (
        select(Case.id, due, total.label("total"))
        .where(*conditions)
        .order_by(func.coalesce(due, literal(_NEVER, Day)), Case.opened_at, Case.id)
        .limit(limit)
        .offset(offset)
        .subquery()
    )
    own, speaker = aliased(Theme), aliased(Theme)
    found = db.session.execute(
        select(
            Case,
            chosen.c.due,
            chosen.c.total,
            Street.code,
            Street.name_zh,
            Street.name_en,
            Department.name_zh,
            Department.name_en,
            Indicator.name_zh,
            Indicator.name_en,
            speaker.name_zh,
            speaker.name_en,
            speaker.keywords,
            func.substr(Comment.title, 1, SHOWN),
            func.substr(Comment.body, 1, SHOWN + 1),
            func.substr(ContactRequest.words, 1, SHOWN + 1),
        )
        .join(chosen, chosen.c.id == Case.id)
        .outerjoin(Street, Street.id == Case.street_id)
        .outerjoin(Department, Department.id == Case.department_id)
        .outerjoin(Indicator, Indicator.id == Case.indicator_id)
        .outerjoin(own, own.id == Case.theme_id)
        .outerjoin(speaker, speaker.id == func.coalesce(own.merged_into_id, own.id))
        .outerjoin(Comment, Comment.id == Case.comment_id)
        .outerjoin(ContactRequest, ContactRequest.id == Case.contact_request_id)
        .order_by(chosen.c.due.is_(None), chosen.c.due, Case.opened_at, Case.id)
    ).all()
    return tuple(_row(*row) for row in found), int(found[0].total) if found else 0


def _row(one: Case, due: date | None, _total: int, code: str | None, *more: Any) -> CaseRow:
    street = (more[0] or "", more[1] or "")
    department = (more[2] or "", more[3] or "")
    return CaseRow(
        id=one.id,
        street_name=street,
        holder_name=department if one.department_id is not None else street,
        origin=one.origin,
        state=one.state,
        what=_what(*more[6:]),
        indicator_name=(more[4] or "", more[5] or ""),
        opened_at=one.opened_at,
        said_on=one.said_on,
        due_on=due,
        is_escalated=one.escalated_at is not None,
        version=one.version,
        is_passed=one.department_id is not None and one.street_id is not None,
        street_code=code,
    )


def _what(
    name_zh: str | None,
    name_en: str | None,
    keywords: list[str] | None,
    title: str | None,
    body: str | None,
    request: str | None,
) -> tuple[str, str]:
    """What a case is about in a few words. A theme that nobody named goes by its keywords: its
    label is the opening of one resident's own words."""
    if keywords is not None:
        told = "、".join(keywords)
        return name_zh or name_en or told, name_en or name_zh or told
    said = shortened(title or body or request or "")
    return said, said


def shortened(text: str, most: int = SHOWN) -> str:
    """The opening of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def due_cases(desk: Desk, *, today: date, limit: int = 8) -> tuple[CaseRow, ...]:
    """What the desk has to do next, what is due first at the top. One query.

    The evaluation office: what waits for it, and what is overdue anywhere.
    """
    mine = to_do(desk)
    if desk.sees_all:
        mine = or_(mine, due_on() < today)
    rows, _total = _rows([seen_by(desk), mine], limit=limit)
    return rows


def case_counts(desk: Desk, *, today: date, since: datetime | None) -> CaseCounts:
    """How much there is to do. One query.

    since: UTC, what came later is new; None: nothing is. For the evaluation office the cases of
    every desk count, for a street those it sees, for a department those it holds or is called to.
    """
    mine = seen_by(desk)
    if desk.department_code is not None and not desk.sees_all:
        mine = or_(held_by(desk), is_called(desk))
    is_open = Case.state.in_((*AT_WORK, "out_of_remit_asked"))
    due = due_on()
    came = Case.opened_at >= since if since is not None else literal(False)
    if since is not None and desk.department_code is not None:
        department = department_id_of(desk.department_code)
        came = or_(
            came,
            exists().where(
                CaseEvent.case_id == Case.id,
                CaseEvent.action == "passed",
                CaseEvent.department_id == department,
                CaseEvent.at >= since,
            ),
            exists().where(
                CaseCall.case_id == Case.id,
                CaseCall.department_id == department,
                CaseCall.called_at >= since,
            ),
        )

    def counted(condition: Any) -> Any:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    found = db.session.execute(
        select(
            counted(came),
            counted(is_open),
            counted(and_(is_open, due == today)),
            counted(and_(is_open, due < today)),
        ).where(mine)
    ).one()
    return CaseCounts(*(int(value) for value in found))
