"""Sheets of one-time slips: A4, two by five to cut, each with a QR code of its own.

A slip speaks both languages at once, as a poster does, so its words stand here in pairs. Pages
are drawn one after the other; a QR code is one path of runs, about five kilobytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from survey.exports.poster import ACT, BAND, CARD, INK, INK_2, LIGHT, NUMBERS, WAIT, new_pdf, say
from survey.exports.qr import matrix, runs
from survey.queries.slips import SlipSheet

if TYPE_CHECKING:
    from fpdf import FPDF

COLUMNS, ROWS = 2, 5
PAGE_WIDTH, PAGE_HEIGHT = 210.0, 297.0
# Printers leave about 4 mm at the edges blank: nothing is printed there but paper.
EDGE_X, EDGE_Y = 7.0, 6.0
WIDTH = (PAGE_WIDTH - 2 * EDGE_X) / COLUMNS
HEIGHT = (PAGE_HEIGHT - 2 * EDGE_Y) / ROWS
QR_SIDE = 38.0
# Of thousands of codes the best pattern for each is not worth a minute: readers take any.
MASK = 2
MARK = 4.0
HAIRLINE = (150, 150, 150)


def write_sheets(
    path: Path,
    sheet: SlipSheet,
    codes: Sequence[str],
    *,
    show: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Write the slips of `codes`, serials from 1 on, as a PDF that only its owner may read.

    Returns the number of pages. Raises OSError when the file cannot be written.
    """
    # Made before the work: a folder that cannot be written to is said at once.
    path.touch(mode=0o600)
    pdf = new_pdf(f"{sheet.street_name[0]} {sheet.batch}")
    for place, code in enumerate(codes):
        on_page = place % (COLUMNS * ROWS)
        if on_page == 0:
            pdf.add_page()
            _cut_marks(pdf)
        row, column = divmod(on_page, COLUMNS)
        left, top = EDGE_X + column * WIDTH, EDGE_Y + row * HEIGHT
        _slip(pdf, sheet, code, serial=place + 1, left=left, top=top)
        show(place + 1, len(codes))
    pages = len(pdf.pages)
    pdf.output(str(path))
    return pages


def _cut_marks(pdf: FPDF) -> None:
    """Short lines at the paper's edge and crosses where four slips meet; none inside a slip."""
    pdf.set_draw_color(*HAIRLINE)
    pdf.set_line_width(0.15)
    across = [EDGE_X + column * WIDTH for column in range(COLUMNS + 1)]
    down = [EDGE_Y + row * HEIGHT for row in range(ROWS + 1)]
    for x in across:
        for y in down:
            pdf.line(x - MARK / 2, y, x + MARK / 2, y)
            pdf.line(x, y - MARK / 2, x, y + MARK / 2)


def _slip(pdf: FPDF, sheet: SlipSheet, code: str, *, serial: int, left: float, top: float) -> None:
    x, width = left + 4.5, WIDTH - 9
    pdf.set_fill_color(*BAND)
    pdf.rect(x, top + 4, width, 9.5, style="F", round_corners=True, corner_radius=1.6)
    street = f"{sheet.district_name[0]} {sheet.street_name[0]}　给街道打个分"
    say(pdf, street, y=top + 4.7, size=10, colour=CARD, x=x + 2, width=width - 4, weight=0.12)
    english = f"Rate your street: {sheet.street_name[1]}"
    say(pdf, english, y=top + 9.3, size=6.5, colour=LIGHT, x=x + 2, width=width - 4)
    _qr(pdf, f"{sheet.address}/{code}", left=x - 1, top=top + 14)
    _words(pdf, sheet, code, x=x + QR_SIDE, top=top + 15, width=width - QR_SIDE)
    # Small, and apart from the code: it is for the ledger, not for the resident.
    foot = f"批次 Batch {sheet.batch} · 序号 No. {serial:04d}"
    say(pdf, foot, y=top + 52.6, size=5.5, colour=INK_2, x=x, width=width * 0.44, align="L")
    place = f"{sheet.label[0]} · {sheet.wave_name[0]}"
    if sheet.is_demo:
        place = "演示数据，并非真实调查 · Demonstration only"
    colour = WAIT if sheet.is_demo else INK_2
    say(
        pdf, place, y=top + 52.6, size=5.5, colour=colour,
        x=x + width * 0.46, width=width * 0.54, align="R",
    )  # fmt: skip


def _qr(pdf: FPDF, text: str, *, left: float, top: float) -> None:
    """The code with its quiet zone in a square of QR_SIDE, as one path of black runs."""
    modules = matrix(text, MASK)
    side = QR_SIDE / len(modules)
    k, bottom = pdf.k, pdf.h
    path = " ".join(
        f"{(left + column * side) * k:.2f} {(bottom - top - (row + 1) * side) * k:.2f} "
        f"{length * side * k:.2f} {side * k:.2f} re"
        for row, column, length in runs(modules)
    )
    pdf.set_fill_color(0, 0, 0)
    # The colour is written with the next shape of fpdf2's own, so it is said here as well.
    pdf._out(f"q 0 g {path} f Q")


def _words(pdf: FPDF, sheet: SlipSheet, code: str, *, x: float, top: float, width: float) -> None:
    day = sheet.last_day
    count = _number(sheet.questions)
    minutes = _number(sheet.minutes)
    place = sheet.address.split("://", 1)[-1]
    half = len(code) // 2
    lines: tuple[tuple[str, float, float, tuple[int, int, int], float], ...] = (
        (f"微信扫一扫，{count}道题，{minutes}分钟", 0, 9.5, INK, 0.12),
        ("Scan to answer. Also in English.", 4.8, 6.5, INK_2, 0),
        ("不记姓名、电话和位置，答卷上也不留这个编号", 9.6, 7, INK, 0),
        ("Answers carry no name, phone or code.", 13.2, 6, INK_2, 0),
        ("一张只能填一次，请勿转让", 17.4, 7.5, INK, 0.08),
        ("One answer per slip.", 21.2, 6, INK_2, 0),
        (f"扫不了？在浏览器输入 {place}/ 和编号", 25.4, 6.5, INK_2, 0),
        (f"{code[:half]} {code[half:]}", 28.4, 13, ACT, 0.18),
        (
            f"请在 {day.year}年{day.month}月{day.day}日 前填写 · by {day.day} {day:%b %Y}",
            34.6, 6.5, INK_2, 0,
        ),
    )  # fmt: skip
    for text, down, size, colour, weight in lines:
        spacing = 0.6 if size == 13 else 0
        say(
            pdf, text, y=top + down, size=size, colour=colour, weight=weight,
            x=x, width=width, align="L", spacing=spacing,
        )  # fmt: skip


def _number(value: int) -> str:
    return NUMBERS[value] if value <= 10 else str(value)
