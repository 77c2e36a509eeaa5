"""In a district of many streets the worker computes the draft and freezes it; requests only ask.

A draft follows from what is counted, so it may be lost and computed again: it lies in the queue's
store, beside the notes on how far a job is, and not among the evaluations, of which every row is
evidence.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from typing import Any

import structlog
from sqlalchemy import func, select

from analysis import types, year_records
from survey import jobs
from survey.errors import Refused
from survey.models import Street, db
from survey.queries import views
from survey.queries.assessment import assessed_since
from survey.queries.cubes import latest_runs
from survey.queries.draft import draft_evaluation
from survey.queries.views import EvaluationView
from survey.queries.waves import WaveView, wave_view
from survey.services import evaluate

log = structlog.get_logger(__name__)

#: From more streets on, a draft takes longer than somebody waits for a page.
LARGE = 60
#: Read what is counted, compute, keep.
STEPS = 3


@dataclass(frozen=True)
class KeptDraft:
    """A draft with the moment (UTC) from which on nothing more went into it."""

    evaluation: EvaluationView
    at: datetime
    #: The runs that had changed the cubes by then (survey.queries.cubes.latest_runs).
    runs: tuple[int, ...]
    policy_id: int | None


def is_large(wave: WaveView) -> bool:
    """Whether the worker computes a wave's evaluation, not the request. One query."""
    streets = select(func.count()).select_from(Street)
    streets = streets.where(Street.district_id == wave.district_id, Street.is_active)
    return (db.session.scalar(streets) or 0) > LARGE


def keep_draft(wave_code: str, *, now: datetime) -> KeptDraft:
    """Compute a wave's draft, keep it and tell how far it is. No transaction: nothing is changed.

    Raises Refused (404) for an unknown wave, and what the store of the queue raises.
    """
    job = f"draft {wave_code}"
    jobs.tell(job, state="running", total=STEPS)
    try:
        wave = wave_view(wave_code)
        # Before the counts are read: what comes in between is shown as a change, not overlooked.
        runs = latest_runs()

        def told(step: int) -> None:
            jobs.tell(job, state="running", done=step, total=STEPS)

        made = KeptDraft(draft_evaluation(wave_code, told=told), now, runs, wave.policy_id)
        jobs.queue().put(f"kept {job}", {"shape": _shape(), "kept": made})
    except Exception as error:
        jobs.tell(job, state="failed", reason=_said(error))
        raise
    jobs.tell(job, state="done", done=STEPS, total=STEPS)
    return made


def kept_draft(wave_code: str) -> KeptDraft | None:
    """The draft that was kept last; None when there is none that this version can read."""
    try:
        found = jobs.queue().get(f"kept draft {wave_code}", peek=True)
    except Exception as error:
        log.warning("draft_not_read", reason=type(error).__name__)
        return None
    if not isinstance(found, dict) or found.get("shape") != _shape():
        return None
    kept = found["kept"]
    return kept if isinstance(kept, KeptDraft) else None


def draft_to_show(wave_code: str) -> EvaluationView:
    """The draft for a page beside the evaluation's: of many streets the one kept, if there is one.

    Raises Refused (404) for an unknown wave.
    """
    kept = kept_draft(wave_code) if is_large(wave_view(wave_code)) else None
    return kept.evaluation if kept else draft_evaluation(wave_code)


def is_outdated(kept: KeptDraft, wave: WaveView) -> bool:
    """Whether answers, scores, listed items or the policy changed since. Two queries."""
    return (
        kept.runs != latest_runs()
        or kept.policy_id != wave.policy_id
        or assessed_since(kept.at, wave)
    )


def freeze_and_tell(
    wave_code: str, *, actor: str, now: datetime, reason: str, notice_until: date | None
) -> None:
    """Freeze as `survey.services.evaluate.freeze` does and tell how it went; one transaction.

    A refusal is told in the language of the moment and is no error: somebody reads it on the page.
    Raises whatever else goes wrong.
    """
    job = f"freeze {wave_code}"
    jobs.tell(job, state="running")
    try:
        evaluate.freeze(wave_code, actor=actor, now=now, reason=reason, notice_until=notice_until)
    except Refused as refused:
        jobs.tell(job, state="failed", reason=_said(refused))
    except Exception as error:
        jobs.tell(job, state="failed", reason=_said(error))
        raise
    else:
        jobs.tell(job, state="done")


def _shape() -> str:
    """Changes with the fields of everything a draft is made of: another version reads no other."""
    found: list[Any] = [
        (name, [field.name for field in fields(one)])
        for module in (types, year_records, views)
        for name, one in sorted(vars(module).items())
        if is_dataclass(one)
    ]
    return hashlib.sha256(repr(found).encode()).hexdigest()


def _said(error: Exception) -> str:
    """What a page may say of an error: a refusal's own words, of anything else only its kind."""
    return str(error.message) if isinstance(error, Refused) else type(error).__name__
