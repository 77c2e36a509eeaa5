"""The year: a wave pooled with the waves before it, judged by the same rules as one wave.

P = Σ c_t P_t with V = Σ c_t² V_t, weights c_t locked in the policy (method §10 v). The direct
scores and what themes take are pooled with the same weights, so that F over the year is the blend
of what entered each wave. The error of D over the year is Σ c_t SE_t(D), as if it were the same in
every wave: the same assessors judge again, and what they get wrong does not average out. It keeps
the floor of one wave. Every other condition is asked of the pool as well:
n_eff of the random stream over the pool, every way of counting, the fewest assessors of any wave.
An open appeal of the lowest street, or of an excluded one, could change a verdict on the pool.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from analysis.blend import blend, direct_variance
from analysis.estimate import normal_quantile
from analysis.evaluation import evaluate_group, rank_suppression, street_ranks
from analysis.evaluation_records import Appeal, GroupEvaluation, Scored, StreetInput, StreetRank
from analysis.policy import Policy
from analysis.types import Estimate
from analysis.waves import AnnualPool, WaveEstimate, annual_pool, change, pool_waves
from analysis.year_records import Counted, StreetWave, StreetYear, WaveFigures, Year


def evaluate_year(
    waves: Sequence[WaveFigures],
    policy: Policy,
    *,
    excluded: Sequence[str] = (),
    appeals: Sequence[Appeal] | None = None,
) -> Year:
    """Pool ``waves``, newest first and at least two, and judge every peer group of the newest.

    A street that one of the waves does not have is named and not pooled, which leaves its group
    without a last place (``street_without_score``). ``excluded`` are taken out by a recorded
    decision. Raises ``AnalysisError`` as ``annual_pool`` does.
    """
    now = waves[0]
    pools = {code: street_pool(code, waves, policy) for code in now.streets}
    weights = pool_weights(len(waves), policy)
    inputs = [
        pooled_input(code, waves, weights, pools[code], policy=policy, is_out=code in excluded)
        for code in now.streets
    ]
    scored = score_pool(inputs, waves, weights, policy)
    groups: dict[str, GroupEvaluation] = {}
    ranks: dict[str, StreetRank] = {}
    for group in dict.fromkeys(street.group for street in inputs):
        members = [street for street in inputs if street.group == group]
        groups[group] = evaluate_group(
            members,
            scored,
            policy=policy,
            previous_last=None,
            pooled_waves=sum(1 for c in weights if c > 0),
            appeals=appeals,
        )
        ranks |= street_ranks(groups[group].evidence)
    return Year(
        waves=tuple(wave.code for wave in waves),
        weights=weights,
        complete=len(waves) == len(policy.pool_weights),
        gone=tuple(sorted({code for w in waves[1:] for code in w.streets} - set(now.streets))),
        streets={
            street.code: street_year(
                street,
                waves,
                weights,
                pool=pools[street.code],
                scored=scored,
                rank=ranks.get(street.code),
                hidden=rank_suppression(street, groups[street.group], policy),
                policy=policy,
            )
            for street in inputs
        },
        groups=groups,
        scored=scored,
    )


def pool_weights(waves: int, policy: Policy) -> tuple[float, ...]:
    """The weights c_t of so many waves: those of the policy, divided by their sum if fewer."""
    first = policy.pool_weights[:waves]
    if waves == len(policy.pool_weights):
        return tuple(first)
    total = math.fsum(first)
    return tuple(c / total for c in first) if total > 0 else tuple(first)


def missing_in(code: str, waves: Sequence[WaveFigures]) -> tuple[str, ...]:
    """The waves that do not have the street."""
    return tuple(wave.code for wave in waves if code not in wave.streets)


def street_pool(code: str, waves: Sequence[WaveFigures], policy: Policy) -> AnnualPool | None:
    """The pool of the public scores of a street; ``None`` when a wave does not have it."""
    if missing_in(code, waves):
        return None
    return annual_pool(
        [WaveEstimate(w.code, w.questionnaire, w.streets[code].public) for w in waves],
        policy=policy,
    )


def of_street(
    code: str, waves: Sequence[WaveFigures], weights: Sequence[float]
) -> list[tuple[StreetWave, float]]:
    """The street in the waves that count, with their weights."""
    return [(w.streets[code], c) for w, c in zip(waves, weights, strict=True) if c > 0]


def pooled_input(
    code: str,
    waves: Sequence[WaveFigures],
    weights: Sequence[float],
    pool: AnnualPool | None,
    *,
    policy: Policy,
    is_out: bool,
) -> StreetInput:
    """A street over the year as the evaluation wants it; without scores when it was not pooled."""
    group = waves[0].streets[code].group
    out = "decision" if is_out else None
    if pool is None:
        return StreetInput(code, None, None, group=group, excluded_because=out)
    parts = of_street(code, waves, weights)
    direct = pooled_direct(parts)
    return StreetInput(
        code=code,
        public=pool.estimate.value,
        public_se=pool.estimate.se,
        direct=direct[0] if direct else None,
        direct_se=direct[1] if direct else None,
        n_effective=pooled_size(parts),
        group=group,
        assessors=min(street.direct.n for street, _c in parts),
        indicators={
            name: e.value for name, e in pooled_indicators(code, waves, weights, policy).items()
        },
        other_public=pooled_counted(parts, lambda street: street.other_public),
        random_public=pooled_random(parts),
        excluded_because=out,
    )


def pooled_direct(parts: Sequence[tuple[StreetWave, float]]) -> Counted | None:
    """D = Σ c_t D_t and Σ c_t SE_t(D); ``None`` when a wave has no direct score.

    The standard errors add up, which is their largest sum whatever the correlation of the waves:
    the same assessors judge every wave, so that their errors are not new ones.
    """
    if any(street.direct.value is None for street, _c in parts):
        return None
    value = math.fsum(c * (street.direct.value or 0.0) for street, c in parts)
    return value, math.fsum(c * (street.direct.se or 0.0) for street, c in parts)


def pooled_size(parts: Sequence[tuple[StreetWave, float]]) -> float | None:
    """n_eff of the random stream over the pool: 1/Σ(c_t²/n_t).

    ``None`` when a wave's was not kept; 0 when a wave has no random stream.
    """
    sizes = [street.n_effective_random for street, _c in parts]
    if any(size == 0 for size in sizes):
        return 0.0
    if any(size is None for size in sizes):
        return None
    return 1 / math.fsum(c**2 / (street.n_effective_random or 1.0) for street, c in parts)


def pooled_counted(
    parts: Sequence[tuple[StreetWave, float]], of: Callable[[StreetWave], Counted | None]
) -> Counted | None:
    """A public score counted another way, pooled; ``None`` when a wave lacks it."""
    found = [(of(street), c) for street, c in parts]
    if any(one is None for one, _c in found):
        return None
    pairs = [(one, c) for one, c in found if one is not None]
    value = math.fsum(c * one[0] for one, c in pairs)
    return value, math.sqrt(math.fsum((c * one[1]) ** 2 for one, c in pairs))


def pooled_random(parts: Sequence[tuple[StreetWave, float]]) -> Counted | None:
    """The random stream alone over the year; ``None`` where no wave combines two streams.

    A wave without an open stream is its random stream already.
    """
    if all(street.random_public is None for street, _c in parts):
        return None

    def alone(street: StreetWave) -> Counted | None:
        if street.random_public is not None:
            return street.random_public
        public = street.public
        known = public.value is not None and public.se is not None
        return (public.value or 0.0, public.se or 0.0) if known else None

    return pooled_counted(parts, alone)


def pooled_indicators(
    code: str, waves: Sequence[WaveFigures], weights: Sequence[float], policy: Policy
) -> dict[str, Estimate]:
    """The pool of every indicator that all waves have."""
    given = [wave.streets[code].indicators for wave in waves]
    return {
        name: pool_waves([one[name] for one in given], weights, policy=policy)
        for name in given[0]
        if all(name in one for one in given)
    }


def score_pool(
    inputs: Sequence[StreetInput],
    waves: Sequence[WaveFigures],
    weights: Sequence[float],
    policy: Policy,
) -> Scored:
    """Blend every street that has a pooled public score and a pooled direct score."""
    used = [s for s in inputs if s.public is not None and s.public_se and s.direct is not None]
    taken = [
        math.fsum(
            c * ((street.public.value or 0.0) - (street.adjusted.value or 0.0))
            for street, c in of_street(one.code, waves, weights)
        )
        for one in used
    ]
    direct = np.array([s.direct for s in used], np.float64)
    direct_v = direct_variance([s.direct_se for s in used], sd_floor=policy.direct_sd_floor)
    public = np.array([s.public for s in used], np.float64)
    public_v = np.array([s.public_se for s in used], np.float64) ** 2
    deduction = np.array(taken, np.float64)
    blended = blend(
        direct,
        direct_v,
        public - deduction,
        public_v,
        alpha=policy.alpha,
        standardised=policy.standardise_direct and bool(used),
    )
    scores = (direct, direct_v, public, public_v, deduction, blended)
    return Scored(
        tuple(s.code for s in used),
        *scores,
        given={street.code: street for street in inputs},
        effects={street.code: () for street in inputs},
        adjustments={},
    )


def street_year(
    street: StreetInput,
    waves: Sequence[WaveFigures],
    weights: Sequence[float],
    *,
    pool: AnnualPool | None,
    scored: Scored,
    rank: StreetRank | None,
    hidden: str | None,
    policy: Policy,
) -> StreetYear:
    """Everything the year says of one street."""
    code = street.code
    now, before = waves[0].streets[code], waves[1].streets.get(code)
    # Within the peer group as it was in the wave before: nobody else was compared with it then.
    peers = (
        []
        if before is None
        else [one for one in waves[1].streets.values() if one.group == before.group]
    )
    return StreetYear(
        code=code,
        group=street.group,
        missing_in=missing_in(code, waves),
        pool=pool,
        direct=direct_year(street, policy),
        blended=blended_year(street, scored, pool, policy),
        indicators={} if pool is None else pooled_indicators(code, waves, weights, policy),
        change=None
        if before is None
        else change(
            now.public, before.public, policy=policy, peers_before=[p.public for p in peers]
        ),
        indicator_changes={
            name: change(
                estimate,
                before.indicators[name],
                policy=policy,
                peers_before=[p.indicators[name] for p in peers if name in p.indicators],
            )
            for name, estimate in now.indicators.items()
            if before is not None and name in before.indicators
        },
        trend={w.code: w.streets[code].public for w in waves if code in w.streets},
        rank=rank,
        rank_suppressed_because="not_pooled" if pool is None else hidden,
    )


def direct_year(street: StreetInput, policy: Policy) -> Estimate | None:
    """D over the year with its interval at the policy's confidence."""
    if street.direct is None:
        return None
    n = street.assessors or 0
    se = max(street.direct_se or 0.0, policy.direct_sd_floor)
    return bounded(street.direct, se, n=n, n_effective=float(n), policy=policy)


def blended_year(
    street: StreetInput, scored: Scored, pool: AnnualPool | None, policy: Policy
) -> Estimate | None:
    """F over the year; hidden with the public score it is made of."""
    if pool is None or street.code not in scored.codes:
        return None
    i = scored.codes.index(street.code)
    public = pool.estimate
    return bounded(
        float(scored.blended.score[i]),
        math.sqrt(float(scored.blended.variance[i])),
        n=public.n,
        n_effective=public.n_effective,
        policy=policy,
        because=public.suppressed_because,
    )


def bounded(
    value: float,
    se: float,
    *,
    n: int,
    n_effective: float,
    policy: Policy,
    because: str | None = None,
) -> Estimate:
    """value ± z·se, cut to [0, 100]."""
    reach = normal_quantile((1 + policy.confidence) / 2) * se
    low, high = max(0.0, value - reach), min(100.0, value + reach)
    return Estimate(value, low, high, n, n_effective, suppressed_because=because, se=se)
