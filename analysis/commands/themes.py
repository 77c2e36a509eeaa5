"""Recurring themes in a table of messages.

In: a CSV file (UTF-8 or GB18030) with the columns message_id, user, title, time, body and, if there
is one, street. Out, in the folder of --out:
  clusters.csv  message_id, cluster_id: messages about the same thing; -1 = alone
  themes.json   the clusters that are themes, most residents first; a cluster that is one text or
                one resident again and again is none. Per theme: cluster_id, label, keywords,
                representative, residents, messages, first, last, periods (residents per
                quarter), recurring, surging, scope (common, own, undecided; null without
                streets)
A text that is near-identical to an earlier one brings no further resident.
recurring: the default policy's rule (method, section 6) with quarters as periods, without its bound
on the share: complaints alone do not say how many residents were asked.
surging: the last seven days against the 26 weeks before, among all residents heard.
scope: whether the streets' residents mention it alike, by a test; undecided with too few.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Hashable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from analysis.adjustment import is_recurring
from analysis.commands.files import Table, read_table, read_text, write_json
from analysis.commands.progress import LateProgress
from analysis.commands.written import csv_bytes, write_whole
from analysis.policy import Policy
from analysis.themes.discovery import Discovery, Document, Theme, discover
from analysis.themes.heterogeneity import scope
from analysis.themes.periods import latest_quarters, quarter
from analysis.themes.redact import redact
from analysis.themes.surges import BASELINE_WEEKS, surging

COLUMNS = ("message_id", "user", "title", "time", "body")
_DAY = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--messages", required=True, metavar="CSV", help="the messages")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the two files")
    parser.add_argument(
        "--places", metavar="TXT", help="names of streets and estates, one a line, kept as words"
    )


def run(args: argparse.Namespace) -> int:
    """Read, group, count and write; print a summary as JSON."""
    documents = read_messages(read_table(args.messages))
    places = read_text(args.places).split("\n") if args.places else []
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    with LateProgress("Reading messages") as progress:
        found = discover(documents, places=places, progress=progress)
    numbers = {theme.id: n for n, theme in enumerate([*found.themes, *found.repeats], start=1)}
    cluster_of = {
        member: numbers[theme.id]
        for theme in [*found.themes, *found.repeats]
        for member in theme.members
    }
    rows = [(document.id, cluster_of.get(document.id, -1)) for document in documents]
    themes = theme_documents(found, documents, numbers)
    write_whole(out / "clusters.csv", csv_bytes(["message_id", "cluster_id"], rows))
    write_whole(
        out / "themes.json",
        json.dumps(themes, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n",
    )
    write_json(
        {
            "messages": len(documents),
            "themes": len(themes),
            "repeats": len(found.repeats),
            "alone": sum(number == -1 for _, number in rows),
            "without_words": len(found.unprocessable),
        }
    )
    return 0


def read_messages(table: Table) -> list[Document]:
    """The messages of a table. Raises ``AnalysisError`` naming row and column."""
    cells = {name: table.column(name) for name in COLUMNS}
    streets = table.column("street") if "street" in table.header else [""] * len(table.rows)
    seen: dict[str, int] = {}
    documents = []
    for i, identity in enumerate(cells["message_id"]):
        if not identity:
            table.fail(i, "message_id", "is empty.")
        if identity in seen:
            table.fail(
                i, "message_id", f"{identity!r} is also in row {table.lines[seen[identity]]}."
            )
        seen[identity] = i
        documents.append(
            Document(
                identity,
                cells["body"][i],
                title=cells["title"][i],
                person=cells["user"][i] or None,
                street=streets[i] or None,
                day=read_day(table, i, cells["time"][i]),
            )
        )
    return documents


def read_day(table: Table, i: int, cell: str) -> date | None:
    """The day of a time such as 2019-02-28 11:25:05 or 2019/2/28; an empty cell has none."""
    if not cell:
        return None
    match = _DAY.match(cell)
    if match is None:
        table.fail(
            i, "time", f"{cell!r} is no time; write it as 2026-11-24 or 2026-11-24 09:30:00."
        )
    try:
        return date(*map(int, match.groups()))
    except ValueError:
        table.fail(i, "time", f"{cell!r} is no day of the calendar.")


def theme_documents(
    found: Discovery, documents: Sequence[Document], numbers: dict[Hashable, int]
) -> list[dict[str, Any]]:
    """The themes as JSON documents, with what happened when and where."""
    by_id = {document.id: document for document in documents}
    days = [document.day for document in documents if document.day is not None]
    heard = street_persons(documents)
    recent = latest_quarters(days, most=4)
    policy = Policy()
    surges = surging(
        weekly_persons(found, by_id, days),
        heard=heard_weekly(documents, days),
        known_weeks=[known_weeks(theme, days) for theme in found.themes],
    )
    rows = []
    for theme, surge in zip(found.themes, surges.tolist(), strict=True):
        periods = period_persons(theme, found, by_id)
        present = sum(periods.get(name, 0) >= policy.theme_present_mentions for name in recent)
        example = by_id[theme.representative]
        m = theme.persons
        rows.append(
            {
                "cluster_id": numbers[theme.id],
                "label": redact(theme.label).text,
                "keywords": [word for word in theme.keywords if not redact(word).counts],
                "representative": {
                    "message_id": example.id,
                    "title": redact(example.title).text,
                    "text": redact(example.text).text,
                },
                "residents": m,
                "messages": theme.messages,
                "first": theme.first and theme.first.isoformat(),
                "last": theme.last and theme.last.isoformat(),
                "periods": periods,
                # n = m: nobody who did not complain is in the file, so the share is left out
                "recurring": is_recurring(m, m, present, policy=policy),
                "surging": surge,
                "scope": scope(theme.streets, heard),
            }
        )
    return rows


def period_persons(
    theme: Theme, found: Discovery, by_id: dict[Hashable, Document]
) -> dict[str, int]:
    """Distinct residents per quarter, in the order of time."""
    persons: dict[str, set[Hashable]] = {}
    for document in first_documents(theme, found, by_id):
        if document.day is not None:
            persons.setdefault(quarter(document.day), set()).add(person_of(document))
    return {name: len(persons[name]) for name in sorted(persons)}


def weekly_persons(
    found: Discovery, by_id: dict[Hashable, Document], days: Sequence[date]
) -> np.ndarray:
    """Themes × weeks: distinct residents in the weeks that end on the latest day."""
    if not days:
        return np.zeros((len(found.themes), 0))
    last, weeks = max(days), _weeks(days)
    persons: dict[tuple[int, int], set[Hashable]] = {}
    for row, theme in enumerate(found.themes):
        for document in first_documents(theme, found, by_id):
            if document.day is not None and (ago := (last - document.day).days // 7) < weeks:
                persons.setdefault((row, weeks - 1 - ago), set()).add(person_of(document))
    counts = np.zeros((len(found.themes), weeks))
    for place, group in persons.items():
        counts[place] = len(group)
    return counts


def street_persons(documents: Sequence[Document]) -> dict[str, int]:
    """Distinct residents who wrote about anything, per street."""
    persons: dict[str, set[Hashable]] = {}
    for document in documents:
        if document.street is not None:
            persons.setdefault(document.street, set()).add(person_of(document))
    return {street: len(group) for street, group in persons.items()}


def heard_weekly(documents: Sequence[Document], days: Sequence[date]) -> list[int]:
    """Distinct residents who wrote about anything, in the weeks of ``weekly_persons``."""
    persons: list[set[Hashable]] = [set() for _ in range(_weeks(days))]
    for document in documents:
        if document.day is not None and (ago := (max(days) - document.day).days // 7) < len(
            persons
        ):
            persons[-1 - ago].add(person_of(document))
    return [len(group) for group in persons]


def known_weeks(theme: Theme, days: Sequence[date]) -> int:
    """Whole weeks since the theme was first mentioned."""
    return (max(days) - theme.first).days // 7 if theme.first and days else 0


def _weeks(days: Sequence[date]) -> int:
    """Weeks looked at: the last one and the baseline, as far as the messages reach back."""
    return min(BASELINE_WEEKS, (max(days) - min(days)).days // 7) + 1 if days else 0


def first_documents(
    theme: Theme, found: Discovery, by_id: dict[Hashable, Document]
) -> list[Document]:
    """The theme's documents without those that repeat an earlier text."""
    return [by_id[member] for member in theme.members if member not in found.duplicates]


def person_of(document: Document) -> Hashable:
    """The resident; a message without one stands for a resident of its own."""
    return ("", document.id) if document.person is None else document.person
