"""The work of redaction is bounded by construction: no pattern can be made to run away."""

from __future__ import annotations

import itertools
import re
import types
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.themes import (
    redact,
    redact_fold,
    redact_handles,
    redact_houses,
    redact_latin_names,
    redact_names,
    redact_numbers,
)

MODULES = (
    redact,
    redact_fold,
    redact_handles,
    redact_houses,
    redact_latin_names,
    redact_names,
    redact_numbers,
)
# One place of a text may be tried in so many ways by one pattern's nested repeats, and no more.
MOST_NESTED = 600


def patterns(module: types.ModuleType) -> Iterator[tuple[str, re.Pattern[str]]]:
    for name, value in vars(module).items():
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, re.Pattern):
                yield f"{module.__name__}.{name}", part


PATTERNS = [(name, pattern) for module in MODULES for name, pattern in patterns(module)]


def unbounded(parsed: Any) -> list[str]:
    """Repeats without an end that can give back what they took: those may be tried n times."""
    found = []
    for operation, argument in parsed:
        if (
            str(operation) in ("MAX_REPEAT", "MIN_REPEAT")
            and argument[1] == re._constants.MAXREPEAT
        ):
            found.append(str(operation))
        found += [wrong for part in nested(argument) for wrong in unbounded(part)]
    return found


def nested(argument: Any) -> Iterator[Any]:
    """The parts of an operation that are patterns themselves."""
    if isinstance(argument, re._parser.SubPattern):
        yield argument
    elif isinstance(argument, (tuple, list)):
        for part in argument:
            yield from nested(part)


def most_repeats(parsed: Any) -> int:
    """The largest product of the ends of repeats that stand within each other."""
    most = 1
    for operation, argument in parsed:
        times = argument[1] if str(operation) in ("MAX_REPEAT", "MIN_REPEAT") else 1
        most = max([most, *(times * most_repeats(part) for part in nested(argument))])
    return most


def test_there_are_patterns_to_look_at() -> None:
    assert len(PATTERNS) > 30


@pytest.mark.parametrize(("name", "pattern"), PATTERNS, ids=[name for name, _ in PATTERNS])
def test_no_pattern_repeats_without_an_end_or_many_times_within_itself(
    name: str, pattern: re.Pattern[str]
) -> None:
    parsed = re._parser.parse(pattern.pattern, pattern.flags)
    assert unbounded(parsed) == []
    assert most_repeats(parsed) <= MOST_NESTED


def test_the_look_at_patterns_sees_what_it_should() -> None:
    assert unbounded(re._parser.parse("(a|b+)c")) == ["MAX_REPEAT"]
    assert unbounded(re._parser.parse("a{1,9}[0-9]{15,}+")) == []
    assert most_repeats(re._parser.parse("(a{1,30}b{0,3}){1,30}")) == 900


UNITS = [
    "1",
    "1 ",
    "a@",
    "a.",
    "张",
    "我是王",
    "栋1单元",
    "+1 ",
    "12-",
    "A",
    "一",
    "QQ",
    "(0",
    "\0",
]
UNITS += [
    "1QQ",
    "QQ1",
    "<b>",
    "&#49;",
    "\u200b1",
    "1\ufe0f\u20e3",
    "😀",
    "主任",
    "联系人",
    "Mr. ",
    "微信a",
    "1然后",
]


@pytest.mark.parametrize("unit", UNITS)
def test_a_hundred_kilobytes_of_one_thing_come_back(unit: str) -> None:
    text = (unit * 100_000)[:100_000]
    done = redact.redact(text)
    assert set(done.counts) <= set(redact.KINDS)
    if not done.counts:
        assert done.text == text


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(UNITS), min_size=1, max_size=4), st.integers(0, 400))
def test_any_repetition_is_redacted_once_and_for_all(units: list[str], times: int) -> None:
    once = redact.redact("".join(units) * times)
    assert redact.redact(once.text).text == once.text


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120))
def test_places_lead_back_to_the_text(text: str) -> None:
    found = redact.identifying_parts(text)
    assert found == sorted(found)
    assert all(0 <= start < stop <= len(text) for start, stop, _ in found)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(found))


@settings(max_examples=100, deadline=None)
@given(
    st.text(alphabet="路灯坏了，很久 ", max_size=20),
    st.lists(
        st.sampled_from(["", "\u200b", "\u200d", "\ufeff", "\u00ad"]), min_size=11, max_size=11
    ),
)
def test_a_number_is_found_whatever_invisible_stands_in_it(before: str, marks: list[str]) -> None:
    number = "".join(digit + mark for digit, mark in zip("15412345678", marks, strict=True))
    stored = redact.redact(f"{before}。{number}。").text
    assert not any(digit in stored for digit in "12345678")
