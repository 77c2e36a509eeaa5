"""What each ranked street's score rests on, read from an evaluation: the input of ``settling``."""

from __future__ import annotations

from analysis.evaluation_records import Evaluation, Scored
from analysis.settling import street_precision
from analysis.settling_records import StreetPrecision
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
            found.result.streets[code],
            found.result.combination,
            score=float(evidence.score[i]),
            direct_variance=direct_variance(found.evaluation.scored, code),
            residents=found.result.streets[code].population,
        )
        for i, code in enumerate(evidence.codes)
    )


def direct_variance(scored: Scored, code: str) -> float:
    """V(D) of a street as it entered the blend."""
    return float(scored.blended.direct_variance[scored.codes.index(code)])
