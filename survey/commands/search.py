"""`search rebuild` and `search audit`: remake or prove the index that the inbox searches."""

from __future__ import annotations

import click
from flask_babel import gettext as _

from survey.commands.loading import progress
from survey.services import search_index


@click.group("search")
def command() -> None:
    """Rebuild or audit the search index."""


@command.command("rebuild")
def rebuild() -> None:
    """Make the words of every comment in the search index anew."""
    with progress(_("Reading comments")) as show:
        mended = search_index.rebuild(progress=show)
    click.echo(f"{mended} comments were missing or different; the index is made anew")


@command.command("audit")
def audit() -> None:
    """Compare the search index with the comments; exit 1 when one differs."""
    with progress(_("Reading comments")) as show:
        found = search_index.audit(progress=show)
    if not found.is_right:
        if found.problem:
            click.echo(found.problem, err=True)
        wrong = len(found.missing) + len(found.different)
        raise click.ClickException(
            f"{wrong} of {found.comments} comments are missing or different; run `search rebuild`"
        )
    click.echo(f"{found.comments} comments, all as the index has them")
