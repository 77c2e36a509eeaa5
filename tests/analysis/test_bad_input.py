"""Input that is poor, odd or wrong: a worded error or a result with its reason, never a NaN.

Each case is asked of the functions and, where a person can type it, of the command line in a
process of its own in which every warning is an error.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.__main__ import main
from analysis.evaluation import StreetInput, evaluate
from analysis.policy import Policy
from analysis.ranking import shrunken_chances
from analysis.scoring import score_option
from analysis.streams import dersimonian_laird, stream_bias
from analysis.streets import street_result, wave_result
from analysis.types import AnalysisError
from analysis.weights import stratum_weights
from tests.analysis.builders import cube, example_streets, one_indicator
from tests.parts import ROOT

AGES = {"18-29": 400, "60+": 600}
SEXES = {"F": 510, "M": 490}
DIGITS = "1" * 400


def asked(*arguments: Any) -> tuple[int, str, str]:
    """Status, output and errors of ``python -m analysis`` with warnings as errors."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "analysis", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def not_a_number(token: str) -> float:
    raise AssertionError(f"{token} was printed")


def document(status: int, out: str, err: str) -> Any:
    """The JSON of a command that succeeded without a word on stderr."""
    assert (status, err) == (0, "")
    return json.loads(out, parse_constant=not_a_number)


def refusal(status: int, out: str, err: str) -> str:
    """The one line of a command that refused its input."""
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


