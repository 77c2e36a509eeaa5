"""`cube audit` and `cube rebuild`: prove or remake the sums every index is computed from."""

from __future__ import annotations

import click
from flask_babel import gettext as _

from survey.clock import utc_now
from survey.commands.loading import progress
from survey.services import rollup


@click.group("cube")
def command() -> None:
    """Audit or rebuild the cubes."""


@command.command("audit")
def audit() -> None:
    """Compare every cell of the cubes with a recount of the answers; exit 1 when one differs."""
    with progress(_("Counting answers")) as show:
        result = rollup.audit(progress=show)
    for line in result.differences[:20]:
        click.echo(line, err=True)
    if result.differences:
        raise click.ClickException(
            f"{len(result.differences)} of {result.cells} cells differ; run `cube rebuild`"
        )
    click.echo(f"{result.cells} cells, all equal to the recount")


@command.command("rebuild")
def rebuild() -> None:
    """Empty the cubes and count every answer anew."""
    with progress(_("Counting answers")) as show:
        counted = rollup.rebuild(now=utc_now(), progress=show)
    click.echo(f"{counted} responses counted")
