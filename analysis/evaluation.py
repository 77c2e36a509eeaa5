"""From public scores, direct scores, themes and a policy to blended scores, ranks and verdicts.

This module orders the steps and keeps the records; the arithmetic is in ``adjustment``,
``blend`` and ``ranking``, the rules with consequences in ``verdicts``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from analysis.adjustment import Adjustment, ThemeEffect, ThemeRecord, adjust_public, theme_effect
from analysis.blend import Blend, EffectiveWeights, blend, direct_variance, effective_weights
from analysis.evaluation_records import (
    Appeal,
    Evaluation,
    GroupEvaluation,
    Scored,
    StreetEvaluation,
    StreetInput,
    check_inputs,
)
from analysis.policy import Policy
from analysis.ranking import Chances, RankSets, holm_rank_sets, lowest_z, shrunken_chances
from analysis.types import FloatArray
from analysis.verdicts import Evidence, bottom_group, judge_last, judge_top

__all__ = ["Appeal", "Evaluation", "GroupEvaluation", "StreetEvaluation", "StreetInput", "evaluate"]

Z95 = 1.959963984540054


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
    by_code = {street.code: street for street in streets}
    effects = {
        code: tuple(theme_effect(t, policy) for t in themes if t.street == code) for code in by_code
    }
    adjustments = {
        code: adjust_public(street.public, street.indicators, effects[code], policy)
        for code, street in by_code.items()
        if street.public is not None
    }
    scored = score_streets(by_code, adjustments, policy)
    groups: dict[str, GroupEvaluation] = {}
    ranks: dict[str, tuple[int, int, tuple[float, ...]]] = {}
    for group in dict.fromkeys(street.group for street in streets):
        members = [street for street in streets if street.group == group]
        found, sets, chances = evaluate_group(
            group,
            members,
            scored,
            by_code=by_code,
            effects=effects,
            policy=policy,
            previous_last=(previous_last or {}).get(group),
            pooled_waves=pooled_waves,
            appeals=appeals,
        )
        groups[group] = found
        for i, code in enumerate(found.codes):
            ranks[code] = (int(sets.low[i]), int(sets.high[i]), tuple(chances[i].tolist()))
    return Evaluation(
        streets={
            code: street_evaluation(
                street,
                scored,
                adjustment=adjustments.get(code),
                effects=effects[code],
                rank=ranks.get(code),
                group=groups[street.group],
                policy=policy,
            )
            for code, street in by_code.items()
        },
        groups=groups,
        effective_weights=weights_of(scored, range(len(scored.codes)), policy),
        standardised=scored.blended.standardised,
        deduction_correlation=deduction_correlation(by_code, adjustments, policy),
        policy_version=policy.version,
        policy_sha256=policy.sha256,
    )


def score_streets(
    streets: Mapping[str, StreetInput], adjustments: Mapping[str, Adjustment], policy: Policy
) -> Scored:
    """Blend every street that has a public score with its se and a direct score."""
    codes = tuple(
        code
        for code, street in streets.items()
        if street.direct is not None and street.public is not None and street.public_se is not None
    )
    direct = np.array([streets[code].direct for code in codes], np.float64)
    public = np.array([streets[code].public for code in codes], np.float64)
    direct_v = direct_variance(
        [streets[code].direct_se for code in codes], sd_floor=policy.direct_sd_floor
    )
    public_v = np.array([streets[code].public_se for code in codes], np.float64) ** 2
    deduction = np.array([adjustments[code].total for code in codes], np.float64)
    blended = blend(
        direct,
        direct_v,
        public - deduction,
        public_v,
        alpha=policy.alpha,
        standardised=policy.standardise_direct and bool(codes),
    )
    return Scored(codes, direct, direct_v, public, public_v, deduction, blended)


def weights_of(scored: Scored, places: Sequence[int], policy: Policy) -> EffectiveWeights:
    """Effective weights over some of the scored streets."""
    i = list(places)
    b = scored.blended
    part = Blend(b.score[i], b.variance[i], b.direct[i], b.direct_variance[i], b.standardised)
    public = (scored.public - scored.deduction)[i]
    return effective_weights(part, public, scored.public_variance[i], alpha=policy.alpha)


def evaluate_group(
    group: str,
    members: Sequence[StreetInput],
    scored: Scored,
    *,
    by_code: Mapping[str, StreetInput],
    effects: Mapping[str, tuple[ThemeEffect, ...]],
    policy: Policy,
    previous_last: str | None,
    pooled_waves: int,
    appeals: Sequence[Appeal] | None,
) -> tuple[GroupEvaluation, RankSets, FloatArray]:
    """Ranks, chances and verdicts of one peer group."""
    candidates = [street for street in members if not street.excluded_because]
    place = {code: i for i, code in enumerate(scored.codes)}
    ranked = [s for s in candidates if s.code in place and s.n_effective != 0]
    codes = tuple(street.code for street in ranked)
    at = [place[code] for code in codes]
    score, variance = scored.blended.score[at], scored.blended.variance[at]
    sets = holm_rank_sets(score, variance, error=policy.rank_error)
    chances = shrunken_chances(score, variance) if codes else None
    p = chances.chances if chances is not None else np.zeros((0, 0))
    evidence = Evidence(
        codes=codes,
        score=score,
        variance=variance,
        public=scored.public[at],
        public_variance=scored.public_variance[at],
        p_last=p[:, -1] if codes else np.zeros(0),
        sets=sets,
        n_effective={street.code: street.n_effective for street in candidates},
        assessors={street.code: street.assessors for street in candidates},
        unscored=tuple(s.code for s in candidates if s.code not in place),
        variants=lowest_by_variant(codes, scored, by_code=by_code, policy=policy),
        pooled_waves=pooled_waves,
        previous_last=previous_last,
        appeal_could_change=appeal_could_change(
            codes, scored, appeals, by_code=by_code, effects=effects, policy=policy
        ),
    )
    result = GroupEvaluation(
        group=group,
        codes=codes,
        pairwise_only=len(codes) < policy.min_group,
        pairs=significant_pairs(codes, sets),
        top=judge_top(evidence, policy),
        bottom_group=bottom_group(codes, sets),
        last=judge_last(evidence, policy),
        effective_weights=weights_of(scored, at, policy),
        **spread(chances),
    )
    return result, sets, p


def spread(chances: Chances | None) -> dict[str, float | None]:
    """μ, τ² and Q of a group, ``None`` when nobody is ranked."""
    if chances is None:
        return {"mu": None, "tau2": None, "q": None}
    return {"mu": chances.mu, "tau2": chances.tau2, "q": chances.q}


def significant_pairs(codes: Sequence[str], sets: RankSets) -> tuple[tuple[str, str], ...]:
    """(higher, lower) pairs that Holm's correction lets stand."""
    return tuple((codes[j], codes[i]) for i, j in zip(*np.nonzero(sets.above), strict=True))


