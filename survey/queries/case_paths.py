"""Read the ways of a case: who held it for how long, whom it can go to, who was called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from survey.desk import Desk
from survey.formatting import local_time
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
from survey.queries.case_holder import HolderProposal, proposed_holder
from survey.queries.case_scope import held_by, seen_by

# Who holds the case can do something about it.
AT_WORK = ("received", "accepted", "planned", "not_confirmed")
# Out of remit is asked before anything was said to be done: who did it has shown whose it is.
BEFORE_DONE = ("received", "accepted", "planned")

Name = tuple[str, str]


@dataclass(frozen=True)
class Hold:
    """A time for which one office held the case. name is (zh, en)."""

    #: None: the street office.
    department_code: str | None
    name: Name
    #: UTC; until None: still.
    since: datetime
    until: datetime | None

    def days(self, now: datetime) -> float:
        """How long, in days; what is still going on lasts until now (UTC)."""
        return ((self.until or now) - self.since).total_seconds() / 86400


@dataclass(frozen=True)
class Call:
    """A department that was called to help (吹哨), and whether it came (报到). Times are UTC."""

    id: int
    department_code: str
    department_name: Name
    called_at: datetime
    due_on: date
    words: str
    came_at: datetime | None
    answer: str

    def is_late(self, today: date) -> bool:
        """It has not come and its last day has passed; or it came later than that."""
        if self.came_at is not None:
            return local_time(self.came_at).date() > self.due_on
        return today > self.due_on


@dataclass(frozen=True)
class AskedRemit:
    """That the holder says the case is out of remit, and what the case goes back to if not."""

    actor: str
    at: datetime
    reason: str
    words: str


@dataclass(frozen=True)
class CasePaths:
    """The ways of one case as one desk sees them."""

    case_id: int
    version: int
    state: str
    #: None: common to the streets.
    street_code: str | None
    street_name: Name
    department_code: str | None
    holder_name: Name
    is_held: bool
    escalated_at: datetime | None
    is_overdue: bool
    holds: tuple[Hold, ...]
    calls: tuple[Call, ...]
    asked: AskedRemit | None
    #: {code: (zh, en)} of the departments in use.
    departments: dict[str, Name]
    proposal: HolderProposal | None
    desk: Desk
    today: date

    @property
    def _acts(self) -> bool:
        return not self.desk.only_reads or self.desk.is_evaluator

    @property
    def may_pass(self) -> bool:
        """The holder hands it on; the evaluation office assigns it."""
        return self._acts and self.state in AT_WORK and (self.is_held or self.desk.is_evaluator)

    @property
    def may_call(self) -> bool:
        """A street that holds its own case and has accepted it."""
        own = self.desk.street_code is not None and self.desk.street_code == self.street_code
        return self._acts and own and self.is_held and self.state in AT_WORK[1:]

    @property
    def open_call(self) -> Call | None:
        """The call that this department has yet to answer; the oldest."""
        mine = (
            call
            for call in self.calls
            if call.department_code == self.desk.department_code and call.came_at is None
        )
        return next(mine, None)

    @property
    def has_late_call(self) -> bool:
        """A department was called and did not come in time."""
        return any(call.came_at is None and call.is_late(self.today) for call in self.calls)

    @property
    def may_escalate(self) -> bool:
        """The holder, or the street whose case it is."""
        own = self.desk.street_code is not None and self.desk.street_code == self.street_code
        return (
            self._acts
            and self.state in AT_WORK
            and self.escalated_at is None
            and (self.is_held or own)
        )

    @property
    def may_ask_out_of_remit(self) -> bool:
        """The holder, before anything was said to be done."""
        return self._acts and self.is_held and self.state in BEFORE_DONE

    @property
    def may_decide(self) -> bool:
        """The evaluation office, but not the account that asked."""
        return (
            self.desk.is_evaluator
            and self.state == "out_of_remit_asked"
            and self.asked is not None
            and self.asked.actor != self.desk.username
        )

    @property
    def chosen(self) -> str:
        """What is preselected in the form of passing on: "street", a department's code, or ""."""
        if self.proposal is None:
            return ""
        if self.proposal.remit == "department":
            code = self.proposal.department_code or ""
            return code if code != self.department_code and code in self.departments else ""
        if self.proposal.remit == "street" and self.department_code and self.street_code:
            return "street"
        return ""


