"""What the loading commands share: the bar that shows progress, and the list of rejected rows."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from survey.services.tables_in import RowsRejected

SHOWN = 20
Advance = Callable[[int], None]


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, on a terminal only: `with progress("…") as show: show(done, total)`."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def rejected_rows(report: Path | None = None) -> Iterator[None]:
    """List rejected rows on stderr (the first 20), and all in `report`; the error goes on."""
    try:
        yield
    except RowsRejected as error:
        for rejected in error.rows[:SHOWN]:
            click.echo(
                f"{rejected.row}\t{rejected.column or '–'}\t{rejected.reason}",
                err=True,
            )
        if len(error.rows) > SHOWN:
            click.echo(f"… {len(error.rows) - SHOWN}", err=True)
        if report is not None:
            _write(report, error)
        raise


def _write(report: Path, error: RowsRejected) -> None:
    try:
        # With a mark, so that Excel reads the Chinese in it.
        with report.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["row", "column", "reason"])
            writer.writerows([r.row, r.column, str(r.reason)] for r in error.rows)
    except OSError as problem:
        click.echo(f"{report}: {problem.strerror}", err=True)
