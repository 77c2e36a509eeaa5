"""The policy as a form: every value there and back, every kind with bad input, nothing lost."""

from __future__ import annotations

import string
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from analysis.policy import ENTRIES, Policy, PolicyEntry
from analysis.policy_consistency import contradictions
from analysis.policy_values import READERS, read_value
from analysis.types import UNKNOWN
from survey.policy_form import SHAPES, PolicyForm, form_of, read_document, read_form
from survey.policy_words import CONTRADICTIONS, WRONG_TYPE, say_problem

NAMES = st.text(string.ascii_letters + string.digits + "街道_-+", min_size=1, max_size=12).filter(
    lambda name: name != UNKNOWN
)


def fields(form: PolicyForm, **changes: Any) -> MultiDict[str, str]:
    """What a browser posts for the form; changes: {value: text, or rows}."""
    posted: MultiDict[str, str] = MultiDict()
    for entry in ENTRIES:
        columns = SHAPES[entry.kind].columns
        if not columns:
            posted.add(entry.key, changes.get(entry.key, form.typed[entry.key].text))
            continue
        rows = changes.get(entry.key, form.typed[entry.key].rows)
        for row in (*rows, ("",) * len(columns)):
            for column, cell in zip(columns, row, strict=True):
                posted.add(f"{entry.key}.{column}", cell)
    return posted


def numbers(entry: PolicyEntry) -> st.SearchStrategy[float]:
    return st.floats(
        min_value=entry.minimum if entry.minimum is not None else -1e9,
        max_value=entry.maximum if entry.maximum is not None else 1e9,
        allow_nan=False,
    )


def shares(size: int) -> st.SearchStrategy[list[float]]:
    parts = st.lists(st.integers(0, 1000), min_size=size, max_size=size)
    return parts.filter(any).map(lambda found: [part / sum(found) for part in found])


def tables(number: st.SearchStrategy[float], *, least: int = 0) -> st.SearchStrategy[Any]:
    return st.dictionaries(NAMES, number, min_size=least, max_size=6)


def weights(names: list[str]) -> st.SearchStrategy[Any]:
    return shares(len(names)).map(lambda found: dict(zip(names, found, strict=True)))


UNIQUE = st.lists(NAMES, max_size=6, unique=True)
VALUES: dict[str, Any] = {
    "number": numbers,
    "integer": lambda entry: st.integers(
        int(entry.minimum or 0), int(entry.maximum if entry.maximum is not None else 10**9)
    ),
    "boolean": lambda _entry: st.booleans(),
    "text": lambda _entry: NAMES,
    "texts": lambda _entry: UNIQUE,
    "scale": lambda _entry: tables(st.floats(0, 100), least=1),
    "weights": lambda _entry: st.lists(NAMES, min_size=1, max_size=6, unique=True).flatmap(weights),
    "part_weights": lambda _entry: tables(st.floats(0, 1 / 6)),
    "shares": lambda _entry: st.integers(1, 6).flatmap(shares),
    "points": lambda entry: st.fixed_dictionaries(
        {name: st.floats(0, 1e6) for name in entry.default}
    ),
    "streams": lambda _entry: tables(st.sampled_from("AB")),
    "margins": lambda _entry: st.dictionaries(
        NAMES,
        st.fixed_dictionaries({"ordered": st.booleans(), "categories": UNIQUE}),
        max_size=4,
    ),
    "base_weights": lambda _entry: st.dictionaries(
        NAMES, tables(st.floats(1e-6, 1e6), least=1), max_size=3
    ),
}


def test_every_kind_has_a_control_words_and_a_test() -> None:
    assert set(SHAPES) == set(READERS) == set(VALUES) == set(WRONG_TYPE)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_value_comes_back_from_the_form_as_it_was(entry: PolicyEntry, data: Any) -> None:
    value = read_value(entry, data.draw(VALUES[entry.kind](entry)))
    policy = Policy(**{entry.key: value})
    found = read_form(fields(form_of(policy)))
    if contradictions(policy):
        assert not found.is_good
    else:
        assert found.is_good, found.errors
        assert found.policy.sha256 == policy.sha256
    assert found.values[entry.key] == value
    # And from its document, with the same cells.
    again = read_document(policy.to_dict())
    assert again.typed == form_of(policy).typed
    assert again.values[entry.key] == value


BAD_NUMBERS = (
    "", " ", "text", "NaN", "nan", "inf", "1e999", "-1e999", "0x10", "1,5", "1 2", "一", "½",
    "9" * 400, "9" * 100_000, "--1", "1.2.3", "\x00",
)  # fmt: skip
LONG = "名" * 100_000


