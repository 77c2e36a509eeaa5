"""`index` beyond its JSON: shares beside the index, collection points as clusters, a table."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from analysis.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs/examples/analysis"


@pytest.fixture
def index(capsys):
    def run(answers, margins, *options):
        status = main(["index", "--answers", str(answers), "--margins", str(margins), *options])
        out, err = capsys.readouterr()
        return status, out, err

    return run


@pytest.fixture
def clustered(tmp_path):
    """120 answers to one item at 12 points whose residents resemble each other."""
    rng = np.random.default_rng(2)
    place = np.repeat(np.arange(12), 10)
    level = np.clip(np.round(3.5 + rng.normal(0, 0.8, 12)[place] + rng.normal(0, 0.5, 120)), 1, 5)
    rows = [
        [i, "S1", f"p{j}", "F", int(x)] for i, (j, x) in enumerate(zip(place, level, strict=True))
    ]
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["id", "street", "point", "sex", "q"], *rows])
    (tmp_path / "m.json").write_text('{"scope": "district", "margins": {"sex": {"F": 1}}}')
    return tmp_path / "a.csv", tmp_path / "m.json", level, place


def test_shares_stand_beside_the_index(index):
    status, out, err = index(EXAMPLE / "answers.csv", EXAMPLE / "margins.json")
    assert (status, err) == (0, "")
    for street in json.loads(out)["streets"].values():
        for item, shares in street["shares"].items():
            satisfied = shares["satisfied"]["value"]
            strict = shares["satisfied_strict"]["value"]
            assert strict <= satisfied == pytest.approx(1 - shares["dissatisfied"]["value"])
            assert 0 <= shares["dont_know"]["value"] < 0.2
            assert shares["mapped_index"]["value"] > street["indicators"][item]["value"]


def test_collection_points_become_the_unit_of_the_variance(index, clustered):
    answers, margins, level, place = clustered
    options = ("--min-items", "1", "--no-floor", "--items", "q")
    alone, by_point = (
        json.loads(index(answers, margins, *options, *more)[1])["streets"]["S1"]
        for more in ((), ("--point", "point"))
    )
    y = 25 * (level - 1)
    totals = np.array([(y[place == j] - y.mean()).sum() / len(y) for j in range(12)])
    assert (alone["variance_unit"], by_point["variance_unit"]) == ("respondent", "cluster")
    assert by_point["clusters"] == 12
    assert by_point["public"]["value"] == alone["public"]["value"]
    assert by_point["public"]["se"] ** 2 == pytest.approx(12 / 11 * (totals**2).sum())
    assert by_point["public"]["se"] > 1.5 * alone["public"]["se"]


def test_an_empty_collection_point_is_named_by_row_and_column(index, clustered):
    answers, margins, *_ = clustered
    answers.write_text(answers.read_text().replace("3,S1,p0", "3,S1,", 1))
    status, out, err = index(answers, margins, "--min-items", "1", "--point", "point")
    assert (status, out) == (2, "")
    assert "row 5" in err
    assert "point" in err


def test_table_shows_every_street_and_marks_what_may_not_be_published(index, tmp_path):
    rows = (EXAMPLE / "answers.csv").read_text().splitlines()
    kept = [row for row in rows if not row.startswith("S02") or int(row[4:7]) <= 20]
    (tmp_path / "a.csv").write_text("\n".join(kept) + "\n")
    status, out, err = index(tmp_path / "a.csv", EXAMPLE / "margins.json", "--table")
    assert (status, err) == (0, "")
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip().startswith("S0")}
    assert set(lines) == {"S01", "S02", "S03"}
    assert "[" in lines["S02"]
    assert "[" not in lines["S01"]
    assert "too few answers to be published" in out


def test_evaluation_as_a_table_says_the_verdicts_in_words(capsys, tmp_path):
    assert main(["evaluate", str(EXAMPLE / "evaluation.json"), "--table"]) == 0
    out = capsys.readouterr().out
    assert "last place established: S07" in out
    document = json.loads((EXAMPLE / "evaluation.json").read_text())
    del document["appeals"]
    (tmp_path / "e.json").write_text(json.dumps(document))
    assert main(["evaluate", str(tmp_path / "e.json"), "--table"]) == 0
    out = capsys.readouterr().out
    assert "cannot be established, because:" in out
    assert "It is not known whether appeals are open." in out
