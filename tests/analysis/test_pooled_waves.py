"""Waves pooled under the policy's weights, and changes with what chance alone gives back."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.types import AnalysisError, Estimate
from analysis.waves import WaveEstimate, annual_pool, change, pool_waves
from tests.analysis.builders import PUBLIC, PUBLIC_SE, policy

POLICY = policy()


def estimate(value, se=2.0, *, n=200, n_effective=160.0, **more):
    return Estimate(value, value - 4, value + 4, n, n_effective, se=se, df=n_effective - 1, **more)


def wave(name, value, *, questionnaire="q1", repeated=0, **more):
    return WaveEstimate(name, questionnaire, estimate(value, **more), repeated)


FOUR = [wave(f"w{i}", value) for i, value in enumerate((70.0, 74.0, 72.0, 76.0))]


def test_four_waves_with_equal_weights():
    pool = annual_pool(FOUR, policy=POLICY)
    assert pool.estimate.value == pytest.approx(73.0)
    assert pool.estimate.se == pytest.approx(2.0 / math.sqrt(4))
    assert pool.estimate.n == 800
    assert pool.estimate.n_effective == pytest.approx(4 * 160)
    assert (pool.complete, pool.notes) == (True, ())
    assert pool.weights == (0.25, 0.25, 0.25, 0.25)
    assert pool.waves == ("w0", "w1", "w2", "w3")


def test_weights_belong_to_the_newest_wave_first():
    p = policy(pool_weights=[0.4, 0.3, 0.2, 0.1])
    pool = annual_pool(FOUR, policy=p)
    assert pool.estimate.value == pytest.approx(0.4 * 70 + 0.3 * 74 + 0.2 * 72 + 0.1 * 76)
    assert pool.estimate.se**2 == pytest.approx(4 * (0.16 + 0.09 + 0.04 + 0.01))
    assert pool.estimate.n_effective == pytest.approx(160 / 0.3)


def test_fewer_waves_than_weights_is_scaled_by_rule_and_said():
    p = policy(pool_weights=[0.4, 0.3, 0.2, 0.1])
    pool = annual_pool(FOUR[:2], policy=p)
    assert pool.weights == pytest.approx((4 / 7, 3 / 7))
    assert math.fsum(pool.weights) == pytest.approx(1)
    assert pool.estimate.value == pytest.approx((4 * 70 + 3 * 74) / 7)
    assert not pool.complete
    (note,) = pool.notes
    assert note.code == "pool_incomplete"
    assert (note.params["waves"], note.params["expected"]) == (2, 4)
    assert note.params["weights"] == list(pool.weights)


def test_a_wave_without_a_value_is_not_left_out():
    empty = WaveEstimate("w9", "q1", Estimate(None, None, None, 0, 0.0, "no_answers"))
    pool = annual_pool([*FOUR[:3], empty], policy=POLICY)
    assert pool.estimate.value is None
    assert pool.estimate.suppressed_because == "wave_missing"


def test_a_suppressed_wave_suppresses_the_pool():
    thin = wave("w9", 70.0, suppressed_because="indicator_n_below_30")
    pool = annual_pool([*FOUR[:3], thin], policy=POLICY)
    assert pool.estimate.suppressed_because == "indicator_n_below_30"


def test_a_wave_of_weight_zero_plays_no_part():
    p = policy(pool_weights=[1, 0])
    empty = WaveEstimate("w9", "q1", Estimate(None, None, None, 0, 0.0, "no_answers"))
    assert annual_pool([FOUR[0], empty], policy=p).estimate.value == pytest.approx(70)


@pytest.mark.parametrize(
    ("waves", "code", "words"),
    [
        ([], "no_waves", "at least one"),
        ([*FOUR, wave("w4", 70.0)], "too_many_waves", "4 waves"),
        ([FOUR[0], FOUR[0]], "wave_twice", "w0"),
        ([FOUR[0], wave("w8", 71.0, questionnaire="q2")], "different_questionnaires", "same"),
        ([FOUR[0], wave("w8", 71.0, repeated=12)], "persons_twice", "12 respondents"),
    ],
    ids=["none", "many", "twice", "questions", "persons"],
)
def test_waves_that_cannot_be_one_pool(waves, code, words):
    with pytest.raises(AnalysisError, match=words) as caught:
        annual_pool(waves, policy=POLICY)
    assert caught.value.code == code


def test_weights_that_are_all_zero_for_the_waves_there_are():
    with pytest.raises(AnalysisError, match="all 0"):
        annual_pool(FOUR[:1], policy=dataclasses.replace(policy(), pool_weights=(0.0, 1.0)))


@pytest.mark.parametrize("weights", [[0.5, 0.6], [1.5, -0.5], [math.nan, 1.0], [], [1.0]], ids=str)
def test_bad_weights(weights):
    with pytest.raises(AnalysisError) as caught:
        pool_waves([FOUR[0].estimate, FOUR[1].estimate], weights, policy=POLICY)
    assert caught.value.code == "weights_sum"


def test_pool_of_different_questionnaires_is_refused_also_directly():
    with pytest.raises(AnalysisError) as caught:
        pool_waves(
            [FOUR[0].estimate, FOUR[1].estimate],
            [0.5, 0.5],
            policy=POLICY,
            questionnaires=["a", "b"],
        )
    assert caught.value.code == "different_questionnaires"
    assert caught.value.params["questionnaires"] == ["a", "b"]


@given(
    st.lists(
        st.tuples(st.floats(10, 90), st.floats(0.5, 6), st.floats(30, 900), st.floats(0.05, 1)),
        min_size=1,
        max_size=6,
    )
)
def test_pool_lies_between_its_waves_and_is_never_surer_than_their_sum(rows):
    total = math.fsum(row[3] for row in rows)
    weights = [row[3] / total for row in rows]
    parts = [estimate(x, se, n_effective=n) for x, se, n, _ in rows]
    pool = pool_waves(parts, weights, policy=POLICY)
    values = [row[0] for row in rows]
    assert min(values) - 1e-9 <= pool.value <= max(values) + 1e-9
    assert pool.n_effective <= sum(row[2] for row in rows) * (1 + 1e-9)
    assert pool.se <= max(row[1] for row in rows) * (1 + 1e-9)
    assert pool.low <= pool.value <= pool.high


def test_weights_in_proportion_to_effective_size_lose_nothing():
    parts = [estimate(70, n_effective=100.0), estimate(74, n_effective=300.0)]
    assert pool_waves(parts, [0.25, 0.75], policy=POLICY).n_effective == pytest.approx(400)


def peers():
    return [estimate(value, se) for value, se in zip(PUBLIC, PUBLIC_SE, strict=True)]


def test_the_lowest_street_is_expected_to_come_back_a_little():
    before = peers()
    found = change(estimate(76.0, 1.5), before[8], policy=POLICY, peers_before=before)
    (note,) = found.notes
    assert (note.code, note.params["place"]) == ("regression_to_the_mean", "lowest")
    values, variances = np.array(PUBLIC), np.array(PUBLIC_SE) ** 2
    w = 1 / variances
    centre = w @ values / w.sum()
    q = w @ (values - centre) ** 2
    tau2 = (q - 10) / (w.sum() - w @ w / w.sum())
    mean = np.sum(values / (variances + tau2)) / np.sum(1 / (variances + tau2))
    expected = 2.6**2 / (2.6**2 + tau2) * (mean - 70.8)
    assert note.params["expected"] == pytest.approx(expected)
    assert 0 < note.params["expected"] < mean - 70.8
    assert found.value == pytest.approx(76.0 - 70.8)


def test_the_highest_street_is_expected_to_fall_back():
    before = peers()
    found = change(before[5], before[5], policy=POLICY, peers_before=before)
    assert found.notes[0].params["place"] == "highest"
    assert found.notes[0].params["expected"] < 0


@pytest.mark.parametrize(
    ("street", "group"),
    [(0, 11), (8, 0), (1, 2)],
    ids=["middle", "no-peers", "two-streets"],
)
def test_no_note_for_a_street_in_the_middle_or_without_peers(street, group):
    before = peers()
    found = change(before[0], before[street], policy=POLICY, peers_before=before[:group])
    assert found.notes == ()


def test_equal_streets_get_no_note_and_no_warning():
    same = [estimate(70.0)] * 5
    assert change(same[0], same[0], policy=POLICY, peers_before=same).notes == ()


def test_regression_is_what_happens_when_nothing_changes():
    rng = np.random.default_rng(5)
    errors = []
    for _ in range(400):
        true = rng.normal(75, 3, size=11)
        first, second = (true + rng.normal(0, 2.5, size=11) for _ in range(2))
        before = [estimate(x, 2.5) for x in first]
        lowest = int(np.argmin(first))
        found = change(
            estimate(second[lowest], 2.5), before[lowest], policy=POLICY, peers_before=before
        )
        errors.append((found.value, found.notes[0].params["expected"]))
    actual, expected = np.mean(errors, axis=0)
    assert actual > 1.5  # the lowest street "improves" although nothing happened
    assert expected == pytest.approx(actual, abs=0.5)


def test_change_without_a_value_is_none():
    none = Estimate(None, None, None, 0, 0.0, "no_answers")
    assert change(estimate(70), none, policy=POLICY) is None
