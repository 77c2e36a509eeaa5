"""Reading the files of the commands: JSON documents and CSV tables, with worded errors."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from analysis.policy import Policy
from analysis.strict_json import unique_keys
from analysis.types import AnalysisError


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file: ``header`` and rows of equal width; ``lines`` are their line numbers."""

    path: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def column(self, name: str) -> list[str]:
        """Cells of a column, stripped. Raises ``AnalysisError`` (``missing_column``)."""
        if name not in self.header:
            raise AnalysisError(
                "missing_column",
                f"{self.path}: there is no column {name!r}; it has {', '.join(self.header)}.",
                column=name,
            )
        place = self.header.index(name)
        return [row[place].strip() for row in self.rows]

    def fail(self, i: int, column: str, problem: str) -> NoReturn:
        """Raise ``AnalysisError`` (``bad_cell``) for row ``i`` (from 0) and a column."""
        raise AnalysisError(
            "bad_cell",
            f"{self.path}, row {self.lines[i]}, column {column}: {problem}",
            row=self.lines[i],
            column=column,
        )


def read_text(path: str) -> str:
    """A text file in UTF-8 (with or without mark) or GB18030."""
    data = Path(path).read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AnalysisError("bad_encoding", f"{path}: this is neither UTF-8 nor GB18030 text.")


def read_table(path: str) -> Table:
    """A CSV table. Raises ``AnalysisError`` for an empty file, bad header or ragged row."""
    text = read_text(path)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    try:
        header = tuple(name.strip() for name in next(reader, []))
        check_header(path, header)
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                raise AnalysisError(
                    "ragged_row",
                    f"{path}, row {reader.line_num}: {len(row)} cells, the header has "
                    f"{len(header)}.",
                    row=reader.line_num,
                )
            rows.append(tuple(row))
            lines.append(reader.line_num)
    except csv.Error as error:
        raise AnalysisError(
            "bad_csv", f"{path}, row {reader.line_num}: {error}.", row=reader.line_num
        ) from None
    return Table(path, header, tuple(rows), tuple(lines))


def check_header(path: str, header: Sequence[str]) -> None:
    """Raise ``AnalysisError`` (``bad_header``) for an empty, unnamed or repeated column."""
    if not any(header):
        raise AnalysisError("bad_header", f"{path}: the file is empty; it needs a header row.")
    for place, name in enumerate(header, start=1):
        if not name:
            raise AnalysisError("bad_header", f"{path}, row 1: column {place} has no name.")
        if header.index(name) != place - 1:
            raise AnalysisError("bad_header", f"{path}, row 1: the column {name!r} appears twice.")


def read_json(path: str) -> dict[str, Any]:
    """A JSON object; NaN, Infinity and a key twice are refused.

    Raises ``AnalysisError`` (``bad_json``, ``repeated``).
    """

    def refuse(constant: str) -> NoReturn:
        raise AnalysisError("bad_json", f"{path}: {constant} is not a number that can be used.")

    try:
        document = json.loads(read_text(path), parse_constant=refuse, object_pairs_hook=unique_keys)
    except json.JSONDecodeError as error:
        raise AnalysisError(
            "bad_json",
            f"{path}, row {error.lineno}, column {error.colno}: {error.msg}.",
            row=error.lineno,
            column=error.colno,
        ) from None
    if not isinstance(document, dict):
        raise AnalysisError("bad_json", f"{path}: the document must be a JSON object.")
    return document


def write_json(document: dict[str, Any]) -> None:
    """Print a document as JSON; a NaN would be a fault of ours and is refused."""
    print(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False))


def policy_summary(policy: Policy) -> dict[str, str]:
    """Version and hash, printed with every output."""
    return {"version": policy.version, "sha256": policy.sha256}
