"""The way in and out: name and password, then the one-time code of accounts that have one.

Between the two steps the cookie says who gave the right password and when. It opens nothing, and
after five minutes it counts for nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
)
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import login_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from survey.browser_names import browser_name
from survey.clock import utc_now
from survey.extensions import limiter, security
from survey.queries.account import has_invented_district
from survey.routes.access import View, identify
from survey.services import access, sign_in, sign_in_attempts, sign_in_sessions
from survey.services.sign_in_sessions import Device
from survey.sign_in import ATTEMPTS, TOKEN, SignInForm, account_and_address
from survey.unknown_names import failed as unknown_name_failed

blueprint = Blueprint("sign_in", __name__, url_prefix="/office")

HALF = "half_signed_in"
HALF_WAY = timedelta(minutes=5)


def _never_kept(view: View) -> View:
    # Without its attributes: by them the limiter would take both for one view and count twice.
    @wraps(view, updated=())
    def shown(**values: Any) -> Response:
        response = make_response(view(**values))
        response.headers["Cache-Control"] = "no-store"
        return response

    return shown


@blueprint.record
def _put_in_place(state: BlueprintSetupState) -> None:
    """Our two pages stand at the addresses of Flask-Security's own."""
    state.app.view_functions["security.login"] = _never_kept(enter)
    state.app.view_functions["security.logout"] = _never_kept(leave)


@limiter.limit(
    ATTEMPTS,
    methods=["POST"],
    key_func=account_and_address,
    deduct_when=lambda response: response.status_code != 302,
)
def enter() -> AnyResponse | str:
    """Name and password. Which of the two was wrong is nobody's business."""
    if identify() is not None:
        return redirect("/office/")
    form = SignInForm()
    if request.method != "POST":
        return _form(form)
    right, now = form.validate(), utc_now()
    account: Any = form.user
    if account is None:
        name = access.normalise_username(form.username.data or "")
        until = unknown_name_failed(name) if name and form.password.data else None
    elif sign_in_attempts.is_locked(account, now=now):
        until = account.locked_until
    elif not right:
        address = request.remote_addr or ""
        until = None
        if form.password.data:
            until = sign_in_attempts.failed(account.id, what="password", address=address, now=now)
    elif account.totp_secret is not None:
        session[HALF] = [account.fs_uniquifier, now.isoformat(), form.next.data]
        return redirect("/office/sign-in/code")
    else:
        entry = sign_in.enter(
            account.id, device=_device(), now=now, uniquifier=account.fs_uniquifier
        )
        if entry.token:
            return _open(account, entry.token, to=form.next.data)
        until = entry.locked_until
    return _form(form, wrong=True, until=until)


@blueprint.get("/sign-in/code")
@_never_kept
def code() -> AnyResponse | str:
    """The second step: the one-time code."""
    return _code_page() if _half() else _from_the_start()


@blueprint.post("/sign-in/code")
@_never_kept
def check_code() -> AnyResponse | str:
    """Take the one-time or recovery code."""
    half = _half()
    if half is None:
        return _from_the_start()
    account, to = half
    entry = sign_in.enter(
        account.id,
        device=_device(),
        now=utc_now(),
        code=request.form.get("code", "")[:40],
        uniquifier=account.fs_uniquifier,
    )
    if entry.token is None:
        return _code_page(wrong=True, until=entry.locked_until)
    left = entry.recovery_codes_left
    if left is not None:
        flash(
            ngettext(
                "You used a recovery code. %(num)s is left; make new ones under your account.",
                "You used a recovery code. %(num)s are left; make new ones under your account.",
                left,
            )
        )
    return _open(account, entry.token, to=to)


def leave() -> AnyResponse:
    """Sign out this browser."""
    if identify() is not None:
        sign_in_sessions.sign_out(g.office_session.token_hash, now=utc_now())
        logout_user()
    session.pop(TOKEN, None)
    session.pop(HALF, None)
    return redirect("/office/sign-in")


def _open(account: Any, token: str, *, to: str | None) -> AnyResponse:
    """Put the new session into the cookie and go on to where the reader wanted to go."""
    # The row was written since: read it anew, and not as it was before.
    fresh: Any = security.datastore.find_user(id=account.id)
    login_user(fresh)
    session.pop(HALF, None)
    session[TOKEN] = token
    return redirect(to or "/office/")


def _half() -> tuple[Any, str] | None:
    """Who gave the right password within the last five minutes, and where they go; else None."""
    kept = session.get(HALF)
    if not kept or utc_now() - datetime.fromisoformat(kept[1]) > HALF_WAY:
        return None
    # A new password changes the uniquifier, and with it ends what was begun with the old one.
    account = security.datastore.find_user(fs_uniquifier=kept[0])
    return (account, kept[2]) if account is not None and account.active else None


def _from_the_start() -> AnyResponse:
    if session.pop(HALF, None):
        flash(_("That took longer than five minutes. Please start again."))
    return redirect("/office/sign-in")


def _form(form: SignInForm, *, wrong: bool = False, until: datetime | None = None) -> str:
    locked = sign_in_attempts.locked_words(until) if until else None
    return render_template(
        "access/sign_in.html",
        form=form,
        wrong=wrong,
        locked=locked,
        is_demo=has_invented_district(),
    )


def _code_page(*, wrong: bool = False, until: datetime | None = None) -> str:
    locked = sign_in_attempts.locked_words(until) if until else None
    return render_template(
        "access/sign_in_code.html", wrong=wrong, locked=locked, is_demo=has_invented_district()
    )


def _device() -> Device:
    return Device(
        browser=browser_name(request.headers.get("User-Agent", "")),
        address=request.remote_addr or "",
    )
