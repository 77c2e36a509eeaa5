"""One case: its page, and what the office that holds it does with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from survey.clock import utc_now
from survey.errors import Refused
from survey.formatting import by_language, local_time
from survey.personal_words import ASKED
from survey.queries.case_holder import HolderProposal, proposed_holder
from survey.queries.case_paths import case_paths
from survey.queries.case_views import CaseView
from survey.queries.cases import case_comments, case_events, case_view, may_open_from
from survey.queries.rechecks import recheck_view
from survey.queries.reply_templates import TemplateView, reply_templates
from survey.routes.access import refuse, requires
from survey.services import call_backs, cases
from survey.services.case_opening import open_comment_case, open_theme_case

blueprint = Blueprint("cases", __name__, url_prefix="/office")

Page = AnyResponse | tuple[str, int]
DESKS = ("street", "department", "evaluator")
# Words of the form are kept and the page says what is wrong.
SHOWN_ON_THE_PAGE = (403, 409, 422)


@blueprint.get("/cases/<int:case_id>")
@requires(*DESKS)
def one(case_id: int) -> str:
    """The case: what it is about, who holds it, what is due, what happened, what can be done."""
    return case_page(case_id)


@blueprint.post("/cases")
@requires("street", "evaluator")
def open_one() -> AnyResponse:
    """Open a case from a theme or a comment, and go to it; one that is there is found again."""
    comment_id = _number("comment")
    if comment_id is not None:
        if not may_open_from(comment_id, g.viewer.desk):
            refuse(g.viewer)
        case_id = open_comment_case(comment_id, actor=g.viewer.username, now=utc_now())
        return redirect(f"/office/cases/{case_id}", 303)
    street = request.form.get("street", "") or None
    if not g.viewer.has("evaluator") and street != g.viewer.street_code:
        refuse(g.viewer)
    case_id = open_theme_case(
        _number("theme") or 0,
        street_code=street,
        wave_code=request.form.get("wave", ""),
        department_code=request.form.get("department", "") or None,
        actor=g.viewer.username,
        now=utc_now(),
    )
    return redirect(f"/office/cases/{case_id}", 303)


@blueprint.post("/cases/<int:case_id>/number")
@requires("street")
def open_number(case_id: int) -> str:
    """The page with the resident's number on it; the audit trail says who asked for it."""
    found = _seen(case_id)
    code = g.viewer.street_code
    if not _is_called_by(found) or found.request is None:
        refuse(g.viewer)
        raise AssertionError("refuse() always raises")
    phone = call_backs.open_request(
        found.request.id, street_code=code, actor=g.viewer.username, now=utc_now()
    )
    return case_page(case_id, phone=phone)


@blueprint.post("/cases/<int:case_id>/<any(accept,'call-back',reply,plan,done,note):act>")
@requires(*DESKS)
def act(case_id: int, act: str) -> Page:
    """Do one thing with the case; what is refused stays in its form, with the reason above."""
    _seen(case_id)
    if act == "reply" and "fill" in request.form:
        return case_page(case_id, doing=act), 200
    given: dict[str, Any] = {
        "version": _number("version") or 0,
        "desk": g.viewer.desk,
        "now": utc_now(),
    }
    try:
        if act != "accept":
            given["words"] = request.form.get("words", "")
            given["despite_warning"] = request.form.get("anyway") == "yes"
        if act == "plan":
            given["due_on"] = _day(request.form.get("due_on", ""))
        ACTS[act](case_id, **given)
    except Refused as error:
        if error.status not in SHOWN_ON_THE_PAGE:
            raise
        return case_page(case_id, doing=act, problem=error), error.status
    flash(str(SAID[act]))
    return redirect(f"/office/cases/{case_id}", 303)


ACTS: dict[str, Callable[..., None]] = {
    "accept": cases.accept,
    "call-back": cases.call_back_made,
    "reply": cases.reply,
    "plan": cases.plan,
    "done": cases.declare_done,
    "note": cases.add_note,
}
SAID: dict[str, Any] = {
    "accept": _l("The case is accepted."),
    "call-back": _l("The call is noted."),
    "reply": _l("The reply is stored."),
    "plan": _l("The plan is stored."),
    "done": _l("The case is done. Its residents are asked whether it is solved."),
    "note": _l("The note is stored."),
}