def case_paths(case_id: int, desk: Desk, *, today: date) -> CasePaths | None:
    """The ways of a case; None when it is not there or the desk does not see it.

    At most six queries. today: in the district's time zone.
    """
    row = db.session.execute(
        select(
            Case, Street, Department, Indicator.code, Theme, Comment, ContactRequest.words,
            held_by(desk).label("is_held"),
        )
        .outerjoin(Street, Case.street_id == Street.id)
        .outerjoin(Department, Case.department_id == Department.id)
        .outerjoin(Indicator, Case.indicator_id == Indicator.id)
        .outerjoin(Theme, Case.theme_id == Theme.id)
        .outerjoin(Comment, Case.comment_id == Comment.id)
        .outerjoin(ContactRequest, Case.contact_request_id == ContactRequest.id)
        .where(Case.id == case_id, seen_by(desk))
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    case, street, holder = row.Case, row.Street, row.Department
    known = {
        one.id: one
        for one in db.session.scalars(
            select(Department)
            .where(Department.district_id == case.district_id)
            .order_by(Department.code)
        )
    }
    street_name = (street.name_zh, street.name_en) if street else ("", "")
    events = db.session.scalars(
        select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id)
    ).all()
    wanted = case.state in AT_WORK
    return CasePaths(
        case_id=case.id,
        version=case.version,
        state=case.state,
        street_code=street.code if street else None,
        street_name=street_name,
        department_code=holder.code if holder else None,
        holder_name=(holder.name_zh, holder.name_en) if holder else street_name,
        is_held=bool(row.is_held),
        escalated_at=case.escalated_at,
        is_overdue=is_overdue(case, today),
        holds=_holds(events, known, street_name, settled_at=case.settled_at),
        calls=_calls(case_id, known),
        asked=_asked(events) if case.state == "out_of_remit_asked" else None,
        departments={
            one.code: (one.name_zh, one.name_en) for one in known.values() if one.is_active
        },
        proposal=_proposal(row) if wanted else None,
        desk=desk,
        today=today,
    )


def is_overdue(case: Case, today: date) -> bool:
    """Whether something of a case was due before today and was not done."""
    unmet = (
        (case.call_due_on, case.called_at is not None),
        (case.reply_due_on, case.replied_at is not None),
        (case.plan_due_on, case.state not in AT_WORK),
    )
    is_over = any(due is not None and due < today and not met for due, met in unmet)
    return case.settled_at is None and is_over


def duty_proposal(case_id: int) -> HolderProposal:
    """Whose task a case is by the duty list and what it is about. Three queries."""
    row = db.session.execute(
        select(Case, Indicator.code, Theme, Comment, ContactRequest.words)
        .outerjoin(Indicator, Case.indicator_id == Indicator.id)
        .outerjoin(Theme, Case.theme_id == Theme.id)
        .outerjoin(Comment, Case.comment_id == Comment.id)
        .outerjoin(ContactRequest, Case.contact_request_id == ContactRequest.id)
        .where(Case.id == case_id)
    ).one()
    return _proposal(row)


def case_of_call(call_id: int) -> int | None:
    """The case that a call belongs to."""
    found: int | None = db.session.scalar(select(CaseCall.case_id).where(CaseCall.id == call_id))
    return found


def _proposal(row: Any) -> HolderProposal:
    theme, comment = row.Theme, row.Comment
    said = [theme.name_zh or theme.label] if theme else []
    if comment is not None:
        said += [comment.title or "", comment.body]
    return proposed_holder(
        district_id=row.Case.district_id,
        wave_id=row.Case.wave_id,
        keywords=theme.keywords if theme else (),
        words=" ".join([*said, row.words or ""]).strip(),
        indicator=row.code,
    )


def _holds(
    events: Sequence[CaseEvent],
    known: dict[int, Department],
    street_name: Name,
    *,
    settled_at: datetime | None,
) -> tuple[Hold, ...]:
    starts: list[CaseEvent] = []
    for event in events:
        if not starts or starts[-1].department_id != event.department_id:
            starts.append(event)
    found = []
    ends = [*(event.at for event in starts[1:]), settled_at]
    for start, until in zip(starts, ends, strict=True):
        holder = known.get(start.department_id or 0)
        name = (holder.name_zh, holder.name_en) if holder else street_name
        found.append(Hold(holder.code if holder else None, name, start.at, until))
    return tuple(found)


def _calls(case_id: int, known: dict[int, Department]) -> tuple[Call, ...]:
    rows = db.session.scalars(
        select(CaseCall).where(CaseCall.case_id == case_id).order_by(CaseCall.id)
    )
    return tuple(
        Call(
            id=row.id,
            department_code=known[row.department_id].code,
            department_name=(known[row.department_id].name_zh, known[row.department_id].name_en),
            called_at=row.called_at,
            due_on=row.due_on,
            words=row.words,
            came_at=row.came_at,
            answer=row.answer,
        )
        for row in rows
    )


def _asked(events: Sequence[CaseEvent]) -> AskedRemit | None:
    for event in reversed(events):
        if event.action == "out_of_remit_asked":
            return AskedRemit(event.actor, event.at, event.reason, event.words)
    return None
