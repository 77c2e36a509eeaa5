"""What is made small still means the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from survey.condense import condense_css, condense_js

STATIC = Path(__file__).parents[2] / "survey/static"


def test_strings_properties_and_keys_keep_their_names() -> None:
    source = """
    // A comment
    function keep(name, value) {
    var draft = { value: value, at: name };
    return draft.value === 'value ; name' ? draft : value;
    }
    """
    made = condense_js(source)
    assert "'value ; name'" in made
    assert re.search(r"\{value:(\w),at:\w\}", made)
    assert "draft" not in made
    assert "comment" not in made


def test_a_name_that_is_used_but_not_declared_is_nobody_elses() -> None:
    made = condense_js("var long = a + b;\nvar other = long;")
    assert "=a+b" in made
    assert made == "var c=a+b,d=c;"


def test_only_declarations_that_follow_one_another_become_one() -> None:
    block = "var two = function () {\nvar three = 3;\nreturn three;\n};"
    source = f"var one = f(1);\n{block}\nvar x = 4;"
    assert condense_js(source) == "var b=f(1);var c=function(){var a=3;return a};var d=4;"


def test_tokens_that_never_change_are_put_in() -> None:
    source = ":root {\n--s4: 16px;\n--ink: #111;\n--gone: 1px;\n}\n.dark {\n--ink: #eee;\n}\n"
    made = condense_css(source + "p {\nmargin: var(--s4);\ncolor: var(--ink);\n}\n")
    assert made == ":root{--ink:#111}.dark{--ink:#eee}p{margin:16px;color:var(--ink)}"


@pytest.mark.parametrize("name", ["resident", "steps"])
def test_no_local_name_is_that_of_a_global_the_script_uses(name: str) -> None:
    # Renaming goes by the name alone, so one name must not mean two things.
    source = (STATIC / f"js/{name}.js").read_text(encoding="utf-8")
    declared = set(re.findall(r"\bvar (\w+)", source))
    declared |= set(re.findall(r"\bfunction (\w+)", source))
    used = {"document", "window", "location", "navigator", "localStorage", "JSON", "Date", "Math"}
    used |= {"fetch", "setTimeout", "setInterval", "clearTimeout", "addEventListener"}
    assert declared.isdisjoint(used)
