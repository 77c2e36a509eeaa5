"""Decide appeals: uphold or reject with a reason, and do what an upheld one asks for.

The figures that were appealed against stay as they were frozen. What is decided here is in the
next ones that are computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import insert, select, update

from survey.database import transaction
from survey.errors import Refused
from survey.models import Appeal, AuditEvent, Exclusion, Response, RollupPending, Street, Wave
from survey.queries.outdated import HELD_BACK_AGAIN as TAKEN_BACK
from survey.queries.waves import wave_view
from survey.services import audit
from survey.services.appeals import (
    after_figures,
    held_appeal,
    require_open,
    said,
    subject_of,
)
from survey.services.theme_counts import recount_of_answers

DECISIONS = ("upheld", "rejected")
HELD_BACK, COUNTED = "quarantined", "accepted"
# Variables of one statement are limited on SQLite.
AT_ONCE = 500


def decide_appeal(
    appeal_id: int,
    *,
    decision: str,
    because: str,
    actor: str,
    actor_street: str | None,
    now: datetime,
) -> None:
    """Uphold or reject an open appeal, with a reason. One transaction.

    decision: `upheld` or `rejected`. An upheld deduction costs nothing in this wave any more;
    answers held back of the street are counted; an exclusion is lifted.
    actor_street: the street the deciding account belongs to; not the one that appeals.
    Raises Refused: 403 own street; 404 no such appeal; 409 closed before, by whom; 422 no reason.
    """
    if decision not in DECISIONS:
        raise Refused("unknown_decision", _l("Uphold the appeal or reject it."), status=422)
    words = said(because, _l("Say why the appeal is decided so; the street reads it."))
    with transaction() as session:
        appeal, wave = held_appeal(session, appeal_id)
        street = session.get_one(Street, appeal.street_id)
        if actor_street == street.code:
            raise Refused(
                "own_street",
                _l("An account of the street that appeals cannot decide the appeal."),
                status=403,
            )
        require_open(appeal)
        at = after_figures(session, wave.id, now)
        appeal.status, appeal.decision = decision, words
        appeal.closed_by, appeal.closed_at = actor, at
        done: dict[str, Any] = {}
        if decision == "upheld":
            done = _carry_out(session, appeal, wave, actor=actor, because=words, at=at)
        audit.record(
            session,
            actor=actor,
            action=f"appeal_{decision}",
            subject=subject_of(appeal_id, wave.code),
            detail={
                "street": street.code,
                "kind": appeal.kind,
                "theme": appeal.theme_id,
                "because": words,
                **done,
            },
            at=now,
        )


def hold_back_again(appeal_id: int, *, because: str, actor: str, now: datetime) -> int:
    """Hold the answers back again that an upheld appeal let count; returns how many.

    The way back from a decision that turns out to be wrong; the appeal stays as it was decided.
    Raises Refused: 404 no such appeal; 409 not upheld against answers held back, done before, or
    the answers are not counted yet; 422 no reason.
    """
    words = said(because, _l("Say why the answers are held back again."))
    with transaction() as session:
        appeal, wave = held_appeal(session, appeal_id)
        if appeal.kind != "quarantine" or appeal.status != "upheld":
            raise Refused(
                "nothing_counted", _l("This appeal has let no answers count."), status=409
            )
        accepted = _accepted_by(session, appeal, wave)
        still = _with_status(session, accepted, COUNTED)
        _require_folded(session, still)
        _move(session, still, before=COUNTED, after=HELD_BACK)
        recount_of_answers(session, wave_view(wave.code), still)
        # Figures that are frozen by now do not have it: the trail says so.
        at = after_figures(session, wave.id, now)
        audit.record(
            session,
            actor=actor,
            action=TAKEN_BACK,
            subject=subject_of(appeal_id, wave.code),
            detail={"because": words, "answers": _as_ranges(still)},
            at=at,
        )
        return len(still)


def _carry_out(
    session: Any, appeal: Appeal, wave: Wave, *, actor: str, because: str, at: datetime
) -> dict[str, Any]:
    """What an upheld appeal asks for; returns what the trail says of it."""
    if appeal.kind == "exclusion":
        lifted = session.scalars(
            select(Exclusion).where(
                Exclusion.wave_id == wave.id,
                Exclusion.street_id == appeal.street_id,
                Exclusion.lifted_at.is_(None),
            )
        ).all()
        for one in lifted:
            one.lifted_by, one.lifted_at, one.lifted_because = actor, at, because
        return {"exclusions": [one.id for one in lifted]}
    if appeal.kind == "quarantine":
        held = list(
            session.scalars(
                select(Response.id)
                .where(
                    Response.wave_id == wave.id,
                    Response.street_id == appeal.street_id,
                    Response.status == HELD_BACK,
                )
                .order_by(Response.id)
                .with_for_update()
            )
        )
        _require_folded(session, held)
        _move(session, held, before=HELD_BACK, after=COUNTED)
        recount_of_answers(session, wave_view(wave.code), held)
        return {"answers": _as_ranges(held)}
    # A deduction: the draft reads the decision and lets the theme cost nothing.
    return {}


def _move(session: Any, responses: Sequence[int], *, before: str, after: str) -> None:
    """Out of one side of the cubes and into the other, signed; exactly once."""
    for part in _parts(responses):
        session.execute(
            insert(RollupPending),
            [
                {"response_id": key, "sign": sign, "status": status}
                for key in part
                for sign, status in ((-1, before), (1, after))
            ],
        )
        session.execute(update(Response).where(Response.id.in_(part)).values(status=after))


def _require_folded(session: Any, responses: Sequence[int]) -> None:
    """The answers are in the cubes as they stand, so that moving them cannot collide."""
    for part in _parts(responses):
        waiting = select(RollupPending.id).where(RollupPending.response_id.in_(part)).limit(1)
        if session.scalar(waiting) is not None:
            raise Refused(
                "answers_waiting",
                _l(
                    "Some of these answers are not counted yet. Wait until the worker has counted "
                    "them, and decide then."
                ),
                status=409,
            )


def _accepted_by(session: Any, appeal: Appeal, wave: Wave) -> list[int]:
    """The answers that the appeal let count. Raises Refused (409) when they were taken back."""
    events = session.scalars(
        select(AuditEvent)
        .where(
            AuditEvent.subject == subject_of(appeal.id, wave.code),
            AuditEvent.action.in_(("appeal_upheld", TAKEN_BACK)),
        )
        .order_by(AuditEvent.id)
    ).all()
    if any(event.action == TAKEN_BACK for event in events):
        raise Refused("held_back_before", _l("These answers are held back again."), status=409)
    return [
        key
        for event in events
        for first, last in event.detail.get("answers", ())
        for key in range(first, last + 1)
    ]


def _with_status(session: Any, responses: Sequence[int], status: str) -> list[int]:
    """Those that have the status; a resident may have withdrawn one meanwhile."""
    found: list[int] = []
    for part in _parts(responses):
        query = select(Response.id).where(Response.id.in_(part), Response.status == status)
        found += session.scalars(query.order_by(Response.id).with_for_update())
    return found


def _as_ranges(keys: Sequence[int]) -> list[list[int]]:
    """Ascending keys as [first, last] of each unbroken run."""
    runs: list[list[int]] = []
    for key in keys:
        if runs and runs[-1][1] == key - 1:
            runs[-1][1] = key
        else:
            runs.append([key, key])
    return runs


def _parts(keys: Sequence[int]) -> list[Sequence[int]]:
    return [keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE)]
