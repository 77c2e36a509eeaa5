"""`export`: write the tables of a wave into a file."""

from __future__ import annotations

import click


@click.command("export")
def command() -> None:
    """Write the tables of a wave into a file."""
