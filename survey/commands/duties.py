"""`duties load` and `duties export`: the duty list (权责清单) as a spreadsheet."""

from __future__ import annotations

from pathlib import Path

import click

from survey.clock import utc_now
from survey.commands.loading import rejected_rows
from survey.exports.duties import duty_file
from survey.services.duties_file import load_duties


@click.group("duties")
def command() -> None:
    """The duty list: whose task a problem is, and with what means."""


@command.command("load")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--district", help="Code of the district, when there are several.")
@click.option("--errors", type=click.Path(path_type=Path), help="Write all rejected rows as CSV.")
def load(file: Path, district: str | None, errors: Path | None) -> None:
    """Store the duties of a CSV FILE; all or nothing.

    \b
    code           short and lasting, e.g. D12
    indicator      code of an indicator of the questionnaire
    name_zh, name_en
    terms          words by which residents speak of it, ; between them
    responsible    street, or the code of a department
    department_zh, department_en
                   its names; needed the first time
    has_means      yes or no: no = handed down without means, lowers no street's score
    source         the document that says so
    retired        yes takes the duty out of the list

    A code that is known is updated; a duty that the file does not name stays. A wave that is open
    keeps the list it locked when it opened.

    \b
    Example: flask --app survey duties load survey/demo/duties.csv
    """
    with rejected_rows(errors):
        done = load_duties(file, now=utc_now(), district=district)
    click.echo(f"{done.added} duties added, {done.updated} updated, {done.retired} retired")


@command.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--district", help="Code of the district, when there are several.")
def export(file: Path, district: str | None) -> None:
    """Write the duty list into FILE, a .csv or .xlsx; a .csv can be edited and loaded again."""
    count, content = duty_file(file.suffix.lstrip(".").lower(), district=district)
    try:
        file.write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from error
    click.echo(f"{count} duties in {file}")
