"""What a printed report says: blocks of worded, formatted text, without a page or a PDF.

`report_words` fills it in the reader's language, `report_pdf` sets it; between them it is JSON,
so that a child of the worker needs neither the database nor the translations.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

#: leaders: one page; full: every figure and how it came about.
KINDS = ("leaders", "full")


@dataclass(frozen=True)
class Sheet:
    """A table of text. widths: shares of the page; numbers: columns that stand to the right."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Block:
    """A heading with what stands under it, in this order: paragraphs, a table, remarks."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    sheet: Sheet | None = None
    remarks: tuple[str, ...] = ()
    #: 1: of the report; 2: of a street in it.
    level: int = 1


@dataclass(frozen=True)
class Report:
    """A whole report. chart: the parameters of a survey.charts.model.Chart, or None."""

    kind: str
    language: str
    #: Printed on every page, e.g. "DRAFT"; empty once published.
    mark: str
    over: str
    title: str
    headline: tuple[str, ...]
    chart: dict[str, Any] | None
    blocks: tuple[Block, ...]
    #: At the foot of the last page: policy, bundle, how to recompute.
    proof: tuple[str, ...]
    #: "Page %s of %s" with {page} and {pages}.
    page_of: str
    #: ISO time in UTC that the file carries as its own; the same figures give the same bytes.
    made: str


def to_json(report: Report) -> bytes:
    """What the child is given."""
    return json.dumps(asdict(report), ensure_ascii=False, sort_keys=True).encode()


def from_json(text: bytes) -> Report:
    """The report that `to_json` wrote."""
    told: dict[str, Any] = json.loads(text)
    blocks = tuple(
        Block(
            heading=one["heading"],
            paragraphs=tuple(one["paragraphs"]),
            sheet=_sheet(one["sheet"]),
            remarks=tuple(one["remarks"]),
            level=one["level"],
        )
        for one in told["blocks"]
    )
    more = {"blocks": blocks, "headline": tuple(told["headline"]), "proof": tuple(told["proof"])}
    return Report(**told | more)


def _sheet(told: dict[str, Any] | None) -> Sheet | None:
    if told is None:
        return None
    return Sheet(
        heads=tuple(told["heads"]),
        rows=tuple(tuple(row) for row in told["rows"]),
        widths=tuple(told["widths"]),
        numbers=tuple(told["numbers"]),
    )
