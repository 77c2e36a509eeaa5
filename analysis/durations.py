"""How long things take, in days, when some are still open: medians with intervals, quartiles,
and where the days went.

Leaving out what is still open would flatter the slow: a case that has waited 80 days has not yet
ended, and it is known to take longer than 80. Kaplan and Meier's estimator counts it for as long
as it was watched. Written out here because scipy.stats, which has the curve and not the median's
interval, costs a web process half a second and 60 MB; the tests compare the two.

References: Kaplan & Meier 1958; Greenwood 1926 (variance); Kalbfleisch & Prentice 1980 (limits on
the scale log(−log S)); Brookmeyer & Crowley 1982 (interval of the median).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
from scipy.special import ndtri

from analysis.types import FloatArray

#: Equal up to rounding: shares of cases are quotients of whole numbers.
SAME = 1e-9


@dataclass(frozen=True)
class DayCount:
    """Cases of one number of days: how many ended after it, and how many are open since then."""

    days: int
    ended: int
    still_open: int


@dataclass(frozen=True)
class Curve:
    """The share of cases that takes longer than each of ``days``, 0..1, with its limits.

    Days on which something ended, ascending; before the first the share is 1.
    """

    days: tuple[int, ...] = ()
    longer: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()

    def share_at(self, days: float) -> float:
        """The share that takes longer than ``days``."""
        return self.limits_at(days)[0]

    def limits_at(self, days: float) -> tuple[float, float, float]:
        """The share that takes longer than ``days``, its lower and its upper limit, each 0..1."""
        passed = bisect_right(self.days, days)
        if not passed:
            return 1.0, 1.0, 1.0
        return self.longer[passed - 1], self.low[passed - 1], self.high[passed - 1]


@dataclass(frozen=True)
class TimeTo:
    """Days until something: the median, its interval and the quartiles, of ``n`` cases.

    ``still_open`` of the n have not reached it; they count for as long as they are open. ``None``:
    not reached so far, so that it may be any number of days from the last one watched.
    ``suppressed_because``: a reason code, and no figure but n.
    """

    n: int = 0
    still_open: int = 0
    median: float | None = None
    low: float | None = None
    high: float | None = None
    lower_quartile: float | None = None
    upper_quartile: float | None = None
    suppressed_because: str | None = "no_cases"
    counts: tuple[DayCount, ...] = ()
    curve: Curve = Curve()

    @property
    def value(self) -> float | None:
        """The median, under the name that an estimate has elsewhere."""
        return self.median

    @property
    def ended(self) -> int:
        """How many have reached it."""
        return self.n - self.still_open

    @property
    def longest(self) -> int:
        """The most days any case took or is open for."""
        return max((count.days for count in self.counts), default=0)


def time_to(counts: Iterable[DayCount], *, confidence: float = 0.95, fewest: int = 0) -> TimeTo:
    """The median of the days with its interval and quartiles; those still open are censored.

    counts: any order, a number of days may come more than once; days ≥ 0. fewest: with fewer
    cases there are no figures, for readers from whom small groups are kept.
    Raises ValueError for negative days or counts.
    """
    merged = _merged(counts)
    n = sum(count.ended + count.still_open for count in merged)
    waiting = sum(count.still_open for count in merged)
    if n == 0:
        return TimeTo()
    if n < fewest:
        return TimeTo(n, waiting, suppressed_because=f"cases_below_{fewest}")
    curve = survival(merged, confidence=confidence)
    return TimeTo(
        n=n,
        still_open=waiting,
        median=_reached(curve.days, curve.longer, 0.5),
        low=_reached(curve.days, curve.low, 0.5),
        high=_reached(curve.days, curve.high, 0.5),
        lower_quartile=_reached(curve.days, curve.longer, 0.75),
        upper_quartile=_reached(curve.days, curve.longer, 0.25),
        suppressed_because=None,
        counts=merged,
        curve=curve,
    )


def survival(counts: Iterable[DayCount], *, confidence: float = 0.95) -> Curve:
    """Kaplan and Meier's curve S(t) = Π_{i ≤ t} (1 − d_i/r_i), with limits at each day.

    r_i: cases of at least i days, those open since exactly i days among them; d_i: ended after i.
    Limits S^exp(∓z·√V/ln S) with Greenwood's V = Σ d_i/(r_i(r_i − d_i)). They are not defined
    where S is 0; the lower is 0 there and the upper the share of the last r that an exact binomial
    test cannot exclude when all r ended, 1 − (α/2)^(1/r), of the upper limit before.
    """
    merged = _merged(counts)
    days = np.array([count.days for count in merged], dtype=np.int64)
    ended = np.array([count.ended for count in merged], dtype=float)
    leaving = ended + np.array([count.still_open for count in merged], dtype=float)
    at_risk = leaving[::-1].cumsum()[::-1]
    happens = ended > 0
    days, ended, at_risk = days[happens], ended[happens], at_risk[happens]
    longer = np.cumprod(1 - ended / at_risk)
    low, high = _limits(longer, ended, at_risk, tail=(1 - confidence) / 2)
    return Curve(
        days=tuple(days.tolist()),
        longer=tuple(longer.tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
    )


def _limits(
    longer: FloatArray, ended: FloatArray, at_risk: FloatArray, *, tail: float
) -> tuple[FloatArray, FloatArray]:
    low, high = np.zeros_like(longer), np.ones_like(longer)
    some = at_risk > ended
    inside = longer[some]
    spread = np.cumsum(ended[some] / (at_risk[some] * (at_risk[some] - ended[some])))
    reach = float(-ndtri(tail)) * np.sqrt(spread) / np.log(inside)
    low[some], high[some] = inside ** np.exp(-reach), inside ** np.exp(reach)
    # Only the last day can have ended all that were left.
    if len(some) and not some[-1]:
        before = high[-2] if len(high) > 1 else 1.0
        high[-1] = before * (1 - tail ** (1 / at_risk[-1]))
    return low, high


def _merged(counts: Iterable[DayCount]) -> tuple[DayCount, ...]:
    found: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for count in counts:
        if count.days < 0 or count.ended < 0 or count.still_open < 0:
            raise ValueError(f"days and counts must not be negative: {count}")
        found[count.days][0] += count.ended
        found[count.days][1] += count.still_open
    return tuple(DayCount(days, *found[days]) for days in sorted(found) if any(found[days]))


def _reached(days: Sequence[int], shares: Sequence[float], share: float) -> float | None:
    """The first day on which ``shares`` is down to ``share``; None when it never is.

    Where it stays on exactly that share until a later day, the middle between the two, so that
    without open cases the median is the ordinary one.
    """
    for number, (day, value) in enumerate(zip(days, shares, strict=True)):
        if value <= share + SAME:
            stays = abs(value - share) <= SAME and number + 1 < len(days)
            return (day + days[number + 1]) / 2 if stays else float(day)
    return None


@dataclass(frozen=True)
class Stage:
    """From ``at`` on a thing is in this step and in these hands, until its next stage."""

    at: datetime
    step: str
    holder: str


def where_days_went(
    histories: Iterable[Sequence[Stage]], *, until: datetime, ended: frozenset[str] = frozenset()
) -> Mapping[tuple[str, str], float]:
    """{(step, holder): days spent there, of 24 hours}, summed over all.

    histories: the stages of each thing in the order of time. A stage whose step is one of
    ``ended`` takes no days: the clock has stopped. What goes on counts up to ``until``.
    """
    spent: dict[tuple[str, str], float] = defaultdict(float)
    for stages in histories:
        ends = [later.at for _, later in pairwise(stages)] + [until]
        for stage, end in zip(stages, ends, strict=True):
            if stage.step not in ended and end > stage.at:
                spent[stage.step, stage.holder] += (end - stage.at).total_seconds() / 86_400
    return dict(spent)
