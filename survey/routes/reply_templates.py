"""Reply templates: a desk's own and the district's, added, changed and retired."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from survey.clock import utc_now
from survey.errors import Refused
from survey.queries.duties import district_by_code
from survey.queries.reply_templates import PLACES, district_of, reply_templates
from survey.routes.access import refuse, requires
from survey.services import reply_templates as service

blueprint = Blueprint("reply_templates", __name__, url_prefix="/office/reply-templates")

Page = AnyResponse | tuple[str, int]


@blueprint.get("")
@requires("street", "department", "evaluator")
def templates() -> str:
    """The list, with a form for each of the own and for a new one."""
    return _page()


@blueprint.post("")
@requires("street", "department", "evaluator")
def add() -> Page:
    """Add a template of the own desk."""
    return _done(
        0,
        lambda: service.add_template(
            district_id=_district(), desk=g.viewer.desk, now=utc_now(), **_words()
        ),
        _("The template is added."),
    )


@blueprint.post("/<int:template_id>")
@requires("street", "department", "evaluator")
def change(template_id: int) -> Page:
    """Change a template of the own desk."""
    return _done(
        template_id,
        lambda: service.change_template(
            template_id, version=_version(), desk=g.viewer.desk, now=utc_now(), **_words()
        ),
        _("The template is changed. Replies that were sent stay as they are."),
    )


@blueprint.post("/<int:template_id>/retire")
@requires("street", "department", "evaluator")
def retire(template_id: int) -> Page:
    """Offer a template of the own desk no longer."""
    return _done(
        template_id,
        lambda: service.retire_template(
            template_id, version=_version(), desk=g.viewer.desk, now=utc_now()
        ),
        _("The template is offered no longer."),
    )


def _done(template_id: int, act: Callable[[], object], said: str) -> Page:
    try:
        act()
    except Refused as error:
        if error.status == 403:
            refuse(g.viewer)
        if error.status == 404:
            raise
        return _page(problem=error, doing=template_id), error.status
    flash(said)
    return redirect("/office/reply-templates", 303)


def _page(*, problem: Refused | None = None, doing: int = -1) -> str:
    return render_template(
        "office/reply_templates.html",
        templates=reply_templates(g.viewer.desk, district_id=_district()),
        places=PLACES,
        problem=problem.message if problem else None,
        is_personal=problem is not None and problem.code == "looks_personal",
        doing=doing,
    )


def _district() -> int:
    found = district_of(g.viewer.desk)
    return found if found is not None else district_by_code(request.args.get("district")).id


def _words() -> dict[str, Any]:
    form = request.form
    return {
        "name": form.get("name", ""),
        "words": form.get("words", ""),
        "despite_warning": form.get("anyway") == "yes",
    }


def _version() -> int:
    given = request.form.get("version", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1
