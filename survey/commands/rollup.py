"""`rollup`: fold what is waiting into the cubes now, without the worker."""

from __future__ import annotations

import click

from survey.clock import utc_now
from survey.services.rollup import fold_all


@click.command("rollup")
def command() -> None:
    """Fold every waiting answer into the cubes.

    The worker does this every few seconds; use this on an installation without one.
    """
    click.echo(f"{fold_all(now=utc_now())} folded")
