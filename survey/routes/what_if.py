"""What-if: other values tried on a past wave, shown beside the policy of record; stores nothing."""

from __future__ import annotations

import json

from flask import Blueprint, redirect, render_template, request
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from analysis.policy import ENTRIES, Policy
from survey.errors import Refused
from survey.policy_fit import changed_values, unasked_names
from survey.policy_form import SHAPES, PolicyForm, form_of, read_form
from survey.queries.fieldwork import kept_instrument
from survey.queries.policy_editor import next_draft, sections_of
from survey.queries.waves import all_waves
from survey.queries.what_if import GroupTried, PastWave, past_wave, tried
from survey.routes.access import requires

blueprint = Blueprint("what_if", __name__, url_prefix="/office")

OVER = ("closed", "published")


@blueprint.get("/waves/<wave_code>/what-if")
@requires("evaluator")
def start(wave_code: str) -> str | AnyResponse:
    """The values of record in controls, to be tried; of a wave still asked to the last one over."""
    waves = all_waves()
    over = [one.code for one in waves if one.status in OVER]
    if wave_code in {one.code for one in waves} and wave_code not in over:
        if not over:
            raise Refused(
                "no_wave_over",
                _l("No wave is over yet: there is nothing to try values on."),
                status=404,
            )
        return redirect(f"/office/waves/{over[0]}/what-if", 302)
    past = past_wave(wave_code)
    return _page(past, form_of(past.policy))


@blueprint.post("/waves/<wave_code>/what-if")
@requires("evaluator")
def compute(wave_code: str) -> tuple[str, int]:
    """What the typed values make of the wave. Nothing is stored."""
    past = past_wave(wave_code)
    form = read_form(_Tryable(request.form), kept=past.policy)
    if form.is_good:
        instrument = kept_instrument(past.wave.questionnaire_id).instrument
        form = PolicyForm(form.typed, form.values, unasked_names(form.policy, instrument))
    if not form.is_good:
        return _page(past, form), 422
    try:
        return _page(past, form, groups=tried(past, form.policy), policy=form.policy), 200
    except Refused as error:
        return _page(past, form, problem=error), error.status


class _Tryable:
    """The posted fields of values that act on the cubes; others are not there."""

    def __init__(self, fields: object) -> None:
        self._fields = fields
        self._keys = {entry.key for entry in ENTRIES if entry.acts_on == "cubes"}

    def __contains__(self, name: object) -> bool:
        return str(name).partition(".")[0] in self._keys and name in request.form

    def get(self, name: str) -> str | None:
        return request.form.get(name) if name in self else None

    def getlist(self, name: str) -> list[str]:
        return request.form.getlist(name) if name in self else []


def _page(
    past: PastWave,
    form: PolicyForm,
    *,
    groups: tuple[GroupTried, ...] = (),
    policy: Policy | None = None,
    problem: Refused | None = None,
) -> str:
    changed = changed_values(past.policy, policy) if policy is not None else ()
    waves = tuple(one for one in all_waves() if one.district_id == past.wave.district_id)
    sections = sections_of(policy or past.policy, past.policy)
    document = policy.to_dict() if policy is not None else {}
    return render_template(
        "office/what_if.html",
        wave=past.wave,
        is_demo=past.wave.is_demo,
        past=past,
        form=form,
        shapes=SHAPES,
        sections=sections,
        indicators={
            one.code: one.name for one in kept_instrument(past.wave.questionnaire_id).indicators
        },
        waves=[one for one in waves if one.status in OVER],
        draft=next_draft(waves),
        changed=[one for part in sections for one in part.entries if one.entry.key in changed],
        changes=json.dumps({key: document[key] for key in changed}, ensure_ascii=False),
        groups=groups,
        is_computed=policy is not None,
        problem=problem.message if problem else None,
    )
