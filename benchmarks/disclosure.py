"""Protecting what is published together: three waves and their year, 343 streets by 5 categories.

The yardstick is hiding in each table by itself, which is what a statistical office does without
an audit: how many hidden or small numbers can then be narrowed to fewer than ten values.
"""

from __future__ import annotations

import time
from collections.abc import Hashable
from functools import partial
from typing import Any

import numpy as np

from analysis.disclosure import suppress
from analysis.disclosure_audit import audit
from analysis.disclosure_protection import protect
from analysis.published_tables import (
    PublishedTable,
    small_or_hidden,
    table_of,
    tables_to_statements,
)

NAME = "disclosure"
COMMAND = ".venv/bin/python -m benchmarks disclosure"
STREETS, CATEGORIES, WAVES = 343, 5, 3
LEAST = 10


def year_and_waves() -> list[PublishedTable]:
    """Respondents by street and category in each wave and in the year, drawn once."""
    rng = np.random.default_rng(1)
    streets = [f"s{i:03}" for i in range(STREETS)]
    categories = [f"c{k}" for k in range(CATEGORIES)]
    size = rng.uniform(8, 40, size=(STREETS, 1))
    counts = rng.poisson(size, size=(WAVES, STREETS, CATEGORIES))
    tables = [
        table_of(
            f"wave {wave}",
            streets,
            categories,
            counts[wave],
            cell=partial(wave_atom, wave),
        )
        for wave in range(WAVES)
    ]
    year = table_of(
        "year",
        streets,
        categories,
        counts.sum(axis=0),
        cell=lambda row, column: [(row, column, wave) for wave in range(WAVES)],
    )
    return [*tables, year]


def wave_atom(wave: int, row: Hashable, column: Hashable) -> list[Hashable]:
    """The one atomic cell behind a place of a wave's table."""
    return [(row, column, wave)]


def hidden_alone(table: PublishedTable) -> PublishedTable:
    """The table with small cells and their rectangles hidden, the others not looked at."""
    mask = suppress(table.counts, threshold=LEAST)
    places = [(table.rows[r], table.columns[c]) for r, c in zip(*np.nonzero(mask), strict=True)]
    return table.with_hidden(places)


def run() -> list[dict[str, Any]]:
    """Rows of the table: seconds, and what is left that can be narrowed."""
    tables = year_and_waves()
    begun = time.process_time()
    protected = protect(tables, least=LEAST)
    seconds = time.process_time() - begun
    alone = [hidden_alone(table) for table in tables]
    left = audit(tables_to_statements(alone), small_or_hidden(alone, least=LEAST), least=LEAST)
    numbers = WAVES * STREETS * CATEGORIES
    small = sum(int(((t.counts > 0) & (t.counts < LEAST)).sum()) for t in tables[:WAVES])
    return [
        {
            "measure": f"seconds (CPU), {100 * small / numbers:.0f} % of the waves' counts small",
            "figure": round(seconds, 1),
            "yardstick": "",
            "ratio": None,
            "command": COMMAND,
        },
        {
            "measure": "numbers that can be narrowed to a range below ten",
            "figure": len(protected.report.narrow),
            "yardstick": f"each table by itself: {len(left.narrow)}",
            "ratio": len(protected.report.narrow) / max(1, len(left.narrow)),
            "limit": 0.0,
            "command": COMMAND,
        },
    ]
