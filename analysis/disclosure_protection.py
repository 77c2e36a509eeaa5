"""Hiding further numbers of linked tables until the audit of everything published passes.

Three passes, each explained number by number: numbers of 1 … least − 1 people; the cheapest
rectangle of each in its own table (``disclosure.suppress``); then for every number whose range the
audit finds too narrow the cheapest further numbers. Together they give the promise that no hidden
number can be narrowed to a range below ``least``, whatever the tables have in common; the report
of the last audit is its proof.

The third pass looks for two tables of whole numbers that differ by ``least`` in the number to
protect and change as few people as possible in numbers still printed: Σ count·|change| is the
smallest. Numbers that change are hidden. Zeros never change, so they protect nothing. Numbers are
taken by ascending count, then in the order of tables and places, and no random number is drawn.

References: Cox 1980, 1995; Fischetti & Salazar 2001 (the programme of the attacker and the
protection levels); Hundepool et al. 2012, §4.4 (one number after the other: the modular approach).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.disclosure import suppress
from analysis.disclosure_audit import AuditReport, any_table, audit, incidence, suspects
from analysis.published_tables import (
    TOTAL,
    Figure,
    Published,
    PublishedTable,
    SmallDifference,
    figures_of,
    small_differences,
    small_or_hidden,
    tables_to_statements,
)
from analysis.types import FloatArray, IntArray

PARTNERS = (12, 60)
SMALL_SYSTEM = 500
NODE_LIMIT = 2_000


@dataclass(frozen=True, slots=True)
class Hiding:
    """One place that was hidden, how many ``people`` it counts, and why.

    ``because`` is ``small`` (1 … least − 1 people), ``rectangle`` (protects the small ones of its
    table), ``same_number`` (another place would have shown it) or ``audit``; then ``protects``
    names the place that could be narrowed.
    """

    table: str
    row: Hashable
    column: Hashable
    people: int
    because: str
    protects: tuple[str, Hashable, Hashable] | None = None


@dataclass(frozen=True, slots=True)
class Protection:
    """The tables as they may be published, the audit of them, and every place hidden for it.

    Publish only what ``report.passed`` and has no ``differences``: two printed numbers of
    different tables that tell a few people apart; leave one of the tables out. What the report
    still lists cannot be protected by hiding what the tables allow to be hidden: leave out that
    line, or let its total be hidden.
    """

    tables: tuple[PublishedTable, ...]
    report: AuditReport
    hidings: tuple[Hiding, ...]
    differences: tuple[SmallDifference, ...]


def protect(tables: Sequence[PublishedTable], *, least: int = 10) -> Protection:
    """Hide numbers of tables that are published together until no range is below ``least``.

    What the tables hide already stays hidden and is protected too. Totals are hidden only where
    the table allows it and nothing else helps. Time grows with the number of small counts: three
    waves and their year of 343 lines by 5 columns take about 10 s with a tenth of the counts
    small, 25 s with a third.
    Raises ``AnalysisError``: ``bad_table``, ``contradictory_tables``, ``audit_too_large``.
    """
    state = Protector(tables, least)
    state.hide_small()
    state.hide_rectangles()
    state.hide_same_numbers()
    hopeless: set[int] = set()
    current = state.current_tables()
    targets = small_or_hidden(current, least=least)
    doubtful = suspects(tables_to_statements(current), targets, least=least)
    hopeless |= state.widen([state.number_of[targets[name]] for name in doubtful])
    while True:
        current = state.current_tables()
        targets = small_or_hidden(current, least=least)
        report = audit(tables_to_statements(current), targets, least=least)
        narrow = [state.number_of[targets[found.name]] for found in report.narrow]
        hidden = len(state.hidings)
        hopeless |= state.widen([i for i in narrow if i not in hopeless])
        if len(state.hidings) == hidden:
            left = small_differences(current, least=least)
            return Protection(tuple(current), report, tuple(state.hidings), left)


class Protector:
    """The figures of all tables, which of them are hidden, and tables that agree with the rest.

    ``low`` and ``high`` (figures,) are the smallest and largest value of each figure over the
    tables found so far, all of which agree with everything still printed.
    """

    def __init__(self, tables: Sequence[PublishedTable], least: int) -> None:
        self.least = least
        self.tables = list(tables)
        self.figures = figures_of(tables)
        self.number_at = {p: i for i, f in enumerate(self.figures) for p in f.places}
        self.number_of = {f.cells: i for i, f in enumerate(self.figures)}
        self.hidden = np.array([f.hidden for f in self.figures], bool)
        self.count = np.array([f.count for f in self.figures], np.int64)
        self.is_total = np.array([f.is_total for f in self.figures], bool)
        free = np.array([f.may_be_hidden for f in self.figures], bool)
        self.may_hide = free & (self.count > 0)
        truth = any_table([Published(f.cells, f.count) for f in self.figures])
        self.position = {atom: i for i, atom in enumerate(truth)}
        self.truth = np.array(list(truth.values()), float)
        self.sums = incidence([f.cells for f in self.figures], self.position)
        self.by_atom = self.sums.T.tocsr()
        self.low, self.high = self.count.copy(), self.count.copy()
        self.lines = lines_of(tables, self.position)
        self.hidings: list[Hiding] = []

    def hide(self, numbers: Iterable[int], because: str, protects: int | None = None) -> None:
        """Hide figures at every place that prints them, and write down why."""
        protected = None if protects is None else self.figures[protects].places[0]
        for i in numbers:
            if not self.hidden[i]:
                self.hidden[i] = True
                self.hidings += [
                    Hiding(*place, int(self.count[i]), because, protected)
                    for place in self.figures[i].places
                ]

    def hide_small(self) -> None:
        """Hide every figure of 1 … least − 1 people that may be hidden."""
        self.hide(np.flatnonzero(self.may_hide & (self.count < self.least)), "small")

    def hide_rectangles(self) -> None:
        """Hide the cheapest rectangles of each table that prints all its totals (method §11)."""
        for table in self.tables:
            if len(table.totals) < len(table.rows) + len(table.columns) + 1:
                continue
            mask = suppress(table.counts, threshold=self.least, whole_lines=False)
            self.hide(
                [
                    self.number_at[(table.name, table.rows[r], table.columns[c])]
                    for r, c in zip(*np.nonzero(mask), strict=True)
                ],
                "rectangle",
            )

    def hide_same_numbers(self) -> None:
        """A figure that one place hid from the start and another prints: hide it everywhere."""
        hidden = {(t.name, *place) for t in self.tables for place in t.hidden}
        partly = [
            i
            for i, f in enumerate(self.figures)
            if not self.hidden[i] and self.may_hide[i] and any(p in hidden for p in f.places)
        ]
        self.hide(partly, "same_number")

    def current_tables(self) -> list[PublishedTable]:
        """The tables with everything hidden so far."""
        places: dict[str, list[tuple[Hashable, Hashable]]] = defaultdict(list)
        for i in np.flatnonzero(self.hidden):
            for name, row, column in self.figures[i].places:
                places[name].append((row, column))
        return [table.with_hidden(places[table.name]) for table in self.tables]

    def widen(self, narrow: Sequence[int]) -> set[int]:
        """Protect the ``narrow`` figures and those hidden for them; returns those that nothing
        can protect."""
        wide_before = self.hidden.copy()
        wide_before[narrow] = False
        hopeless: set[int] = set()
        while True:
            wide = self.high - self.low >= self.least
            pending = self.hidden & ~wide & ~wide_before
            pending[narrow] |= ~wide[narrow]
            pending[list(hopeless)] = False
            if not pending.any():
                return hopeless
            order = np.flatnonzero(pending)
            target = int(order[np.argmin(self.count[order])])
            found = self.protect_figure(target)
            if not found or self.high[target] - self.low[target] < self.least:
                hopeless.add(target)

    def protect_figure(self, target: int) -> bool:
        """Hide the cheapest figures that give ``target`` its range; false when nothing does."""
        if self.is_hopeless(target):
            return False
        everything = np.arange(len(self.position))
        scopes = [everything]
        if len(everything) > SMALL_SYSTEM:
            scopes = [*(self.scope(target, n) for n in PARTNERS), everything]
        totals = (False, True) if np.any(self.may_hide & self.is_total) else (False,)
        for with_totals in totals:
            for atoms in scopes:
                if len(atoms) and self.try_scope(target, atoms, with_totals=with_totals):
                    return True
        return False

    def is_hopeless(self, target: int) -> bool:
        """Whether a printed number that must stay holds too few people with the target inside."""
        atoms = set(self.figures[target].cells)
        first = self.by_atom[[self.position[self.figures[target].cells[0]]]].indices
        return any(
            self.count[i] < self.least
            and not self.hidden[i]
            and not self.may_hide[i]
            and atoms <= set(self.figures[i].cells)
            for i in first
        )

    def scope(self, target: int, partners: int) -> IntArray:
        """Atoms of the target's lines and of the cheapest other lines; none if it has no line."""
        table, line, across = self.line_of(self.figures[target])
        if line is None:
            return np.zeros(0, np.int64)
        rows_are_lines = len(table.rows) >= len(table.columns)
        offers = []
        for other in table.rows if rows_are_lines else table.columns:
            place = (other, across) if rows_are_lines else (across, other)
            i = self.number_at.get((table.name, *place))
            if other != line and i is not None and self.count[i] > 0:
                offers.append((0 if self.hidden[i] else self.count[i], -self.count[i], other))
        offers.sort(key=lambda offer: offer[:2])
        chosen = [line, *(other for *_price, other in offers[:partners])]
        return np.unique(np.concatenate([self.lines[label] for label in chosen]))

    def line_of(self, figure: Figure) -> tuple[PublishedTable, Hashable | None, Hashable]:
        """The first table that prints a figure, its line there along the longer side, and its
        place across."""
        name, row, column = figure.places[0]
        table = next(t for t in self.tables if t.name == name)
        if len(table.rows) >= len(table.columns):
            return table, None if row == TOTAL else row, column
        return table, None if column == TOTAL else column, row

    def try_scope(self, target: int, atoms: IntArray, *, with_totals: bool) -> bool:
        """Look for two tables that differ in ``atoms`` only; hide what they change."""
        inside = self.sums[:, atoms].tocsr()
        touched = np.flatnonzero((np.diff(inside.indptr) > 0) & ~self.hidden)
        allowed = self.may_hide[touched] & (with_totals | ~self.is_total[touched])
        pair = cheapest_pair(
            inside[touched],
            self.truth[atoms],
            price=np.where(allowed, self.count[touched], np.inf).astype(float),
            goal=inside[[target]].toarray()[0],
            least=self.least,
        )
        if pair is None:
            return False
        for table in pair:
            whole = self.truth.copy()
            whole[atoms] = table
            values = np.rint(self.sums @ whole).astype(np.int64)
            changed = np.flatnonzero((values != self.count) & ~self.hidden)
            self.hide(changed, "audit", protects=target)
            np.minimum(self.low, values, out=self.low)
            np.maximum(self.high, values, out=self.high)
        return True


