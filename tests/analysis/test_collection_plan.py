"""At which points and from which categories further answers help most: exact against trying all."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.collection_plan import (
    ClusterSpread,
    CollectionPoint,
    clustered_variance,
    intraclass_correlation,
    plan_categories,
    plan_points,
)
from analysis.settling import StreetPrecision, settle_last
from analysis.types import AnalysisError
from tests.analysis.builders import policy

POLICY = policy()
SPREAD = ClusterSpread(484.0, 0.03, True)


def points(*rows):
    return [CollectionPoint(*row) for row in rows]


def carried_out(given_points, plan):
    """Answers by point once the plan is carried out, new points included."""
    answers = {p.point: p.answers for p in given_points}
    for name, more in plan.additional.items():
        answers[name] = answers.get(name, 0) + more
    return answers


def variance(answers, spread=SPREAD):
    return clustered_variance([m for m in answers.values() if m], spread)


def test_variance_of_equal_points_is_the_textbook_design_effect():
    # 20 points of 5: deff = 1 + (5 − 1)·.03 = 1.12
    assert clustered_variance([5] * 20, SPREAD) == pytest.approx(484 / 100 * 1.12)
    assert clustered_variance([100], SPREAD) == pytest.approx(484 * (0.97 / 100 + 0.03))


def test_the_points_with_the_fewest_answers_come_first():
    here = points(("a", 40, 100), ("b", 10, 100), ("c", 12, 5))
    plan = plan_points(here, spread=SPREAD, target=10.5)
    assert plan.reached
    answers = carried_out(here, plan)
    assert "a" not in plan.additional
    assert plan.additional["c"] == 5  # all there are
    assert variance(answers) == pytest.approx(plan.variance_then)
    assert plan.variance_then <= 10.5 < plan.variance_now


def test_a_target_that_is_met_needs_nothing():
    plan = plan_points(points(("a", 40, 9), ("b", 40, 9)), spread=SPREAD, target=100.0)
    assert (plan.reached, plan.total, plan.additional) == (True, 0, {})


def test_new_points_are_needed_when_more_answers_at_the_old_ones_cannot_help():
    # σ²ρ/J = 484·.03/3 = 4.84 is the least that three points can ever give.
    here = points(("a", 30, None), ("b", 30, None), ("c", 30, None))
    plan = plan_points(here, spread=SPREAD, target=4.0, new_point_size=20)
    assert not plan.reached
    assert plan.reason.code == "new_points_needed"
    assert plan.new_points >= 1
    answers = carried_out(here, plan)
    assert variance(answers) == pytest.approx(plan.variance_then)
    assert plan.variance_then <= 4.0
    new = {name for name in plan.additional if name.startswith("new-")}
    assert len(new) == plan.new_points
    assert all(plan.additional[name] <= 20 for name in new)
    fewer = [*here, *points(*((f"n{i}", 0, 20) for i in range(plan.new_points - 1)))]
    assert not plan_points(fewer, spread=SPREAD, target=4.0).reached


def test_new_points_are_needed_when_nobody_is_left_to_ask():
    here = points(("a", 30, 2), ("b", 30, 0))
    plan = plan_points(here, spread=SPREAD, target=10.0)
    assert not plan.reached
    assert plan.additional.get("a", 0) <= 2
    assert "b" not in plan.additional
    assert plan.new_points == plan.reason.params["points"] > 0
    assert plan.new_point_size == 30


def test_no_points_at_all():
    plan = plan_points([], spread=SPREAD, target=50.0)
    assert (plan.reached, plan.variance_now) == (False, None)
    assert plan.new_points > 0
    assert plan.variance_then <= 50


def test_a_target_beyond_thousands_of_points_is_said_to_be():
    plan = plan_points(points(("a", 5, 1)), spread=SPREAD, target=1e-4)
    assert (plan.reached, plan.new_points, plan.total, plan.additional) == (False, None, None, {})


def test_many_points_without_bounds_take_little_time():
    here = points(*((f"p{i}", 3, None) for i in range(5000)))
    assert plan_points(here, spread=SPREAD, target=0.02).reached


@st.composite
def small_places(draw):
    count = draw(st.integers(1, 4))
    return [
        CollectionPoint(f"p{i}", draw(st.integers(0, 12)), draw(st.integers(0, 5)))
        for i in range(count)
    ]


SPREADS = st.builds(
    ClusterSpread, st.floats(50, 900), st.sampled_from([0.0, 0.03, 0.3, 1.0]), st.just(True)
)


@settings(deadline=None)
@given(small_places(), SPREADS, st.floats(0.02, 1.2))
def test_the_fewest_answers_of_all_allocations(here, spread, part):
    target = spread.sigma2 * part
    plan = plan_points(here, spread=spread, target=target)
    best = math.inf
    for extra in itertools.product(*(range(p.capacity + 1) for p in here)):
        m = [p.answers + x for p, x in zip(here, extra, strict=True)]
        if sum(m) and clustered_variance([x for x in m if x], spread) <= target * (1 - 1e-12):
            best = min(best, sum(extra))
    if best < math.inf:
        assert plan.reached
        assert plan.total <= best
    if plan.reached:
        assert plan.total >= best or best == math.inf
        answers = carried_out(here, plan)
        assert variance(answers, spread) <= target * (1 + 1e-12)
        assert all(plan.additional.get(p.point, 0) <= p.capacity for p in here)


@settings(deadline=None)
@given(small_places(), st.floats(0.03, 0.9), st.floats(1, 3), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_a_stricter_target_never_needs_fewer(here, part, ratio, random):
    mixed = list(here)
    random.shuffle(mixed)
    target = SPREAD.sigma2 * part
    plan = plan_points(here, spread=SPREAD, target=target)
    assert plan_points(mixed, spread=SPREAD, target=target) == plan
    loose = plan_points(here, spread=SPREAD, target=target * ratio)
    if plan.reached:
        assert loose.reached
        assert loose.total <= plan.total


@pytest.mark.parametrize(
    ("here", "target", "code"),
    [
        (points(("a", 1, 1)), 0.0, "bad_target"),
        (points(("a", 1, 1)), math.nan, "bad_target"),
        (points(("a", 1, 1), ("a", 2, 1)), 5.0, "point_twice"),
        (points(("a", -1, 1)), 5.0, "bad_counts"),
        (points(("a", 1, -1)), 5.0, "bad_counts"),
    ],
    ids=["zero", "nan", "twice", "answers", "capacity"],
)
def test_bad_points(here, target, code):
    with pytest.raises(AnalysisError) as caught:
        plan_points(here, spread=SPREAD, target=target)
    assert caught.value.code == code


def test_the_answers_a_last_place_needs_are_placed_at_its_points():
    # Given two streets of which the lower has 100 answers at 20 slips' buildings, 5 each
    low = StreetPrecision("low", 79.0, 66.0, 0.2, 484 / 100 * 1.12, 100, 100.0)
    high = StreetPrecision("high", 82.0, 73.0, 0.2, 484 / 100 * 1.12, 100, 100.0)
    plan = settle_last([low, high], policy=POLICY)
    step = next(s for s in plan.steps if s.street == "low")
    # When its share of the plan is spread over those buildings
    here = points(*((f"b{i:02}", 5, 15) for i in range(20)))
    assert variance({p.point: 5 for p in here}) == pytest.approx(low.random_variance)
    placed = plan_points(here, spread=SPREAD, target=step.random_variance_then)
    # Then more are needed than if they came from everywhere, for the buildings stay twenty
    assert placed.reached
    assert placed.total > step.additional > 0
    assert max(placed.additional.values()) - min(placed.additional.values()) <= 1


def simulated(rho, rng, groups=400, size=20):
    scores = [
        70 + math.sqrt(rho) * 20 * rng.normal() + math.sqrt(1 - rho) * 20 * rng.normal(size=size)
        for _ in range(groups)
    ]
    return (
        np.full(groups, size),
        np.array([s.sum() for s in scores]),
        sum(float(s @ s) for s in scores),
    )


@pytest.mark.parametrize("rho", [0.0, 0.03, 0.3])
def test_analysis_of_variance_finds_the_correlation(rho):
    found = intraclass_correlation(*simulated(rho, np.random.default_rng(1)), policy=POLICY)
    assert found.estimated
    assert found.rho == pytest.approx(rho, abs=0.01 + 0.15 * rho)
    assert found.sigma2 == pytest.approx(400, rel=0.1)


def test_analysis_of_variance_by_hand():
    # Points (1, 3), (5, 7): MSB = 2·(4 + 4) = 16, MSW = 4/2 = 2, ρ = 14/18, σ² = 2 + 14/2
    p = policy(min_clusters=2)
    found = intraclass_correlation(np.array([2, 2]), np.array([4.0, 12.0]), 84.0, policy=p)
    assert found.rho == pytest.approx(14 / 18)
    assert found.sigma2 == pytest.approx(9.0)


@pytest.mark.parametrize(
    ("n", "sums", "squares"),
    [([2, 2], [4.0, 12.0], 84.0), ([1] * 12, [5.0] * 12, 300.0)],
    ids=["two-points", "single-answers"],
)
def test_too_few_points_take_the_policys_correlation(n, sums, squares):
    found = intraclass_correlation(np.array(n), np.array(sums), squares, policy=POLICY)
    assert (found.rho, found.estimated) == (0.03, False)
    assert found.reason.code == "too_few_points"


def test_equal_answers_have_no_correlation_and_no_error():
    n = np.full(12, 4)
    found = intraclass_correlation(n, n * 50.0, float(48 * 2500), policy=POLICY)
    assert (found.rho, found.sigma2) == (0.0, 0.0)
    with pytest.raises(AnalysisError):
        intraclass_correlation(np.array([1]), np.array([5.0]), 25.0, policy=POLICY)


def deff(counts, residents):
    total = sum(residents.values())
    inverse = sum((residents[c] / total) ** 2 / counts[c] for c in counts)
    return sum(counts.values()) * inverse


RESIDENTS = {"18-29": 250.0, "30-44": 300.0, "45-59": 250.0, "60+": 200.0}


def test_answers_are_asked_where_they_are_short():
    counts = {"18-29": 5, "30-44": 30, "45-59": 40, "60+": 50}
    plan = plan_categories("age_band", counts, RESIDENTS, additional=40)
    assert set(plan.additional) == {"18-29", "30-44"}
    assert plan.additional["18-29"] > 2 * plan.additional["30-44"]
    assert sum(plan.additional.values()) == 40
    assert plan.deff_now == pytest.approx(deff(counts, RESIDENTS))
    assert plan.deff_then == pytest.approx(
        deff({c: n + plan.additional.get(c, 0) for c, n in counts.items()}, RESIDENTS)
    )
    assert plan.deff_then < 1.1 < plan.deff_now


def test_a_silent_category_comes_first():
    plan = plan_categories("sex", {"F": 50, "M": 0}, {"F": 1.0, "M": 1.0}, additional=1)
    assert plan.additional == {"M": 1}
    assert plan.without_respondents == ("M",)
    assert (plan.deff_now, plan.n_effective_now) == (None, None)
    assert plan.deff_then is not None


def test_nobody_lives_there():
    plan = plan_categories("sex", {"F": 5, "unknown": 2}, {"F": 0.0}, additional=3)
    assert (plan.additional, plan.deff_now) == ({}, None)
    with pytest.raises(AnalysisError):
        plan_categories("sex", {"F": 5}, {"F": 1.0}, additional=-1)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.floats(0.05, 1)), min_size=1, max_size=3),
    st.integers(0, 7),
)
def test_no_other_choice_gives_a_larger_effective_sample(rows, additional):
    names = "abc"[: len(rows)]
    counts = {c: n for c, (n, _) in zip(names, rows, strict=True)}
    residents = {c: share for c, (_, share) in zip(names, rows, strict=True)}
    plan = plan_categories("v", counts, residents, additional=additional)
    best = 0.0
    for extra in itertools.product(range(additional + 1), repeat=len(rows)):
        then = {c: counts[c] + x for c, x in zip(names, extra, strict=True)}
        if sum(extra) == additional and min(then.values()) > 0:
            best = max(best, sum(then.values()) / deff(then, residents))
    assert (plan.n_effective_then or 0.0) == pytest.approx(best)
