"""The requests to be called back, for the street office they were made to and nobody else."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, g, redirect, render_template
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from survey.clock import utc_now
from survey.queries.cases import cases_of_requests
from survey.queries.contacts import call_back_requests
from survey.routes.access import refuse, requires
from survey.services import call_backs

blueprint = Blueprint("call_backs", __name__, url_prefix="/office")


def _own_street(code: str) -> None:
    """A telephone number was given to this office: not to evaluators or auditors either."""
    if not g.viewer.has("street") or g.viewer.street_code != code:
        refuse(g.viewer)


@blueprint.get("/street/<code>/call-backs")
@requires("street")
def requests(code: str) -> str:
    """The street's requests, without the numbers."""
    _own_street(code)
    return _page(code)


@blueprint.post("/street/<code>/call-backs/<request_id>/open")
@requires("street")
def open_number(code: str, request_id: str) -> str:
    """The page with one number on it; the audit trail says who asked for it."""
    _own_street(code)
    phone = call_backs.open_request(
        request_id, street_code=code, actor=g.viewer.username, now=utc_now()
    )
    return _page(code, opened=request_id, phone=phone)


@blueprint.post("/street/<code>/call-backs/<request_id>/dealt-with")
@requires("street")
def dealt_with(code: str, request_id: str) -> AnyResponse:
    """Note that the resident was called and the matter is dealt with."""
    _own_street(code)
    call_backs.deal_with(request_id, street_code=code, actor=g.viewer.username, now=utc_now())
    flash(_("Noted."))
    return redirect(f"/office/street/{code}/call-backs", 303)


def _page(code: str, *, opened: str | None = None, phone: str = "") -> str:
    found = call_back_requests(code)
    return render_template(
        "office/call_backs.html",
        code=code,
        requests=found,
        cases=cases_of_requests([one.id for one in found]),
        opened=opened,
        phone=phone,
        days=current_app.config["CALL_BACK_DAYS"],
    )