def bad_inputs(entry: PolicyEntry) -> list[Any]:
    """What cannot be a value of this kind, as texts or rows of cells."""
    rows = [((*("x",) * (len(SHAPES[entry.kind].columns) - 1), bad),) for bad in BAD_NUMBERS]
    tables = [*rows, (("", "1"),), (("a", "1"), ("a", "1")), ((LONG, "1"),), (("\x07", "1"),)]
    kinds: dict[str, list[Any]] = {
        "number": [*BAD_NUMBERS, LONG],
        "integer": [*BAD_NUMBERS, "1.5", LONG],
        "boolean": ["", "maybe", "1", LONG],
        "text": ["", "   ", LONG, "\x00", "a\x1bb"],
        "texts": ["a\na", LONG, "\x00", "\n".join(f"n{i}" for i in range(101))],
        "scale": [*tables, (), (("a", "101"),), (("a", "-1"),)],
        "weights": [*tables, (), (("a", "0.4"), ("b", "0.4")), (("a", "2"), ("b", "-1"))],
        "part_weights": [*tables, (("a", "0.7"), ("b", "0.7")), (("a", "-0.1"),)],
        "shares": [((bad,),) for bad in BAD_NUMBERS if bad.strip(" ")]
        + [(), (("0.4",), ("0.4",)), (("2",), ("-1",))],
        "points": [*tables, (), (("burst", "1"),)],
        "streams": [(("a", "C"),), (("a", ""),), (("a", "A"), ("a", "B")), ((LONG, "A"),)],
        "margins": [
            (("", "no", "x"),),
            (("a", "no", "x"), ("a", "no", "y")),
            (("a", "no", "x\nx"),),
            (("a", "no", UNKNOWN),),
            (("a", "no", LONG),),
        ],
        "base_weights": [
            *((("v", "c", bad),) for bad in BAD_NUMBERS),
            (("", "c", "1"),),
            (("v", "c", "1"), ("v", "c", "2")),
            (("v", "", "1"),),
            (("v", "c", "0"),),
            (("v", "c", "-1"),),
        ],
    }
    return kinds[entry.kind]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
def test_bad_input_is_one_worded_error_at_its_value_and_stays_typed(
    app: Flask, entry: PolicyEntry
) -> None:
    base = form_of(Policy())
    with app.test_request_context("/?lang=en"):
        for bad in bad_inputs(entry):
            found = read_form(fields(base, **{entry.key: bad}))
            assert set(found.errors) == {entry.key}, (bad, found.errors)
            words = say_problem(entry, found.errors[entry.key][0])
            assert 5 < len(words) < 200, words
            assert "%(" not in words
            if isinstance(bad, str):
                assert found.typed[entry.key].text == bad
            else:
                assert found.typed[entry.key].rows[: len(bad)] == bad


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.minimum is not None or e.maximum])
def test_a_number_outside_its_bounds_is_told_both_ends(app: Flask, entry: PolicyEntry) -> None:
    base = form_of(Policy())
    for bound, step in ((entry.minimum, -1), (entry.maximum, 1)):
        if bound is None:
            continue
        found = read_form(fields(base, **{entry.key: str(bound + step)}))
        assert set(found.errors) == {entry.key}
        with app.test_request_context("/?lang=en"):
            words = say_problem(entry, found.errors[entry.key][0])
        assert words.startswith("Give a number")


@pytest.mark.parametrize("text", ["０．５", " 0.5 ", "+.5", "5e-1", "０.５０", "５Ｅ－１"])
def test_numbers_are_taken_as_people_type_them(text: str) -> None:
    found = read_form(fields(form_of(Policy()), alpha=text, min_index="４０"))
    assert found.policy.alpha == 0.5
    assert found.policy.min_index == 40


def test_contradictions_are_all_told_at_once_and_in_words(app: Flask) -> None:
    changes = {"trim_low": "1", "trim_high": "1", "min_answered": "0", "theme_window": "1"}
    found = read_form(fields(form_of(Policy()), **changes, last_waves="9", missing_options="5"))
    assert set(found.errors) == {
        "missing_options",
        "min_substantive",
        "theme_min_waves",
        "last_waves",
    }
    by_key = {entry.key: entry for entry in ENTRIES}
    with app.test_request_context("/?lang=en"):
        for key, errors in found.errors.items():
            assert say_problem(by_key[key], errors[0]) == str(CONTRADICTIONS[key])


def test_a_form_that_was_cut_short_empties_nothing() -> None:
    posted = fields(form_of(Policy()))
    for name in ("streams.name", "streams.value", "clustered_channels", "alpha"):
        posted.poplist(name)
    found = read_form(posted)
    assert set(found.errors) == {"streams", "clustered_channels", "alpha"}
    kept = read_form(posted, kept=Policy.from_dict({"alpha": 0.3}))
    assert kept.policy == Policy.from_dict({"alpha": 0.3})
