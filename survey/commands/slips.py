"""`slips print`, `void`, `reprint` and `list`: one-time codes on paper and their ledger."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import click

from survey.clock import utc_now
from survey.commands.loading import progress
from survey.formatting import local_time
from survey.queries.slips import SlipSheet, slip_ledger, slip_sheet
from survey.services.collect import normalise_code
from survey.services.slips import (
    draw_slip_codes,
    record_batch,
    replace_slips,
    usable_serials,
    void_slips,
)

wave_option = click.option("--wave", required=True, help="Code of the wave the slips are for.")
batch_option = click.option("--batch", required=True, help="Name of the batch, as printed.")
serials_option = click.option("--serial", help="One serial or a range, e.g. 17-24; else all.")
reason_option = click.option("--reason", required=True, help="Why; kept in the ledger.")
out_option = click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The PDF file."
)
# Not from the drawing itself, which takes a second to import.
LAYOUTS = ("2x5", "3x8")
layout_option = click.option(
    "--sheet",
    "layout",
    type=click.Choice(LAYOUTS),
    default="2x5",
    show_default=True,
    help="How A4 is cut: 2x5 large slips (98 x 57 mm), or 3x8 small ones (65 x 36 mm).",
)


@click.group("slips")
def command() -> None:
    """One-time slips: sheets to cut, each code good for one answer."""


@command.command("print")
@wave_option
@click.option("--point", required=True, help="Code of a point of the channel slip.")
@click.option("--count", required=True, type=click.IntRange(1), help="How many slips.")
@click.option("--batch", help="Name of the batch; without it POINT-1, POINT-2 …")
@layout_option
@out_option
def print_(wave: str, point: str, count: int, batch: str | None, layout: str, out: Path) -> None:
    """Print COUNT slips for the building POINT stands for, as sheets of A4 to cut.

    The codes lead to JIEPING_BASE_URL: set it to the address that residents reach before
    printing. They are nowhere but in the PDF, which only you can read: print it and delete it.
    The slips count as invitations of the point.

    \b
    Example:
      flask --app survey slips print --wave 2026q4 --point K7Q2MD --count 200 --out slips.pdf
      flask --app survey slips print --wave 2026q4 --point K7Q2MD --count 1200 --sheet 3x8 \\
        --out slips.pdf
    """
    sheet = slip_sheet(wave, normalise_code(point), batch=batch)
    codes = draw_slip_codes(count)
    with _written(out, sheet, codes, layout=layout):
        record_batch(codes, wave=wave, point=sheet.point_code, batch=sheet.batch, on=_today())
    click.echo(f"{sheet.batch}\t1-{count}\t{out}")


@command.command("void")
@wave_option
@batch_option
@serials_option
@reason_option
def void(wave: str, batch: str, serial: str | None, reason: str) -> None:
    """Make slips of a batch void, for example lost ones; they no longer count as invitations.

    An answer that was already given with one stays: nobody can tell which it is.
    """
    done = void_slips(wave, batch, serials=_serials(serial), reason=reason, on=_today())
    click.echo(f"{done.batch}\t{_worded(done.serials)}\t{len(done.serials)} void")


@command.command("reprint")
@wave_option
@batch_option
@serials_option
@reason_option
@click.option("--name", help="Name of the new batch; without it the next free one of the point.")
@layout_option
@out_option
def reprint(
    wave: str,
    batch: str,
    serial: str | None,
    reason: str,
    name: str | None,
    layout: str,
    out: Path,
) -> None:
    """Make slips void and print as many with new codes for the same place.

    For slips that were spoilt before they were handed out. Whoever used one already could answer
    again with the new one, so collect the old paper first.
    """
    serials = usable_serials(wave, batch, _serials(serial))
    point = next(line.point_code for line in slip_ledger(wave).batches if line.name == batch)
    sheet = slip_sheet(wave, point, batch=name)
    codes = draw_slip_codes(len(serials))
    with _written(out, sheet, codes, layout=layout):
        replace_slips(
            codes,
            wave=wave,
            batch=batch,
            serials=serials,
            new_batch=sheet.batch,
            reason=reason,
            on=_today(),
        )
    click.echo(f"{batch}\t{_worded(serials)}\tvoid")
    click.echo(f"{sheet.batch}\t1-{len(codes)}\t{out}")


@command.command("list")
@wave_option
def list_(wave: str) -> None:
    """The ledger of a wave: what was printed, made void, replaced, and how many were used.

    Which slips were used is not known, so that no answer can be traced to a serial.
    """
    ledger = slip_ledger(wave)
    click.echo("batch\tpoint\tserials\tprinted on\tvoid\tspent\treplaces")
    for line in ledger.batches:
        row = (line.name, line.point_code, f"1-{line.printed}", line.printed_on, line.voided,
               line.spent, line.replaces or "–")  # fmt: skip
        click.echo("\t".join(str(cell) for cell in row))
        for void in line.voids:
            serials = f"{void.first}-{void.last}"
            click.echo(f"  void\t{serials}\t{void.voided}\t{void.on}\t{void.reason}")
    if ledger.live:
        click.echo(f"{ledger.live} live; a guess hits one in {ledger.guesses_per_hit:,.0f} tries")


@contextmanager
def _written(out: Path, sheet: SlipSheet, codes: tuple[str, ...], *, layout: str) -> Iterator[None]:
    """The sheets beside `out`, moved there once the ledger has them; nothing stays otherwise.

    Drawing takes seconds, in which nothing in the database is held.
    """
    from survey.exports.slip_sheet import write_sheets

    part = out.with_name(out.name + ".part")
    try:
        with progress("slips") as show:
            write_sheets(part, sheet, codes, layout=layout, show=show)
        yield
        os.replace(part, out)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def _today() -> date:
    return local_time(utc_now()).date()


def _serials(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"0*(\d{1,6})(?:\s*[-–]\s*0*(\d{1,6}))?", text.strip())
    if found is None:
        raise click.BadParameter("give one serial or a range, e.g. 17-24", param_hint="--serial")
    return int(found[1]), int(found[2] or found[1])


def _worded(serials: tuple[int, ...]) -> str:
    return f"{serials[0]}-{serials[-1]}" if len(serials) > 1 else str(serials[0])
