"""From chosen options to integer scores 0..10000 per indicator, and what makes a response valid.

A score is the mean of the answered items in points of 0..100, stored in hundredths so that sums
are exact. Don't know and silence are missing, never a middle value (method §1, §2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from analysis.policy import Policy
from analysis.types import AnalysisError

FULL_SCORE = 10000


@dataclass(frozen=True, slots=True)
class ScoredResponse:
    """What one response contributes: scores 0..10000 of the indicators it has an opinion on.

    ``answered`` counts indicators with any answer (don't know included), ``substantive`` those
    with a score, ``valid`` says whether the response enters the index.
    """

    scores: Mapping[str, int]
    answered: int
    substantive: int
    valid: bool


def score_option(option: str, policy: Policy) -> int | None:
    """Hundredths of points of one option, ``None`` for don't know.

    Raises ``AnalysisError`` (``unknown_option``) for anything the policy does not name.
    """
    if option in policy.missing_options:
        return None
    if option not in policy.scale:
        known = ", ".join([*policy.scale, *policy.missing_options])
        raise AnalysisError(
            "unknown_option",
            f"{option!r} is not an answer on this scale; use one of: {known}.",
            option=option,
        )
    return round(Fraction(str(policy.scale[option])) * 100)


def score_items(scores: Sequence[int | None], weights: Sequence[float] | None = None) -> int | None:
    """Weighted mean of the answered items, rounded half to even; ``None`` when none is answered.

    z = Σ_j v_j y_j / Σ_j v_j over answered items j, y in 0..10000, v > 0 (default equal).
    """
    chosen = weights if weights is not None else [1.0] * len(scores)
    pairs = [(Fraction(str(v)), y) for v, y in zip(chosen, scores, strict=True) if y is not None]
    if not pairs:
        return None
    return round(sum(v * y for v, y in pairs) / sum(v for v, _ in pairs))


def score_response(
    answers: Mapping[str, str],
    indicators: Mapping[str, Mapping[str, float]],
    policy: Policy,
) -> ScoredResponse:
    """Score one response and decide whether it is valid (method §2).

    ``answers`` maps question to option (silence is absent); ``indicators`` maps indicator to its
    questions and their weights. Raises ``AnalysisError`` (``unknown_option``).
    """
    scores: dict[str, int] = {}
    answered = 0
    for indicator, items in indicators.items():
        given = [question for question in items if question in answers]
        answered += bool(given)
        score = score_items(
            [score_option(answers[question], policy) for question in given],
            [items[question] for question in given],
        )
        if score is not None:
            scores[indicator] = score
    return ScoredResponse(
        scores=scores,
        answered=answered,
        substantive=len(scores),
        valid=is_valid(answered, len(scores), policy=policy),
    )


def is_valid(answered: int, substantive: int, *, policy: Policy) -> bool:
    """Whether a response enters the index: enough indicators answered, and with an opinion."""
    return answered >= policy.min_answered and substantive >= policy.min_substantive
