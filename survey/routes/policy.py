"""The policy of a wave: read by every office, edited by the evaluator while it is a draft."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.wrappers import Response as AnyResponse

from analysis.policy import Policy, PolicyError
from analysis.strict_json import unique_keys
from analysis.types import AnalysisError
from survey.clock import utc_now
from survey.errors import Refused
from survey.policy_fit import Disputed, changed_values, disputed_values, merged, unasked_names
from survey.policy_form import SHAPES, PolicyForm, form_of, read_document, read_form
from survey.queries.office import current_wave
from survey.queries.policy_editor import (
    PolicyPage,
    policy_by_hash,
    policy_page,
    sections_of,
)
from survey.queries.waves import all_waves
from survey.routes.access import EVERYBODY, requires
from survey.services.policies import save_policy

blueprint = Blueprint("policy", __name__, url_prefix="/office")


@blueprint.get("/policy")
@requires(*EVERYBODY)
def of_now() -> AnyResponse:
    """To the policy of the wave that is asked, or of the latest one."""
    wave = current_wave(all_waves())
    if wave is None:
        raise Refused("no_wave", _l("There is no wave yet."), status=404)
    return redirect(f"/office/waves/{wave.code}/policy", 302)


@blueprint.get("/waves/<wave_code>/policy")
@requires(*EVERYBODY)
def policy(wave_code: str) -> str:
    """Every value with its help; a draft's with the controls that change it."""
    return _page(policy_page(wave_code))


@blueprint.post("/waves/<wave_code>/policy")
@requires("evaluator")
def save(wave_code: str) -> AnyResponse | tuple[str, int]:
    """Save the form, or show what is wrong with it, or what somebody else changed meanwhile."""
    page = policy_page(wave_code)
    based_on = request.form.get("based_on", "")
    form = _fitting(read_form(request.form), page)
    if not form.is_good and page.is_editable:
        return _page(page, form=form, based_on=based_on), 422
    return _saved(page, form, based_on=based_on)


@blueprint.post("/waves/<wave_code>/policy/decide")
@requires("evaluator")
def decide(wave_code: str) -> AnyResponse | tuple[str, int]:
    """Save what was picked, value by value, after two people had changed the policy."""
    page = policy_page(wave_code)
    base = policy_by_hash(request.form.get("base", ""))
    yours = read_document(_json(request.form.get("yours", "")), base=base)
    if base is None or not yours.is_good:
        raise Refused(
            "decision_unreadable",
            _l("What was to be decided cannot be read any more. Open the policy anew."),
            status=422,
        )
    disputed = disputed_values(base, page.policy, yours.policy)
    choices = {one.entry.key: request.form.get(f"pick.{one.entry.key}", "") for one in disputed}
    based_on = request.form.get("based_on", "")
    if based_on != page.hash or not _complete(disputed, choices):
        problem = (
            _("It was changed once more meanwhile. Look at the values again.")
            if based_on != page.hash
            else _("Choose one of the three for every value.")
        )
        shown = _conflict(page, base, yours.policy, choices=choices, problem=problem)
        return shown, 409 if based_on != page.hash else 422
    form = _fitting(read_document(merged(page.policy, disputed, choices)), page)
    if not form.is_good:
        return _page(page, form=form, based_on=page.hash), 422
    return _saved(page, form, based_on=based_on)


@blueprint.post("/waves/<wave_code>/policy/prefill")
@requires("evaluator")
def prefill(wave_code: str) -> str | tuple[str, int]:
    """Fill the form from an uploaded document, or with values tried before; nothing is saved."""
    page = policy_page(wave_code)
    if not page.is_editable:
        raise Refused(
            "policy_locked",
            _l("This policy is locked. Open the policy of a wave that is not open yet."),
            status=409,
        )
    upload = request.files.get("document")
    try:
        if upload is not None:
            form = read_document(_parsed(upload.read()))
        else:
            form = read_document(
                _parsed(request.form.get("changes", "").encode()), base=page.policy
            )
    except PolicyError as error:
        blank = form_of(page.policy)
        form = PolicyForm(blank.typed, blank.values, general=(error,))
    form = _fitting(form, page)
    return _page(page, form=form, is_prefilled=True), 200 if form.is_good else 422


