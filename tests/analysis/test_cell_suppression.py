"""Suppression: small cells are hidden and cannot be worked out from the totals of their table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.disclosure import cheapest_rectangle, feasible_range, primary_cells, suppress
from analysis.types import AnalysisError

tables = st.integers(2, 4).flatmap(
    lambda rows: st.integers(2, 4).flatmap(
        lambda columns: st.lists(
            st.lists(st.integers(1, 60), min_size=columns, max_size=columns),
            min_size=rows,
            max_size=rows,
        )
    )
)


@given(tables)
@settings(max_examples=40, deadline=None)
def test_no_hidden_small_cell_can_be_worked_out(rows):
    counts = np.array(rows)
    hidden = suppress(counts)
    assert np.all(hidden[primary_cells(counts, 10)])
    for row, column in zip(*np.nonzero(primary_cells(counts, 10)), strict=True):
        low, high = feasible_range(counts, hidden, int(row), int(column))
        assert low <= counts[row, column] <= high
        assert high > low


def test_nothing_small_hides_nothing():
    assert not suppress(np.array([[10, 20], [30, 40]])).any()


def test_zero_is_shown_and_protects_nothing():
    counts = np.array([[5, 0, 30], [0, 40, 50], [60, 70, 80]])
    hidden = suppress(counts)
    assert not hidden[counts == 0].any()
    assert set(zip(*np.nonzero(hidden), strict=True)) == {(0, 0), (0, 2), (2, 0), (2, 2)}


def test_the_cheapest_rectangle_reuses_what_is_hidden():
    counts = np.array([[3, 50, 12], [40, 4, 11], [45, 46, 47]])
    hidden = suppress(counts)
    assert hidden.sum() == 4 or hidden.sum() == 6
    assert hidden[0, 0]
    assert hidden[1, 1]


def test_single_column_hides_all_of_it():
    counts = np.array([[5], [50], [0]])
    assert suppress(counts).tolist() == [[True], [True], [False]]
    # Unless the protection of linked tables goes on from here.
    assert suppress(counts, whole_lines=False).tolist() == [[True], [False], [False]]


def test_of_equally_cheap_rectangles_the_first_row_then_column_is_taken():
    counts = np.array([[20, 20, 20], [20, 5, 20], [20, 20, 20]])
    assert set(zip(*np.nonzero(suppress(counts)), strict=True)) == {(0, 0), (0, 1), (1, 0), (1, 1)}


@given(tables, st.integers(0, 2**16))
@settings(max_examples=40, deadline=None)
def test_the_rectangle_is_the_cheapest_of_all_written_out(rows, seed):
    counts = np.array(rows)
    rng = np.random.default_rng(seed)
    counts[rng.random(counts.shape) < 0.2] = 0
    hidden = rng.random(counts.shape) < 0.3
    row, column = (int(rng.integers(size)) for size in counts.shape)
    offers = []
    for r in range(counts.shape[0]):
        for c in range(counts.shape[1]):
            corners = [(row, c), (r, column), (r, c)]
            if r != row and c != column and all(counts[corner] for corner in corners):
                price = sum(0 if hidden[corner] else int(counts[corner]) for corner in corners)
                offers.append((price, r, c, corners))
    found = cheapest_rectangle(counts, hidden, row, column)
    assert found == (min(offers)[3] if offers else None)


def test_shown_cell_has_no_range():
    counts = np.array([[10, 20], [30, 40]])
    assert feasible_range(counts, suppress(counts), 1, 1) == (40, 40)


@pytest.mark.parametrize("table", [[[1.5, 2.0]], [[-1, 3]], [1, 2, 3]])
def test_table_that_does_not_count_people_is_a_worded_error(table):
    with pytest.raises(AnalysisError, match="whole numbers"):
        suppress(np.array(table))
