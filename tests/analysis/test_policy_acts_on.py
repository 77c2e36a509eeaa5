"""Where each policy value acts, proved: another value on the same frozen inputs of a wave."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from analysis.adjustment import ThemeRecord
from analysis.bundle_results import plain, results_document
from analysis.cells import cube_from_respondents
from analysis.policy import ENTRIES, Policy
from analysis.policy_entries import ACTS_ON
from analysis.types import AnalysisError, Estimate, StreetCube
from analysis.wave_evaluation import EvaluationInputs, StreetFacts, evaluate_wave
from analysis.year_records import StreetWave, WaveFigures
from tests.analysis.builders import INDICATORS

AGES = {"18-29": 9000.0, "30-44": 13000.0, "45-59": 10000.0, "60+": 8000.0}
SEXES = {"F": 20400.0, "M": 19600.0}
CHANNELS = {"slip": 150, "poster": 60}


def street(number: int, rng: np.random.Generator) -> StreetCube:
    """210 respondents of uneven ages at twelve points a channel; one age group is hardly there."""
    rows: dict[str, list[Any]] = {"strata": [], "channels": [], "answers": [], "points": []}
    for channel, size in CHANNELS.items():
        for i in range(size):
            age = str(rng.choice(list(AGES), p=[0.05, 0.25, 0.3, 0.4]))
            rows["strata"].append({"age_band": age, "sex": "F" if rng.random() < 0.7 else "M"})
            rows["channels"].append(channel)
            rows["points"].append(f"{channel}{i % 12}")
            at = rng.normal(2.6 + 0.22 * number + (0.3 if channel == "poster" else 0), 0.8)
            picked = {
                name: "dk" if rng.random() < 0.05 else str(int(np.clip(round(at), 1, 5)))
                for name in INDICATORS
            }
            rows["answers"].append(picked)
    scores = [
        {name: 2500 * (int(option) - 1) for name, option in row.items() if option != "dk"}
        for row in rows["answers"]
    ]
    return cube_from_respondents(
        f"S{number}",
        scores=scores,
        valid=[True] * len(scores),
        margins={"age_band": AGES, "sex": SEXES},
        population=40000.0,
        **rows,
    )


def theme(number: int, **changes: Any) -> ThemeRecord:
    """A theme that costs street S0 points: recurring, confirmed, its own task, told in time."""
    given: dict[str, Any] = {
        "street": "S0",
        "indicator": "urban",
        "label": f"T{number}",
        "mentions": 40,
        "respondents": 210,
        "district_share": 0.05,
        "waves": 2,
        "confirmed": True,
        "notified_days": 60,
        "random_mentions": 25,
        "number": number,
    }
    return ThemeRecord(**given | changes)


def wave_before() -> WaveFigures:
    """What was published of the seven streets one wave earlier."""

    def about(value: float, *, n: int, se: float) -> Estimate:
        return Estimate(value, value - 2 * se, value + 2 * se, n, float(n), se=se, df=n - 1.0)

    return WaveFigures(
        "before",
        "abc",
        {
            f"S{i}": StreetWave(
                code=f"S{i}",
                group="",
                public=about(50.0 + 3 * i, n=200, se=1.5),
                adjusted=about(49.0 + 3 * i, n=200, se=1.5),
                direct=about(80.0 + i, n=3, se=1.0),
                indicators={name: about(50.0 + 3 * i, n=200, se=2.0) for name in INDICATORS},
                n_effective_random=150.0,
                other_public=(50.0 + 3 * i, 1.5),
                random_public=(50.0 + 3 * i, 1.8),
            )
            for i in range(7)
        },
    )


def frozen() -> EvaluationInputs:
    """Seven streets with both streams, direct scores, themes in every state and a wave before."""
    rng = np.random.default_rng(11)
    cubes = tuple(street(number, rng) for number in range(7))
    strata = {key: found for cube in cubes for key, found in cube.strata.items()}
    return EvaluationInputs(
        policy=Policy(),
        streets=tuple(
            StreetFacts(
                cube.code, "", (80.0 + i, 80.5 + i, 81.0 + i), objective={"air": 90.0 - 3 * i}
            )
            for i, cube in enumerate(cubes)
        ),
        accepted=tuple(dataclasses.replace(cube, strata=strata) for cube in cubes),
        themes=(
            theme(1),
            theme(2, state="plan", solved=5, reasked=15),
            theme(3, indicator="welfare", solved=13, reasked=15),
            theme(4, street="S1", sample_members=30, sample_judged=12, sample_right=9),
            theme(5, street="S2", mentions=12, random_mentions=6, district_share=0.01),
            theme(6, street="S3", waves=3, mentions=20, random_mentions=10),
        ),
        pooled_waves=1,
        wave="now",
        earlier=(wave_before(),),
    )


def other(key: str, value: Any) -> Policy:
    return Policy.from_dict({key: value})


# Another value of every entry. Those of "cubes" change something on the inputs above.
OTHER: dict[str, Any] = {
    "version": "2",
    "scale": {"5": 90.0, "4": 70.0, "3": 50.0, "2": 25.0, "1": 0.0},
    "alternative_scale": {"5": 100.0, "4": 70.0, "3": 60.0, "2": 30.0, "1": 0.0},
    "missing_options": ["dk", "refused"],
    "satisfied_levels": ["5", "4"],
    "strictly_satisfied_levels": ["5"],
    "dissatisfied_levels": ["1"],
    "omega": {"party": 0.6, "urban": 0.1, "welfare": 0.1, "community": 0.1, "safety": 0.1},
    "min_answered": 5,
    "min_substantive": 3,
    "streams": {"slip": "B", "poster": "B"},
    "clustered_channels": [],
    "min_clusters": 30,
    "margin_variables": {"sex": {"ordered": False, "categories": ["F", "M"]}},
    "base_weights": {"age_band": {"18-29": 4.0, "60+": 1.0}},
    "trim_low": 0.9,
    "trim_high": 1.1,
    "rake_iterations": 1,
    "confidence": 0.9,
    "sd_floor": 60.0,
    "stream_bias_floor": 30.0,
    "min_random_streets": 20,
    "min_stream_n": 100,
    "theme_prior": 500.0,
    "theme_present_mentions": 50,
    "theme_min_mentions": 41,
    "theme_min_random_mentions": 26,
    "theme_min_share": 0.3,
    "theme_min_waves": 3,
    "theme_window": 6,
    "theme_sample": 20,
    "theme_min_precision": 0.9,
    "notice_days": 90,
    "deduction_points": 2.0,
    "deduction_share": 0.5,
    "persistence_base": 0.9,
    "persistence_step": 0.5,
    "plan_restoration": 0.9,
    "recheck_min": 30,
    "recheck_solved": 0.95,
    "cap_indicator": 0.5,
    "cap_public": 0.1,
    "alpha": 0.3,
    "direct_sd_floor": 5.0,
    "objective_weights": {"air": 0.5},
    "standardise_direct": True,
    "rank_error": 0.3,
    "min_group": 9,
    "top_k": 2,
    "top_z": 0.1,
    "last_z": 0.1,
    "last_public_z": 0.1,
    "last_n_effective": 5000.0,
    "last_waves": 3,
    "pool_weights": [0.4, 0.3, 0.2, 0.1],
    "last_assessors": 4,
    "min_cell": 20,
    "min_index": 400,
    "min_rank_n_effective": 5000.0,
    "appeal_days": 7,
    "appeal_decision_days": 3,
    "burst_error": 0.2,
    "burst_min": 9,
    "straight_line_error": 0.2,
    "straight_line_items": 5,
    "speeding_seconds": 3.0,
    "integrity_weights": {"burst": 1, "straight_line": 1, "speeding": 1, "coached": 1},
    "quarantine_threshold": 5.0,
    "call_back_days": 3,
    "case_reply_days": 30,
    "call_departments_days": 5,
    "recheck_days": 14,
    "plan_days": 90,
}
# Values that came after the hash below was taken.
LATER = {
    "objective_weights",
    "call_back_days",
    "case_reply_days",
    "call_departments_days",
    "recheck_days",
    "plan_days",
}
# With too few points to estimate it the correlation is assumed: seen together with min_clusters.
TOGETHER = {"cluster_correlation": ({"min_clusters": 30}, 0.4)}


def figures(policy: Policy) -> Any:
    """Every figure and verdict of the wave under `policy`, and the shares; not its hash."""
    found = evaluate_wave(dataclasses.replace(INPUTS, policy=policy))
    document = results_document(found, policy)
    del document["policy"]
    shares = {code: repr(one.shares) for code, one in found.result.streets.items()}
    return plain(document), shares


INPUTS = frozen()
DEFAULT = figures(Policy())


def test_every_value_says_where_it_acts():
    assert {entry.acts_on for entry in ENTRIES} == set(ACTS_ON)
    assert {entry.key for entry in ENTRIES} == set(OTHER) | set(TOGETHER)


def test_where_a_value_acts_is_no_part_of_what_is_hashed():
    # A policy that was locked before values said where they act keeps its hash.
    locked = {k: v for k, v in Policy().to_dict().items() if k not in LATER}
    hashed = "f2893dd4b4ac046cc4cec4639caca88eef16cd3717bc6a787cd257f512a5552d"
    assert Policy.from_locked(locked).sha256 == hashed
    assert set(Policy().document) == {entry.key for entry in ENTRIES}


@pytest.mark.parametrize("key", [e.key for e in ENTRIES if e.acts_on == "cubes"])
def test_a_value_on_the_cubes_changes_figures_of_frozen_inputs(key: str):
    if key in TOGETHER:
        also, value = TOGETHER[key]
        assert figures(Policy.from_dict(also | {key: value})) != figures(Policy.from_dict(also))
        return
    assert figures(other(key, OTHER[key])) != DEFAULT


@pytest.mark.parametrize("key", [e.key for e in ENTRIES if e.acts_on != "cubes"])
def test_another_value_changes_no_figure_of_frozen_inputs(key: str):
    assert figures(other(key, OTHER[key])) == DEFAULT


def test_cubes_cannot_be_read_under_a_scale_without_their_options():
    # Why the names of levels need a rebuild too: the cubes count answers that have no name then.
    fewer = {"5": 100.0, "4": 50.0, "2": 20.0, "1": 0.0}
    policy = Policy.from_dict(
        {"scale": fewer, "alternative_scale": fewer, "satisfied_levels": ["5", "4"]}
    )
    with pytest.raises(AnalysisError) as error:
        figures(policy)
    assert error.value.code == "unknown_name"
