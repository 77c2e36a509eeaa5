"""`make bench`: run every measurement of this folder, print a table, keep the figures as JSON.

A module here takes part by having NAME (what it measures, a few words) and run() -> list of rows;
a row is {"measure", "figure", "yardstick", "ratio", "command"} and may have "limit", the ratio
that must not be passed. `python -m benchmarks resident` runs one module alone.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import platform
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.console import Console
from rich.table import Table

import benchmarks

FOLDER = Path(__file__).resolve().parent
COLUMNS = ("measure", "figure", "yardstick", "ratio", "limit", "command")
REQUIRED = frozenset({"measure", "figure", "yardstick", "ratio", "command"})


def measurements(names: Sequence[str]) -> list[ModuleType]:
    """The modules that measure something, by name; all of them when `names` is empty.

    Raises SystemExit with the names there are when one is unknown.
    """
    found = {}
    for info in pkgutil.iter_modules(benchmarks.__path__):
        if not info.name.startswith("_"):
            module = importlib.import_module(f"benchmarks.{info.name}")
            if hasattr(module, "NAME") and hasattr(module, "run"):
                found[info.name] = module
    unknown = sorted(set(names) - set(found))
    if unknown:
        raise SystemExit(f"No benchmark {unknown[0]!r}. There are: {', '.join(found) or 'none'}")
    return [module for name, module in found.items() if not names or name in names]


def checked(rows: list[dict[str, Any]], *, source: str) -> list[dict[str, Any]]:
    """The rows as they came; raises ValueError when one lacks a column."""
    for row in rows:
        lacking = sorted(REQUIRED - set(row))
        if lacking:
            raise ValueError(f"benchmarks/{source}: a row lacks {', '.join(lacking)}")
    return rows


def shown(value: Any) -> str:
    """A figure as a person reads it: three significant digits."""
    if value is None:
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def table(name: str, rows: list[dict[str, Any]]) -> Table:
    """One module's rows as a table; a ratio over its limit is marked."""
    made = Table(title=name, title_justify="left")
    for column in COLUMNS:
        made.add_column(column, justify="right" if column in ("ratio", "limit") else "left")
    for row in rows:
        cells = [shown(row.get(column)) for column in COLUMNS]
        made.add_row(*cells, style="red" if over_limit(row) else None)
    return made


def over_limit(row: dict[str, Any]) -> bool:
    """Whether the ratio passes the limit that the row states."""
    return row.get("limit") is not None and row["ratio"] is not None and row["ratio"] > row["limit"]


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 2),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run, print and keep; 1 when a ratio passes its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help="modules of benchmarks/; all when left out")
    parser.add_argument("--out", type=Path, default=FOLDER / "results", help="folder for the JSON")
    options = parser.parse_args(argv)
    console = Console(width=None if sys.stdout.isatty() else 160)
    began = datetime.now(UTC)
    report: dict[str, Any] = {"date": began.isoformat(timespec="seconds"), "machine": machine()}
    report["results"] = {}
    passed = True
    for module in measurements(options.names):
        source = module.__name__.rpartition(".")[2]
        console.print(f"{module.NAME} …")
        start = time.monotonic()
        rows = checked(module.run(), source=f"{source}.py")
        report["results"][source] = {
            "name": module.NAME,
            "seconds": round(time.monotonic() - start, 1),
            "rows": rows,
        }
        console.print(table(module.NAME, rows))
        passed = passed and not any(over_limit(row) for row in rows)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"{began:%Y-%m-%dT%H%M%S}.json"
    path.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    console.print(f"Written to {os.path.relpath(path)}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
