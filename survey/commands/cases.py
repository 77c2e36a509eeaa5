"""`cases`: open those that begin by themselves."""

from __future__ import annotations

import click

from survey.clock import utc_now
from survey.services.case_opening import open_call_back_cases


@click.group("cases")
def command() -> None:
    """Cases: what residents said that an office has to deal with."""


@command.command("open")
def open_waiting() -> None:
    """Open a case for every resident who waits to be called back; the worker does it at seven.

    \b
    Example: flask --app survey cases open
    """
    click.echo(f"{open_call_back_cases(utc_now())} cases opened")
