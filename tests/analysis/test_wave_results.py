"""All streets of a wave: which stream speaks, how they combine, what adds up, what is withheld."""

from __future__ import annotations

import dataclasses
import math
import time

import numpy as np
import pytest

from analysis.streets import street_result, wave_result
from analysis.types import AnalysisError
from analysis.waves import change, pool_waves
from tests.analysis.builders import INDICATORS, answers_cube, policy

BOTH = {"slip": 120, "poster": 200}


@pytest.fixture(scope="module")
def combined():
    rng = np.random.default_rng(11)
    cubes = [answers_cube(f"S{i}", rng, n=BOTH, level=3.6 + 0.1 * i, bias=0.4) for i in range(6)]
    cubes.append(answers_cube("open", rng, n={"poster": 150}, bias=0.4))
    cubes.append(answers_cube("random", rng, n={"cati": 150}))
    cubes.append(answers_cube("none", rng, n={}))
    return wave_result(cubes, policy())


def test_streams_are_combined_and_the_open_stream_is_shifted(combined):
    assert combined.combination.combined
    assert combined.combination.delta > 3
    street = combined.streets["S3"]
    assert street.basis == "combined"
    assert 0 < street.phi < 1
    a, b = street.streams["A"].public, street.streams["B"].public
    expected = street.phi * a.value + (1 - street.phi) * (b.value - combined.combination.delta)
    assert street.public.value == pytest.approx(expected)
    assert street.public.n == a.n + b.n
    assert street.public.n_effective <= a.n_effective + b.n_effective + 1e-9


def test_indicators_add_up_to_the_public_score_after_combination(combined):
    for code in ("S0", "S5", "open", "random"):
        street = combined.streets[code]
        total = sum(0.2 * street.indicators[name].value for name in INDICATORS)
        assert street.public.value == pytest.approx(total, abs=1e-9)
        shares = sum(0.2 * street.shares[name].satisfied.value for name in INDICATORS)
        assert street.public_shares.satisfied.value == pytest.approx(shares, abs=1e-6)


def test_street_without_a_random_stream_is_published_but_never_ranked(combined):
    street = combined.streets["open"]
    assert (street.basis, street.phi) == ("open", 0)
    assert (street.ranked, street.not_ranked_because) == (False, "no_random_stream")
    assert street.public.suppressed_because is None
    own = street.streams["B"].public
    assert street.public.value == pytest.approx(own.value - combined.combination.delta)
    assert street.public.se > math.sqrt(own.se**2 + combined.combination.tau2)


def test_street_with_the_random_stream_alone_keeps_its_own_interval(combined):
    street = combined.streets["random"]
    assert street.basis == "random"
    own = street.streams["A"].public
    for name in ("value", "low", "high", "n", "n_effective", "se", "random"):
        assert getattr(street.public, name) == pytest.approx(getattr(own, name)), name
    assert street.public.random


def test_street_with_nothing_has_a_reason(combined):
    street = combined.streets["none"]
    assert (street.basis, street.public.value) == ("none", None)
    assert street.public.suppressed_because == "no_answers"


def test_streets_share_the_uncertainty_of_the_shift(combined):
    i, j = combined.codes.index("S0"), combined.codes.index("S1")
    rest = [1 - combined.streets[c].phi for c in ("S0", "S1")]
    expected = rest[0] * rest[1] * combined.combination.variance_delta
    assert combined.covariance[i, j] == pytest.approx(expected)
    assert combined.covariance[i, i] == pytest.approx(combined.streets["S0"].public.se ** 2)
    k = combined.codes.index("random")
    assert combined.covariance[i, k] == 0


def test_district_with_a_silent_street_is_not_made_up(combined):
    assert combined.district.value is None
    assert combined.district.suppressed_because == "street_without_index"


def test_every_number_is_finite_and_inside_its_interval(combined):
    for street in combined.streets.values():
        estimates = [street.public, *street.indicators.values()]
        for shares in [*street.shares.values(), street.public_shares]:
            if shares is not None:
                estimates += [getattr(shares, f.name) for f in dataclasses.fields(shares)]
        for e in estimates:
            if e.value is not None:
                assert math.isfinite(e.value)
                assert e.low <= e.value <= e.high


def test_too_few_streets_with_both_streams_are_not_combined():
    rng = np.random.default_rng(2)
    cubes = [answers_cube(f"S{i}", rng, n=BOTH) for i in range(4)]
    cubes.append(answers_cube("open", rng, n={"poster": 80}))
    cubes.append(answers_cube("thin", rng, n={"slip": 12, "poster": 80}))
    found = wave_result(cubes[:4] + cubes[4:5], policy())
    assert not found.combination.combined
    assert found.combination.reason.code == "too_few_streets_with_both_streams"
    assert found.combination.reason.params == {"streets": 4, "needed": 5}
    assert found.streets["S0"].basis == "random"
    assert found.streets["S0"].public == found.streets["S0"].streams["A"].public
    assert found.streets["open"].basis == "open"
    # A random stream too thin to publish leaves the open one to speak, and the street unranked.
    alone = street_result(cubes[5], policy())
    assert alone.basis == "open"
    assert not alone.ranked


