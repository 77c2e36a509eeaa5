"""Tables of counts that are published together, and what they tell: sums of atomic cells.

An atomic cell is the finest group that any of the tables counts, named by any hashable, such as
("2026-2", "S01", "cati"). Each place of a table, totals included, is the sum of some atomic
cells; tables that share atomic cells are linked. Nothing is hidden or judged here.

    wave = table_of("wave 1", streets, channels, counts, cell=lambda s, c: [(1, s, c)])
    year = table_of("year", streets, channels, sums, cell=lambda s, c: [(1, s, c), (2, s, c)])
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from analysis.types import AnalysisError, IntArray

TOTAL = "(total)"
"""Stands for the row or column of a total: (row, TOTAL), (TOTAL, column), (TOTAL, TOTAL)."""

Atom = Hashable
Place = tuple[Hashable, Hashable]
Line = Literal["rows", "columns", "all"]


@dataclass(frozen=True, slots=True)
class Published:
    """One published number: these atomic ``cells`` (each once) hold ``total`` people, ≥ 0."""

    cells: tuple[Atom, ...]
    total: int


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """One table of counts with the totals it prints; build it with ``table_of``.

    ``counts`` (R, C) are the true counts, those of hidden places too. ``cells`` maps each
    (row, column) to its atomic cells. ``totals`` maps each printed total to its number.
    ``hidden`` holds the places that print no number, all marked alike: a mark that says "small"
    would give the range away. A total of several cells may be hidden only with
    ``totals_may_be_hidden``.
    """

    name: str
    rows: tuple[Hashable, ...]
    columns: tuple[Hashable, ...]
    counts: IntArray
    cells: Mapping[Place, tuple[Atom, ...]]
    totals: Mapping[Place, int]
    hidden: frozenset[Place] = frozenset()
    totals_may_be_hidden: bool = False

    @property
    def mask(self) -> np.ndarray:
        """Which inner cells (R, C) are hidden."""
        return np.array([[(r, c) in self.hidden for c in self.columns] for r in self.rows], bool)

    def with_hidden(self, places: Iterable[Place]) -> PublishedTable:
        """The same table with more places hidden."""
        return replace(self, hidden=self.hidden | frozenset(places))

    def is_inner(self, place: Place) -> bool:
        """Whether a place is one inner cell, or the total of a line that has only one."""
        row, column = place
        return (row != TOTAL or len(self.rows) == 1) and (column != TOTAL or len(self.columns) == 1)

    def places(self) -> Iterator[tuple[Place, tuple[Atom, ...], int]]:
        """Every printed place with its atomic cells and count: inner cells, then totals."""
        for i, row in enumerate(self.rows):
            for j, column in enumerate(self.columns):
                yield (row, column), self.cells[(row, column)], int(self.counts[i, j])
        for place, count in self.totals.items():
            parts = [self.cells[inner] for inner in self.inside(place)]
            yield place, tuple(atom for part in parts for atom in part), count

    def inside(self, place: Place) -> list[Place]:
        """The inner cells a total sums; an inner cell is itself."""
        row, column = place
        return [
            (r, c)
            for r in (self.rows if row == TOTAL else (row,))
            for c in (self.columns if column == TOTAL else (column,))
        ]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that the tables know, however often they print it.

    ``places`` are (table name, row, column); it is ``hidden`` when every one of them is, and
    ``partly_hidden`` when one is. ``is_total`` when some place sums more than one inner cell.
    """

    cells: tuple[Atom, ...]
    count: int
    places: tuple[tuple[str, Hashable, Hashable], ...]
    hidden: bool
    partly_hidden: bool
    may_be_hidden: bool
    is_total: bool


def table_of(
    name: str,
    rows: Sequence[Hashable],
    columns: Sequence[Hashable],
    counts: IntArray | Sequence[Sequence[int]],
    *,
    cell: Callable[[Hashable, Hashable], Iterable[Atom]],
    print_totals: Iterable[Line] = ("rows", "columns", "all"),
    totals: Mapping[Place, int] | None = None,
    hidden: Iterable[Place] = (),
    totals_may_be_hidden: bool = False,
) -> PublishedTable:
    """A table of ``counts`` (R, C) whose place (row, column) sums the atoms ``cell(row, column)``.

    Its totals are summed here for the lines of ``print_totals``; ``totals`` gives numbers printed
    elsewhere, which must agree. Raises ``AnalysisError``: ``bad_table`` (no whole numbers ≥ 0,
    shape, repeated names, an atomic cell counted twice, a hidden place that is none),
    ``total_is_not_the_sum``.
    """
    numbers = np.asarray(counts)
    shape = (len(rows), len(columns))
    whole = np.issubdtype(numbers.dtype, np.integer) or numbers.size == 0
    if not whole or numbers.shape != shape or np.any(numbers < 0):
        raise AnalysisError(
            "bad_table",
            f"The table {name!r} must hold {shape[0]} by {shape[1]} whole numbers of 0 or more.",
            table=name,
        )
    for names in (rows, columns):
        if len(set(names)) < len(names) or TOTAL in names:
            raise AnalysisError(
                "bad_table",
                f"The table {name!r} must name each row and column once, none of them {TOTAL!r}.",
                table=name,
            )
    cells = {(row, column): tuple(cell(row, column)) for row in rows for column in columns}
    atoms = [atom for part in cells.values() for atom in part]
    if len(set(atoms)) < len(atoms) or not all(cells.values()):
        raise AnalysisError(
            "bad_table",
            f"In the table {name!r} an atomic cell is counted twice, or a place has none.",
            table=name,
        )
    summed = sums_of(rows, columns, numbers)
    check_totals(name, summed, totals or {})
    printed = printed_places(rows, columns, print_totals) | set(totals or {})
    table = PublishedTable(
        name=name,
        rows=tuple(rows),
        columns=tuple(columns),
        counts=numbers.astype(np.int64),
        cells=cells,
        totals={place: n for place, n in summed.items() if place in printed},
        hidden=frozenset(hidden),
        totals_may_be_hidden=totals_may_be_hidden,
    )
    allowed = {p for p in table.totals if totals_may_be_hidden or table.is_inner(p)}
    strange = table.hidden - cells.keys() - allowed
    if strange:
        raise AnalysisError(
            "bad_table",
            f"The table {name!r} has no place {min(map(repr, strange))} that may be hidden.",
            table=name,
        )
    return table


