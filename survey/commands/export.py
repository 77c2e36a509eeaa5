"""`export`: write the tables of a wave into a file, as the API gives them to an office."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import click
from flask_babel import gettext as _

from analysis.bundle import FULL, PUBLIC
from survey.errors import Refused
from survey.exports import FORMATS
from survey.exports.bundle import wave_bundle
from survey.exports.documents import WAVE_TABLES, wave_document

BUNDLE = "bundle"


@click.command("export")
@click.argument("wave")
@click.option("--format", "name", type=click.Choice([*sorted(FORMATS), BUNDLE]), required=True)
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
@click.option(
    "--revision", type=click.IntRange(1), help="Bundle of an earlier publication of the wave."
)
def command(
    wave: str,
    name: str,
    out: Path,
    tables: tuple[str, ...],
    draft: bool,
    public: bool,
    revision: int | None,
) -> None:
    """Write tables of the WAVE with this code into a file.

    A published wave is exported as it was frozen, another one as it stands. Numbers that may not
    be shown are empty, with the reason beside them.

    The format `bundle` is a zip with all that the figures were computed from: for auditors, or
    with --public from the scores and their variances on. `python -m analysis recompute` computes
    them again.
    """
    if name == BUNDLE:
        if tables:
            raise Refused("one_table", _("A bundle holds everything; leave --table out."))
        kind = PUBLIC if public else FULL
        content = wave_bundle(wave, kind=kind, wants_draft=draft, revision=revision)
        _write(out, content)
        click.echo(f"{out}: {kind} bundle, sha256 {hashlib.sha256(content).hexdigest()}")
        return
    if revision is not None:
        raise Refused("bundle_only", _("--revision is for bundles; leave it out."))
    chosen = FORMATS[name]
    wanted = tables or (WAVE_TABLES if chosen.holds_many else ("indices",))
    if len(wanted) > 1 and not chosen.holds_many:
        raise Refused("one_table", _("A file of this format holds one table; name one."))
    document = wave_document(wave, wanted, is_office=not public, wants_draft=draft)
    _write(out, chosen.write(document))
    rows = sum(len(table.rows) for table in document.tables)
    click.echo(f"{out}: {rows} rows in {len(document.tables)} tables")


def _write(out: Path, content: bytes) -> None:
    """Beside the target and then into its place: nobody ever reads half a file."""
    partial = out.with_name(out.name + ".part")
    try:
        partial.write_bytes(content)
        os.replace(partial, out)
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from error
