"""Compute a draft evaluation from the cubes, the direct scores and the themes as they stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from analysis.adjustment import ThemeEffect, ThemeRecord, credible_mentions
from analysis.bundle_results import plain, year_figures
from analysis.evaluation import Evaluation as Computed
from analysis.evaluation import GroupEvaluation
from analysis.policy import RANDOM, Policy
from analysis.types import StreetCube
from analysis.wave_evaluation import (
    EvaluationInputs,
    StreetFacts,
    WaveEvaluation,
    evaluate_wave,
)
from survey.models import DirectScore, Evaluation, Theme, Wave, db
from survey.queries.appeal_inputs import appeals_are_known, wave_appeals
from survey.queries.assessment import objective_scores
from survey.queries.cubes import CubeState, cube_state, streets_with_margins, wave_cubes
from survey.queries.fieldwork import kept_instrument
from survey.queries.listed import standing_items
from survey.queries.policies import kept_policy
from survey.queries.pool import earlier_waves, for_pool
from survey.queries.pyramid import crossed_coverage
from survey.queries.theme_counts import WaveThemes, theme_counts, theme_record
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
from survey.queries.year_views import read_year


@dataclass(frozen=True)
class Draft:
    """A draft evaluation with all it was computed from."""

    inputs: EvaluationInputs
    found: WaveEvaluation
    evaluation: EvaluationView


def _nobody(_step: int) -> None:
    """Nobody waits for the steps."""


def draft_evaluation(wave_code: str, *, told: Callable[[int], None] = _nobody) -> EvaluationView:
    """The evaluation of a wave as it stands now, from the cubes. Sixteen queries.

    told: is called with 1 when everything is read and with 2 when it is computed.
    Raises Refused (404) for an unknown wave.
    """
    return computed_draft(wave_code, told=told).evaluation


def computed_draft(
    wave_code: str, *, could_appeal: bool = True, told: Callable[[int], None] = _nobody
) -> Draft:
    """The same with its inputs, for whoever freezes both.

    could_appeal: False when streets are given no time to appeal: then nothing is known about
    appeals, which leaves that condition of a last place unmet.
    """
    wave = wave_view(wave_code)
    state = cube_state(wave)
    places = streets_with_margins(wave)
    themes = theme_counts(wave)
    streets = tuple(street for street, _margins in places)
    inputs = _inputs(wave, places, themes, could_appeal=could_appeal)
    found = evaluate_wave(inputs)
    view = _view(wave, state, streets, themes=themes, found=found)
    answered = crossed_coverage(inputs.accepted, inputs.policy)
    return Draft(inputs, found, replace(view, coverage=answered))


def _inputs(
    wave: WaveView,
    places: Sequence[tuple[StreetView, dict[str, dict[str, float]]]],
    themes: WaveThemes,
    *,
    could_appeal: bool,
) -> EvaluationInputs:
    """All that the evaluation is computed from."""
    policy = kept_policy(wave.policy_id)
    cubes = wave_cubes(wave, places)
    direct = direct_scores(wave)
    objective = objective_scores(wave) if policy.objective_weights else {}
    both = cubes.with_quarantined
    appeals = wave_appeals(wave)
    are_known = could_appeal and appeals_are_known(wave)
    all_streets = [street for street, _margins in places]
    records = appeals.without_upheld(
        _theme_records(wave, all_streets, themes, policy=policy, cubes=cubes.accepted), all_streets
    )
    return EvaluationInputs(
        policy=policy,
        streets=tuple(
            StreetFacts(
                street.code,
                street.peer_group,
                tuple(direct.get(street.id, ())),
                excluded_because=appeals.excluded_because(street.id),
                objective=objective.get(street.id, {}),
            )
            for street, _margins in places
        ),
        accepted=tuple(cubes.accepted),
        with_quarantined=None if both is None else tuple(both),
        themes=records,
        previous_last=_previous_last(wave),
        appeals=appeals.open_ones(all_streets, records) if are_known else None,
        wave=wave.code,
        earlier=earlier_waves(wave, policy),
    )


def _view(
    wave: WaveView,
    state: CubeState,
    streets: Sequence[StreetView],
    *,
    themes: WaveThemes,
    found: WaveEvaluation,
) -> EvaluationView:
    computed = found.evaluation
    return EvaluationView(
        wave=wave,
        revision=0,
        status="draft",
        policy_hash=computed.policy_sha256,
        rollup_run_id=state.rollup_run_id,
        computed_at=state.folded_at,
        published_at=None,
        reason="",
        streets=tuple(_street(street, found, themes) for street in streets),
        indicators=kept_instrument(wave.questionnaire_id).indicators,
        district=found.result.district,
        district_indicators=found.result.district_indicators,
        groups=tuple(_group(group) for group in computed.groups.values()),
        effective_weights=_weights(computed),
        has_direct=any(entry.direct.n for entry in found.figures.values()),
        listed=standing_items(wave),
        year=read_year(plain(year_figures(found.year))) if found.year else None,
        for_pool=for_pool(found),
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


def _theme_records(
    wave: WaveView,
    streets: Sequence[StreetView],
    themes: WaveThemes,
    *,
    policy: Policy,
    cubes: Sequence[StreetCube],
) -> list[ThemeRecord]:
    """Every theme in every street as a record that carries the theme's number."""
    records: list[ThemeRecord] = []
    total = sum(themes.respondents.values())
    is_random = {cube.code: _has_random_stream(cube, policy) for cube in cubes}
    for theme in themes.themes.values():
        counts = themes.counts[theme.id]
        sample = themes.sample(theme.id)
        everywhere = credible_mentions(
            sum(one.mentions for one in counts.values()),
            right=sum(one.mentions_right for one in counts.values()),
            sample=(sample.right, sample.judged),
        )
        for street in streets:
            # Only what residents of the street said in answers counts, and only for an indicator.
            if theme.indicator is None or street.id not in counts:
                continue
            if theme.indicator.code not in policy.omega:
                continue
            records.append(
                theme_record(
                    theme,
                    counts[street.id],
                    wave=wave,
                    street=street,
                    respondents=themes.respondents.get(street.id, 0),
                    district_share=min(1.0, everywhere / total) if total else 0.0,
                    has_random_stream=is_random[street.code],
                    sample=sample,
                )
            )
    return records


def _has_random_stream(cube: StreetCube, policy: Policy) -> bool:
    """Whether a street has accepted responses of a channel drawn at random."""
    return any(policy.stream_of(channel) == RANDOM and n for _s, channel, _v, n in cube.responses)


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


def _street(street: StreetView, found: WaveEvaluation, themes: WaveThemes) -> StreetEvaluation:
    figures = found.figures[street.code]
    computed = found.evaluation.streets[street.code]
    return StreetEvaluation(
        street=street,
        public=figures.public,
        adjusted=figures.adjusted,
        direct=figures.direct,
        blended=figures.blended,
        indicators=figures.indicators,
        adjustments=tuple(
            _adjustment(effect, themes.themes[effect.theme.number or 0])
            for effect in computed.effects
        ),
        rank_low=computed.rank_low,
        rank_high=computed.rank_high,
        rank_suppressed_because=computed.rank_suppressed_because,
        chances=computed.chances,
        p_first=computed.p_first,
        p_last=computed.p_last,
    )


def _adjustment(effect: ThemeEffect, theme: Theme) -> AdjustmentView:
    return AdjustmentView(
        theme_id=theme.id,
        label=effect.theme.label,
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
        counted=effect.counted,
        sample_judged=effect.theme.sample_judged,
        sample_right=effect.theme.sample_right,
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
