"""`approve`: sign off the evaluation of a wave that is on public notice."""

from __future__ import annotations

import click

from survey.clock import utc_now
from survey.services.evaluate import approve


@click.command("approve")
@click.argument("wave")
@click.option("--actor", required=True, help="Who approves; another than who froze it.")
@click.option("--note", default="", help="A note for the sign-off log.")
def command(wave: str, actor: str, note: str) -> None:
    """Approve the frozen evaluation of WAVE, once its public notice is over.

    No figure changes; `publish` then makes it public.
    """
    done = approve(wave, actor=actor, now=utc_now(), note=note)
    click.echo(f"{wave} approved, revision {done.revision}, by {actor}")
