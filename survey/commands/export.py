"""`export`: write the tables of a wave into a file, as the API gives them to an office."""

from __future__ import annotations

import os
from pathlib import Path

import click
from flask_babel import gettext as _

from survey.errors import Refused
from survey.exports import FORMATS
from survey.exports.documents import WAVE_TABLES, wave_document


@click.command("export")
@click.argument("wave")
@click.option("--format", "name", type=click.Choice(sorted(FORMATS)), required=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option(
    "--table",
    "tables",
    type=click.Choice(WAVE_TABLES),
    multiple=True,
    help="Which tables; default all that the format holds (csv: indices).",
)
@click.option("--draft", is_flag=True, help="The figures as they stand, also of a published wave.")
@click.option("--public", is_flag=True, help="Only what everybody may see.")
def command(
    wave: str, name: str, out: Path, tables: tuple[str, ...], draft: bool, public: bool
) -> None:
    """Write tables of the WAVE with this code into a file.

    A published wave is exported as it was frozen, another one as it stands. Numbers that may not
    be shown are empty, with the reason beside them.
    """
    chosen = FORMATS[name]
    wanted = tables or (WAVE_TABLES if chosen.holds_many else ("indices",))
    if len(wanted) > 1 and not chosen.holds_many:
        raise Refused("one_table", _("A file of this format holds one table; name one."))
    document = wave_document(wave, wanted, is_office=not public, wants_draft=draft)
    content = chosen.write(document)
    # Beside the target and then into its place: nobody ever reads half a file.
    partial = out.with_name(out.name + ".part")
    try:
        partial.write_bytes(content)
        os.replace(partial, out)
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from error
    rows = sum(len(table.rows) for table in document.tables)
    click.echo(f"{out}: {rows} rows in {len(document.tables)} tables")
