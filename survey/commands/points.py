"""`points …`: the places where a code is shown, their posters, and codes taken out of use."""

from __future__ import annotations

from pathlib import Path

import click

from survey.clock import utc_now
from survey.commands.loading import progress, rejected_rows
from survey.exports.poster_file import SIZES
from survey.services.access import COMMAND_LINE
from survey.services.points import (
    NewPoint,
    create_points,
    load_points,
    replace_point,
    repoint,
    restore_point,
    retire_point,
)


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
@click.option(
    "--size",
    type=click.Choice(SIZES),
    default="a4",
    help="A poster of A4 or A5, or a standing card (A6) for a window.",
)
@click.option("--png", is_flag=True, help="Write the QR codes as PNG as well.")
@click.option("--svg", is_flag=True, help="Write the QR codes as SVG as well.")
def print_(
    street: str | None, code: str | None, out: Path, size: str, png: bool, svg: bool
) -> None:
    """Write a poster or card (PDF) for every point in use into a folder.

    The files are named STREET-CODE.pdf, with -a5 or -card for the other sizes. The
    codes lead to JIEPING_BASE_URL: set it to the address that residents reach before printing.
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
                suffix = "" if size == "a4" else f"-{size}"
                (out / f"{stem}{suffix}.pdf").write_bytes(poster_pdf(poster, size))
                if png:
                    (out / f"{stem}.png").write_bytes(qr_png(poster.short_code))
                if svg:
                    (out / f"{stem}.svg").write_text(qr_svg(poster.short_code), encoding="utf-8")
                show(done, len(found))
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    click.echo(f"{len(found)} posters in {out}")


@command.command("retire")
@click.argument("code")
@click.option("--replaced-by", help="Code of the point that takes its place.")
def retire(code: str, replaced_by: str | None) -> None:
    """Take a printed CODE out of use; who scans it is told so and led to the one in its place.

    A new wave needs no new codes: a printed code always serves the open wave of its district.
    """
    retire_point(code, replaced_by=replaced_by, actor=COMMAND_LINE, now=utc_now())
    click.echo(f"{code}: retired" + (f", leads to {replaced_by}" if replaced_by else ""))


@command.command("replace")
@click.argument("code")
def replace(code: str) -> None:
    """Take a printed CODE out of use and make a new one for the same place; prints the new one.

    For a code that was spread where it should not be. Who scans the old one is led to the new.
    """
    new = replace_point(code, actor=COMMAND_LINE, now=utc_now())
    click.echo(f"{code}: retired, leads to {new}")


@command.command("repoint")
@click.argument("code")
@click.option("--to", "target", required=True, help="Code of the point it leads to from now on.")
def repoint_(code: str, target: str) -> None:
    """Let a retired CODE lead to another point than before."""
    repoint(code, to=target, actor=COMMAND_LINE, now=utc_now())
    click.echo(f"{code}: leads to {target}")


@command.command("restore")
@click.argument("code")
def restore(code: str) -> None:
    """Take a retired CODE back into use, when it still hangs or was retired by mistake."""
    restore_point(code, actor=COMMAND_LINE, now=utc_now())
    click.echo(f"{code}: in use")
