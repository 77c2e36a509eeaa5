"""What themes cost: only what recurs, is confirmed, the street's own and was made known."""

from __future__ import annotations

import dataclasses

import pytest

from analysis.adjustment import (
    ThemeRecord,
    adjust_public,
    is_recurring,
    restoration,
    smoothed_share,
    theme_effect,
    wilson_lower,
)
from analysis.types import AnalysisError
from tests.analysis.builders import policy

THEME = ThemeRecord(
    "S01",
    "urban",
    "parking",
    38,
    800,
    0.03,
    3,
    confirmed=True,
    notified_days=30,
    random_mentions=5,
)


def effect(**changes):
    return theme_effect(dataclasses.replace(THEME, **changes), policy())


def test_theme_that_meets_everything_costs():
    assert effect().deduction == pytest.approx(2.2778, abs=1e-4)
    assert effect().reasons == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"mentions": 9, "respondents": 100}, "too_few_mentions"),
        ({"mentions": 10, "respondents": 800, "random_mentions": 6}, "share_too_small"),
        ({"waves": 1}, "too_few_waves"),
        ({"random_mentions": 4}, "too_few_random_mentions"),
        ({"confirmed": False}, "not_confirmed"),
        ({"remit": "district"}, "not_the_streets_remit"),
        ({"notified_days": 29}, "not_notified_in_time"),
        ({"notified_days": None}, "not_notified_in_time"),
        ({"state": "removed"}, "appeal_upheld"),
    ],
)
def test_each_missing_condition_alone_makes_it_cost_nothing(changes, code):
    found = effect(**changes)
    assert found.deduction == 0
    assert [reason.code for reason in found.reasons] == [code]


def test_recurrence_can_be_asked_by_counts_alone():
    assert is_recurring(38, 800, 2, policy=policy())
    assert not is_recurring(38, 800, 1, policy=policy())
    assert not is_recurring(0, 0, 4, policy=policy())


@pytest.mark.parametrize(
    ("changes", "g"),
    [
        ({}, 0),
        ({"state": "plan"}, 0.5),
        ({"state": "plan", "solved": 7, "reasked": 10}, 0.7),
        ({"state": "plan", "solved": 9, "reasked": 9}, 0.5),
        ({"state": "overdue"}, 0),
        ({"state": "overdue", "solved": 6, "reasked": 10}, 0.6),
        ({"state": "overdue", "solved": 30, "reasked": 40}, 1),
    ],
)
def test_restoration_by_plan_and_by_what_residents_say(changes, g):
    theme = dataclasses.replace(THEME, **changes)
    assert restoration(theme, recurring=True, policy=policy()) == pytest.approx(g)
    assert restoration(theme, recurring=False, policy=policy()) == 1


def test_persistence_grows_with_the_waves_and_stops_at_one():
    costs = [effect(waves=r, mentions=60).deduction for r in (2, 3, 4)]
    assert costs == pytest.approx([2, 3, 4])


def test_caps_hold_for_an_indicator_for_the_score_and_at_zero():
    p = policy()
    full = dataclasses.replace(THEME, mentions=80, waves=4)
    three = [theme_effect(dataclasses.replace(full, label=str(i)), p) for i in range(3)]
    found = adjust_public(70.0, {"urban": 65.0}, three, p)
    assert (found.by_indicator["urban"], found.capped["urban"]) == (12, 8)
    assert found.total == pytest.approx(1.6)
    assert adjust_public(70.0, {"urban": 3.0}, three, p).capped["urban"] == 3
    everywhere = [
        theme_effect(dataclasses.replace(full, indicator=name, label=str(i)), p)
        for name in p.omega
        for i in range(3)
    ]
    assert adjust_public(70.0, {}, everywhere, p).total == 5


def test_theme_of_an_unknown_indicator_is_a_worded_error():
    odd = theme_effect(dataclasses.replace(THEME, indicator="parks"), policy())
    with pytest.raises(AnalysisError, match="'parks'"):
        adjust_public(70.0, {}, [odd], policy())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mentions": 900}, "more mentions than respondents"),
        ({"mentions": -1}, "negative"),
        ({"solved": 3, "reasked": 2}, "re-asked"),
        ({"district_share": 1.5}, "outside 0 to 1"),
        ({"state": "pending"}, "'pending'"),
    ],
)
def test_impossible_counts_are_worded_errors(changes, words):
    with pytest.raises(AnalysisError, match=words):
        effect(**changes)


def test_bounds_and_shares_of_nobody_are_defined():
    assert wilson_lower(0, 0) == 0
    assert smoothed_share(0, 0, 0.02, 100) == pytest.approx(0.02)
    assert smoothed_share(0, 0, 0.02, 0) == 0.02
