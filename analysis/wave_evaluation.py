"""From the frozen inputs of a wave to every figure of its evaluation, in one pure function.

The draft page, the publication and an auditor's recomputation all call ``evaluate_wave``; what
they print is what it returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from analysis.adjustment import ThemeRecord
from analysis.direct import direct_score
from analysis.estimate import normal_quantile
from analysis.evaluation import evaluate
from analysis.evaluation_records import Appeal, Evaluation, StreetEvaluation, StreetInput
from analysis.policy import RANDOM, Policy
from analysis.streets import wave_result
from analysis.types import AnalysisError, Estimate, StreetCube, StreetResult, WaveResult
from analysis.verdicts import PoolLast, judge_last
from analysis.year import evaluate_year
from analysis.year_records import StreetWave, WaveFigures, Year


@dataclass(frozen=True, slots=True)
class StreetFacts:
    """What is known of a street beside its answers.

    ``direct`` are the scores 0..100 of its assessors, one each; ``excluded_because`` cites the
    recorded decision that takes it out of the ranking; ``objective`` are its scores 0..100 on
    objective indicators by name.
    """

    code: str
    group: str = ""
    direct: tuple[float, ...] = ()
    excluded_because: str | None = None
    objective: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EvaluationInputs:
    """All that the evaluation of one wave is computed from; nothing else enters.

    ``accepted`` and ``streets`` name the same streets in the same order. ``with_quarantined``
    are the cubes with 待核查 responses as well, ``None`` when there are none. ``previous_last``
    maps a peer group to the street verified as last in the wave before; ``appeals`` are the open
    ones, ``None`` when nothing is known about appeals. ``earlier`` are the published figures of
    the waves that asked the same before this one (``wave``), newest first: the annual pool.
    """

    policy: Policy
    streets: tuple[StreetFacts, ...]
    accepted: tuple[StreetCube, ...]
    with_quarantined: tuple[StreetCube, ...] | None = None
    themes: tuple[ThemeRecord, ...] = ()
    previous_last: Mapping[str, str] = field(default_factory=dict)
    pooled_waves: int = 1
    appeals: tuple[Appeal, ...] | None = None
    wave: str = ""
    earlier: tuple[WaveFigures, ...] = ()


@dataclass(frozen=True, slots=True)
class StreetFigures:
    """The estimates that are shown of one street: P, P*, D, F and the indicators."""

    public: Estimate
    adjusted: Estimate
    direct: Estimate
    blended: Estimate
    indicators: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class WaveEvaluation:
    """Everything that follows from ``EvaluationInputs``.

    ``with_quarantined`` is ``result`` itself when nothing is 待核查. ``streets`` are the figures as
    a later wave pools them; ``year`` is ``None`` for a wave without earlier ones.
    """

    result: WaveResult
    with_quarantined: WaveResult
    evaluation: Evaluation
    figures: Mapping[str, StreetFigures]
    streets: Mapping[str, StreetWave] = field(default_factory=dict)
    year: Year | None = None


def evaluate_wave(inputs: EvaluationInputs) -> WaveEvaluation:
    """Indices, combination of streams, themes, blend, ranks and verdicts of one wave.

    Raises ``AnalysisError`` (``streets_differ`` when cubes and streets do not name the same, and
    those of ``wave_result`` and ``evaluate``).
    """
    check_same_streets(inputs)
    policy = inputs.policy
    result = wave_result(inputs.accepted, policy)
    both = inputs.with_quarantined
    other = result if both is None else wave_result(both, policy)
    evaluation = evaluate(
        [
            street_input(
                street,
                result.streets[street.code],
                other.streets[street.code],
                policy=policy,
            )
            for street in inputs.streets
        ],
        policy,
        themes=inputs.themes,
        previous_last=inputs.previous_last,
        pooled_waves=inputs.pooled_waves,
        appeals=inputs.appeals,
    )
    figures = {
        street.code: street_figures(
            street,
            result.streets[street.code],
            evaluation.streets[street.code],
            policy=policy,
        )
        for street in inputs.streets
    }
    streets = {
        street.code: street_wave(
            street,
            figures[street.code],
            result.streets[street.code],
            other.streets[street.code],
        )
        for street in inputs.streets
    }
    year = year_of(inputs, streets)
    return WaveEvaluation(
        result=result,
        with_quarantined=other,
        evaluation=evaluation if year is None else with_pool(evaluation, year, policy),
        figures=figures,
        streets=streets,
        year=year,
    )


def year_of(inputs: EvaluationInputs, streets: Mapping[str, StreetWave]) -> Year | None:
    """The wave pooled with the earlier ones; ``None`` when there are none, or none has weight."""
    used = 1 + len(inputs.earlier)
    if not inputs.earlier or not any(inputs.policy.pool_weights[:used]):
        return None
    now = WaveFigures(inputs.wave, inputs.earlier[0].questionnaire, streets)
    return evaluate_year(
        (now, *inputs.earlier),
        inputs.policy,
        excluded=[street.code for street in inputs.streets if street.excluded_because],
        appeals=inputs.appeals,
    )


def with_pool(evaluation: Evaluation, year: Year, policy: Policy) -> Evaluation:
    """The evaluation of the wave, its last places judged with what the pool establishes."""
    groups = {}
    for name, group in evaluation.groups.items():
        found = year.groups[name]
        last = found.last.street if found.last.established else None
        pool = PoolLast(last, found.evidence.pooled_waves)
        evidence = replace(group.evidence, pool_last=pool)
        groups[name] = replace(group, evidence=evidence, last=judge_last(evidence, policy))
    return replace(evaluation, groups=groups)


def street_wave(
    facts: StreetFacts, figures: StreetFigures, result: StreetResult, other: StreetResult
) -> StreetWave:
    """The figures of a street as a pool takes them."""
    counted = other.public
    known = counted.value is not None and counted.se is not None
    return StreetWave(
        code=facts.code,
        group=facts.group,
        public=figures.public,
        adjusted=figures.adjusted,
        direct=figures.direct,
        indicators=figures.indicators,
        n_effective_random=result.n_effective_random,
        other_public=(counted.value or 0.0, counted.se or 0.0) if known else None,
        random_public=random_alone(result),
    )


def check_same_streets(inputs: EvaluationInputs) -> None:
    """Raise ``AnalysisError`` (``streets_differ``) unless facts and cubes name the same streets."""
    codes = [street.code for street in inputs.streets]
    for cubes in (inputs.accepted, inputs.with_quarantined):
        if cubes is not None and [cube.code for cube in cubes] != codes:
            raise AnalysisError(
                "streets_differ",
                "The cubes and the list of streets must name the same streets in the same order.",
            )


def street_input(
    facts: StreetFacts, result: StreetResult, other: StreetResult, *, policy: Policy
) -> StreetInput:
    """A street as the evaluation wants it; ``other`` is counted with 待核查 responses."""
    direct = direct_score(facts.direct, facts.objective, policy)
    counted = other.public
    known = counted.value is not None and counted.se is not None
    return StreetInput(
        code=facts.code,
        public=result.public.value,
        public_se=result.public.se,
        direct=direct.value,
        direct_se=direct.se,
        n_effective=result.n_effective_random,
        group=facts.group,
        assessors=len(facts.direct),
        indicators={code: estimate.value for code, estimate in result.indicators.items()},
        other_public=(counted.value or 0.0, counted.se or 0.0) if known else None,
        random_public=random_alone(result),
        excluded_because=facts.excluded_because,
        direct_missing_because=direct.missing_because,
    )


def random_alone(result: StreetResult) -> tuple[float, float] | None:
    """Public score and se of the random stream, where both streams are combined."""
    alone = result.streams[RANDOM].public if result.basis == "combined" else None
    if alone is None or alone.value is None or alone.se is None:
        return None
    return alone.value, alone.se


def street_figures(
    facts: StreetFacts, result: StreetResult, found: StreetEvaluation, *, policy: Policy
) -> StreetFigures:
    """The estimates shown of one street."""
    return StreetFigures(
        public=result.public,
        adjusted=adjusted_estimate(result.public, found),
        direct=direct_estimate(facts, policy),
        blended=blended_estimate(result.public, found),
        indicators=result.indicators,
    )


def adjusted_estimate(public: Estimate, found: StreetEvaluation) -> Estimate:
    """P*: the public score and its interval moved down by what the themes take."""
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


def direct_estimate(facts: StreetFacts, policy: Policy) -> Estimate:
    """D ± z·max(se, floor), cut to [0, 100]; n assessors, also where D is missing."""
    direct = direct_score(facts.direct, facts.objective, policy)
    assessors = len(facts.direct)
    if direct.value is None:
        because = direct.missing_because
        return Estimate(None, None, None, assessors, float(assessors), suppressed_because=because)
    se = max(direct.se or 0.0, policy.direct_sd_floor)
    reach = normal_quantile((1 + policy.confidence) / 2) * se
    return Estimate(
        value=direct.value,
        low=max(0.0, direct.value - reach),
        high=min(100.0, direct.value + reach),
        n=assessors,
        n_effective=float(assessors),
        se=se,
    )


def blended_estimate(public: Estimate, found: StreetEvaluation) -> Estimate:
    """F. A suppressed public score hides it too: D is known, so F would give P away."""
    return Estimate(
        value=found.blended,
        low=found.low,
        high=found.high,
        n=public.n,
        n_effective=public.n_effective,
        suppressed_because=found.not_blended_because or public.suppressed_because,
        se=found.se,
        random=public.random,
    )
