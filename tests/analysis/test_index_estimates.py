"""Index and public score: cubes equal respondents, clusters, floor, and the smallest inputs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import stdtrit

from analysis.cells import stream_cells
from analysis.estimate import district_estimate, wilson
from analysis.intervals import mean_limits
from analysis.linearisation import linearise
from analysis.types import AnalysisError, Estimate
from tests.analysis.builders import (
    INDICATORS,
    cells_of,
    cube,
    one_indicator,
    policy,
    weighted_estimates,
)

scores = st.one_of(st.none(), st.integers(0, 10000).map(lambda z: z / 100))
rows = st.lists(st.lists(scores, min_size=5, max_size=5), min_size=2, max_size=25)


def by_hand(points, weights, omega):
    """The formulas of the method over single respondents, without any cell."""
    z = np.array([[np.nan if y is None else y for y in row] for row in points], float)
    w = np.array(weights, float)
    there = ~np.isnan(z)
    total = (w[:, None] * there).sum(axis=0)
    index = np.where(there, w[:, None] * z, 0).sum(axis=0) / total
    u = np.where(there, w[:, None] * (z - index) / total, 0)
    n = len(z)
    return index, n / (n - 1) * (u**2).sum(axis=0), n / (n - 1) * ((u @ omega) ** 2).sum()


@given(rows, st.data())
@settings(max_examples=60, deadline=None)
def test_cube_equals_respondents(points, data):
    if any(all(row[k] is None for row in points) for k in range(5)):
        points = [[50.0] * 5, *points]
    groups = data.draw(st.lists(st.sampled_from("abc"), min_size=len(points), max_size=len(points)))
    table = {"a": 0.5, "b": 1.0, "c": 2.5}
    p = policy(base_weights={"group": table}, trim_low=0.0, trim_high=100)
    street = cube(points, names=INDICATORS, strata=[{"group": g} for g in groups])
    found = weighted_estimates(street, p, floor=False)
    weights = [table[g] for g in groups]
    index, variance, public_variance = by_hand(points, weights, np.full(5, 0.2))
    assert [e.value for e in found.indicators.values()] == pytest.approx(index, abs=1e-9)
    assert [e.se**2 for e in found.indicators.values()] == pytest.approx(variance, abs=1e-8)
    assert found.public.value == pytest.approx(index.mean(), abs=1e-9)
    assert found.public.se**2 == pytest.approx(public_variance, abs=1e-8)


@given(rows, st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_order_of_respondents_changes_no_bit(points, random):
    shuffled = list(points)
    random.shuffle(shuffled)
    p = policy()
    assert weighted_estimates(cube(points, names=INDICATORS), p) == weighted_estimates(
        cube(shuffled, names=INDICATORS), p
    )


def test_sums_of_ten_million_responses_lose_nothing():
    points = [[75.0], [50.0], [100.0], [75.0], [25.0]]
    small = cube(points)
    million = 2_000_000

    def times(row):
        return (*row[:-1], row[-1] * million)

    large = dataclasses.replace(
        small,
        responses=[times(row) for row in small.responses],
        moments=[(*row[:4], *(v * million for v in row[4:])) for row in small.moments],
    )
    p = one_indicator()
    few, many = (weighted_estimates(s, p, floor=False).public for s in (small, large))
    assert many.value == few.value
    assert many.n == 10_000_000
    spread = few.se**2 * 4 / 5 * 5  # the population variance of the five
    assert many.se**2 * (many.n - 1) == pytest.approx(spread, rel=1e-12)


def test_clusters_are_the_unit_when_there_are_enough():
    rng = np.random.default_rng(3)
    place = np.repeat(np.arange(20), 5)
    y = np.clip(70 + 9 * rng.standard_normal(20)[place] + 12 * rng.standard_normal(100), 0, 100)
    y = np.round(y, 2)
    p = one_indicator()
    street = cube([[v] for v in y], channel="slip", places=place.tolist())
    found = weighted_estimates(street, p)
    totals = np.array([(y[place == j] - y.mean()).sum() / 100 for j in range(20)])
    assert (found.variance_unit, found.clusters) == ("cluster", 20)
    assert found.public.se**2 == pytest.approx(20 / 19 * (totals**2).sum(), rel=1e-9)
    assert found.public.df == 19
    reach = float(stdtrit(19, 0.975)) * found.public.se
    assert found.public.high - found.public.value == pytest.approx(reach)


def test_few_clusters_leave_the_respondent_as_unit():
    points = [[y] for y in (0, 25, 50, 75, 100) * 8]
    street = cube(points, channel="slip", places=[i % 9 for i in range(40)])
    found = weighted_estimates(street, one_indicator())
    assert (found.variance_unit, found.clusters) == ("respondent", 9)
    assert found.public.df == 39


def test_few_clusters_make_every_answer_count_for_less():
    rng = np.random.default_rng(8)
    y = np.round(rng.uniform(20, 100, 60), 2)
    place = np.repeat(np.arange(5), [20, 10, 10, 10, 10])
    street = cube([[v] for v in y], channel="slip", places=place.tolist())
    found = weighted_estimates(street, one_indicator(sd_floor=0)).public
    plain = weighted_estimates(street, one_indicator(sd_floor=0, cluster_correlation=0)).public
    factor = 1 + 0.03 * ((20**2 + 4 * 10**2) / 60 - 1)
    assert found.se**2 == pytest.approx(factor * plain.se**2)
    assert (found.value, found.df, found.n_effective) == (plain.value, plain.df, plain.n_effective)


def test_few_clusters_do_not_touch_channels_without_points():
    y = [[v] for v in (20, 40, 60, 80, 100, 70) * 10]
    phone = cube(y, channel="cati", places=["line"] * 60)
    p = one_indicator()
    assert weighted_estimates(phone, p) == weighted_estimates(cube(y), p)


def test_weights_enter_the_factor_of_few_clusters():
    rows = [[y] for y in (0, 25, 50, 75, 100, 50)]
    strata = [{"g": g} for g in "aabbba"]
    p = one_indicator(sd_floor=0, base_weights={"g": {"a": 1, "b": 3}}, trim_low=0, trim_high=9)
    places = ["x", "x", "x", "y", "y", "y"]
    street = cube(rows, channel="slip", places=places, strata=strata)
    plain = one_indicator(
        sd_floor=0,
        base_weights={"g": {"a": 1, "b": 3}},
        trim_low=0,
        trim_high=9,
        cluster_correlation=0,
    )
    ratio = (
        weighted_estimates(street, p).public.se ** 2
        / weighted_estimates(street, plain).public.se ** 2
    )
    # Weights 1 1 3 | 3 3 1: totals 5 and 7, squares sum to 30.
    assert ratio == pytest.approx(1 + 0.03 * ((25 + 49) / 30 - 1))


def test_telephone_answers_beside_slips_are_units_of_their_own():
    rng = np.random.default_rng(5)
    y = np.round(rng.uniform(20, 100, 60), 2)
    slip = cube([[v] for v in y[:40]], channel="slip", places=[i % 12 for i in range(40)])
    cati = cube([[v] for v in y[40:]], channel="cati", places=["line"] * 20)
    both = dataclasses.replace(
        slip,
        responses=[*slip.responses, *cati.responses],
        moments=[*slip.moments, *cati.moments],
        clusters=[*slip.clusters, *cati.clusters],
    )
    found = weighted_estimates(both, one_indicator())
    u = (y - y.mean()) / 60
    totals = np.array([u[:40][np.arange(40) % 12 == j].sum() for j in range(12)])
    expected = 32 / 31 * ((totals**2).sum() + (u[40:] ** 2).sum())
    assert found.public.se**2 == pytest.approx(expected, rel=1e-9)
    assert 11 < found.public.df < 31


def test_everyone_the_same_answer_meets_the_floor_and_never_a_zero_width():
    p = one_indicator()
    street = cube([[100.0]] * 50)
    public = weighted_estimates(street, p).public
    assert (public.value, public.se) == (100, pytest.approx(10 / np.sqrt(50)))
    assert (public.high, public.low < 98) == (100, True)
    assert weighted_estimates(street, p, floor=False).public.se == 0


def by_wilson(p: float, size: float, t: float) -> tuple[float, float]:
    """The two θ with (p − θ)² = t²·θ(1−θ)/size, on 0..100, by the roots of the quadratic."""
    k = t * t / size
    roots = np.roots([1 + k, -(2 * p + k), p * p])
    return 100 * float(roots.min()), 100 * float(roots.max())


def test_interval_within_six_standard_errors_of_the_end_is_wilsons():
    points = [[y] for y in [100.0] * 24 + [75.0] * 4 + [25.0, 0.0]]
    found = weighted_estimates(cube(points), one_indicator()).public
    assert (100 - found.value) / found.se < 6
    size = found.value * (100 - found.value) / found.se**2
    low, high = by_wilson(found.value / 100, size, float(stdtrit(29, 0.975)))
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    assert found.value - found.low > found.high - found.value


def test_interval_is_the_same_at_both_ends_of_the_scale():
    points = [100.0] * 24 + [75.0] * 4 + [25.0, 0.0]
    top = weighted_estimates(cube([[y] for y in points]), one_indicator()).public
    bottom = weighted_estimates(cube([[100 - y] for y in points]), one_indicator()).public
    assert (bottom.low, bottom.high) == (
        pytest.approx(100 - top.high),
        pytest.approx(100 - top.low),
    )


def test_interval_far_from_the_ends_stays_students():
    points = [[y] for y in (0, 25, 50, 75, 100) * 20]
    found = weighted_estimates(cube(points), one_indicator()).public
    reach = float(stdtrit(99, 0.975)) * found.se
    assert (found.low, found.high) == (pytest.approx(50 - reach), pytest.approx(50 + reach))


def test_interval_moves_little_where_one_form_takes_over_from_the_other():
    for df, se in ((29.0, 4.0), (29.0, 2.0), (99.0, 2.0), (99.0, 1.0), (399.0, 0.5)):
        just_in, just_out = 100 - 5.999 * se, 100 - 6.001 * se
        inside = mean_limits(just_in, se, df, confidence=0.95, bounded=True)
        outside = mean_limits(just_out, se, df, confidence=0.95, bounded=True)
        assert inside == pytest.approx(outside, abs=0.4 * se)


@given(
    st.floats(0, 100), st.floats(0, 60), st.floats(-1, 1e6), st.booleans(), st.floats(0.5, 0.999)
)
def test_limits_enclose_the_value_and_stay_on_the_scale(value, se, df, bounded, confidence):
    low, high = mean_limits(value, se, df, confidence=confidence, bounded=bounded)
    assert 0 <= low <= value <= high <= 100


def test_everyone_at_the_end_reaches_below_it_by_the_sample_alone():
    few, many = (
        weighted_estimates(cube([[100.0]] * n), one_indicator()).public for n in (30, 3000)
    )
    assert (few.high, many.high) == (100, 100)
    assert few.low == pytest.approx(100 * 29 / (29 + float(stdtrit(29, 0.975)) ** 2))
    assert few.low < many.low < 100


def test_one_respondent_has_a_value_and_no_precision():
    p = one_indicator()
    public = weighted_estimates(cube([[75.0]]), p).public
    assert (public.value, public.low, public.high) == (75, 0, 100)
    assert public.suppressed_because == "indicator_n_below_30"
    bare = weighted_estimates(cube([[75.0]]), p, floor=False).public
    assert (bare.value, bare.se, bare.low, bare.high) == (75, None, 0, 100)


def test_nobody_has_no_value_but_a_reason():
    public = weighted_estimates(cube([]), one_indicator()).public
    assert (public.value, public.n, public.suppressed_because) == (None, 0, "no_answers")


def test_indicator_nobody_answered_leaves_no_public_score():
    p = policy(omega={"a": 0.5, "b": 0.5})
    found = weighted_estimates(cube([[75.0, None]] * 40, names="ab"), p)
    assert found.public.value is None
    assert found.public.suppressed_because == "indicator_without_answers"
    assert found.indicators["b"].suppressed_because == "no_answers"
    assert found.indicators["a"].suppressed_because is None


def test_public_score_needs_enough_answers_to_every_indicator():
    p = policy(omega={"a": 0.5, "b": 0.5})
    points = [[75.0, 50.0]] * 29 + [[75.0, None]] * 10
    found = weighted_estimates(cube(points, names="ab"), p)
    assert found.public.suppressed_because == "indicator_n_below_30"
    assert found.public.value == pytest.approx(62.5)
    assert found.indicators["a"].suppressed_because is None
    assert found.indicators["b"].suppressed_because == "n_below_30"


def test_indicator_outside_the_policy_is_estimated_but_not_in_the_score():
    found = weighted_estimates(cube([[75.0, 0.0]] * 40, names=("a", "extra")), one_indicator())
    assert found.public.value == 75
    assert found.indicators["extra"].value == 0


def test_district_margins_count_the_rows_of_the_whole_design():
    street = cube([[y] for y in (0, 50, 100, 75)])
    p = one_indicator()
    cells = cells_of(street, p)
    own = linearise(cells.moments, np.ones(2), min_clusters=10)
    whole = linearise(cells.moments, np.ones(2), min_clusters=10, design_n=400)
    ratio = whole.by_respondent[0, 0] / own.by_respondent[0, 0]
    assert ratio == pytest.approx((400 / 399) / (4 / 3))


def test_row_of_an_unknown_stratum_is_a_worded_error():
    street = dataclasses.replace(cube([[50.0]]), strata={})
    with pytest.raises(AnalysisError, match="stratum"):
        stream_cells(street, one_indicator())


def test_row_of_an_unknown_option_is_a_worded_error():
    street = cube([[50.0]])
    key = next(iter(street.strata))
    street = dataclasses.replace(street, answers=[("a", key, "cati", "6", 1)])
    with pytest.raises(AnalysisError, match="option '6'"):
        stream_cells(street, one_indicator())


def test_wilson_interval_of_extreme_shares_stays_inside():
    assert wilson(0.0, 20, confidence=0.95)[0] == 0
    assert wilson(1.0, 20, confidence=0.95)[1] == pytest.approx(1)
    assert wilson(0.5, 0, confidence=0.95) == (0, 1)
    low, high = wilson(0.9, 100, confidence=0.95)
    assert (low, high) == (pytest.approx(0.825634, abs=1e-6), pytest.approx(0.944771, abs=1e-6))


def district(populations):
    street = {
        "S01": Estimate(80.0, 76, 84, 100, 100.0, se=2.0, df=99),
        "S02": Estimate(60.0, 54, 66, 50, 50.0, se=3.0, df=49),
    }
    return district_estimate(street, populations, policy=policy())


def test_district_weights_streets_by_their_residents():
    found = district({"S01": 3000, "S02": 1000})
    assert found.value == pytest.approx(75)
    assert found.se**2 == pytest.approx(0.75**2 * 4 + 0.25**2 * 9)
    assert found.n == 150


def test_district_without_a_population_says_so():
    assert district({"S01": 3000, "S02": None}).suppressed_because == "population_missing"


def test_example_of_scale_hundredths_round_trip():
    street = cube([[33.33], [66.67]])
    assert weighted_estimates(street, one_indicator()).public.value == pytest.approx(50)
