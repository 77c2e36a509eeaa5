"""Set a report as a PDF: one page that truly fits, or as many pages as it takes.

    python -m survey.exports.report_pdf < report.json > report.pdf

fpdf2 and its fonts weigh about 100 MB while they work: a child of the worker runs this, the web
never does. The same report gives the same bytes.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from survey.charts.layout import pieces
from survey.charts.model import Chart
from survey.exports.report import Block, Report, Sheet, from_json, to_json
from survey.exports.report_chart import chart_height, draw_chart, rgb

if TYPE_CHECKING:
    from fpdf import FPDF

WIDTH, HEIGHT, MARGIN = 210.0, 297.0, 16.0
INNER = WIDTH - 2 * MARGIN
FOOT = 14.0
POINT = 0.3528
LEADING = 1.42
#: Sizes in points of the one page's text, tried from the largest.
SIZES = (9.5, 9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0)


class DoesNotFit(ValueError):
    """The one-page report does not fit on one page at any size."""


def report_pdf(report: Report) -> bytes:
    """The PDF of a report. Raises DoesNotFit when a leaders' report is longer than a page."""
    if report.language == "en":
        # The font draws a Chinese quotation mark, two letters wide.
        report = from_json(to_json(report).replace("’".encode(), b"'"))
    if report.kind != "leaders":
        pdf = _new(report)
        _full(pdf, report)
        return bytes(pdf.output())
    for size in SIZES:
        pdf = _new(report)
        if _one_page(pdf, report, size=size):
            return bytes(pdf.output())
    raise DoesNotFit(report.title)


def _new(report: Report) -> FPDF:
    from fpdf import FPDF
    from pylopdf_fonts_zh_cn import sans_path

    class Pages(FPDF):
        """Every page carries the mark and its number."""

        def header(self) -> None:
            if report.mark:
                self.set_xy(MARGIN, 6)
                self.set_font("sans", size=9)
                self.set_text_color(154, 42, 16)
                self.cell(INNER, 5, report.mark, align="R")
            self.set_xy(MARGIN, MARGIN)

        def footer(self) -> None:
            self.set_font("sans", size=7.5)
            self.set_text_color(*rgb("ink-2"))
            self.set_xy(MARGIN, HEIGHT - 10)
            words = report.page_of.format(page=self.page_no(), pages="{nb}")
            self.cell(INNER / 2, 5, f"{report.over.split(' · ')[0]} · {report.title}")
            self.cell(INNER / 2, 5, words, align="R")

    pdf = Pages(format="A4", unit="mm")
    made = datetime.fromisoformat(report.made).replace(tzinfo=UTC)
    pdf.set_creation_date(made)
    pdf.set_margins(MARGIN, MARGIN, MARGIN)
    pdf.set_auto_page_break(report.kind != "leaders", FOOT + 4)
    pdf.add_font("sans", fname=str(sans_path()))
    pdf.set_title(f"{report.title} · {report.over}")
    pdf.set_lang("en" if report.language == "en" else "zh-CN")
    pdf.set_font("sans", size=9)
    pdf.c_margin = 0
    pdf.add_page()
    return pdf


def _paragraph(
    pdf: FPDF,
    text: str,
    *,
    size: float,
    colour: str = "ink",
    x: float = MARGIN,
    width: float = INNER,
    heavy: bool = False,
) -> None:
    """Text in lines from the pen's height on; the pen stands below it afterwards."""
    from fpdf.enums import TextMode

    pdf.set_font("sans", size=size)
    pdf.set_text_color(*rgb(colour))
    pdf.set_draw_color(*rgb(colour))
    pdf.set_line_width(0.18 if heavy else 0.1)
    pdf.text_mode = TextMode.FILL_STROKE if heavy else TextMode.FILL
    # Unless the text's colour differs from the fill's, fpdf2 lets the thickness leak on.
    pdf.set_fill_color(*rgb("card"))
    high = size * POINT * LEADING
    for line in _broken(pdf, text, width=width):
        if pdf.get_y() + high > HEIGHT - FOOT and pdf.auto_page_break:
            pdf.add_page()
            pdf.set_font("sans", size=size)
            pdf.set_text_color(*rgb(colour))
        pdf.set_x(x)
        pdf.cell(width, high, line, new_x="LEFT", new_y="NEXT")
    pdf.text_mode = TextMode.FILL


