"""From a figure to its cause: the year, the figures of one street, the conditions of a verdict."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request
from flask_babel import lazy_gettext as _l

from survey.charts.trend import MOST_STREETS
from survey.errors import Refused
from survey.queries.causes import causes_of, shown_evaluation, street_cause
from survey.queries.evaluation import current_evaluation
from survey.queries.waves import all_waves
from survey.remedies import Ground, explain, plans, say_plan
from survey.routes.access import own_street_or_any, requires
from survey.services.large_districts import draft_to_show
from survey.services.pictures import year_picture

blueprint = Blueprint("causes", __name__, url_prefix="/office")


@blueprint.get("/waves/<wave_code>/year")
@requires("evaluator")
def year(wave_code: str) -> str:
    """The wave pooled with the waves before it: change, trend, the verdicts of the year."""
    draft = _wants_draft()
    shown = None if draft else shown_evaluation(wave_code, revision=_revision())
    shown = shown or draft_to_show(wave_code)
    return render_template(
        "office/year.html",
        wave=shown.wave,
        is_demo=shown.wave.is_demo,
        shown=shown,
        year=shown.year,
        trend=year_picture(shown),
        most_streets=MOST_STREETS,
        names={one.street.code: one.street.name for one in shown.streets},
        wave_names={wave.code: wave.name for wave in all_waves()},
        query=_query(),
    )


@blueprint.get("/waves/<wave_code>/evaluation/streets/<street_code>")
@requires("evaluator", "street")
def street(wave_code: str, street_code: str) -> str:
    """Where the figures of one street come from: blend, streams, weights, cells, themes."""
    own_street_or_any(street_code)
    draft = _wants_draft()
    stands = None if g.viewer.reads_all else current_evaluation(wave_code)
    # What was frozen without a notice is the office's alone until it is published.
    if not g.viewer.reads_all and (
        stands is None or (stands.status != "published" and stands.notice_until is None)
    ):
        raise Refused(
            "not_frozen", _l("The evaluation of this wave is not made public yet."), status=404
        )
    causes = causes_of(wave_code, draft=draft, revision=_revision())
    cause = street_cause(causes, street_code, reads_all=g.viewer.reads_all)
    return render_template(
        "office/cause_street.html",
        wave=causes.view.wave,
        is_demo=causes.view.wave.is_demo,
        shown=causes.view,
        causes=causes,
        cause=cause,
        policy=causes.inputs.policy,
        combination=causes.found.result.combination,
        group=causes.view.group_of(cause.entry),
        names={one.street.code: one.street.name for one in causes.view.streets},
        indicator_names={one.code: one.name for one in causes.view.indicators},
        query=_query(),
    )


@blueprint.get("/waves/<wave_code>/evaluation/verdict")
@requires("evaluator")
def verdict(wave_code: str) -> str:
    """Every condition of the verdicts with its numbers and what would change it."""
    draft = _wants_draft()
    causes = causes_of(wave_code, draft=draft, revision=_revision())
    view, found, policy = causes.view, causes.found, causes.inputs.policy
    names = {one.street.code: one.street.name for one in view.streets}
    has_before = found.year is not None or any(
        one.opens_at < view.wave.opens_at and one.status == "published" for one in all_waves()
    )
    groups = []
    for name, group in found.evaluation.groups.items():
        last, top = plans(found, name, policy)
        pooled = found.year.groups.get(name) if found.year else None
        groups.append(
            {
                "group": group,
                "conditions": explain(
                    Ground(group, policy, names, found.result.streets, has_before)
                ),
                "last_plan": say_plan(last, names),
                "top_plan": say_plan(top, names),
                "pooled": pooled,
                "pooled_conditions": explain(Ground(pooled, policy, names, {}, None))
                if pooled
                else (),
            }
        )
    return render_template(
        "office/cause_verdict.html",
        wave=view.wave,
        is_demo=view.wave.is_demo,
        shown=view,
        causes=causes,
        groups=groups,
        names=names,
        query=_query(),
    )


def _wants_draft() -> bool:
    """Whether the draft was asked for; only who reads everything sees one."""
    return request.args.get("draft") == "1" and g.viewer.reads_all


def _revision() -> int | None:
    """The revision asked for; streets read the one that stands."""
    return request.args.get("revision", type=int) if g.viewer.reads_all else None


def _query() -> str:
    """What these pages hand on to each other, so that all of them are about the same figures."""
    if _wants_draft():
        return "?draft=1"
    revision = _revision()
    return f"?revision={revision}" if revision is not None else ""
