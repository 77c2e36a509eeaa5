"""How much redaction finds on hand-made lines, kind by kind, and how little else it takes."""

from __future__ import annotations

from collections import Counter

import pytest

from analysis.themes.redact import KINDS, identifying_parts, redact
from tests.analysis.themes.redaction_corpus import HALVES, Line, innocent_lines, redaction_lines

NUMBERS = tuple(kind for kind in KINDS if kind != "name")
LINES = redaction_lines()
INNOCENT = innocent_lines()


def recall(half: str) -> dict[str, tuple[int, int]]:
    """(found, all) of each kind; found means that no letter or digit of the part is left."""
    found: Counter[str] = Counter()
    all_of_them: Counter[str] = Counter()
    for line in LINES:
        if line.half != half:
            continue
        gone = {
            place for start, stop, _ in identifying_parts(line.text) for place in range(start, stop)
        }
        for start, stop, kind in line.parts:
            all_of_them[kind] += 1
            found[kind] += all(
                place in gone or not line.text[place].isalnum() for place in range(start, stop)
            )
    return {kind: (found[kind], all_of_them[kind]) for kind in KINDS}


def damaged(line: Line) -> bool:
    return redact(line.text).text != line.text


def test_the_corpus_is_large_enough_and_has_every_kind_in_both_halves() -> None:
    assert len(LINES) >= 300
    assert len({line.text for line in LINES}) == len(LINES)
    assert len(INNOCENT) >= 200
    for half in HALVES:
        assert all(count >= 9 for _, count in recall(half).values()), recall(half)


@pytest.mark.parametrize("half", HALVES)
def test_numbers_are_found(half: str) -> None:
    table = recall(half)
    found = sum(table[kind][0] for kind in NUMBERS)
    assert found / sum(table[kind][1] for kind in NUMBERS) >= 0.98, table
    # No kind hides a weakness behind the others: of none is more than one missed.
    assert all(table[kind][1] - table[kind][0] <= 1 for kind in NUMBERS), table


@pytest.mark.parametrize("half", HALVES)
def test_announced_names_are_found(half: str) -> None:
    found, count = recall(half)["name"]
    assert found / count >= 0.85


@pytest.mark.parametrize("half", HALVES)
def test_innocent_lines_lose_nothing(half: str) -> None:
    lines = [line for line in INNOCENT if line.half == half]
    lost = [redact(line.text).text for line in lines if damaged(line)]
    assert len(lost) <= 0.02 * len(lines), lost


def test_little_beside_the_marked_parts_is_taken_from_the_lines_that_have_some() -> None:
    characters = taken = 0
    for line in LINES:
        marked = {place for start, stop, _ in line.parts for place in range(start, stop)}
        gone = {
            place for start, stop, _ in identifying_parts(line.text) for place in range(start, stop)
        }
        others = [p for p, c in enumerate(line.text) if c.isalnum() and p not in marked]
        characters += len(others)
        taken += sum(place in gone for place in others)
    assert taken <= 0.01 * characters


def test_nothing_marked_survives_in_what_is_stored() -> None:
    """The same from outside: the whole secret is not in the stored text."""
    left = Counter(
        kind
        for line in LINES
        for start, stop, kind in line.parts
        if stop - start > 1 and line.text[start:stop] in redact(line.text).text
    )
    assert sum(count for kind, count in left.items() if kind != "name") <= 2, left


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.text[:20])
def test_a_second_pass_over_stored_text_changes_nothing(line: Line) -> None:
    once = redact(line.text).text
    assert redact(once).text == once
