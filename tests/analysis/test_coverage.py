"""Coverage, response rates and item non-response: the facts beside the figures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.coverage import (
    PointReturns,
    coverage,
    item_responses,
    response_rates,
    street_coverage,
    street_item_responses,
)
from analysis.types import AnalysisError
from tests.analysis.builders import answers_cube, policy

POLICY = policy()
MARGINS = {
    "age_band": {"18-29": 200, "30-44": 300, "45-59": 300, "60+": 200},
    "sex": {"F": 500, "M": 500},
}


def found(people, margins=MARGINS, **options):
    """Coverage of {(age, sex): count}."""
    strata = [{"age_band": age, "sex": sex} for age, sex in people]
    return coverage(strata, np.array([*people.values()], int), margins, policy=POLICY, **options)


def row(result, variable, category):
    return next(r for r in result.rows if (r.variable, r.category) == (variable, category))


def test_each_category_beside_its_residents():
    # Given 100 people, 10 of them younger than 30 where 20 % of the residents are
    result = found(
        {
            ("18-29", "F"): 10,
            ("30-44", "F"): 15,
            ("30-44", "M"): 15,
            ("45-59", "M"): 30,
            ("60+", "F"): 25,
            ("60+", "unknown"): 5,
        }
    )
    young = row(result, "age_band", "18-29")
    assert (young.n, young.residents) == (10, 200)
    assert (young.share, young.resident_share) == (pytest.approx(0.1), pytest.approx(0.2))
    assert (young.ratio, young.gap) == (pytest.approx(0.5), pytest.approx(-10))
    # Then the share by sex is among the 95 who said
    women = row(result, "sex", "F")
    assert women.share == pytest.approx(50 / 95)
    assert result.unknown == {"age_band": 0, "sex": 5}
    assert result.n == 100


def test_the_weight_is_what_brings_a_category_to_its_residents():
    ages = zip(MARGINS["age_band"], (5, 20, 10, 15), strict=True)
    result = found({(age, sex): n for age, n in ages for sex in "FM"})
    for r in result.rows:
        if r.variable == "age_band":
            assert r.weight == pytest.approx(1 / r.ratio, rel=1e-4)
    one = found({(age, sex): 10 for age in MARGINS["age_band"] for sex in "FM"})
    assert one.weights.deff > 1
    even = found({("18-29", "F"): 20, ("30-44", "F"): 30, ("45-59", "M"): 30, ("60+", "M"): 20})
    assert [r.weight for r in even.rows] == pytest.approx([1.0] * 6)
    assert even.weights.deff == pytest.approx(1)


def test_a_silent_category_is_named_with_what_becomes_of_it():
    result = found({("30-44", "F"): 20, ("45-59", "F"): 20, ("60+", "F"): 20})
    silent = row(result, "age_band", "18-29")
    assert (silent.n, silent.ratio, silent.gap, silent.weight) == (0, 0, pytest.approx(-20), None)
    named = [n.params["category"] for n in result.notes if n.code == "category_without_respondents"]
    assert named == ["18-29", "M"]
    codes = {note.code for note in result.notes}
    assert {"collapsed", "dropped_empty"} <= codes


def test_nobody_answered_is_a_result_without_shares():
    result = found({})
    assert result.n == 0
    for r in result.rows:
        assert (r.n, r.share, r.ratio, r.gap, r.weight) == (0, None, None, None, None)
        assert r.resident_share is not None


def test_a_category_the_margin_does_not_have_is_shown_without_residents():
    result = found({("30-44", "F"): 5, ("16-17", "F"): 3})
    odd = row(result, "age_band", "16-17")
    assert (odd.n, odd.residents, odd.ratio, odd.gap) == (3, None, None, None)


def test_no_margins_no_rows():
    assert found({("30-44", "F"): 5}, {}).rows == ()


@pytest.mark.parametrize("counts", [[-1], [1, 2]], ids=["negative", "too-many"])
def test_bad_counts(counts):
    with pytest.raises(AnalysisError) as caught:
        coverage([{"sex": "F"}], np.array(counts), {"sex": {"F": 1}}, policy=POLICY)
    assert caught.value.code == "bad_counts"


@given(
    st.dictionaries(
        st.tuples(st.sampled_from([*MARGINS["age_band"], "unknown"]), st.sampled_from("FM")),
        st.integers(0, 50),
        min_size=1,
    )
)
def test_shares_sum_to_one_and_gaps_to_zero(people):
    result = found(people)
    for variable in MARGINS:
        rows = [r for r in result.rows if r.variable == variable]
        if any(r.n for r in rows):
            assert sum(r.share for r in rows) == pytest.approx(1)
            assert sum(r.gap for r in rows) == pytest.approx(0, abs=1e-9)
        assert sum(r.n for r in rows) + result.unknown[variable] == result.n


def test_a_cube_gives_the_streams_apart():
    street = answers_cube("S", np.random.default_rng(3), n={"slip": 40, "poster": 90})
    streams = street_coverage(street, policy=POLICY)
    assert {name: c.n for name, c in streams.items()} == {"A": 40, "B": 90}


def returns(*rows):
    return response_rates([PointReturns(*r) for r in rows])


def test_response_rate_is_valid_over_invited_and_the_lowest():
    rates = returns(("p1", 200, 60, 50), ("p2", 100, 10, 10))
    assert [r.rate for r in rates.points] == pytest.approx([0.25, 0.1])
    assert rates.points[0].rate_with_partial == pytest.approx(0.3)
    assert (rates.total.invited, rates.total.valid) == (300, 60)
    assert rates.total.rate == pytest.approx(0.2)
    assert rates.left_out == ()


def test_points_without_a_rate_are_not_in_the_total_and_say_why():
    rates = returns(
        ("good", 100, 30, 20), ("poster", None, 80, 70), ("passed on", 20, 31, 30), ("new", 0, 0, 0)
    )
    assert rates.total.rate == pytest.approx(0.2)
    assert {r.params["point"]: r.code for r in rates.left_out} == {
        "poster": "invitations_not_recorded",
        "passed on": "more_answers_than_invited",
        "new": "nobody_invited",
    }
    assert [r.rate for r in rates.points[1:]] == [None, None, None]


def test_no_recorded_invitation_at_all():
    rates = returns(("poster", None, 80, 70))
    assert (rates.total.rate, rates.total.missing_because) == (None, "invitations_not_recorded")
    assert returns().total.rate is None


@pytest.mark.parametrize("row", [("p", 10, 3, 4), ("p", -1, 0, 0), ("p", 10, 0, -1)], ids=str)
def test_impossible_returns(row):
    with pytest.raises(AnalysisError) as caught:
        returns(row)
    assert caught.value.params["point"] == "p"


def test_dont_know_is_not_silence():
    (item,) = item_responses(100, {"party": {"5": 50, "1": 20, "dk": 12}}, policy=POLICY)
    assert (item.opinion, item.dont_know, item.skipped) == (70, 12, 18)
    assert item.dont_know_share == pytest.approx(0.12)
    assert item.nonresponse_share == pytest.approx(0.18)


def test_item_response_of_nobody_and_of_too_many():
    (item,) = item_responses(0, {"party": {}}, policy=POLICY)
    assert (item.skipped, item.nonresponse_share) == (0, None)
    with pytest.raises(AnalysisError, match="party"):
        item_responses(3, {"party": {"5": 4}}, policy=POLICY)


def test_item_response_from_a_cube():
    street = answers_cube("S", np.random.default_rng(3), n={"slip": 40, "poster": 90})
    items = street_item_responses(street, policy=POLICY)
    assert [i.indicator for i in items] == list(POLICY.indicators)
    assert all((i.valid, i.skipped) == (130, 0) for i in items)
