"""When a theme occurred, whether it surges, whether it is common."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from analysis.themes.recurrence import latest_quarters, quarter, scope, surging


def test_quarters_are_calendar_quarters() -> None:
    days = [date(2026, 1, 1), date(2026, 3, 31), date(2026, 4, 1), date(2026, 12, 31)]
    assert [quarter(day) for day in days] == ["2026Q1", "2026Q1", "2026Q2", "2026Q4"]
    assert latest_quarters([date(2026, 2, 5)], most=4) == ["2025Q2", "2025Q3", "2025Q4", "2026Q1"]
    assert latest_quarters([], most=4) == []


def test_chronic_problem_does_not_surge_and_a_sudden_one_does() -> None:
    weeks = np.full((20, 27), 1.0)
    weeks[0] = 9
    weeks[1, -1] = 25
    weeks[2:, :-1] = np.random.default_rng(0).poisson(1, (18, 26))
    found = surging(weeks)
    assert found[1]
    assert not found[0]


def test_quiet_years_call_few_false_surges() -> None:
    rng = np.random.default_rng(7)
    false_runs = 0
    for _ in range(200):
        means = rng.gamma(1.2, 1.5, size=(40, 1))
        counts = rng.negative_binomial(2, 2 / (2 + means), size=(40, 27))
        false_runs += bool(surging(counts).any())
    # without any true surge every call is false: the rate of runs with one is the FDR
    assert false_runs / 200 <= 0.10 + 0.04


def test_too_little_history_says_nothing() -> None:
    assert not surging(np.array([[0, 0, 50]])).any()
    assert surging(np.zeros((0, 27))).shape == (0,)
    with pytest.raises(ValueError, match="themes × weeks"):
        surging(np.zeros(5))


@pytest.mark.parametrize(
    ("streets", "of", "expected"),
    [
        ({"a": 4, "b": 5, "c": 6, "d": 3, "e": 4, "f": 2}, 11, "common"),
        ({"a": 40, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1}, 11, "own"),
        ({"a": 4, "b": 5, "c": 3}, 11, "own"),
        ({"a": 5, "b": 5}, 2, "own"),
        ({"a": 3, "b": 0}, 11, "own"),
        ({}, 11, None),
    ],
)
def test_common_is_spread_over_half_the_streets_and_led_by_none(streets, of, expected) -> None:
    assert scope(streets, all_streets=of) == expected
