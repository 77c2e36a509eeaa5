"""Place the pictures of a street's dashboard inside the page; plain arithmetic, no library.

Every picture has its table beneath it, so that none needs to be read by eye.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.peers import Part, is_shown
from analysis.types import Estimate
from survey.queries.pyramid import CrossedCoverage
from survey.queries.street_dashboard import IndicatorStanding, TrendWave

#: The trend, in its own units.
TREND_WIDTH, TREND_HEIGHT = 560, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 30, 22, 34
#: No scale is drawn narrower than so many points.
LEAST_RANGE = 20
#: Bars of the parts, and of the pyramid, from the middle to one side.
HALF = 150
PYRAMID_HALF = 110
#: Width of an interval's drawing.
INTERVAL_WIDTH = 260


@dataclass(frozen=True)
class TrendMark:
    """One wave of the trend: where value, ends of the interval and the district's score stand."""

    one: TrendWave
    x: float
    y: float
    y_low: float
    y_high: float
    y_district: float | None


@dataclass(frozen=True)
class Trend:
    """The trend of a street; marks are those waves in which it has a score to show."""

    marks: tuple[TrendMark, ...]
    #: (score, y) of the lines of the scale.
    scale: tuple[tuple[int, float], ...]

    @property
    def line(self) -> str:
        """The street's scores, as SVG writes a line."""
        return " ".join(f"{mark.x:.1f},{mark.y:.1f}" for mark in self.marks)

    @property
    def district_line(self) -> str:
        """The district's."""
        return " ".join(
            f"{mark.x:.1f},{mark.y_district:.1f}"
            for mark in self.marks
            if mark.y_district is not None
        )


def place_trend(waves: Sequence[TrendWave]) -> Trend | None:
    """Where the marks of a trend stand; None when no wave has a score to show."""
    shown = [wave for wave in waves if _has_interval(wave.estimate)]
    if not shown:
        return None
    districts = [wave.district for wave in shown if _has_interval(wave.district)]
    low, high = scale_around([wave.estimate for wave in shown], districts)

    def up(score: float) -> float:
        inner = TREND_HEIGHT - _TOP - _BOTTOM
        return _TOP + inner * (high - score) / (high - low)

    inner = TREND_WIDTH - _LEFT - _RIGHT
    step = inner / len(shown)
    marks = tuple(
        TrendMark(
            one=wave,
            x=_LEFT + step * (i + 0.5),
            y=up(wave.estimate.value or 0.0),
            y_low=up(wave.estimate.low or 0.0),
            y_high=up(wave.estimate.high or 0.0),
            y_district=up(wave.district.value or 0.0) if _has_interval(wave.district) else None,
        )
        for i, wave in enumerate(shown)
    )
    lines = range(low, high + 1, 10 if high - low <= 50 else 20)
    return Trend(marks, tuple((score, up(score)) for score in lines))


def _has_interval(estimate: Estimate) -> bool:
    return is_shown(estimate) and estimate.low is not None and estimate.high is not None


def scale_around(own: Sequence[Estimate], others: Sequence[Estimate] = ()) -> tuple[int, int]:
    """The tens around all intervals and the other values, at least LEAST_RANGE apart."""
    lows = [one.low or 0.0 for one in own] + [one.value or 0.0 for one in others]
    highs = [one.high or 0.0 for one in own] + [one.value or 0.0 for one in others]
    low = int(min(lows, default=0.0) // 10 * 10)
    high = int(-(-max(highs, default=100.0) // 10) * 10)
    low, high = max(0, low), min(100, high)
    while high - low < LEAST_RANGE:
        low, high = max(0, low - 10), min(100, high + 10)
    return low, high


@dataclass(frozen=True)
class IntervalMark:
    """One indicator's interval, point and what it is compared with, across the drawing."""

    x: float
    x_low: float
    x_high: float
    x_district: float | None
    x_peers: float | None


def place_intervals(
    rows: Sequence[IndicatorStanding],
) -> tuple[dict[str, IntervalMark], tuple[int, int]]:
    """{indicator: mark} of those that are shown, and the ends of the common scale."""
    own = [r.standing.own for r in rows if r.standing.own and _has_interval(r.standing.own)]
    others = [
        other
        for row in rows
        for other in (row.standing.district, row.standing.peers)
        if other is not None and _has_interval(other)
    ]
    low, high = scale_around(own, others)

    def across(score: float | None) -> float:
        return 6 + (INTERVAL_WIDTH - 12) * ((score or 0.0) - low) / (high - low)

    def other(estimate: Estimate | None) -> float | None:
        return across(estimate.value) if estimate and _has_interval(estimate) else None

    marks = {
        row.indicator.code: IntervalMark(
            x=across(row.standing.own.value),
            x_low=across(row.standing.own.low),
            x_high=across(row.standing.own.high),
            x_district=other(row.standing.district),
            x_peers=other(row.standing.peers),
        )
        for row in rows
        if row.standing.own is not None and _has_interval(row.standing.own)
    }
    return marks, (low, high)


@dataclass(frozen=True)
class Bar:
    """A bar from x over width, in the units of its drawing."""

    x: float
    width: float


def place_parts(parts: Sequence[Part]) -> dict[str, Bar]:
    """{indicator: bar} to the right of the middle for what raises, to the left for what lowers."""
    largest = max((abs(part.points) for part in parts), default=0.0) or 1.0
    bars = {}
    for part in parts:
        width = HALF * abs(part.points) / largest
        bars[part.indicator] = Bar(HALF if part.points >= 0 else HALF - width, width)
    return bars


@dataclass(frozen=True)
class PyramidCell:
    """One age and side: the bar of the answers (None: hidden) and the outline of the residents."""

    row: str
    side: str
    answers: Bar | None
    residents: Bar
    answer_share: float | None
    resident_share: float


def place_pyramid(found: CrossedCoverage) -> tuple[tuple[PyramidCell, PyramidCell], ...]:
    """The rows from the oldest down, each with its left and its right cell; shares 0 … 1."""
    shares = [
        (found.answer_share(row=row, side=side), found.resident_share(row=row, side=side))
        for row in found.rows
        for side in found.sides
    ]
    largest = max([max(a or 0.0, r) for a, r in shares], default=0.0) or 1.0

    def cell(row: str, side: str, *, is_left: bool) -> PyramidCell:
        share = found.answer_share(row=row, side=side)
        lives = found.resident_share(row=row, side=side)

        def bar(value: float) -> Bar:
            width = PYRAMID_HALF * value / largest
            return Bar(PYRAMID_HALF - width if is_left else 0.0, width)

        answers = bar(share) if share is not None else None
        return PyramidCell(row, side, answers, bar(lives), share, lives)

    left, right = found.sides
    return tuple(
        (cell(row, left, is_left=True), cell(row, right, is_left=False))
        for row in reversed(found.rows)
    )