def lowest_by_variant(
    codes: Sequence[str],
    scored: Scored,
    *,
    by_code: Mapping[str, StreetInput],
    policy: Policy,
) -> dict[str, str | None]:
    """Lowest street under direct raw/standardised × themes in/out × 待核查 either way.

    Names are like ``raw,themes,main``; ``None`` where a street lacks the other public score.
    With equal direct scores the standardised variant is the raw one.
    """
    if not codes:
        return {}
    at = [scored.codes.index(code) for code in codes]
    others = [by_code[code].other_public for code in scored.codes]
    publics: dict[str, FloatArray | None] = {"main": scored.public, "other_quarantine": None}
    if all(other is not None for other in others):
        publics["other_quarantine"] = np.array([o[0] for o in others if o is not None])
    lowest: dict[str, str | None] = {}
    for direct, themes, counted in product(("raw", "standardised"), ("themes", "bare"), publics):
        public = publics[counted]
        name = ",".join((direct, themes, counted))
        if public is None:
            lowest[name] = None
            continue
        adjusted = public - scored.deduction if themes == "themes" else public
        found = blend(
            scored.direct,
            scored.direct_variance,
            adjusted,
            scored.public_variance,
            alpha=policy.alpha,
            standardised=direct == "standardised",
        )
        lowest[name] = codes[int(np.argmin(found.score[at]))]
    return lowest


