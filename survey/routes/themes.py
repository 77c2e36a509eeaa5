"""The evaluator's pages of a wave's themes: what is open, one theme, its sample, decisions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from survey import jobs
from survey.clock import utc_now
from survey.errors import Refused
from survey.queries.theme_review import (
    theme_decisions,
    theme_page,
    theme_review,
    unsure_comments,
)
from survey.queries.theme_sample import theme_sample
from survey.queries.themes import wave_themes
from survey.queries.waves import wave_view
from survey.routes.access import requires
from survey.services import theme_review as reviewing

blueprint = Blueprint("themes", __name__, url_prefix="/office")

Page = AnyResponse | str | tuple[str, int]


def at(wave_code: str, *parts: object) -> str:
    """The address of a page of the wave's themes."""
    return "/".join(("/office/waves", wave_code, "themes", *map(str, parts)))


@blueprint.get("/waves/<wave_code>/themes")
@requires("evaluator")
def themes(wave_code: str) -> str:
    """The themes of a wave, most mentioned first."""
    return _list(wave_code)


@blueprint.post("/waves/<wave_code>/themes/run")
@requires("evaluator")
def run(wave_code: str) -> AnyResponse:
    """Have the worker sort the new comments now; the list shows how far it is."""
    wave = wave_view(wave_code)
    progress = jobs.themes_progress(wave.code)
    is_waited_for = progress is not None and progress.is_under_way
    if not is_waited_for and not jobs.ask_for_themes(wave.code):
        raise Refused(
            "worker_away",
            _l("The worker cannot be reached. The comments are sorted once it is back."),
            status=503,
        )
    return redirect(at(wave_code), 303)


@blueprint.get("/waves/<wave_code>/themes/review")
@requires("evaluator")
def review(wave_code: str) -> str:
    """The queue: one theme at a time, the most uncertain and weighty first."""
    return _review(wave_code, theme_id=_number("theme"), after=_number("after"))


@blueprint.get("/waves/<wave_code>/themes/<int:theme_id>")
@requires("evaluator")
def theme(wave_code: str, theme_id: int) -> str:
    """One theme with the redacted comments that prove it."""
    return _theme(wave_code, theme_id)


@blueprint.post("/waves/<wave_code>/themes/<int:theme_id>")
@requires("evaluator")
def decide(wave_code: str, theme_id: int) -> Page:
    """Record a decision about a theme and go on from where it was made."""
    back = request.form.get("from", "theme")
    pages: dict[str, Callable[..., str]] = {"review": _review, "list": _list}
    action = request.form.get("action", "")
    try:
        done = reviewing.decide(
            wave_code,
            theme_id,
            action=action,
            given=request.form,
            actor=g.viewer.username,
            now=utc_now(),
            other_id=_number("other", of=request.form),
            version=_number("version", of=request.form),
            reason=request.form.get("reason", ""),
        )
    except Refused as error:
        if error.status not in (409, 422):
            raise
        if back in pages:
            return pages[back](wave_code, theme_id=theme_id, problem=error), error.status
        return _theme(wave_code, theme_id, problem=error), error.status
    gone = action == "merge" or request.form.get("value") == "dismissed"
    if back == "review":
        return _on(at(wave_code, "review"), done=done, theme=theme_id)
    if back == "list" or gone:
        return _on(at(wave_code), done=done)
    return _on(at(wave_code, theme_id), done=done)


@blueprint.get("/waves/<wave_code>/themes/<int:theme_id>/sample")
@requires("evaluator")
def sample(wave_code: str, theme_id: int) -> str:
    """The next comment of a theme's sample: is it about this problem?"""
    return _sample(wave_code, theme_id, basis=request.args.get("basis", "sample"))


@blueprint.post("/waves/<wave_code>/themes/<int:theme_id>/comments/<int:comment_id>")
@requires("evaluator")
def decide_comment(wave_code: str, theme_id: int, comment_id: int) -> Page:
    """Judge a comment that was drawn, or move one out of the theme; the next one follows."""
    action = request.form.get("action", "")
    basis = request.form.get("basis", "sample")
    try:
        done = reviewing.decide(
            wave_code,
            theme_id,
            action=action,
            given=request.form,
            actor=g.viewer.username,
            now=utc_now(),
            comment_id=comment_id,
            other_id=_number("other", of=request.form),
        )
    except Refused as error:
        if error.status not in (409, 422):
            raise
        if action == "judge" and basis in ("sample", "border"):
            return _sample(wave_code, theme_id, basis=basis, problem=error), error.status
        return _theme(wave_code, theme_id, problem=error), error.status
    if action == "judge":
        return _on(at(wave_code, theme_id, "sample"), done=done, basis=basis)
    return _on(at(wave_code, theme_id), done=done)


