"""`points create` and `points print`: the places where a code is shown, and their posters."""

from __future__ import annotations

from pathlib import Path

import click

from survey.commands.loading import progress, rejected_rows
from survey.services.points import NewPoint, create_points, load_points


@click.group("points")
def command() -> None:
    """Collection points: posters, service windows, doorsteps … each with a code."""


@command.command("create")
@click.option(
    "--file", type=click.Path(path_type=Path), help="CSV: street,channel,label_zh,label_en."
)
@click.option("--street", help="Code of the street.")
@click.option("--channel", help="poster, window, doorstep, slip, assisted, paper or cati.")
@click.option("--label-zh", help="Where it hangs, e.g. 社区服务中心门口.")
@click.option("--label-en", help="The same in English.")
def create(
    file: Path | None,
    street: str | None,
    channel: str | None,
    label_zh: str | None,
    label_en: str | None,
) -> None:
    """Create one point, or all of a CSV file; prints code, street, channel and label of each.

    \b
    Examples:
      flask --app survey points create --street s01 --channel poster \\
        --label-zh 社区服务中心门口 --label-en "Entrance of the service centre"
      flask --app survey points create --file docs/examples/points.csv
    """
    single = (street, channel, label_zh, label_en)
    if file is not None and any(single):
        raise click.UsageError("give either --file or the four options of one point")
    if file is None and not all(single):
        raise click.UsageError("give --file, or --street, --channel, --label-zh and --label-en")
    with rejected_rows():
        if file is not None:
            made = load_points(file)
        else:
            made = create_points([NewPoint(*(value or "" for value in single))])
    for point in made:
        click.echo("\t".join((point.code, point.street, point.channel, point.label_zh)))


@command.command("print")
@click.option("--street", help="Code of a street; without it, all streets.")
@click.option("--code", help="One point only.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the files.")
@click.option("--png", is_flag=True, help="Write the QR codes as PNG as well.")
@click.option("--svg", is_flag=True, help="Write the QR codes as SVG as well.")
def print_(street: str | None, code: str | None, out: Path, png: bool, svg: bool) -> None:
    """Write an A4 poster (PDF) for every point in use into a folder.

    The files are named STREET-CODE.pdf. The codes lead to JIEPING_BASE_URL: set it to the
    address that residents reach before printing.
    """
    from survey.exports.poster import poster_pdf
    from survey.exports.qr import qr_png, qr_svg
    from survey.queries.points import posters

    found = posters(street=street, code=code)
    if not found:
        raise click.ClickException("there is no such point in use; `points create` makes one")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with progress("poster") as show:
            for done, poster in enumerate(found, start=1):
                stem = f"{poster.street_code}-{poster.short_code}"
                (out / f"{stem}.pdf").write_bytes(poster_pdf(poster))
                if png:
                    (out / f"{stem}.png").write_bytes(qr_png(poster.short_code))
                if svg:
                    (out / f"{stem}.svg").write_text(qr_svg(poster.short_code), encoding="utf-8")
                show(done, len(found))
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    click.echo(f"{len(found)} posters in {out}")
