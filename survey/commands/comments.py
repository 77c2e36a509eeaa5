"""`comments load`: store comments that were written elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from survey.commands.loading import progress, rejected_rows
from survey.services.comments import CommentsMap, load_comments


@click.group("comments")
def command() -> None:
    """Comments from a hotline, a letter box or a message board."""


@command.command("load")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--source", required=True, help="Lasting name of where they come from.")
@click.option("--wave", help="Code of the wave they are counted in.")
@click.option("--street", help="Code of the street that all rows are about.")
@click.option("--street-column", help="Column of the street's code; a cell may be empty.")
@click.option("--id-column", default="id", show_default=True)
@click.option("--text-column", default="text", show_default=True)
@click.option(
    "--date-column", default="date", show_default=True, help="2026-11-24, perhaps a time."
)
@click.option("--title-column", help="Column of a title, if there is one.")
@click.option("--person-column", help="Column that tells persons apart; kept as a keyed hash.")
@click.option("--report", type=click.Path(path_type=Path), help="CSV for all rejected rows.")
def load(
    file: Path,
    source: str,
    wave: str | None,
    street: str | None,
    street_column: str | None,
    id_column: str,
    text_column: str,
    date_column: str,
    title_column: str | None,
    person_column: str | None,
    report: Path | None,
) -> None:
    """Store the comments in FILE (CSV, UTF-8 or GB18030): all rows or none.

    Names, numbers, plates and the like are redacted before anything is stored. A row whose id
    was loaded before from the same source is rejected.

    \b
    Example: flask --app survey comments load hotline.csv --source hotline --wave 2026q4 \\
               --id-column number --text-column body --date-column time --person-column caller
    """
    with rejected_rows(report), progress(file.name) as show:
        done = load_comments(
            file,
            source=source,
            mapping=CommentsMap(
                id_column=id_column,
                text_column=text_column,
                date_column=date_column,
                title_column=title_column,
                person_column=person_column,
                street_column=street_column,
            ),
            wave=wave,
            street=street,
            show=show,
        )
    click.echo(
        f"{done.stored} comments stored, by {done.persons} persons; something was redacted in "
        f"{done.redacted}"
    )