def index(folder: Path, rows: list[str], margins: dict[str, Any], *options: str) -> Any:
    """``index`` on rows of "street,age_band,sex,i1,i2,i3" and the margins of each street."""
    lines = ["id,street,age_band,sex,i1,i2,i3", *(f"{i},{row}" for i, row in enumerate(rows))]
    (folder / "answers.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "margins.json").write_text(json.dumps({"scope": "street", "streets": margins}))
    files = ("--answers", folder / "answers.csv", "--margins", folder / "margins.json")
    return asked("index", *files, *options)


def evaluated(folder: Path, streets: list[dict[str, Any]], **more: Any) -> Any:
    """``evaluate`` on streets; a NaN is written as Python writes it."""
    (folder / "input.json").write_text(json.dumps({"streets": streets} | more))
    return asked("evaluate", folder / "input.json")


def street(code: str, score: float, **more: Any) -> dict[str, Any]:
    given = {"code": code, "public": score, "public_se": 1.5, "direct": 92, "n_effective": 400}
    return given | more


MARGINS = {"S01": {"age_band": AGES, "sex": SEXES}}
BALANCED = [f"S01,{age},{sex},4,5,3" for age in AGES for sex in SEXES]


# Respondents and margins


def test_nobody_is_a_result_with_a_reason(tmp_path: Path) -> None:
    result = street_result(cube([]), one_indicator())
    assert (result.public.value, result.public.suppressed_because) == (None, "no_answers")
    found = document(*index(tmp_path, [], MARGINS))
    public = found["streets"]["S01"]["public"]
    assert (public["value"], public["suppressed_because"]) == (None, "no_answers")


def test_one_respondent_has_a_value_that_is_withheld_and_the_whole_scale(tmp_path: Path) -> None:
    public = street_result(cube([[75]]), one_indicator()).public
    assert (public.value, public.suppressed_because) == (75, "indicator_n_below_30")
    found = document(*index(tmp_path, BALANCED[:1], MARGINS))
    public = found["streets"]["S01"]["public"]
    assert (public["n"], public["low"], public["high"]) == (1, 0, 100)
    assert public["suppressed_because"] == "indicator_n_below_30"


def test_everyone_the_same_answer_has_an_interval_that_is_not_a_point(tmp_path: Path) -> None:
    public = street_result(cube([[100]] * 40), one_indicator()).public
    assert public.value == 100
    assert (public.se or 0) >= 10 / math.sqrt(40) * (1 - 1e-12)
    assert (public.low or 0) < 100
    rows = [f"S01,{age},{sex},5,5,5" for age in AGES for sex in SEXES] * 10
    found = document(*index(tmp_path, rows, MARGINS))["streets"]["S01"]["public"]
    assert found["value"] == pytest.approx(100)
    assert found["low"] < 100 == pytest.approx(found["high"])
    assert found["suppressed_because"] is None


@pytest.mark.parametrize("ordered", [True, False], ids=["ordered", "unordered"])
def test_category_without_respondents_is_reported(ordered: bool) -> None:
    policy = Policy.from_dict(
        {"margin_variables": {"age_band": {"ordered": ordered, "categories": ["18-29", "60+"]}}}
    )
    strata = [{"age_band": "60+"}]
    _, report = stratum_weights(strata, np.array([5]), {"age_band": AGES}, policy=policy)
    assert [r.code for r in report.collapsed] == (["collapsed"] if ordered else [])
    assert [r.code for r in report.dropped] == ([] if ordered else ["dropped_empty"])


def test_category_without_respondents_is_reported_in_the_output(tmp_path: Path) -> None:
    rows = [row for row in BALANCED if "60+" in row and ",F," in row] * 10
    weights = document(*index(tmp_path, rows, MARGINS))["streets"]["S01"]["weights"]
    assert weights["collapsed"][0]["params"] == {
        "variable": "age_band",
        "category": "18-29",
        "into": "60+",
    }
    assert weights["dropped"][0]["code"] == "dropped_empty"


def test_margins_that_disagree_are_noted(tmp_path: Path) -> None:
    margins = {"S01": {"age_band": AGES, "sex": {"F": 900, "M": 900}}}
    weights = document(*index(tmp_path, BALANCED * 10, margins))["streets"]["S01"]["weights"]
    assert [note["code"] for note in weights["notes"]] == ["margins_disagree"]
    assert weights["converged"]


def test_raking_that_cannot_converge_says_so_with_its_gap(tmp_path: Path) -> None:
    # The young are all women, the old all men: both margins cannot be met at once.
    rows = ["S01,18-29,F,4,5,3", "S01,60+,M,4,3,3"] * 20
    margins = {"S01": {"age_band": {"18-29": 20, "60+": 80}, "sex": {"F": 80, "M": 20}}}
    found = document(*index(tmp_path, rows, margins, "--no-trim"))
    weights = found["streets"]["S01"]["weights"]
    assert not weights["converged"]
    assert max(weights["gaps"].values()) > 0.1
    assert not found["weights"]["converged"]


# Cells of a table


@pytest.mark.parametrize("cell", ["6", "0", "nan", "NaN", "inf", "好", "4.5", "-1", "1e0"])
def test_answer_that_is_no_level_is_named_with_row_and_column(tmp_path: Path, cell: str) -> None:
    with pytest.raises(AnalysisError):
        score_option(cell, Policy())
    line = refusal(*index(tmp_path, [*BALANCED, f"S01,60+,F,4,{cell},3"], MARGINS))
    for word in ("answers.csv", "row 6", "i2", cell):
        assert word in line


@pytest.mark.parametrize(
    "residents", ["NaN", "Infinity", "-5", '"many"', "null", "true", "1e999", "1" * 400]
)
def test_residents_that_are_no_number_are_named(tmp_path: Path, residents: str) -> None:
    text = json.dumps({"scope": "street", "streets": MARGINS}).replace("600", residents)
    (tmp_path / "answers.csv").write_text("id,street,age_band,sex,i1,i2,i3\n1,S01,60+,F,4,5,3\n")
    (tmp_path / "margins.json").write_text(text)
    files = ("--answers", tmp_path / "answers.csv", "--margins", tmp_path / "margins.json")
    line = refusal(*asked("index", *files))
    assert "margins.json" in line


# Scores of streets


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_score_that_json_does_not_know_is_refused(tmp_path: Path, value: str) -> None:
    text = json.dumps({"streets": [street("S01", 78)]}).replace("78", value)
    (tmp_path / "input.json").write_text(text)
    line = refusal(*asked("evaluate", tmp_path / "input.json"))
    assert "input.json" in line
    assert value in line


@pytest.mark.parametrize(
    "value",
    ["1e999", DIGITS, "-0.5", '"good"', "true", "[]"],
    ids=["1e999", "400-digits", "negative", "text", "true", "list"],
)
@pytest.mark.parametrize(
    "name",
    ["public", "public_se", "direct", "direct_se", "n_effective", "assessors",
     "without_quarantined", "indicators"],
)  # fmt: skip
def test_score_that_is_no_score_is_refused_where_it_stands(
    tmp_path: Path, name: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = f'{{"party": {value}}}' if name == "indicators" else value
    text = json.dumps({"streets": [street("S01", 78) | {name: "HERE"}]})
    (tmp_path / "input.json").write_text(text.replace('"HERE"', shown))
    status = main(["evaluate", str(tmp_path / "input.json")])
    line = refusal(status, *capsys.readouterr())
    assert name in line
    assert "streets[0]" in line or "S01" in line


def test_score_without_its_error_and_street_without_a_score(tmp_path: Path) -> None:
    line = refusal(*evaluated(tmp_path, [street("S01", 78, public_se=None)]))
    assert "streets[0].public_se" in line
    given = [street("S01", 78, public=None, public_se=None), street("S02", 75)]
    found = document(*evaluated(tmp_path, given))["streets"]["S01"]
    assert (found["blended"], found["not_blended_because"]["code"]) == (None, "public_missing")


@pytest.mark.parametrize("score", [math.nan, math.inf, 101.0, -0.5], ids=str)
@pytest.mark.parametrize("name", ["public", "direct"])
def test_score_off_the_scale_is_refused(name: str, score: float) -> None:
    with pytest.raises(AnalysisError, match="between 0 and 100"):
        evaluate(example_streets(S01={name: score}), Policy())


def test_variance_of_zero_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match="above 0"):
        dersimonian_laird(np.array([70.0, 80.0]), np.array([1.0, 0.0]))
    with pytest.raises(AnalysisError, match="above 0"):
        evaluate(example_streets(S09={"public_se": 0.0}), Policy())
    given = [street("S01", 78, public_se=0), street("S02", 75)]
    assert "public_se of street S01 must be above 0" in refusal(*evaluated(tmp_path, given))


def test_streams_without_variance_are_refused() -> None:
    with pytest.raises(AnalysisError, match="above 0"):
        stream_bias(np.ones(5), np.zeros(5), np.ones(5), np.zeros(5), floor=3.0)


def test_ties_share_ranks_and_chances(tmp_path: Path) -> None:
    given = [street(f"S{i:02}", 78) for i in range(8)]
    found = document(*evaluated(tmp_path, given))
    for one in found["streets"].values():
        assert (one["rank_low"], one["rank_high"]) == (1, 8)
        assert one["chances"] == pytest.approx([1 / 8] * 8)


def test_without_spread_between_streets_everyone_may_be_last() -> None:
    found = shrunken_chances(np.array([80, 80.2, 79.9, 80.1]), np.full(4, 4.0))
    assert found.tau2 == 0
    assert found.chances[:, -1] == pytest.approx([0.25] * 4)


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_streets_have_scores_and_no_published_rank(tmp_path: Path, count: int) -> None:
    given = [street("S01", 78), street("S02", 60)][:count]
    found = document(*evaluated(tmp_path, given))
    assert [one["blended"] is not None for one in found["streets"].values()] == [True] * count
    assert {one["rank_suppressed_because"]["code"] for one in found["streets"].values()} == {
        "group_below_6"
    }


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_streets_make_a_wave(count: int) -> None:
    cubes = [cube([[75], [50]] * 20, code=f"S{i}", population=100) for i in range(count)]
    result = wave_result(cubes, one_indicator())
    assert not result.combination.combined
    assert result.district.value == pytest.approx(62.5)
    assert np.all(np.isfinite(result.covariance))


def test_street_without_a_direct_score_keeps_its_public_one(tmp_path: Path) -> None:
    result = evaluate(example_streets(S05={"direct": None}), Policy())
    missing = result.streets["S05"]
    assert (missing.blended, missing.not_blended_because) == (None, "direct_missing")
    assert missing.adjusted is not None
    given = [street(f"S{i:02}", 70 + i) for i in range(7)] + [street("S07", 71, direct=None)]
    found = document(*evaluated(tmp_path, given))
    one = found["streets"]["S07"]
    assert (one["blended"], one["not_blended_because"]["code"]) == (None, "direct_missing")


def test_nobody_has_a_direct_score(tmp_path: Path) -> None:
    given = [StreetInput(code=f"S{i}", public=70.0 + i, public_se=1.0) for i in range(7)]
    result = evaluate(given, Policy.from_dict({"standardise_direct": True}))
    assert all(s.blended is None for s in result.streets.values())
    found = document(*evaluated(tmp_path, [street(f"S{i}", 70 + i, direct=None) for i in range(7)]))
    assert all(one["blended"] is None for one in found["streets"].values())
