"""`evaluate`: show the evaluation of a wave as it stands now, or freeze it."""

from __future__ import annotations

from datetime import datetime

import click
from flask_babel import force_locale

from analysis.types import Estimate
from survey.clock import utc_now
from survey.formatting import LOCALES, say_interval, say_number
from survey.queries.evaluation import draft_evaluation
from survey.queries.views import EvaluationView
from survey.services.evaluate import freeze
from survey.services.large_districts import freeze_and_tell, keep_draft


@click.command("evaluate")
@click.argument("wave")
@click.option("--freeze", "wants_freeze", is_flag=True, help="Store it and begin its notice.")
@click.option(
    "--notice-until",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Last day of the notice; counted by the policy when left out.",
)
@click.option("--reason", default="", help="Why there is another revision.")
@click.option("--actor", default="command line", help="Who freezes it, for the sign-off log.")
@click.option("--keep", is_flag=True, help="Keep the draft for the office's page; print nothing.")
@click.option("--tell", is_flag=True, help="With --freeze: tell the office's page how far it is.")
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", help="With --tell.")
def command(
    wave: str,
    wants_freeze: bool,
    notice_until: datetime | None,
    reason: str,
    actor: str,
    keep: bool,
    tell: bool,
    language: str,
) -> None:
    """Compute the evaluation of WAVE from what has been counted so far and print it.

    Nothing is stored unless --freeze is given: then it is put on public notice, `approve` signs
    it off and `publish` makes it public. P public score, P* after themes, D direct score,
    F blend; "set" is the official rank set within the peer group.
    """
    if not wants_freeze:
        if tell:
            raise click.UsageError("--tell belongs to --freeze.")
        if notice_until is not None or reason:
            raise click.UsageError("--notice-until and --reason belong to --freeze.")
        if keep:
            keep_draft(wave, now=utc_now())
        else:
            _print(draft_evaluation(wave))
        return
    if keep:
        raise click.UsageError("--keep does not go with --freeze.")
    until = notice_until.date() if notice_until is not None else None
    now = utc_now()
    if tell:
        with force_locale(LOCALES[language]):
            freeze_and_tell(wave, actor=actor, now=now, reason=reason, notice_until=until)
        return
    made = freeze(wave, actor=actor, now=now, reason=reason, notice_until=until)
    _print(made)
    notice = f"on notice until {made.notice_until}" if made.notice_until else "without notice"
    click.echo(f"{wave} frozen, revision {made.revision}, {notice}")


def _print(draft: EvaluationView) -> None:
    click.echo(f"{draft.wave.code}  policy {draft.policy_hash[:12]}  {draft.status}")
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
