"""Appeals: a street files and follows its own; the evaluation office decides; auditors read."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from survey.clock import utc_now
from survey.errors import Refused
from survey.evidence import MOST_BYTES, MOST_FILES
from survey.formatting import local_time
from survey.queries.appeal_effect import appeal_effect
from survey.queries.appeals import (
    evidence_content,
    one_appeal,
    street_appeals,
    wave_appeal_list,
)
from survey.queries.office import last_evaluated_wave, street_names
from survey.queries.waves import WaveView, all_waves, wave_view
from survey.routes.access import identify, own_street_or_any, requires
from survey.services.appeal_decisions import decide_appeal, hold_back_again
from survey.services.appeals import file_appeal, withdraw_appeal

blueprint = Blueprint("appeals", __name__, url_prefix="/office")


@blueprint.url_value_preprocessor
def larger_body(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Let evidence in that is larger than an answer, but only from a street's account."""
    if endpoint == "appeals.file" and request.method == "POST":
        viewer = identify()
        if viewer is not None and viewer.has("street"):
            # A little more than may be kept, so that the page can say which file is too large.
            request.max_content_length = (MOST_FILES + 1) * MOST_BYTES


@blueprint.get("/street/<code>/appeals")
@requires("street", "evaluator")
def of_street(code: str) -> str:
    """What a street can appeal against in a wave, its appeals and what became of them."""
    own_street_or_any(code)
    wave, waves = _chosen_wave()
    return render_template(
        "office/appeals_street.html",
        wave=wave,
        waves=waves,
        is_demo=wave.is_demo,
        found=street_appeals(wave, street_code=code, today=_today()),
        street_name=_street_name(code),
        today=_today(),
        code=code,
    )


@blueprint.get("/street/<code>/appeals/new")
@requires("street")
def new(code: str) -> str:
    """The form of one appeal."""
    own_street_or_any(code)
    return _form(code)


@blueprint.post("/street/<code>/appeals/new")
@requires("street")
def file(code: str) -> AnyResponse | tuple[str, int]:
    """File it. The account's own street only, whatever the address says."""
    own_street_or_any(code)
    wave, _waves = _chosen_wave()
    given = [one for one in request.files.getlist("files") if one.filename]
    try:
        appeal_id = file_appeal(
            wave.code,
            street_code=code,
            kind=_kind(),
            theme_id=_theme_id(),
            grounds=request.form.get("grounds", ""),
            # One byte more than allowed is enough to see that it is too large.
            files=[(one.filename or "", _content(one)) for one in given[: MOST_FILES + 1]],
            actor=g.viewer.username,
            now=utc_now(),
            today=_today(),
        )
    except Refused as error:
        if error.status == 404:
            raise
        return _form(code, problem=error), error.status
    flash(_("The appeal is filed. You see here what becomes of it."))
    return redirect(f"/office/appeals/{appeal_id}", 303)


@blueprint.get("/waves/<wave_code>/appeals")
@requires("evaluator")
def of_wave(wave_code: str) -> str:
    """All appeals of a wave and what is due when."""
    wave = wave_view(wave_code)
    return render_template(
        "office/appeals.html",
        wave=wave,
        is_demo=wave.is_demo,
        appeals=wave_appeal_list(wave),
        today=_today(),
    )


@blueprint.get("/appeals/<int:appeal_id>")
@requires("street", "evaluator")
def one(appeal_id: int) -> str:
    """One appeal: grounds, evidence, what it would change, the decision."""
    return _one(appeal_id)


