"""`apikey create` and `apikey revoke`: keys with which scripts pull results."""

from __future__ import annotations

import click

from survey.clock import utc_now
from survey.services import access


@click.group("apikey")
def command() -> None:
    """Make and revoke keys of the API."""


@command.command("create")
@click.argument("name")
def create(name: str) -> None:
    """Make a key called NAME (what it is for). The key is shown this once."""
    raw = access.create_api_key(name, now=utc_now())
    click.echo(raw)
    click.echo("Shown this once. Send it as: Authorization: Bearer <key>", err=True)


@command.command("revoke")
@click.argument("name")
def revoke(name: str) -> None:
    """Let the key called NAME open nothing from now on."""
    access.revoke_api_key(name, now=utc_now())
    click.echo("revoked")
