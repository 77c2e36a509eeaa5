"""Rank sets, chances, verification: symmetry, known cases, equality with an independent way."""

from __future__ import annotations

import time

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
    verify_last,
    verify_top,
)
from analysis.studentised_ranks import studentised_rank_sets
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


SCORES = np.array([90.0, 86.5, 80.0, 70.0, 69.5, 66.0])
VARIANCES = np.array([1.0, 2.0, 1.0, 3.0, 1.0, 2.5])


def bounds(sets):
    return sets.low.tolist(), sets.high.tolist()


def test_studentised_sets_are_reproducible_and_tell_apart_what_is_far_apart():
    scores, v = np.array([90.0, 80.0, 70.0, 69.5]), np.ones(4)
    one = studentised_rank_sets(scores, v, rng=np.random.default_rng(5))
    two = studentised_rank_sets(scores, v, rng=np.random.default_rng(5))
    assert bounds(one) == bounds(two) == ([1, 2, 3, 3], [1, 2, 4, 4])


@pytest.mark.parametrize("step_down", [True, False])
def test_studentised_sets_equal_the_definition_written_out(step_down):
    # The same random numbers, every pair and every step by hand.
    S, draws = len(SCORES), 2000
    noise = np.random.default_rng(8).standard_normal((S, draws)) * np.sqrt(VARIANCES)[:, None]
    z, simulated = {}, {}
    for i in range(S):
        for j in set(range(S)) - {i}:
            sd = np.sqrt(VARIANCES[i] + VARIANCES[j])
            z[i, j] = (SCORES[j] - SCORES[i]) / sd
            simulated[i, j] = (noise[j] - noise[i]) / sd
    still, called = set(z), set()
    while still:
        limit = np.quantile(np.max([simulated[pair] for pair in still], axis=0), 0.95)
        new = {pair for pair in still if z[pair] > limit}
        called, still = called | new, still - new
        if not new or not step_down:
            break
    found = studentised_rank_sets(
        SCORES, VARIANCES, rng=np.random.default_rng(8), step_down=step_down, draws=draws
    )
    assert {(int(i), int(j)) for i, j in zip(*np.nonzero(found.above), strict=True)} == called
    assert found.low.tolist() == [1 + sum(i == u for i, _ in called) for u in range(S)]
    assert found.high.tolist() == [S - sum(j == u for _, j in called) for u in range(S)]


def test_one_sided_sets_leave_the_other_side_open_and_marginal_ones_are_narrower():
    def sets(**options):
        return studentised_rank_sets(
            SCORES, VARIANCES, rng=np.random.default_rng(3), draws=20_000, **options
        )

    both, lower, upper = sets(), sets(side="lower"), sets(side="upper")
    assert bounds(lower) == (both.low.tolist(), [6] * 6)
    assert bounds(upper) == ([1] * 6, both.high.tolist())
    alone = sets(simultaneous=False)
    assert np.all(both.low <= alone.low)
    assert np.all(alone.high <= both.high)
    assert np.all(alone.critical < both.critical)
    assert np.all(sets(step_down=False).low <= both.low)
    assert sets(error=0.2).critical[0] < both.critical[0]


def test_a_shift_that_all_scores_share_changes_no_statement():
    rng = np.random.default_rng(4)
    shared = np.diag(VARIANCES) + 9.0
    found = studentised_rank_sets(SCORES, np.diag(shared), rng=rng, covariance=shared, draws=20_000)
    apart = studentised_rank_sets(SCORES, VARIANCES, rng=rng, draws=20_000)
    assert bounds(found) == bounds(apart)
    assert found.critical == pytest.approx(apart.critical, abs=0.03)
    # Taken as independent, the shared shift would hide the differences.
    blind = studentised_rank_sets(SCORES, np.diag(shared), rng=rng)
    assert blind.above.sum() < found.above.sum()


@given(units)
@settings(max_examples=25, deadline=None)
def test_studentised_sets_hold_the_observed_rank_and_no_contradiction(case):
    scores, v = np.array(case[0]), np.array(case[1]) ** 2
    rank = 1 + np.argsort(np.argsort(-scores))
    for simultaneous in (True, False):
        sets = studentised_rank_sets(
            scores, v, rng=np.random.default_rng(1), simultaneous=simultaneous, draws=1000
        )
        assert np.all((sets.low <= rank) & (rank <= sets.high))
        assert not np.any(sets.above & sets.below)
        assert sets.may_be_first()[np.argmax(scores)]
        assert sets.may_be_last()[np.argmin(scores)]
        if simultaneous:
            assert np.array_equal(sets.below, sets.above.T)


def test_ties_and_a_single_street_are_left_open_by_the_studentised_sets():
    rng = np.random.default_rng(0)
    assert bounds(studentised_rank_sets(np.full(3, 70.0), np.ones(3), rng=rng)) == (
        [1, 1, 1],
        [3, 3, 3],
    )
    for simultaneous in (True, False):
        single = studentised_rank_sets(
            np.array([70.0]), np.ones(1), rng=rng, simultaneous=simultaneous
        )
        assert (bounds(single), single.critical.tolist()) == (([1], [1]), [0.0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"error": 0.0}, "between 0 and 1"),
        ({"side": "left"}, "both, lower or upper"),
        ({"draws": 10}, "1,000 draws"),
        ({"covariance": np.eye(2)}, "6 by 6"),
        ({"covariance": np.eye(6)}, "symmetric with the variances"),
        ({"covariance": np.diag(VARIANCES) * np.nan}, "6 by 6 numbers"),
    ],
    ids=["error", "side", "draws", "shape", "diagonal", "nan"],
)
def test_options_no_set_can_be_built_with_are_worded_errors(options, message):
    with pytest.raises(AnalysisError, match=message):
        studentised_rank_sets(SCORES, VARIANCES, rng=np.random.default_rng(0), **options)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.full((3, 3), 1.0), "without any variance"),
        (np.array([[1, -0.9, -0.9], [-0.9, 1, -0.9], [-0.9, -0.9, 1]]), "not positive"),
    ],
    ids=["singular", "indefinite"],
)
def test_a_matrix_that_is_no_covariance_is_a_worded_error(matrix, message):
    with pytest.raises(AnalysisError, match=message):
        studentised_rank_sets(
            np.array([3.0, 2.0, 1.0]),
            np.ones(3),
            rng=np.random.default_rng(0),
            covariance=matrix,
        )


def test_the_diagnostic_of_eleven_streets_takes_no_time():
    scores, v = np.linspace(70, 85, 11), np.full(11, 2.0)
    rng = np.random.default_rng(0)
    studentised_rank_sets(scores, v, rng=rng)
    start = time.process_time()
    studentised_rank_sets(scores, v, rng=rng, draws=10_000)
    assert time.process_time() - start < 0.1
