"""The output of a command as a table for a person's eyes; the JSON stays what scripts read.

A number that may not be published stands in brackets, as it does nowhere else: whoever runs the
command holds the answers themselves.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.commands.settling import plan_lines

NARROW = 160
"""Characters a table may take where there is no terminal to ask."""


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, notes: Sequence[str] = ()
) -> None:
    """Print one table on stdout, its first column to the left and all others to the right."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else NARROW, highlight=False)
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)
    for note in notes:
        console.print(Text(note))


def number(value: float | None, digits: int = 1) -> str:
    """A number with so many decimals; a dash for none."""
    return "–" if value is None else f"{value:.{digits}f}"


def estimate_cell(estimate: Mapping[str, Any]) -> str:
    """``75.2 (69.7–80.7)``; in brackets when it may not be published."""
    if estimate["value"] is None:
        return "–"
    shown = f"{number(estimate['value'])} ({number(estimate['low'])}–{number(estimate['high'])})"
    return f"[{shown}]" if estimate["suppressed_because"] else shown


def print_index(document: Mapping[str, Any]) -> None:
    """The index of every street: public score with interval, n, effective n, and each item."""
    items = document["items"]
    rows = []
    for street, found in document["streets"].items():
        public = found["public"]
        rows.append(
            [
                street,
                estimate_cell(public),
                str(public["n"]),
                number(public["n_effective"], 0),
                *(estimate_cell(found["indicators"][item]) for item in items),
            ]
        )
    weights = document["weights"]
    notes = [f"{document['n_used']} of {document['n_rows']} rows used; {weights_note(weights)}"]
    if any(cell.startswith("[") for row in rows for cell in row):
        notes.append("[ ]: too few answers to be published; the JSON output gives the reason.")
    columns = ["street", "public score (interval)", "n", "effective n", *items]
    print_table("Index, 0 to 100", columns, rows, notes=notes)


def weights_note(weights: Mapping[str, Any]) -> str:
    """How the weights came about, in a few words."""
    ended = "converged" if weights["converged"] else "did NOT converge"
    gap = max(weights["gaps"].values(), default=0.0)
    return f"weights {ended}, design effect {weights['deff']:.2f}, largest gap {100 * gap:.2f} %"


def print_evaluation(document: Mapping[str, Any]) -> None:
    """Scores, rank sets and chances of every street, then what may be said of last and first."""
    rows = [
        [
            street["code"],
            street["group"] or "–",
            number(street["blended"], 2),
            number(street["se"], 2),
            rank_cell(street),
            number(street["p_first"], 3),
            number(street["p_last"], 3),
            number(street["adjusted"], 2),
            number(street["deduction"], 2),
            number(street["direct_used"], 2),
        ]
        for street in sorted(document["streets"].values(), key=score_order)
    ]
    columns = (
        "street",
        "group",
        "blended",
        "se",
        "rank set",
        "P(first)",
        "P(last)",
        "public after themes",
        "taken",
        "direct",
    )
    notes = [note for name, group in document["groups"].items() for note in verdict(name, group)]
    print_table("Evaluation", columns, rows, notes=notes)


def score_order(street: Mapping[str, Any]) -> tuple[str, bool, float, str]:
    """By group, then the highest score first, streets without one at the end."""
    score = street["blended"]
    return street["group"], score is None, -(score or 0.0), street["code"]


def rank_cell(street: Mapping[str, Any]) -> str:
    """The rank set, in brackets when it may not be published."""
    if street["rank_low"] is None:
        return "–"
    shown = f"{street['rank_low']}–{street['rank_high']}"
    return f"[{shown}]" if street["rank_suppressed_because"] else shown


def verdict(name: str, group: Mapping[str, Any]) -> list[str]:
    """What may be said of the first and the last places of one peer group."""
    start = f"Group {name}: " if name else ""
    top, last = group["top"], group["last_place"]
    held = "verified" if top["verified"] else "not verified; may be any of"
    lines = [f"{start}first {top['k']} places {held} {', '.join(group['top_group']) or 'nobody'}"]
    if last["established"]:
        lines.append(f"{start}last place established: {last['street']}")
    else:
        lines.append(f"{start}last place cannot be established, because:")
        lines += [f"  - {reason['message']}" for reason in last["reasons"]]
    lines += [f"  note: {note['message']}" for note in last["notes"]]
    plans = group["to_settle"]
    lines += plan_lines(f"{start}last place", plans["last"])
    return lines + plan_lines(f"{start}first places", plans["top"])
