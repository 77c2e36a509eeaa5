"""Weights: margins met, unknowns, empty categories, trimming, and what is reported."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.types import AnalysisError
from analysis.weights import (
    Margin,
    kish_deff,
    n_effective,
    poststratify,
    rake,
    stratum_weights,
)
from tests.analysis.builders import policy

AGES = ("18-29", "30-44", "45-59", "60+")
POPULATION = {
    "age_band": {"18-29": 200, "30-44": 300, "45-59": 260, "60+": 240},
    "sex": {"F": 510, "M": 490},
}


def table(counts: dict[tuple[str, str], int]):
    strata = [{"age_band": age, "sex": sex} for age, sex in counts]
    return strata, np.array(list(counts.values()), np.int64)


def weighted_shares(strata, counts, weights, variable):
    total = float(counts @ weights)
    shares: dict[str, float] = {}
    for stratum, n, w in zip(strata, counts, weights, strict=True):
        shares[stratum[variable]] = shares.get(stratum[variable], 0) + n * w / total
    return shares


full_tables = st.fixed_dictionaries(
    {(age, sex): st.integers(1, 60) for age in AGES for sex in ("F", "M")}
)
unknown_tables = st.fixed_dictionaries(
    {(age, sex): st.integers(1, 40) for age in (*AGES, "unknown") for sex in ("F", "M", "unknown")}
)


@given(full_tables)
@settings(max_examples=40, deadline=None)
def test_untrimmed_weights_reproduce_the_margins_and_sum_to_n(counts):
    strata, n = table(counts)
    weights, report = stratum_weights(strata, n, POPULATION, policy=policy(), trim=False)
    assert report.converged
    assert float(n @ weights) == pytest.approx(n.sum())
    for variable, residents in POPULATION.items():
        shares = weighted_shares(strata, n, weights, variable)
        for category, count in residents.items():
            assert shares[category] == pytest.approx(count / 1000, abs=1e-6)
        assert report.gaps[variable] < 1e-6


@given(unknown_tables)
@settings(max_examples=40, deadline=None)
def test_unknown_keep_their_number_and_the_known_share_the_rest(counts):
    strata, n = table(counts)
    weights, report = stratum_weights(strata, n, POPULATION, policy=policy(), trim=False)
    assert report.converged
    for variable, residents in POPULATION.items():
        unknown = (
            sum(c for s, c in zip(strata, n.tolist(), strict=True) if s[variable] == "unknown")
            / n.sum()
        )
        shares = weighted_shares(strata, n, weights, variable)
        assert shares["unknown"] == pytest.approx(unknown, abs=1e-6)
        for category, count in residents.items():
            assert shares[category] == pytest.approx((1 - unknown) * count / 1000, abs=1e-6)


@given(full_tables)
@settings(max_examples=40, deadline=None)
def test_trimmed_weights_stay_inside_the_bounds_and_say_so(counts):
    strata, n = table(counts)
    weights, report = stratum_weights(strata, n, POPULATION, policy=policy())
    assert float(n @ weights) == pytest.approx(n.sum())
    # Where bounds bind, the cycle may creep for long; it then says that it has not converged.
    if report.at_bounds == 0 and report.converged:
        assert max(report.gaps.values()) < 1e-6
    assert report.converged or report.iterations == policy().rake_iterations
    assert report.minimum >= 0.3 - 1e-9
    assert report.maximum <= 3 + 1e-9
    assert report.deff >= 1


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.floats(0.1, 9))
def test_equal_weights_have_design_effect_one(counts, weight):
    n = np.array(counts)
    assert kish_deff(n, np.full(len(n), weight)) == pytest.approx(1)
    assert n_effective(n, np.full(len(n), weight)) == pytest.approx(n.sum())


def test_empty_category_of_an_ordered_variable_joins_its_neighbour():
    strata, n = table(
        {
            ("18-29", "F"): 10,
            ("18-29", "M"): 10,
            ("45-59", "F"): 10,
            ("45-59", "M"): 10,
            ("60+", "F"): 5,
            ("60+", "M"): 5,
        }
    )
    weights, report = stratum_weights(strata, n, POPULATION, policy=policy(), trim=False)
    (reason,) = report.collapsed
    assert reason.code == "collapsed"
    assert reason.params == {"variable": "age_band", "category": "30-44", "into": "18-29"}
    shares = weighted_shares(strata, n, weights, "age_band")
    assert shares["18-29"] == pytest.approx(0.5)
    assert report.converged


def test_first_category_empty_joins_the_one_after_it():
    strata, n = table({("45-59", "F"): 10, ("45-59", "M"): 10, ("60+", "F"): 5, ("60+", "M"): 5})
    weights, report = stratum_weights(strata, n, POPULATION, policy=policy(), trim=False)
    assert [r.params["into"] for r in report.collapsed] == ["45-59", "45-59"]
    assert weighted_shares(strata, n, weights, "age_band")["45-59"] == pytest.approx(0.76)


def test_empty_category_of_an_unordered_variable_drops_the_margin():
    strata, n = table({(age, "F"): 10 for age in AGES})
    weights, report = stratum_weights(strata, n, POPULATION, policy=policy(), trim=False)
    (reason,) = report.dropped
    assert reason.code == "dropped_empty"
    assert reason.params == {"variable": "sex", "categories": ["M"]}
    assert weighted_shares(strata, n, weights, "age_band")["60+"] == pytest.approx(0.24)


def test_margin_of_which_everyone_is_unknown_is_dropped():
    strata, n = table({(age, "unknown"): 10 for age in AGES})
    _, report = stratum_weights(strata, n, POPULATION, policy=policy())
    assert [r.code for r in report.dropped] == ["dropped_all_unknown"]


def test_respondents_of_a_category_without_residents_count_as_unknown():
    strata, n = table(
        {**{(age, "F"): 10 for age in AGES}, **{(age, "M"): 10 for age in AGES}, ("60+", "X"): 20}
    )
    weights, report = stratum_weights(strata, n, POPULATION, policy=policy(), trim=False)
    assert [r.params["category"] for r in report.notes] == ["X"]
    assert weighted_shares(strata, n, weights, "sex")["X"] == pytest.approx(0.2)


def test_without_margins_everyone_weighs_the_same_and_it_is_reported():
    strata, n = table({("18-29", "F"): 3, ("60+", "M"): 7})
    weights, report = stratum_weights(strata, n, {}, policy=policy())
    assert weights.tolist() == [1, 1]
    assert [note.code for note in report.notes] == ["unweighted"]
    assert (report.deff, report.converged) == (1, True)


def test_margins_that_disagree_are_used_by_their_shares_and_noted():
    strata, n = table({(age, sex): 10 for age in AGES for sex in "FM"})
    other = POPULATION | {"sex": {"F": 1020, "M": 980}}
    weights, report = stratum_weights(strata, n, other, policy=policy(), trim=False)
    assert [note.code for note in report.notes] == ["margins_disagree"]
    assert weighted_shares(strata, n, weights, "sex")["F"] == pytest.approx(0.51)
    assert report.converged


def test_raking_that_cannot_converge_is_reported_with_its_gap():
    # Everyone old is F and everyone young is M: both margins cannot hold at once.
    strata, n = table({("18-29", "M"): 10, ("60+", "F"): 10})
    margins = {"age_band": {"18-29": 90, "60+": 10}, "sex": {"F": 90, "M": 10}}
    weights, report = stratum_weights(strata, n, margins, policy=policy(), trim=False)
    assert not report.converged
    assert report.gaps["age_band"] == pytest.approx(0.8)
    assert np.all(np.isfinite(weights))


def test_too_few_cycles_are_reported():
    strata, n = table({("18-29", "F"): 30, ("18-29", "M"): 2, ("60+", "F"): 3, ("60+", "M"): 20})
    _, report = stratum_weights(strata, n, POPULATION, policy=policy(rake_iterations=1), trim=False)
    assert (report.converged, report.iterations) == (False, 1)


def test_joint_margin_is_read_from_its_parts():
    strata, n = table({("18-29", "F"): 10, ("18-29", "M"): 20, ("60+", "F"): 10, ("60+", "M"): 10})
    joint = {"age_band×sex": {"18-29×F": 1, "18-29×M": 1, "60+×F": 1, "60+×M": 1}}
    weights, _ = stratum_weights(strata, n, joint, policy=policy(), trim=False)
    assert n * weights == pytest.approx([12.5] * 4)
    assert weights == pytest.approx(poststratify(n, np.ones(4)))


@pytest.mark.parametrize("residents", [-1, float("nan"), float("inf"), 1e308, 10**30])
def test_impossible_residents_are_a_worded_error(residents):
    strata, n = table({("18-29", "F"): 10})
    with pytest.raises(AnalysisError, match="residents of sex = F"):
        stratum_weights(strata, n, {"sex": {"F": residents}}, policy=policy())


def test_margin_without_any_resident_is_dropped():
    strata, n = table({("18-29", "F"): 10})
    _, report = stratum_weights(strata, n, {"sex": {"F": 0, "M": 0}}, policy=policy())
    assert [r.code for r in report.dropped] == ["dropped_no_residents"]


def test_nobody_at_all_gives_weights_without_warning():
    strata, n = table({("18-29", "F"): 0})
    weights, report = stratum_weights(strata, n, POPULATION, policy=policy())
    assert (weights.tolist(), report.n, report.n_effective) == ([0], 0, 0)


def test_poststratify_refuses_a_cell_with_residents_but_nobody_in_it():
    with pytest.raises(AnalysisError, match="no respondents"):
        poststratify(np.array([0, 5]), np.array([1.0, 1.0]))


def test_base_weights_are_where_raking_starts():
    margin = Margin("sex", np.array([0, 0, 1]), np.array([0.5, 0.5]))
    raked = rake(np.array([1, 1, 2]), [margin], base=np.array([1.0, 3.0, 1.0]))
    assert raked.weights == pytest.approx([0.5, 1.5, 1.0])