def case_page(
    case_id: int, *, doing: str = "", problem: Refused | None = None, phone: str = ""
) -> str:
    """The page of a case; every route that acts on one ends with it when it was refused.

    doing: the act whose form keeps what was typed; phone: the number that was just opened.
    """
    found = _seen(case_id)
    events = case_events(case_id)
    seen = _number("version")
    is_stale = problem is not None and problem.code == "changed_meanwhile"
    proposal, today, allowed = _proposal(found), local_time(utc_now()).date(), _allowed(found)
    templates = (
        reply_templates(g.viewer.desk, district_id=found.district_id) if "reply" in allowed else ()
    )
    return render_template(
        "office/case.html",
        case=found,
        wave=None,
        is_demo=found.is_demo,
        events=events,
        # Every act adds one to the version: those from the seen one on came meanwhile.
        meanwhile=events[seen:] if is_stale and seen is not None else (),
        comments=case_comments(found),
        proposal=proposal,
        paths=case_paths(found, events, proposal=proposal, desk=g.viewer.desk, today=today),
        reply_templates=templates,
        filled_reply=_filled(templates, found, today),
        recheck=recheck_view(case_id) if found.done_at else None,
        now=utc_now(),
        today=today,
        allowed=allowed,
        doing=doing,
        problem=problem.message if problem else None,
        suspects=_suspects(problem),
        phone=phone,
        longest=cases.LONGEST_WORDS,
    )


def _filled(templates: tuple[TemplateView, ...], found: CaseView, today: date) -> str:
    """What was typed and, below, the words of the template that was chosen; "": none was."""
    is_posted = "fill" in request.form
    wanted = (request.form if is_posted else request.args).get("template", "")
    one = next((one for one in templates if str(one.id) == wanted), None)
    if one is None:
        return ""
    street = by_language(*found.street_name)
    filled = one.filled(street=street, case=found.id, day=today)
    typed = request.form.get("words", "").strip() if is_posted else ""
    return "\n\n".join(part for part in (typed, filled) if part)


def _seen(case_id: int) -> CaseView:
    """The case, when the desk sees it; else 403 with a line in the trail, or 404."""
    try:
        return case_view(case_id, g.viewer.desk)
    except Refused as error:
        if error.status == 403:
            refuse(g.viewer)
        raise


def _allowed(found: CaseView) -> tuple[str, ...]:
    """The acts that the viewer can do now, the likeliest first."""
    acts: list[str] = []
    if _is_called_by(found) and not found.is_settled:
        acts.append("call-back")
    if found.is_held:
        if found.state == "received":
            acts.append("accept")
        if found.state in cases.AT_WORK:
            # What is planned is done next, what is not is planned.
            acts += ["done", "plan"] if found.state == "planned" else ["plan", "done"]
        if found.state not in cases.NO_ANSWER_DUE:
            acts.append("reply")
    if g.viewer.has(*DESKS):
        acts.append("note")
    return tuple(acts)


def _is_called_by(found: CaseView) -> bool:
    """A telephone number was given to one street office, and to nobody else."""
    return (
        found.origin == "call_back"
        and g.viewer.has("street")
        and found.street_code == g.viewer.street_code
    )


def _proposal(found: CaseView) -> HolderProposal | None:
    """Whose task the duty list says it is; None when nothing was said to go by."""
    theme = found.theme
    if theme is not None:
        words = theme.name[0]
    elif found.comment is not None:
        words = f"{found.comment.title}\n{found.comment.body}"
    else:
        words = found.request.words if found.request else ""
    if not words.strip():
        return None
    return proposed_holder(
        district_id=found.district_id,
        wave_id=found.wave_id,
        keywords=theme.keywords if theme else (),
        words=words,
        indicator=found.indicator_code,
    )


def _suspects(problem: Refused | None) -> list[tuple[str, str]]:
    """(what it looks like, the words) of what was asked about."""
    if problem is None or problem.code != "looks_personal":
        return []
    return [(str(ASKED[kind]), words) for kind, words in problem.details["found"]]


def _number(name: str) -> int | None:
    given = request.form.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 18 else None


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise Refused("no_day", _("Say by which day it will be done."), status=422) from None