def lines_of(tables: Sequence[PublishedTable], position: Any) -> dict[Hashable, IntArray]:
    """Atoms of each line along the longer side of its table, over all tables that name it."""
    found: dict[Hashable, list[int]] = defaultdict(list)
    for table in tables:
        along_rows = len(table.rows) >= len(table.columns)
        for (row, column), cells in table.cells.items():
            found[row if along_rows else column] += [position[atom] for atom in cells]
    return {label: np.unique(np.array(atoms, np.int64)) for label, atoms in found.items()}


def cheapest_pair(
    sums: Any, truth: FloatArray, *, price: FloatArray, goal: FloatArray, least: int
) -> tuple[FloatArray, FloatArray] | None:
    """Two tables of whole numbers ≥ 0 with goal·(high − low) ≥ ``least`` and the cheapest changes.

    ``sums`` (figures, atoms) are the printed figures, ``truth`` (atoms,) a table that agrees with
    them, ``price`` (figures,) what a change of one person costs, infinite where none is allowed.
    Σ price·|sums @ (table − truth)| over both tables is the smallest; ``None`` if there are none.
    """
    from scipy.optimize import LinearConstraint, milp
    from scipy.sparse import block_array, csr_array

    free = np.flatnonzero(np.isfinite(price))
    n, m = len(truth), len(free)
    pick = csr_array((np.ones(m), (free, np.arange(m))), shape=(len(price), m))
    # Per table its atoms x, and what each figure gains (p) and loses (q): sums·x − p + q.
    one = block_array([[sums, -pick, pick]])
    both = block_array([[one, None], [None, one]], format="csr")
    printed = np.tile(sums @ truth, 2)
    moves = np.concatenate([goal, np.zeros(2 * m)])
    found = milp(
        np.tile(np.concatenate([np.zeros(n), price[free], price[free]]), 2),
        constraints=[
            LinearConstraint(both, printed, printed),
            LinearConstraint(np.concatenate([-moves, moves])[None, :], least, np.inf),
        ],
        integrality=np.tile(np.concatenate([np.ones(n), np.zeros(2 * m)]), 2),
        options={"mip_rel_gap": 0.0, "node_limit": NODE_LIMIT},
    )
    if found.x is None:
        return None
    tables = np.rint(found.x).reshape(2, n + 2 * m)[:, :n]
    return tables[0], tables[1]
