"""Typing paper forms in: piles, the typing screen, the differences, the closing.

Evaluators for every street, a street's office for its own.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.wrappers import Response as AnyResponse

from survey.clock import utc_now
from survey.errors import Refused
from survey.queries.office import admin_streets, current_wave
from survey.queries.paper_entry import (
    BatchView,
    check_view,
    form_view,
    next_number,
    paper_batch,
    paper_batches,
)
from survey.queries.waves import all_waves
from survey.routes.access import own_street_or_any, requires
from survey.services import paper_closing, paper_entry

blueprint = Blueprint("paper", __name__, url_prefix="/office/paper")

TURNS = {"first": 1, "second": 2}
# A decision's field: the number of the form, then the question.
DECISION = re.compile(r"d-(\d{1,5})-(\w+)")


@blueprint.get("/")
@requires("evaluator", "street")
def batches() -> str:
    """The piles, and the form that starts a new one."""
    return _batches()


@blueprint.post("/")
@requires("evaluator", "street")
def create() -> AnyResponse | tuple[str, int]:
    """Start a pile."""
    form = request.form
    try:
        batch_id = paper_entry.open_batch(
            form.get("wave", ""),
            own_street_or_any(form.get("street", "")),
            label=form.get("label", ""),
            share_percent=_whole(form.get("share", "")),
            limit_bp=_hundredths(form.get("limit", "")),
            actor=g.viewer.username,
            now=utc_now(),
        )
    except Refused as error:
        return _batches(problem=error), error.status
    return redirect(f"/office/paper/{batch_id}/first/1", 303)


@blueprint.get("/<int:batch_id>")
@requires("evaluator", "street")
def batch(batch_id: int) -> str:
    """A pile: how far it is, what to do next, the differences once they are known."""
    return _batch(_own(batch_id))


@blueprint.get("/<int:batch_id>/<turn>")
@requires("evaluator", "street")
def next_form(batch_id: int, turn: str) -> AnyResponse:
    """Lead to the next form to type: a number that was asked for, else the next free one."""
    _own(batch_id)
    asked = request.args.get("number", "")
    number = _whole(asked) if asked else None
    if number is None:
        number = next_number(batch_id, _turn(turn), 0, actor=g.viewer.username)
    if number is None:
        flash(_("There is no form left for you to type a second time."))
        return redirect(f"/office/paper/{batch_id}", 303)
    return redirect(f"/office/paper/{batch_id}/{turn}/{number}", 303)


@blueprint.get("/<int:batch_id>/<turn>/<int:number>")
@requires("evaluator", "street")
def form(batch_id: int, turn: str, number: int) -> str | AnyResponse:
    """The typing screen of one form."""
    found = _own(batch_id)
    if found.status != ("typing" if _turn(turn) == 1 else "checking"):
        return redirect(f"/office/paper/{batch_id}", 303)
    return _form(found, turn, number)


@blueprint.post("/<int:batch_id>/<turn>/<int:number>")
@requires("evaluator", "street")
def store(batch_id: int, turn: str, number: int) -> AnyResponse | tuple[str, int]:
    """Store a form and open the next."""
    found = _own(batch_id)
    try:
        following = paper_entry.store_form(
            batch_id,
            _turn(turn),
            number,
            request.form,
            actor=g.viewer.username,
            now=utc_now(),
        )
    except paper_entry.NumberTaken as error:
        return _form(found, turn, error.next_number, problem=error), error.status
    except Refused as error:
        return _form(found, turn, number, problem=error), error.status
    if following is None:
        flash(_("All forms that you can check are typed."))
        return redirect(f"/office/paper/{batch_id}", 303)
    return redirect(f"/office/paper/{batch_id}/{turn}/{following}", 303)


@blueprint.post("/<int:batch_id>/<turn>/<int:number>/draft")
@requires("evaluator", "street")
def draft(batch_id: int, turn: str, number: int) -> tuple[str, int]:
    """Keep what is typed so far."""
    _own(batch_id)
    paper_entry.save_draft(batch_id, _turn(turn), number, request.form, actor=g.viewer.username)
    return "", 204


@blueprint.post("/<int:batch_id>/first/<int:number>/drop")
@requires("evaluator", "street")
def drop(batch_id: int, number: int) -> AnyResponse:
    """Take back a form that was typed under a wrong number."""
    _own(batch_id)
    paper_entry.drop_form(batch_id, number, actor=g.viewer.username)
    flash(_("Form %(number)s is taken back.", number=number))
    return redirect(f"/office/paper/{batch_id}", 303)


@blueprint.post("/<int:batch_id>/finish")
@requires("evaluator", "street")
def finish(batch_id: int) -> AnyResponse | tuple[str, int]:
    """End the first typing and draw the sample."""
    found = _own(batch_id)
    try:
        drawn = paper_entry.finish_typing(batch_id, actor=g.viewer.username, now=utc_now())
    except Refused as error:
        return _batch(found, problem=error), error.status
    flash(
        ngettext(
            "%(num)s form was drawn. Another person types it now, without seeing the first typing.",
            "%(num)s forms were drawn. Another person types them now, without seeing the first "
            "typing.",
            drawn,
        )
    )
    return redirect(f"/office/paper/{batch_id}", 303)


@blueprint.post("/<int:batch_id>/decide")
@requires("evaluator", "street")
def decide(batch_id: int) -> AnyResponse | tuple[str, int]:
    """Store what was decided about differences."""
    found = _own(batch_id)
    try:
        left = paper_closing.decide(batch_id, _decisions(), actor=g.viewer.username, now=utc_now())
    except Refused as error:
        return _batch(found, problem=error), error.status
    flash(_("Recorded. Differences still open: %(left)s.", left=left))
    return redirect(f"/office/paper/{batch_id}", 303)


@blueprint.post("/<int:batch_id>/close")
@requires("evaluator", "street")
def close(batch_id: int) -> AnyResponse | tuple[str, int]:
    """Store the forms as answers, once, and forget their numbers."""
    found = _own(batch_id)
    try:
        closed = paper_closing.close_batch(batch_id, actor=g.viewer.username, now=utc_now())
    except Refused as error:
        return _batch(found, problem=error), error.status
    flash(_("The pile is closed: %(count)s forms are stored.", count=closed.stored))
    return redirect(f"/office/paper/{batch_id}", 303)


def _own(batch_id: int) -> BatchView:
    found = paper_batch(batch_id)
    own_street_or_any(found.street_code)
    return found


def _turn(turn: str) -> int:
    if turn not in TURNS:
        raise Refused("not_found", _l("There is no such step."), status=404)
    return TURNS[turn]


def _decisions() -> dict[tuple[int, str], str]:
    """{(form, question): choice} of the posted radio buttons; 'other' takes what was typed."""
    found = {}
    for name, value in request.form.items():
        match = DECISION.fullmatch(name)
        if match and value in ("first", "second", "other"):
            other = "=" + request.form.get(f"o-{match[1]}-{match[2]}", "")
            found[int(match[1]), match[2]] = other if value == "other" else value
    return found


def _whole(text: str) -> int:
    """A whole number as typed; 0, which is out of every range here, for anything else."""
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text.strip()) else 0


def _hundredths(text: str) -> int:
    """'2' or '1.5' per cent in ten-thousandths; out of range (−1) for anything else."""
    typed = text.strip().replace("，", ".").replace(",", ".")
    return round(float(typed) * 100) if re.fullmatch(r"[0-9]{1,3}(\.[0-9]+)?", typed) else -1


def _batches(problem: Refused | None = None) -> str:
    waves = all_waves()
    own = None if g.viewer.reads_all else g.viewer.street_code
    streets = [one for one in admin_streets() if own in (None, one.code)]
    return render_template(
        "office/paper_batches.html",
        batches=paper_batches(street_code=own),
        waves=[one for one in waves if one.status in ("open", "closed")],
        wave=current_wave(waves),
        streets=streets,
        typed=request.form,
        share=paper_entry.SHARE_PERCENT,
        fewest=paper_entry.FEWEST_CHECKED,
        limit=paper_entry.LIMIT_BP / 100,
        problem=problem.message if problem else None,
        is_demo=any(one.is_demo for one in waves),
    )


def _batch(found: BatchView, problem: Refused | None = None) -> str:
    waves = all_waves()
    return render_template(
        "office/paper_batch.html",
        batch=found,
        check=check_view(found.id),
        wave=next(one for one in waves if one.code == found.wave_code),
        fewest=paper_entry.FEWEST_CHECKED,
        problem=problem.message if problem else None,
        is_demo=any(one.is_demo for one in waves),
    )


def _form(found: BatchView, turn: str, number: int, problem: Refused | None = None) -> str:
    shown = form_view(found, _turn(turn), number, actor=g.viewer.username)
    wrong: dict[str, Any] = getattr(problem, "fields", {})
    typed = request.form if problem else shown.typed
    waves = all_waves()
    return render_template(
        "office/paper_form.html",
        form=shown,
        turn=turn,
        typed=typed,
        wrong=wrong,
        wave=next(one for one in waves if one.code == found.wave_code),
        problem=problem.message if problem else None,
        is_demo=any(one.is_demo for one in waves),
    )