def test_district_is_the_mean_by_population():
    rng = np.random.default_rng(4)
    cubes = [
        answers_cube("A", rng, n={"cati": 60}, level=4.5, population=3000),
        answers_cube("B", rng, n={"cati": 60}, level=2.5, population=1000),
    ]
    found = wave_result(cubes, policy())
    a, b = (found.streets[c].public for c in "AB")
    assert found.district.value == pytest.approx(0.75 * a.value + 0.25 * b.value)
    assert found.district.se**2 == pytest.approx((0.75 * a.se) ** 2 + (0.25 * b.se) ** 2)
    assert found.district.random


def test_unequal_brigading_takes_the_open_streams_weight_away():
    def wave(extra):
        rng = np.random.default_rng(8)
        return wave_result(
            [
                answers_cube(f"S{i}", rng, n=BOTH, level=3.5, bias=extra if i == 0 else 0.0)
                for i in range(8)
            ],
            policy(),
        )

    fair, stuffed = wave(0.0), wave(1.5)
    assert stuffed.combination.tau2 > 2 * fair.combination.tau2
    assert stuffed.streets["S1"].phi > fair.streets["S1"].phi
    raw = (
        stuffed.streets["S0"].streams["B"].public.value
        - fair.streets["S0"].streams["B"].public.value
    )
    assert stuffed.streets["S0"].public.value - fair.streets["S0"].public.value < raw / 3


def test_suppression_keeps_the_value_and_names_the_threshold():
    rng = np.random.default_rng(1)
    street = street_result(answers_cube("S", rng, n={"slip": 29}), policy())
    assert street.public.value is not None
    assert street.public.suppressed_because == "indicator_n_below_30"
    assert street.indicators["party"].suppressed_because == "n_below_30"
    assert street.shares["party"].satisfied.suppressed_because == "n_below_30"
    assert street.not_ranked_because == "n_effective_below_100"


def test_dont_know_has_a_rate_and_no_score():
    rng = np.random.default_rng(1)
    base = answers_cube("S", rng, n={"cati": 60})
    key = next(iter(base.strata))
    street = street_result(
        dataclasses.replace(base, answers=[*base.answers, ("party", key, "cati", "dk", 20)]),
        policy(),
    )
    plain = street_result(base, policy())
    assert street.shares["party"].dont_know.value > 0.15
    assert street.shares["urban"].dont_know.value == 0
    assert street.shares["party"].satisfied.value == pytest.approx(
        plain.shares["party"].satisfied.value
    )
    assert street.public == plain.public


def test_street_twice_is_a_worded_error():
    cube = answers_cube("S", np.random.default_rng(1), n={"cati": 20})
    with pytest.raises(AnalysisError, match="twice"):
        wave_result([cube, cube], policy())


def test_equal_answers_without_a_floor_are_not_combined_and_not_an_error():
    rng = np.random.default_rng(1)
    cubes = [answers_cube(f"S{i}", rng, n=BOTH, level=50.0) for i in range(6)]
    found = wave_result(cubes, policy(sd_floor=0))
    assert not found.combination.combined
    assert found.streets["S0"].public.value == 100
    assert wave_result(cubes, policy()).combination.combined


def test_no_street_at_all_gives_an_empty_result():
    found = wave_result([], policy())
    assert found.streets == {}
    assert found.district.value is None


def test_pool_and_change_of_two_waves():
    rng = np.random.default_rng(6)
    now, before = (
        street_result(answers_cube("S", rng, n={"cati": 200}, level=level), policy()).public
        for level in (4.2, 3.4)
    )
    pooled = pool_waves([now, before], [0.25, 0.75], policy=policy())
    assert pooled.value == pytest.approx(0.25 * now.value + 0.75 * before.value)
    assert pooled.se**2 == pytest.approx((0.25 * now.se) ** 2 + (0.75 * before.se) ** 2)
    difference = change(now, before, policy=policy())
    assert difference.value == pytest.approx(now.value - before.value)
    assert difference.low < difference.value < difference.high
    assert difference.clear
    with pytest.raises(AnalysisError, match="sum to 1"):
        pool_waves([now, before], [0.5, 0.6], policy=policy())


def test_time_does_not_grow_with_the_number_of_answers():
    rng = np.random.default_rng(9)
    small = [answers_cube(f"S{i}", rng, n={"slip": 300, "poster": 600}) for i in range(11)]
    factor = 1000

    def enlarge(cube):
        def sums(table, keys):
            return [(*row[:keys], *(v * factor for v in row[keys:])) for row in table]

        return dataclasses.replace(
            cube,
            responses=sums(cube.responses, 3),
            moments=sums(cube.moments, 4),
            answers=sums(cube.answers, 4),
            clusters=sums(cube.clusters, 4),
        )

    large = [enlarge(cube) for cube in small]
    timed = {}
    for name, cubes in (("small", small), ("large", large)):
        runs = []
        for _ in range(5):
            start = time.process_time()
            result = wave_result(cubes, policy())
            runs.append(time.process_time() - start)
        timed[name] = min(runs)
        assert result.combination.combined
    assert timed["large"] < 2.5 * timed["small"]
    assert timed["large"] < 0.25
