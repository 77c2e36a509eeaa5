"""What a table is, and what a format makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Cell = str | int | float | bool | None

KINDS = ("text", "whole", "number", "yes_no", "time")


@dataclass(frozen=True)
class Column:
    """One column: its name never changes. kind: one of KINDS; help: (zh, en), one sentence."""

    name: str
    kind: str
    help: tuple[str, str]


@dataclass(frozen=True)
class TableShape:
    """The columns of a table, the same in every format. title: (zh, en)."""

    name: str
    title: tuple[str, str]
    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names) or any(c.kind not in KINDS for c in self.columns):
            raise ValueError(f"the table {self.name} names a column twice or an unknown kind")


@dataclass(frozen=True)
class Table:
    """A table with its rows, each as long as the columns."""

    shape: TableShape
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        width = len(self.shape.columns)
        if any(len(row) != width for row in self.rows):
            raise ValueError(f"a row of the table {self.shape.name} has not {width} cells")

    def as_objects(self) -> list[dict[str, Cell]]:
        """The rows as objects by column name."""
        names = [column.name for column in self.shape.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Document:
    """Tables and what is said about them as a whole: the wave, the revision, the policy."""

    about: Mapping[str, Any]
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class Format:
    """One way to write a document. `write` raises ValueError for what the format cannot hold."""

    name: str
    mimetype: str
    extension: str
    #: Whether several tables fit into one file.
    holds_many: bool
    write: Callable[[Document], bytes]
