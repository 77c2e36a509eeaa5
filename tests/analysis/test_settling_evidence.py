"""What a plan starts from is what the evaluation rests on."""

from __future__ import annotations

import json

import numpy as np
import pytest

from analysis.__main__ import main
from analysis.evaluation import evaluate
from analysis.settling import settle_last
from analysis.settling_evidence import precisions_of_scores, precisions_of_wave
from analysis.wave_evaluation import EvaluationInputs, StreetFacts, evaluate_wave
from tests.analysis.builders import CLEAR_LAST, answers_cube, example_streets, policy


def wave(n):
    rng = np.random.default_rng(11)
    return evaluate_wave(
        EvaluationInputs(
            policy=policy(),
            streets=tuple(StreetFacts(f"S{i}", "", (90.0, 91.0, 92.0)) for i in range(7)),
            accepted=tuple(
                answers_cube(f"S{i}", rng, n=n, level=3.3 + 0.1 * i, population=900.0)
                for i in range(7)
            ),
        )
    )


@pytest.mark.parametrize("n", [{"slip": 150, "poster": 90}, {"cati": 150}], ids=["both", "random"])
def test_precisions_of_a_wave_give_back_its_variances(n):
    found = wave(n)
    evidence = found.evaluation.groups[""].evidence
    precisions = precisions_of_wave(found, "")
    assert [p.code for p in precisions] == list(evidence.codes)
    for i, one in enumerate(precisions):
        assert one.public_variance(one.random_n) == pytest.approx(evidence.public_variance[i])
        assert one.score_variance(one.random_n, 0.6) == pytest.approx(evidence.variance[i])
        assert one.random_n == 150
        assert one.residents == 900
    assert (precisions[0].open_variance is not None) == ("poster" in n)


def test_precisions_of_scores_count_effective_answers():
    found = evaluate(example_streets(S09=CLEAR_LAST), policy())
    precisions = precisions_of_scores(found, "")
    assert [p.random_n for p in precisions] == [400] * 11
    plan = settle_last(precisions, policy=policy())
    assert (plan.possible, plan.total) == (True, 0)


def test_unknown_sample_sizes_make_no_plan():
    found = evaluate(example_streets(S04={"n_effective": None}), policy())
    assert precisions_of_scores(found, "") is None


def settled(tmp_path, capsys, **last):
    streets = [
        {
            "code": s.code,
            "public": s.public,
            "public_se": s.public_se,
            "direct": s.direct,
            "n_effective": s.n_effective,
        }
        for s in example_streets(S09=last)
    ]
    path = tmp_path / "e.json"
    path.write_text(json.dumps({"policy": {"direct_sd_floor": 0.1}, "streets": streets}))
    assert main(["evaluate", str(path)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert main(["evaluate", str(path), "--table"]) == 0
    return document["groups"][""]["to_settle"]["last"], capsys.readouterr().out


def test_the_command_names_the_streets_and_how_many_answers(tmp_path, capsys):
    plan, words = settled(tmp_path, capsys, direct=89.0, public=67.0, public_se=2.0)
    assert plan["possible"]
    assert plan["total"] == sum(plan["more_answers"].values()) > 0
    assert "S09" in plan["more_answers"]
    assert plan["z_then"] >= 2.5758
    assert f"at these scores {plan['total']} more effective random answers" in words


def test_the_command_says_when_answers_cannot_settle_it(tmp_path, capsys):
    plan, words = settled(tmp_path, capsys, direct=90.0, public=72.3, public_se=2.0)
    assert not plan["possible"]
    assert plan["more_answers"] == {}
    assert {reason["code"] for reason in plan["reasons"]} == {"lower_on_public_score"}
    assert "no number of answers would settle it" in words
