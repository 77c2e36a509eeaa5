"""What each ranked street's score rests on, read from an evaluation: the input of ``settling``."""

from __future__ import annotations

from analysis.evaluation_records import Evaluation, Scored
from analysis.policy import OPEN, RANDOM
from analysis.settling_records import StreetPrecision
from analysis.types import Combination, StreetResult
from analysis.wave_evaluation import WaveEvaluation


def precisions_of_scores(evaluation: Evaluation, group: str) -> tuple[StreetPrecision, ...] | None:
    """Of a peer group, from scores alone: answers are counted as effective answers.

    Each public score is taken to rest on its random stream. ``None`` when an effective sample
    size is not given: then nobody knows what one more answer is worth.
    """
    evidence = evaluation.groups[group].evidence
    sizes = [evidence.n_effective.get(code) for code in evidence.codes]
    if any(size is None for size in sizes):
        return None
    return tuple(
        StreetPrecision(
            code=code,
            score=float(evidence.score[i]),
            public=float(evidence.public[i]),
            direct_variance=direct_variance(evaluation.scored, code),
            random_variance=float(evidence.public_variance[i]),
            random_n=round(size or 0.0),
            n_effective=float(size or 0.0),
        )
        for i, (code, size) in enumerate(zip(evidence.codes, sizes, strict=True))
    )


def precisions_of_wave(found: WaveEvaluation, group: str) -> tuple[StreetPrecision, ...]:
    """Of a peer group of a wave, from its streams: answers of the random one, design effect in.

    Where the streams are combined, the open one stays as it is: V_B + τ_b² and V_δ (method §5).
    """
    evidence = found.evaluation.groups[group].evidence
    return tuple(
        street_precision(
            code,
            (float(evidence.score[i]), float(evidence.public[i])),
            found.result.streets[code],
            found.result.combination,
            scored=found.evaluation.scored,
        )
        for i, code in enumerate(evidence.codes)
    )


def street_precision(
    code: str,
    scores: tuple[float, float],
    result: StreetResult,
    combination: Combination,
    *,
    scored: Scored,
) -> StreetPrecision:
    """One ranked street; ``scores`` are F and P."""
    random = result.streams[RANDOM]
    combined = result.basis == "combined"
    open_variance = result.streams[OPEN].public.variance if combined else None
    return StreetPrecision(
        code=code,
        score=scores[0],
        public=scores[1],
        direct_variance=direct_variance(scored, code),
        random_variance=random.public.variance or 0.0,
        random_n=random.n,
        n_effective=random.n_effective,
        open_variance=None if open_variance is None else open_variance + (combination.tau2 or 0.0),
        shift_variance=(combination.variance_delta or 0.0) if combined else 0.0,
        residents=result.population,
    )


def direct_variance(scored: Scored, code: str) -> float:
    """V(D) of a street as it entered the blend."""
    return float(scored.blended.direct_variance[scored.codes.index(code)])
