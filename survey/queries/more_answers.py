"""How many further answers a street needs, and from whom and where they help most."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.collection_plan import fill, plan_categories
from analysis.policy import RANDOM, Policy
from survey.queries.street_around import PointHere
from survey.queries.streets import Answered
from survey.queries.views import StreetIndex

#: For so many more answers at least it is said what they would bring, and whose help most.
NEXT = 100
#: Points that are named at most.
MOST_POINTS = 6


@dataclass(frozen=True)
class MoreAnswers:
    """Further answers of a street, from the random sample.

    n_effective: of the random sample now, of `needed` from which on the street is ranked; count:
    so many answers bring it there (0: it is there); `planned`, at least as many, are spread over
    categories and points. half_now, half_then: half the width of the interval of the public score
    in points, now and with `planned` more; None where it has none.
    """

    n_effective: float
    needed: float
    count: int
    planned: int
    half_now: float | None
    half_then: float | None
    #: By which `by_category` is said, e.g. "age_band".
    variable: str
    #: {category: further answers}, those that get any, the most first.
    by_category: Mapping[str, int]
    #: (point, further answers), the most first.
    by_point: tuple[tuple[PointHere, int], ...]
    #: The street has no point of the random sample at all.
    no_random_points: bool


def more_answers(
    index: StreetIndex, answered: Answered, points: Sequence[PointHere], *, policy: Policy
) -> MoreAnswers:
    """Plan further answers. No query.

    count = ⌈(needed − n_eff)·n/n_eff⌉: as many as it takes when later answers are worth as much
    as those there, so a design effect of now is taken to last; without any, `needed` itself.
    Spread over the categories of the first ordered margin variable and over the points of the
    random sample as `analysis.collection_plan` does. half_then = half_now·√(n/(n + planned)).
    """
    needed, effective = policy.min_rank_n_effective, index.n_effective_random
    n = index.public.n
    each = n / index.public.n_effective if index.public.n_effective else 1.0
    count = max(0, math.ceil((needed - effective) * max(1.0, each)))
    planned = max(count, NEXT)
    variable = next((name for name, one in policy.margin_variables.items() if one["ordered"]), "")
    by_category: Mapping[str, int] = {}
    if answered.margins.get(variable):
        by_category = plan_categories(
            variable,
            answered.categories.get(variable, {}),
            answered.margins[variable],
            additional=planned,
        ).additional
    random = [point for point in points if policy.stream_of(point.channel) == RANDOM]
    half = None
    if index.public.suppressed_because is None and index.public.low is not None:
        half = ((index.public.high or 0.0) - index.public.low) / 2
    return MoreAnswers(
        n_effective=effective,
        needed=needed,
        count=count,
        planned=planned,
        half_now=half,
        half_then=half * math.sqrt(n / (n + planned)) if half is not None and n else None,
        variable=variable,
        by_category=dict(sorted(by_category.items(), key=lambda item: -item[1])),
        by_point=_by_point(random, answered, planned),
        no_random_points=not random,
    )


def _by_point(
    points: Sequence[PointHere], answered: Answered, planned: int
) -> tuple[tuple[PointHere, int], ...]:
    """One by one to the point that has the fewest; without those that get none."""
    if not points:
        return ()
    there = np.array([answered.points.get(point.id, 0) for point in points], np.int64)
    given = fill(there, np.full(len(points), planned, np.int64), planned)
    found = [(point, int(more)) for point, more in zip(points, given, strict=True) if more]
    return tuple(sorted(found, key=lambda item: -item[1])[:MOST_POINTS])