@blueprint.get("/waves/<wave_code>/themes/comments")
@requires("evaluator")
def comments(wave_code: str) -> str:
    """Comments whose indicator the model is unsure of, one tap each."""
    return _comments(wave_code)


@blueprint.post("/waves/<wave_code>/themes/comments/<int:comment_id>")
@requires("evaluator")
def sort_comment(wave_code: str, comment_id: int) -> Page:
    """Say which indicator a comment is about; the next one follows."""
    try:
        done = reviewing.decide(
            wave_code,
            None,
            action="comment_indicator",
            given=request.form,
            actor=g.viewer.username,
            now=utc_now(),
            comment_id=comment_id,
        )
    except Refused as error:
        if error.status not in (409, 422):
            raise
        return _comments(wave_code, problem=error), error.status
    return _on(at(wave_code, "comments"), done=done)


@blueprint.get("/waves/<wave_code>/themes/decisions")
@requires("evaluator")
def decisions(wave_code: str) -> str:
    """Who decided what and when, with the way back."""
    return _decisions(wave_code)


@blueprint.post("/waves/<wave_code>/themes/decisions/<int:decision_id>/undo")
@requires("evaluator")
def undo(wave_code: str, decision_id: int) -> Page:
    """Put back what a decision changed."""
    try:
        reviewing.undo(wave_code, decision_id, actor=g.viewer.username, now=utc_now())
    except Refused as error:
        if error.status != 409:
            raise
        return _decisions(wave_code, problem=error), error.status
    flash(_("Undone: it is as it was before."))
    # Only ever to a page of these themes.
    back = request.form.get("back", "decisions")
    return redirect(at(wave_code, *(back,) if back in ("review", "comments") else ("decisions",)))


def _on(path: str, *, done: int | None, **arguments: object) -> AnyResponse:
    """Go on, with the way to undo what was done."""
    given = {"done": done, **arguments} if done is not None else arguments
    query = "&".join(f"{name}={value}" for name, value in given.items())
    return redirect(f"{path}?{query}" if query else path, 303)


def _number(name: str, *, of: Any = None) -> int | None:
    """A whole number of the address or the form; None when it is absent or none."""
    given = (request.args if of is None else of).get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 18 else None


def _words(problem: Refused | None) -> Any:
    return problem.message if problem else None


def _list(wave_code: str, *, theme_id: int | None = None, problem: Refused | None = None) -> str:
    from survey.queries.office import street_names

    wave = wave_view(wave_code)
    return render_template(
        "office/themes.html",
        wave=wave,
        is_demo=wave.is_demo,
        themes=wave_themes(wave_code),
        street_names=street_names(),
        progress=jobs.themes_progress(wave_code),
        done=_number("done"),
        problem=_words(problem),
    )


def _review(
    wave_code: str,
    *,
    theme_id: int | None = None,
    after: int | None = None,
    problem: Refused | None = None,
) -> str:
    found = theme_review(wave_code, theme_id=theme_id, after=after)
    return render_template(
        "office/theme_review.html",
        wave=found.wave,
        is_demo=found.wave.is_demo,
        review=found,
        done=_number("done"),
        problem=_words(problem),
    )


def _theme(wave_code: str, theme_id: int, *, problem: Refused | None = None) -> str:
    street = request.args.get("street") or None
    found = theme_page(wave_code, theme_id, street_code=street)
    return render_template(
        "office/theme.html",
        wave=found.wave,
        is_demo=found.wave.is_demo,
        found=found,
        street=street,
        done=_number("done"),
        problem=_words(problem),
    )


def _sample(wave_code: str, theme_id: int, *, basis: str, problem: Refused | None = None) -> str:
    found = theme_sample(wave_code, theme_id, basis=basis)
    return render_template(
        "office/theme_sample.html",
        wave=found.wave,
        is_demo=found.wave.is_demo,
        sample=found,
        done=_number("done"),
        problem=_words(problem),
    )


def _comments(wave_code: str, *, problem: Refused | None = None) -> str:
    wave, found, indicators = unsure_comments(wave_code)
    return render_template(
        "office/theme_comments.html",
        wave=wave,
        is_demo=wave.is_demo,
        comments=found,
        indicators=indicators,
        done=_number("done"),
        problem=_words(problem),
    )


def _decisions(wave_code: str, *, problem: Refused | None = None) -> str:
    theme_id = _number("theme")
    wave, found, lineage = theme_decisions(wave_code, theme_id=theme_id)
    return render_template(
        "office/theme_decisions.html",
        wave=wave,
        is_demo=wave.is_demo,
        decisions=found,
        lineage=lineage,
        theme_id=theme_id,
        problem=_words(problem),
    )