@blueprint.get("/waves/<wave_code>/policy.json")
@requires(*EVERYBODY)
def download(wave_code: str) -> Response:
    """The whole document as JSON, as it is hashed."""
    page = policy_page(wave_code)
    text = json.dumps(page.policy.to_dict(), ensure_ascii=False, indent=2) + "\n"
    return Response(
        text,
        mimetype="application/json",
        headers={"Content-Disposition": f'attachment; filename="policy-{page.wave.code}.json"'},
    )


def _saved(page: PolicyPage, form: PolicyForm, *, based_on: str) -> AnyResponse | tuple[str, int]:
    try:
        done = save_policy(
            page.wave.code,
            form.policy if form.is_good else page.policy,
            based_on=based_on,
            actor=g.viewer.username,
            now=utc_now(),
        )
    except Refused as error:
        base = policy_by_hash(based_on)
        if error.code == "policy_meanwhile" and base is not None:
            now = policy_page(page.wave.code)
            return _conflict(now, base, form.policy, problem=str(error.message)), error.status
        return _page(page, form=form, problem=error), error.status
    if done.changed:
        count = len(done.changed)
        flash(
            ngettext(
                "Saved. %(num)d value is changed.", "Saved. %(num)d values are changed.", count
            )
        )
    else:
        flash(_("Nothing was changed, so nothing was saved."))
    return redirect(f"/office/waves/{page.wave.code}/policy", 303)


def _fitting(form: PolicyForm, page: PolicyPage) -> PolicyForm:
    """The form with what does not fit the wave's questionnaire among its errors."""
    if not form.is_good:
        return form
    return PolicyForm(form.typed, form.values, unasked_names(form.policy, page.instrument))


def _page(
    page: PolicyPage,
    *,
    form: PolicyForm | None = None,
    based_on: str | None = None,
    is_prefilled: bool = False,
    problem: Refused | None = None,
) -> str:
    """The page; with a form, its fields say what was typed and not what is stored."""
    shown = form or page.form
    unsaved: tuple[str, ...] = ()
    if form is not None and form.is_good:
        unsaved = changed_values(page.policy, form.policy)
    return render_template(
        "office/policy.html",
        wave=page.wave,
        is_demo=page.wave.is_demo,
        page=page,
        form=shown,
        shapes=SHAPES,
        sections=page.sections,
        based_on=based_on or page.hash,
        may_edit=page.is_editable and g.viewer.has("evaluator"),
        is_prefilled=is_prefilled,
        unsaved=unsaved,
        lost=_lost(page, form) if form is not None and not page.is_editable else (),
        problem=problem.message if problem else None,
    )


def _lost(page: PolicyPage, form: PolicyForm) -> tuple[Any, ...]:
    """What somebody typed for a policy that was locked meanwhile, to be copied from the page."""
    if not form.is_good:
        return ()
    return tuple(
        one
        for section in sections_of(form.policy, page.policy)
        for one in section.entries
        if one.differs_from_last
    )


def _conflict(
    page: PolicyPage,
    base: Policy,
    yours: Policy,
    *,
    choices: dict[str, str] | None = None,
    problem: str,
) -> str:
    disputed = disputed_values(base, page.policy, yours)
    return render_template(
        "office/policy_conflict.html",
        wave=page.wave,
        is_demo=page.wave.is_demo,
        page=page,
        disputed=disputed,
        choices=choices or {one.entry.key: one.suggested for one in disputed},
        base_hash=base.sha256,
        yours=json.dumps(yours.to_dict(), ensure_ascii=False),
        problem=problem,
    )


def _complete(disputed: tuple[Disputed, ...], choices: dict[str, str]) -> bool:
    return all(choices[one.entry.key] in ("base", "theirs", "yours") for one in disputed)


def _parsed(content: bytes) -> Any:
    """A JSON document. Raises PolicyError (not_json) for anything else."""
    try:
        document = json.loads(content.decode("utf-8-sig"), object_pairs_hook=unique_keys)
        # Half a character can stand in JSON and in no page and no database.
        json.dumps(document, ensure_ascii=False).encode()
        return document
    except (ValueError, AnalysisError, RecursionError) as error:
        reason = error.message if isinstance(error, AnalysisError) else str(error)
        raise PolicyError("not_json", "The file is no JSON.", reason=reason[:120]) from error


def _json(text: str) -> Any:
    try:
        return _parsed(text.encode())
    except PolicyError:
        return None
