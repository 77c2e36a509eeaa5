"""The simulations: a handful of replications with the code of the full ones, and their parts.

Asserted here are structure, determinism and that what is drawn is what was meant; the aims are
measured by `python -m benchmarks` and stand in docs/simulations.md.
"""

from __future__ import annotations

import numpy as np
import pytest

from analysis.cells import cube_from_respondents
from analysis.verdicts import Condition, LastPlace
from analysis.wave_evaluation import EvaluationInputs, StreetFacts, evaluate_wave
from benchmarks import _simulation as parts
from benchmarks import interval_coverage, last_place, stuffing
from benchmarks.__main__ import checked, measurements

MODULES = {
    "interval_coverage": (interval_coverage, 3, 46),
    "last_place": (last_place, 2, 42),
    "stuffing": (stuffing, 2, 42),
}
EVERY = pytest.mark.parametrize("name", sorted(MODULES))


@EVERY
def test_simulation_takes_part_in_the_measurements(name):
    assert [module.__name__ for module in measurements([name])] == [f"benchmarks.{name}"]


@EVERY
def test_simulation_gives_the_same_rows_every_time(name):
    module, replications, rows = MODULES[name]
    found = checked(module.run(replications), source=name)
    assert found == module.run(replications)
    assert len(found) == rows
    assert len({row["measure"] for row in found}) == rows
    assert all(row["command"] == f"python -m benchmarks {name}" for row in found)


def test_counted_cube_is_the_cube_of_single_respondents():
    rng = np.random.default_rng(4)
    names = ("a", "b", "c")
    scores = parts.LEVELS[rng.integers(0, 5, (60, 3))]
    answered = rng.random((60, 3)) > 0.2
    stratum, points = rng.integers(0, 2, 60), rng.integers(0, 12, 60)
    strata = [{"sex": "F"}, {"sex": "M"}]
    ours = parts.counted_cube(
        "S01",
        scores,
        names,
        channel="slip",
        strata=strata,
        stratum=stratum,
        answered=answered,
        points=points,
    )
    theirs = cube_from_respondents(
        "S01",
        strata=[strata[h] for h in stratum],
        channels=["slip"] * 60,
        scores=[
            {k: int(z) for k, z, there in zip(names, row, mask, strict=True) if there}
            for row, mask in zip(scores, answered, strict=True)
        ],
        valid=[True] * 60,
        points=points.tolist(),
    )
    key = {h: (("sex", strata[h]["sex"]),) for h in (0, 1)}

    def rows(table, place):
        return {(*row[:place], key[row[place]], *row[place + 1 :]) for row in table if row[-2]}

    assert {(key[row[0]], *row[1:]) for row in ours.responses} == set(theirs.responses)
    assert {(key[row[0]], *row[1:]) for row in ours.moments if row[4]} == set(theirs.moments)
    assert rows(ours.clusters, 1) == set(theirs.clusters)


def test_public_score_of_counts_is_that_of_single_respondents():
    counts = np.array([3, 5, 20, 40, 32])
    found = last_place.estimate(counts)
    scores = np.repeat(parts.LEVELS, counts) / 100
    assert found.value == pytest.approx(scores.mean())
    assert found.se == pytest.approx(scores.std(ddof=1) / 10)
    assert (found.n, found.n_effective) == (100, 100)


@pytest.mark.parametrize(("mean", "sd"), [(75.0, 22.0), (92.0, 15.0), (40.0, 30.0)])
def test_drawn_answers_have_the_mean_and_spread_that_were_meant(mean, sd):
    shares = parts.shares_with(mean, sd)
    points = parts.LEVELS / 100
    assert shares.sum() == pytest.approx(1)
    assert shares @ points == pytest.approx(mean)
    assert np.sqrt(shares @ (points - mean) ** 2) == pytest.approx(sd)


def test_impossible_spread_is_a_worded_error():
    with pytest.raises(ValueError, match="standard deviation"):
        parts.shares_with(99.0, 40.0)


def test_answers_between_two_grid_points_keep_their_mean():
    for mean in (61.3, 75.0, 88.77):
        assert parts.mean_of(last_place.shares_for(mean)) == pytest.approx(mean)


def test_points_share_the_correlation_that_was_meant():
    rng = np.random.default_rng(11)
    between = interval_coverage.point_variance(interval_coverage.MIXED, 0.03)
    place = np.repeat(np.arange(60_000), 2)
    latent = np.sqrt(between) * rng.standard_normal(60_000)[place]
    latent += np.sqrt(1 - between) * rng.standard_normal(len(place))
    scores = parts.scores_of(latent, parts.thresholds(interval_coverage.MIXED)).reshape(-1, 2)
    assert np.corrcoef(scores.T)[0, 1] == pytest.approx(0.03, abs=0.012)


