"""Durations against worked numbers, a published trial and scipy's own estimator."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

from analysis.durations import DayCount, Stage, survival, time_to, where_days_went

# Remission in weeks of 42 children with leukaemia (Freireich et al. 1963), reprinted by every
# textbook of survival analysis; + is still in remission.
TREATED = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


def counts(text: str) -> list[DayCount]:
    return [
        DayCount(int(word.rstrip("+")), int(not word.endswith("+")), int(word.endswith("+")))
        for word in text.split()
    ]


def all_ended(days: Iterable[int]) -> list[DayCount]:
    return [DayCount(day, 1, 0) for day in days]


def test_the_published_trial() -> None:
    # Medians 23 and 8 weeks are the published ones; by hand: the treated curve is
    # 18/21 · 16/17 · 14/15 · 11/12 · 10/11 · 6/7 · 5/6 at weeks 6, 7, 10, 13, 16, 22, 23.
    treated, placebo = time_to(counts(TREATED)), time_to(counts(PLACEBO))
    assert (treated.median, placebo.median) == (23, 8)
    assert treated.curve.days == (6, 7, 10, 13, 16, 22, 23)
    factors = (18 / 21, 16 / 17, 14 / 15, 11 / 12, 10 / 11, 6 / 7, 5 / 6)
    assert treated.curve.longer == pytest.approx(np.cumprod(factors))
    assert (treated.n, treated.still_open, treated.ended) == (21, 12, 9)
    assert (treated.lower_quartile, treated.upper_quartile) == (13, None)


def test_the_interval_of_the_published_trial_by_hand() -> None:
    # Limit at week 13: S = .690196, Greenwood 3/(21·18) + 1/(17·16) + 1/(15·14) + 1/(12·11);
    # lower S^exp(z·√V/−ln S) is the first at or below one half; the upper never gets there.
    s = 18 / 21 * 16 / 17 * 14 / 15 * 11 / 12
    v = 3 / (21 * 18) + 1 / (17 * 16) + 1 / (15 * 14) + 1 / (12 * 11)
    z = float(ndtri(0.975))
    lower = s ** math.exp(z * math.sqrt(v) / -math.log(s))
    treated = time_to(counts(TREATED))
    assert treated.curve.low[3] == pytest.approx(lower)
    assert treated.curve.low[2] > 0.5 > treated.curve.low[3]
    assert (treated.low, treated.high) == (13, None)
    # Placebo: the limits cross one half at weeks 4 and 11.
    assert (time_to(counts(PLACEBO)).low, time_to(counts(PLACEBO)).high) == (4, 11)


@pytest.mark.filterwarnings("ignore:The confidence interval is undefined")
@pytest.mark.parametrize("text", [TREATED, PLACEBO, "3 3+ 5 8+ 8 8 13+", "0 0 0+ 1 1+ 2 40+"])
def test_curve_and_limits_are_those_of_scipy(text: str) -> None:
    words = text.split()
    sample = stats.CensoredData.right_censored(
        [float(word.rstrip("+")) for word in words], [word.endswith("+") for word in words]
    )
    theirs = stats.ecdf(sample).sf
    limits = theirs.confidence_interval(confidence_level=0.95, method="log-log")
    ours = survival(counts(text))
    for day, longer, low, high in zip(ours.days, ours.longer, ours.low, ours.high, strict=True):
        assert theirs.evaluate(day) == pytest.approx(longer)
        # Where all that were left have ended there are no limits by that formula.
        if longer > 0:
            assert limits.low.evaluate(day) == pytest.approx(low)
            assert limits.high.evaluate(day) == pytest.approx(high)


@pytest.mark.parametrize("days", [[5], [1, 2], [1, 2, 3, 4], [3, 3, 9], list(range(40)), [2] * 9])
def test_without_open_cases_they_are_the_ordinary_median_and_quartiles(days: list[int]) -> None:
    found = time_to(all_ended(days))
    expected = np.quantile(days, [0.25, 0.5, 0.75], method="averaged_inverted_cdf")
    assert [found.lower_quartile, found.median, found.upper_quartile] == pytest.approx(expected)


def test_open_cases_are_counted_for_as_long_as_they_are_open() -> None:
    # Nine answered within a week, nine wait for a month: half do take longer than a week.
    quick = all_ended([1, 2, 3, 4, 5, 5, 6, 7, 7])
    assert time_to(quick).median == 5
    waiting = time_to([*quick, DayCount(30, 0, 9)])
    assert waiting.median == 7
    assert waiting.still_open == 9
    assert time_to([*quick, DayCount(30, 0, 10)]).median is None


def test_all_on_the_same_day_has_an_interval_that_narrows_with_their_number() -> None:
    # The upper limit is the share that n of n cannot exclude: 1 − .025^(1/n) ≤ ½ from n = 6 on.
    few, enough = time_to(all_ended([0] * 5)), time_to(all_ended([0] * 6))
    assert (few.median, few.low, few.high) == (0, 0, None)
    assert (enough.median, enough.low, enough.high) == (0, 0, 0)
    assert enough.curve.high[-1] == pytest.approx(1 - 0.025 ** (1 / 6))


def test_merging_and_order_do_not_matter() -> None:
    apart = [DayCount(3, 1, 0), DayCount(1, 2, 0), DayCount(3, 0, 2), DayCount(3, 4, 0)]
    together = [DayCount(1, 2, 0), DayCount(3, 5, 2)]
    assert time_to(apart) == time_to(together)
    assert time_to(apart).counts == tuple(together)


def test_nothing_and_too_few() -> None:
    assert time_to([]).suppressed_because == "no_cases"
    assert time_to([DayCount(4, 0, 0)]).n == 0
    few = time_to(all_ended([1] * 9), fewest=10)
    assert (few.n, few.median, few.counts) == (9, None, ())
    assert few.suppressed_because == "cases_below_10"
    assert time_to(all_ended([1] * 10), fewest=10).median == 1


@pytest.mark.parametrize("wrong", [DayCount(-1, 1, 0), DayCount(1, -1, 0), DayCount(1, 0, -2)])
def test_negative_counts_are_refused(wrong: DayCount) -> None:
    with pytest.raises(ValueError, match="negative"):
        time_to([wrong])


def test_the_interval_covers_the_true_median_as_often_as_it_says() -> None:
    # 800 samples of 60 exponential times, a third censored: 95 % within 2.5 points either way.
    random = np.random.default_rng(7)
    covered = 0
    for _ in range(800):
        times = random.exponential(1000 / math.log(2), 60)
        watched = random.exponential(2000 / math.log(2), 60)
        found = time_to(
            DayCount(int(min(t, w)), int(t <= w), int(t > w))
            for t, w in zip(times, watched, strict=True)
        )
        high = math.inf if found.high is None else found.high
        covered += found.low is not None and found.low <= 1000 <= high
    assert 0.925 <= covered / 800 <= 0.975


def stages(start: datetime, *given: tuple[float, str, str]) -> Sequence[Stage]:
    return [Stage(start + timedelta(days=day), step, holder) for day, step, holder in given]


def test_where_the_days_went() -> None:
    start = datetime(2026, 3, 2, 9)
    cases = [
        # Two days on the street's desk, ten with a department, three with residents.
        stages(
            start,
            (0, "received", "street"),
            (2, "received", "water"),
            (5, "accepted", "water"),
            (12, "done", "water"),
            (15, "confirmed", "water"),
        ),
        # Still planned when looked at.
        stages(start, (10, "received", "street"), (10.5, "planned", "street")),
    ]
    spent = where_days_went(
        cases, until=start + timedelta(days=20), ended=frozenset({"confirmed", "out_of_remit"})
    )
    assert spent == pytest.approx(
        {
            ("received", "street"): 2.5,
            ("received", "water"): 3,
            ("accepted", "water"): 7,
            ("done", "water"): 3,
            ("planned", "street"): 9.5,
        }
    )
    assert sum(spent.values()) == pytest.approx(15 + 10)


def test_share_at_reads_the_curve() -> None:
    curve = survival(all_ended([2, 4]))
    assert [curve.share_at(day) for day in (0, 2, 3.5, 4, 9)] == [1, 0.5, 0.5, 0, 0]


def test_limits_at_are_those_of_the_last_day_before() -> None:
    curve = time_to(counts(TREATED)).curve
    assert curve.limits_at(5.9) == (1, 1, 1)
    assert curve.limits_at(12) == (curve.longer[2], curve.low[2], curve.high[2])
    assert curve.limits_at(99) == (curve.longer[-1], curve.low[-1], curve.high[-1])
