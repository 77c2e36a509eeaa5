"""How sure people can be of a theme, and which one to look at first; counts in, numbers out.

Precision: of the comments in a theme, the share that is about it. Recall: of the comments about it,
the share that is in it; estimated from comments around it, those outside that share its words.
"""

from __future__ import annotations

from analysis.estimate import wilson
from analysis.types import Estimate

CONFIDENCE = 0.95


def precision(right: int, judged: int) -> Estimate:
    """Share of judged comments that are about the theme, 0..1, with its Wilson interval.

    No value, and the interval 0..1, when nothing was judged.
    """
    low, high = wilson(right / judged, judged, confidence=CONFIDENCE) if judged else (0.0, 1.0)
    return Estimate(
        value=right / judged if judged else None,
        low=low,
        high=high,
        n=judged,
        n_effective=float(judged),
    )


def recall(
    members: int, around: int, *, inside: tuple[int, int], outside: tuple[int, int]
) -> Estimate:
    """Share of the comments about the theme that are in it, 0..1.

    members, around: how many comments are in the theme and around it. inside, outside: (right,
    judged) of each. R = M·q/(M·q + A·o), q and o the shares that are about it. The interval puts
    the ends of the two Wilson intervals against each other, so it covers at least as often as both
    do. No value before comments on both sides were judged (with none around: before any inside).
    """
    if not inside[1] or (around and not outside[1]):
        return Estimate(value=None, low=0.0, high=1.0, n=outside[1], n_effective=float(outside[1]))
    own, missed = precision(*inside), precision(*outside)
    if not around:
        return Estimate(value=1.0 if inside[0] else None, low=1.0, high=1.0, n=0, n_effective=0.0)
    return Estimate(
        value=_share(members * (own.value or 0.0), around * (missed.value or 0.0)),
        low=_share(members * (own.low or 0.0), around * (missed.high or 0.0)),
        high=_share(members * (own.high or 0.0), around * (missed.low or 0.0)),
        n=outside[1],
        n_effective=float(outside[1]),
    )


def _share(found: float, missed: float) -> float:
    return found / (found + missed) if found + missed > 0 else 0.0


def uncertainty(right: int, judged: int) -> float:
    """Width of the precision's interval, 0..1: 1 while nobody has read a comment."""
    found = precision(right, judged)
    return (found.high or 0.0) - (found.low or 0.0)


def priority(*, points: float, share: float, unsure: float) -> float:
    """Uncertainty × impact: what a theme is worth looking at first by, ≥ 0.

    points: what it would take from the public scores of the streets if it were confirmed, together;
    share: of all respondents, those who mention it, 0..1, as percent beside the points, so that
    what costs no street anything still comes by how many speak of it.
    """
    return unsure * (points + 100 * share)
