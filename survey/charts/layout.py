"""Where everything of an interval chart stands, in pixels; plain arithmetic without a library.

The page needs the size of a picture before it is drawn, so that nothing moves when it arrives.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from survey.charts.model import Chart, Group, Mark, Row

# Characters that must not begin a line of Chinese.
_CLOSING = "，。；：、！？）」』》%"


@dataclass(frozen=True)
class Style:
    """Sizes of one of the two shapes: wide for screens and print, narrow for phones."""

    width: int
    margin: int
    title: int
    text: int
    small: int
    row: int
    #: The interval stands under its label (phones) or beside it.
    stacked: bool


STYLES = {
    "wide": Style(960, 20, 20, 15, 13, 34, False),
    "narrow": Style(360, 14, 17, 14, 12, 56, True),
}
CJK_WIDTH = 1.0
LATIN_WIDTH = 0.5
LINE = 1.45


@dataclass(frozen=True)
class Placed:
    """A row at its height. y: the middle of its interval; text_y: of its words."""

    row: Row
    y: float
    text_y: float


@dataclass(frozen=True)
class Layout:
    """Everything placed. x0, x1: ends of the plot; low, high: the scores they stand for."""

    style: Style
    height: float
    x0: float
    x1: float
    low: float
    high: float
    ticks: tuple[float, ...]
    title: tuple[tuple[str, float], ...]
    subtitle: tuple[tuple[str, float], ...]
    heads_y: float
    group_names: tuple[tuple[str, float], ...]
    rows: tuple[Placed, ...]
    #: (top, bottom, note, y of the note)
    bands: tuple[tuple[float, float, str, float], ...]
    #: (top, bottom) of the area with grid lines, one a group.
    areas: tuple[tuple[float, float], ...]
    #: (x, top, bottom) of the lines that join rows.
    lines: tuple[tuple[float, float, float], ...]
    tick_y: float
    foot: tuple[tuple[str, float], ...]
    #: Right ends of the columns of value, interval, n and other.
    columns: tuple[float, float, float, float]


def text_width(text: str, size: float) -> float:
    """Roughly how wide `text` is in a sans-serif of `size` pixels."""
    return size * sum(CJK_WIDTH if ord(c) > 0x2E80 else LATIN_WIDTH for c in text)


def wrap(text: str, size: float, width: float) -> list[str]:
    """`text` in lines of at most `width` pixels: broken at spaces, and between Chinese."""
    lines, line = [], ""
    for piece in pieces(text):
        if line and text_width((line + piece).rstrip(), size) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()]


def pieces(text: str) -> list[str]:
    """The parts of `text` between which a line may be broken, each with its space."""
    found: list[str] = []
    for word in text.split(" "):
        run = ""
        for char in word:
            if ord(char) > 0x2E80 and char not in _CLOSING and run:
                found.append(run)
                run = ""
            run += char
        found.append(run + " ")
    return found


def axis(marks: Sequence[Mark], reference: float | None) -> tuple[float, float, tuple[float, ...]]:
    """Ends of the axis and its ticks: just wide enough for every interval, in round steps."""
    low = min([mark.low for mark in marks] + ([reference] if reference is not None else []))
    high = max([mark.high for mark in marks] + ([reference] if reference is not None else []))
    step = next(s for s in (1, 2, 5, 10, 20) if (high - low) / s <= 6 or s == 20)
    start = max(0.0, math.floor(low / step) * step)
    end = min(100.0, math.ceil(high / step) * step)
    if end <= start:
        start, end = max(0.0, start - step), min(100.0, end + step)
    count = round((end - start) / step)
    return start, end, tuple(start + step * i for i in range(count + 1))


def _lines(
    text: str, size: float, y: float, style: Style
) -> tuple[tuple[tuple[str, float], ...], float]:
    found = []
    for line in wrap(text, size, style.width - 2 * style.margin):
        found.append((line, y + size))
        y += size * LINE
    return tuple(found), y


def place(chart: Chart, size: str) -> Layout:
    """Place a chart in one of the shapes of STYLES. Raises ValueError when it has no rows."""
    style = STYLES[size]
    rows = [row for group in chart.groups for row in group.rows]
    if not rows:
        raise ValueError("a chart needs at least one row")
    marks = [row.mark for row in rows] + [row.other for row in rows if row.other is not None]
    low, high, ticks = axis(marks, chart.reference)
    title, y = _lines(chart.title, style.title, style.margin, style)
    subtitle, y = _lines(chart.subtitle, style.small, y + 4, style)
    y += 14
    heads_y = y + style.small
    if not style.stacked:
        y += style.small * LINE + 4
    # Room for what is written on the reference line.
    y += style.small * LINE if chart.reference_text else 0
    names: list[tuple[str, float]] = []
    placed: list[Placed] = []
    bands: list[tuple[float, float, str, float]] = []
    areas: list[tuple[float, float]] = []
    joined: list[tuple[int, float, float]] = []
    for group in chart.groups:
        if group.name:
            names.append((group.name, y + style.text))
            y += style.text * LINE + 6
        top, band_top, band_bottom = y, None, y
        for i, row in enumerate(group.rows):
            if group.band_note and row.in_band and band_top is None:
                y += 6
                band_top = y
            middle = y + (style.row * 0.70 if style.stacked else style.row / 2)
            text_y = y + (style.row * 0.30 if style.stacked else style.row / 2)
            placed.append(Placed(row, middle, text_y))
            y += style.row
            ends = i + 1 == len(group.rows) or not group.rows[i + 1].in_band
            if band_top is not None and row.in_band and ends:
                note_y = y + style.small
                band_bottom = y + style.small * LINE + 4
                bands.append((band_top, band_bottom, group.band_note, note_y))
                y = band_bottom + 6
        joined += [(k, *ends) for k, ends in enumerate(_joined(group, placed, style))]
        areas.append((top, y))
        y += 10
    tick_y = y + style.small - 4
    y += style.small * LINE + 10
    foot: list[tuple[str, float]] = []
    for line in chart.foot:
        more, y = _lines(line, style.small, y, style)
        foot += more
    x0, x1, columns = _columns(chart, style, rows)
    return Layout(
        style=style,
        height=math.ceil(y + style.margin),
        x0=x0,
        x1=x1,
        low=low,
        high=high,
        ticks=ticks,
        title=title,
        subtitle=subtitle,
        heads_y=heads_y,
        group_names=tuple(names),
        rows=tuple(placed),
        bands=tuple(bands),
        areas=tuple(areas),
        lines=tuple(
            ((4 + 4 * k) if style.stacked else (x0 - 12 - 7 * k), start, end)
            for k, start, end in joined
        ),
        tick_y=tick_y,
        foot=tuple(foot),
        columns=columns,
    )


def _joined(group: Group, placed: Sequence[Placed], style: Style) -> list[tuple[float, float]]:
    """Top and bottom of the lines of a group whose rows were placed last."""
    rows = placed[len(placed) - len(group.rows) :]
    reach = 7.0
    return [
        (
            (rows[first].text_y if style.stacked else rows[first].y) - reach,
            rows[last].y + reach,
        )
        for first, last in group.lines
    ]


def _columns(
    chart: Chart, style: Style, rows: Sequence[Row]
) -> tuple[float, float, tuple[float, float, float, float]]:
    right = float(style.width - style.margin)
    if style.stacked:
        return style.margin + 6, right - 6, (right, right, right, right)

    def width(texts: list[str]) -> float:
        longest = max((text_width(text, style.text) for text in texts if text), default=0.0)
        return longest + 18 if longest else 0.0

    _label, value, interval, n, other = chart.columns
    other_end = right
    n_end = other_end - width([other, *(row.other_text for row in rows)])
    interval_end = n_end - width([n, *(row.n_text for row in rows)])
    value_end = interval_end - width([interval, *(row.interval_text for row in rows)])
    x1 = value_end - width([value, *(row.value_text for row in rows)]) - 10
    gutter = 18 + 7 * max(len(group.lines) for group in chart.groups)
    x0 = style.margin + max(text_width(row.label, style.text + 2) for row in rows) + gutter
    return x0, x1, (value_end, interval_end, n_end, other_end)
