"""What moves a case: pass it on, call departments, come, escalate, out of remit and assent."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from survey.case_remit_reasons import REASONS, say_remit_reason
from survey.clock import utc_now
from survey.errors import Refused
from survey.formatting import local_time, say_day
from survey.queries.case_paths import open_calls
from survey.queries.cases import case_view
from survey.routes.access import refuse, requires
from survey.routes.cases import SHOWN_ON_THE_PAGE, case_page
from survey.services.case_calls import call_departments, came
from survey.services.case_paths import escalate, pass_on
from survey.services.case_remit import ask_out_of_remit, decide_out_of_remit

blueprint = Blueprint("case_paths", __name__, url_prefix="/office")

Page = AnyResponse | tuple[str, int]


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    return {"say_out_of_remit": say_remit_reason, "remit_reasons": REASONS}


@blueprint.post("/cases/<int:case_id>/pass")
@requires("street", "department", "evaluator")
def hand_on(case_id: int) -> Page:
    """Hand the case to a department, or back to the street."""
    to = request.form.get("to", "")

    def act(**given: Any) -> str:
        if not to:
            raise Refused("no_holder", _("Choose who holds it from now on."), status=422)
        pass_on(case_id, department_code=None if to == "street" else to, **given)
        return _("The case is passed on. What was due stays due.")

    return _done(case_id, "pass", act)


@blueprint.post("/cases/<int:case_id>/call-departments")
@requires("street")
def call(case_id: int) -> Page:
    """Call departments together."""

    def act(**given: Any) -> str:
        codes = request.form.getlist("department")
        due_on = call_departments(case_id, department_codes=codes, **given)
        return _("The departments are called; they shall come by %(day)s.", day=say_day(due_on))

    return _done(case_id, "call-departments", act)


@blueprint.post("/cases/<int:case_id>/came")
@requires("department")
def come(case_id: int) -> Page:
    """Note that the own department came."""

    def act(**given: Any) -> str:
        del given["version"]
        came(_number("call"), case_id=case_id, answer=given.pop("words"), **given)
        return _("It is noted that you came.")

    return _done(case_id, "came", act)


@blueprint.post("/cases/<int:case_id>/escalate")
@requires("street", "department")
def bring_up(case_id: int) -> Page:
    """Bring the case to the leading group."""

    def act(**given: Any) -> str:
        escalate(case_id, **given)
        return _("The case is before the leading group.")

    return _done(case_id, "escalate", act)


@blueprint.post("/cases/<int:case_id>/out-of-remit")
@requires("street", "department")
def out_of_remit(case_id: int) -> Page:
    """Say that the case is out of remit."""

    def act(**given: Any) -> str:
        reason = request.form.get("reason", "")
        ask_out_of_remit(
            case_id, reason=reason, named=request.form.get(f"named_{reason}", ""), **given
        )
        return _("The evaluation office is asked. Until it decides, what is due stays due.")

    return _done(case_id, "out-of-remit", act)


@blueprint.post("/cases/<int:case_id>/assent")
@requires("evaluator")
def assent(case_id: int) -> Page:
    """Agree that the case is out of remit, or send it back."""

    def act(**given: Any) -> str:
        agreed = {"yes": True, "no": False}.get(request.form.get("agreed", ""))
        if agreed is None:
            raise Refused("no_choice", _("Choose whether you agree."), status=422)
        decide_out_of_remit(case_id, agreed=agreed, **given)
        if agreed:
            return _("Agreed: the case is out of remit.")
        return _("Not agreed: the case is back with its holder.")

    return _done(case_id, "assent", act)


@blueprint.get("/calls")
@requires("evaluator")
def calls() -> str:
    """Every department that was called and has not come."""
    return render_template(
        "office/calls.html", calls=open_calls(), today=local_time(utc_now()).date()
    )


def _done(case_id: int, name: str, act: Any) -> Page:
    """Do one act and go to the case; what is refused stays in its form, with the reason above.

    Another office's case is 403 with a line in the trail, an unknown one 404.
    """
    try:
        case_view(case_id, g.viewer.desk)
    except Refused as error:
        if error.status == 403:
            refuse(g.viewer)
        raise
    try:
        said = act(
            version=_number("version"),
            desk=g.viewer.desk,
            words=request.form.get("words", ""),
            despite_warning=request.form.get("anyway") == "yes",
            now=utc_now(),
        )
    except Refused as error:
        if error.status not in SHOWN_ON_THE_PAGE:
            raise
        return case_page(case_id, doing=name, problem=error), error.status
    flash(said)
    return redirect(f"/office/cases/{case_id}", 303)


def _number(name: str) -> int:
    given = request.form.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 18 else -1
