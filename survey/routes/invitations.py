"""The page behind an invitation's link: whoever has it chooses name and password, once."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from survey.clock import utc_now
from survey.errors import Refused
from survey.formatting import language
from survey.queries.account import has_invented_district
from survey.queries.invitations import invitation_of
from survey.services import invitations

blueprint = Blueprint("invitations", __name__, url_prefix="/office/invitation")


@blueprint.get("/<token>")
def invitation(token: str) -> Response:
    """The form, or why the link opens nothing any more."""
    return _page(token)


@blueprint.post("/<token>")
def accept(token: str) -> AnyResponse:
    """Make the account and lead to the sign-in."""
    form = request.form
    try:
        if form.get("new", "") != form.get("again", ""):
            raise Refused("not_the_same", _l("The password was typed differently the second time."))
        name = invitations.accept(
            token,
            username=form.get("username", ""),
            password=form.get("new", ""),
            language=language(),
            now=utc_now(),
        )
    except Refused as error:
        return _page(token, problem=error)
    flash(_("The account %(name)s is made. Sign in with it now.", name=name))
    return redirect("/office/sign-in", 303)


def _page(token: str, *, problem: Refused | None = None) -> Response:
    found = invitation_of(token, now=utc_now())
    is_open = found is not None and found.state == "open"
    response = make_response(
        render_template(
            "access/invitation.html",
            invitation=found,
            problem=problem.message if problem and is_open else None,
            typed=request.form.get("username", ""),
            is_demo=has_invented_district(),
        )
    )
    response.status_code = (problem.status if problem else 200) if is_open else 410
    if found is None:
        response.status_code = 404
    # The address is the key: no browser or proxy keeps the page, no other site hears of it.
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
