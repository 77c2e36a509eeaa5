"""Exclusions of streets from the ranking of a wave: read them, record one, lift one."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from survey.clock import utc_now
from survey.errors import Refused
from survey.queries.appeals import exclusions
from survey.queries.office import street_names
from survey.queries.waves import wave_view
from survey.routes.access import requires
from survey.services.exclusions import lift_exclusion, record_exclusion

blueprint = Blueprint("exclusions", __name__, url_prefix="/office/waves/<wave_code>/exclusions")


@blueprint.get("")
@requires("evaluator")
def listed(wave_code: str) -> str:
    """The exclusions of a wave, those that were lifted too."""
    return _page(wave_code)


@blueprint.post("")
@requires("evaluator")
def record(wave_code: str) -> AnyResponse | tuple[str, int]:
    """Record one."""
    try:
        record_exclusion(
            wave_code,
            street_code=request.form.get("street", ""),
            reason=request.form.get("reason", ""),
            document=request.form.get("document", ""),
            actor=g.viewer.username,
            now=utc_now(),
        )
    except Refused as error:
        if error.status == 404:
            raise
        return _page(wave_code, problem=error), error.status
    flash(_("The exclusion is recorded. It is in the figures that are computed from now on."))
    return redirect(f"/office/waves/{wave_code}/exclusions", 303)


@blueprint.post("/<int:exclusion_id>/lift")
@requires("evaluator")
def lift(wave_code: str, exclusion_id: int) -> AnyResponse | tuple[str, int]:
    """Lift one, with a reason."""
    try:
        lift_exclusion(
            exclusion_id,
            wave_code=wave_code,
            because=request.form.get("because", ""),
            actor=g.viewer.username,
            now=utc_now(),
        )
    except Refused as error:
        if error.status == 404:
            raise
        return _page(wave_code, problem=error), error.status
    flash(_("The exclusion is lifted. It is in the figures that are computed from now on."))
    return redirect(f"/office/waves/{wave_code}/exclusions", 303)


def _page(wave_code: str, *, problem: Refused | None = None) -> str:
    wave = wave_view(wave_code)
    return render_template(
        "office/exclusions.html",
        wave=wave,
        is_demo=wave.is_demo,
        found=exclusions(wave),
        street_names=street_names(),
        problem=problem.message if problem else None,
    )
