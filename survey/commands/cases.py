"""`cases`: load messages that offices elsewhere dealt with."""

from __future__ import annotations

from pathlib import Path

import click

from survey.clock import utc_now
from survey.commands.loading import progress, rejected_rows
from survey.services.case_opening import open_call_back_cases
from survey.services.cases_in import load_cases


@click.group("cases")
def command() -> None:
    """Cases: what residents said that an office has to deal with."""


@command.command("load")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--source", default="", help="Lasting name of where they come from; else the file's.")
@click.option("--wave", help="Code of the wave in which their words are counted.")
@click.option("--street", help="Code of the street of rows that name no street or department.")
@click.option("--department", help="Code of the department of such rows.")
@click.option("--report", type=click.Path(path_type=Path), help="CSV for all rejected rows.")
def load(
    file: Path,
    source: str,
    wave: str | None,
    street: str | None,
    department: str | None,
    report: Path | None,
) -> None:
    """Store the messages in FILE (CSV, UTF-8 or GB18030) as cases: all rows or none.

    Columns message_id, title, time, body; and user, reply, reply_time, street and department
    where there are such. Names, numbers, plates and the like are redacted in messages and
    replies. Rows that were loaded before from the same source are passed over.

    \b
    Example: flask --app survey cases load replies.csv --source board --department water
    """
    with rejected_rows(report), progress(file.name) as show:
        done = load_cases(
            file,
            source=source or file.stem,
            now=utc_now(),
            wave=wave,
            street=street,
            department=department,
            show=show,
        )
    click.echo(
        f"{done.stored} cases stored, {done.replied} of them answered; something was redacted in "
        f"{done.redacted}; {done.before} rows were there already"
    )


@command.command("open")
def open_waiting() -> None:
    """Open a case for every resident who waits to be called back; the worker does it at seven.

    \b
    Example: flask --app survey cases open
    """
    click.echo(f"{open_call_back_cases(utc_now())} cases opened")
