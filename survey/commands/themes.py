"""`themes run`: sort a wave's new comments into indicators and themes; beside it, the models."""

from __future__ import annotations

import time
from collections.abc import Callable

import click

from survey import jobs
from survey.clock import utc_now
from survey.commands import theme_models
from survey.commands.loading import progress
from survey.errors import Refused
from survey.services.themes import run_themes

# How often the page that waits for a run is told how far it is.
TELL_SECONDS = 1.0


@click.group("themes")
def command() -> None:
    """Find what residents keep complaining about."""


for _one in (theme_models.train, theme_models.models, theme_models.serve):
    command.add_command(_one)


@command.command("run")
@click.argument("wave")
@click.option(
    "--review", is_flag=True, help="Group sorted comments anew, too: themes may merge or split."
)
def run(wave: str, *, review: bool) -> None:
    """Sort the comments of WAVE that are not sorted yet.

    New comments join the themes known from before or form new ones, which stay proposals until
    an evaluator confirms them. The worker does this by itself every few minutes, and with
    --review once a night; what people decided about is left as it is.
    """
    jobs.tell_themes(wave, state="running")
    try:
        with progress("Reading comments") as show:
            done = run_themes(wave, now=utc_now(), review=review, progress=_told(wave, show))
    except Exception as error:
        reason = str(error) if isinstance(error, Refused) else type(error).__name__
        jobs.tell_themes(wave, state="failed", reason=reason)
        raise
    jobs.tell_themes(wave, state="done", done=done.comments, total=done.comments)
    click.echo(
        f"{done.comments} comments read, {done.mentions} in themes, "
        f"{done.new_themes} new themes, {done.unreadable} without words"
    )
    if review:
        click.echo(f"{done.merged} themes merged, {done.split} split")


def _told(wave: str, show: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Show the progress here, and leave it for the page once a second."""
    last = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal last
        show(done, total)
        if time.monotonic() - last >= TELL_SECONDS:
            last = time.monotonic()
            jobs.tell_themes(wave, state="running", done=done, total=total)

    return tell
