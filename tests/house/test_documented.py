"""What is not documented fails: settings, public functions, question types, commands."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click
import pytest
from flask import Flask

from survey.config import PREFIX, SETTINGS
from survey.questions import QUESTION_TYPES

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path for folder in ("analysis", "survey") for path in (ROOT / folder).rglob("*.py")
)


@pytest.mark.parametrize("name", ["settings.md", "settings.zh-CN.md"])
def test_every_setting_has_a_heading(name: str) -> None:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    headings = set(re.findall(rf"^## `{PREFIX}(\w+)`", text, flags=re.MULTILINE))
    assert headings == {setting.name for setting in SETTINGS}


def test_every_question_type_has_a_partial() -> None:
    partials = ROOT / "templates" / "resident" / "questions"
    assert {path.stem for path in partials.glob("*.html")} == set(QUESTION_TYPES)


def test_every_command_has_help(app: Flask) -> None:
    def walk(group: click.Group, path: str) -> list[str]:
        missing = []
        for name, command in group.commands.items():
            if not (command.help or "").strip():
                missing.append(f"{path} {name}")
            if isinstance(command, click.Group):
                missing += walk(command, f"{path} {name}")
        return missing

    ours = click.Group(
        commands={
            name: command
            for name, command in app.cli.commands.items()
            if (command.callback or walk).__module__.startswith("survey")
        }
    )
    assert len(ours.commands) >= 10
    assert walk(ours, "flask") == []


def test_every_public_function_and_class_has_a_docstring() -> None:
    missing = []
    for path in SOURCES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if (
                isinstance(node, ast.FunctionDef | ast.ClassDef)
                and not node.name.startswith("_")
                and not ast.get_docstring(node)
            ):
                missing.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert missing == []
