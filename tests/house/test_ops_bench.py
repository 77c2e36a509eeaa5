"""Tests of the runner of `make bench`: it finds the modules, keeps the figures, marks a limit."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benchmarks import __main__ as runner

ROW: dict[str, Any] = {
    "measure": "server CPU of GET and POST, ms",
    "figure": 4.1234,
    "yardstick": "bare Flask, one row: 2.0",
    "ratio": 2.0617,
    "command": "python -m benchmarks resident",
}


@pytest.fixture
def one_module(monkeypatch):
    """A single measurement whose row the test sets."""

    def use(row: dict[str, Any]) -> None:
        module = ModuleType("benchmarks.resident")
        vars(module).update(NAME="The resident's part", run=lambda: [row])
        monkeypatch.setattr(runner, "measurements", lambda names: [module])

    return use


def test_the_figures_are_printed_and_kept_with_the_machine(one_module, tmp_path: Path, capsys):
    one_module(ROW)
    assert runner.main(["--out", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "4.12" in told
    assert "python -m benchmarks resident" in told
    (path,) = tmp_path.glob("*.json")
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept["results"]["resident"]["rows"] == [ROW]
    assert kept["machine"]["cores"] >= 1


@pytest.mark.parametrize(("limit", "status"), [(2.0, 1), (2.0617, 0), (3.5, 0)])
def test_a_ratio_over_its_limit_fails_the_run(one_module, tmp_path: Path, limit, status):
    one_module(ROW | {"limit": limit})
    assert runner.main(["--out", str(tmp_path)]) == status


def test_a_row_without_its_yardstick_is_refused(one_module, tmp_path: Path):
    one_module({name: value for name, value in ROW.items() if name != "yardstick"})
    with pytest.raises(ValueError, match=r"benchmarks/resident\.py: a row lacks yardstick"):
        runner.main(["--out", str(tmp_path)])
    assert not list(tmp_path.iterdir())


def test_an_unknown_name_says_what_there_is():
    with pytest.raises(SystemExit, match="No benchmark 'nonsense'"):
        runner.measurements(["nonsense"])
