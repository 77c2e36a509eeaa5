"""Read the ways of a case: who held it for how long, whom it can go to, who was called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from survey.desk import Desk
from survey.formatting import local_time
from survey.models import (
    Case,
    CaseCall,
    Comment,
    ContactRequest,
    Department,
    Indicator,
    Street,
    Theme,
    db,
)
from survey.queries.case_holder import HolderProposal, proposed_holder
from survey.queries.case_views import AT_WORK, CaseEventView, CaseView, Name

# Out of remit is asked before anything was said to be done: who did it has shown whose it is.
BEFORE_DONE = ("received", "accepted", "planned")


@dataclass(frozen=True)
class Hold:
    """A time for which one office held the case. name is (zh, en)."""

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

    case: CaseView
    #: Something of it was due before today and was not done.
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
        return (
            self._acts
            and self.case.state in AT_WORK
            and (self.case.is_held or self.desk.is_evaluator)
        )

    @property
    def may_call(self) -> bool:
        """A street that holds its own case and has accepted it."""
        own = self.desk.street_code is not None and self.desk.street_code == self.case.street_code
        return self._acts and own and self.case.is_held and self.case.state in AT_WORK[1:]

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
        own = self.desk.street_code is not None and self.desk.street_code == self.case.street_code
        return (
            self._acts
            and self.case.state in AT_WORK
            and self.case.escalated_at is None
            and (self.case.is_held or own)
        )

    @property
    def may_ask_out_of_remit(self) -> bool:
        """The holder, before anything was said to be done."""
        return self._acts and self.case.is_held and self.case.state in BEFORE_DONE

    @property
    def may_decide(self) -> bool:
        """The evaluation office, but not the account that asked."""
        return (
            self.desk.is_evaluator
            and self.case.state == "out_of_remit_asked"
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
            return code if code != self.case.department_code and code in self.departments else ""
        if self.proposal.remit == "street" and self.case.department_code and self.case.street_code:
            return "street"
        return ""


def case_paths(
    case: CaseView,
    events: Sequence[CaseEventView],
    *,
    proposal: HolderProposal | None,
    desk: Desk,
    today: date,
) -> CasePaths:
    """The ways of a case that the desk sees. One query.

    events: all of them, the earliest first; proposal: of the duty list, for the form of passing
    on; today: in the district's time zone.
    """
    departments: dict[str, Name] = {}
    calls: list[Call] = []
    for row, call in db.session.execute(
        select(Department, CaseCall)
        .outerjoin(
            CaseCall,
            (CaseCall.department_id == Department.id) & (CaseCall.case_id == case.id),
        )
        .where(Department.district_id == case.district_id)
        .order_by(Department.code, CaseCall.id)
    ):
        name = (row.name_zh, row.name_en)
        if row.is_active:
            departments[row.code] = name
        if call is not None:
            calls.append(
                Call(
                    call.id,
                    row.code,
                    name,
                    call.called_at,
                    call.due_on,
                    call.words,
                    call.came_at,
                    call.answer,
                )
            )
    return CasePaths(
        case=case,
        is_overdue=any(day < today for _what, day in case.due),
        holds=_holds(events, settled_at=case.settled_at),
        calls=tuple(sorted(calls, key=lambda one: one.id)),
        asked=_asked(events) if case.state == "out_of_remit_asked" else None,
        departments=departments,
        proposal=proposal if case.state in AT_WORK else None,
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
    speaker = aliased(Theme)
    row = db.session.execute(
        select(Case, Indicator.code, speaker, Comment, ContactRequest.words)
        .outerjoin(Indicator, Case.indicator_id == Indicator.id)
        .outerjoin(Theme, Case.theme_id == Theme.id)
        .outerjoin(speaker, speaker.id == func.coalesce(Theme.merged_into_id, Theme.id))
        .outerjoin(Comment, Case.comment_id == Comment.id)
        .outerjoin(ContactRequest, Case.contact_request_id == ContactRequest.id)
        .where(Case.id == case_id)
    ).one()
    case, indicator, theme, comment, asked = row
    said = [comment.title, comment.body] if comment else [asked or ""]
    return proposed_holder(
        district_id=case.district_id,
        wave_id=case.wave_id,
        keywords=theme.keywords if theme else (),
        words=(theme.name_zh or theme.label) if theme else "\n".join(said),
        indicator=indicator,
    )


def case_of_call(call_id: int) -> int | None:
    """The case that a call belongs to."""
    found: int | None = db.session.scalar(select(CaseCall.case_id).where(CaseCall.id == call_id))
    return found


def _holds(events: Sequence[CaseEventView], *, settled_at: datetime | None) -> tuple[Hold, ...]:
    starts: list[CaseEventView] = []
    for event in events:
        if not starts or starts[-1].holder_name != event.holder_name:
            starts.append(event)
    ends = [*(event.at for event in starts[1:]), settled_at]
    return tuple(
        Hold(start.holder_name, start.at, until) for start, until in zip(starts, ends, strict=False)
    )


def _asked(events: Sequence[CaseEventView]) -> AskedRemit | None:
    for event in reversed(events):
        if event.action == "out_of_remit_asked":
            return AskedRemit(event.actor, event.at, event.reason, event.words)
    return None


@dataclass(frozen=True)
class OpenCall:
    """A department that was called and has not come. Names are (zh, en)."""

    case_id: int
    street_name: Name
    department_name: Name
    called_at: datetime
    due_on: date
    words: str

    def is_late(self, today: date) -> bool:
        """Whether its last day has passed."""
        return today > self.due_on


def open_calls(*, limit: int = 200) -> tuple[OpenCall, ...]:
    """Calls of all streets that no department has answered, the most urgent first. One query."""
    rows = db.session.execute(
        select(CaseCall, Street, Department)
        .join(Case, CaseCall.case_id == Case.id)
        .join(Street, Case.street_id == Street.id)
        .join(Department, CaseCall.department_id == Department.id)
        .where(CaseCall.came_at.is_(None), Case.settled_at.is_(None))
        .order_by(CaseCall.due_on, CaseCall.id)
        .limit(limit)
    )
    return tuple(
        OpenCall(
            call.case_id,
            (street.name_zh, street.name_en),
            (row.name_zh, row.name_en),
            call.called_at,
            call.due_on,
            call.words,
        )
        for call, street, row in rows
    )
