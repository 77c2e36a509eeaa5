"""The district's own assessment of a wave: direct scores by form and file, and the lists."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as AnyResponse

from survey.clock import utc_now
from survey.errors import Refused
from survey.exports.assessment_files import MIMETYPES, list_file, scores_file
from survey.formatting import local_time
from survey.queries.assessment import assessment
from survey.queries.listed import listed_page
from survey.queries.views import ListedView
from survey.routes.access import requires
from survey.routes.looked_at import allow_larger_body, read_signed, sign, uploaded_file
from survey.services import direct, listed

blueprint = Blueprint("assessment", __name__, url_prefix="/office/waves/<wave_code>")
UPLOADS = ("upload", "confirm", "upload_list", "confirm_list")


@blueprint.url_value_preprocessor
def larger_body(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Spreadsheets are larger than answers; this runs before anything parses the form."""
    if endpoint in {f"assessment.{name}" for name in UPLOADS}:
        allow_larger_body()


@blueprint.get("/assessment")
@requires("evaluator")
def grid(wave_code: str) -> str:
    """Streets by assessors, with mean, spread, D and V(D)."""
    return _grid(wave_code)


@blueprint.get("/assessment/column")
@requires("evaluator")
def column(wave_code: str) -> str:
    """The form of one assessor, or with ?indicator= of one objective indicator."""
    return _column(wave_code, *_named())


@blueprint.post("/assessment/column")
@requires("evaluator")
def store_column(wave_code: str) -> AnyResponse | tuple[str, int]:
    """Store what the form of one column says, unless somebody changed it meanwhile."""
    name, is_objective = _named()
    given, seen = _posted("score:"), _posted("seen:")
    reason = request.form.get("reason", "")
    try:
        plan, wrong = direct.plan_form(
            given, column=name, is_objective=is_objective, wave_code=wave_code
        )
        if wrong:
            problem = Refused(
                "bad_score", _("Nothing was stored: see the marked fields."), status=422
            )
            return _column(
                wave_code, name, is_objective, typed=given, wrong=wrong, problem=problem
            ), 422
        looked_at = [
            direct.Change(one.street, one.column, is_objective, _seen(seen, one.street), one.after)
            for one in plan.changes
        ]
        done = direct.store(
            looked_at, wave_code=wave_code, actor=g.viewer.username, now=utc_now(), reason=reason
        )
    except Refused as error:
        if error.status == 404:
            raise
        shown = _column(wave_code, name, is_objective, typed=given, problem=error)
        return shown, error.status
    _flash_stored(done)
    return redirect(f"/office/waves/{wave_code}/assessment", 303)


@blueprint.get("/assessment/scores.<kind>")
@requires("evaluator")
def template(wave_code: str, kind: str) -> Response:
    """A spreadsheet that holds the streets and what is stored, to fill in and upload."""
    return _file(scores_file(assessment(wave_code), kind=kind), f"{wave_code}-scores", kind)


@blueprint.post("/assessment/upload")
@requires("evaluator")
def upload(wave_code: str) -> str | tuple[str, int]:
    """Show what a file would change; nothing is stored."""
    try:
        name, data = uploaded_file()
        plan = direct.plan_file(name, data, wave_code=wave_code)
    except Refused as error:
        if error.status == 404:
            raise
        return _grid(wave_code, problem=error), error.status
    payload = {"changes": [asdict(one) for one in plan.changes]}
    return _preview(wave_code, name, plan, sign(payload, about=_about("scores", wave_code)))


@blueprint.post("/assessment/confirm")
@requires("evaluator")
def confirm(wave_code: str) -> AnyResponse | tuple[str, int]:
    """Store what was looked at."""
    try:
        payload = read_signed(request.form.get("looked_at", ""), about=_about("scores", wave_code))
        done = direct.store(
            [direct.Change(**one) for one in payload["changes"]],
            wave_code=wave_code,
            actor=g.viewer.username,
            now=utc_now(),
            reason=request.form.get("reason", ""),
        )
    except Refused as error:
        if error.status == 404:
            raise
        return _grid(wave_code, problem=error), error.status
    _flash_stored(done)
    return redirect(f"/office/waves/{wave_code}/assessment", 303)


@blueprint.get("/lists")
@requires("evaluator")
def lists(wave_code: str) -> str:
    """Bonuses, deductions and vetoes, with what they come to per street."""
    return _lists(wave_code)


@blueprint.post("/lists")
@requires("evaluator")
def enter(wave_code: str) -> AnyResponse | tuple[str, int]:
    """Enter one item."""
    given = {name: request.form.get(name, "") for name in listed.FIELDS}
    try:
        wrong = listed.enter(
            given,
            wave_code=wave_code,
            actor=g.viewer.username,
            now=utc_now(),
            today=_today(),
            reason=request.form.get("reason", ""),
        )
    except Refused as error:
        if error.status == 404:
            raise
        return _lists(wave_code, typed=given, problem=error), error.status
    if wrong:
        problem = Refused("bad_item", _("Nothing was stored: see the marked fields."), status=422)
        return _lists(wave_code, typed=given, wrong=wrong, problem=problem), 422
    flash(_("The item is in the list. It changes no score."))
    return redirect(f"/office/waves/{wave_code}/lists", 303)


@blueprint.post("/lists/<int:item_id>/remove")
@requires("evaluator")
def remove(wave_code: str, item_id: int) -> AnyResponse | tuple[str, int]:
    """Take an item out of the list; it stays to be read with the reason."""
    try:
        listed.remove_item(
            item_id,
            wave_code=wave_code,
            because=request.form.get("because", ""),
            actor=g.viewer.username,
            now=utc_now(),
        )
    except Refused as error:
        if error.status == 404:
            raise
        return _lists(wave_code, problem=error), error.status
    flash(_("Removed. The item stays below with the reason; enter it anew to take that back."))
    return redirect(f"/office/waves/{wave_code}/lists", 303)


