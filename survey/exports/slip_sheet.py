"""Sheets of one-time slips: A4 to cut, two by five or three by eight, each slip with its own QR.

Pages are drawn one after the other; a QR code is one path of runs, about three kilobytes. What
stands on a slip is in slip_designs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from survey.exports.poster import new_pdf
from survey.exports.slip_designs import Draw, Slip, large_slip, small_slip
from survey.queries.slips import SlipSheet

if TYPE_CHECKING:
    from fpdf import FPDF

PAGE_WIDTH, PAGE_HEIGHT = 210.0, 297.0
# Printers leave about 4 mm at the edges blank: nothing is printed there but paper.
EDGE_X, EDGE_Y = 7.0, 6.0
MARK = 4.0
HAIRLINE = (150, 150, 150)


@dataclass(frozen=True)
class Layout:
    """How a sheet of A4 is cut: slips across and down, and what draws one. Lengths in mm."""

    columns: int
    rows: int
    draw: Draw

    @property
    def on_page(self) -> int:
        """Slips on a page."""
        return self.columns * self.rows

    @property
    def width(self) -> float:
        """Of a slip, from cut to cut."""
        return (PAGE_WIDTH - 2 * EDGE_X) / self.columns

    @property
    def height(self) -> float:
        """Of a slip, from cut to cut."""
        return (PAGE_HEIGHT - 2 * EDGE_Y) / self.rows

    def corner(self, place: int) -> tuple[float, float]:
        """Left and top of the slip at `place` (from 0) of its page."""
        row, column = divmod(place, self.columns)
        return EDGE_X + column * self.width, EDGE_Y + row * self.height


LAYOUTS = {"2x5": Layout(2, 5, large_slip), "3x8": Layout(3, 8, small_slip)}


def write_sheets(
    path: Path,
    sheet: SlipSheet,
    codes: Sequence[str],
    *,
    layout: str = "2x5",
    show: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Write the slips of `codes`, serials from 1 on, as a PDF that only its owner may read.

    layout: 2x5 (large) or 3x8 (small, for many). Returns the number of pages. Raises OSError
    when the file cannot be written.
    """
    # Made before the work: a folder that cannot be written to is said at once.
    path.touch(mode=0o600)
    cut = LAYOUTS[layout]
    pdf = new_pdf(f"{sheet.street_name[0]} {sheet.batch}")
    for number, code in enumerate(codes):
        place = number % cut.on_page
        if place == 0:
            pdf.add_page()
            _cut_marks(pdf, cut)
        left, top = cut.corner(place)
        cut.draw(pdf, sheet, Slip(code, number + 1, left, top, cut.width, cut.height))
        show(number + 1, len(codes))
    pages = len(pdf.pages)
    pdf.output(str(path))
    return pages


def _cut_marks(pdf: FPDF, cut: Layout) -> None:
    """Short lines at the paper's edge and crosses where four slips meet; none inside a slip."""
    pdf.set_draw_color(*HAIRLINE)
    pdf.set_line_width(0.15)
    across = [EDGE_X + column * cut.width for column in range(cut.columns + 1)]
    down = [EDGE_Y + row * cut.height for row in range(cut.rows + 1)]
    for x in across:
        for y in down:
            pdf.line(x - MARK / 2, y, x + MARK / 2, y)
            pdf.line(x, y - MARK / 2, x, y + MARK / 2)
