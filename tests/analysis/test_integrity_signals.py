"""Signals of answers that are nobody's own: right tails, few false alarms, blind to praise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom, binom, nbinom, poisson

from analysis.integrity import (
    beta_binomial_tail,
    burst_signal,
    coaching_rate,
    find_bursts,
    negative_binomial_tail,
    poisson_tail,
    risk_scores,
    speeding,
    straight_line_signal,
    straight_options,
    uniform_points,
)
from analysis.types import AnalysisError
from tests.analysis.builders import policy

POLICY = policy()
# Answers per open hour over the day, against their mean; closed where 0.
DAY = np.array([0] * 24, float)
DAY[6:15] = 0.3, 0.8, 1.2, 1.5, 1.5, 1.3, 1.6, 1.2, 1.0
DAY[15:24] = 1.0, 1.1, 1.4, 1.8, 1.6, 1.2, 0.8, 0.4, 0.1
DAYS = 14


def quiet(rng, *, points=20, level=2.0, dispersion=0.3):
    """A wave without a burst: points of their own size and habits, days that differ."""
    hours = np.tile(np.arange(24), DAYS)
    habits = DAY * rng.gamma(10, 0.1, (points, 24))
    mean = rng.lognormal(np.log(level), 0.8, points)[:, None] * habits[:, hours]
    if dispersion:
        mean = mean * rng.gamma(1 / dispersion, dispersion, mean.shape)
    return rng.poisson(mean), hours, np.broadcast_to(DAY[hours] > 0, mean.shape)


def test_example_10_poisson_tail():
    assert float(poisson_tail(15, 4.0)) == pytest.approx(1.9932e-5, abs=1e-9)
    assert float(negative_binomial_tail(15, 4.0, 0.0)) == pytest.approx(1.9932e-5, abs=1e-9)
    assert float(negative_binomial_tail(15, 4.0, 1e-9)) == pytest.approx(1.9932e-5, abs=1e-9)


@given(st.integers(0, 60), st.floats(0.01, 40), st.floats(0.01, 3))
def test_tails_agree_with_scipy(count, mean, dispersion):
    assert float(poisson_tail(count, mean)) == pytest.approx(poisson.sf(count - 1, mean), rel=1e-8)
    size = 1 / dispersion
    assert float(negative_binomial_tail(count, mean, dispersion)) == pytest.approx(
        nbinom.sf(count - 1, size, size / (size + mean)), rel=1e-7
    )


@given(st.integers(0, 40), st.integers(40, 60), st.floats(0.01, 0.99), st.floats(0.01, 0.5))
def test_beta_binomial_tail_agrees_with_scipy(count, n, share, rho):
    a, b = share * (1 - rho) / rho, (1 - share) * (1 - rho) / rho
    expected = betabinom.sf(count - 1, n, a, b)
    assert beta_binomial_tail(count, n, share, rho) == pytest.approx(expected, rel=1e-6, abs=1e-12)
    plain = binom.sf(count - 1, n, share)
    assert beta_binomial_tail(count, n, share, 0.0) == pytest.approx(plain, rel=1e-8, abs=1e-300)


@pytest.mark.parametrize("dispersion", [0.0, 0.3, 1.0])
def test_quiet_waves_are_rarely_disturbed(dispersion):
    rng = np.random.default_rng(17)
    waves = 120
    alarms = sum(
        bool(find_bursts(*quiet(rng, dispersion=dispersion), policy=POLICY).flagged.any())
        for _ in range(waves)
    )
    assert alarms / waves <= POLICY.burst_error


@pytest.mark.parametrize(
    ("size", "dispersion", "power"), [(30, 0.0, 0.9), (60, 0.3, 0.8)], ids=["even", "uneven"]
)
def test_a_burst_is_found(size, dispersion, power):
    rng = np.random.default_rng(18)
    found = 0
    for _ in range(60):
        x, hours, open_ = quiet(rng, dispersion=dispersion)
        point, hour = rng.integers(20), 24 * rng.integers(DAYS) + rng.integers(7, 22)
        x[point, hour] += size
        found += bool(find_bursts(x, hours, open_, policy=POLICY).flagged[point, hour])
    assert found / 60 >= power


def test_a_burst_does_not_hide_itself_nor_accuse_the_others():
    x, hours, open_ = quiet(np.random.default_rng(3))
    x[4, 5 * 24 + 10 : 5 * 24 + 14] += 150
    found = find_bursts(x, hours, open_, policy=POLICY)
    places = {tuple(place) for place in np.argwhere(found.flagged)}
    assert places == {(4, 5 * 24 + h) for h in range(10, 14)}
    assert found.limit == pytest.approx(0.05 / found.tests)
    assert found.tests == int((open_ | (x > 0)).sum())
    signal = burst_signal(found, np.array([4, 4, 0]), np.array([130, 100, 130]))
    assert signal.tolist() == [True, False, False]


def test_a_busy_hour_of_the_points_own_day_is_no_burst():
    rng = np.random.default_rng(4)
    hours = np.tile(np.arange(24), DAYS)
    mean = np.full((10, 24), 1.0)
    mean[0, 18] = 30.0  # a market in the evening, every day, at this point only
    x = rng.poisson(mean[:, hours])
    assert not find_bursts(x, hours, policy=POLICY).flagged.any()
    # The same thirty on one morning are a burst.
    x[0, 24 * 3 + 9] += 30
    assert [tuple(p) for p in np.argwhere(find_bursts(x, hours, policy=POLICY).flagged)] == [
        (0, 24 * 3 + 9)
    ]


def test_a_family_at_a_quiet_point_is_no_burst():
    rng = np.random.default_rng(4)
    hours = np.tile(np.arange(24), DAYS)
    x = rng.poisson(np.full((10, len(hours)), 0.02))
    x[0] = 0
    x[0, 40] = 4
    assert not find_bursts(x, hours, policy=POLICY).flagged.any()


def test_a_young_point_is_measured_by_the_districts_day():
    rng = np.random.default_rng(6)
    x, hours, _ = quiet(rng, dispersion=0.0)
    open_ = np.zeros(x.shape, bool)
    open_[1:] = DAY[hours] > 0
    open_[0, 24 * 13 + 9 : 24 * 13 + 19] = True  # open since this morning
    x = np.where(open_, x, 0)
    x[0] = 0
    x[0, 24 * 13 + 9 : 24 * 13 + 19] = [2, 1, 3, 2, 1, 2, 0, 2, 2, 3]
    found = find_bursts(x, hours, open_, policy=POLICY)
    assert not found.flagged.any()
    morning, noon = found.expected[0, 24 * 13 + 9], found.expected[0, 24 * 13 + 14]
    assert morning > noon > 0  # its own ten hours do not say so; the district does


def test_hardly_any_hours_give_no_verdict_and_nothing_breaks():
    found = find_bursts(np.array([[50, 0, 1]]), np.array([9, 10, 11]), policy=POLICY)
    assert not found.flagged.any()
    assert found.reason.code == "too_little_baseline"
    empty = find_bursts(np.zeros((3, 48), int), np.tile(np.arange(24), 2), policy=POLICY)
    assert not empty.flagged.any()
    assert np.all(np.isfinite(empty.chance))
    none = find_bursts(np.zeros((0, 0), int), np.zeros(0, int), policy=POLICY)
    assert none.reason.code == "too_little_baseline"


def test_closed_hours_are_not_tested_unless_somebody_answers():
    x, hours, open_ = quiet(np.random.default_rng(3))
    night = 24 * 2 + 3
    assert not open_[:, night].any()
    x[2, night] = 12
    found = find_bursts(x, hours, open_, policy=POLICY)
    assert found.tests == open_.sum() + 1
    assert 0 < found.chance[2, night] < 0.05  # nobody knows what is usual at three
    assert (found.expected[3, night], found.chance[3, night]) == (0, 1)
    # Where the point can be reached at night and nobody ever came, twelve are a burst.
    assert find_bursts(x, hours, policy=POLICY).flagged[2, night]


@pytest.mark.parametrize(
    ("counts", "hours"),
    [([[1, -1]], [0, 1]), ([[1, 2]], [0, 24]), ([[1, 2]], [0]), ([1, 2], [0, 1]), ([[0.5]], [1])],
    ids=["negative", "hour", "short", "flat", "half"],
)
def test_arrivals_that_cannot_be(counts, hours):
    with pytest.raises(AnalysisError) as caught:
        find_bursts(np.array(counts), np.array(hours), policy=POLICY)
    assert caught.value.code == "bad_arrivals"


def test_straight_lines_need_enough_opinions():
    options = np.array(
        [
            [4, 4, 4, 4, 4],
            [4, 4, 4, -1, -1],
            [4, 4, -1, -1, -1],
            [4, 4, 4, 4, 3],
            [0, 0, 0, 0, 0],
            [-1, -1, -1, -1, -1],
        ]
    )
    assert straight_options(options, policy=POLICY).tolist() == [4, 4, -1, -1, 0, -1]
    assert straight_options(np.zeros((2, 0), int), policy=POLICY).tolist() == [-1, -1]


def answers(rng, *, points=12, each=60, satisfied=0.35):
    """Options 0 (worst) to 4 of five indicators; a share of honest people gives 4 to everything."""
    place = np.repeat(np.arange(points), each)
    options = np.clip(np.rint(rng.normal(3, 1, (len(place), 5))), 0, 4).astype(int)
    options[rng.random(len(place)) < satisfied] = 4
    return options, place


def test_honest_satisfaction_is_no_signal():
    rng = np.random.default_rng(9)
    alarms = sum(
        bool(straight_line_signal(*answers(rng), policy=POLICY)[0].any()) for _ in range(60)
    )
    assert alarms / 60 <= POLICY.straight_line_error


def stuffed(option, seed=10):
    """Thirty invented answers that give ``option`` to everything, at the first point."""
    options, place = answers(np.random.default_rng(seed), satisfied=0.05)
    options = np.vstack([options, np.full((30, 5), option)])
    return options, np.concatenate([place, np.zeros(30, int)])


@pytest.mark.parametrize("option", [0, 4], ids=["blame", "praise"])
def test_invented_lines_are_found_whichever_way_they_point(option):
    options, place = stuffed(option)
    signal, found = straight_line_signal(options, place, policy=POLICY)
    assert np.argwhere(found.flagged).tolist() == [[0, option]]
    assert signal[-30:].all()
    assert not signal[place != 0].any()
    assert not signal[straight_options(options, policy=POLICY) != option].any()


@pytest.mark.parametrize("option", [0, 4], ids=["blame", "praise"])
def test_mirrored_answers_give_the_same_risk(option):
    options, place = stuffed(option)
    mirrored = np.where(options < 0, options, 4 - options)

    def risk(given_options):
        lines, found = straight_line_signal(given_options, place, policy=POLICY)
        quick = speeding(np.where(lines, 5.0, 60.0), policy=POLICY)
        return risk_scores({"straight_line": lines, "speeding": quick}, policy=POLICY), found

    (one, lines), (other, mirror) = risk(options), risk(mirrored)
    assert np.array_equal(one.points, other.points)
    assert np.array_equal(one.needs_review, other.needs_review)
    assert one.needs_review.sum() >= 30
    assert lines.chance == pytest.approx(mirror.chance[:, ::-1])
    assert lines.correlation == pytest.approx(mirror.correlation)


def test_too_few_points_to_compare():
    signal, found = straight_line_signal(np.full((40, 5), 4), np.repeat([0, 1], 20), policy=POLICY)
    assert not signal.any()
    assert found.reason.code == "too_few_points"
    everyone = straight_line_signal(np.full((60, 5), 4), np.repeat(range(6), 10), policy=POLICY)
    assert not everyone[0].any()  # all give the same: nobody stands out
    nobody = straight_line_signal(np.zeros((0, 5), int), np.zeros(0, int), policy=POLICY)
    assert len(nobody[0]) == 0


def test_bad_options_and_counts():
    with pytest.raises(AnalysisError):
        straight_line_signal(np.full((2, 5), 5), np.zeros(2, int), policy=POLICY)
    with pytest.raises(AnalysisError):
        straight_line_signal(np.full((2, 5), 4), np.zeros(3, int), policy=POLICY)
    with pytest.raises(AnalysisError):
        straight_options(np.zeros(3, int), policy=POLICY)
    with pytest.raises(AnalysisError):
        uniform_points(np.array([[3, 3]]), np.array([5]), policy=POLICY)


def test_speeding_needs_a_known_time():
    assert speeding(np.array([9.9, 10.0, np.nan, 0.0]), policy=POLICY).tolist() == [
        True,
        False,
        False,
        True,
    ]
    assert not speeding(np.array([0.0]), policy=policy(speeding_seconds=0)).any()
    with pytest.raises(AnalysisError):
        speeding(np.array([-1.0]), policy=POLICY)


def test_signals_add_up_to_a_review():
    yes, no = True, False
    found = risk_scores(
        {
            "burst": np.array([yes, no, no, no, no]),
            "straight_line": np.array([no, yes, yes, no, no]),
            "speeding": np.array([no, yes, no, yes, no]),
        },
        policy=POLICY,
    )
    assert found.points.tolist() == [2, 2, 1, 1, 0]
    assert found.needs_review.tolist() == [yes, yes, no, no, no]
    assert found.counts == {"burst": 1, "straight_line": 2, "speeding": 2}
    assert found.not_measured == ("coached",)


def test_who_reports_pressure_is_not_held_back():
    found = risk_scores({"coached": np.array([True])}, policy=POLICY)
    assert not found.needs_review.any()


def test_bad_signals():
    with pytest.raises(AnalysisError, match="'brust'"):
        risk_scores({"brust": np.array([True])}, policy=POLICY)
    with pytest.raises(AnalysisError, match="yes or no"):
        risk_scores({"burst": np.array([True]), "speeding": np.array([True, False])}, policy=POLICY)
    with pytest.raises(AnalysisError, match="yes or no"):
        risk_scores({"burst": np.array([0.5])}, policy=POLICY)
    assert len(risk_scores({}, policy=POLICY).points) == 0


def test_coaching_is_a_rate_with_an_interval():
    rate = coaching_rate(12, 200, policy=POLICY)
    assert rate.value == pytest.approx(0.06)
    # Wilson at n 200: (p + z²/2n ± z√(p(1−p)/n + z²/4n²)) / (1 + z²/n)
    assert (rate.low, rate.high) == (
        pytest.approx(0.03465, abs=1e-4),
        pytest.approx(0.10188, abs=1e-4),
    )
    assert rate.n == 200
    assert coaching_rate(1, 20, policy=POLICY).suppressed_because == "n_below_30"
    assert coaching_rate(0, 0, policy=POLICY).value is None
    with pytest.raises(AnalysisError):
        coaching_rate(3, 2, policy=POLICY)
