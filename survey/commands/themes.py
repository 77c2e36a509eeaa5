"""`themes run`: sort a wave's new comments into indicators and themes."""

from __future__ import annotations

import click

from survey.clock import utc_now
from survey.commands.loading import progress
from survey.services.themes import run_themes


@click.group("themes")
def command() -> None:
    """Find what residents keep complaining about."""


@command.command("run")
@click.argument("wave")
def run(wave: str) -> None:
    """Sort the comments of WAVE that are not sorted yet.

    New comments join the themes known from before or form new ones, which stay proposals until
    an evaluator confirms them. The worker does this by itself every few minutes.
    """
    with progress("Reading comments") as show:
        done = run_themes(wave, now=utc_now(), progress=show)
    click.echo(
        f"{done.comments} comments read, {done.mentions} in themes, "
        f"{done.new_themes} new themes, {done.unreadable} without words"
    )
