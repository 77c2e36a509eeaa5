"""What an interval chart shows: rows with estimates, and every word on it, already translated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Mark:
    """A point with its interval, in points 0 … 100."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """One line of the chart. The texts are printed beside the marks as they are."""

    label: str
    mark: Mark
    value_text: str
    interval_text: str
    n_text: str
    #: It cannot be told apart from the others of the band: drawn hollow, on the band.
    in_band: bool = False
    #: What it is compared with on its own line, e.g. the district.
    other: Mark | None = None
    other_text: str = ""


@dataclass(frozen=True)
class Group:
    """Rows that may be compared with each other, from the highest down."""

    name: str
    rows: tuple[Row, ...]
    #: Said under the band of the rows that are in_band; empty: no band.
    band_note: str = ""
    #: (first, last) row of each further run that cannot be told apart: joined by a line.
    lines: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Chart:
    """An interval chart. `columns`: heads of label, value, interval, n and other."""

    language: str
    title: str
    subtitle: str
    columns: tuple[str, str, str, str, str]
    groups: tuple[Group, ...]
    foot: tuple[str, ...]
    #: A line through all rows, e.g. the district's score, and what is written on it.
    reference: float | None = None
    reference_text: str = ""

    def to_params(self) -> dict[str, Any]:
        """Plain JSON types, for the queue and the key."""
        return asdict(self)

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Chart:
        """The inverse of `to_params`. Raises KeyError or TypeError for anything else."""
        groups = tuple(
            Group(
                name=group["name"],
                band_note=group["band_note"],
                rows=tuple(_row(row) for row in group["rows"]),
                lines=tuple((first, last) for first, last in group["lines"]),
            )
            for group in params["groups"]
        )
        plain = {
            **params,
            "groups": groups,
            "columns": tuple(params["columns"]),
            "foot": tuple(params["foot"]),
        }
        return cls(**plain)


def _row(row: Mapping[str, Any]) -> Row:
    other = Mark(**row["other"]) if row["other"] else None
    return Row(**{**row, "mark": Mark(**row["mark"]), "other": other})
