"""Everything public of a wave as tables of counts, with what each of them hides.

Pages and files ask here which counts may be shown, and the audit is given the same tables, so
that what is audited is what is shown. Nothing is read and nothing is kept here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from analysis.published_tables import TOTAL, PublishedTable, table_of
from analysis.small_counts import hidden_counts
from survey.queries.coverage import CoverageRow
from survey.queries.views import AdjustmentView, EvaluationView, StreetEvaluation, StreetView

#: Fewer people or cases than this are never counted in front of outsiders (method, 11).
LEAST = 10
#: What the public reads of a case's state: {word: states of survey.models.CASE_STATES}.
CASE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "open": ("received", "accepted", "out_of_remit_asked"),
    "planned": ("planned",),
    "done": ("done",),
    "confirmed": ("confirmed",),
    "not_confirmed": ("not_confirmed",),
    "out_of_remit": ("out_of_remit",),
}
#: Whether it was answered by the day that the policy sets.
ANSWER_COLUMNS = ("in_time", "late", "overdue", "waiting")
BY_STATE, BY_ANSWER = "cases by state", "cases by answer"


@dataclass(frozen=True)
class CaseCount:
    """So many cases of a street in one public state, answered so."""

    street: str
    state: str
    answer: str
    cases: int


def is_theme_public(mentions: int, by_street: Mapping[str, int], street: StreetView | None) -> bool:
    """Whether a theme's count may be shown: enough people, and not the one street whose small
    number would follow from it."""
    if mentions < LEAST:
        return False
    return street is None or street.code not in hidden_counts(by_street, least=LEAST)


def is_adjustment_public(
    view: EvaluationView, entry: StreetEvaluation, item: AdjustmentView
) -> bool:
    """The same for what a theme did to one street, as it was frozen."""
    return item.is_confirmed and is_theme_public(
        item.mentions, view.mentions_of(item.theme_id), entry.street
    )


def hidden_categories(rows: Sequence[CoverageRow]) -> dict[tuple[str, str], frozenset[str]]:
    """{(street code, variable): categories whose number of answers is hidden}."""
    lines: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for row in rows:
        lines[row.street.code, row.variable][row.category] = row.responses
    return {line: hidden_counts(counts, least=LEAST) for line, counts in lines.items()}


def is_district_n_shown(numbers: Iterable[int]) -> bool:
    """Whether the sum of the streets' answers may stand beside them: not when one is hidden."""
    return not any(0 < n < LEAST for n in numbers)


def public_state(state: str) -> str:
    """The public word for a state of a case."""
    return next(word for word, states in CASE_COLUMNS.items() if state in states)


def answered(due_on: date | None, replied_on: date | None, *, today: date) -> str:
    """One of ANSWER_COLUMNS; a day counts to its end."""
    if replied_on is not None:
        return "late" if due_on is not None and replied_on > due_on else "in_time"
    return "overdue" if due_on is not None and today > due_on else "waiting"


def case_tables(counts: Iterable[CaseCount], streets: Sequence[str]) -> list[PublishedTable]:
    """Cases by street and state, and by street and answer: two sums of the same cases.

    Cases of themes are not among them: each of those is public by itself. All totals are printed
    unless they are small themselves.
    """
    numbers: Counter[tuple[str, str, str]] = Counter()
    for one in counts:
        numbers[one.street, one.state, one.answer] += one.cases
    states = tuple(CASE_COLUMNS)

    def atoms(street: Hashable, column: Hashable, *, by_state: bool) -> list[Hashable]:
        if by_state:
            return [("case", street, column, answer) for answer in ANSWER_COLUMNS]
        return [("case", street, state, column) for state in states]

    cube = np.array(
        [[[numbers[s, state, a] for a in ANSWER_COLUMNS] for state in states] for s in streets],
        dtype=np.int64,
    ).reshape(len(streets), len(states), len(ANSWER_COLUMNS))
    return [
        table_of(
            BY_STATE,
            streets,
            states,
            cube.sum(axis=2),
            cell=lambda s, c: atoms(s, c, by_state=True),
            totals_may_be_hidden=True,
        ),
        table_of(
            BY_ANSWER,
            streets,
            ANSWER_COLUMNS,
            cube.sum(axis=1),
            cell=lambda s, c: atoms(s, c, by_state=False),
            totals_may_be_hidden=True,
        ),
    ]


def frozen_tables(
    view: EvaluationView, coverage: Sequence[CoverageRow], rechecks: Mapping[int, int]
) -> list[PublishedTable]:
    """Answers by street, themes by street, and who answered, with the places that pages hide.

    rechecks: {case of a theme: residents who said whether it is solved}.
    """
    return [
        *_answers(view),
        *_themes(view),
        *_coverage(coverage),
        *_rechecks(rechecks),
    ]


def _line(
    name: str, counts: Mapping[str, int], *, hidden: Iterable[str], has_total: bool
) -> PublishedTable:
    """A table of one row. A zero that pages leave out is taken as told: a reader knows less."""
    columns = tuple(counts)
    return table_of(
        name,
        ("n",),
        columns,
        [list(counts.values())],
        cell=lambda _row, column: [(name, column)],
        print_totals=("all",) if has_total else (),
        hidden=[("n", column) for column in hidden],
    )


def _answers(view: EvaluationView) -> list[PublishedTable]:
    counts = {entry.street.code: entry.public.n for entry in view.streets}
    if not counts:
        return []
    few = [code for code, n in counts.items() if 0 < n < LEAST]
    return [_line("answers", counts, hidden=few, has_total=is_district_n_shown(counts.values()))]


def _themes(view: EvaluationView) -> list[PublishedTable]:
    confirmed = {
        item.theme_id for entry in view.streets for item in entry.adjustments if item.is_confirmed
    }
    return [
        _line(
            f"theme {theme}",
            counts,
            hidden=hidden_counts(counts, least=LEAST),
            has_total=sum(counts.values()) >= LEAST,
        )
        for theme in sorted(confirmed)
        if (counts := view.mentions_of(theme))
    ]


def _coverage(rows: Sequence[CoverageRow]) -> list[PublishedTable]:
    lines: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for row in rows:
        lines[row.street.code, row.variable][row.category] = row.responses
    hidden = hidden_categories(rows)
    # Two variables of a street share its total alone: any two lines with one sum go together in
    # a table, so that neither narrows the other and each is a table by itself.
    return [
        _line(
            f"coverage {street} {variable}",
            counts,
            hidden=hidden[street, variable],
            has_total=sum(counts.values()) >= LEAST,
        )
        for (street, variable), counts in lines.items()
    ]


def _rechecks(rechecks: Mapping[int, int]) -> list[PublishedTable]:
    counts = {str(case): n for case, n in rechecks.items() if n}
    if not counts:
        return []
    few = [case for case, n in counts.items() if n < LEAST]
    return [_line("rechecks", counts, hidden=few, has_total=False)]


def shown_counts(table: PublishedTable) -> dict[str, dict[str, int | None]]:
    """{row or "": {column or "": count}} with None for what is hidden; "" is the total."""
    found: dict[str, dict[str, int | None]] = defaultdict(dict)
    for (row, column), _cells, count in table.places():
        names = ["" if name == TOTAL else str(name) for name in (row, column)]
        found[names[0]][names[1]] = None if (row, column) in table.hidden else count
    return dict(found)
