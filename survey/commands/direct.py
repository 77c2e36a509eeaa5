"""`direct load`: store the district's own scores of its streets."""

from __future__ import annotations

from pathlib import Path

import click

from survey.clock import utc_now
from survey.commands.loading import rejected_rows
from survey.services.direct import load_direct


@click.group("direct")
def command() -> None:
    """The district's direct assessment."""


@command.command("load")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--wave", required=True, help="Code of the wave they belong to.")
@click.option("--report", type=click.Path(path_type=Path), help="CSV for all rejected rows.")
@click.option("--reason", default="", help="Why, when figures of the wave are frozen already.")
def load(file: Path, wave: str, report: Path | None, reason: str) -> None:
    """Store the scores in FILE (CSV: street,assessor,score; or xlsx): all rows or none.

    A score is 0 … 100; an assessor is a code, not a name. At least three independent assessors
    are needed before a last place can be established. An xlsx may also have a column an assessor,
    as the template of the office's page does. Nothing that is stored is overwritten; the page
    shows what a file would change and changes it.

    \b
    Example: flask --app survey direct load docs/examples/direct.csv --wave 2026q4
    """
    with rejected_rows(report):
        done = load_direct(file, wave=wave, now=utc_now(), reason=reason)
    click.echo(f"{done.scores} scores of {done.streets} streets by {done.assessors} assessors")
