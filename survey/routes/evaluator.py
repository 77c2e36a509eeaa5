"""The evaluator's pages of a wave: indices, and the evaluation to publish."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from survey import jobs
from survey.clock import utc_now
from survey.errors import Refused
from survey.formatting import language, local_time, say_day
from survey.queries.evaluation import (
    current_evaluation,
    draft_evaluation,
    frozen_evaluation,
)
from survey.queries.listed import listed_streets
from survey.queries.paper_entry import open_piles
from survey.queries.standing import standing
from survey.queries.streets import wave_indices
from survey.queries.views import EvaluationView
from survey.queries.waves import wave_view
from survey.routes.access import requires
from survey.services import evaluate, large_districts
from survey.services.pictures import evaluation_pictures
from survey.services.reports_asked import evaluation_files
from survey.wording import evaluation_headline

blueprint = Blueprint("evaluator", __name__, url_prefix="/office")


@blueprint.get("/waves/<wave_code>/indices")
@requires("evaluator")
def indices(wave_code: str) -> str:
    """Every street: public score and indicators with their intervals, and how they came about."""
    found = wave_indices(wave_code)
    return render_template(
        "office/indices.html", wave=found.wave, is_demo=found.wave.is_demo, indices=found
    )


@blueprint.get("/waves/<wave_code>/evaluation")
@requires("evaluator")
def evaluation(wave_code: str) -> str:
    """The newest frozen evaluation, another with ?revision=N, or with ?draft=1 that of now."""
    return _evaluation(
        wave_code,
        draft=request.args.get("draft") == "1",
        revision=request.args.get("revision", type=int),
    )


@blueprint.post("/waves/<wave_code>/evaluation")
@requires("evaluator")
def take_step(wave_code: str) -> AnyResponse | tuple[str, int]:
    """Freeze the draft, approve what is on notice, or publish what is approved."""
    step = request.form.get("step", "freeze")
    here = f"/office/waves/{wave_code}/evaluation"
    if step == "compute":
        _ask_for_draft(wave_code)
        return redirect(f"{here}?draft=1", 303)
    try:
        said = _take_step(wave_code, step)
    except Refused as error:
        return _evaluation(wave_code, draft=step == "freeze", problem=error), error.status
    flash(said)
    return redirect(here, 303)


def _take_step(wave_code: str, step: str) -> str:
    """Do what the form asks for and say what was done."""
    if step not in ("freeze", "approve", "publish"):
        raise Refused("unknown_step", _l("This step is not known. Reload the page."), status=422)
    if request.form.get("confirmed") != "yes":
        raise Refused(
            "not_confirmed",
            _l("Tick the box to confirm that you have read the figures."),
            status=422,
        )
    who, now = g.viewer.username, utc_now()
    if step == "freeze" and large_districts.is_large(wave_view(wave_code)):
        return _ask_for_freeze(wave_code, who)
    if step == "freeze":
        made = evaluate.freeze(
            wave_code,
            actor=who,
            now=now,
            reason=request.form.get("reason", "").strip()[:2000],
            notice_until=_posted_day("notice_until"),
        )
        if made.notice_until is None:
            return str(_("Frozen. Somebody else approves it now."))
        return str(
            _("Frozen and on public notice until %(date)s.", date=say_day(made.notice_until))
        )
    # A page that names no revision must not publish in one step what nobody approved.
    revision = request.form.get("revision", default=0, type=int)
    if step == "approve":
        note = request.form.get("note", "").strip()[:500]
        evaluate.approve(wave_code, actor=who, now=now, note=note, revision=revision)
        return str(_("Approved. It can be published now."))
    evaluate.publish(wave_code, actor=who, now=now, revision=revision)
    return str(_("Published. The figures are frozen and can be seen by everybody."))


def _ask_for_draft(wave_code: str) -> None:
    """Have the worker compute the draft, unless it is at it. Raises Refused (503)."""
    wave = wave_view(wave_code)
    progress = jobs.draft_progress(wave.code)
    is_waited_for = progress is not None and progress.is_under_way
    if not is_waited_for and not jobs.ask_for_draft(wave.code):
        raise _worker_away()


def _ask_for_freeze(wave_code: str, who: str) -> str:
    """Have the worker freeze the draft and say so. Raises Refused (409, 422, 503)."""
    progress = jobs.freeze_progress(wave_code)
    if progress is not None and progress.is_under_way:
        raise Refused(
            "freezing", _l("The worker is freezing this wave. Wait until it is done."), status=409
        )
    until = _posted_day("notice_until")
    asked = jobs.ask_for_freeze(
        wave_code,
        actor=who,
        reason=request.form.get("reason", "").strip()[:2000],
        notice_until=until.isoformat() if until else "",
        language=language(),
    )
    if not asked:
        raise _worker_away()
    return str(_("The worker freezes the draft. This page says when it is done."))


def _worker_away() -> Refused:
    return Refused(
        "worker_away",
        _l("The worker cannot be reached. Try again once it is back."),
        status=503,
    )


def _posted_day(name: str) -> date | None:
    """A day of the form, None when it is empty. Raises Refused (422) for one that is not one."""
    given = request.form.get(name, "").strip()
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        raise Refused(
            "not_a_day", _l("Give the last day as year-month-day, such as 2026-12-15."), status=422
        ) from None


def _evaluation(
    wave_code: str,
    *,
    draft: bool = False,
    revision: int | None = None,
    problem: Refused | None = None,
) -> str:
    frozen = None
    if revision is not None:
        frozen = frozen_evaluation(wave_code, revision=revision)
        if frozen is None:
            raise Refused(
                "unknown_revision", _l("There is no such revision of this wave."), status=404
            )
    elif not draft:
        frozen = current_evaluation(wave_code)
    waits: dict[str, Any] = {}
    shown = frozen
    if shown is None:
        shown, waits = _draft(wave_code)
    if shown is None:
        return render_template(
            "office/evaluation_waits.html", **waits, problem=problem.message if problem else None
        )
    today = local_time(utc_now()).date()
    return render_template(
        "office/evaluation.html",
        wave=shown.wave,
        is_demo=shown.wave.is_demo,
        shown=shown,
        headline=evaluation_headline(shown),
        listed=listed_streets(shown),
        names={one.street.code: one.street.name for one in shown.streets},
        indicator_names={one.code: one.name for one in shown.indicators},
        stands=standing(shown.wave, viewer=g.viewer.username, today=today),
        **evaluation_files(shown),
        **evaluation_pictures(shown),
        open_piles=open_piles(shown.wave.id) if shown.wave.status == "closed" else (),
        problem=problem.message if problem else None,
        kept=waits.get("kept"),
        is_outdated=waits.get("is_outdated", False),
        draft_progress=waits.get("draft_progress"),
        freeze_progress=_freezing(shown),
    )


def _freezing(shown: EvaluationView) -> jobs.Progress | None:
    """How far the worker is that freezes this wave; that it could not is said beside the draft."""
    if len(shown.streets) <= large_districts.LARGE:
        return None
    found = jobs.freeze_progress(shown.wave.code)
    is_told = found is not None and (found.is_under_way or shown.status == "draft")
    return found if is_told else None


def _draft(wave_code: str) -> tuple[EvaluationView | None, dict[str, Any]]:
    """The draft, and what its page says of how it came about; of many streets the one kept.

    None when the worker has yet to compute it, which it is asked for here.
    """
    wave = wave_view(wave_code)
    if not large_districts.is_large(wave):
        return draft_evaluation(wave_code), {}
    kept = large_districts.kept_draft(wave_code)
    progress = jobs.draft_progress(wave_code)
    if kept is None and (progress is None or progress.state == "done"):
        jobs.ask_for_draft(wave_code)
        progress = jobs.draft_progress(wave_code)
    waits = {
        "wave": wave,
        "is_demo": wave.is_demo,
        "kept": kept,
        "is_outdated": kept is not None and large_districts.is_outdated(kept, wave),
        "draft_progress": progress,
        "freeze_progress": jobs.freeze_progress(wave_code),
    }
    return kept.evaluation if kept else None, waits
