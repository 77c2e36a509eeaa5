"""The worked examples of the method, each to 1e-4."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.adjustment import ThemeRecord, adjust_public, theme_effect, wilson_lower
from analysis.disclosure import feasible_range, suppress
from analysis.evaluation import evaluate
from analysis.ranking import shrunken_chances
from analysis.shares import stream_shares
from analysis.streams import combine, random_share, stream_bias
from analysis.weights import stratum_weights
from tests.analysis.builders import (
    CLEAR_LAST,
    cells_of,
    cube,
    example_streets,
    one_indicator,
    policy,
    weighted_estimates,
)


def near(expected):
    return pytest.approx(expected, abs=1e-4)


def test_example_1_index_shares_and_second_map():
    counts = {"5": 40, "4": 35, "3": 15, "2": 6, "1": 4}
    p = one_indicator()
    points = [[25 * (int(x) - 1)] for x, n in counts.items() for _ in range(n)]
    street = cube(points)
    public = weighted_estimates(street, p).public
    assert (public.value, public.se) == (near(75.25), near(2.6943))
    assert (public.low, public.high) == (near(69.9038), near(80.5962))
    assert public.df == 99
    key = next(iter(street.strata))
    rows = [("a", key, "cati", option, n) for option, n in counts.items()]
    answered = type(street)(street.code, street.strata, street.responses, street.moments, rows)
    shares = stream_shares(cells_of(answered, p), np.ones(1), policy=p, random=True)["a"]
    assert shares.satisfied.value == near(0.90)
    assert shares.satisfied_strict.value == near(0.75)
    assert shares.dissatisfied.value == near(0.10)
    assert shares.mapped_index.value == near(78.8)


def test_example_2_raking():
    age, sex = "AAAAAABBBCCC", "MMFFFFMFFMFF"
    y = [75, 50, 100, 75, 75, 100, 50, 75, 25, 50, 25, 75]
    margins = {"age": {"A": 0.45, "B": 0.27, "C": 0.28}, "sex": {"M": 0.5, "F": 0.5}}
    strata = [{"age": a, "sex": s} for a, s in zip(age, sex, strict=True)]
    street = cube([[v] for v in y], strata=strata, margins=margins)
    p = one_indicator()
    cells = cells_of(street, p)
    weights, report = stratum_weights(cells.strata, cells.n, margins, policy=p)
    found = {s["age"] + s["sex"]: w for s, w in zip(cells.strata, weights, strict=True)}
    expected = {"AM": 1.35, "AF": 0.675, "BM": 1.62, "BF": 0.81, "CM": 1.68, "CF": 0.84}
    assert found == near(expected)
    assert (report.deff, report.n_effective) == (near(1.136475), near(10.5590))
    public = weighted_estimates(street, p).public
    assert (public.value, public.se**2, public.se) == (near(61.25), near(36.7574), near(6.0628))
    assert (public.low, public.high) == (near(47.6563), near(74.8437))


def test_example_3_public_score_keeps_the_covariance_of_the_indicators():
    rows = [
        [75, 50, 100, 75, 75],
        [50, 25, None, 50, 75],
        [100, 75, 100, 75, 100],
        [75, 75, 50, None, 75],
        [25, 0, 50, 25, 50],
        [None, 50, 75, 75, 75],
        [100, 100, 100, 100, 100],
        [50, 50, 75, 50, None],
    ]
    weights = [1.2, 0.8, 1, 1.5, 0.7, 1.1, 0.9, 0.8]
    p = policy(
        omega=dict(zip("abcde", (0.2, 0.3, 0.2, 0.15, 0.15), strict=True)),
        base_weights={"row": {str(i): w for i, w in enumerate(weights)}},
    )
    strata = [{"row": str(i)} for i in range(8)]
    found = weighted_estimates(cube(rows, names="abcde", strata=strata), p)
    indices = [e.value for e in found.indicators.values()]
    assert indices == near([71.0145, 56.5625, 78.1250, 66.9231, 79.1667])
    assert (found.public.value, found.public.se) == (near(68.7101), near(7.0870))


def test_example_4_two_streams():
    a = np.array([78, 71.5, 82.3, 69, 75.2, 80.4])
    v_a = np.array([2.1, 2.4, 1.9, 2.7, 2.2, 2.0]) ** 2
    b = np.array([86.1, 83, 88.5, 74.9, 90.3, 87.2])
    v_b = np.array([0.9, 0.7, 0.8, 1.5, 0.6, 0.8]) ** 2
    bias = stream_bias(a, v_a, b, v_b, floor=3)
    assert (bias.q, bias.tau2_unfloored, bias.tau2) == (near(12.2031), near(7.9450), 9)
    assert (bias.delta, bias.variance_delta) == (near(8.976539), near(2.444732))
    phi = random_share(v_a, v_b, bias.tau2)
    assert phi == near([0.689873, 0.622295, 0.727547, 0.606796, 0.659155, 0.706745])
    both = combine(
        a,
        v_a,
        b,
        v_b,
        phi=phi,
        delta=bias.delta,
        variance_delta=bias.variance_delta,
        tau2=bias.tau2,
    )
    assert both.value == near([77.7282, 72.4531, 81.5435, 67.7903, 77.2872, 79.7617])
    se = np.sqrt(np.diag(both.covariance))
    assert se == near([1.810379, 1.983227, 1.675685, 2.191238, 1.863955, 1.742763])
    rest = 1 - phi
    assert both.covariance[0, 1] == near(rest[0] * rest[1] * bias.variance_delta)
    loose = stream_bias(a, v_a, b, v_b, floor=0)
    free = combine(
        a,
        v_a,
        b,
        v_b,
        phi=random_share(v_a, v_b, loose.tau2),
        delta=loose.delta,
        variance_delta=loose.variance_delta,
        tau2=loose.tau2,
    )
    assert np.sqrt(free.covariance[0, 0]) == near(1.785247)


def theme(label, m, p_d, r, **more):
    return ThemeRecord(
        "S01", "urban", label, m, 800, p_d, r, confirmed=True, notified_days=60, **more
    )


def test_example_5_themes():
    p = policy(omega={"urban": 1.0}, cap_public=100)
    effects = [
        theme_effect(t, p)
        for t in (
            theme("parking", 38, 0.03, 3),
            theme("rubbish", 21, 0.02, 2, state="plan"),
            theme("noise", 9, 0.01, 3),
            theme("stalls", 14, 0.01, 1),
            theme("building", 47, 0.02, 4),
        )
    ]
    assert [e.deduction for e in effects] == near([2.2778, 0.4259, 0, 0, 3.6296])
    assert [effects[i].lower_bound for i in (0, 1, 4)] == near([0.036582, 0.018429, 0.046504])
    assert [effects[i].share for i in (0, 1, 4)] == near([0.045556, 0.025556, 0.054444])
    found = adjust_public(71.3, {"urban": 71.3}, effects, p)
    assert (found.by_indicator["urban"], found.public) == (near(6.3333), near(64.9667))
    later = [
        theme_effect(theme("parking", 38, 0.03, 3, state="plan"), p),
        effects[1],
        theme_effect(theme("building", 47, 0.02, 4, solved=30, reasked=40), p),
    ]
    assert wilson_lower(30, 40) == near(0.624027)
    assert later[2].restoration == 1
    assert adjust_public(71.3, {"urban": 71.3}, later, p).public == near(69.7352)
    full = [theme_effect(theme(str(i), 80, 0.1, 4), p) for i in range(3)]
    assert [e.deduction for e in full] == near([4, 4, 4])
    assert adjust_public(71.3, {"urban": 71.3}, full, p).total == 8


def test_example_6_blend_effective_weights_and_standardised_direct_score():
    found = evaluate(example_streets(), policy())
    streets = list(found.streets.values())
    assert [s.blended for s in streets] == near(
        [86.78, 89.00, 84.56, 87.76, 82.98, 90.26, 85.76, 88.20, 82.56, 86.04, 85.88]
    )
    assert [s.se for s in streets] == near(
        [
            1.104355,
            1.02,
            1.177964,
            1.06,
            1.315903,
            1.001798,
            1.081665,
            1.039423,
            1.375354,
            1.128007,
            1.152562,
        ]
    )
    assert found.effective_weights.direct == near(0.413970)
    assert found.effective_weights.public == near(0.586030)
    standard = evaluate(example_streets(), policy(standardise_direct=True)).streets
    assert (standard["S09"].blended, standard["S09"].se) == (near(71.794318), near(2.412555))
    assert (standard["S05"].blended, standard["S05"].se) == (near(71.958941), near(2.379164))
    flipped = evaluate(example_streets(), policy(alpha=0.85))
    assert flipped.streets["S05"].blended == near(87.43)
    assert flipped.streets["S09"].blended == near(87.46)
    assert flipped.groups[""].last.street == "S05"


def test_example_7_chances():
    found = evaluate(example_streets(), policy())
    group = found.groups[""]
    assert (group.q, group.mu, group.tau2) == (near(42.744358), near(86.446233), near(4.099841))
    score = np.array([s.blended for s in found.streets.values()])
    variance = np.array([s.se**2 for s in found.streets.values()])
    chances = shrunken_chances(score, variance)
    assert chances.shrinkage[8] == near(0.315717)
    assert chances.mean[[8, 4]] == near([83.786950, 84.009270])
    assert np.sqrt(chances.variance[[8, 4]]) == near([1.158949, 1.122746])
    last = {code: street.p_last for code, street in found.streets.items()}
    assert [last[c] for c in ("S09", "S05", "S03")] == near([0.483576, 0.380736, 0.091728])
    same = shrunken_chances(np.array([80, 80.2, 79.9, 80.1]), np.full(4, 4.0))
    assert same.tau2 == 0
    assert same.chances == near(np.full((4, 4), 0.25))


def test_example_8_rank_sets_and_last_place():
    found = evaluate(example_streets(), policy())
    streets = list(found.streets.values())
    assert [s.rank_low for s in streets] == [1, 1, 2, 1, 3, 1, 1, 1, 3, 1, 1]
    assert [s.rank_high for s in streets] == [11, 9, 11, 11, 11, 8, 11, 11, 11, 11, 11]
    group = found.groups[""]
    assert not group.last.established
    assert group.last.street == "S09"
    assert (group.last.z_min, group.last.z_min_public) == (near(0.220650), near(0.423925))
    assert group.bottom_group == tuple(f"S{i:02}" for i in (1, 3, 4, 5, 7, 8, 9, 10, 11))
    assert not group.top.verified
    assert group.top.z_min == near(0.881313)
    clear = evaluate(
        example_streets(S09=CLEAR_LAST), policy(), previous_last={"": "S09"}, appeals=[]
    )
    worst, last = clear.streets["S09"], clear.groups[""].last
    assert (worst.blended, worst.se) == (near(75.92), near(1.06))
    assert (last.z_min, last.z_min_public) == (near(4.178173), near(4.138941))
    assert worst.p_last == near(0.999980)
    assert (worst.rank_low, worst.rank_high) == (11, 11)
    assert last.established


def test_example_9_suppression():
    table = np.array([[34, 12, 41], [8, 27, 15], [52, 19, 33]])
    hidden = suppress(table, threshold=10)
    assert set(zip(*np.nonzero(hidden), strict=True)) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert feasible_range(table, hidden, 1, 0) == (0, 35)
    assert feasible_range(table, hidden, 2, 2) == (33, 33)
