"""The CSV tables of a full bundle: one per kind of row, numbers written so that none is lost.

Whole numbers are written as such and other numbers with all their digits (17 at most), so that
what is read is what was written, to the last bit.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.types import AnalysisError


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table: the name of its file, and each column with the reader of its cells."""

    name: str
    columns: Mapping[str, Callable[[str], Any]]


def whole(cell: str) -> int:
    """A whole number. Raises ``ValueError``."""
    return int(cell)


def number(cell: str) -> float:
    """A finite number, kept whole when it was written whole. Raises ``ValueError``."""
    try:
        return int(cell)
    except ValueError:
        found = float(cell)
    if not math.isfinite(found):
        raise ValueError(cell)
    return found


def number_or_none(cell: str) -> float | None:
    """A number, ``None`` for an empty cell."""
    return number(cell) if cell else None


def yes_no(cell: str) -> bool:
    """``yes`` or ``no``. Raises ``ValueError``."""
    if cell not in ("yes", "no"):
        raise ValueError(cell)
    return cell == "yes"


def status(cell: str) -> str:
    """``accepted``, or ``both`` with 待核查 responses as well. Raises ``ValueError``."""
    if cell not in ("accepted", "both"):
        raise ValueError(cell)
    return cell


COUNTED: dict[str, Callable[[str], Any]] = {
    "status": status,
    "street": str,
    "stratum": str,
    "channel": str,
}
STREETS = TableSpec(
    "streets.csv",
    {"street": str, "peer_group": str, "population": number_or_none},
)
MARGINS = TableSpec(
    "margins.csv", {"street": str, "variable": str, "category": str, "residents": number}
)
STRATA = TableSpec("strata.csv", {"stratum": str, "variable": str, "category": str})
RESPONSES = TableSpec("responses.csv", {**COUNTED, "valid": yes_no, "n": whole})
MOMENTS = TableSpec(
    "moments.csv",
    {
        **COUNTED,
        "indicator_a": str,
        "indicator_b": str,
        "n": whole,
        "sum_a": whole,
        "sum_b": whole,
        "sum_ab": whole,
    },
)
ANSWERS = TableSpec("answers.csv", {**COUNTED, "indicator": str, "option": str, "n": whole})
CLUSTERS = TableSpec(
    "clusters.csv", {**COUNTED, "collection_point": str, "indicator": str, "n": whole, "sum": whole}
)
DIRECT = TableSpec("direct.csv", {"street": str, "assessor": whole, "score": number})
OBJECTIVE = TableSpec("objective.csv", {"street": str, "indicator": str, "score": number})
"""Only in bundles of a wave with objective indicators."""
EARLIER = TableSpec(
    "earlier.csv",
    {
        "wave": str,
        "questionnaire": str,
        "street": str,
        "peer_group": str,
        "figure": str,
        "indicator": str,
        "value": number_or_none,
        "low": number_or_none,
        "high": number_or_none,
        "n": whole,
        "n_effective": number_or_none,
        "suppressed_because": str,
        "se": number_or_none,
        "df": number_or_none,
        "random": yes_no,
    },
)
"""Only in bundles of a wave that is pooled with published earlier ones, newest first."""


def cell_text(value: Any) -> str:
    """One cell: numbers with all their digits, ``yes``/``no``, nothing for ``None``."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return repr(value) if isinstance(value, float) else str(value)


def write_rows(spec: TableSpec, rows: Iterable[Sequence[Any]]) -> bytes:
    """The table as CSV in UTF-8 with a byte order mark, which Excel needs to read Chinese."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(spec.columns)
    writer.writerows([cell_text(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def read_rows(spec: TableSpec, data: bytes) -> Iterator[tuple[Any, ...]]:
    """The rows of a table. Raises ``AnalysisError`` (``bad_bundle``) naming file, row, column."""
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        header = next(reader, [])
        if header != list(spec.columns):
            raise AnalysisError(
                "bad_bundle",
                f"{spec.name}: the columns must be {', '.join(spec.columns)}.",
                file=spec.name,
            )
        for row in reader:
            yield tuple(read_row(spec, reader.line_num, row))
    except (UnicodeDecodeError, csv.Error) as error:
        raise AnalysisError(
            "bad_bundle", f"{spec.name} is not a CSV table in UTF-8: {error}.", file=spec.name
        ) from None


def read_row(spec: TableSpec, line: int, row: Sequence[str]) -> Iterator[Any]:
    """The cells of one row in their own types."""
    if len(row) != len(spec.columns):
        raise AnalysisError(
            "bad_bundle",
            f"{spec.name}, row {line}: {len(row)} cells instead of {len(spec.columns)}.",
            file=spec.name,
            row=line,
        )
    for (name, read), cell in zip(spec.columns.items(), row, strict=True):
        try:
            yield read(cell)
        except ValueError:
            raise AnalysisError(
                "bad_bundle",
                f"{spec.name}, row {line}, column {name}: {cell!r} cannot be used.",
                file=spec.name,
                row=line,
                column=name,
            ) from None
