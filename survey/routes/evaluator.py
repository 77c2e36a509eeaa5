"""The evaluator's pages of a wave: indices, and the evaluation to publish."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from survey.clock import utc_now
from survey.errors import Refused
from survey.queries.evaluation import draft_evaluation, published_evaluation
from survey.queries.listed import listed_streets
from survey.queries.office import last_evaluated_wave, published_revision
from survey.queries.paper_entry import open_piles
from survey.queries.streets import wave_indices
from survey.queries.themes import wave_themes
from survey.queries.waves import all_waves
from survey.routes.access import requires
from survey.services import evaluate
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
    """The published evaluation, or with ?draft=1 (or before any) what it would be now."""
    return _evaluation(wave_code, draft=request.args.get("draft") == "1")


@blueprint.post("/waves/<wave_code>/evaluation")
@requires("evaluator")
def publish(wave_code: str) -> AnyResponse | tuple[str, int]:
    """Freeze and publish the draft; a revision says why."""
    try:
        if request.form.get("confirmed") != "yes":
            raise Refused(
                "not_confirmed",
                _l("Tick the box to confirm that you have read the figures."),
                status=422,
            )
        evaluate.publish(
            wave_code,
            actor=g.viewer.username,
            now=utc_now(),
            reason=request.form.get("reason", "").strip(),
        )
    except Refused as error:
        return _evaluation(wave_code, draft=True, problem=error), error.status
    flash(_("Published. The figures are frozen and can be seen by everybody."))
    return redirect(f"/office/waves/{wave_code}/evaluation", 303)


def _evaluation(wave_code: str, *, draft: bool, problem: Refused | None = None) -> str:
    revision = published_revision(wave_code)
    frozen = None if draft or not revision else published_evaluation(wave_code)
    shown = frozen or draft_evaluation(wave_code)
    may_publish = shown.status == "draft" and shown.wave.status == "closed"
    return render_template(
        "office/evaluation.html",
        wave=shown.wave,
        is_demo=shown.wave.is_demo,
        shown=shown,
        headline=evaluation_headline(shown),
        listed=listed_streets(shown),
        names={one.street.code: one.street.name for one in shown.streets},
        indicator_names={one.code: one.name for one in shown.indicators},
        revision=revision,
        open_piles=open_piles(shown.wave.id) if may_publish else (),
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
