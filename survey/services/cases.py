"""What the office that holds a case does with it: accept, call, reply, plan, say that it is done.

Every act is one transaction: the case taken in hand as the actor saw it, the change, and its trail.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey.database import transaction
from survey.desk import Desk
from survey.errors import Refused
from survey.formatting import local_time
from survey.models import Case, ContactRequest, Street
from survey.personal_words import personal_parts
from survey.plain_text import plain
from survey.queries.policies import kept_policy
from survey.queries.rechecks import policy_of
from survey.services import audit
from survey.services.case_file import record, take

LONGEST_WORDS = 2000
# States in which a case that somebody took up is worked on.
AT_WORK = ("accepted", "planned", "not_confirmed")
NO_ANSWER_DUE = ("out_of_remit",)


def accept(case_id: int, *, version: int, desk: Desk, now: datetime) -> None:
    """Take a case up: received -> accepted. now: UTC.

    Raises Refused as `take` does, and 409 wrong_state.
    """
    with transaction() as session:
        case = take(session, case_id, desk=desk, version=version)
        _require(case, ("received",), _l("This case was accepted before."))
        case.accepted_at = case.accepted_at or now
        record(session, case, "accepted", desk=desk, now=now, state="accepted")


def call_back_made(
    case_id: int,
    *,
    version: int,
    desk: Desk,
    now: datetime,
    words: str,
    despite_warning: bool = False,
) -> None:
    """Note that the resident was called; the request to be called is dealt with.

    Only the street that the number was given to can, whoever holds the case.
    Raises Refused as `take` does; 403 not_the_street; 409 wrong_state; 422 words.
    """
    said = checked_words(words, _l("Say in a few words how the call went."), despite_warning)
    with transaction() as session:
        case = take(session, case_id, desk=desk, version=version, as_holder=False)
        if case.street_id is None or not _is_of_street(session, case, desk):
            raise Refused(
                "not_the_street",
                _l("Only the street office that was given the number calls the resident back."),
                status=403,
            )
        if case.contact_request_id is None:
            raise Refused("wrong_state", _l("Nobody asked to be called back here."), status=409)
        case.called_at = case.called_at or now
        _deal_with(session, case.contact_request_id, desk=desk, now=now)
        record(session, case, "called_back", desk=desk, now=now, words=said)


def reply(
    case_id: int,
    *,
    version: int,
    desk: Desk,
    now: datetime,
    words: str,
    despite_warning: bool = False,
) -> None:
    """Answer: at any time, as often as needed; the latest is what residents read.

    despite_warning: store it although it holds what looks like a resident's number.
    Raises Refused as `take` does; 409 wrong_state; 422 words; 422 looks_personal.
    """
    said = checked_words(words, _l("Write the reply."), despite_warning)
    with transaction() as session:
        case = take(session, case_id, desk=desk, version=version)
        if case.state in NO_ANSWER_DUE:
            raise _wrong_state(_l("This case was agreed to be out of remit."))
        case.reply = said
        case.replied_at = case.replied_at or now
        record(session, case, "replied", desk=desk, now=now, words=said)


def plan(
    case_id: int,
    *,
    version: int,
    desk: Desk,
    now: datetime,
    words: str,
    due_on: date,
    despite_warning: bool = False,
) -> None:
    """Promise what is done until when: -> planned; a plan can be replaced, and the trail keeps it.

    due_on: a day in the district's time zone, today or later.
    Raises Refused as `take` does; 409 wrong_state; 422 past_day, too_far, words, looks_personal.
    """
    said = checked_words(words, _l("Write what is planned."), despite_warning)
    today = local_time(now).date()
    if due_on < today:
        raise Refused(
            "past_day", _l("This day has passed. Choose today or a later day."), status=422
        )
    with transaction() as session:
        case = take(session, case_id, desk=desk, version=version)
        _require(case, AT_WORK, _not_at_work(case))
        _require_near(due_on, today, days=kept_policy(policy_of(session, case)).plan_days)
        case.plan, case.plan_due_on = said, due_on
        case.planned_at = case.planned_at or now
        record(
            session, case, "planned", desk=desk, now=now, state="planned", words=said, due_on=due_on
        )


def _require_near(due_on: date, today: date, *, days: int) -> None:
    """A plan in time gives points back, so that it must not reach as far as somebody likes."""
    if due_on > today + timedelta(days=days):
        raise Refused(
            "too_far",
            _l(
                "That is more than %(days)s days ahead, the furthest a plan may reach. Choose an "
                "earlier day.",
                days=days,
            ),
            status=422,
        )


def declare_done(
    case_id: int,
    *,
    version: int,
    desk: Desk,
    now: datetime,
    words: str,
    despite_warning: bool = False,
) -> None:
    """Say that it is done: -> done. Residents are asked, and they decide whether it is solved.

    Raises Refused as `take` does; 409 wrong_state; 422 words, looks_personal.
    """
    said = checked_words(words, _l("Write what was done."), despite_warning)
    with transaction() as session:
        case = take(session, case_id, desk=desk, version=version)
        _require(case, AT_WORK, _not_at_work(case))
        case.result = said
        case.done_at = case.done_at or now
        case.round += 1
        record(session, case, "done", desk=desk, now=now, state="done", words=said)


def add_note(
    case_id: int,
    *,
    version: int,
    desk: Desk,
    now: datetime,
    words: str,
    despite_warning: bool = False,
) -> None:
    """Write something down for the offices that see the case; residents never read it.

    Every desk that sees the case can, except one that only reads.
    Raises Refused as `take` does; 403 only_reads; 422 words, looks_personal.
    """
    said = checked_words(words, _l("Write the note."), despite_warning)
    if desk.only_reads and not desk.is_evaluator:
        raise Refused("only_reads", _l("Your account reads and changes nothing."), status=403)
    with transaction() as session:
        case = take(session, case_id, desk=desk, version=version, as_holder=False)
        record(session, case, "noted", desk=desk, now=now, words=said)


def checked_words(words: str, ask: Any, despite_warning: bool = False) -> str:
    """The words without blanks around them, control characters and other line ends than \\n.

    ask: what is said when there are none.
    Raises Refused (422): words_needed, words_too_long, and looks_personal, with what was found in
    the details as [[kind, words], …], unless despite_warning.
    """
    words = plain(words).replace("\r\n", "\n").replace("\r", "\n").strip()
    if not words:
        raise Refused("words_needed", ask, status=422)
    if len(words) > LONGEST_WORDS:
        raise Refused(
            "words_too_long",
            _l("That is more than %(most)s characters. Shorten it.", most="2,000"),
            status=422,
        )
    found = () if despite_warning else personal_parts(words)
    if found:
        raise Refused(
            "looks_personal",
            _l(
                "This looks like it holds something of one person. Nothing was stored. Take it "
                "out, or send it anyway if it is meant to be read."
            ),
            status=422,
            details={"found": [list(part) for part in found]},
        )
    return words


def _is_of_street(session: Any, case: Case, desk: Desk) -> bool:
    street = session.get_one(Street, case.street_id)
    return bool(desk.street_code == street.code)


def _deal_with(session: Any, request_id: str, *, desk: Desk, now: datetime) -> None:
    """The request is dealt with; it may have been deleted since."""
    request = session.scalar(select(ContactRequest).where(ContactRequest.id == request_id))
    if request is not None and request.handled_on is None:
        request.handled_on = local_time(now).date()
        audit.record(
            session,
            actor=desk.username,
            action="call_back_dealt_with",
            subject=f"call-back {request_id}",
            detail={"street": desk.street_code},
            at=now,
        )


def _require(case: Case, states: tuple[str, ...], message: Any) -> None:
    if case.state not in states:
        raise _wrong_state(message)


def _not_at_work(case: Case) -> Any:
    if case.state == "received":
        return _l("Accept the case first.")
    if case.state == "done":
        return _l("This case is done. The residents now say whether it is solved.")
    if case.state == "confirmed":
        return _l("The residents have confirmed that this is solved.")
    if case.state == "out_of_remit_asked":
        return _l("The evaluation office has yet to say whether this is out of remit.")
    return _l("This case was agreed to be out of remit.")


def _wrong_state(message: Any) -> Refused:
    return Refused("wrong_state", message, status=409)
