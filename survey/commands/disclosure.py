"""`disclosure`: hide and audit what is public of the published waves now, without the worker."""

from __future__ import annotations

import click

from survey.clock import utc_now


@click.command("disclosure")
@click.option("--all", "everything", is_flag=True, help="Also waves that were audited this week.")
def command(everything: bool) -> None:
    """Hide small numbers of every published wave, audit all of it, and keep the result.

    The worker does this once a week and after a publication; each audit goes on record.
    """
    from survey.queries.public import public_waves
    from survey.services.public_tables import keep, keep_due

    now = utc_now()
    if not everything:
        click.echo(" ".join(keep_due(now=now)) or "nothing is due")
        return
    for entry in public_waves().published:
        made = keep(entry.wave, now=now)
        if made is not None:
            said = "passed" if made.audit.passed else "did not pass"
            click.echo(f"{made.wave_code}: {made.audit.targets} hidden numbers, {said}")
