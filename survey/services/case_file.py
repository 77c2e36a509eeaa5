"""Take a case in hand and note what was done: what every act on a case begins and ends with."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey.desk import Desk
from survey.errors import Refused
from survey.formatting import local_time
from survey.models import Case, CaseEvent, Department
from survey.queries.case_scope import held_by, seen_by
from survey.services import audit
from survey.services.theme_promises import refresh_promises

# Acts of an office after which more or less is promised about a case's theme.
CHANGE_PROMISES = (
    "planned",
    "done",
    "out_of_remit_asked",
    "out_of_remit_agreed",
    "out_of_remit_refused",
)


def take(session: Any, case_id: int, *, desk: Desk, version: int, as_holder: bool = True) -> Case:
    """The case, locked for this transaction, for a desk that saw its state `version`.

    as_holder: only who holds the case may go on; the evaluation office and, for what a street may
    do with a case of its own that a department holds, callers pass False and look themselves.
    Raises Refused: 404 unknown_case for one that is not there or that the desk does not see, 403
    not_the_holder, 409 changed_meanwhile with the present version in the details.
    """
    case: Case | None = session.scalars(
        select(Case)
        .where(Case.id == case_id, seen_by(desk))
        .with_for_update(of=Case)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if case is None:
        raise Refused("unknown_case", _l("There is no such case on this desk."), status=404)
    if (
        as_holder
        and session.scalar(select(Case.id).where(Case.id == case_id, held_by(desk))) is None
    ):
        raise Refused(
            "not_the_holder",
            _l("Another office holds this case. Only the office that holds it can do this."),
            status=403,
        )
    if case.version != version:
        raise Refused(
            "changed_meanwhile",
            _l(
                "Somebody changed this case while you had it open. Nothing of yours was stored; "
                "look at what was done below and decide again."
            ),
            status=409,
            details={"version": case.version},
        )
    return case


def note(
    session: Any,
    case: Case,
    action: str,
    *,
    actor: str,
    now: datetime,
    state: str = "",
    words: str = "",
    reason: str = "",
    due_on: date | None = None,
) -> CaseEvent:
    """Put an act on record, with the state after it; the case's version goes up by one.

    action: one of survey.models.CASE_ACTIONS; state: the new one, "" leaves it; now: UTC. Whoever
    changes the holder sets case.department_id before.
    """
    if state:
        case.state = state
    case.version += 1
    event = CaseEvent(
        case_id=case.id,
        at=now,
        actor=actor[:80],
        action=action,
        state=case.state,
        department_id=case.department_id,
        words=words,
        reason=reason,
        due_on=due_on,
    )
    session.add(event)
    session.flush()
    return event


def record(
    session: Any,
    case: Case,
    action: str,
    *,
    desk: Desk,
    now: datetime,
    state: str = "",
    words: str = "",
    reason: str = "",
    due_on: date | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Note what a desk did, as `note` does, in the audit trail too, and set what is promised.

    The audit trail is told no words: those stay in the case. detail: what it is told besides.
    """
    note(
        session,
        case,
        action,
        actor=desk.username,
        now=now,
        state=state,
        words=words,
        reason=reason,
        due_on=due_on,
    )
    told: dict[str, Any] = {"state": case.state, "round": case.round}
    if due_on is not None:
        told["due_on"] = due_on.isoformat()
    audit.record(
        session,
        actor=desk.username,
        action=f"case_{action}",
        subject=f"case {case.id}",
        detail=told | (detail or {}),
        at=now,
    )
    if case.theme_id is not None and action in CHANGE_PROMISES:
        refresh_promises(session, case.theme_id, case.street_id, on=local_time(now).date())


def department_in_use(session: Any, code: str, *, district_id: int) -> Department:
    """The department in use with this code in the district. Raises Refused (422)."""
    found: Department | None = session.scalar(
        select(Department).where(
            Department.district_id == district_id,
            Department.code == code,
            Department.is_active,
        )
    )
    if found is None:
        raise Refused(
            "unknown_department",
            _l("There is no such department; choose one of the list."),
            status=422,
        )
    return found
