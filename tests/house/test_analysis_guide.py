"""The guide to the mathematics alone: every command and every line of Python in it works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from analysis.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ("docs/analysis.md", "docs/analysis.zh-CN.md")


def blocks(guide: str, kind: str) -> list[str]:
    text = (ROOT / guide).read_text(encoding="utf-8")
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


def commands(guide: str) -> list[list[str]]:
    lines = [line for block in blocks(guide, "sh") for line in block.splitlines()]
    return [shlex.split(line) for line in lines]


@pytest.mark.parametrize("guide", GUIDES)
def test_every_command_of_the_guide_works(
    guide: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    ran = 0
    for words in commands(guide):
        # Bundles are made and recomputed in the tests of the exports.
        if words[0] == "flask" or words[3] == "recompute":
            continue
        assert words[:3] == ["python", "-m", "analysis"]
        assert main(words[3:]) == 0, words
        out, err = capsys.readouterr()
        assert len(out) > 100
        assert err == ""
        ran += 1
    assert ran == 4


def test_both_guides_show_the_same_commands_and_code() -> None:
    one, other = GUIDES
    assert commands(one) == commands(other)
    assert blocks(one, "python") == blocks(other, "python")


def test_the_python_of_the_guide_gives_the_number_it_names() -> None:
    [code] = blocks(GUIDES[0], "python")
    *lines, last = code.strip().splitlines()
    names: dict[str, object] = {}
    exec("\n".join(lines), names)
    expression, _, shown = last.partition("  # ")
    assert eval(expression, names) == pytest.approx(float(shown))