def _broken(pdf: FPDF, text: str, *, width: float) -> list[str]:
    """`text` in lines of at most `width`: at spaces, and between Chinese, never before a comma."""
    lines, line = [], ""
    for piece in pieces(text):
        if line and pdf.get_string_width((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece
        while pdf.get_string_width(line.rstrip()) > width and len(line) > 1:
            # A word that is wider than a line by itself, such as a hash.
            fits = next(
                i
                for i in range(len(line) - 1, 0, -1)
                if i == 1 or pdf.get_string_width(line[:i]) <= width
            )
            lines.append(line[:fits])
            line = line[fits:]
    return [*lines, line.rstrip()]


def _head(pdf: FPDF, report: Report) -> None:
    _paragraph(pdf, report.over, size=9, colour="ink-2")
    pdf.set_y(pdf.get_y() + 0.5)
    _paragraph(pdf, report.title, size=15, colour="act", heavy=True)
    pdf.set_y(pdf.get_y() + 1)
    for sentence in report.headline[:3]:
        _paragraph(pdf, sentence, size=12 if len(report.headline) == 1 else 10, heavy=True)
    pdf.set_y(pdf.get_y() + 2)


def _one_page(pdf: FPDF, report: Report, *, size: float) -> bool:
    """Set everything on the page; False when it is longer than the page at this size."""
    _head(pdf, report)
    if report.chart is not None:
        _chart(pdf, report, small=min(size - 1, 8))
    top = pdf.get_y() + 2
    gap = 8.0
    half = (INNER - gap) / 2
    heights = [_block_height(pdf, block, width=half, size=size) for block in report.blocks]
    # The columns are read one after the other; the break that makes the higher one lowest.
    breaks = range(1, len(heights) + 1)
    at = min(breaks, key=lambda i: max(sum(heights[:i]), sum(heights[i:])))
    lowest = top
    for x, blocks in ((MARGIN, report.blocks[:at]), (MARGIN + half + gap, report.blocks[at:])):
        pdf.set_y(top)
        for block in blocks:
            _block(pdf, block, x=x, width=half, size=size)
        lowest = max(lowest, pdf.get_y())
    pdf.set_y(lowest)
    pdf.set_draw_color(*rgb("line"))
    pdf.set_line_width(0.2)
    pdf.line(MARGIN, lowest, WIDTH - MARGIN, lowest)
    pdf.set_y(lowest + 1.5)
    for line in report.proof:
        _paragraph(pdf, line, size=6.5, colour="ink-2")
    return pdf.get_y() <= HEIGHT - FOOT and pdf.page_no() == 1


def _chart(pdf: FPDF, report: Report, *, small: float) -> None:
    chart = Chart.from_params(report.chart or {})
    width = INNER
    if report.kind == "leaders":
        # A long chart is drawn smaller as a whole, so that the words beneath have room.
        width = min(INNER, INNER * 122 / chart_height(chart, width=INNER))
    _paragraph(pdf, chart.subtitle, size=small, colour="ink-2")
    y = draw_chart(pdf, chart, x=MARGIN + (INNER - width) / 2, y=pdf.get_y() + 2, width=width)
    pdf.set_y(y + 1)
    for line in chart.foot:
        _paragraph(pdf, line, size=small, colour="ink-2")


def _block(pdf: FPDF, block: Block, *, x: float, width: float, size: float) -> None:
    _paragraph(pdf, block.heading, size=size + 1, colour="act", x=x, width=width, heavy=True)
    for text in (*block.paragraphs, *block.remarks):
        _paragraph(pdf, text, size=size, x=x, width=width)
        pdf.set_y(pdf.get_y() + size * 0.06)
    pdf.set_y(pdf.get_y() + size * 0.25)


def _block_height(pdf: FPDF, block: Block, *, width: float, size: float) -> float:
    def high(text: str, points: float) -> float:
        pdf.set_font("sans", size=points)
        return len(_broken(pdf, text, width=width)) * points * POINT * LEADING

    texts = (*block.paragraphs, *block.remarks)
    return high(block.heading, size + 1) + sum(high(t, size) + size * 0.06 for t in texts) + 2.5


def _full(pdf: FPDF, report: Report) -> None:
    _head(pdf, report)
    if report.chart is not None:
        chart = Chart.from_params(report.chart)
        if chart_height(chart, width=INNER) < HEIGHT - 2 * MARGIN - 70:
            _chart(pdf, report, small=8)
    for block in report.blocks:
        _long_block(pdf, block)
    pdf.set_y(pdf.get_y() + 3)
    for line in report.proof:
        _paragraph(pdf, line, size=7.5, colour="ink-2")


def _long_block(pdf: FPDF, block: Block) -> None:
    # A heading does not stand alone at the foot of a page.
    if pdf.get_y() > HEIGHT - FOOT - (45 if block.level == 1 else 32):
        pdf.add_page()
    pdf.set_y(pdf.get_y() + (4 if block.level == 1 else 2.5))
    _paragraph(pdf, block.heading, size=13 if block.level == 1 else 10.5, colour="act", heavy=True)
    pdf.set_y(pdf.get_y() + 1)
    for text in block.paragraphs:
        _paragraph(pdf, text, size=9)
        pdf.set_y(pdf.get_y() + 0.8)
    if block.sheet is not None and block.sheet.rows:
        _sheet(pdf, block.sheet)
    for text in block.remarks:
        _paragraph(pdf, text, size=7.5, colour="ink-2")


def _sheet(pdf: FPDF, sheet: Sheet) -> None:
    """A table whose heads stand on every page it reaches."""
    size = 7.5
    line = size * POINT * LEADING
    total = sum(sheet.widths)
    widths = [INNER * share / total for share in sheet.widths]
    pdf.set_font("sans", size=size)

    def cells(texts: tuple[str, ...]) -> list[list[str]]:
        return [
            _cell_lines(pdf, text, width=width - 2.4)
            for text, width in zip(texts, widths, strict=True)
        ]

    heads = cells(sheet.heads)
    rows = [cells(row) for row in sheet.rows]

    def put(row: list[list[str]], *, head: bool) -> None:
        high = max(len(lines) for lines in row) * line + 1.6
        y = pdf.get_y()
        if head:
            pdf.set_fill_color(*rgb("pick"))
            pdf.rect(MARGIN, y, INNER, high, style="F")
        pdf.set_text_color(*rgb("ink-2" if head else "ink"))
        pdf.set_font("sans", size=size)
        x = MARGIN
        for i, (lines, width) in enumerate(zip(row, widths, strict=True)):
            for k, text in enumerate(lines):
                pdf.set_xy(x + 1.2, y + 0.8 + k * line)
                pdf.cell(width - 2.4, line, text, align="R" if i in sheet.numbers else "L")
            x += width
        pdf.set_draw_color(*rgb("line"))
        pdf.set_line_width(0.15)
        pdf.line(MARGIN, y + high, WIDTH - MARGIN, y + high)
        pdf.set_y(y + high)

    put(heads, head=True)
    for row in rows:
        high = max(len(lines) for lines in row) * line + 1.6
        if pdf.get_y() + high > HEIGHT - FOOT - 4:
            pdf.add_page()
            put(heads, head=True)
        put(row, head=False)
    pdf.set_y(pdf.get_y() + 1.5)


def _cell_lines(pdf: FPDF, text: str, *, width: float) -> list[str]:
    return [text] if pdf.get_string_width(text) <= width else _broken(pdf, text, width=width)


if __name__ == "__main__":
    sys.stdout.buffer.write(report_pdf(from_json(sys.stdin.buffer.read())))
