"""`wave create`, `wave open` and `wave close`: the periods of asking."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import click
from flask import current_app

from survey.clock import utc_now
from survey.commands.questionnaire import read_json
from survey.services.fieldwork import close_wave, create_wave, open_wave


@click.group("wave")
def command() -> None:
    """Waves: a period of asking, with its questionnaire and its locked policy."""


def _utc(text: str, *, is_end: bool) -> datetime:
    """A day or a time of the district as UTC; a day as an end means its last moment."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text} is not a date such as 2026-10-01") from error
    if len(text) <= 10:
        moment = datetime.combine(moment.date() + timedelta(days=is_end), time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=current_app.config["TIMEZONE"])
    return moment.astimezone(UTC).replace(tzinfo=None)


@command.command("create")
@click.argument("code")
@click.option("--name-zh", required=True, help="Chinese name, e.g. 2026年第四季度.")
@click.option("--name-en", required=True, help="English name, e.g. Fourth quarter of 2026.")
@click.option("--opens", required=True, help="First day (YYYY-MM-DD), or YYYY-MM-DDTHH:MM.")
@click.option("--closes", required=True, help="Last day, included; or the minute it ends.")
@click.option("--district", help="Code of the district; may be left out when there is one.")
@click.option("--questionnaire", help="Code; may be left out when there is one. Newest version.")
@click.option("--policy", type=click.Path(path_type=Path), help="JSON file of policy values.")
def create(
    code: str,
    name_zh: str,
    name_en: str,
    opens: str,
    closes: str,
    district: str | None,
    questionnaire: str | None,
    policy: Path | None,
) -> None:
    """Create the wave CODE as a draft; nobody is asked before it is opened.

    Dates are those of the district's time zone (JIEPING_TIMEZONE). The policy file holds only
    the values that differ from the defaults, e.g. {"alpha": 0.7}.

    \b
    Example: flask --app survey wave create 2026q4 --name-zh 2026年第四季度 \\
               --name-en "Fourth quarter of 2026" --opens 2026-10-08 --closes 2026-12-31
    """
    create_wave(
        code,
        name_zh=name_zh,
        name_en=name_en,
        opens_at=_utc(opens, is_end=False),
        closes_at=_utc(closes, is_end=True),
        now=utc_now(),
        district=district,
        questionnaire=questionnaire,
        policy=None if policy is None else read_json(policy),
    )
    click.echo(f"{code}: draft")


@command.command("open")
@click.argument("code")
def open_(code: str) -> None:
    """Open the draft CODE: lock its policy and take answers from its first day on.

    One wave of a district is open at a time, and every street needs the margins that the policy
    weights by.
    """
    done = open_wave(code, now=utc_now())
    click.echo(f"{done.code}: open, policy {done.policy_hash}")


@command.command("close")
@click.argument("code")
def close(code: str) -> None:
    """Close the open wave CODE, and fold what still waits into its figures."""
    done = close_wave(code, now=utc_now())
    click.echo(f"{done.code}: closed, {done.folded} waiting answers folded")
