"""Draw an interval chart into a PDF as lines and text, from the layout that the pages use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from survey.charts.layout import Layout, place
from survey.charts.model import Chart
from survey.charts.palette import LIGHT

if TYPE_CHECKING:
    from fpdf import FPDF

# A point in pixels of the layout, whose text sizes are pixels too.
POINT = 72 / 25.4


def rgb(name: str) -> tuple[int, int, int]:
    """A colour of the light theme as red, green and blue."""
    colour = LIGHT[name]
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


class _Pen:
    """Pixels of a layout on the page: a corner and a scale."""

    def __init__(self, pdf: FPDF, *, x: float, y: float, scale: float) -> None:
        self.pdf, self.x, self.y, self.scale = pdf, x, y, scale

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, colour: str, width: float
    ) -> None:
        self.pdf.set_draw_color(*rgb(colour))
        self.pdf.set_line_width(width * self.scale)
        k = self.scale
        self.pdf.line(self.x + x1 * k, self.y + y1 * k, self.x + x2 * k, self.y + y2 * k)

    def band(self, x1: float, y1: float, x2: float, y2: float) -> None:
        k = self.scale
        self.pdf.set_fill_color(*rgb("pick"))
        self.pdf.rect(self.x + x1 * k, self.y + y1 * k, (x2 - x1) * k, (y2 - y1) * k, style="F")

    def dot(self, x: float, y: float, *, hollow: bool) -> None:
        k, radius = self.scale, 5.5
        self.pdf.set_draw_color(*rgb("act"))
        self.pdf.set_fill_color(*rgb("card" if hollow else "act"))
        self.pdf.set_line_width(2.2 * k)
        self.pdf.circle(self.x + x * k, self.y + y * k, radius * k, style="DF")

    def text(
        self, text: str, x: float, y: float, *, size: float, colour: str, align: str = "L"
    ) -> None:
        """Its middle stands at y, its left, right or centre at x."""
        k = self.scale
        self.pdf.set_font("sans", size=size * k * POINT)
        self.pdf.set_text_color(*rgb(colour))
        wide = self.pdf.get_string_width(text)
        left = self.x + x * k - {"L": 0.0, "R": wide, "C": wide / 2}[align]
        self.pdf.text(left, self.y + (y + size * 0.36) * k, text)


def chart_height(chart: Chart, *, width: float) -> float:
    """Height in the unit of the PDF of the chart's body (without its title) at this width."""
    at = place(chart, "wide")
    return (_bottom(at) - _top(at)) * width / at.style.width


def draw_chart(pdf: FPDF, chart: Chart, *, x: float, y: float, width: float) -> float:
    """Draw the body of a chart with its corner at x, y; the y of its lower edge.

    The title, the subtitle and the foot are text of the report and set by it.
    """
    at = place(chart, "wide")
    scale = width / at.style.width
    pen = _Pen(pdf, x=x, y=y - _top(at) * scale, scale=scale)
    for top, bottom, _note, _note_y in at.bands:
        pen.band(6, top, at.style.width - 6, bottom)
    _grid(pen, at)
    for x_at, top, bottom in at.lines:
        pen.line(x_at, top, x_at, bottom, colour="edge", width=2.5)
    _rows(pen, chart, at)
    for _top_y, _bottom_y, note, note_y in at.bands:
        pen.text(note, at.x0 + 4, note_y, size=at.style.small, colour="act")
    return y + (_bottom(at) - _top(at)) * scale


def _top(at: Layout) -> float:
    return at.heads_y - at.style.small


def _bottom(at: Layout) -> float:
    return at.tick_y + at.style.small


def _grid(pen: _Pen, at: Layout) -> None:
    for tick in at.ticks:
        x = _scaled(at, tick)
        for top, bottom in at.areas:
            pen.line(x, top, x, bottom, colour="line", width=1)
        pen.text(f"{tick:g}", x, at.tick_y, size=at.style.small, colour="ink-2", align="C")


def _scaled(at: Layout, value: float) -> float:
    return at.x0 + (value - at.low) / (at.high - at.low) * (at.x1 - at.x0)


def _rows(pen: _Pen, chart: Chart, at: Layout) -> None:
    style = at.style
    label, *heads = chart.columns
    pen.text(label, style.margin, at.heads_y, size=style.small, colour="ink-2")
    for head, right in zip(heads, at.columns, strict=True):
        pen.text(head, right, at.heads_y, size=style.small, colour="ink-2", align="R")
    for name, y in at.group_names:
        pen.text(name, style.margin, y, size=style.text, colour="ink-2")
    for placed in at.rows:
        row, y = placed.row, placed.y
        low, high = _scaled(at, row.mark.low), _scaled(at, row.mark.high)
        pen.line(low, y, high, y, colour="act", width=4)
        pen.dot(_scaled(at, row.mark.value), y, hollow=row.in_band)
        pen.text(row.label, style.margin, placed.text_y, size=style.text, colour="ink")
        texts = (row.value_text, row.interval_text, row.n_text, row.other_text)
        for i, (text, right) in enumerate(zip(texts, at.columns, strict=True)):
            colour = "ink-2" if i in (1, 2) else "ink"
            pen.text(text, right, placed.text_y, size=style.text, colour=colour, align="R")
