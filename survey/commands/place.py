"""`place load`: store a district, its streets and who lives there."""

from __future__ import annotations

from pathlib import Path

import click

from survey.commands.loading import rejected_rows
from survey.services.place import DistrictNamed, load_place


@click.group("place")
def command() -> None:
    """The district, its streets and their residents."""


@command.command("load")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--district", help="Code of the district, instead of a district.csv.")
@click.option("--name-zh", help="Its Chinese name; needed with --district.")
@click.option("--name-en", help="Its English name; needed with --district.")
def load(folder: Path, district: str | None, name_zh: str | None, name_en: str | None) -> None:
    """Load streets and margins from the CSV files in FOLDER; all or nothing.

    \b
    streets.csv   code,name_zh,name_en,population,peer_group
    margins.csv   street,variable,category,residents[,as_of,source]
    conditions.csv  (optional) street,code,name_zh,name_en,value
                    [,unit_zh,unit_en,per_residents,as_of,source]
    district.csv  code,name_zh,name_en   (or --district, --name-zh and --name-en)

    population and residents are adults. The categories are the option codes of the questionnaire
    (age_band: 18-29 30-44 45-59 60+; sex: F M). The totals of a street's variables must agree
    within 1 %. Loading again updates names, numbers and groups; nothing can be dropped, except
    that conditions.csv (staff, money and the like, context for a street's own page and part of
    no score) replaces all conditions stored before.

    \b
    Example: flask --app survey place load docs/examples/place
    """
    named = None
    if district or name_zh or name_en:
        if not (district and name_zh and name_en):
            raise click.UsageError("--district, --name-zh and --name-en go together")
        named = DistrictNamed(district, name_zh, name_en)
    with rejected_rows():
        done = load_place(folder, district=named)
    click.echo(
        f"{done.district}: {done.new_streets} new streets, {done.updated_streets} updated, "
        f"{done.margins} margins"
        + (f", {done.conditions} conditions" if done.conditions is not None else "")
    )