@blueprint.get("/appeals/<int:appeal_id>/documents/<int:document_id>")
@requires("street", "evaluator")
def document(appeal_id: int, document_id: int) -> Response:
    """A piece of evidence as it came; always saved to a file, never shown within our pages."""
    own_street_or_any(one_appeal(appeal_id).street_code)
    found, content = evidence_content(appeal_id, document_id)
    response = Response(content, mimetype=found.media_type)
    response.headers.set("Content-Disposition", "attachment", filename=found.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@blueprint.post("/appeals/<int:appeal_id>/withdraw")
@requires("street")
def withdraw(appeal_id: int) -> AnyResponse | tuple[str, int]:
    """The street takes its appeal back."""
    own_street_or_any(one_appeal(appeal_id).street_code)
    try:
        withdraw_appeal(
            appeal_id,
            # None for an account without a street, which no street's code equals.
            street_code=g.viewer.street_code or "",
            actor=g.viewer.username,
            now=utc_now(),
        )
    except Refused as error:
        if error.status == 404:
            raise
        return _one(appeal_id, problem=error), error.status
    flash(_("The appeal is withdrawn."))
    return redirect(f"/office/appeals/{appeal_id}", 303)


@blueprint.post("/appeals/<int:appeal_id>/decide")
@requires("evaluator")
def decide(appeal_id: int) -> AnyResponse | tuple[str, int]:
    """Uphold or reject it, with a reason."""
    try:
        decide_appeal(
            appeal_id,
            decision=request.form.get("decision", ""),
            because=request.form.get("because", ""),
            actor=g.viewer.username,
            actor_street=g.viewer.street_code,
            now=utc_now(),
        )
    except Refused as error:
        if error.status == 404:
            raise
        return _one(appeal_id, problem=error), error.status
    flash(_("The decision is stored and the street can read it."))
    return redirect(f"/office/appeals/{appeal_id}", 303)


@blueprint.post("/appeals/<int:appeal_id>/hold-back")
@requires("evaluator")
def hold_back(appeal_id: int) -> AnyResponse | tuple[str, int]:
    """Hold the answers back again that an upheld appeal let count."""
    try:
        hold_back_again(
            appeal_id,
            because=request.form.get("because", ""),
            actor=g.viewer.username,
            now=utc_now(),
        )
    except Refused as error:
        if error.status == 404:
            raise
        return _one(appeal_id, problem=error), error.status
    flash(_("The answers are held back again."))
    return redirect(f"/office/appeals/{appeal_id}", 303)


def _one(appeal_id: int, *, problem: Refused | None = None) -> str:
    found = one_appeal(appeal_id)
    own_street_or_any(found.street_code)
    wave = wave_view(found.wave_code)
    wants_effect = found.status == "open" and g.viewer.reads_all
    return render_template(
        "office/appeal.html",
        wave=wave,
        is_demo=wave.is_demo,
        appeal=found,
        # Shown to the office only: it names other streets' standing.
        effect=appeal_effect(found) if wants_effect else None,
        today=_today(),
        may_decide=g.viewer.has("evaluator") and g.viewer.street_code != found.street_code,
        may_withdraw=g.viewer.has("street") and g.viewer.street_code == found.street_code,
        problem=problem.message if problem else None,
    )


def _form(code: str, *, problem: Refused | None = None) -> str:
    wave, _waves = _chosen_wave()
    found = street_appeals(wave, street_code=code, today=_today())
    kind, theme_id = _kind(), _theme_id()
    deduction = next((one for one in found.deductions if one.theme_id == theme_id), None)
    known = {
        "deduction": deduction is not None,
        "quarantine": found.held_back > 0,
        "exclusion": found.exclusion is not None,
    }
    if problem is None and not known.get(kind):
        raise Refused(
            "nothing_to_appeal",
            _l("There is nothing of this kind to appeal against in this wave."),
            status=404,
        )
    return render_template(
        "office/appeal_form.html",
        wave=wave,
        is_demo=wave.is_demo,
        found=found,
        kind=kind,
        deduction=deduction,
        theme_id=theme_id,
        street_name=_street_name(code),
        code=code,
        problem=problem.message if problem else None,
    )


def _content(given: Any) -> bytes:
    content: bytes = given.stream.read(MOST_BYTES + 1)
    return content


def _kind() -> str:
    return request.values.get("kind", "")


def _theme_id() -> int | None:
    """The theme of an appeal against a deduction; -1 for what is no number of a theme."""
    if _kind() != "deduction":
        return None
    asked = request.values.get("theme", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else -1


def _chosen_wave() -> tuple[WaveView, tuple[WaveView, ...]]:
    """The wave of ?wave=, else the latest whose asking is over, with all to choose from."""
    waves = all_waves()
    asked = request.values.get("wave")
    wave = next((entry for entry in waves if entry.code == asked), None)
    wave = wave or (last_evaluated_wave(waves) if not asked else None)
    if wave is None:
        raise Refused("unknown_wave", _l("There is no such wave."), status=404)
    return wave, waves


def _street_name(code: str) -> tuple[str, str]:
    names = street_names()
    if code not in names:
        raise Refused(
            "unknown_street",
            _l("There is no street with the code %(code)s.", code=code),
            status=404,
        )
    return names[code]


def _today() -> date:
    return local_time(utc_now()).date()
