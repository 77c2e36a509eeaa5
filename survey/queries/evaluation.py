"""Read an evaluation as it was frozen, whatever step it has reached, and the draft beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from analysis.types import Estimate
from survey.models import (
    Evaluation,
    EvaluationBundle,
    StreetResult,
    ThemeAdjustment,
    Wave,
    db,
)
from survey.models.evaluation import EVALUATION_STATUSES
from survey.queries.cubes import streets_with_margins
from survey.queries.draft import draft_evaluation
from survey.queries.fieldwork import kept_instrument
from survey.queries.listed import read_listed
from survey.queries.policies import kept_policy
from survey.queries.pyramid import read_coverage
from survey.queries.views import (
    AdjustmentView,
    ConditionView,
    EvaluationView,
    GroupView,
    LastPlaceView,
    SignOffView,
    StreetEvaluation,
    StreetView,
)
from survey.queries.waves import WaveView, wave_view
from survey.queries.year_views import read_year

__all__ = ["current_evaluation", "draft_evaluation", "published_evaluation"]

#: Frozen and not published yet.
UNPUBLISHED = ("provisional", "approved")


@dataclass(frozen=True)
class RevisionView:
    """One frozen revision of a wave, without its figures. Times are UTC."""

    id: int
    revision: int
    status: str
    reason: str
    frozen_at: datetime
    notice_until: date | None
    published_at: datetime | None
    sign_offs: tuple[SignOffView, ...]
    #: {street code: {status: answers}} that were counted; None: frozen before it was kept.
    counted: Mapping[str, Mapping[str, int]] | None

    def sign_off(self, step: str) -> SignOffView | None:
        """Who took a step, or None when it was not taken."""
        return next((one for one in self.sign_offs if one.step == step), None)


@dataclass(frozen=True)
class KeptBundle:
    """A zip with the revision it belongs to and its sha256."""

    revision: int
    sha256: str
    content: bytes


def published_evaluation(wave_code: str, *, revision: int | None = None) -> EvaluationView | None:
    """A wave's published evaluation: the newest revision, or the one asked for. Six queries.

    None when nothing was published. Raises Refused (404) for an unknown wave.
    """
    return _stored(wave_view(wave_code), ("published",), revision=revision)


def current_evaluation(wave_code: str) -> EvaluationView | None:
    """A wave's newest frozen evaluation, whatever step it has reached. Six queries.

    provisional, approved or published; None when nothing is frozen. Raises Refused (404).
    """
    return _stored(wave_view(wave_code), ("provisional", "approved", "published"))


def frozen_evaluation(wave_code: str, *, revision: int) -> EvaluationView | None:
    """One revision of a wave, also one that was replaced before it was published. Six queries.

    For the office. Raises Refused (404) for an unknown wave.
    """
    return _stored(wave_view(wave_code), EVALUATION_STATUSES, revision=revision)


def evaluation_on_notice(wave_code: str) -> EvaluationView | None:
    """The evaluation of a wave that everybody may read before it is published. Six queries.

    It was put on public notice and is provisional or approved; None when there is none. Raises
    Refused (404) for an unknown wave.
    """
    return _stored(wave_view(wave_code), UNPUBLISHED, on_notice=True)


def evaluation_by_id(wave: WaveView, evaluation_id: int) -> EvaluationView:
    """One stored evaluation of a wave by its key. Six queries."""
    stored = db.session.get_one(Evaluation, evaluation_id)
    return _view(stored, wave)


def revisions(wave_code: str) -> tuple[RevisionView, ...]:
    """Every frozen revision of a wave, the newest first. Two queries."""
    found = db.session.scalars(
        select(Evaluation)
        .join(Wave, Evaluation.wave_id == Wave.id)
        .where(Wave.code == wave_code)
        .options(selectinload(Evaluation.sign_offs))
        .order_by(Evaluation.revision.desc())
    )
    return tuple(
        RevisionView(
            id=one.id,
            revision=one.revision,
            status=one.status,
            reason=one.reason,
            frozen_at=one.created_at,
            notice_until=one.notice_until,
            published_at=one.published_at,
            sign_offs=_sign_offs(one),
            counted=one.summary.get("counted"),
        )
        for one in found
    )


def _stored(
    wave: WaveView,
    statuses: Sequence[str],
    *,
    revision: int | None = None,
    on_notice: bool = False,
) -> EvaluationView | None:
    query = (
        select(Evaluation)
        .where(Evaluation.wave_id == wave.id, Evaluation.status.in_(statuses))
        .options(
            selectinload(Evaluation.results),
            selectinload(Evaluation.adjustments),
            selectinload(Evaluation.sign_offs),
        )
        .order_by(Evaluation.revision.desc())
        .limit(1)
    )
    if revision is not None:
        query = query.where(Evaluation.revision == revision)
    if on_notice:
        query = query.where(Evaluation.notice_until.is_not(None))
    stored = db.session.scalar(query)
    return None if stored is None else _view(stored, wave)


def _sign_offs(stored: Evaluation) -> tuple[SignOffView, ...]:
    return tuple(
        SignOffView(step=one.step, actor=one.actor, at=one.at, note=one.note)
        for one in sorted(stored.sign_offs, key=lambda one: one.id)
    )


def kept_bundle(
    wave_code: str,
    *,
    kind: str,
    revision: int | None = None,
    statuses: Sequence[str] = ("published",),
) -> KeptBundle | None:
    """The recompute bundle that was sealed when an evaluation was frozen. Two queries.

    kind: `full` or `public`; revision: the newest when left out; statuses: of which evaluations,
    those that are published unless an office asks for others. None when there is none.
    Raises Refused (404) for an unknown wave.
    """
    wave = wave_view(wave_code)
    query = (
        select(Evaluation.revision, EvaluationBundle.sha256, EvaluationBundle.content)
        .join(EvaluationBundle, EvaluationBundle.evaluation_id == Evaluation.id)
        .where(
            Evaluation.wave_id == wave.id,
            EvaluationBundle.kind == kind,
            Evaluation.status.in_(statuses),
        )
        .order_by(Evaluation.revision.desc())
        .limit(1)
    )
    if revision is not None:
        query = query.where(Evaluation.revision == revision)
    row = db.session.execute(query).one_or_none()
    return None if row is None else KeptBundle(*row)


def _view(stored: Evaluation, wave: WaveView) -> EvaluationView:
    kept = kept_instrument(wave.questionnaire_id)
    results: dict[int, dict[tuple[str, int | None], StreetResult]] = defaultdict(dict)
    for row in stored.results:
        results[row.street_id][row.kind, row.indicator_id] = row
    adjustments: dict[int, list[ThemeAdjustment]] = defaultdict(list)
    for change in sorted(stored.adjustments, key=lambda change: change.id):
        adjustments[change.street_id].append(change)
    codes = kept.codes_by_indicator
    summary = stored.summary
    streets = [street for street, _margins in streets_with_margins(wave, include_inactive=True)]
    return EvaluationView(
        wave=wave,
        revision=stored.revision,
        status=stored.status,
        policy_hash=kept_policy(stored.policy_id).sha256,
        rollup_run_id=stored.rollup_run_id,
        computed_at=stored.computed_at,
        published_at=stored.published_at,
        reason=stored.reason,
        streets=tuple(
            _street(
                street,
                results[street.id],
                [_adjustment(one, codes) for one in adjustments[street.id]],
                summary["streets"][street.code],
                codes=codes,
            )
            for street in streets
            if street.id in results
        ),
        indicators=kept.indicators,
        district=Estimate(**summary["district"]),
        district_indicators={
            code: Estimate(**estimate)
            for code, estimate in summary.get("district_indicators", {}).items()
        },
        groups=tuple(_group(group) for group in summary["groups"]),
        effective_weights=summary["effective_weights"],
        has_direct=summary["has_direct"],
        listed=read_listed(summary.get("listed", {})),
        year=read_year(summary.get("year")),
        for_pool=summary.get("for_pool", {}),
        coverage=read_coverage(summary.get("coverage")),
        frozen_at=stored.created_at,
        notice_until=stored.notice_until,
        sign_offs=_sign_offs(stored),
    )


def _street(
    street: StreetView,
    rows: Mapping[tuple[str, int | None], StreetResult],
    adjustments: list[AdjustmentView],
    more: Mapping[str, Any],
    *,
    codes: Mapping[int, str],
) -> StreetEvaluation:
    chances = tuple(more["chances"])
    return StreetEvaluation(
        # The group is frozen too: a street may be re-grouped before the next wave.
        street=StreetView(street.id, street.code, street.name, more["group"], street.population),
        public=_estimate(rows["public", None]),
        adjusted=_estimate(rows["adjusted", None]),
        direct=_estimate(rows["direct", None]),
        blended=_estimate(rows["blended", None]),
        indicators={
            code: _estimate(rows["indicator", key])
            for key, code in codes.items()
            if ("indicator", key) in rows
        },
        adjustments=tuple(adjustments),
        rank_low=more["rank_low"],
        rank_high=more["rank_high"],
        rank_suppressed_because=more["rank_suppressed_because"],
        chances=chances,
        p_first=chances[0] if chances else None,
        p_last=chances[-1] if chances else None,
    )


def _estimate(row: StreetResult) -> Estimate:
    return Estimate(
        value=row.estimate,
        low=row.low,
        high=row.high,
        n=row.n,
        n_effective=row.n_effective,
        suppressed_because=row.suppressed_because,
        se=row.se,
        df=row.df,
        random=row.is_random,
    )


def _adjustment(row: ThemeAdjustment, codes: Mapping[int, str]) -> AdjustmentView:
    return AdjustmentView(
        theme_id=row.theme_id,
        # As it was called then: a theme can be renamed later.
        label=row.label,
        keywords=tuple(row.keywords),
        indicator_code=codes[row.indicator_id],
        remit=row.remit,
        scope=row.scope,
        mentions=row.mentions,
        respondents=row.respondents,
        lower=row.lower,
        share=row.share,
        waves_present=row.waves_present,
        relief=row.relief,
        is_recurring=row.is_recurring,
        deduction=row.deduction,
        not_counted_because=tuple(row.not_counted_because),
        counted=row.mentions_counted,
        sample_judged=row.sample_judged,
        sample_right=row.sample_right,
    )


def _group(group: Mapping[str, Any]) -> GroupView:
    last = group["last"]
    return GroupView(
        name=group["name"],
        codes=tuple(group["codes"]),
        pairwise_only=group["pairwise_only"],
        pairs=tuple((higher, lower) for higher, lower in group["pairs"]),
        top_k=group["top_k"],
        top_verified=group["top_verified"],
        top_group=tuple(group["top_group"]),
        bottom_group=tuple(group["bottom_group"]),
        last=LastPlaceView(
            **last | {"conditions": tuple(ConditionView(**one) for one in last["conditions"])}
        ),
        effective_weights=group["effective_weights"],
    )
