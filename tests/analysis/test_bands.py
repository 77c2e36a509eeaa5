"""Runs of streets that cannot be told apart."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.bands import indistinct_runs, longest_run


def _differs(pairs: list[tuple[int, int]], size: int) -> np.ndarray:
    found = np.zeros((size, size), dtype=bool)
    for i, j in pairs:
        found[i, j] = found[j, i] = True
    return found


def test_all_equal_is_one_run_and_all_different_none() -> None:
    assert indistinct_runs([3.0, 1.0, 2.0], _differs([], 3)) == ((0, 2, 1),)
    assert indistinct_runs([3.0, 1.0, 2.0], _differs([(0, 1), (0, 2), (1, 2)], 3)) == ()
    assert indistinct_runs([], _differs([], 0)) == ()
    assert longest_run(()) == ()


def test_runs_overlap_where_only_the_ends_differ() -> None:
    # 0 > 1 > 2 > 3; 0 differs from 2 and 3, 1 from 3.
    runs = indistinct_runs([9.0, 8.0, 7.0, 6.0], _differs([(0, 2), (0, 3), (1, 3)], 4))
    assert runs == ((0, 1), (1, 2), (2, 3))
    assert longest_run(runs) == (0, 1)


@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=9),
    st.integers(1, 30),
)
def test_runs_are_exactly_the_maximal_ones(values: list[int], reach: int) -> None:
    scores = [float(value) for value in values]
    differs = np.abs(np.subtract.outer(scores, scores)) > reach
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], i))

    def is_run(start: int, end: int) -> bool:
        return not any(differs[i, j] for i, j in combinations(order[start:end], 2))

    expected = tuple(
        tuple(order[start:end])
        for start, end in combinations(range(len(order) + 1), 2)
        if end - start > 1
        and is_run(start, end)
        and not (start > 0 and is_run(start - 1, end))
        and not (end < len(order) and is_run(start, end + 1))
    )
    assert indistinct_runs(scores, differs) == expected
