"""The rows of what became of what residents said, as everybody may have them."""

from __future__ import annotations

from typing import Any

from survey.exports.base import Cell, Table
from survey.exports.case_shapes import CASES, SAID_DONE
from survey.formatting import local_time
from survey.queries.public_cells import ANSWER_COLUMNS, CASE_COLUMNS
from survey.queries.public_tables import STEPS, CaseFigures, PublicTables
from survey.queries.said_done import Done, all_said_and_done
from survey.queries.views import EvaluationView, StreetEvaluation


def cases_table(view: EvaluationView, tables: PublicTables | None) -> Table:
    """One row a street, then the district; no rows before the figures were audited."""
    if tables is None or not tables.cases:
        return Table(CASES, ())
    entries: list[StreetEvaluation | None] = [*view.streets, None]
    rows = []
    for entry in entries:
        figures = tables.cases.get(entry.street.code if entry else "")
        if figures is not None:
            head = (view.wave.code, *_street(entry), tables.as_of.isoformat())
            rows.append((*head, *_counts(figures)))
    return Table(CASES, tuple(rows))


def _street(entry: StreetEvaluation | None) -> tuple[Cell, ...]:
    return (entry.street.code, *entry.street.name) if entry else (None, None, None)


def _counts(figures: CaseFigures) -> tuple[Cell, ...]:
    times = {time.step: time for time in figures.times}
    days: list[Cell] = []
    for step in STEPS:
        time = times.get(step)
        days += [time.median, time.low, time.high, time.n] if time else [None] * 4
    return (
        figures.total,
        *(figures.states[word] for word in CASE_COLUMNS),
        *(figures.answers[word] for word in ANSWER_COLUMNS),
        *days,
        # Why a number is empty is the same for all of them: which are small is not told.
        "could_be_derived" if _hides(figures) else None,
    )


def _hides(figures: CaseFigures) -> bool:
    return None in (figures.total, *figures.states.values(), *figures.answers.values())


def said_done_table(view: EvaluationView) -> Table:
    """One row a theme and street, then one a theme that is common to the district."""
    rows = []
    for entry, theme in all_said_and_done(view):
        holder = (theme.done.holder if theme.done else None) or theme.department or (None, None)
        rows.append(
            (
                view.wave.code,
                *_street(entry),
                theme.id,
                theme.name[0] or None,
                theme.name[1] or None,
                " ".join(theme.keywords),
                theme.indicator_code,
                theme.scope,
                theme.mentions,
                theme.respondents,
                theme.state,
                *holder,
                *_done(theme.done),
            )
        )
    return Table(SAID_DONE, tuple(rows))


def _done(done: Done | None) -> tuple[Cell, ...]:
    if done is None:
        return (None,) * 9
    share = done.share
    solved: tuple[Cell, ...] = (None,) * 4
    if share is not None:
        solved = (share.value, share.low, share.high, share.n)
    return (
        done.state,
        done.plan or None,
        done.plan_due_on.isoformat() if done.plan_due_on else None,
        done.result or None,
        local_time(done.done_at).date().isoformat() if done.done_at else None,
        *solved,
    )


def about_audit(tables: PublicTables | None) -> dict[str, Any]:
    """What a file says of the audit of everything public of its wave; at: UTC."""
    if tables is None:
        return {"audit": None}
    audit = tables.audit
    return {
        "audit": {
            "passed": audit.passed,
            "at": audit.at.isoformat(timespec="seconds") + "Z",
            "hidden": audit.targets,
            "tables": audit.tables,
        }
    }
