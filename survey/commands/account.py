"""`account create` and `account password`: give people of the offices access."""

from __future__ import annotations

import click

from survey.clock import utc_now
from survey.services import access, sign_in_attempts, sign_in_codes


@click.group("account")
def command() -> None:
    """Make accounts and set passwords."""


@command.command("create")
@click.argument("username")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice(access.ROLES),
    help="What the account may do; give it several times for several roles.",
)
@click.option("--street", help="Code of the street that a street account belongs to.")
@click.option("--department", help="Code of the department that a department account belongs to.")
@click.option("--language", type=click.Choice(["zh", "en"]), help="Default: the browser's.")
def create(
    username: str,
    roles: tuple[str, ...],
    street: str | None,
    department: str | None,
    language: str | None,
) -> None:
    """Make the account USERNAME with a new password, which is shown this once."""
    password = access.generate_password()
    access.create_account(
        username,
        password,
        roles,
        street_code=street,
        department_code=department,
        language=language or "",
        now=utc_now(),
    )
    click.echo(f"account:  {access.normalise_username(username)}")
    click.echo(f"password: {password}   (shown this once)")


@command.command("password")
@click.argument("username")
def password(username: str) -> None:
    """Give USERNAME a new password, which is shown this once; its open sessions end."""
    new = access.generate_password()
    access.set_password(username, new, now=utc_now())
    click.echo(f"password: {new}   (shown this once)")


@command.command("unlock")
@click.argument("username")
def unlock(username: str) -> None:
    """Let USERNAME, locked after ten wrong attempts, try again at once."""
    sign_in_attempts.unlock(username, actor=access.COMMAND_LINE, now=utc_now())
    click.echo(f"{username} can try again")


@command.command("reset-codes")
@click.argument("username")
def reset_codes(username: str) -> None:
    """Switch off the one-time codes of USERNAME, who lost telephone and recovery codes."""
    sign_in_codes.reset(username, actor=access.COMMAND_LINE, now=utc_now())
    click.echo(f"{username} signs in with the password alone")
