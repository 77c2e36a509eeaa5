"""The admin's pages: streets and waves, collection points with what is printed."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from survey.clock import utc_now
from survey.errors import Refused
from survey.queries.office import admin_streets
from survey.queries.points import admin_points, point_change
from survey.queries.waves import all_waves
from survey.routes.access import requires
from survey.services import fieldwork
from survey.services.collect import normalise_code
from survey.services.points import replace_point, repoint, restore_point, retire_point

blueprint = Blueprint("admin", __name__, url_prefix="/office/admin")


@blueprint.get("/")
@requires("admin")
def places() -> str:
    """Streets and waves."""
    return _places()


@blueprint.post("/waves/<code>/open")
@requires("admin")
def open_wave(code: str) -> AnyResponse | tuple[str, int]:
    """Lock the policy of a draft and take answers from its opening time on."""
    try:
        fieldwork.open_wave(code, now=utc_now())
    except Refused as error:
        return _places(problem=error), error.status
    flash(_("Wave %(code)s is open.", code=code))
    return redirect("/office/admin/", 303)


@blueprint.post("/waves/<code>/close")
@requires("admin")
def close_wave(code: str) -> AnyResponse | tuple[str, int]:
    """Take no more answers and fold what waits."""
    try:
        fieldwork.close_wave(code, now=utc_now())
    except Refused as error:
        return _places(problem=error), error.status
    flash(_("Wave %(code)s is closed.", code=code))
    return redirect("/office/admin/", 303)


@blueprint.get("/points")
@requires("admin")
def points() -> str:
    """Collection points with their codes, posters and QR pictures."""
    return render_template(
        "office/points.html",
        points=admin_points(street_code=request.args.get("street")),
        streets=admin_streets(),
        chosen=request.args.get("street"),
    )


@blueprint.get("/points/<code>/retire")
@requires("admin")
def confirm_retiring(code: str) -> str:
    """What taking a printed code out of use means for people, and the form that does it."""
    return _point_page("retire", code)


@blueprint.post("/points/<code>/retire")
@requires("admin")
def retire(code: str) -> AnyResponse | tuple[str, int]:
    """Take a code out of use: with a new one for its place, another one, or none to lead to."""
    then, to = request.form.get("then"), request.form.get("to", "")
    who, now = g.viewer.username, utc_now()
    try:
        if then == "new":
            to = replace_point(code, actor=who, now=now)
        elif then == "other" and to:
            retire_point(code, replaced_by=to, actor=who, now=now)
        elif then == "none":
            to = ""
            retire_point(code, replaced_by=None, actor=who, now=now)
        else:
            raise Refused("no_choice", _l("Choose where the old code shall lead."), status=422)
    except Refused as error:
        return _point_page("retire", code, problem=error), error.status
    if then == "new":
        flash(_("%(code)s is no longer in use. Print the poster of %(new)s now and hang it in its "
                "place.", code=normalise_code(code), new=to))  # fmt: skip
    elif to:
        flash(_("%(code)s is no longer in use and leads to %(new)s.", code=normalise_code(code),
                new=normalise_code(to)))  # fmt: skip
    else:
        flash(_("%(code)s is no longer in use.", code=normalise_code(code)))
    return _to_points(code)


@blueprint.get("/points/<code>/repoint")
@requires("admin")
def confirm_repointing(code: str) -> str:
    """Where a retired code leads, and the form that changes it."""
    return _point_page("repoint", code)


@blueprint.post("/points/<code>/repoint")
@requires("admin")
def repoint_retired(code: str) -> AnyResponse | tuple[str, int]:
    """Let a retired code lead to another point."""
    to = request.form.get("to", "")
    try:
        if not to:
            raise Refused("no_choice", _l("Choose where the old code shall lead."), status=422)
        repoint(code, to=to, actor=g.viewer.username, now=utc_now())
    except Refused as error:
        return _point_page("repoint", code, problem=error), error.status
    flash(_("%(code)s leads to %(new)s now.", code=normalise_code(code), new=normalise_code(to)))
    return _to_points(code)


@blueprint.get("/points/<code>/restore")
@requires("admin")
def confirm_restoring(code: str) -> str:
    """What taking a retired code back into use means, and the button that does it."""
    return _point_page("restore", code)


@blueprint.post("/points/<code>/restore")
@requires("admin")
def restore(code: str) -> AnyResponse | tuple[str, int]:
    """Take a retired code back into use."""
    try:
        restore_point(code, actor=g.viewer.username, now=utc_now())
    except Refused as error:
        return _point_page("restore", code, problem=error), error.status
    flash(_("%(code)s is in use again.", code=normalise_code(code)))
    return _to_points(code)


def _places(problem: Refused | None = None) -> str:
    return render_template(
        "office/places.html",
        streets=admin_streets(),
        waves=all_waves(),
        problem=problem.message if problem else None,
    )


def _point_page(change: str, code: str, problem: Refused | None = None) -> str:
    """The page that confirms a change: retire | repoint | restore. Refused (404) without point."""
    return render_template(
        f"office/points_{change}.html",
        change=point_change(normalise_code(code)),
        problem=problem.message if problem else None,
        typed=request.form if problem else {},
    )


def _to_points(code: str) -> AnyResponse:
    """Back to the list of the street."""
    street = point_change(normalise_code(code)).point.street_code
    return redirect(f"/office/admin/points?street={street}", 303)
