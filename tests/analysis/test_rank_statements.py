"""Rank sets, chances, verification: symmetry, known cases, equality with an independent way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from analysis.ranking import (
    holm_rank_sets,
    rank_chances,
    shrunken_chances,
    studentised_rank_sets,
    verify_last,
    verify_top,
)
from analysis.types import AnalysisError

units = st.integers(2, 9).flatmap(
    lambda s: st.tuples(
        st.lists(st.floats(40, 95), min_size=s, max_size=s, unique=True),
        st.lists(st.floats(0.3, 4), min_size=s, max_size=s),
        st.permutations(range(s)),
    )
)


@given(units)
@settings(max_examples=40, deadline=None)
def test_permuting_streets_permutes_every_statement(case):
    scores, sds, order = np.array(case[0]), np.array(case[1]), np.array(case[2])
    v = sds**2
    sets, moved = holm_rank_sets(scores, v), holm_rank_sets(scores[order], v[order])
    assert sets.low[order].tolist() == moved.low.tolist()
    assert sets.high[order].tolist() == moved.high.tolist()
    chances = shrunken_chances(scores, v).chances
    assert chances[order] == pytest.approx(shrunken_chances(scores[order], v[order]).chances)
    if len(set(scores)) == len(scores):
        last, z = verify_last(scores, v)
        again, z_again = verify_last(scores[order], v[order])
        assert order[again] == last
        assert z == pytest.approx(z_again)


@given(units)
@settings(max_examples=40, deadline=None)
def test_sets_hold_the_observed_rank_and_chances_sum_to_one_both_ways(case):
    scores, v = np.array(case[0]), np.array(case[1]) ** 2
    sets = holm_rank_sets(scores, v)
    rank = 1 + np.argsort(np.argsort(-scores))
    assert np.all((sets.low <= rank) & (rank <= sets.high))
    chances = shrunken_chances(scores, v).chances
    assert chances.sum(axis=1) == pytest.approx(np.ones(len(scores)))
    assert chances.sum(axis=0) == pytest.approx(np.ones(len(scores)), abs=1e-7)


def test_chances_equal_direct_integration():
    mean, sd = np.array([80.0, 78.5, 82.0, 75.0]), np.array([1.0, 2.5, 0.4, 3.0])
    chances = rank_chances(mean, sd**2)
    for i in range(4):
        others = [j for j in range(4) if j != i]

        def density(u, i=i, others=others):
            below = np.prod([norm.sf(u, mean[j], sd[j]) for j in others])
            return norm.pdf(u, mean[i], sd[i]) * below

        low, high = mean[i] - 10 * sd[i], mean[i] + 10 * sd[i]
        expected = quad(density, low, high, epsabs=1e-11, points=list(mean), limit=400)[0]
        assert chances[i, -1] == pytest.approx(expected, abs=1e-8)


def test_many_streets_stay_exact_and_quick():
    rng = np.random.default_rng(0)
    mean, v = rng.normal(80, 3, 343), rng.uniform(0.8, 2, 343) ** 2
    chances = rank_chances(mean, v)
    assert chances.sum(axis=0) == pytest.approx(np.ones(343), abs=1e-6)
    expected_rank = chances @ np.arange(1, 344)
    beaten = norm.cdf((mean[None] - mean[:, None]) / np.sqrt(v[None] + v[:, None]))
    np.fill_diagonal(beaten, 0)
    assert expected_rank == pytest.approx(1 + beaten.sum(axis=1), abs=1e-5)


def test_ties_leave_everything_open():
    scores, v = np.array([70.0, 70.0, 70.0]), np.full(3, 1.0)
    sets = holm_rank_sets(scores, v)
    assert (sets.low.tolist(), sets.high.tolist()) == ([1, 1, 1], [3, 3, 3])
    assert verify_last(scores, v)[1] == 0
    assert shrunken_chances(scores, v).chances == pytest.approx(np.full((3, 3), 1 / 3))


def test_one_street_has_rank_one_and_no_last_place():
    scores, v = np.array([70.0]), np.array([1.0])
    sets = holm_rank_sets(scores, v)
    assert (sets.low.tolist(), sets.high.tolist()) == ([1], [1])
    assert shrunken_chances(scores, v).chances.tolist() == [[1.0]]
    with pytest.raises(AnalysisError, match="at least two"):
        verify_last(scores, v)


def test_two_streets_far_apart_are_told_apart():
    sets = holm_rank_sets(np.array([80.0, 60.0]), np.array([1.0, 1.0]))
    assert (sets.low.tolist(), sets.high.tolist()) == ([1, 2], [1, 2])


@pytest.mark.parametrize("v", [[0.0, 1.0], [float("nan"), 1.0], [-1.0, 1.0]])
def test_variance_of_zero_or_nan_is_a_worded_error(v):
    with pytest.raises(AnalysisError, match="variance above 0"):
        holm_rank_sets(np.array([80.0, 60.0]), np.array(v))


def test_top_of_everybody_cannot_be_verified():
    inside, z = verify_top(np.array([80.0, 60.0]), np.array([1.0, 1.0]), 2)
    assert (inside.tolist(), z) == ([0, 1], None)


def test_studentised_sets_are_reproducible_and_not_wider_than_everything():
    scores = np.array([90.0, 80.0, 70.0, 69.5])
    v = np.array([1.0, 1.0, 1.0, 1.0])
    one = studentised_rank_sets(scores, v, rng=np.random.default_rng(5))
    two = studentised_rank_sets(scores, v, rng=np.random.default_rng(5))
    assert (one.low.tolist(), one.high.tolist()) == (two.low.tolist(), two.high.tolist())
    assert (one.low.tolist(), one.high.tolist()) == ([1, 2, 3, 3], [1, 2, 4, 4])
