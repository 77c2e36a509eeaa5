"""What stands on a slip, large or small: street, QR code, the code to type, and plain words.

A slip speaks both languages at once, as a poster does, so its words stand here in pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from survey.exports.poster import ACT, BAND, CARD, INK, INK_2, LIGHT, NUMBERS, WAIT, say
from survey.exports.qr import matrix, runs
from survey.queries.slips import SlipSheet

if TYPE_CHECKING:
    from fpdf import FPDF

# With their quiet zones; modules of 0.72 and 0.6 mm in a code of version 7.
LARGE_QR, SMALL_QR = 38.0, 32.0
# Of thousands of codes the best pattern for each is not worth a minute: readers take any.
MASK = 2
DEMO = "演示数据，并非真实调查 · Demonstration only"
# Text, millimetres below the first line, points, colour, weight, space between the letters.
Line = tuple[str, float, float, tuple[int, int, int], float, float]


@dataclass(frozen=True)
class Slip:
    """One slip and where it lies on the page, in millimetres from the left and the top."""

    code: str
    serial: int
    left: float
    top: float
    width: float
    height: float


Draw = Callable[["FPDF", SlipSheet, Slip], None]


def large_slip(pdf: FPDF, sheet: SlipSheet, slip: Slip) -> None:
    """A slip of 98 × 57 mm."""
    x, top, width = slip.left + 4.5, slip.top, slip.width - 9
    pdf.set_fill_color(*BAND)
    pdf.rect(x, top + 4, width, 9.5, style="F", round_corners=True, corner_radius=1.6)
    street = f"{sheet.district_name[0]} {sheet.street_name[0]}　给街道打个分"
    say(pdf, street, y=top + 4.7, size=10, colour=CARD, x=x + 2, width=width - 4, weight=0.12)
    english = f"Rate your street: {sheet.street_name[1]}"
    say(pdf, english, y=top + 9.3, size=6.5, colour=LIGHT, x=x + 2, width=width - 4)
    _qr(pdf, f"{sheet.address}/{slip.code}", left=x - 1, top=top + 14, side=LARGE_QR)
    lines = (
        (f"微信扫一扫，{_how_long(sheet)}", 0, 9.5, INK, 0.12, 0),
        ("Scan to answer. Also in English.", 4.8, 6.5, INK_2, 0, 0),
        ("不记姓名、电话和位置，答卷上也不留这个编号", 9.6, 7, INK, 0, 0),
        ("Answers carry no name, phone or code.", 13.2, 6, INK_2, 0, 0),
        ("一张只能填一次，请勿转让", 17.4, 7.5, INK, 0.08, 0),
        ("One answer per slip.", 21.2, 6, INK_2, 0, 0),
        (f"扫不了？在浏览器输入 {_to_type(sheet)}/ 和编号", 25.4, 6.5, INK_2, 0, 0),
        (_halves(slip.code), 28.4, 13, ACT, 0.18, 0.6),
        (f"请在 {_last_day(sheet, '填写')}", 34.6, 6.5, INK_2, 0, 0),
    )
    _say_lines(pdf, lines, x=x + LARGE_QR, top=top + 15, width=width - LARGE_QR)
    # Small, and apart from the code: it is for the ledger, not for the resident.
    foot = f"批次 Batch {sheet.batch} · 序号 No. {slip.serial:04d}"
    say(pdf, foot, y=top + 52.6, size=5.5, colour=INK_2, x=x, width=width * 0.44, align="L")
    place = DEMO if sheet.is_demo else f"{sheet.label[0]} · {sheet.wave_name[0]}"
    say(
        pdf, place, y=top + 52.6, size=5.5, colour=WAIT if sheet.is_demo else INK_2,
        x=x + width * 0.46, width=width * 0.54, align="R",
    )  # fmt: skip


def small_slip(pdf: FPDF, sheet: SlipSheet, slip: Slip) -> None:
    """A slip of 65 × 36 mm: the QR code as large as it goes, and beside it what it must say."""
    x, top = slip.left, slip.top
    _qr(pdf, f"{sheet.address}/{slip.code}", left=x + 0.2, top=top + 0.4, side=SMALL_QR)
    lines = (
        (f"{sheet.district_name[0]} · 给街道打个分", 0, 6.2, INK_2, 0, 0),
        (sheet.street_name[0], 2.5, 10, BAND, 0.16, 0),
        (f"Rate your street: {sheet.street_name[1]}", 7, 5.5, INK_2, 0, 0),
        (f"微信扫一扫，{_how_long(sheet)}", 9.5, 6.8, INK, 0.08, 0),
        ("一张只能填一次 · One answer", 12.6, 6, INK, 0, 0),
        ("答卷不带姓名、电话和这个编号", 15.2, 6, INK, 0, 0),
        ("Answers: no name, phone or code.", 17.8, 5.5, INK_2, 0, 0),
        (f"扫不了？输入 {_to_type(sheet)}/ 和", 20.3, 5.5, INK_2, 0, 0),
        (_halves(slip.code), 22.4, 11, ACT, 0.16, 0.4),
        (_last_day(sheet), 27.2, 5.5, INK_2, 0, 0),
    )
    _say_lines(pdf, lines, x=x + SMALL_QR - 0.6, top=top + 1.5, width=slip.width - SMALL_QR - 1.4)
    foot = f"批次 Batch {sheet.batch} · 序号 No. {slip.serial:04d}"
    say(
        pdf, foot, y=top + 32.3, size=5, colour=INK_2, align="L",
        x=x + 2.4, width=slip.width * 0.5,
    )  # fmt: skip
    place = DEMO if sheet.is_demo else sheet.label[0]
    say(
        pdf, place, y=top + 32.3, size=5, colour=WAIT if sheet.is_demo else INK_2, align="R",
        x=x + slip.width * 0.5, width=slip.width * 0.5 - 2.4,
    )  # fmt: skip


def _say_lines(pdf: FPDF, lines: Sequence[Line], *, x: float, top: float, width: float) -> None:
    for text, down, size, colour, weight, spacing in lines:
        say(
            pdf, text, y=top + down, size=size, colour=colour, weight=weight,
            x=x, width=width, align="L", spacing=spacing,
        )  # fmt: skip


def _qr(pdf: FPDF, text: str, *, left: float, top: float, side: float) -> None:
    """The code with its quiet zone in a square of `side`, as one path of black runs.

    In modules, counted from its own top left corner: whole numbers are a third of the bytes.
    """
    modules = matrix(text, MASK)
    unit = side / len(modules) * pdf.k
    path = " ".join(f"{column} {row} {length} 1 re" for row, column, length in runs(modules))
    place = f"{unit:.5f} 0 0 {-unit:.5f} {left * pdf.k:.2f} {(pdf.h - top) * pdf.k:.2f} cm"
    pdf.set_fill_color(0, 0, 0)
    # The colour is written with the next shape of fpdf2's own, so it is said here as well.
    pdf._out(f"q 0 g {place} {path} f Q")


def _how_long(sheet: SlipSheet) -> str:
    return f"{_number(sheet.questions)}道题，{_number(sheet.minutes)}分钟"


def _number(value: int) -> str:
    return NUMBERS[value] if value <= 10 else str(value)


def _to_type(sheet: SlipSheet) -> str:
    return sheet.address.split("://", 1)[-1]


def _halves(code: str) -> str:
    half = len(code) // 2
    return f"{code[:half]} {code[half:]}"


def _last_day(sheet: SlipSheet, verb: str = "") -> str:
    day = sheet.last_day
    return f"{day.year}年{day.month}月{day.day}日前{verb} · by {day.day} {day:%b %Y}"
