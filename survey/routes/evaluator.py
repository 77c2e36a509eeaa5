"""The evaluator's pages of a wave: indices, and the evaluation to publish."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from survey.clock import utc_now
from survey.errors import Refused
from survey.formatting import local_time, say_day
from survey.queries.evaluation import (
    current_evaluation,
    draft_evaluation,
    frozen_evaluation,
)
from survey.queries.listed import listed_streets
from survey.queries.office import last_evaluated_wave
from survey.queries.paper_entry import open_piles
from survey.queries.standing import standing
from survey.queries.streets import wave_indices
from survey.queries.themes import wave_themes
from survey.queries.waves import all_waves
from survey.routes.access import requires
from survey.services import evaluate
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
    try:
        said = _take_step(wave_code, step)
    except Refused as error:
        return _evaluation(wave_code, draft=step == "freeze", problem=error), error.status
    flash(said)
    return redirect(f"/office/waves/{wave_code}/evaluation", 303)


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
    shown = frozen or draft_evaluation(wave_code)
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
    )


@blueprint.get("/department/")
@requires("department", "evaluator")
def common_problems() -> str:
    """Problems common to the streets (共性问题) of the latest wave, for the departments."""
    waves = all_waves()
    wave = last_evaluated_wave(waves)
    if wave is None:
        raise Refused("no_wave", _l("There is no wave yet."), status=404)
    found = tuple(entry for entry in wave_themes(wave.code) if entry.scope == "common")
    return render_template(
        "office/common_problems.html", wave=wave, is_demo=wave.is_demo, themes=found
    )
