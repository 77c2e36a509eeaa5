"""Arrows point one way: who may import whom, read from the source itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Package -> what it must never import.
BANNED = {
    "analysis": ("survey", "flask", "flask_sqlalchemy", "sqlalchemy", "wtforms", "babel"),
    "survey/models": ("survey.services", "survey.queries", "survey.routes", "survey.exports"),
    "survey/questions": ("survey.services", "survey.queries", "survey.routes", "survey.models"),
    "survey/queries": ("survey.services", "survey.routes", "survey.exports"),
    "survey/services": ("survey.routes",),
    "survey/exports": ("survey.services", "survey.routes"),
    "survey/routes": ("survey.models",),
}
SOURCES = sorted(
    path
    for folder in ("analysis", "survey")
    for path in (ROOT / folder).rglob("*.py")
    if "__pycache__" not in path.parts
)


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("package", BANNED)
def test_package_imports_nothing_it_must_not(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in SOURCES
        if path.is_relative_to(ROOT / package)
        for name in imports_of(path)
        if any(name == ban or name.startswith(ban + ".") for ban in BANNED[package])
    ]
    assert not found, found


def test_the_walk_sees_the_sources() -> None:
    # A walk over nothing would prove everything.
    packages = {path.relative_to(ROOT).parts[0] for path in SOURCES}
    assert packages == {"analysis", "survey"}
    assert len(SOURCES) > 60


def test_only_commands_of_analysis_open_files_or_ask_the_machine() -> None:
    found = []
    for path in SOURCES:
        inside = path.relative_to(ROOT)
        if inside.parts[0] != "analysis" or inside.parts[1] in ("commands", "__main__.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Name) and node.id in ("open", "print", "input"):
                found.append(f"{inside}:{node.lineno} {node.id}")
            if isinstance(node, ast.Attribute) and node.attr in ("environ", "now", "today"):
                found.append(f"{inside}:{node.lineno} .{node.attr}")
    assert not found, found


def test_services_do_not_know_the_request() -> None:
    found = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in SOURCES
        if path.is_relative_to(ROOT / "survey/services")
        for name in imports_of(path)
        if name in ("flask.request", "flask.session", "flask.g")
    ]
    assert not found, found


def test_only_transaction_commits() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        if path.name != "database.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "commit"
    ]
    assert not found, found


def test_only_the_clock_asks_what_time_it_is() -> None:
    asked = ("now", "utcnow", "today")
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        if path.name != "clock.py" and path.relative_to(ROOT).parts[0] == "survey"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in asked
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("datetime", "date")
    ]
    assert not found, found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_says_what_it_is_and_stays_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "the first line says what the file is"
    assert text.count("\n") <= 400, "a file past 400 lines wants to be two"
