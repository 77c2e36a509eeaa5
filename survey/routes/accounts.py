"""The admin's page of accounts and invitations: who may sign in, and with what."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, current_app, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from survey.clock import utc_now
from survey.errors import Refused
from survey.exports.receipt_qr import ReceiptCode, screen_qr
from survey.queries.access import all_accounts, departments_in_use
from survey.queries.invitations import invitations as all_invitations
from survey.queries.office import admin_streets
from survey.routes.access import requires
from survey.services import access, invitations, sign_in_attempts, sign_in_codes

blueprint = Blueprint("accounts", __name__, url_prefix="/office/admin")


@dataclass(frozen=True)
class Link:
    """An invitation's link, shown once. days: how long it holds."""

    address: str
    picture: ReceiptCode
    label: str
    days: int


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
            department_code=form.get("department") or None,
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


@blueprint.post("/accounts/<username>/unlock")
@requires("admin")
def unlock(username: str) -> AnyResponse | tuple[str, int]:
    """Let an account that failed too often try again at once."""
    try:
        sign_in_attempts.unlock(username, actor=g.viewer.username, now=utc_now())
    except Refused as error:
        return _accounts(problem=error), error.status
    flash(_("%(name)s can try again now.", name=username))
    return redirect("/office/admin/accounts", 303)


@blueprint.post("/accounts/<username>/codes-reset")
@requires("admin")
def reset_codes(username: str) -> AnyResponse | tuple[str, int]:
    """Switch off the codes of somebody who lost telephone and recovery codes."""
    try:
        sign_in_codes.reset(username, actor=g.viewer.username, now=utc_now())
    except Refused as error:
        return _accounts(problem=error), error.status
    flash(_("The one-time codes of %(name)s are switched off.", name=username))
    return redirect("/office/admin/accounts", 303)


@blueprint.post("/invitations")
@requires("admin")
def invite() -> tuple[str, int]:
    """Plan an account; the link is on the page that answers, and never again."""
    form = request.form
    typed = form.get("days", "")
    days = int(typed) if typed.isdecimal() and len(typed) < 4 else 0
    try:
        token = invitations.invite(
            form.get("label", ""),
            form.getlist("role"),
            street_code=form.get("street") or None,
            department_code=form.get("department") or None,
            days=days,
            actor=g.viewer.username,
            now=utc_now(),
        )
    except Refused as error:
        return _accounts(problem=error), error.status
    address = f"{current_app.config['BASE_URL']}/office/invitation/{token}"
    link = Link(address, screen_qr(address), " ".join(form["label"].split()), days)
    return _accounts(link=link), 201


@blueprint.post("/invitations/<int:invitation_id>/revoke")
@requires("admin")
def revoke(invitation_id: int) -> AnyResponse | tuple[str, int]:
    """Let an invitation's link open nothing any more."""
    try:
        invitations.revoke(invitation_id, actor=g.viewer.username, now=utc_now())
    except Refused as error:
        return _accounts(problem=error), error.status
    flash(_("The invitation is revoked."))
    return redirect("/office/admin/accounts", 303)


def _accounts(
    *,
    problem: Refused | None = None,
    made: tuple[str | None, str] | None = None,
    link: Link | None = None,
) -> str:
    now = utc_now()
    return render_template(
        "office/accounts.html",
        accounts=all_accounts(now=now),
        invitations=all_invitations(now=now),
        streets=admin_streets(),
        departments=departments_in_use(),
        roles=access.ROLES,
        problem=problem.message if problem else None,
        made=made,
        link=link,
        usual_days=invitations.USUAL_DAYS,
        typed=request.form if problem else {},
    )
