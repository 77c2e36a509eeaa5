"""D from assessors and objective indicators: the worked number, missing values, bundles."""

from __future__ import annotations

import dataclasses
import math

import pytest

from analysis.bundle import read_inputs, write_inputs
from analysis.bundle_results import compare, results_document
from analysis.direct import direct_score
from analysis.policy import Policy, PolicyError
from analysis.types import AnalysisError
from analysis.wave_evaluation import evaluate_wave
from tests.analysis.builders import policy
from tests.analysis.test_recompute import some_inputs

WEIGHTS = {"办结率": 0.2}


def weighted_inputs(objective_of_last=80.0):
    """Every street with an objective indicator; the last one with this value, or none."""
    given = some_inputs(policy=policy(objective_weights=WEIGHTS))
    values = [70.0 + i for i in range(6)] + [objective_of_last]
    return dataclasses.replace(
        given,
        streets=tuple(
            dataclasses.replace(facts, objective={} if o is None else {"办结率": o})
            for facts, o in zip(given.streets, values, strict=True)
        ),
    )


def test_the_worked_number_of_the_method():
    found = direct_score(
        (85, 92, 99), {"办结率": 80.0, "other": 3.0}, policy(objective_weights=WEIGHTS)
    )
    assert found.value == pytest.approx(89.6, abs=1e-4)
    assert found.se**2 == pytest.approx(10.4533, abs=1e-4)


def test_without_objective_indicators_d_is_the_mean_to_the_last_bit():
    scores = (80.1, 81.3, 79.7)
    found = direct_score(scores, {"x": 1.0}, policy())
    assert found.value == math.fsum(scores) / 3
    assert found.missing_because is None


@pytest.mark.parametrize(
    ("scores", "objective", "because"),
    [
        ((), {"办结率": 80.0}, "direct_missing"),
        ((90.0,), {}, "objective_missing"),
        ((), {}, "direct_missing"),
    ],
)
def test_what_is_missing_is_named(scores, objective, because):
    found = direct_score(scores, objective, policy(objective_weights=WEIGHTS))
    assert (found.value, found.missing_because) == (None, because)


def test_weights_of_one_leave_no_variance_and_the_floor_stays():
    inputs = weighted_inputs()
    weighed = dataclasses.replace(inputs, policy=policy(objective_weights={"办结率": 1.0}))
    found = evaluate_wave(weighed)
    assert found.figures["S0"].direct.value == 70.0
    assert found.figures["S0"].direct.se == 1.5
    assert found.evaluation.scored.direct_variance.tolist() == [2.25] * 7


def test_objective_values_move_d_and_never_p():
    inputs = weighted_inputs()
    found, other = evaluate_wave(inputs), evaluate_wave(weighted_inputs(20.0))
    assert found.figures["S6"].direct.value - other.figures["S6"].direct.value == pytest.approx(12)
    assert found.figures["S6"].public == other.figures["S6"].public
    assert found.figures["S6"].adjusted == other.figures["S6"].adjusted


def test_a_street_without_a_value_has_no_d_and_no_f_with_the_reason():
    found = evaluate_wave(weighted_inputs(None))
    street = found.figures["S6"]
    assert street.direct.value is None
    assert street.direct.suppressed_because == "objective_missing"
    assert street.direct.n == 3
    assert found.evaluation.streets["S6"].not_blended_because == "objective_missing"
    assert street.blended.suppressed_because == "objective_missing"
    assert found.figures["S0"].blended.value is not None


def test_a_bundle_gives_the_objective_values_back_and_the_same_figures():
    inputs = weighted_inputs()
    files = write_inputs(inputs)
    assert b"S6" in files["objective.csv"]
    back = read_inputs(files)
    assert back.streets == inputs.streets
    ours = results_document(evaluate_wave(inputs), inputs.policy)
    again = compare(ours, results_document(evaluate_wave(back), back.policy), tolerance=0)
    assert again.differences == ()


def test_a_bundle_without_objective_values_has_no_such_table_and_reads_back():
    files = write_inputs(some_inputs())
    assert "objective.csv" not in files
    assert all(facts.objective == {} for facts in read_inputs(files).streets)


def test_a_bundle_that_names_an_unknown_street_is_refused():
    files = write_inputs(weighted_inputs())
    bad = files["objective.csv"] + "S9,办结率,50\r\n".encode()
    with pytest.raises(AnalysisError, match="S9"):
        read_inputs({**files, "objective.csv": bad})


@pytest.mark.parametrize(
    ("weights", "code"),
    [
        ({"a": 0.6, "b": 0.5}, "weights_sum"),
        ({"a": -0.1}, "wrong_type"),
        ({" a": 0.1}, "wrong_type"),
        ({"a" * 61: 0.1}, "wrong_type"),
        ({"a": "0.1"}, "wrong_type"),
        ({"score": 0.1}, "inconsistent"),
        ([], "wrong_type"),
    ],
)
def test_weights_that_cannot_be_are_refused(weights, code):
    with pytest.raises(PolicyError) as refused:
        Policy.from_dict({"objective_weights": weights})
    assert refused.value.code == code


def test_a_policy_locked_before_keeps_its_hash():
    document = {k: v for k, v in Policy().to_dict().items() if k != "objective_weights"}
    locked = Policy.from_locked(document)
    assert locked.objective_weights == {}
    assert "objective_weights" in locked.added_since
    assert "objective_weights" not in locked.document