def test_truth_of_the_strata_is_the_mean_of_many_residents():
    rng = np.random.default_rng(12)
    _names, residents, _answering, shift = interval_coverage.strata_shares()
    group = rng.choice(len(residents), 400_000, p=residents / residents.sum())
    latent = rng.standard_normal(400_000) + shift[group]
    cuts = parts.thresholds(interval_coverage.MIXED)
    mean = parts.scores_of(latent, cuts).mean() / 100
    assert mean == pytest.approx(interval_coverage.strata_truth(), abs=0.2)


def test_share_that_never_came_up_has_an_upper_end():
    assert parts.percent(0.0, 2000) == "0 % (at most 0.15 %)"
    assert parts.percent(1.0, 2000) == "100 % (at least 99.85 %)"
    assert parts.percent(0.5, 400) == "50.0 ± 4.9 %"


def test_attack_adds_the_invented_answers_to_the_open_channel_alone():
    honest = {"cati": np.array([1, 2, 3, 4, 5]), "poster": np.array([60, 60, 60, 60, 60])}
    found = stuffing.stuffed(honest, stuffing.Attack(level=4, street=0, added=0.10))
    assert found["poster"].tolist() == [60, 60, 60, 60, 90]
    assert found["cati"].tolist() == honest["cati"].tolist()
    assert honest["poster"].tolist() == [60] * 5
    assert stuffing.plain_mean(found) > stuffing.plain_mean(honest)


def test_stuffed_waves_are_judged_as_the_product_judges_a_wave():
    rng = np.random.default_rng(15)
    truth = np.linspace(70.0, 80.0, last_place.STREETS)
    counts = stuffing.drawn(rng, truth, 2.0)
    streams = {code: stuffing.streams_of(code, held) for code, held in counts.items()}
    # Five assessors whose mean has the standard error that the simulation gives a direct score.
    step = last_place.DIRECT_SD * np.sqrt(2)
    facts = [
        StreetFacts(code, direct=tuple(float(mean + 10 + step * k) for k in (-2, -1, 0, 1, 2)))
        for code, mean in zip(last_place.CODES, truth, strict=True)
    ]
    theirs = evaluate_wave(
        EvaluationInputs(
            policy=last_place.POLICY,
            streets=tuple(facts),
            accepted=tuple(
                parts.histogram_cube(code, held, last_place.INDICATOR)
                for code, held in counts.items()
            ),
            pooled_waves=last_place.WAVES,
            appeals=(),
        )
    )
    ours = stuffing.judged(stuffing.combined(streams, last_place.POLICY), truth + 10)
    group = theirs.evaluation.groups[""]
    assert ours.evidence.score == pytest.approx(group.evidence.score)
    assert ours.evidence.variance == pytest.approx(group.evidence.variance)
    assert ours.evidence.random_stream is not None
    assert ours.evidence.random_stream.z_min == pytest.approx(group.evidence.random_stream.z_min)
    assert (ours.established is None) is not group.last.established


@pytest.mark.parametrize(
    ("unmet", "holds"), [("random_stream_disagrees", True), ("not_far_enough", False)]
)
def test_rule_that_does_not_ask_the_random_stream_leaves_out_that_condition_alone(unmet, holds):
    codes = ("not_far_enough", "random_stream_disagrees", "single_wave")
    conditions = tuple(Condition(code, code != unmet) for code in codes)
    last = LastPlace(False, "S01", 3.0, 3.0, 0.9, conditions, (), False)
    assert stuffing.holds_unasked(last) is holds


def test_stuffing_is_blamed_for_a_verdict_only_where_there_was_none_or_another():
    truth = np.array([70.0, 72.0, 75.0])
    counts = stuffing.drawn(np.random.default_rng(17), np.full(last_place.STREETS, 75.0), 2.0)
    streams = {code: stuffing.streams_of(code, held) for code, held in counts.items()}
    results = stuffing.combined(streams, last_place.POLICY)
    evidence = stuffing.judged(results, np.full(last_place.STREETS, 90.0)).evidence
    case = stuffing.Case()
    verdicts = [(None, 1), (0, 1), (0, 0), (0, None), (None, None)]
    for before, after in verdicts:
        stuffing.count_verdicts(
            case,
            truth,
            stuffing.Judged(before, before, evidence),
            stuffing.Judged(after, after, evidence),
        )
    assert (case.made, case.wrong, case.unasked, case.unasked_wrong) == (2, 2, 2, 2)
    assert (case.said, case.undone) == (0, 2)


@pytest.mark.parametrize("points", [1, 2, 5])
def test_few_points_have_the_yardsticks_that_can_be_computed(points):
    found = interval_coverage.cluster_yardsticks(points)
    assert found["by respondent"].cluster_correlation == 0
    assert ("by point" in found) is (points > 1)