def sums_of(
    rows: Sequence[Hashable], columns: Sequence[Hashable], counts: IntArray
) -> dict[Place, int]:
    """All totals of a table."""
    found: dict[Place, int] = {(TOTAL, TOTAL): int(counts.sum())}
    found |= {(r, TOTAL): int(n) for r, n in zip(rows, counts.sum(axis=1), strict=True)}
    found |= {(TOTAL, c): int(n) for c, n in zip(columns, counts.sum(axis=0), strict=True)}
    return found


def printed_places(
    rows: Sequence[Hashable], columns: Sequence[Hashable], lines: Iterable[Line]
) -> set[Place]:
    """The places of the totals that are printed."""
    of_line: dict[str, list[Place]] = {
        "rows": [(row, TOTAL) for row in rows],
        "columns": [(TOTAL, column) for column in columns],
        "all": [(TOTAL, TOTAL)],
    }
    return {place for line in lines for place in of_line[line]}


def check_totals(name: str, summed: Mapping[Place, int], given: Mapping[Place, int]) -> None:
    """Raise ``AnalysisError`` (``total_is_not_the_sum``) naming the first total that is wrong."""
    for place, total in given.items():
        if summed.get(place) != total:
            raise AnalysisError(
                "total_is_not_the_sum",
                f"In the table {name!r} the total at {place} is {total}, but its cells add up to "
                f"{summed.get(place, 'nothing')}; correct one of them.",
                table=name,
                place=place,
                total=total,
            )


def figures_of(tables: Sequence[PublishedTable]) -> list[Figure]:
    """Every number of the tables once, in the order of tables and places.

    Raises ``AnalysisError``: ``bad_table`` (two tables of one name), ``contradictory_tables``
    (the same people counted differently at two places).
    """
    if len({table.name for table in tables}) < len(tables):
        raise AnalysisError("bad_table", "Two tables have the same name; give each its own.")
    found: dict[frozenset[Atom], Figure] = {}
    for table in tables:
        for place, cells, count in table.places():
            hidden, is_total = place in table.hidden, not table.is_inner(place)
            may_be_hidden = table.totals_may_be_hidden or not is_total
            at = (table.name, *place)
            key = frozenset(cells)
            if key not in found:
                found[key] = Figure(cells, count, (at,), hidden, hidden, may_be_hidden, is_total)
                continue
            old = found[key]
            if old.count != count:
                raise AnalysisError(
                    "contradictory_tables",
                    f"The same people are {old.count} at {old.places[0]} and {count} at {at}; "
                    "correct one of them.",
                    places=(old.places[0], at),
                    counts=(old.count, count),
                )
            found[key] = replace(
                old,
                places=(*old.places, at),
                hidden=old.hidden and hidden,
                partly_hidden=old.partly_hidden or hidden,
                may_be_hidden=old.may_be_hidden and may_be_hidden,
                is_total=old.is_total or is_total,
            )
    return list(found.values())


@dataclass(frozen=True, slots=True)
class SmallDifference:
    """Two printed numbers of which one counts ``people`` more: they tell those few apart."""

    larger: tuple[str, Hashable, Hashable]
    smaller: tuple[str, Hashable, Hashable]
    people: int


def small_differences(
    tables: Sequence[PublishedTable], *, least: int
) -> tuple[SmallDifference, ...]:
    """Printed numbers of different tables that differ in 1 … ``least`` − 1 people (method §11).

    The people of one are among those of the other, as with a filter. Within one table the
    difference is a sum of its own places, which ``small_or_hidden`` looks after.
    """
    printed = [figure for figure in figures_of(tables) if not figure.hidden]
    holders: dict[Atom, list[Figure]] = {}
    for figure in printed:
        for atom in figure.cells:
            holders.setdefault(atom, []).append(figure)
    found = []
    for small in printed:
        inside = set(small.cells)
        for large in holders[small.cells[0]]:
            few = 0 < large.count - small.count < least and inside < set(large.cells)
            if few and not {p[0] for p in small.places} & {p[0] for p in large.places}:
                people = large.count - small.count
                found.append(SmallDifference(large.places[0], small.places[0], people))
    return tuple(found)


def tables_to_statements(tables: Sequence[PublishedTable]) -> list[Published]:
    """What a reader of all tables knows: every number printed anywhere, each once."""
    return [Published(f.cells, f.count) for f in figures_of(tables) if not f.hidden]


def small_or_hidden(
    tables: Sequence[PublishedTable], *, least: int
) -> dict[Hashable, tuple[Atom, ...]]:
    """What the audit must protect: {(table name, row, column): atomic cells}.

    Every number that some place hides, and every printed one of 1 … ``least`` − 1 people, which
    should not be printed at all. A number that several places show is named by the first.
    """
    return {
        figure.places[0]: figure.cells
        for figure in figures_of(tables)
        if figure.partly_hidden or 0 < figure.count < least
    }
