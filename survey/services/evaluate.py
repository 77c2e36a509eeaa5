"""Take an evaluation from the draft to its publication: freeze, approve, publish.

Every step is taken once, by a named account, with an audit event. A frozen figure never changes;
a correction is the next revision and says why.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from survey import jobs
from survey.database import lock_table, transaction
from survey.errors import Refused
from survey.formatting import local_time, say_day, say_time
from survey.models import Evaluation, SignOff, Wave, table_of
from survey.queries.evaluation import UNPUBLISHED, evaluation_by_id
from survey.queries.outdated import outdated
from survey.queries.policies import kept_policy
from survey.queries.standing import approval_problems
from survey.queries.views import EvaluationView
from survey.queries.waves import WaveView, wave_view
from survey.services import audit
from survey.services.freezing import Transaction, require_closed_piles, store_frozen
from survey.services.rechecks import keep_promises
from survey.working_days import add_working_days, add_working_days_beyond

#: Days from today to the last day of a notice, at most: a year typed wrong holds nobody up.
LONGEST_NOTICE = 90


def freeze(
    wave_code: str,
    *,
    actor: str,
    now: datetime,
    reason: str = "",
    notice_until: date | None = None,
) -> EvaluationView:
    """Freeze the evaluation of a closed wave as its next revision. One transaction, after one
    that brings promises up to the day: what comes back for a plan whose day has passed, or for
    answers that were rejected since, does not hang on when the worker ran last.

    It is provisional: on public notice until `notice_until`, or for the policy's `appeal_days`
    working days when that is left out; without notice when they are 0. A revision that was not
    published yet is replaced.
    reason: why there is another revision; required after the first.
    Raises Refused: 404 unknown wave; 409 wave not closed, answers still waiting to be counted or
    in piles of paper forms that are not closed, direct scores of some streets but not of others,
    no reason for a revision, a calendar that does not reach the last day; 422 a last day that is
    too early or more than `LONGEST_NOTICE` days away.
    """
    keep_promises(now=now)
    with transaction(snapshot=True) as session:
        _hold_evaluations(session)
        wave = wave_view(wave_code)
        until = _notice(wave, now=now, given=notice_until)
        _replace_unpublished(session, wave, actor=actor, now=now)
        made = store_frozen(session, wave, actor=actor, now=now, reason=reason, notice_until=until)
    jobs.ask_for_reports(wave_code, revision=made.revision)
    return made


def approve(
    wave_code: str, *, actor: str, now: datetime, note: str = "", revision: int | None = None
) -> EvaluationView:
    """Sign the provisional evaluation of a wave off. One transaction; no figure changes.

    revision: the one that was read; left out, whichever is provisional.
    Raises Refused: 404 unknown wave; 409 nothing is provisional or another revision is, somebody
    approved it already, the same account froze it, the notice is not over, an appeal that could
    change a verdict is open, or a decision since then is not in the figures.
    """
    with transaction() as session:
        _hold_evaluations(session)
        wave = wave_view(wave_code)
        stored = _unpublished(session, wave)
        if stored is None:
            raise Refused(
                "nothing_frozen",
                _l("Nothing is on public notice for this wave. Freeze the draft first."),
                status=409,
            )
        _require_read(stored, revision)
        _require_not_approved(stored)
        for problem in approval_problems(
            wave, stored.id, actor=actor, today=local_time(now).date()
        ):
            raise problem
        _take_step(session, wave, stored, step="approved", actor=actor, now=now, note=note)
        session.flush()
        made = evaluation_by_id(wave, stored.id)
    return made


def publish(
    wave_code: str, *, actor: str, now: datetime, reason: str = "", revision: int | None = None
) -> EvaluationView:
    """Publish what was approved, unchanged. One transaction.

    When nothing of the wave is frozen and unpublished, the draft is frozen and published in one
    step, which is logged as without public notice; `reason` is then why there is another
    revision.
    Raises Refused: 404 unknown wave; 409 what is frozen is not approved, a decision since then is
    not in its figures, piles of paper forms are open, or in one step as `freeze`.
    """
    keep_promises(now=now)
    with transaction(snapshot=True) as session:
        _hold_evaluations(session)
        wave = wave_view(wave_code)
        stored = _unpublished(session, wave)
        if stored is None and revision is not None:
            raise _another_revision(revision)
        if stored is None:
            made = store_frozen(
                session,
                wave,
                actor=actor,
                now=now,
                reason=reason,
                notice_until=None,
                at_once=True,
            )
        else:
            _require_read(stored, revision)
            if stored.status != "approved":
                raise Refused(
                    "not_approved",
                    _l("Revision %(revision)s is not approved yet.", revision=stored.revision),
                    status=409,
                )
            for problem in outdated(stored, wave):
                raise problem
            require_closed_piles(wave)
            stored.published_at = now
            _take_step(session, wave, stored, step="published", actor=actor, now=now)
            session.flush()
            made = evaluation_by_id(wave, stored.id)
        session.execute(update(Wave).where(Wave.id == wave.id).values(status="published"))
    # After the commit: what is drawn is what was published.
    jobs.ask_for_wave_pictures(wave_code)
    jobs.ask_for_reports(wave_code, revision=made.revision)
    return replace(made, wave=replace(made.wave, status="published"))


def _unpublished(session: Transaction, wave: WaveView) -> Evaluation | None:
    return session.scalar(
        select(Evaluation)
        .where(Evaluation.wave_id == wave.id, Evaluation.status.in_(UNPUBLISHED))
        .order_by(Evaluation.revision.desc())
        .limit(1)
    )


def _require_read(stored: Evaluation, revision: int | None) -> None:
    """Nobody signs figures that took the place of those they have read."""
    if revision is not None and revision != stored.revision:
        raise _another_revision(revision)


def _another_revision(revision: int) -> Refused:
    return Refused(
        "another_revision",
        _l(
            "Revision %(revision)s is not the one that waits any more. Read what there is now.",
            revision=revision,
        ),
        status=409,
    )


def _require_not_approved(stored: Evaluation) -> None:
    for one in stored.sign_offs:
        if one.step == "approved":
            raise Refused(
                "already_approved",
                _l(
                    "%(who)s already approved revision %(revision)s at %(time)s.",
                    who=one.actor,
                    revision=stored.revision,
                    time=say_time(one.at),
                ),
                status=409,
                details={"by": one.actor, "at": one.at.isoformat()},
            )


def _take_step(
    session: Transaction,
    wave: WaveView,
    stored: Evaluation,
    *,
    step: str,
    actor: str,
    now: datetime,
    note: str = "",
) -> None:
    """Move an evaluation on: its status, a line of the sign-off log and an audit event."""
    stored.status = step
    stored.sign_offs.append(SignOff(step=step, actor=actor[:80], at=now, note=note))
    action = {"approved": "approve", "published": "publish", "replaced": "replace"}[step]
    audit.record(
        session,
        actor=actor,
        action=action,
        subject=f"wave {wave.code} revision {stored.revision}",
        detail={
            "note": note,
            "bundles": {bundle.kind: bundle.sha256 for bundle in stored.bundles},
        },
        at=now,
    )


def _hold_evaluations(session: Transaction) -> None:
    """Let nobody else take a step with an evaluation: first in a transaction, before any reading.

    Answers or scores that are being stored are waited for, so that they are in the figures.
    """
    lock_table(session, table_of(Wave))
    audit.lock(session)


def _notice(wave: WaveView, *, now: datetime, given: date | None) -> date | None:
    """The last day of the public notice; None when the policy asks for none and none is given."""
    days = kept_policy(wave.policy_id).appeal_days
    today = local_time(now).date()
    if given is None:
        return add_working_days(today, days) if days else None
    # Where the calendar does not reach so far the office answers for the day. Streets have their
    # time all the same: holidays nobody knows yet can only make the notice longer.
    earliest = add_working_days_beyond(today, days)
    if given < earliest:
        raise Refused(
            "notice_too_short",
            _l(
                "Streets may appeal for %(days)s working days, so the notice lasts until "
                "%(date)s or longer.",
                days=days,
                date=say_day(earliest),
            ),
            status=422,
        )
    latest = max(earliest, today + timedelta(days=LONGEST_NOTICE))
    if given > latest:
        raise Refused(
            "notice_too_long",
            _l(
                "A public notice lasts at most %(days)s days, here until %(date)s.",
                days=LONGEST_NOTICE,
                date=say_day(latest),
            ),
            status=422,
        )
    return given


def _replace_unpublished(
    session: Transaction, wave: WaveView, *, actor: str, now: datetime
) -> None:
    """The next revision takes the place of one that was not published; that one is kept."""
    old = _unpublished(session, wave)
    if old is not None:
        _take_step(session, wave, old, step="replaced", actor=actor, now=now)
