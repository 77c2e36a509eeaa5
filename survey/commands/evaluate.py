"""`evaluate`: show the evaluation of a wave as it stands now."""

from __future__ import annotations

import click

from analysis.types import Estimate
from survey.formatting import say_interval, say_number
from survey.queries.evaluation import draft_evaluation


@click.command("evaluate")
@click.argument("wave")
def command(wave: str) -> None:
    """Compute the evaluation of WAVE from what has been counted so far and print it.

    Nothing is stored: `publish` freezes it. P public score, P* after themes, D direct score,
    F blend; "set" is the official rank set within the peer group.
    """
    draft = draft_evaluation(wave)
    click.echo(f"{draft.wave.code}  policy {draft.policy_hash[:12]}  draft")
    for one in draft.streets:
        ranks = f"{one.rank_low}-{one.rank_high}" if one.rank_low is not None else "-"
        withheld = f"  ({one.rank_suppressed_because})" if one.rank_suppressed_because else ""
        click.echo(
            f"{one.street.code:12} P {_said(one.public)}  P* {_said(one.adjusted)}  "
            f"D {_said(one.direct)}  F {_said(one.blended)}  set {ranks}{withheld}"
        )
    for group in draft.groups:
        last = group.last
        if last.established:
            click.echo(f"{group.name}: last place established: {last.street}")
        else:
            unmet = ", ".join(one.code for one in last.conditions if not one.met)
            click.echo(f"{group.name}: no last place can be established ({unmet})")


def _said(estimate: Estimate) -> str:
    if estimate.value is None:
        return "-"
    return f"{say_number(estimate.value)} [{say_interval(estimate.low, estimate.high)}]"
