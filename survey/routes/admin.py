"""The admin's pages: streets and waves, collection points with what is printed, accounts."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from survey.clock import utc_now
from survey.errors import Refused
from survey.queries.access import all_accounts
from survey.queries.office import admin_points, admin_streets
from survey.queries.waves import all_waves
from survey.routes.access import requires
from survey.services import access, fieldwork

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
    waves = all_waves()
    return render_template(
        "office/points.html",
        points=admin_points(street_code=request.args.get("street")),
        streets=admin_streets(),
        chosen=request.args.get("street"),
        is_demo=any(wave.is_demo for wave in waves),
    )


@blueprint.get("/accounts")
@requires("admin")
def accounts() -> str:
    """Accounts, and the form for a new one."""
    return _accounts()


@blueprint.post("/accounts")
@requires("admin")
def create_account() -> tuple[str, int]:
    """Make an account; its password is shown on the page that answers, and never again."""
    form = request.form
    password = access.generate_password()
    try:
        access.create_account(
            form.get("username", ""),
            password,
            form.getlist("role"),
            street_code=form.get("street") or None,
            language=form.get("language", ""),
            actor=g.viewer.username,
            now=utc_now(),
        )
    except Refused as error:
        return _accounts(problem=error), error.status
    name = access.normalise_username(form["username"])
    return _accounts(made=(name, password)), 201


@blueprint.post("/accounts/<username>/password")
@requires("admin")
def new_password(username: str) -> tuple[str, int]:
    """Give an account a new password, shown once."""
    password = access.generate_password()
    try:
        access.set_password(username, password, actor=g.viewer.username, now=utc_now())
    except Refused as error:
        return _accounts(problem=error), error.status
    return _accounts(made=(username, password)), 200


@blueprint.post("/accounts/<username>/deactivate")
@requires("admin")
def deactivate(username: str) -> AnyResponse | tuple[str, int]:
    """Take an account's access away; its open sessions end."""
    try:
        access.deactivate(username, actor=g.viewer.username, now=utc_now())
    except Refused as error:
        return _accounts(problem=error), error.status
    flash(_("%(name)s can no longer sign in.", name=username))
    return redirect("/office/admin/accounts", 303)


@blueprint.post("/accounts/<username>/reactivate")
@requires("admin")
def reactivate(username: str) -> AnyResponse | tuple[str, int]:
    """Let an account sign in again."""
    try:
        access.reactivate(username, actor=g.viewer.username, now=utc_now())
    except Refused as error:
        return _accounts(problem=error), error.status
    flash(_("%(name)s can sign in again.", name=username))
    return redirect("/office/admin/accounts", 303)


def _places(problem: Refused | None = None) -> str:
    waves = all_waves()
    return render_template(
        "office/places.html",
        streets=admin_streets(),
        waves=waves,
        problem=problem.message if problem else None,
        is_demo=any(wave.is_demo for wave in waves),
    )


def _accounts(*, problem: Refused | None = None, made: tuple[str | None, str] | None = None) -> str:
    return render_template(
        "office/accounts.html",
        accounts=all_accounts(),
        streets=admin_streets(),
        roles=access.ROLES,
        is_demo=any(wave.is_demo for wave in all_waves()),
        problem=problem.message if problem else None,
        made=made,
        typed=request.form if problem else {},
    )
