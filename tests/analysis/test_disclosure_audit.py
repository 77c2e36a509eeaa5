"""The audit of linked tables: ranges equal trying everything, and nothing stays too narrow."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analysis.disclosure import feasible_range, suppress
from analysis.disclosure_audit import audit, feasible_range_of, suspects
from analysis.disclosure_protection import protect
from analysis.published_tables import (
    TOTAL,
    Published,
    figures_of,
    small_or_hidden,
    table_of,
    tables_to_statements,
)
from analysis.types import AnalysisError

STEPS = 40_000


def single(counts, **options):
    """One table with an atomic cell for each of its cells."""
    rows, columns = np.shape(counts)
    return table_of("t", range(rows), range(columns), counts, cell=lambda r, c: [(r, c)], **options)


def waves_and_year(*waves, **options):
    """A table for each wave, and the year that adds them up."""
    rows, columns = np.shape(waves[0])
    count = len(waves)
    tables = [
        table_of(
            f"wave {w}",
            range(rows),
            range(columns),
            wave,
            cell=lambda r, c, w=w: [(w, r, c)],
            **options,
        )
        for w, wave in enumerate(waves)
    ]
    year = table_of(
        "year",
        range(rows),
        range(columns),
        sum(np.array(wave) for wave in waves),
        cell=lambda r, c: [(w, r, c) for w in range(count)],
        **options,
    )
    return [*tables, year]


def two_views(counts, **options):
    """Streets by channel and streets by language of the same people, counts (R, C, L)."""
    R, C, L = counts.shape
    return [
        table_of(
            "channels",
            range(R),
            range(C),
            counts.sum(axis=2),
            cell=lambda r, c: [(r, c, k) for k in range(L)],
            **options,
        ),
        table_of(
            "languages",
            range(R),
            [f"l{k}" for k in range(L)],
            counts.sum(axis=1),
            cell=lambda r, k: [(r, c, int(k[1:])) for c in range(C)],
            **options,
        ),
    ]


def by_trying_everything(target, statements):
    """Smallest and largest sum of the atoms ``target``: every table of whole numbers is written
    down, atom by atom. Independent of the audit; gives up (``None``) after ``STEPS`` steps."""
    linked, grew = set(target), True
    while grew:
        near = [s for s in statements if linked & set(s.cells)]
        wider = linked.union(*(s.cells for s in near))
        grew, linked = wider != linked, wider
    if any(not any(atom in s.cells for s in statements) for atom in target):
        return 0, math.inf
    atoms = sorted(linked, key=repr)
    holding = {a: [i for i, s in enumerate(near) if a in s.cells] for a in atoms}
    place = {a: k for k, a in enumerate(atoms)}
    last = [max(place[a] for a in s.cells) for s in near]
    left, steps = [s.total for s in near], 0
    seen = []

    def fill(k, total):
        nonlocal steps
        steps += 1
        if steps > STEPS:
            return
        if k == len(atoms):
            seen.append(total)
            return
        own = holding[atoms[k]]
        most = min(left[i] for i in own)
        forced = {left[i] for i in own if last[i] == k}
        for value in forced or range(most + 1):
            if len(forced) > 1 or value > most:
                return
            for i in own:
                left[i] -= value
            fill(k + 1, total + value * (atoms[k] in target))
            for i in own:
                left[i] += value

    fill(0, 0)
    return None if steps > STEPS else (min(seen), max(seen))


counts_of_people = st.one_of(st.just(0), st.integers(1, 9), st.integers(10, 22))


def grids(rows, columns):
    return st.lists(
        st.lists(counts_of_people, min_size=columns, max_size=columns), min_size=rows, max_size=rows
    )


single_tables = st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(lambda s: grids(*s))
year_of_two = st.sampled_from([(1, 2), (2, 1), (2, 2)]).flatmap(
    lambda s: st.tuples(grids(*s), grids(*s))
)
linked_views = st.sampled_from([(1, 2, 2), (2, 2, 2), (2, 2, 1)]).flatmap(
    lambda s: st.lists(counts_of_people, min_size=math.prod(s), max_size=math.prod(s)).map(
        lambda flat: np.array(flat).reshape(s)
    )
)


def check_protection(tables, *, may_fail):
    """After ``protect`` no range is below 10, by trying everything, and the truth is in it."""
    found = protect(tables)
    statements = tables_to_statements(found.tables)
    counts = {figure.cells: figure.count for figure in figures_of(found.tables)}
    narrow = {target.name: (target.low, target.high) for target in found.report.narrow}
    assert may_fail or found.report.passed
    for table in found.tables:
        zeros = {p for p, _cells, count in table.places() if count == 0}
        assert not table.hidden & zeros
    for name, cells in small_or_hidden(found.tables, least=10).items():
        span = by_trying_everything(cells, statements)
        assume(span is not None)
        assert span[0] <= counts[cells] <= span[1]
        if name in narrow:
            assert narrow[name] == span
            assert span[1] - span[0] < 10
        else:
            assert span[1] - span[0] >= 10
    return found


@pytest.mark.parametrize("may_hide", [True, False], ids=["totals-may-go", "totals-stay"])
@given(counts=single_tables)
@settings(max_examples=40, deadline=None)
def test_nothing_hidden_in_one_table_can_be_narrowed(may_hide, counts):
    check_protection([single(counts, totals_may_be_hidden=may_hide)], may_fail=not may_hide)


@pytest.mark.parametrize("may_hide", [True, False], ids=["totals-may-go", "totals-stay"])
@given(waves=year_of_two)
@settings(max_examples=40, deadline=None)
def test_nothing_hidden_in_a_wave_follows_from_the_year_minus_the_other(may_hide, waves):
    tables = waves_and_year(*waves, totals_may_be_hidden=may_hide)
    check_protection(tables, may_fail=not may_hide)


@pytest.mark.parametrize("may_hide", [True, False], ids=["totals-may-go", "totals-stay"])
@given(counts=linked_views)
@settings(max_examples=40, deadline=None)
def test_nothing_hidden_in_two_views_of_the_same_people_can_be_narrowed(may_hide, counts):
    tables = two_views(counts, totals_may_be_hidden=may_hide)
    check_protection(tables, may_fail=not may_hide)


@given(counts=grids(3, 3), seed=st.integers(0, 2**16))
@settings(max_examples=40, deadline=None)
def test_ranges_of_a_random_mask_equal_trying_everything(counts, seed):
    mask = np.random.default_rng(seed).random((3, 3)) < 0.6
    places = [(int(r), int(c)) for r, c in zip(*np.nonzero(mask), strict=True)]
    tables = [single(counts, hidden=places)]
    statements = tables_to_statements(tables)
    targets = small_or_hidden(tables, least=10)
    report = audit(statements, targets)
    narrow = {t.name: (t.low, t.high) for t in report.narrow}
    assert report.targets == len(targets)
    assert narrow.keys() <= set(suspects(statements, targets))
    for name, cells in targets.items():
        span = by_trying_everything(cells, statements)
        assume(span is not None)
        exact = feasible_range_of(cells, statements)
        assert (exact.low, exact.high) == span
        assert narrow.get(name) == (span if span[1] - span[0] < 10 else None)
        if name[1:] in places:
            assert span == feasible_range(np.array(counts), mask, name[1], name[2])


def test_worked_example_9_passes_the_audit_as_it_is():
    counts = np.array([[34, 12, 41], [8, 27, 15], [52, 19, 33]])
    hidden = [(int(r), int(c)) for r, c in zip(*np.nonzero(suppress(counts)), strict=True)]
    statements = tables_to_statements([single(counts, hidden=hidden)])
    assert feasible_range_of([(1, 0)], statements).high == 35
    found = protect([single(counts)])
    assert found.report.passed
    assert found.tables[0].hidden == frozenset(hidden)
    assert [(h.row, h.column, h.people, h.because) for h in found.hidings] == [
        (1, 0, 8, "small"),
        (0, 0, 34, "rectangle"),
        (0, 1, 12, "rectangle"),
        (1, 1, 27, "rectangle"),
    ]


def test_a_rectangle_of_small_corners_is_not_enough_and_the_audit_says_so():
    # Given a small cell whose cheapest rectangle can give way by three people only
    counts = np.array([[3, 2, 60], [1, 40, 70], [80, 90, 50]])
    mask = suppress(counts)
    places = [(int(r), int(c)) for r, c in zip(*np.nonzero(mask), strict=True)]
    before = [single(counts, hidden=places)]
    report = audit(tables_to_statements(before), small_or_hidden(before, least=10))
    # Then suppression alone is narrowed, and protection goes on from there
    assert not report.passed
    assert all(t.high - t.low < 10 for t in report.narrow)
    found = protect(before)
    assert found.report.passed
    added = [h for h in found.hidings if h.because == "audit"]
    assert added
    assert all(h.protects is not None for h in added)


def test_a_wave_hidden_by_itself_follows_from_the_year_and_is_protected_there():
    waves = [[[8, 40], [50, 60]], [[45, 40], [50, 60]]]
    tables = waves_and_year(*waves)
    first = [tables[0].with_hidden([(0, 0), (0, 1), (1, 0), (1, 1)]), *tables[1:]]
    report = audit(tables_to_statements(first), small_or_hidden(first, least=10))
    first_found = report.narrow[0]
    assert (first_found.name, first_found.low, first_found.high) == (("wave 0", 0, 0), 8, 8)
    found = protect(tables)
    assert found.report.passed
    others = {h.table for h in found.hidings} - {"wave 0"}
    assert others


def test_a_number_hidden_in_one_table_is_hidden_in_every_table_that_prints_it():
    one = single([[40, 50], [60, 70]], hidden=[(0, 0)])
    other = table_of("again", ["s"], ["c", "d"], [[40, 50]], cell=lambda r, c: [(0, "cd".find(c))])
    found = protect([one, other])
    assert found.report.passed
    assert ("s", "c") in found.tables[1].hidden
    assert {h.because for h in found.hidings if h.table == "again"} <= {"same_number", "audit"}


def test_small_total_that_must_stay_is_reported_not_passed_over():
    found = protect([single([[3, 4], [50, 60]])])
    assert not found.report.passed
    assert (("t", 0, TOTAL), 7, 7) in [(t.name, t.low, t.high) for t in found.report.narrow]
    # With leave to hide totals the whole line goes with its total.
    free = protect([single([[3, 4], [50, 60]], totals_may_be_hidden=True)])
    assert free.report.passed
    assert {(0, 0), (0, 1), (0, TOTAL)} <= free.tables[0].hidden


def test_line_of_one_column_needs_no_row_totals():
    counts = [[4], [25], [0], [60]]
    found = protect([single(counts, print_totals=("columns",))])
    assert found.report.passed
    assert found.tables[0].hidden == {(0, 0), (1, 0)}
    assert found.tables[0].mask.tolist() == [[True], [True], [False], [False]]


def test_nothing_small_hides_nothing_and_an_empty_list_passes():
    found = protect([single([[10, 20], [30, 0]])])
    assert (found.report.passed, found.report.targets, found.hidings) == (True, 0, ())
    assert protect([]).report.passed


def test_a_higher_threshold_widens_every_range():
    counts = np.random.default_rng(2).integers(0, 60, (5, 4))
    found = protect([single(counts)], least=20)
    statements = tables_to_statements(found.tables)
    assert found.report.passed
    for cells in small_or_hidden(found.tables, least=20).values():
        assert feasible_range_of(cells, statements).width >= 20


def test_protection_is_the_same_every_time():
    waves = [np.random.default_rng(w).integers(0, 45, (6, 4)) for w in range(3)]
    once, again = protect(waves_and_year(*waves)), protect(waves_and_year(*waves))
    assert once.hidings == again.hidings
    assert once.report == again.report


def test_whole_numbers_are_narrower_than_the_linear_programme():
    # a + b = b + c = 1 and c + a + d = 1: halves would leave d anywhere in 0..1.
    sums = (("ab", 1), ("bc", 1), ("cad", 1))
    statements = [Published(tuple(cells), total) for cells, total in sums]
    found = feasible_range_of("d", statements)
    assert (found.low, found.high) == (1, 1)


def test_what_no_table_bounds_has_no_upper_bound():
    statements = [Published(("a", "b"), 12)]
    assert feasible_range_of(("a", "z"), statements).high is None
    assert feasible_range_of(("z",), []).width == math.inf
    assert audit(statements, {"free": ("a", "z")}).passed


@pytest.mark.parametrize(
    "sums",
    [
        [("a", 3), ("b", 4), ("ab", 8)],
        [("ab", 3), ("abc", 2)],
        [("ab", 5), ("bc", 5), ("ac", 5)],
        [("a", -1)],
    ],
    ids=["total", "part-above-whole", "no-whole-numbers", "negative"],
)
def test_statements_that_no_counts_agree_with_are_a_worded_error(sums):
    statements = [Published(tuple(cells), total) for cells, total in sums]
    with pytest.raises(AnalysisError, match="contradict") as caught:
        audit(statements, {"a": ("a",)})
    assert caught.value.code == "contradictory_tables"


def test_tables_that_count_the_same_people_differently_are_a_worded_error():
    one = single([[40, 50], [60, 70]])
    other = table_of("again", ["s"], ["c"], [[41]], cell=lambda r, c: [(0, 0)])
    with pytest.raises(AnalysisError, match=r"The same people are 40 at .* and 41 at"):
        protect([one, other])
    with pytest.raises(AnalysisError, match="same name"):
        protect([one, one])
    # Not one number, but the sum of two tables that cannot both be right.
    more = table_of("row", ["s"], ["c"], [[99]], cell=lambda r, c: [(0, 0), (0, 1)])
    with pytest.raises(AnalysisError, match=r"The same people are 90|contradict"):
        protect([one, more])


@pytest.mark.parametrize(
    ("counts", "options", "message"),
    [
        ([[1.5, 2.0]], {}, "whole numbers"),
        ([[-1, 3]], {}, "whole numbers"),
        ([[5, 6]], {"totals": {(0, TOTAL): 12}}, "is 12, but its cells add up to 11"),
        ([[5, 6]], {"totals": {(9, TOTAL): 12}}, "add up to nothing"),
        ([[5, 6]], {"hidden": [(3, 3)]}, "no place"),
        ([[5, 6]], {"hidden": [(0, TOTAL)]}, "no place"),
    ],
    ids=["fraction", "negative", "total", "no-total", "no-place", "total-stays"],
)
def test_table_that_cannot_be_right_is_a_worded_error(counts, options, message):
    with pytest.raises(AnalysisError, match=message):
        single(counts, **options)


@pytest.mark.parametrize(
    ("rows", "cell", "message"),
    [
        (["a", "a"], lambda r, c: [(r, c)], "each row and column once"),
        (["a", TOTAL], lambda r, c: [(r, c)], "each row and column once"),
        (["a", "b"], lambda r, c: [c], "counted twice"),
        (["a", "b"], lambda r, c: [], "a place has none"),
        (["a"], lambda r, c: [(r, c)], "1 by 2 whole numbers"),
    ],
    ids=["repeated", "reserved", "twice", "empty", "shape"],
)
def test_table_with_unusable_names_is_a_worded_error(rows, cell, message):
    with pytest.raises(AnalysisError, match=message):
        table_of("t", rows, ["x", "y"], [[1, 2], [3, 4]], cell=cell)


def test_the_same_atomic_cell_twice_in_a_number_is_a_worded_error():
    with pytest.raises(AnalysisError, match="same atomic cell twice"):
        feasible_range_of(("a", "a"), [Published(("a",), 3)])


def test_forty_streets_in_four_linked_tables_take_seconds():
    rng = np.random.default_rng(3)
    level = rng.gamma(2, 20, (40, 5))
    waves = [rng.poisson(level) for _ in range(3)]
    start = time.process_time()
    found = protect(waves_and_year(*waves))
    assert time.process_time() - start < 20
    assert found.report.passed
    # Suppression table by table would have given numbers away.
    masked = [
        table.with_hidden(
            (int(r), int(c)) for r, c in zip(*np.nonzero(suppress(table.counts)), strict=True)
        )
        for table in waves_and_year(*waves)
    ]
    assert not audit(tables_to_statements(masked), small_or_hidden(masked, least=10)).passed


def test_two_printed_numbers_that_tell_a_few_people_apart_do_not_pass():
    rows, columns = ("s1", "s2"), ("n",)
    all_of_them = table_of(
        "all",
        rows,
        columns,
        [[50], [60]],
        cell=lambda row, _column: (f"{row} counted", f"{row} set aside"),
        print_totals=(),
    )
    accepted = table_of(
        "accepted",
        rows,
        columns,
        [[45], [60]],
        cell=lambda row, _column: (f"{row} counted",),
        print_totals=(),
    )
    found = protect([all_of_them, accepted])
    [difference] = found.differences
    assert (difference.larger, difference.smaller) == (("all", "s1", "n"), ("accepted", "s1", "n"))
    assert difference.people == 5
    assert protect([all_of_them]).differences == ()
