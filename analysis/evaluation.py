"""From public scores, direct scores, themes and a policy to blended scores, ranks and verdicts.

This module orders the steps and keeps the records; the arithmetic is in ``adjustment``,
``blend`` and ``ranking``, the rules with consequences in ``verdicts``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from analysis.adjustment import ThemeRecord, adjust_public, theme_effect
from analysis.blend import Blend, EffectiveWeights, blend, direct_variance, effective_weights
from analysis.countings import appeal_could_change, lowest_by_variant, random_stream_alone
from analysis.estimate import normal_quantile
from analysis.evaluation_records import (
    Appeal,
    Evaluation,
    GroupEvaluation,
    Scored,
    StreetEvaluation,
    StreetInput,
    StreetRank,
    check_inputs,
)
from analysis.policy import Policy
from analysis.ranking import RankSets
from analysis.verdicts import (
    Evidence,
    bottom_group,
    judge_last,
    judge_top,
    order_of,
)

__all__ = ["Appeal", "Evaluation", "GroupEvaluation", "StreetEvaluation", "StreetInput", "evaluate"]


def evaluate(
    streets: Sequence[StreetInput],
    policy: Policy,
    *,
    themes: Sequence[ThemeRecord] = (),
    previous_last: Mapping[str, str] | None = None,
    pooled_waves: int = 1,
    appeals: Sequence[Appeal] | None = None,
) -> Evaluation:
    """Evaluate all streets of a wave (or of a pool of waves) under one policy.

    ``previous_last`` maps a peer group to the street verified as last in the wave before;
    ``appeals`` are the open ones, ``None`` when not known, which leaves that condition unmet.
    Raises ``AnalysisError`` (``duplicate_street``, ``unknown_street``, ``bad_score``,
    ``bad_theme``, ``unknown_indicator``, ``bad_variance``).
    """
    check_inputs(streets, themes, appeals or ())
    scored = score_streets(streets, themes, policy)
    groups = {
        group: evaluate_group(
            [street for street in streets if street.group == group],
            scored,
            policy=policy,
            previous_last=(previous_last or {}).get(group),
            pooled_waves=pooled_waves,
            appeals=appeals,
        )
        for group in dict.fromkeys(street.group for street in streets)
    }
    ranks = {code: rank for g in groups.values() for code, rank in street_ranks(g.evidence).items()}
    return Evaluation(
        streets={
            street.code: street_evaluation(
                street,
                scored,
                rank=ranks.get(street.code),
                group=groups[street.group],
                policy=policy,
            )
            for street in streets
        },
        groups=groups,
        effective_weights=weights_of(scored, range(len(scored.codes)), policy),
        standardised=scored.blended.standardised,
        deduction_correlation=deduction_correlation(scored, policy),
        policy_version=policy.version,
        policy_sha256=policy.sha256,
        scored=scored,
    )


def evaluate_group(
    members: Sequence[StreetInput],
    scored: Scored,
    *,
    policy: Policy,
    previous_last: str | None,
    pooled_waves: int,
    appeals: Sequence[Appeal] | None,
) -> GroupEvaluation:
    """Gather the evidence of one peer group and judge it; ``members`` has at least one street."""
    evidence = group_evidence(
        members,
        scored,
        policy=policy,
        previous_last=previous_last,
        pooled_waves=pooled_waves,
        appeals=appeals,
    )
    at = [scored.codes.index(code) for code in evidence.codes]
    return judge_group(
        members[0].group, evidence, policy, weights_of_blend=weights_of(scored, at, policy)
    )


def score_streets(
    streets: Sequence[StreetInput], themes: Sequence[ThemeRecord], policy: Policy
) -> Scored:
    """Judge the themes, and blend every street with a public score, its se and a direct score."""
    given = {street.code: street for street in streets}
    effects = {
        code: tuple(theme_effect(t, policy) for t in themes if t.street == code) for code in given
    }
    adjustments = {
        code: adjust_public(street.public, street.indicators, effects[code], policy)
        for code, street in given.items()
        if street.public is not None
    }
    used = [
        street
        for street in streets
        if street.direct is not None and street.public is not None and street.public_se is not None
    ]
    direct = np.array([street.direct for street in used], np.float64)
    direct_v = direct_variance([s.direct_se for s in used], sd_floor=policy.direct_sd_floor)
    public = np.array([street.public for street in used], np.float64)
    public_v = np.array([street.public_se for street in used], np.float64) ** 2
    deduction = np.array([adjustments[street.code].total for street in used], np.float64)
    blended = blend(
        direct,
        direct_v,
        public - deduction,
        public_v,
        alpha=policy.alpha,
        standardised=policy.standardise_direct and bool(used),
    )
    codes = tuple(street.code for street in used)
    scores = (direct, direct_v, public, public_v, deduction, blended)
    return Scored(codes, *scores, given=given, effects=effects, adjustments=adjustments)


def weights_of(scored: Scored, places: Sequence[int], policy: Policy) -> EffectiveWeights:
    """Effective weights over some of the scored streets."""
    i = list(places)
    b = scored.blended
    part = Blend(b.score[i], b.variance[i], b.direct[i], b.direct_variance[i], b.standardised)
    public = (scored.public - scored.deduction)[i]
    return effective_weights(part, public, scored.public_variance[i], alpha=policy.alpha)


def group_evidence(
    members: Sequence[StreetInput],
    scored: Scored,
    *,
    policy: Policy,
    previous_last: str | None,
    pooled_waves: int,
    appeals: Sequence[Appeal] | None,
) -> Evidence:
    """Everything one peer group is judged by: who is ranked, scores, and what the rules ask for."""
    candidates = [street for street in members if not street.excluded_because]
    codes = tuple(s.code for s in candidates if s.code in scored.codes and s.n_effective != 0)
    at = [scored.codes.index(code) for code in codes]
    score, variance = scored.blended.score[at], scored.blended.variance[at]
    return Evidence(
        codes=codes,
        score=score,
        variance=variance,
        public=scored.public[at],
        public_variance=scored.public_variance[at],
        order=order_of(score, variance, error=policy.rank_error),
        n_effective={street.code: street.n_effective for street in candidates},
        assessors={street.code: street.assessors for street in candidates},
        unscored=tuple(s.code for s in candidates if s.code not in scored.codes),
        variants=lowest_by_variant(codes, scored, policy=policy),
        random_stream=random_stream_alone(codes, scored, policy=policy),
        pooled_waves=pooled_waves,
        previous_last=previous_last,
        appeal_could_change=appeal_could_change(codes, scored, appeals, policy=policy),
    )


def judge_group(
    group: str, evidence: Evidence, policy: Policy, *, weights_of_blend: EffectiveWeights
) -> GroupEvaluation:
    """Ranks and verdicts of one peer group from its evidence alone."""
    order = evidence.order
    return GroupEvaluation(
        group=group,
        codes=evidence.codes,
        pairwise_only=len(evidence.codes) < policy.min_group,
        pairs=significant_pairs(evidence.codes, order.sets),
        top=judge_top(evidence, policy),
        bottom_group=bottom_group(evidence.codes, order.sets),
        last=judge_last(evidence, policy),
        effective_weights=weights_of_blend,
        mu=order.chances.mu if order.chances else None,
        tau2=order.chances.tau2 if order.chances else None,
        q=order.chances.q if order.chances else None,
        evidence=evidence,
    )


def street_ranks(evidence: Evidence) -> dict[str, StreetRank]:
    """Rank set and chances of every ranked street of a group."""
    sets, chances = evidence.order.sets, evidence.order.chances
    if chances is None:
        return {}
    return {
        code: (int(sets.low[i]), int(sets.high[i]), tuple(chances.chances[i].tolist()))
        for i, code in enumerate(evidence.codes)
    }


def significant_pairs(codes: Sequence[str], sets: RankSets) -> tuple[tuple[str, str], ...]:
    """(higher, lower) pairs that Holm's correction lets stand."""
    return tuple((codes[j], codes[i]) for i, j in zip(*np.nonzero(sets.above), strict=True))


