"""The commands of `flask --app survey`: registered here, one file per noun in survey/commands.

Whatever a service refuses, and whatever the database refuses, ends every command in the same
way: one line on stderr and exit status 1.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import import_module
from typing import Any

import click
from flask import Flask
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from survey.errors import DATABASE_WORDS, Refused, database_problem

# Each module has `command`: a click group or command, whose name is what is typed.
COMMANDS = (
    "rollup",
    "cube",
    "worker",
    "export",
    "place",
    "questionnaire",
    "wave",
    "points",
    "slips",
    "answers",
    "comments",
    "cases",
    "search",
    "direct",
    "duties",
    "demo",
    "addresses",
    "themes",
    "evaluate",
    "approve",
    "publish",
    "disclosure",
    "account",
    "apikey",
)


def register(app: Flask) -> None:
    """Attach every command."""
    for name in COMMANDS:
        command = import_module(f"survey.commands.{name}").command
        _prepare(command)
        app.cli.add_command(command)


def _prepare(command: click.Command) -> None:
    """Give a command, or every command of a group, an application context and worded errors."""
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _prepare(inner)
    elif command.callback is not None and not hasattr(command.callback, "worded"):
        command.callback = with_appcontext(_worded(command.callback))
        command.callback.worded = True  # type: ignore[attr-defined]


def _worded(callback: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(callback)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return callback(*args, **kwargs)
        except Refused as error:
            raise click.ClickException(_one_line(error.message)) from error
        except UnicodeEncodeError as error:
            raise click.ClickException(
                "A word of the command is not valid UTF-8. Type it anew."
            ) from error
        except (OperationalError, ProgrammingError) as error:
            raise click.ClickException(_one_line(_database_words(error))) from error

    return run


def _database_words(error: DBAPIError) -> str:
    code = database_problem(error)
    if code == "database_behind":
        # Who types commands can bring the tables up to date; a reader of a page can only wait.
        return "The tables are not of this version. Run: flask --app survey db upgrade"
    return str(DATABASE_WORDS[code])


def _one_line(message: Any) -> str:
    return " ".join(str(message).split())
