"""How many more answers would settle a place: exact, minimal, and honest about what it cannot."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analysis.ranking import lowest_z, verify_top
from analysis.settling import StreetPrecision, settle_last, settle_top, street_precision
from analysis.streets import wave_result
from analysis.types import AnalysisError
from tests.analysis.builders import DIRECT, PUBLIC, PUBLIC_SE, answers_cube, policy

POLICY = policy()
NO_SAMPLE = policy(last_n_effective=0)


def example(direct_variance=2.25, n=100, n_effective=100.0, **changes):
    """The eleven streets of worked examples 6 to 8; ``S09=(direct, public, se)`` changes one."""
    found = []
    for i, row in enumerate(zip(DIRECT, PUBLIC, PUBLIC_SE, strict=True)):
        code = f"S{i + 1:02}"
        direct, public, se = changes.get(code, row)
        score = 0.6 * direct + 0.4 * public
        found.append(StreetPrecision(code, score, public, direct_variance, se**2, n, n_effective))
    return found


def after(streets, plan):
    """Answers by street once the plan is carried out."""
    then = {step.street: step.answers_then for step in plan.steps}
    return {s.code: then.get(s.code, s.random_n) for s in streets}


def holds(streets, answers, p):
    """Whether the last place would stand, by the functions of the verdict itself."""
    score = np.array([s.score for s in streets])
    public = np.array([s.public for s in streets])
    v = np.array([s.score_variance(answers[s.code], p.alpha) for s in streets])
    v_public = np.array([s.public_variance(answers[s.code]) for s in streets])
    last = int(np.argmin(score))
    sample = all(
        s.n_effective * answers[s.code] / s.random_n >= p.last_n_effective - 1e-9 for s in streets
    )
    return (
        sample
        and lowest_z(score, v, last) >= p.last_z
        and lowest_z(public, v_public, last) >= p.last_public_z
    )


def test_example_8_cannot_be_settled_by_answers_because_of_the_direct_scores():
    plan = settle_last(example(), policy=POLICY)
    assert not plan.possible
    assert (plan.total, plan.steps) == (None, ())
    found = {r.params["rival"]: r for r in plan.reasons}
    assert {r.code for r in plan.reasons} == {"direct_error_too_large"}
    # S09 against S05: F differs by .42, which allows .42/2.5758; the direct scores bring 1.27.
    assert found["S05"].params["direct_se"] == pytest.approx(0.6 * math.sqrt(4.5))
    assert found["S05"].params["allowed_se"] == pytest.approx(0.42 / 2.5758)
    assert set(found) == {"S03", "S05", "S07"}


def test_example_8_with_exact_direct_scores_needs_fifteen_thousand_answers():
    pair = [s for s in example(direct_variance=0) if s.code in ("S05", "S09")]
    plan = settle_last(pair, policy=NO_SAMPLE)
    # The fewest are n = √c(√c_s + √c_j)/room with room = (.42/2.5758)²/.16 and √c = 26 and 24.
    room = (0.42 / 2.5758) ** 2 / 0.16
    assert room == pytest.approx(0.166171, abs=1e-6)
    answers = after(pair, plan)
    assert answers["S09"] == pytest.approx(26 * 50 / room, abs=2)
    assert answers["S05"] == pytest.approx(24 * 50 / room, abs=2)
    assert sum(answers.values()) == math.ceil(50 * 50 / room)
    assert plan.total == sum(answers.values()) - 200
    assert plan.z_then == pytest.approx(2.5758, abs=1e-3)
    assert holds(pair, answers, NO_SAMPLE)


def test_streets_that_are_far_enough_are_not_asked_again():
    plan = settle_last(example(S09=(86, 68, 2.6)), policy=POLICY)
    assert [step.street for step in plan.steps] == ["S05", "S09"]
    for step in plan.steps:
        assert step.because == ("not_far_enough", "not_last_on_public_score")
        assert step.additional == step.answers_then - step.answers_now
        now = next(s for s in example(S09=(86, 68, 2.6)) if s.code == step.street)
        assert step.random_variance_then == pytest.approx(
            now.random_variance * 100 / step.answers_then
        )


def test_a_place_that_stands_needs_nothing():
    plan = settle_last(example(S09=(86, 60.8, 1.4)), policy=POLICY)
    assert (plan.possible, plan.total, plan.steps) == (True, 0, ())
    assert plan.z_then == pytest.approx(4.178173, abs=1e-4)
    assert plan.z_public_then == pytest.approx(4.138941, abs=1e-4)


def test_the_effective_sample_alone():
    streets = example(n=200, n_effective=80.0, S09=(86, 60.8, 1.4))
    plan = settle_last(streets, policy=POLICY)
    assert len(plan.steps) == 11
    assert {step.additional for step in plan.steps} == {50}
    assert {step.n_effective_then for step in plan.steps} == {100.0}
    assert {step.because for step in plan.steps} == {("sample_too_small",)}


@pytest.mark.parametrize(
    ("streets", "codes"),
    [
        ([], {"single_street"}),
        (example()[:1], {"single_street"}),
        ([*example(0, S09=(90.1, 72.3, 2.4))], {"tie", "lower_on_public_score"}),
        (example(0, S09=(80.0, 73.0, 2.0)), {"lower_on_public_score"}),
        (
            [*example(0)[:10], dataclasses.replace(example(0)[10], random_n=0)],
            {"no_random_answers"},
        ),
        (
            [dataclasses.replace(s, residents=3000.0) for s in example(0)],
            {"beyond_residents"},
        ),
        (
            [dataclasses.replace(s, residents=50.0, n_effective=90.0) for s in example(0)],
            {"beyond_residents"},
        ),
        (example(direct_variance=25), {"direct_error_too_large"}),
    ],
    ids=["none", "one", "tie", "public", "silent", "people", "few-people", "direct"],
)
def test_what_no_number_of_answers_can_settle(streets, codes):
    plan = settle_last(streets, policy=POLICY)
    assert not plan.possible
    assert plan.total is None
    assert {reason.code for reason in plan.reasons} == codes


def test_alpha_of_one_leaves_the_blend_to_the_direct_scores():
    streets = example(S09=(80.0, 70.0, 2.6))
    assert settle_last(streets, policy=policy(alpha=1)).possible
    assert not settle_last(example(), policy=policy(alpha=1)).possible


def test_residents_are_a_bound_that_moves_the_load_to_the_rival():
    streets = example(S09=(86, 68, 2.6))
    free = settle_last(streets, policy=POLICY)
    assert after(streets, free)["S09"] > 170
    bound = [dataclasses.replace(s, residents=150.0) if s.code == "S09" else s for s in streets]
    plan = settle_last(bound, policy=POLICY)
    answers = after(bound, plan)
    assert answers["S09"] <= 150
    assert answers["S05"] > after(streets, free)["S05"]
    assert plan.total >= free.total
    assert holds(bound, answers, POLICY)


def test_the_open_stream_saves_answers():
    alone = [s for s in example(0, S09=(86, 68, 2.6)) if s.code in ("S05", "S09")]
    helped = [
        dataclasses.replace(s, open_variance=9.5, random_variance=s.random_variance * 1.4)
        for s in alone
    ]
    strict = policy(last_z=4.5, last_n_effective=0)
    without = [dataclasses.replace(s, open_variance=None) for s in helped]
    assert 0 < settle_last(helped, policy=strict).total < settle_last(without, policy=strict).total


def test_bad_input_is_worded():
    one = example()[0]
    for change in (
        {"score": math.nan},
        {"random_variance": 0.0},
        {"random_variance": -1.0},
        {"open_variance": 0.0},
        {"n_effective": 0.0},
        {"direct_variance": math.inf},
    ):
        with pytest.raises(AnalysisError, match="S01"):
            settle_last([dataclasses.replace(one, **change)], policy=POLICY)
    with pytest.raises(AnalysisError, match="twice"):
        settle_last([one, one], policy=POLICY)


@st.composite
def groups(draw):
    count = draw(st.integers(2, 5))
    found = []
    for i in range(count):
        public = draw(st.floats(60, 90))
        n = draw(st.integers(20, 400))
        found.append(
            StreetPrecision(
                code=f"S{i}",
                score=0.4 * public + 0.6 * draw(st.floats(85, 95)),
                public=public,
                direct_variance=draw(st.sampled_from([0.0, 0.2])),
                random_variance=draw(st.floats(100, 900)) / n,
                random_n=n,
                n_effective=n / draw(st.floats(1, 2)),
                open_variance=draw(st.sampled_from([None, 9.5, 20.0])),
                shift_variance=draw(st.sampled_from([0.0, 2.0])),
                residents=draw(st.sampled_from([None, 30000.0])),
            )
        )
    return found


@settings(deadline=None, max_examples=150)
@given(groups())
def test_a_plan_reaches_the_target_and_no_answer_can_be_spared(streets):
    plan = settle_last(streets, policy=POLICY)
    assume(plan.possible)
    answers = after(streets, plan)
    assert holds(streets, answers, POLICY)
    for step in plan.steps:
        assert not holds(streets, {**answers, step.street: step.answers_then - 1}, POLICY)


@settings(deadline=None, max_examples=60)
@given(groups(), st.randoms(use_true_random=False))
def test_the_order_of_streets_does_not_matter(streets, random):
    mixed = list(streets)
    random.shuffle(mixed)
    for settle in (settle_last, settle_top):
        one, other = settle(streets, policy=POLICY), settle(mixed, policy=POLICY)
        assert one.total == other.total
        assert one.streets == other.streets
        assert {s.street: s for s in one.steps} == {s.street: s for s in other.steps}


@settings(deadline=None, max_examples=60)
@given(groups(), st.floats(0.5, 3), st.floats(0, 1.5))
def test_a_stricter_target_never_needs_fewer(streets, z, more):
    loose = settle_last(streets, policy=policy(last_z=z))
    strict = settle_last(streets, policy=policy(last_z=z + more))
    if strict.possible:
        assert loose.possible
        assert loose.total <= strict.total


@settings(deadline=None, max_examples=25)
@given(groups())
def test_the_total_is_the_smallest_of_all(streets):
    """Against trying every number of answers of the lowest street."""
    p = policy(last_n_effective=0, last_z=1.5, last_public_z=1.0)
    plan = settle_last(streets, policy=p)
    assume(plan.possible and plan.total < 600)
    last = min(streets, key=lambda s: s.score)
    best = math.inf
    for n in range(last.random_n, last.random_n + plan.total + 1):
        total = n - last.random_n
        for rival in (s for s in streets if s is not last):
            low, high = rival.random_n, rival.random_n + plan.total + 1
            while low < high:
                middle = (low + high) // 2
                pair = [last, rival]
                met = holds(pair, {last.code: n, rival.code: middle}, p)
                low, high = (low, middle) if met else (middle + 1, high)
            total += low - rival.random_n
        best = min(best, total)
    assert plan.total == best


def test_a_street_of_a_wave_has_the_precision_of_its_result():
    """V(P) by the formula of the plan is that of the combination of the streams (method §5)."""
    rng = np.random.default_rng(11)
    both = {"slip": 120, "poster": 200}
    cubes = [answers_cube(f"S{i}", rng, n=both, level=3.6 + 0.1 * i, bias=0.4) for i in range(6)]
    cubes.append(answers_cube("open", rng, n={"poster": 150}, bias=0.4))
    cubes.append(answers_cube("random", rng, n={"cati": 150}))
    cubes.append(answers_cube("none", rng, n={}))
    wave = wave_result(cubes, POLICY)

    def precision(code):
        return street_precision(
            wave.streets[code], wave.combination, score=80.0, direct_variance=2.25
        )

    for code in ("S0", "S3", "random"):
        found, result = precision(code), wave.streets[code]
        assert found.random_n == result.streams["A"].n
        assert found.public_variance(found.random_n) == pytest.approx(result.public.se**2)
        assert found.n_effective == result.n_effective_random
    assert precision("S0").open_variance > 9
    assert precision("random").open_variance is None
    plan = settle_last([precision("S0"), precision("open")], policy=POLICY)
    assert ("no_random_answers", "open") in {(r.code, r.params.get("street")) for r in plan.reasons}
    with pytest.raises(AnalysisError, match="none"):
        precision("none")


def test_worked_example_4_gives_the_standard_errors_of_the_combination():
    rows = zip(
        (2.1, 2.4, 1.9, 2.7, 2.2, 2.0),
        (0.9, 0.7, 0.8, 1.5, 0.6, 0.8),
        (1.810379, 1.983227, 1.675685, 2.191238, 1.863955, 1.742763),
        strict=True,
    )
    for a, b, expected in rows:
        street = StreetPrecision("S", 0, 0, 0, a**2, 100, 100.0, b**2 + 9, 2.444732)
        assert math.sqrt(street.public_variance(100)) == pytest.approx(expected, abs=1e-4)


@settings(deadline=None, max_examples=100)
@given(groups(), st.integers(1, 4))
def test_answers_and_variance_are_inverse(streets, factor):
    for street in streets:
        n = street.random_n * factor
        assert street.answers_at(street.public_variance(n)) == pytest.approx(n, rel=1e-9)


def test_first_place_of_example_8():
    streets = example(direct_variance=0)
    plan = settle_top(streets, policy=POLICY)
    assert plan.streets == ("S06",)
    score = np.array([s.score for s in streets])

    def z(answers):
        v = np.array([s.score_variance(answers[s.code], 0.6) for s in streets])
        return verify_top(score, v, 1)[1]

    answers = after(streets, plan)
    assert z(answers) == pytest.approx(plan.z_then)
    assert plan.z_then >= 1.96
    for step in plan.steps:
        assert z({**answers, step.street: step.answers_then - 1}) < 1.96


@settings(deadline=None, max_examples=40)
@given(groups(), st.integers(2, 3))
def test_first_places_hold_under_the_plan_and_no_street_can_spare_one(streets, k):
    p = policy(top_k=k)
    plan = settle_top(streets, policy=p)
    assume(plan.possible)
    score = np.array([s.score for s in streets])

    def z(answers):
        v = np.array([s.score_variance(answers[s.code], 0.6) for s in streets])
        return verify_top(score, v, k)[1]

    answers = after(streets, plan)
    assert z(answers) >= 1.96 - 1e-9
    for step in plan.steps:
        assert z({**answers, step.street: step.answers_then - 1}) < 1.96


def test_two_first_places_are_near_the_minimum():
    streets = [
        StreetPrecision(code, score, score, 0.0, v / n, n, float(n))
        for code, score, v, n in (
            ("a", 84.0, 400.0, 10),
            ("b", 82.0, 300.0, 10),
            ("c", 76.0, 500.0, 10),
            ("d", 75.0, 200.0, 10),
        )
    ]
    p = policy(top_k=2, alpha=0)
    plan = settle_top(streets, policy=p)
    best = math.inf
    grid = range(10, 120, 1)

    def needed(street, room):
        return max(10, math.ceil(street.answers_at(room))) if room > 0 else math.inf

    for a, b in itertools.product(grid, grid):
        spent = streets[0].public_variance(a), streets[1].public_variance(b)
        others = [
            max(
                needed(low, ((high.score - low.score) / 1.96) ** 2 - used)
                for high, used in zip(streets[:2], spent, strict=True)
            )
            for low in streets[2:]
        ]
        best = min(best, a + b + sum(others) - 40)
    assert best <= plan.total <= best + 4


def test_everyone_is_first():
    plan = settle_top(example(), policy=policy(top_k=11))
    assert (plan.possible, plan.reasons[0].code) == (False, "nobody_outside")
    tied = example(0, S02=(95.1, 83, 1.1))
    assert settle_top(tied, policy=POLICY).reasons[0].code == "tie"