@blueprint.get("/lists/items.<kind>")
@requires("evaluator")
def list_template(wave_code: str, kind: str) -> Response:
    """The list as a spreadsheet, to add to and upload."""
    content = list_file(listed_page(wave_code), kind=kind, heads=listed.HEADS)
    return _file(content, f"{wave_code}-lists", kind)


@blueprint.post("/lists/upload")
@requires("evaluator")
def upload_list(wave_code: str) -> str | tuple[str, int]:
    """Show what a file would add; nothing is stored."""
    try:
        name, data = uploaded_file()
        plan = listed.plan_list(name, data, wave_code=wave_code, today=_today())
    except Refused as error:
        if error.status == 404:
            raise
        return _lists(wave_code, problem=error), error.status
    items = [
        {"street": one.street}
        | asdict(one.item)
        | {"document_date": one.item.document_date.isoformat()}
        for one in plan.new
    ]
    found = listed_page(wave_code)
    return render_template(
        "office/assessment_list_preview.html",
        wave=found.wave,
        is_demo=found.wave.is_demo,
        frozen=found.frozen,
        names={street.code: street.name for street in found.streets},
        file=name,
        plan=plan,
        looked_at=sign({"items": items}, about=_about("lists", wave_code)),
    )


@blueprint.post("/lists/confirm")
@requires("evaluator")
def confirm_list(wave_code: str) -> AnyResponse | tuple[str, int]:
    """Add what was looked at."""
    try:
        payload = read_signed(request.form.get("looked_at", ""), about=_about("lists", wave_code))
        done = listed.add_items(
            [_item(one) for one in payload["items"]],
            wave_code=wave_code,
            actor=g.viewer.username,
            now=utc_now(),
            reason=request.form.get("reason", ""),
        )
    except Refused as error:
        if error.status == 404:
            raise
        return _lists(wave_code, problem=error), error.status
    flash(ngettext("%(num)s item is added.", "%(num)s items are added.", done))
    return redirect(f"/office/waves/{wave_code}/lists", 303)


def _item(kept: dict[str, Any]) -> listed.NewItem:
    fields = {name: value for name, value in kept.items() if name != "street"}
    fields["document_date"] = date.fromisoformat(fields["document_date"])
    return listed.NewItem(kept["street"], ListedView(**fields))


def _about(what: str, wave_code: str) -> str:
    return f"{what} {wave_code} {g.viewer.username}"


def _today() -> date:
    return local_time(utc_now()).date()


def _named() -> tuple[str, bool]:
    """The column a form is about, and whether it is an objective indicator."""
    indicator = request.values.get("indicator", "").strip()
    return (indicator, True) if indicator else (request.values.get("assessor", "").strip(), False)


def _posted(prefix: str) -> dict[str, str]:
    """{street code: text} of the fields with this prefix."""
    return {
        name.removeprefix(prefix): text
        for name, text in request.form.items()
        if name.startswith(prefix)
    }


def _seen(seen: dict[str, str], street: str) -> float | None:
    """The score that stood in the form when it was opened."""
    try:
        return float(seen[street]) if seen.get(street) else None
    except ValueError:
        return None


def _flash_stored(done: int) -> None:
    if done:
        flash(ngettext("%(num)s score is stored.", "%(num)s scores are stored.", done))
    else:
        flash(_("Nothing was different, so nothing is stored."))


def _file(content: bytes, name: str, kind: str) -> Response:
    response = Response(content, mimetype=MIMETYPES[kind])
    response.headers.set("Content-Disposition", "attachment", filename=f"jieping-{name}.{kind}")
    return response


def _grid(wave_code: str, *, problem: Refused | None = None) -> str:
    found = assessment(wave_code)
    return render_template(
        "office/assessment.html",
        wave=found.wave,
        is_demo=found.wave.is_demo,
        found=found,
        names={street.code: street.name for street in found.streets},
        query=lambda **named: urlencode(named),
        problem=problem.message if problem else None,
    )


def _column(
    wave_code: str,
    name: str,
    is_objective: bool,
    *,
    typed: dict[str, str] | None = None,
    wrong: dict[str, Any] | None = None,
    problem: Refused | None = None,
) -> str:
    found = assessment(wave_code)
    stored = found.column(name, is_objective=is_objective)
    return render_template(
        "office/assessment_column.html",
        wave=found.wave,
        is_demo=found.wave.is_demo,
        found=found,
        name=name,
        is_objective=is_objective,
        stored=stored,
        typed=typed,
        wrong=wrong or {},
        problem=problem.message if problem else None,
    )


def _preview(wave_code: str, name: str, plan: direct.Plan, looked_at: str) -> str:
    found = assessment(wave_code)
    return render_template(
        "office/assessment_preview.html",
        wave=found.wave,
        is_demo=found.wave.is_demo,
        found=found,
        names={street.code: street.name for street in found.streets},
        file=name,
        plan=plan,
        looked_at=looked_at,
    )


def _lists(
    wave_code: str,
    *,
    typed: dict[str, str] | None = None,
    wrong: dict[str, Any] | None = None,
    problem: Refused | None = None,
) -> str:
    found = listed_page(wave_code)
    return render_template(
        "office/assessment_lists.html",
        wave=found.wave,
        is_demo=found.wave.is_demo,
        found=found,
        typed=typed or {},
        wrong=wrong or {},
        problem=problem.message if problem else None,
    )
