"""`questionnaire sync`: store questionnaire documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from flask import current_app

from survey.services import questionnaire


@click.group("questionnaire")
def command() -> None:
    """Questionnaires: what is asked."""


@command.command("sync")
@click.argument("file", required=False, type=click.Path(path_type=Path))
def sync(file: Path | None) -> None:
    """Store the questionnaire in FILE (JSON), or all that come with the product.

    Storing the same version again changes nothing. A changed questionnaire needs the next
    version number, because answers were given to the old one.
    """
    shipped = Path(current_app.root_path) / "questionnaires"
    for path in [file] if file else sorted(shipped.glob("*.json")):
        done = questionnaire.sync(_document(path))
        state = "stored" if done.is_new else "unchanged"
        click.echo(f"{done.code} version {done.version}: {state}")


def _document(path: Path) -> Any:
    return read_json(path)


def read_json(path: Path) -> Any:
    """The JSON document in a file; a ClickException with the place of the mistake otherwise."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path}: not UTF-8 (byte {error.start + 1})") from error
    except json.JSONDecodeError as error:
        raise click.ClickException(
            f"{path}: row {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