def street_evaluation(
    street: StreetInput,
    scored: Scored,
    *,
    rank: StreetRank | None,
    group: GroupEvaluation,
    policy: Policy,
) -> StreetEvaluation:
    """Put one street's figures together with the reasons why some are missing or withheld."""
    missing = missing_part(street)
    adjustment = scored.adjustments.get(street.code)
    low, high, chances = rank if rank is not None else (None, None, ())
    direct, blended, se, limits = blended_figures(street.code, scored, policy)
    return StreetEvaluation(
        code=street.code,
        group=street.group,
        adjustment=adjustment,
        effects=scored.effects[street.code],
        adjusted=None if adjustment is None else adjustment.public,
        direct_used=direct,
        blended=blended,
        se=se,
        low=limits[0],
        high=limits[1],
        not_blended_because=missing,
        rank_low=low,
        rank_high=high,
        rank_suppressed_because=missing or rank_suppression(street, group, policy),
        chances=chances,
    )


def blended_figures(
    code: str, scored: Scored, policy: Policy
) -> tuple[float | None, float | None, float | None, tuple[float | None, float | None]]:
    """Direct score used, F, its standard error and limits at the policy's confidence; nothing
    if not blended."""
    if code not in scored.codes:
        return None, None, None, (None, None)
    i = scored.codes.index(code)
    score, se = float(scored.blended.score[i]), math.sqrt(float(scored.blended.variance[i]))
    reach = normal_quantile((1 + policy.confidence) / 2) * se
    limits = max(0.0, score - reach), min(100.0, score + reach)
    return float(scored.blended.direct[i]), score, se, limits


def missing_part(street: StreetInput) -> str | None:
    """Code of the ingredient without which a street has no blended score, or ``None``."""
    if street.public is None or street.public_se is None:
        return "public_missing"
    if street.direct is None:
        return street.direct_missing_because or "direct_missing"
    return None


def rank_suppression(street: StreetInput, group: GroupEvaluation, policy: Policy) -> str | None:
    """Code of the reason why a street's rank set may not be published, or ``None``."""
    if street.excluded_because:
        return "excluded"
    if street.n_effective == 0:
        return "no_random_stream"
    if street.n_effective is None or street.n_effective < policy.min_rank_n_effective:
        return f"n_effective_below_{policy.min_rank_n_effective:g}"
    return f"group_below_{policy.min_group}" if group.pairwise_only else None


def deduction_correlation(scored: Scored, policy: Policy) -> float | None:
    """corr(Σd, I) over streets × indicators; ``None`` when either does not vary."""
    pairs = [
        (adjustment.by_indicator.get(name, 0.0), index)
        for code, adjustment in scored.adjustments.items()
        for name, index in scored.given[code].indicators.items()
        if index is not None and name in policy.omega
    ]
    if len(pairs) < 3:
        return None
    d, i = np.array(pairs, np.float64).T
    if d.std() == 0 or i.std() == 0:
        return None
    return float(np.corrcoef(d, i)[0, 1])
