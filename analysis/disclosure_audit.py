"""The linear-programming audit: what can be worked out from everything that is published together.

Every published number is a statement "these atomic cells add up to so many people". A reader
who knows all statements can narrow each hidden number to a range; the audit finds that range and
lists the numbers whose range is too narrow (method §11). It hides nothing: ``protect`` in
``disclosure_protection`` does.

The range of a number is the smallest and largest value over all tables of whole numbers ≥ 0 that
agree with the statements. For one two-way table the vertices of the linear programme are whole
numbers; for linked tables they need not be, so the programme is solved in whole numbers (HiGHS by
``scipy.optimize.milp``; its relaxation alone is the classic audit and would call some ranges wider
than they are). Should a search ever reach its limit of nodes, the best table found stands, which
errs towards a narrower range.

A reader is taken to know every printed number and that people are whole and not negative, no more.
Who also knows the rule that zeros are printed can take 0 for 1 in a hidden place; who sees "small"
beside it knows the range at once, so hidden places must all look alike.

References: Cox, "Suppression methodology and statistical disclosure control", JASA 75 (1980);
Cox, "Network models for complementary cell suppression", JASA 90 (1995); Fischetti & Salazar,
"Solving the cell suppression problem on tabular data with linear constraints", Management
Science 47 (2001); Hundepool et al., *Statistical Disclosure Control* (Wiley 2012), ch. 4.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.published_tables import Atom, Published
from analysis.types import AnalysisError, FloatArray, IntArray

NODE_LIMIT = 20_000
INFEASIBLE = 2


@dataclass(frozen=True, slots=True)
class FeasibleRange:
    """Smallest and largest number of people; ``high`` is ``None`` when nothing bounds it."""

    low: int
    high: int | None

    @property
    def width(self) -> float:
        """high − low, infinite without an upper bound."""
        return math.inf if self.high is None else self.high - self.low


@dataclass(frozen=True, slots=True)
class NarrowTarget:
    """A number that readers can narrow too far: its name and what they can find out."""

    name: Hashable
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class AuditReport:
    """How many ``targets`` were looked at and which are ``narrow``: high − low < ``least``."""

    least: int
    targets: int
    narrow: tuple[NarrowTarget, ...]

    @property
    def passed(self) -> bool:
        """Whether no number can be narrowed too far."""
        return not self.narrow


@dataclass(frozen=True, slots=True)
class Reduced:
    """Statements after what follows at once: ``known`` atoms, and sums of the unknown ones."""

    known: dict[Atom, int]
    rest: list[tuple[frozenset[Atom], int]]


@dataclass(frozen=True, slots=True)
class Component:
    """Unknown atoms that depend on each other: ``matrix`` (statements, atoms) @ x = ``totals``.

    ``unbounded`` (atoms,) marks those that no statement holds.
    """

    position: Mapping[Atom, int]
    matrix: Any
    totals: IntArray
    unbounded: np.ndarray


def feasible_range_of(target: Sequence[Atom], statements: Sequence[Published]) -> FeasibleRange:
    """What readers of the ``statements`` can find out about the sum of the atoms ``target``.

    Raises ``AnalysisError`` (``contradictory_tables``) when no table agrees with the statements.
    """
    found = ranges(statements, {None: tuple(target)}, least=None)
    return found[None]


def audit(
    statements: Sequence[Published],
    targets: Mapping[Hashable, tuple[Atom, ...]],
    *,
    least: int = 10,
) -> AuditReport:
    """List the ``targets`` (name: atomic cells of the number) with a range below ``least``.

    Exact for those listed; for the others two tables that agree with all statements and differ
    by ``least`` or more in the number have been found, which proves the range without measuring
    it. Order of ``targets``. Raises ``AnalysisError``: ``contradictory_tables``, ``bad_table``.
    """
    found = ranges(statements, targets, least=least)
    narrow = tuple(
        NarrowTarget(name, span.low, span.high)
        for name, span in found.items()
        if span.high is not None and span.width < least
    )
    return AuditReport(least, len(targets), narrow)


def suspects(
    statements: Sequence[Published],
    targets: Mapping[Hashable, tuple[Atom, ...]],
    *,
    least: int = 10,
) -> list[Hashable]:
    """Names of the targets that may be narrow: a quick look that proves most others wide.

    Every narrow target is among them. Raises as ``audit`` does.
    """
    found = ranges(statements, targets, least=least, quick=True)
    return [name for name, span in found.items() if span.width < least]


def ranges(
    statements: Sequence[Published],
    targets: Mapping[Hashable, tuple[Atom, ...]],
    *,
    least: int | None,
    quick: bool = False,
) -> dict[Hashable, FeasibleRange]:
    """Ranges of all targets; with ``least`` those at least so wide are inner ranges only, and
    with ``quick`` all may be."""
    for cells in (*(s.cells for s in statements), *targets.values()):
        if len(set(cells)) < len(cells):
            raise AnalysisError("bad_table", "A number counts the same atomic cell twice.")
    reduced = reduce_statements(statements)
    unknown = {
        name: [atom for atom in cells if atom not in reduced.known]
        for name, cells in targets.items()
    }
    found: dict[Hashable, FeasibleRange] = {}
    for component in components_of(reduced, unknown.values()):
        mine = [n for n, atoms in unknown.items() if atoms and atoms[0] in component.position]
        search = Search(component, [unknown[n] for n in mine])
        found |= zip(mine, search.ranges(least, quick=quick), strict=True)
    spans = {}
    for name, cells in targets.items():
        sure = sum(reduced.known.get(atom, 0) for atom in cells)
        span = found.get(name, FeasibleRange(0, 0))
        spans[name] = FeasibleRange(
            sure + span.low, None if span.high is None else sure + span.high
        )
    return spans


def reduce_statements(statements: Iterable[Published]) -> Reduced:
    """Take out what follows at once: a sum of one atom, and sums of nobody.

    Raises ``AnalysisError`` (``contradictory_tables``).
    """
    rows: list[set[Atom]] = []
    totals: list[int] = []
    of_atom: dict[Atom, list[int]] = defaultdict(list)
    for statement in statements:
        for atom in statement.cells:
            of_atom[atom].append(len(rows))
        rows.append(set(statement.cells))
        totals.append(statement.total)
    known: dict[Atom, int] = {}
    open_ = list(range(len(rows)))
    while open_:
        row = open_.pop()
        if totals[row] < 0 or (not rows[row] and totals[row]):
            raise contradiction()
        if totals[row] > 0 and len(rows[row]) != 1:
            continue
        for atom in list(rows[row]):
            value = known[atom] = totals[row]
            for other in of_atom[atom]:
                rows[other].discard(atom)
                totals[other] -= value
                open_.append(other)
    rest = dict.fromkeys(
        (frozenset(row), total) for row, total in zip(rows, totals, strict=True) if row
    )
    return Reduced(known, list(rest))


def contradiction() -> AnalysisError:
    """The error for statements that no table of counts agrees with."""
    return AnalysisError(
        "contradictory_tables",
        "The published tables contradict each other: no counts agree with all of them. Check "
        "that they are of the same moment and that every total is the sum of its cells.",
    )


def components_of(reduced: Reduced, targets: Iterable[Sequence[Atom]]) -> list[Component]:
    """Groups of unknown atoms that share a statement or a target, in order of appearance."""
    groups = [list(atoms) for atoms, _total in reduced.rest] + [list(atoms) for atoms in targets]
    parent: dict[Atom, Atom] = {}

    def root(atom: Atom) -> Atom:
        parent.setdefault(atom, atom)
        while parent[atom] != atom:
            parent[atom] = parent[parent[atom]]
            atom = parent[atom]
        return atom

    for group in groups:
        for atom in group:
            parent[root(atom)] = root(group[0])
    members: dict[Atom, list[Atom]] = defaultdict(list)
    for atom in parent:
        members[root(atom)].append(atom)
    rows: dict[Atom, list[tuple[frozenset[Atom], int]]] = defaultdict(list)
    for atoms, total in reduced.rest:
        rows[root(next(iter(atoms)))].append((atoms, total))
    return [component(atoms, rows[top]) for top, atoms in members.items()]


def component(atoms: Sequence[Atom], rows: Sequence[tuple[frozenset[Atom], int]]) -> Component:
    """One component as a sparse system."""
    position = {atom: i for i, atom in enumerate(atoms)}
    matrix = incidence([list(held) for held, _total in rows], position)
    return Component(
        position=position,
        matrix=matrix,
        totals=np.array([total for _held, total in rows], np.int64),
        unbounded=np.asarray(matrix.sum(axis=0)).ravel() == 0,
    )


def incidence(groups: Sequence[Sequence[Atom]], position: Mapping[Atom, int]) -> Any:
    """Sparse (groups, atoms) matrix: 1 where the group holds the atom."""
    # Heavy to import and needed by audits only, never by a page.
    from scipy.sparse import csr_array

    columns = [sorted(position[atom] for atom in group) for group in groups]
    index = [i for group in columns for i in group]
    starts = np.cumsum([0, *map(len, columns)])
    return csr_array((np.ones(len(index)), index, starts), shape=(len(groups), len(position)))


class Search:
    """Looks for tables of one component that push its targets apart; used once."""

    def __init__(self, component: Component, targets: Sequence[Sequence[Atom]]) -> None:
        self.component = component
        self.targets = incidence(targets, component.position)
        self.unbounded = np.array(
            [any(component.unbounded[component.position[a]] for a in group) for group in targets],
            bool,
        )
        any_table = self.solve(np.zeros(len(component.position)))
        self.low = self.high = self.targets @ any_table

    def solve(self, direction: FloatArray) -> FloatArray:
        """The whole-number table that has the most in ``direction`` (atoms,); widens the ranges."""
        bounded = np.where(self.component.unbounded, -1.0, direction)
        table = largest_table(self.component.matrix, self.component.totals, bounded)
        if hasattr(self, "low"):
            found = self.targets @ table
            self.low, self.high = np.minimum(self.low, found), np.maximum(self.high, found)
        return table

    def ranges(self, least: int | None, *, quick: bool) -> list[FeasibleRange]:
        """Range of each target; stops at ``least`` where it is given, early when ``quick``."""
        if least is not None:
            self.push_many(least)
        for target in range(0 if quick else self.targets.shape[0]):
            goal = self.targets[[target]].toarray()[0]
            for sign in (1, -1):
                upward_without_bound = sign > 0 and self.unbounded[target]
                if not upward_without_bound and not self.is_wide(target, least):
                    self.solve(sign * goal)
        return [
            FeasibleRange(round(low), None if free else round(high))
            for low, high, free in zip(self.low, self.high, self.unbounded, strict=True)
        ]

    def is_wide(self, target: int, least: int | None) -> bool:
        """Whether two tables are known that differ by ``least`` in the target."""
        wide = self.unbounded[target] or self.high[target] - self.low[target] >= (least or 0)
        return least is not None and bool(wide)

    def push_many(self, least: int) -> None:
        """Move all targets that are not wide yet at once, then by every bit of their number.

        Any two targets differ in a bit, so each pair is pushed apart once: about 2·log2 of their
        number of programmes instead of two for each target.
        """
        open_ = self.open(least)
        for bit in range(-1, len(open_).bit_length()):
            for sign in (1, -1):
                open_ = self.open(least)
                if len(open_) < 3:
                    return
                flip = np.ones(len(open_)) if bit < 0 else 1.0 - 2 * (open_ >> bit & 1)
                self.solve(np.asarray(self.targets[open_].T @ (sign * flip)))

    def open(self, least: int) -> IntArray:
        """Targets without two tables yet."""
        return np.flatnonzero(~self.unbounded & (self.high - self.low < least))


def any_table(statements: Sequence[Published]) -> dict[Atom, int]:
    """One table of whole numbers that agrees with the ``statements``, for every atom they name.

    Raises ``AnalysisError``: ``contradictory_tables``, ``audit_too_large``.
    """
    reduced = reduce_statements(statements)
    found = dict(reduced.known)
    for part in components_of(reduced, ()):
        numbers = largest_table(part.matrix, part.totals, np.zeros(len(part.position)))
        found |= {atom: round(numbers[i]) for atom, i in part.position.items()}
    return found


def largest_table(matrix: Any, totals: IntArray, direction: FloatArray) -> FloatArray:
    """Whole x ≥ 0 with ``matrix`` @ x = ``totals`` and the largest ``direction`` · x.

    Raises ``AnalysisError``: ``contradictory_tables`` when there is none, ``audit_too_large`` when
    none was found within the limit of nodes.
    """
    from scipy.optimize import LinearConstraint, milp

    if not len(totals):
        return np.zeros(len(direction))
    found = milp(
        -direction,
        constraints=LinearConstraint(matrix, totals, totals),
        integrality=np.ones(len(direction)),
        options={"mip_rel_gap": 0.0, "node_limit": NODE_LIMIT},
    )
    if found.status == INFEASIBLE:
        raise contradiction()
    if found.x is None:
        raise AnalysisError(
            "audit_too_large",
            "The published tables are too entangled to audit; publish fewer linked tables.",
        )
    return np.rint(found.x)
