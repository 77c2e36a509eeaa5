"""One's own account: password, language, open sessions and one-time codes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, session
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_security import logout_user
from werkzeug.wrappers import Response as AnyResponse

from survey.clock import utc_now
from survey.errors import Refused
from survey.exports.receipt_qr import screen_qr
from survey.queries.account import open_sessions, recovery_codes_left
from survey.routes.access import EVERYBODY, requires
from survey.services import access, sign_in_codes, sign_in_sessions

blueprint = Blueprint("account", __name__, url_prefix="/office/account")

Answer = AnyResponse | str | tuple[str, int]
# A secret on its way into an app, sealed: it counts from the first right code on.
ENROLLING = "enrolling"


@blueprint.get("")
@requires(*EVERYBODY)
def account() -> str:
    """One's own account."""
    return _account()


@blueprint.post("/language")
@requires(*EVERYBODY)
def language() -> AnyResponse:
    """Change the language of the account."""
    access.set_language(g.viewer.username, request.form.get("language", ""))
    flash(_("Saved."))
    response = redirect("/office/account", 303)
    # What was once chosen by ?lang= would hide the account's own language.
    response.delete_cookie("lang")
    return response


@blueprint.post("/password")
@requires(*EVERYBODY)
def password() -> Answer:
    """Change the own password; all sessions end, this one too."""
    new = request.form.get("new", "")
    try:
        if new != request.form.get("again", ""):
            raise Refused(
                "not_the_same", _l("The new password was typed differently the second time.")
            )
        access.change_own_password(
            g.viewer.username,
            request.form.get("current", ""),
            new,
            address=request.remote_addr or "",
            now=utc_now(),
        )
    except Refused as error:
        return _account(problem=error.message), 422
    logout_user()
    flash(_("The password is changed. Please sign in with the new one."))
    return redirect("/office/sign-in", 303)


@blueprint.post("/sessions/end")
@requires(*EVERYBODY)
def end_session() -> Answer:
    """End one of the own sessions."""
    try:
        sign_in_sessions.end_one(g.viewer.username, request.form.get("session", ""), now=utc_now())
    except Refused as error:
        return _account(problem=error.message), error.status
    flash(_("That browser is signed out."))
    return redirect("/office/account", 303)


@blueprint.post("/sessions/end-others")
@requires(*EVERYBODY)
def end_other_sessions() -> AnyResponse:
    """End every own session but this one."""
    ended = sign_in_sessions.end_others(
        g.viewer.username, but=g.office_session.token_hash, now=utc_now()
    )
    flash(ngettext("%(num)s other browser is signed out.",
                   "%(num)s other browsers are signed out.", ended))  # fmt: skip
    return redirect("/office/account", 303)


@blueprint.get("/codes")
@requires(*EVERYBODY)
def codes() -> str:
    """Switch one-time codes on, or see how they stand."""
    return _codes()


@blueprint.post("/codes")
@requires(*EVERYBODY)
def switch_on() -> Answer:
    """Demand codes from now on; the recovery codes are on the page that answers, this once."""
    sealed = session.get(ENROLLING)
    if not sealed:
        return redirect("/office/account/codes", 303)
    try:
        made = sign_in_codes.switch_on(
            g.viewer.username,
            sealed,
            **_typed(),
            this_session=g.office_session.token_hash,
            now=utc_now(),
        )
    except Refused as error:
        return _codes(problem=error), error.status
    session.pop(ENROLLING, None)
    return _shown_once(made)


@blueprint.post("/codes/off")
@requires(*EVERYBODY)
def switch_off() -> Answer:
    """Let the password be enough again, for whoever has password and code."""
    try:
        sign_in_codes.switch_off(g.viewer.username, **_typed(), now=utc_now())
    except Refused as error:
        return _codes(problem=error), error.status
    flash(_("One-time codes are switched off. The password alone opens this account."))
    return redirect("/office/account", 303)


@blueprint.post("/codes/recovery")
@requires(*EVERYBODY)
def new_recovery_codes() -> Answer:
    """Ten new recovery codes in place of the old ones, shown this once."""
    try:
        made = sign_in_codes.renew_recovery_codes(g.viewer.username, **_typed(), now=utc_now())
    except Refused as error:
        return _codes(problem=error), error.status
    return _shown_once(made)


def _typed() -> dict[str, str]:
    """The password and the code of the form, and where they were typed."""
    typed = {name: request.form.get(name, "")[:200] for name in ("password", "code")}
    return typed | {"address": request.remote_addr or ""}


def _account(*, problem: Any = None) -> str:
    return render_template(
        "access/account.html",
        sessions=open_sessions(g.viewer.username, this=g.office_session.token_hash, now=utc_now()),
        problem=problem,
    )


def _codes(*, problem: Refused | None = None) -> str:
    words = problem.message if problem else None
    if g.viewer.has_codes:
        left = recovery_codes_left(g.viewer.username)
        return render_template("access/codes_on.html", left=left, problem=words)
    sealed = session.get(ENROLLING)
    if not sealed:
        sealed = session[ENROLLING] = sign_in_codes.new_secret()
    enrolment = sign_in_codes.enrolment(sealed, g.viewer.username)
    return render_template(
        "access/codes_off.html",
        enrolment=enrolment,
        picture=screen_qr(enrolment.uri),
        problem=words,
    )


def _shown_once(made: tuple[str, ...]) -> str:
    return render_template("access/recovery_codes.html", codes=made, today=utc_now())
