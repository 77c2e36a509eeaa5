"""Hand a case on, and bring it to the leading group; its clock runs on whoever holds it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, select

from survey.database import transaction
from survey.desk import Desk
from survey.errors import Refused
from survey.formatting import local_time
from survey.models import Case, CaseCall, Department, Street
from survey.queries.case_holder import HolderProposal
from survey.queries.case_paths import AT_WORK, duty_proposal, is_overdue
from survey.services import mail
from survey.services.case_file import department_in_use, record, take
from survey.services.cases import checked_words


def pass_on(
    case_id: int,
    *,
    department_code: str | None,
    version: int,
    desk: Desk,
    words: str,
    now: datetime,
    despite_warning: bool = False,
) -> None:
    """Hand a case to a department, or with None back to its street. One transaction.

    Who holds it can, and the evaluation office, which assigns it; doing so it answers an
    escalation, also by leaving the case where it is. The new holder has to accept the case anew;
    what is due, a plan included, and the first times of everything stay. Words are needed for
    going against the duty list, for handing back, and for an answer to an escalation.
    Raises Refused as `take` does; 403 only_reads; 409 wrong_state, same_holder; 422
    unknown_department, no_street, words_needed, looks_personal.
    """
    refuse_readers(desk)
    with transaction() as session:
        case = take(session, case_id, desk=desk, version=version, as_holder=not desk.is_evaluator)
        require_state(case, AT_WORK)
        to = (
            None
            if department_code is None
            else department_in_use(session, department_code, district_id=case.district_id)
        )
        if to is None and case.street_id is None:
            raise Refused(
                "no_street",
                _l("This case is common to the streets. Choose a department."),
                status=422,
            )
        answers = desk.is_evaluator and case.escalated_at is not None
        stays = case.department_id == (to.id if to else None)
        if stays and not answers:
            raise Refused("same_holder", _l("It is there already. Choose another."), status=409)
        ask = _why_words(duty_proposal(case_id), to, is_back=to is None, is_answer=answers)
        said = words_or_none(words, ask, despite_warning)
        case.department_id = to.id if to else None
        if answers:
            case.escalated_at = None
        # "Not solved" is the residents' word and stays until something is planned.
        anew = not stays and case.state in ("accepted", "planned")
        record(
            session,
            case,
            "passed",
            desk=desk,
            now=now,
            state="received" if anew else "",
            words=said,
            detail={"to": to.code if to else "street"},
        )
        if not stays:
            street = session.get(Street, case.street_id) if case.street_id else None
            holder = Desk(desk.username, department_code=to.code) if to else Desk(
                desk.username, street_code=street.code if street else None
            )  # fmt: skip
            tell(session, case, "case_passed", desk=holder, now=now)


def escalate(
    case_id: int,
    *,
    version: int,
    desk: Desk,
    words: str,
    now: datetime,
    despite_warning: bool = False,
) -> None:
    """Bring a case to the leading group, whose desk is the evaluation office. One transaction.

    The holder can, and the street whose case it is. Words are needed unless something is overdue
    or a department that was called did not come in time. It stays so until the evaluation office
    says who holds the case.
    Raises Refused as `take` does; 403 only_reads, not_the_holder; 409 wrong_state,
    escalated_already; 422 words_needed, looks_personal.
    """
    refuse_readers(desk)
    with transaction() as session:
        # A street sees exactly its own cases, so that seeing one is enough.
        case = take(
            session, case_id, desk=desk, version=version, as_holder=desk.street_code is None
        )
        require_state(case, AT_WORK)
        if case.escalated_at is not None:
            raise Refused(
                "escalated_already",
                _l("It was brought to the leading group already, which has yet to decide."),
                status=409,
            )
        today = local_time(now).date()
        needed = not (is_overdue(case, today) or _is_missed(session, case, today))
        ask = _l(
            "Nothing is overdue and nobody failed to come: say why the leading group is needed."
        )
        said = words_or_none(words, ask if needed else None, despite_warning)
        case.escalated_at = now
        record(session, case, "escalated", desk=desk, now=now, words=said)
        tell(session, case, "case_escalated", desk=Desk(desk.username, is_evaluator=True), now=now)


def refuse_readers(desk: Desk) -> None:
    """Raise Refused (403) for an account that only reads."""
    if desk.only_reads and not desk.is_evaluator:
        raise Refused("only_reads", _l("Your account reads and changes nothing."), status=403)


def require_state(case: Case, states: tuple[str, ...]) -> None:
    """Raise Refused (409) unless the case is in one of the states."""
    if case.state not in states:
        raise Refused(
            "wrong_state",
            _l("The state of this case does not allow it. Look at what was done last."),
            status=409,
        )


def words_or_none(words: str, ask: Any | None, despite_warning: bool) -> str:
    """The checked words; "" when there are none and `ask` is None. Raises Refused (422)."""
    if ask is None and not words.strip():
        return ""
    return checked_words(words, ask, despite_warning)


def tell(session: Any, case: Case, kind: str, *, desk: Desk, now: datetime) -> None:
    """Have mail sent to a desk about a case: its number and street, no words."""
    street = session.get(Street, case.street_id) if case.street_id is not None else None
    name = (street.name_zh, street.name_en) if street else ("", "")
    params = {"case": case.id, "street": name}
    mail.write(session, kind=kind, params=params, now=now, desk=desk)


def _why_words(
    proposal: HolderProposal, to: Department | None, *, is_back: bool, is_answer: bool
) -> Any | None:
    """What is asked for when words are needed; None: they are not."""
    if is_answer:
        return _l("Say what the leading group decided.")
    if is_back:
        return _l("Say why it goes back to the street.")
    if proposal.remit == "department" and to is not None and proposal.department_code == to.code:
        return None
    return _l("The duty list does not name this department for it. Say why it goes there.")


def _is_missed(session: Any, case: Case, today: date) -> bool:
    missed = exists().where(
        CaseCall.case_id == case.id, CaseCall.came_at.is_(None), CaseCall.due_on < today
    )
    return bool(session.scalar(select(missed)))
