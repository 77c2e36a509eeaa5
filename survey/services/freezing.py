"""Store an evaluation as it stands now: every figure, and the bundle it can be recomputed from."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session, scoped_session

from analysis.types import Estimate
from survey.errors import Refused
from survey.exports.bundle import KINDS, bundle_bytes
from survey.models import (
    Evaluation,
    EvaluationBundle,
    SignOff,
    StreetResult,
    ThemeAdjustment,
)
from survey.queries.cubes import cube_state
from survey.queries.draft import Draft, computed_draft
from survey.queries.listed import listed_json
from survey.queries.paper_entry import open_piles
from survey.queries.pyramid import coverage_json
from survey.queries.standing import WITHOUT_NOTICE, counted_answers
from survey.queries.views import EvaluationView, SignOffView, StreetEvaluation
from survey.queries.waves import WaveView
from survey.services import audit

Transaction = Session | scoped_session[Any]


def store_frozen(
    session: Transaction,
    wave: WaveView,
    *,
    actor: str,
    now: datetime,
    reason: str,
    notice_until: date | None,
    at_once: bool = False,
) -> EvaluationView:
    """Compute and store the next revision within the caller's transaction.

    notice_until: the last day of the public notice; None for none.
    at_once: it is published in the same moment, without a public notice. Raises Refused (409) as
    `survey.services.evaluate.freeze`.
    """
    newest = select(func.max(Evaluation.revision)).where(Evaluation.wave_id == wave.id)
    revision = (session.scalar(newest) or 0) + 1
    computed = computed_draft(wave.code, could_appeal=not at_once and notice_until is not None)
    draft = computed.evaluation
    _require_complete(wave, draft, revision=revision, reason=reason)
    steps = [SignOffView("frozen", actor, now)]
    if at_once:
        steps.append(SignOffView("published", actor, now, WITHOUT_NOTICE))
    made = replace(
        draft,
        wave=replace(draft.wave, status="published") if at_once else draft.wave,
        status="published" if at_once else "provisional",
        revision=revision,
        published_at=now if at_once else None,
        reason=reason,
        frozen_at=now,
        notice_until=notice_until,
        sign_offs=tuple(steps),
    )
    stored = Evaluation(
        wave_id=wave.id,
        revision=revision,
        policy_id=wave.policy_id,
        rollup_run_id=draft.rollup_run_id,
        status=made.status,
        notice_until=notice_until,
        reason=reason,
        summary=_summary(draft) | {"counted": counted_answers(wave)},
        computed_at=draft.computed_at,
        created_at=now,
        published_at=made.published_at,
        sign_offs=[
            SignOff(step=one.step, actor=one.actor[:80], at=one.at, note=one.note) for one in steps
        ],
    )
    indicators = {indicator.code: indicator.id for indicator in draft.indicators}
    for street in draft.streets:
        stored.results += _results(street, indicators)
        stored.adjustments += _adjustments(street, indicators)
    stored.bundles = _bundles(computed, made)
    session.add(stored)
    audit.record(
        session,
        actor=actor,
        action="publish" if at_once else "freeze",
        subject=f"wave {wave.code} revision {revision}",
        detail={
            "reason": reason,
            "policy": draft.policy_hash,
            "rollup": draft.rollup_run_id,
            "notice_until": notice_until.isoformat() if notice_until else None,
            "bundles": {bundle.kind: bundle.sha256 for bundle in stored.bundles},
            **({"notice": WITHOUT_NOTICE} if at_once else {}),
        },
        at=now,
    )
    return made


def _require_complete(wave: WaveView, draft: EvaluationView, *, revision: int, reason: str) -> None:
    if wave.status not in ("closed", "published"):
        raise Refused(
            "wave_not_closed", _l("Close the wave first: answers still come in."), status=409
        )
    waiting = cube_state(wave).pending
    if waiting:
        raise Refused(
            "answers_waiting",
            _l(
                "%(count)s answers are not counted yet. Wait until the worker has counted them, "
                "or run `rollup`.",
                count=waiting,
            ),
            status=409,
        )
    require_closed_piles(wave)
    if revision > 1 and not reason.strip():
        raise Refused(
            "reason_needed",
            _l("This wave was evaluated before. Say why there is another revision."),
            status=409,
        )
    missing = [one.street.code for one in draft.streets if one.direct.value is None]
    if draft.has_direct and missing:
        raise Refused(
            "direct_missing",
            _l(
                "These streets have no direct score: %(streets)s. Load them, or none at all.",
                streets=", ".join(missing),
            ),
            status=409,
        )


def require_closed_piles(wave: WaveView) -> None:
    """Raises Refused (409) while piles of paper forms are open: published, they were lost."""
    # What was published before has lost them already.
    piles = open_piles(wave.id) if wave.status == "closed" else ()
    if piles:
        raise Refused(
            "paper_open",
            _l(
                "Paper forms are typed in and not stored as answers yet: %(piles)s. Close these "
                "piles first, or drop their forms.",
                piles=", ".join(f"{pile.label} ({pile.forms})" for pile in piles),
            ),
            status=409,
        )


def _bundles(computed: Draft, made: EvaluationView) -> list[EvaluationBundle]:
    """What the evaluation was computed from, sealed with its figures."""
    found = []
    for kind in KINDS:
        content = bundle_bytes(computed, made, kind=kind)
        digest = hashlib.sha256(content).hexdigest()
        found.append(EvaluationBundle(kind=kind, sha256=digest, content=content))
    return found


def _summary(draft: EvaluationView) -> dict[str, Any]:
    """What is of the wave or a group, and of a street what is not an estimate; as plain JSON."""
    return {
        "district": asdict(draft.district),
        "district_indicators": {
            code: asdict(estimate) for code, estimate in draft.district_indicators.items()
        },
        "groups": [asdict(group) for group in draft.groups],
        "effective_weights": dict(draft.effective_weights),
        "has_direct": draft.has_direct,
        "listed": listed_json(draft.listed),
        "year": dict(draft.year.figures) if draft.year else None,
        "for_pool": dict(draft.for_pool),
        "coverage": coverage_json(draft.coverage),
        "streets": {
            one.street.code: {
                "group": one.street.peer_group,
                "rank_low": one.rank_low,
                "rank_high": one.rank_high,
                "rank_suppressed_because": one.rank_suppressed_because,
                "chances": list(one.chances),
            }
            for one in draft.streets
        },
    }


def _results(street: StreetEvaluation, indicators: dict[str, int]) -> list[StreetResult]:
    def row(kind: str, estimate: Estimate, *, indicator_id: int | None = None) -> StreetResult:
        return StreetResult(
            street_id=street.street.id,
            kind=kind,
            indicator_id=indicator_id,
            estimate=estimate.value,
            se=estimate.se,
            low=estimate.low,
            high=estimate.high,
            n=estimate.n,
            n_effective=estimate.n_effective,
            df=estimate.df,
            is_random=estimate.random,
            suppressed_because=estimate.suppressed_because,
        )

    return [
        row("public", street.public),
        row("adjusted", street.adjusted),
        row("direct", street.direct),
        row("blended", street.blended),
        *(
            row("indicator", estimate, indicator_id=indicators[code])
            for code, estimate in street.indicators.items()
        ),
    ]


def _adjustments(street: StreetEvaluation, indicators: dict[str, int]) -> list[ThemeAdjustment]:
    return [
        ThemeAdjustment(
            street_id=street.street.id,
            theme_id=one.theme_id,
            label=one.label,
            indicator_id=indicators[one.indicator_code],
            keywords=list(one.keywords),
            remit=one.remit,
            scope=one.scope,
            mentions=one.mentions,
            mentions_counted=one.counted,
            sample_judged=one.sample_judged,
            sample_right=one.sample_right,
            respondents=one.respondents,
            lower=one.lower,
            share=one.share,
            waves_present=one.waves_present,
            relief=one.relief,
            is_recurring=one.is_recurring,
            deduction=one.deduction,
            not_counted_because=list(one.not_counted_because),
        )
        for one in street.adjustments
    ]
