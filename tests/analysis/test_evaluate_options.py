"""`evaluate` beyond its usual input: the random sample alone, and simultaneous sets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analysis.__main__ import main

EXAMPLE = Path(__file__).resolve().parents[2] / "docs/examples/analysis/evaluation.json"


@pytest.fixture
def evaluated(tmp_path, capsys):
    def run(*options, **last):
        document = json.loads(EXAMPLE.read_text())
        document["streets"][-1] |= last
        path = tmp_path / "e.json"
        path.write_text(json.dumps(document))
        status = main(["evaluate", str(path), *options])
        out, err = capsys.readouterr()
        return status, json.loads(out) if status == 0 else None, err

    return run


def test_a_random_sample_that_says_otherwise_undoes_the_last_place(evaluated):
    _, found, _ = evaluated()
    assert found["last_place"]["established"]
    _, found, _ = evaluated(random_alone=76.0)
    [reason] = found["last_place"]["reasons"]
    assert reason["code"] == "random_stream_disagrees"
    assert "The random sample alone does not say so" in reason["message"]
    _, found, _ = evaluated(random_alone={"public": 62.0, "public_se": 1.6})
    assert found["last_place"]["established"]


def test_simultaneous_sets_are_added_and_the_official_ones_stay(evaluated):
    _, plain, _ = evaluated()
    _, one, _ = evaluated("--simultaneous", "7")
    _, two, _ = evaluated("--simultaneous", "7")
    assert one == two
    for code, street in one["streets"].items():
        sets = street.pop("simultaneous")
        assert street == plain["streets"][code]
        assert sets["rank_low"] <= sets["rank_high"]
    assert one["streets"]["S07"]["rank_low"] == 7
    assert "simultaneous" not in plain["streets"]["S07"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("high", "streets[6].random_alone must be a"),
        ({"public": 140}, "random_alone.public"),
        ({"public": 60, "se": 1}, "there is no 'se' here"),
    ],
)
def test_a_wrong_random_sample_is_one_worded_line(evaluated, given, words):
    status, _, err = evaluated(random_alone=given)
    assert status == 2
    assert err.count("\n") == 1
    assert words in err


@pytest.mark.parametrize(
    ("last", "words"),
    [
        ("S99", "previous.last names S99, which is not evaluated"),
        ({"": "S99"}, "previous.last names S99, which is not evaluated"),
        (["S07"], "previous.last must be a street code"),
        ({"": ["S07"]}, "previous.last must be a street code"),
    ],
)
def test_a_wrong_wave_before_is_one_worded_line(tmp_path, capsys, last, words):
    document = json.loads(EXAMPLE.read_text()) | {"previous": {"last": last}}
    path = tmp_path / "e.json"
    path.write_text(json.dumps(document))
    assert main(["evaluate", str(path)]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert words in err


def test_a_seed_is_a_whole_number(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["evaluate", str(EXAMPLE), "--simultaneous", "-1.5"])
    assert caught.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
