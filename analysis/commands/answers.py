"""Reading the two files of ``index``: margins by scope, and answers by street."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.commands.files import Table, read_json
from analysis.policy import Policy
from analysis.scoring import is_valid, score_option
from analysis.types import UNKNOWN, AnalysisError

SHORT_NUMBERS = frozenset(map(str, range(11)))


@dataclass(frozen=True, slots=True)
class Respondents:
    """The rows that are used, by street, and how many were not.

    ``points`` are their collection points, ``None`` when no column names them.
    """

    strata: dict[str, list[dict[str, str]]]
    scores: dict[str, list[dict[str, int]]]
    answers: dict[str, list[dict[str, str]]]
    points: dict[str, list[str]] | None
    dropped_unknown: int
    dropped_invalid: int


def read_margins(path: str) -> tuple[str, dict[str, Any]]:
    """Scope and margins: {variable: {category: residents}}, by street for scope street."""
    document = read_json(path)
    scope = document.get("scope")
    key = {"street": "streets", "district": "margins"}.get(str(scope))
    if key is None or not isinstance(document.get(key), dict):
        raise AnalysisError(
            "bad_margins",
            f'{path}: needs "scope": "street" with "streets", or "scope": "district" with '
            '"margins".',
        )
    for margins in document[key].values() if scope == "street" else [document[key]]:
        check_margins(path, margins)
    return str(scope), document[key]


def check_margins(path: str, margins: Any) -> None:
    """Raise ``AnalysisError`` (``bad_margins``) unless it is {variable: {category: number ≥ 0}}."""
    tables = margins.items() if isinstance(margins, dict) else [("margins", None)]
    for variable, residents in tables:
        if not isinstance(residents, dict) or not residents:
            raise AnalysisError("bad_margins", f"{path}: {variable} must name its categories.")
        for category, count in residents.items():
            number = isinstance(count, int | float) and not isinstance(count, bool)
            if not number or not 0 <= count <= sys.float_info.max:
                raise AnalysisError(
                    "bad_margins",
                    f"{path}: the residents of {variable} = {category} must be a number of 0 or "
                    f"more, not {count!r}.",
                )


def margin_columns(scope: str, margins: Mapping[str, Any]) -> list[str]:
    """Columns the margins name, in order."""
    if scope == "district":
        return list(margins)
    return list(dict.fromkeys(name for street in margins.values() for name in street))


def known_categories(scope: str, margins: Mapping[str, Any]) -> dict[str, set[str]]:
    """Categories of each margin, over all streets."""
    known: dict[str, set[str]] = {}
    for table in margins.values() if scope == "street" else [margins]:
        for variable, residents in table.items():
            known.setdefault(variable, set()).update(residents)
    return known


def item_columns(
    table: Table, margin_names: list[str], *, chosen: str | None, overrides: Mapping[str, Any]
) -> tuple[list[str], list[str]]:
    """Names of the item columns, and of columns that are neither item nor used otherwise."""
    used = {"id", "street", *margin_names}
    if chosen is not None:
        items = [name.strip() for name in chosen.split(",") if name.strip()]
    elif isinstance(overrides.get("omega"), dict):
        items = list(overrides["omega"])
    else:
        last = max((i for i, name in enumerate(table.header) if name in used), default=-1)
        behind = list(table.header[last + 1 :])
        candidates = behind or [name for name in table.header if name not in used]
        items = [name for name in candidates if looks_like_item(table, name)]
    if not items:
        raise AnalysisError(
            "no_items",
            f"{table.path}: no item columns behind {', '.join(sorted(used))}; "
            "name them with --items.",
        )
    for name in items:
        table.column(name)
        if name in used:
            raise AnalysisError("no_items", f"The column {name!r} cannot be an item.")
    return items, [name for name in table.header if name not in used and name not in items]


def looks_like_item(table: Table, name: str) -> bool:
    """Whether a column is empty, holds an answer 1 to 5, or nothing but what was meant as one.

    A column of nothing but 6, 9 or dk is an item, so that its mistakes are told; postal codes and
    age bands are not.
    """
    cells = {cell for cell in table.column(name) if cell}
    meant = all(cell == "dk" or cell in SHORT_NUMBERS for cell in cells)
    return meant or bool(cells & {"1", "2", "3", "4", "5"})


def read_respondents(
    table: Table,
    margin_names: list[str],
    items: list[str],
    *,
    policy: Policy,
    drop_unknown: bool,
    known: Mapping[str, set[str]],
    streets: Iterable[str],
    point: str | None = None,
) -> Respondents:
    """Score every row and sort it by street; ``streets`` are listed even without a row.

    ``point`` is the column of the collection point. Raises ``AnalysisError`` (``bad_cell``)
    with row and column.
    """
    ids, places = table.column("id"), table.column("street")
    margins = {name: table.column(name) for name in margin_names}
    answers = {name: table.column(name) for name in items}
    points = table.column(point) if point is not None else None
    seen: dict[str, int] = {}
    used: dict[str, list[int]] = {street: [] for street in streets}
    strata, scores = [], []
    unknown = invalid = 0
    for i in range(len(table.rows)):
        if not ids[i] or not places[i]:
            table.fail(i, "id" if not ids[i] else "street", "it is empty.")
        if ids[i] in seen:
            table.fail(i, "id", f"{ids[i]!r} was already in row {seen[ids[i]]}.")
        seen[ids[i]] = table.lines[i]
        stratum = {}
        for name in margin_names:
            category = margins[name][i] or UNKNOWN
            if category != UNKNOWN and category not in known[name]:
                table.fail(i, name, f"{category!r} is not a category of the margins.")
            stratum[name] = category
        strata.append(stratum)
        score, answered = score_row(table, i, answers, policy)
        scores.append(score)
        if points is not None and not points[i]:
            table.fail(i, str(point), "it is empty.")
        if drop_unknown and UNKNOWN in stratum.values():
            unknown += 1
        elif not is_valid(answered, len(score), policy=policy):
            invalid += 1
        else:
            used.setdefault(places[i], []).append(i)
    return Respondents(
        strata={street: [strata[i] for i in rows] for street, rows in used.items()},
        scores={street: [scores[i] for i in rows] for street, rows in used.items()},
        answers={
            street: [{k: cells[i] for k, cells in answers.items() if cells[i]} for i in rows]
            for street, rows in used.items()
        },
        points=None
        if points is None
        else {street: [points[i] for i in rows] for street, rows in used.items()},
        dropped_unknown=unknown,
        dropped_invalid=invalid,
    )


def score_row(
    table: Table, i: int, answers: Mapping[str, list[str]], policy: Policy
) -> tuple[dict[str, int], int]:
    """Scores of one row and how many items it answers."""
    scores, answered = {}, 0
    for name, cells in answers.items():
        if not cells[i]:
            continue
        answered += 1
        try:
            score = score_option(cells[i], policy)
        except AnalysisError as error:
            table.fail(i, name, error.message)
        if score is not None:
            scores[name] = score
    return scores, answered
