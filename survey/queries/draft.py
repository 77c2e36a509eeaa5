"""Compute a draft evaluation from the cubes, the direct scores and the themes as they stand."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import select

from analysis.adjustment import ThemeEffect, ThemeRecord
from analysis.evaluation import Evaluation as Computed
from analysis.evaluation import GroupEvaluation, StreetInput, evaluate
from analysis.evaluation import StreetEvaluation as ComputedStreet
from analysis.policy import Policy
from analysis.types import Estimate, StreetResult
from survey.models import DirectScore, Evaluation, Theme, Wave, db
from survey.queries.streets import ComputedWave, computed_wave
from survey.queries.themes import WaveThemes, theme_counts, theme_record
from survey.queries.views import (
    AdjustmentView,
    ConditionView,
    EvaluationView,
    GroupView,
    LastPlaceView,
    StreetEvaluation,
    StreetView,
)
from survey.queries.waves import WaveView, wave_view

NORMAL_95 = 1.959963984540054


def draft_evaluation(wave_code: str) -> EvaluationView:
    """The evaluation of a wave as it stands now, from the cubes. Twelve queries.

    Raises Refused (404) for an unknown wave.
    """
    wave = wave_view(wave_code)
    figures = computed_wave(wave)
    direct = direct_scores(wave)
    themes = theme_counts(wave)
    records, of_record = _theme_records(figures, themes)
    computed = evaluate(
        [_street_input(street, figures, direct) for street in figures.streets],
        figures.policy,
        themes=records,
        previous_last=_previous_last(wave),
        # No appeal can be filed yet, so nothing is known about appeals.
        appeals=None,
    )
    return EvaluationView(
        wave=wave,
        revision=0,
        status="draft",
        policy_hash=figures.policy.sha256,
        rollup_run_id=figures.state.rollup_run_id,
        computed_at=figures.state.folded_at,
        published_at=None,
        reason="",
        streets=tuple(
            _street(street, figures, computed, direct=direct, themes=of_record)
            for street in figures.streets
        ),
        indicators=figures.indicators,
        district=figures.result.district,
        groups=tuple(_group(group) for group in computed.groups.values()),
        effective_weights=_weights(computed),
        has_direct=bool(direct),
    )


def direct_scores(wave: WaveView) -> dict[int, list[float]]:
    """{street id: the assessors' scores} of a wave. One query."""
    found: dict[int, list[float]] = defaultdict(list)
    for street_id, score in db.session.execute(
        select(DirectScore.street_id, DirectScore.score)
        .where(DirectScore.wave_id == wave.id)
        .order_by(DirectScore.street_id, DirectScore.assessor)
    ):
        found[street_id].append(score)
    return dict(found)


def _mean_and_se(scores: Sequence[float]) -> tuple[float | None, float | None]:
    """Mean of the assessors' scores and its standard error; None with fewer than two."""
    if not scores:
        return None, None
    mean = math.fsum(scores) / len(scores)
    if len(scores) < 2:
        return mean, None
    squares = math.fsum((score - mean) ** 2 for score in scores)
    return mean, math.sqrt(squares / (len(scores) - 1) / len(scores))


def _street_input(
    street: StreetView, figures: ComputedWave, direct: Mapping[int, Sequence[float]]
) -> StreetInput:
    result = figures.result.streets[street.code]
    other = figures.result_with_quarantined.streets[street.code].public
    scores = direct.get(street.id, ())
    mean, se = _mean_and_se(scores)
    known = other.value is not None and other.se is not None
    return StreetInput(
        code=street.code,
        public=result.public.value,
        public_se=result.public.se,
        direct=mean,
        direct_se=se,
        n_effective=result.n_effective_random,
        group=street.peer_group,
        assessors=len(scores),
        indicators={code: estimate.value for code, estimate in result.indicators.items()},
        other_public=(other.value or 0.0, other.se or 0.0) if known else None,
    )


def _theme_records(
    figures: ComputedWave, themes: WaveThemes
) -> tuple[list[ThemeRecord], dict[int, Theme]]:
    """Every theme in every street as a record, and {id() of the record: its theme}.

    Records carry a label, which two themes can share; the object itself tells them apart.
    """
    records: list[ThemeRecord] = []
    of_record: dict[int, Theme] = {}
    total = sum(themes.respondents.values())
    for theme in themes.themes.values():
        counts = themes.counts[theme.id]
        everywhere = sum(one.mentions for one in counts.values())
        for street in figures.streets:
            # Only what residents of the street said in answers counts, and only for an indicator.
            if theme.indicator is None or street.id not in counts:
                continue
            if theme.indicator.code not in figures.policy.omega:
                continue
            record = theme_record(
                theme,
                counts[street.id],
                wave=figures.wave,
                street=street,
                respondents=themes.respondents.get(street.id, 0),
                district_share=min(1.0, everywhere / total) if total else 0.0,
                has_random_stream="A" in figures.result.streets[street.code].streams,
            )
            records.append(record)
            of_record[id(record)] = theme
    return records, of_record


def _previous_last(wave: WaveView) -> dict[str, str]:
    """{peer group: street} verified as last in the wave published before. One query."""
    summary = db.session.scalar(
        select(Evaluation.summary)
        .join(Wave, Evaluation.wave_id == Wave.id)
        .where(
            Wave.district_id == wave.district_id,
            Wave.opens_at < wave.opens_at,
            Evaluation.status == "published",
        )
        .order_by(Wave.opens_at.desc(), Evaluation.revision.desc())
        .limit(1)
    )
    return {
        group["name"]: group["last"]["street"]
        for group in (summary or {}).get("groups", ())
        if group["last"]["verified_this_wave"]
    }


def _street(
    street: StreetView,
    figures: ComputedWave,
    computed: Computed,
    *,
    direct: Mapping[int, Sequence[float]],
    themes: Mapping[int, Theme],
) -> StreetEvaluation:
    result = figures.result.streets[street.code]
    found = computed.streets[street.code]
    return StreetEvaluation(
        street=street,
        public=result.public,
        adjusted=_adjusted(result, found),
        direct=_direct(direct.get(street.id, ()), figures.policy),
        blended=_blended(result, found),
        indicators=result.indicators,
        adjustments=tuple(
            _adjustment(effect, themes[id(effect.theme)]) for effect in found.effects
        ),
        rank_low=found.rank_low,
        rank_high=found.rank_high,
        rank_suppressed_because=found.rank_suppressed_because,
        chances=found.chances,
        p_first=found.p_first,
        p_last=found.p_last,
    )


def _adjusted(result: StreetResult, found: ComputedStreet) -> Estimate:
    """P*: the public score and its interval moved down by what the themes take."""
    public = result.public
    if found.adjusted is None or public.low is None or public.high is None:
        return public
    taken = (public.value or 0.0) - found.adjusted
    return Estimate(
        value=found.adjusted,
        low=min(found.adjusted, max(0.0, public.low - taken)),
        high=max(found.adjusted, public.high - taken),
        n=public.n,
        n_effective=public.n_effective,
        suppressed_because=public.suppressed_because,
        se=public.se,
        df=public.df,
        random=public.random,
    )


def _direct(scores: Sequence[float], policy: Policy) -> Estimate:
    """D: the mean of the assessors, with the policy's floor for its standard error; n assessors."""
    mean, se = _mean_and_se(scores)
    if mean is None:
        return Estimate(None, None, None, 0, 0.0, suppressed_because="direct_missing")
    se = max(se or 0.0, policy.direct_sd_floor)
    reach = NORMAL_95 * se
    return Estimate(
        value=mean,
        low=max(0.0, mean - reach),
        high=min(100.0, mean + reach),
        n=len(scores),
        n_effective=float(len(scores)),
        se=se,
    )


def _blended(result: StreetResult, found: ComputedStreet) -> Estimate:
    """F. A suppressed public score hides it too: D is known, so F would give P away."""
    return Estimate(
        value=found.blended,
        low=found.low,
        high=found.high,
        n=result.public.n,
        n_effective=result.public.n_effective,
        suppressed_because=found.not_blended_because or result.public.suppressed_because,
        se=found.se,
        random=result.public.random,
    )


def _adjustment(effect: ThemeEffect, theme: Theme) -> AdjustmentView:
    return AdjustmentView(
        theme_id=theme.id,
        label=theme.label,
        keywords=tuple(theme.keywords),
        indicator_code=effect.theme.indicator,
        remit=theme.remit,
        scope=theme.scope,
        mentions=effect.theme.mentions,
        respondents=effect.theme.respondents,
        lower=effect.lower_bound,
        share=effect.share,
        waves_present=effect.theme.waves,
        relief=effect.restoration,
        is_recurring=effect.recurring,
        deduction=effect.deduction,
        not_counted_because=tuple(reason.code for reason in effect.reasons),
    )


def _group(group: GroupEvaluation) -> GroupView:
    last = group.last
    return GroupView(
        name=group.group,
        codes=group.codes,
        pairwise_only=group.pairwise_only,
        pairs=group.pairs,
        top_k=group.top.k,
        top_verified=group.top.verified,
        top_group=group.top.streets,
        bottom_group=group.bottom_group,
        last=LastPlaceView(
            established=last.established,
            street=last.street,
            z_min=last.z_min,
            z_min_public=last.z_min_public,
            p_last=last.p_last,
            conditions=tuple(
                ConditionView(one.code, one.met, dict(one.params)) for one in last.conditions
            ),
            verified_this_wave=last.verified_this_wave,
        ),
        effective_weights=_weights(group),
    )


def _weights(of: Computed | GroupEvaluation) -> dict[str, float | None]:
    return {"direct": of.effective_weights.direct, "public": of.effective_weights.public}
