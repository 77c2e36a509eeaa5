"""Precision, recall and the order of a review from counts of judged comments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.estimate import wilson
from analysis.themes.review import precision, priority, recall, uncertainty


def test_precision_is_a_share_with_its_wilson_interval():
    found = precision(9, 10)
    assert (found.value, found.n) == (0.9, 10)
    assert (found.low, found.high) == wilson(0.9, 10, confidence=0.95)
    # 9 of 10 by Wilson 1927: 0.596 to 0.982.
    assert found.low == pytest.approx(0.5958, abs=1e-4)
    assert found.high == pytest.approx(0.9821, abs=1e-4)


def test_nothing_is_known_before_anything_was_judged():
    assert (precision(0, 0).value, precision(0, 0).low, precision(0, 0).high) == (None, 0, 1)
    assert uncertainty(0, 0) == 1
    assert recall(40, 20, inside=(5, 5), outside=(0, 0)).value is None
    assert recall(40, 20, inside=(0, 0), outside=(5, 5)).value is None


def test_recall_weighs_what_was_missed_around_the_theme():
    # 40 comments, 9 of 10 right: 36. 20 around, 1 of 5 about it: 4. Found 36 of 40.
    found = recall(40, 20, inside=(9, 10), outside=(1, 5))
    assert found.value == pytest.approx(0.9)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.9 < found.high
    # The worse end of the one against the worse end of the other.
    q, o = wilson(0.9, 10, confidence=0.95), wilson(0.2, 5, confidence=0.95)
    assert found.low == pytest.approx(40 * q[0] / (40 * q[0] + 20 * o[1]))
    assert found.high == pytest.approx(40 * q[1] / (40 * q[1] + 20 * o[0]))


def test_with_nothing_around_it_a_theme_misses_nothing():
    assert recall(12, 0, inside=(10, 10), outside=(0, 0)).value == 1
    assert recall(12, 0, inside=(0, 10), outside=(0, 0)).value is None


@given(
    judged=st.integers(1, 200),
    share=st.floats(0, 1),
    members=st.integers(0, 10**5),
    around=st.integers(0, 10**5),
    outside=st.integers(0, 50),
)
def test_estimates_lie_inside_their_intervals(judged, share, members, around, outside):
    right = int(judged * share)
    found = recall(members, around, inside=(right, judged), outside=(outside // 2, outside))
    assert 0 <= found.low <= found.high <= 1
    if found.value is not None and members and around:
        assert found.low <= found.value + 1e-12
        assert found.value <= found.high + 1e-12
    assert 0 < uncertainty(right, judged) < 1


def test_reading_a_theme_moves_it_down_and_points_move_it_up():
    unread = priority(points=0.3, share=0.02, unsure=uncertainty(0, 0))
    assert unread == pytest.approx(2.3)
    assert priority(points=0.3, share=0.02, unsure=uncertainty(10, 10)) < unread / 3
    assert priority(points=0.9, share=0.02, unsure=1) > unread
    # What costs nobody anything still comes by how many mention it.
    assert priority(points=0, share=0.05, unsure=1) > priority(points=0, share=0.01, unsure=1) > 0
