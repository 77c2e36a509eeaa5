"""The year: the pool's worked numbers, the verdict on it, and streets that cannot be pooled."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from analysis.bundle import POLICY, RESULTS, read_inputs, write_inputs
from analysis.bundle_public import (
    public_files,
    public_part,
    recompute_public,
    shown_groups,
    shown_year_groups,
)
from analysis.bundle_results import compare, results_document
from analysis.bundle_tables import EARLIER
from analysis.evaluation import Appeal
from analysis.types import AnalysisError, Estimate
from analysis.wave_evaluation import EvaluationInputs, StreetFacts, evaluate_wave
from analysis.year import evaluate_year
from analysis.year_records import StreetWave, WaveFigures
from tests.analysis.builders import answers_cube, policy

SCORES = {"S1": 60.0, "S2": 78.0, "S3": 80.0, "S4": 82.0, "S5": 84.0, "S6": 86.0}


def estimate(value, se=1.4, n=120, n_effective=100.0, **more):
    return Estimate(
        value, value - 2 * se, value + 2 * se, n, n_effective, se=se, df=n_effective - 1, **more
    )


def street(code, public, *, se=1.4, direct=None, taken=0.0, n_effective=80.0, **more):
    return StreetWave(
        code=code,
        group=more.pop("group", "urban"),
        public=estimate(public, se),
        adjusted=estimate(public - taken, se),
        direct=estimate(public + 10 if direct is None else direct, 1.5, n=3, n_effective=3.0),
        indicators={"party": estimate(public + 1, 2.0)},
        n_effective_random=n_effective,
        other_public=(public, se),
        **more,
    )


def wave(code, scores=SCORES, **more):
    return WaveFigures(code, "abc", {c: street(c, p, **more) for c, p in scores.items()})


def judged(*waves, excluded=(), appeals=(), **overrides):
    return evaluate_year(waves, policy(**overrides), excluded=excluded, appeals=appeals)


def test_worked_numbers_of_two_waves():
    """c = (1/2, 1/2): P = 61, V = (1.4² + 1.6²)/4 = 1.13; D = 71 ± 1.5 (the floor stays)."""
    now = wave("q2")
    before = wave("q1", {code: score + 2 for code, score in SCORES.items()}, se=1.6, taken=1.0)
    year = judged(now, before)
    assert (year.waves, year.weights, year.complete) == (("q2", "q1"), (0.5, 0.5), False)
    found = year.streets["S1"]
    assert found.pool.estimate.value == pytest.approx(61.0)
    assert found.pool.estimate.se == pytest.approx(math.sqrt(1.13))
    # F = .6·71 + .4·(61 − .5); V(F) = .36·2.25 + .16·1.13.
    assert found.direct.value == pytest.approx(71.0)
    assert found.blended.value == pytest.approx(0.6 * 71 + 0.4 * 60.5)
    assert found.blended.se == pytest.approx(math.sqrt(0.36 * 2.25 + 0.16 * 1.13))
    assert found.change.value == pytest.approx(-2.0)
    assert found.change.se == pytest.approx(math.sqrt(1.4**2 + 1.6**2))
    assert not found.change.clear
    assert [note.params["place"] for note in found.change.notes] == ["lowest"]
    assert found.indicators["party"].value == pytest.approx(62.0)
    assert found.indicator_changes["party"].value == pytest.approx(-2.0)


def test_the_same_assessors_errors_do_not_average_out_over_the_waves():
    """SE(D) = Σ c_t SE_t = .5·4 + .5·2 = 3, and not √(.25·16 + .25·4) = 2.24."""
    now, before = wave("q2"), wave("q1")
    streets = [
        {c: dataclasses.replace(s, direct=estimate(70.0, se, n=3)) for c, s in w.streets.items()}
        for w, se in ((now, 4.0), (before, 2.0))
    ]
    found = judged(
        dataclasses.replace(now, streets=streets[0]),
        dataclasses.replace(before, streets=streets[1]),
    ).streets["S1"]
    assert found.direct.se == pytest.approx(3.0)
    assert found.blended.se == pytest.approx(
        math.sqrt(0.36 * 3.0**2 + 0.16 * found.pool.estimate.se**2)
    )


def test_unequal_weights_are_those_of_the_policy():
    year = judged(
        wave("q2"), wave("q1", {c: s + 4 for c, s in SCORES.items()}), pool_weights=[0.75, 0.25]
    )
    assert year.complete
    assert year.streets["S2"].pool.estimate.value == pytest.approx(79.0)
    variance = (0.75**2 + 0.25**2) * 1.4**2
    assert year.streets["S2"].pool.estimate.se == pytest.approx(math.sqrt(variance))


def test_the_pool_reaches_a_sample_that_no_wave_has():
    """80 effective answers in each of two waves are 160 over the pool, so (i) is met."""
    last = judged(wave("q2"), wave("q1")).groups["urban"].last
    assert (last.street, last.established, last.reasons) == ("S1", True, ())
    assert (
        judged(wave("q2", n_effective=40.0), wave("q1", n_effective=60.0))
        .groups["urban"]
        .last.reasons[0]
        .code
        == "sample_too_small"
    )


def test_a_size_that_was_not_kept_leaves_the_sample_unmet():
    last = judged(wave("q2"), wave("q1", n_effective=None)).groups["urban"].last
    assert [reason.code for reason in last.reasons] == ["sample_too_small"]


def test_another_lowest_street_in_the_wave_before_undoes_it():
    turned = SCORES | {"S1": 76.0, "S2": 58.0}
    last = judged(wave("q2"), wave("q1", turned)).groups["urban"].last
    assert last.reasons[0].code == "not_far_enough"


def test_a_street_that_is_new_is_named_and_leaves_no_last_place():
    before = {code: score for code, score in SCORES.items() if code != "S3"} | {"S9": 70.0}
    year = judged(wave("q2"), wave("q1", before))
    assert year.streets["S3"].missing_in == ("q1",)
    assert year.streets["S3"].pool is None
    assert year.streets["S3"].change is None
    assert year.gone == ("S9",)
    reasons = year.groups["urban"].last.reasons
    assert ("street_without_score", {"streets": ["S3"]}) in [(r.code, r.params) for r in reasons]


def test_an_excluded_new_street_does_not_hinder_the_others():
    before = {code: score for code, score in SCORES.items() if code != "S3"}
    year = judged(wave("q2"), wave("q1", before), excluded=["S3"])
    assert year.groups["urban"].last.established


def test_an_open_appeal_of_the_lowest_street_blocks_and_of_another_does_not():
    own = judged(wave("q2"), wave("q1"), appeals=[Appeal("S1", "parking")]).groups["urban"]
    assert [reason.code for reason in own.last.reasons] == ["open_appeal"]
    other = judged(wave("q2"), wave("q1"), appeals=[Appeal("S4", "parking")]).groups["urban"]
    assert other.last.established


def test_a_wave_without_direct_score_leaves_no_blend_and_says_so():
    before = wave("q1")
    none = Estimate(None, None, None, 0, 0.0, suppressed_because="direct_missing")
    bare = {c: dataclasses.replace(s, direct=none) for c, s in before.streets.items()}
    year = judged(wave("q2"), dataclasses.replace(before, streets=bare))
    assert year.streets["S1"].pool.estimate.value == pytest.approx(60.0)
    assert year.streets["S1"].blended is None
    assert not year.groups["urban"].last.established


def test_other_questions_are_not_pooled():
    with pytest.raises(AnalysisError) as caught:
        judged(wave("q2"), dataclasses.replace(wave("q1"), questionnaire="xyz"))
    assert caught.value.code == "different_questionnaires"


@pytest.fixture(scope="module")
def inputs():
    """Six streets, S0 far below the others now and in the wave before."""
    rng = np.random.default_rng(8)
    cubes = tuple(
        answers_cube(f"S{i}", rng, n={"slip": 400}, level=1.6 if i == 0 else 3.4 + 0.1 * i)
        for i in range(6)
    )
    strata = {key: found for cube in cubes for key, found in cube.strata.items()}
    cubes = tuple(dataclasses.replace(cube, strata=strata) for cube in cubes)
    scores = {f"S{i}": 35.0 if i == 0 else 62.0 + i for i in range(6)}
    return EvaluationInputs(
        policy=policy(),
        streets=tuple(StreetFacts(f"S{i}", "urban", (60.0 + 5 * (i > 0),) * 3) for i in range(6)),
        accepted=cubes,
        appeals=(),
        wave="q2",
        earlier=(wave("q1", scores, direct=64.0),),
    )


def test_the_pool_meets_condition_v_of_the_wave(inputs):
    alone = evaluate_wave(dataclasses.replace(inputs, earlier=()))
    assert [r.code for r in alone.evaluation.groups["urban"].last.reasons] == ["single_wave"]
    assert alone.year is None
    last = evaluate_wave(inputs).evaluation.groups["urban"].last
    assert last.established
    waves = next(c for c in last.conditions if c.code == "single_wave")
    assert (waves.params["pool"], waves.params["pool_waves"]) == ("S0", 2)


def test_policy_weights_of_zero_pool_nothing(inputs):
    # No policy can be locked like this any more; one that was goes on being read.
    weightless = dataclasses.replace(inputs.policy, pool_weights=(0.0, 0.0, 1.0))
    changed = dataclasses.replace(inputs, policy=weightless)
    assert evaluate_wave(changed).year is None


def test_a_bundle_gives_the_earlier_waves_back_and_recomputes_the_year(inputs):
    files = write_inputs(inputs)
    back = read_inputs(files)
    assert back.earlier == inputs.earlier
    assert back.wave == "q2"
    one = results_document(evaluate_wave(inputs), inputs.policy)
    other = results_document(evaluate_wave(back), inputs.policy)
    assert one["year"]["streets"]["S0"]["pool"]["value"] is not None
    found = compare(one, other)
    assert not found.differences
    assert found.identical == found.figures


def test_a_bundle_without_earlier_waves_is_as_it_was(inputs):
    files = write_inputs(dataclasses.replace(inputs, earlier=()))
    assert EARLIER.name not in files
    assert b'"wave"' not in files["circumstances.json"]
    assert read_inputs(files).earlier == ()


def test_the_public_bundle_redoes_the_verdict_of_the_year(inputs):
    found = evaluate_wave(inputs)
    files = public_files(found, inputs.policy)
    results = results_document(found, inputs.policy)
    theirs = public_part(results, shown_groups(found), shown_year_groups(found))
    assert theirs["year"]["groups"]["urban"]["last_place"]["established"]
    assert not compare(theirs, recompute_public({**files, RESULTS: b""})).differences
    assert POLICY in files


@pytest.mark.parametrize("change", ["twice", "unknown", "missing"])
def test_a_table_of_earlier_waves_that_contradicts_itself_is_refused(inputs, change):
    files = dict(write_inputs(inputs))
    lines = files[EARLIER.name].decode("utf-8-sig").splitlines(keepends=True)
    if change == "twice":
        lines.append(lines[1])
    elif change == "unknown":
        lines[1] = lines[1].replace(",public,", ",private,")
    else:
        del lines[1]
    files[EARLIER.name] = "".join(lines).encode("utf-8-sig")
    with pytest.raises(AnalysisError) as caught:
        read_inputs(files)
    assert caught.value.code == "bad_bundle"
