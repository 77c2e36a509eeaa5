"""Say that a case is out of remit, and assent to it or not: never the same account."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey.case_remit_reasons import DUTY, REASONS, SAME, reason_with
from survey.database import transaction
from survey.desk import Desk
from survey.errors import Refused
from survey.formatting import by_language
from survey.models import Case, CaseEvent, Department, District, Duty
from survey.queries.case_paths import BEFORE_DONE
from survey.queries.case_scope import seen_by
from survey.services.case_file import record, take
from survey.services.case_paths import refuse_readers, require_state, tell, words_or_none
from survey.services.cases import checked_words

ASKED = "out_of_remit_asked"


def ask_out_of_remit(
    case_id: int,
    *,
    reason: str,
    version: int,
    desk: Desk,
    words: str,
    now: datetime,
    named: str = "",
    despite_warning: bool = False,
) -> None:
    """Say why a case is out of remit; it waits for the evaluation office. One transaction.

    Only the holder can, and not once it said that the case was done. reason: a key of
    survey.case_remit_reasons.REASONS; named: the code of the duty, or the number of the case that
    is the same. The clock runs on.
    Raises Refused as `take` does; 403 only_reads; 409 wrong_state; 422 unknown_reason,
    unknown_duty, own_duty, unknown_other_case, words_needed, looks_personal.
    """
    refuse_readers(desk)
    if reason not in REASONS:
        raise Refused("unknown_reason", _l("Choose a reason from the list."), status=422)
    said = checked_words(words, _l("Say in a few words why."), despite_warning)
    with transaction() as session:
        case = take(session, case_id, desk=desk, version=version)
        require_state(case, BEFORE_DONE)
        named = named.strip()
        if reason == DUTY:
            _refuse_unknown_duty(session, case, named)
        if reason == SAME:
            named = _other_case(session, case, named, desk)
        stored = reason_with(reason, named)
        record(
            session,
            case,
            ASKED,
            desk=desk,
            now=now,
            state=ASKED,
            words=said,
            reason=stored,
            detail={"reason": stored},
        )
        tell(session, case, ASKED, desk=Desk(desk.username, is_evaluator=True), now=now)


def decide_out_of_remit(
    case_id: int,
    *,
    agreed: bool,
    version: int,
    desk: Desk,
    words: str,
    now: datetime,
    despite_warning: bool = False,
) -> None:
    """Agree that a case is out of remit, which settles it, or send it back to the state before.

    Only the evaluation office, and never the account that asked. A refusal needs words. What is
    out of remit counts as solved nowhere. One transaction.
    Raises Refused as `take` does; 403 not_the_evaluator, same_account; 409 wrong_state,
    other_case_gone; 422 words_needed, looks_personal.
    """
    if not desk.is_evaluator:
        raise Refused(
            "not_the_evaluator", _l("Only the evaluation office decides this."), status=403
        )
    ask = None if agreed else _l("Say why it is the holder's task.")
    said = words_or_none(words, ask, despite_warning)
    with transaction() as session:
        _hold_decisions(session, case_id)
        case = take(session, case_id, desk=desk, version=version, as_holder=False)
        require_state(case, (ASKED,))
        asked = session.scalars(
            select(CaseEvent)
            .where(CaseEvent.case_id == case.id, CaseEvent.action == ASKED)
            .order_by(CaseEvent.id.desc())
            .limit(1)
        ).one()
        if asked.actor == desk.username:
            raise Refused(
                "same_account",
                _l("Whoever asks does not decide. Another account of the office has to."),
                status=403,
            )
        if agreed:
            _refuse_other_gone(session, asked.reason)
            case.settled_at = now
            state, action = "out_of_remit", "out_of_remit_agreed"
        else:
            state, action = _state_before(session, asked), "out_of_remit_refused"
        record(
            session,
            case,
            action,
            desk=desk,
            now=now,
            state=state,
            words=said,
            reason=asked.reason,
            detail={"reason": asked.reason},
        )


def _hold_decisions(session: Any, case_id: int) -> None:
    """Let one decision at a time be taken in the case's district.

    Of two cases that are each said to be the same as the other, the second decision sees the first.
    """
    its = select(Case.district_id).where(Case.id == case_id).scalar_subquery()
    session.execute(select(District.id).where(District.id == its).with_for_update(key_share=True))


def _refuse_other_gone(session: Any, reason: str) -> None:
    """A case is the same as another only while somebody deals with that one."""
    code, _colon, named = reason.partition(":")
    if code != SAME:
        return
    state = session.scalar(select(Case.state).where(Case.id == int(named)))
    if state == "out_of_remit":
        raise Refused(
            "other_case_gone",
            _l(
                "Case %(number)s, which this one is said to be the same as, is out of remit "
                "itself. Nobody would deal with either; send this one back.",
                number=named,
            ),
            status=409,
        )


def _state_before(session: Any, asked: CaseEvent) -> str:
    found: str | None = session.scalar(
        select(CaseEvent.state)
        .where(CaseEvent.case_id == asked.case_id, CaseEvent.id < asked.id)
        .order_by(CaseEvent.id.desc())
        .limit(1)
    )
    return found or "received"


def _refuse_unknown_duty(session: Any, case: Case, code: str) -> None:
    duty: Duty | None = session.scalar(
        select(Duty).where(
            Duty.district_id == case.district_id, Duty.code == code, Duty.retired_at.is_(None)
        )
    )
    if duty is None:
        raise Refused(
            "unknown_duty",
            _l("Name the duty by its code in the duty list, so that it can be looked up."),
            status=422,
        )
    if duty.department_id == case.department_id:
        holder = session.get(Department, case.department_id) if case.department_id else None
        raise Refused(
            "own_duty",
            _l(
                "By the duty list this duty is that of %(name)s itself.",
                name=by_language(holder.name_zh, holder.name_en),
            )
            if holder
            else _l("By the duty list this duty is the street's own."),
            status=422,
        )


def _other_case(session: Any, case: Case, typed: str, desk: Desk) -> str:
    number = typed.removeprefix("#")
    found = None
    if number.isdecimal() and len(number) < 10 and int(number) != case.id:
        found = session.scalar(
            select(Case.id).where(
                Case.id == int(number),
                Case.district_id == case.district_id,
                Case.state != "out_of_remit",
                seen_by(desk),
            )
        )
    if found is None:
        raise Refused(
            "unknown_other_case",
            _l("Give the number of another case that you see and that is not out of remit."),
            status=422,
        )
    return str(found)
