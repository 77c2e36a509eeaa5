"""`publish`: make the evaluation of a closed wave public."""

from __future__ import annotations

import click

from survey.clock import utc_now
from survey.services.evaluate import publish


@click.command("publish")
@click.argument("wave")
@click.option("--reason", default="", help="Why a published wave is published again (revision).")
@click.option("--actor", default="command line", help="Who does it, for the audit trail.")
def command(wave: str, reason: str, actor: str) -> None:
    """Publish the approved evaluation of WAVE; with none frozen, the one as it stands now.

    The latter is frozen and published in one step, and logged as without public notice: the wave
    must be closed and every answer counted. What is published never changes: publishing again
    makes the next revision and needs --reason.
    """
    done = publish(wave, actor=actor, now=utc_now(), reason=reason)
    click.echo(f"{wave} published, revision {done.revision}, policy {done.policy_hash[:12]}")