def appeal_could_change(
    codes: Sequence[str],
    scored: Scored,
    appeals: Sequence[Appeal] | None,
    *,
    by_code: Mapping[str, StreetInput],
    effects: Mapping[str, tuple[ThemeEffect, ...]],
    policy: Policy,
) -> bool | None:
    """Whether an open appeal of the lowest street could lift it out of a last place.

    Appeals of other streets only raise those. An appeal against a theme is tried by taking its
    deduction away; any other could change everything. ``None`` when appeals are not known.
    """
    if appeals is None or len(codes) < 2:
        return None if appeals is None else False
    at = [scored.codes.index(code) for code in codes]
    lowest = int(np.argmin(scored.blended.score[at]))
    street = codes[lowest]
    mine = [appeal for appeal in appeals if appeal.street == street]
    if not mine:
        return False
    labels = {appeal.label for appeal in mine}
    if None in labels:
        return True
    kept = [effect for effect in effects[street] if effect.theme.label not in labels]
    given = by_code[street]
    total = adjust_public(given.public or 0.0, given.indicators, kept, policy).total
    deduction = scored.deduction.copy()
    deduction[at[lowest]] = total
    retried = blend(
        scored.direct,
        scored.direct_variance,
        scored.public - deduction,
        scored.public_variance,
        alpha=policy.alpha,
        standardised=policy.standardise_direct,
    )
    return lowest_z(retried.score[at], retried.variance[at], lowest) < policy.last_z


def street_evaluation(
    street: StreetInput,
    scored: Scored,
    *,
    adjustment: Adjustment | None,
    effects: tuple[ThemeEffect, ...],
    rank: tuple[int, int, tuple[float, ...]] | None,
    group: GroupEvaluation,
    policy: Policy,
) -> StreetEvaluation:
    """Put one street's figures together with the reasons why some are missing or withheld."""
    missing = None
    if street.public is None or street.public_se is None:
        missing = "public_missing"
    elif street.direct is None:
        missing = "direct_missing"
    i = scored.codes.index(street.code) if missing is None else None
    blended = None if i is None else float(scored.blended.score[i])
    se = None if i is None else math.sqrt(float(scored.blended.variance[i]))
    reach = 0.0 if se is None else Z95 * se
    low, high, chances = rank if rank is not None else (None, None, ())
    return StreetEvaluation(
        code=street.code,
        group=street.group,
        adjustment=adjustment,
        effects=effects,
        adjusted=None if adjustment is None else adjustment.public,
        direct_used=None if i is None else float(scored.blended.direct[i]),
        blended=blended,
        se=se,
        low=None if blended is None else max(0.0, blended - reach),
        high=None if blended is None else min(100.0, blended + reach),
        not_blended_because=missing,
        rank_low=low,
        rank_high=high,
        rank_suppressed_because=missing or rank_suppression(street, group, policy),
        chances=chances,
    )


def rank_suppression(street: StreetInput, group: GroupEvaluation, policy: Policy) -> str | None:
    """Code of the reason why a street's rank set may not be published, or ``None``."""
    if street.excluded_because:
        return "excluded"
    if street.n_effective == 0:
        return "no_random_stream"
    if street.n_effective is None or street.n_effective < policy.min_rank_n_effective:
        return f"n_effective_below_{policy.min_rank_n_effective:g}"
    return f"group_below_{policy.min_group}" if group.pairwise_only else None


def deduction_correlation(
    streets: Mapping[str, StreetInput], adjustments: Mapping[str, Adjustment], policy: Policy
) -> float | None:
    """corr(Σd, I) over streets × indicators; ``None`` when either does not vary."""
    pairs = [
        (adjustments[code].by_indicator.get(name, 0.0), index)
        for code, street in streets.items()
        if code in adjustments
        for name, index in street.indicators.items()
        if index is not None and name in policy.omega
    ]
    if len(pairs) < 3:
        return None
    d, i = np.array(pairs, np.float64).T
    if d.std() == 0 or i.std() == 0:
        return None
    return float(np.corrcoef(d, i)[0, 1])
