"""Store what a resident says of a case that is said to be done, and settle it when that is clear.

Nobody but residents confirms a case, and silence is neither yes nor no.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, select

from analysis.adjustment import residents_verdict
from analysis.themes.redact import redact
from survey.database import transaction
from survey.errors import Refused
from survey.formatting import local_time
from survey.models import Case, Comment, Recheck, Response, Street
from survey.queries.policies import kept_policy
from survey.queries.rechecks import (
    AnswerCase,
    CommentKey,
    answer_cases,
    counts_on,
    last_done,
    policy_of,
)
from survey.services.case_file import note
from survey.services.responses import CONTROLS
from survey.services.theme_promises import (
    counted_rechecks,
    refresh_all_promises,
    refresh_promises,
)
from survey.services.withdraw import unknown_receipt

LONGEST_WORDS = 500
ACTOR = "residents"


def answer_recheck(
    receipt_hash: str,
    case_id: int,
    *,
    asked_round: int,
    is_solved: bool,
    words: str,
    now: datetime,
) -> None:
    """Store a resident's answer to "is it solved?", in place of an earlier one of the same round.

    receipt_hash: as stored, see `responses.receipt_hash`. asked_round: the time of asking that the
    page showed. words: what is still wrong; redacted here. now: UTC; only its day is kept. One
    transaction: of two answers at once each is counted, and one that comes while the office says
    anew that it is done belongs to the round that its page showed, or is refused.
    Raises Refused: 404 for an unknown receipt, 422 words_too_long, 409 not_asked for a case that
    asks this receipt nothing (any more).
    """
    said = " ".join(CONTROLS.sub(" ", words).split())
    if len(said) > LONGEST_WORDS:
        raise Refused(
            "words_too_long",
            _l("Please use at most %(most)s characters.", most=LONGEST_WORDS),
            status=422,
        )
    with transaction() as session:
        response = session.execute(
            # Held against a withdrawal at the same moment, which deletes what is stored here.
            select(Response.id, Response.status)
            .where(Response.receipt_hash == receipt_hash)
            .with_for_update(key_share=True)
        ).first()
        if response is None:
            raise unknown_receipt()
        shown = _asked_case(session, response, case_id)
        case = session.scalars(
            select(Case)
            .where(Case.id == shown.id)
            .with_for_update(of=Case)
            .execution_options(populate_existing=True)
        ).one()
        old = session.get(Recheck, (case.id, asked_round, response.id))
        if case.state != "done" or case.settled_at is not None or case.round != asked_round:
            # The same tap twice: the first one settled it.
            if old is not None and old.is_solved == is_solved:
                return
            raise _not_asked()
        if old is None:
            old = Recheck(case_id=case.id, round=case.round, response_id=response.id)
            session.add(old)
        old.is_solved, old.words = is_solved, redact(said).text[:LONGEST_WORDS]
        old.answered_on = local_time(now).date()
        session.flush()
        if case.origin == "comment":
            _settle_when_clear(session, case, now=now)
        if case.theme_id is not None:
            refresh_promises(session, case.theme_id, case.street_id, on=local_time(now).date())


def _asked_case(session: Any, response: Any, case_id: int) -> AnswerCase:
    """The case, when the receipt's page asks, or asked, about it. Raises Refused (409)."""
    found = session.execute(
        select(
            Comment.id,
            Response.id,
            Response.street_id,
            Street.district_id,
            Response.submitted_hour,
            Response.status,
            Response.is_valid,
        )
        .join(Response, Comment.response_id == Response.id)
        .join(Street, Response.street_id == Street.id)
        .where(Response.id == response.id)
    ).first()
    if found is not None:
        for case in answer_cases(CommentKey(*found)):
            if case.id == case_id and case.belongs:
                return case
    raise _not_asked()


def _not_asked() -> Refused:
    return Refused(
        "not_asked",
        _l(
            "This question is no longer open: it was settled meanwhile, or the office is at work "
            "on it again. Please look at your receipt once more."
        ),
        status=409,
    )


def settle_what_is_clear(*, now: datetime) -> int:
    """Settle cases for which what residents said is clear by now; how many.

    One transaction; the worker's, once a day, and before figures are frozen. A theme's case is
    settled nowhere else: not by the answer that makes it clear. now: UTC.
    """
    said = exists().where(Recheck.case_id == Case.id, Recheck.round == Case.round)
    settled = 0
    with transaction() as session:
        for case in session.scalars(
            select(Case)
            .where(Case.state == "done", Case.settled_at.is_(None), said)
            .order_by(Case.id)
            .with_for_update(of=Case)
        ).all():
            settled += _settle_when_clear(session, case, now=now)
    return settled


def keep_promises(*, now: datetime) -> None:
    """Bring to the day what residents' words and passed days lead to: cases, then what their
    themes give back. Two transactions; the worker's every night, and before figures are frozen.
    """
    settle_what_is_clear(now=now)
    refresh_all_promises(now=now)


def _settle_when_clear(session: Any, case: Case, *, now: datetime) -> bool:
    """Settle a case that is said to be done, if what was said of it is clear; whether it was."""
    if case.origin == "comment":
        # One resident said it, and the same one settles it; held back, it waits for the check.
        said: bool | None = session.scalar(
            select(Recheck.is_solved)
            .join(Response, Recheck.response_id == Response.id)
            .where(
                Recheck.case_id == case.id,
                Recheck.round == case.round,
                Response.status == "accepted",
            )
        )
        if said is not None:
            settle(session, case, is_solved=said, now=now)
        return said is not None
    policy = kept_policy(policy_of(session, case))
    done = _last_done(session, case)
    # Whoever answers first would decide alone, and a bound that is looked at after every answer
    # is reached sooner or later by chance: all are asked for so many days, then it is looked at.
    if done is not None and local_time(now).date() < counts_on(done, policy):
        return False
    row = session.execute(
        counted_rechecks()
        .where(Recheck.case_id == case.id, Recheck.round == case.round)
        .group_by(Recheck.case_id, Recheck.round)
    ).first()
    _case, _round, solved, reasked = row or (0, 0, 0, 0)
    verdict = residents_verdict(solved, reasked, policy)
    if verdict is not None:
        settle(session, case, is_solved=verdict, now=now, words=f"{solved}/{reasked}")
    return verdict is not None


def settle(session: Any, case: Case, *, is_solved: bool, now: datetime, words: str = "") -> None:
    """Put on record what residents decided: confirmed ends the case, not confirmed reopens it.

    Within the transaction that holds the case. words: counts only. The event keeps the day and not
    the hour, as the last answer came at that moment.
    """
    at = _day_of(now, not_before=_last_done(session, case))
    if is_solved:
        case.settled_at = at
    action = "confirmed" if is_solved else "not_confirmed"
    note(session, case, action, actor=ACTOR, now=at, state=action, words=words)


def _last_done(session: Any, case: Case) -> datetime | None:
    at: datetime | None = session.scalar(select(last_done()).where(Case.id == case.id))
    return at or case.done_at


def _day_of(now: datetime, *, not_before: datetime | None) -> datetime:
    """The beginning of the district's day, in UTC; on the day when it was done, that moment."""
    zone = current_app.config["TIMEZONE"]
    midnight = datetime.combine(local_time(now).date(), datetime.min.time(), zone)
    day = midnight.astimezone(UTC).replace(tzinfo=None)
    return max(day, not_before) if not_before else day
