"""Place the scores of one street over the waves for a drawing inside the page; plain arithmetic.

Only waves with the same questions are on one line; a wave without the street is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.types import Estimate
from survey.queries.public import Results
from survey.queries.views import EvaluationView, StreetEvaluation
from survey.queries.waves import WaveView

#: Of the drawing in its own units, and how far inside its edges the plot is.
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 520, 190, 34, 26, 28, 30
#: A scale is never drawn narrower than this many points.
LEAST_RANGE = 20


@dataclass(frozen=True)
class TrendPoint:
    """One wave. estimate: None when the street has no score there that may be shown."""

    wave: WaveView
    estimate: Estimate | None
    district: Estimate | None
    #: Where it is drawn: across, and of value, low, high and the district's value up.
    x: float
    y: float = 0.0
    y_low: float = 0.0
    y_high: float = 0.0
    y_district: float | None = None


@dataclass(frozen=True)
class StreetTrend:
    """The scores of a street, the oldest wave first."""

    points: tuple[TrendPoint, ...]
    #: (score, y) of the lines of the scale.
    scale: tuple[tuple[int, float], ...]
    #: Waves in which the street was not there: new, re-organised, or under another code.
    missing: tuple[WaveView, ...]
    #: Waves with other questions, which are not compared.
    other_questions: tuple[WaveView, ...]

    @property
    def drawn(self) -> tuple[TrendPoint, ...]:
        """The points with a score."""
        return tuple(point for point in self.points if point.estimate is not None)

    def line(self, *, of_district: bool = False) -> str:
        """The points of a line through the scores, as SVG writes them."""
        return " ".join(
            f"{point.x:.1f},{point.y_district if of_district else point.y:.1f}"
            for point in self.points
            if (point.y_district is not None if of_district else point.estimate is not None)
        )


def street_trend(results: Results, entry: StreetEvaluation) -> StreetTrend | None:
    """The trend of a street over the published waves; None with fewer than two to compare."""
    now = results.evaluation
    same = [view for view in results.earlier if _has_same_questions(view, now)]
    views = [*reversed(same), now]
    others = tuple(view.wave for view in results.earlier if view not in same)
    found = [(view, _street(view, entry.street.code)) for view in views]
    if sum(_shown(one.public if one else None) is not None for _view, one in found) < 2:
        return None
    estimates = [(_shown(one.public if one else None), _shown(v.district)) for v, one in found]
    low, high = _range([one for pair in estimates for one in pair if one is not None])

    def up(score: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - score) / (high - low)

    step = (WIDTH - LEFT - RIGHT - 48) / max(1, len(views) - 1)
    points = []
    for i, (view, (own, district)) in enumerate(zip(views, estimates, strict=True)):
        point = TrendPoint(
            wave=view.wave,
            estimate=own,
            district=district,
            x=LEFT + 24 + i * step,
            y_district=up(district.value or 0.0) if district is not None else None,
        )
        if own is not None:
            point = TrendPoint(
                **point.__dict__
                | {
                    "y": up(own.value or 0.0),
                    "y_low": up(own.low or 0.0),
                    "y_high": up(own.high or 0.0),
                }
            )
        points.append(point)
    marks = range(low, high + 1, 10 if high - low <= 50 else 20)
    return StreetTrend(
        points=tuple(points),
        scale=tuple((score, up(score)) for score in marks),
        missing=tuple(view.wave for view, one in found if one is None),
        other_questions=others,
    )


def _has_same_questions(view: EvaluationView, now: EvaluationView) -> bool:
    if now.year is not None and view.wave.code in now.year.waves:
        return True
    return view.wave.questionnaire_id == now.wave.questionnaire_id


def _street(view: EvaluationView, code: str) -> StreetEvaluation | None:
    return next((one for one in view.streets if one.street.code == code), None)


def _shown(estimate: Estimate | None) -> Estimate | None:
    if estimate is None or estimate.suppressed_because is not None:
        return None
    return estimate if None not in (estimate.value, estimate.low, estimate.high) else None


def _range(estimates: Sequence[Estimate]) -> tuple[int, int]:
    """The tens around all intervals, at least LEAST_RANGE apart."""
    low = int(min(one.low or 0.0 for one in estimates) // 10 * 10)
    high = int(-(-max(one.high or 0.0 for one in estimates) // 10) * 10)
    while high - low < LEAST_RANGE:
        low, high = max(0, low - 10), min(100, high + 10)
    return low, high
