"""Every reason that analysis gives for a figure that is not shown has words, in both languages."""

from __future__ import annotations

import ast
import re

import pytest
from flask import Flask
from flask_babel import force_locale

from survey.wording import NUMBER, REASONS, say_reason
from tests.parts import ROOT

KEEPS_A_REASON = re.compile(r"because$|^missing$|^suppressed$|^WITHHELD$")
SAYS_A_REASON = re.compile(r"suppress|missing|because|reason")
CODE = re.compile(r"[a-z]+(_[a-z0-9]+)+$")


def strings(node: ast.AST | None) -> set[str]:
    """Texts a value can take; a number in an f-string as 0."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.JoinedStr):
        return {"".join(str(p.value) if isinstance(p, ast.Constant) else "0" for p in node.values)}
    if isinstance(node, ast.IfExp):
        return strings(node.body) | strings(node.orelse)
    if isinstance(node, ast.BoolOp):
        return set().union(*map(strings, node.values))
    return set()


def reason_codes() -> set[str]:
    """Codes that reach ``suppressed_because`` and its like, read from the sources."""
    found: set[str] = set()
    for path in (ROOT / "analysis").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Assign):
                names = [one.id for one in node.targets if isinstance(one, ast.Name)]
                if any(KEEPS_A_REASON.search(name) for name in names):
                    found |= strings(node.value)
            elif isinstance(node, ast.keyword) and KEEPS_A_REASON.search(node.arg or ""):
                found |= strings(node.value)
            elif isinstance(node, ast.FunctionDef) and SAYS_A_REASON.search(node.name):
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Return):
                        found |= strings(inner.value)
            elif isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if any(KEEPS_A_REASON.search(one) for one in strings(key)):
                        found |= strings(value)
    return {code for code in found if CODE.match(code)}


def test_the_walk_finds_the_codes_that_are_known() -> None:
    known = {"street_without_index", "no_answers", "not_pooled", "n_below_0", "public_missing"}
    assert known <= reason_codes()
    assert "score_of_a_ranked_street_hidden" in reason_codes()


def test_every_code_has_words() -> None:
    assert {code for code in reason_codes() if NUMBER.sub("_N", code) not in REASONS} == set()


@pytest.mark.parametrize("locale", ["en", "zh_Hans_CN"])
def test_no_code_is_said_as_it_is(app: Flask, locale: str) -> None:
    with app.test_request_context(), force_locale(locale):
        for code in sorted(reason_codes()):
            words = say_reason(code)
            assert words != code
            assert "_" not in words
            assert (locale == "en") == words.isascii()
