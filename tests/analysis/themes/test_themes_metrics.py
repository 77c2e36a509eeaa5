"""Scores of groupings against examples worked out by hand."""

from __future__ import annotations

import pytest

from analysis.themes.metrics import b_cubed, issues_found, pairwise


def test_perfect_grouping_scores_one() -> None:
    truth = {1: "a", 2: "a", 3: "b"}
    for measure in (b_cubed, pairwise):
        score = measure(truth, {1: "x", 2: "x", 3: "y"})
        assert (score.precision, score.recall, score.f1) == (1, 1, 1)


def test_b_cubed_by_hand() -> None:
    # truth {1,2,3} {4,5}; predicted {1,2} {3,4,5}
    truth = {1: "a", 2: "a", 3: "a", 4: "b", 5: "b"}
    predicted = {1: "x", 2: "x", 3: "y", 4: "y", 5: "y"}
    score = b_cubed(truth, predicted)
    assert score.precision == pytest.approx((1 + 1 + 1 / 3 + 2 / 3 + 2 / 3) / 5)
    assert score.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)
    macro = b_cubed(truth, predicted, macro=True)
    assert macro.precision == pytest.approx(((1 + 1 + 1 / 3) / 3 + 2 / 3) / 2)
    assert macro.recall == pytest.approx((5 / 9 + 1) / 2)


def test_pairwise_by_hand() -> None:
    truth = {1: "a", 2: "a", 3: "a", 4: "b", 5: "b"}
    score = pairwise(truth, {1: "x", 2: "x", 3: "y", 4: "y", 5: "y"})
    # claimed 1 + 3, right (1,2) and (4,5), wanted 3 + 1
    assert (score.precision, score.recall, score.f1) == (0.5, 0.5, 0.5)


def test_stranger_in_a_group_costs_precision_but_strangers_together_cost_nothing() -> None:
    truth = {1: "a", 2: "a"}
    predicted = {1: "x", 2: "x", 8: "x", 6: "z", 7: "z"}
    assert b_cubed(truth, predicted).precision == pytest.approx(2 / 3)
    assert pairwise(truth, predicted).precision == pytest.approx(1 / 3)
    assert pairwise(truth, predicted).recall == 1


def test_item_left_out_stands_alone() -> None:
    score = b_cubed({1: "a", 2: "a"}, {1: "x"})
    assert (score.precision, score.recall) == (1, 0.5)


def test_found_needs_half_of_the_union() -> None:
    truth = {1: "a", 2: "a", 3: "a", 4: "b"}
    assert issues_found(truth, {1: "x", 2: "x", 3: "y", 4: "y"}) == 2
    assert issues_found(truth, {1: "x", 2: "y", 3: "z"}) == 0


def test_nothing_scores_nothing() -> None:
    assert b_cubed({}, {}).f1 == 0
    assert pairwise({}, {}).f1 == 0
    assert issues_found({}, {}) == 0
