"""The duty list (权责清单): the evaluator reads, adds, changes, retires and restores duties."""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from survey.clock import utc_now
from survey.errors import Refused
from survey.exports.duties import duty_file
from survey.queries.duties import (
    COLUMNS,
    department_names,
    district_by_code,
    duty_named,
    duty_rows,
    indicator_names,
)
from survey.routes.access import requires
from survey.services import duties as service

blueprint = Blueprint("duties", __name__, url_prefix="/office/duties")


@blueprint.get("/")
@requires("evaluator", "department", "street")
def duties() -> str:
    """The list, and the form for a new duty."""
    return _duties()


@blueprint.post("/")
@requires("evaluator")
def add() -> AnyResponse | tuple[str, int]:
    """Add a duty."""
    cells = _typed()
    try:
        service.add_duty(cells, actor=g.viewer.username, now=utc_now(), district=_district())
    except Refused as error:
        return _duties(problem=error, typed=cells), error.status
    flash(_("Duty %(code)s is in the list.", code=cells["code"]))
    return _back(f"#duty-{cells['code']}")


@blueprint.get("/duties.<kind>")
@requires("evaluator", "department", "street")
def download(kind: str) -> Response:
    """The list as a file, csv or xlsx."""
    _count, content = duty_file(kind, district=_district())
    return Response(
        content,
        mimetype="text/csv" if kind == "csv" else "application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="duties.{kind}"'},
    )


@blueprint.get("/<code>")
@requires("evaluator", "department", "street")
def duty(code: str) -> str:
    """One duty, with the form that changes it."""
    return _duty(code)


@blueprint.post("/<code>")
@requires("evaluator")
def change(code: str) -> AnyResponse | tuple[str, int]:
    """Change a duty."""
    cells = _typed()
    try:
        service.change_duty(
            code, cells, actor=g.viewer.username, now=utc_now(), district=_district()
        )
    except Refused as error:
        if error.status == 404:
            raise
        return _duty(code, problem=error, typed=cells), error.status
    flash(_("Duty %(code)s is changed. Waves that are open keep the list they locked.", code=code))
    return _back(f"#duty-{code}")


@blueprint.post("/<code>/retire")
@requires("evaluator")
def retire(code: str) -> AnyResponse:
    """Take a duty out of the list."""
    service.retire_duty(code, actor=g.viewer.username, now=utc_now(), district=_district())
    flash(_("Duty %(code)s is retired.", code=code))
    return _back(f"#duty-{code}")


@blueprint.post("/<code>/restore")
@requires("evaluator")
def restore(code: str) -> AnyResponse:
    """Take a retired duty back into the list."""
    service.restore_duty(code, actor=g.viewer.username, now=utc_now(), district=_district())
    flash(_("Duty %(code)s is in the list.", code=code))
    return _back(f"#duty-{code}")


def _district() -> str | None:
    return request.args.get("district") or None


def _back(anchor: str) -> AnyResponse:
    named = f"?district={_district()}" if _district() else ""
    return redirect(f"/office/duties/{named}{anchor}", 303)


def _typed() -> dict[str, str]:
    """The form's fields as the columns of an entry; departments are named by code or anew."""
    cells = {column: request.form.get(column, "").strip() for column in COLUMNS}
    cells["retired"] = ""
    if cells["responsible"] == "new":
        cells["responsible"] = request.form.get("department", "").strip()
    else:
        cells["department_zh"] = cells["department_en"] = ""
    return cells


def _duties(*, problem: Refused | None = None, typed: dict[str, str] | None = None) -> str:
    place = district_by_code(_district())
    return render_template(
        "office/duties.html",
        place=place,
        is_demo=place.is_demo,
        duties=duty_rows(place.id),
        indicators=indicator_names(),
        departments=department_names(place.id),
        typed=typed or {},
        problem=problem.message if problem else None,
    )


def _duty(code: str, *, problem: Refused | None = None, typed: dict[str, str] | None = None) -> str:
    place = district_by_code(_district())
    found = duty_named(code, district_id=place.id)
    return render_template(
        "office/duty.html",
        place=place,
        is_demo=place.is_demo,
        duty=found,
        indicators=indicator_names(),
        departments=department_names(place.id),
        typed=typed or found.cells(),
        problem=problem.message if problem else None,
    )
