"""No small count can be worked out from those that are shown and the total."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analysis.small_counts import hidden_counts


def test_nothing_small_hides_nothing() -> None:
    assert hidden_counts({"a": 10, "b": 0, "c": 44}, least=10) == frozenset()


def test_one_small_count_takes_the_next_with_it() -> None:
    assert hidden_counts({"a": 4, "b": 30, "c": 11}, least=10) == {"a", "c"}


def test_zeros_are_shown_and_protect_nobody() -> None:
    assert hidden_counts({"a": 4, "b": 0, "c": 30}, least=10) == {"a", "c"}


@given(st.dictionaries(st.integers(0, 20), st.integers(0, 40), max_size=8))
def test_what_is_hidden_adds_up_to_enough_or_is_everything(counts: dict[int, int]) -> None:
    hidden = hidden_counts(counts, least=10)
    small = {key for key, n in counts.items() if 0 < n < 10}
    assert small <= hidden
    assert not any(counts[key] == 0 for key in hidden)
    if hidden:
        shown = {key for key, n in counts.items() if n > 0} - hidden
        assert not shown or (sum(counts[k] for k in hidden) >= 10 and len(hidden) > 1)


@given(
    st.dictionaries(st.integers(0, 12), st.integers(0, 40), max_size=8),
    st.sets(st.integers(0, 12), max_size=3),
)
def test_what_was_hidden_already_is_protected_as_well(
    counts: dict[int, int], already: set[int]
) -> None:
    hidden = hidden_counts(counts, least=10, already=already)
    assert {key for key in already if counts.get(key)} <= hidden
    shown = {key for key, n in counts.items() if n > 0} - hidden
    if hidden and shown:
        assert len(hidden) > 1
        assert sum(counts[key] for key in hidden) - len(hidden) >= 10
