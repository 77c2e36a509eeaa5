"""Place the panels of the trend on a sheet: small multiples with one scale; plain arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from survey.charts.figure import Drawing, Shape, footed, headed
from survey.charts.layout import LATIN_WIDTH, STYLES, Style, axis, text_width
from survey.charts.model import Mark

#: (panels in a row, height of a plot, space between panels, width of the scale's numbers)
GRID = {"wide": (4, 96, 18, 30), "narrow": (2, 76, 12, 24)}


@dataclass(frozen=True)
class Panel:
    """One street. points: (value, low, high) of each wave, oldest first; None where none shows."""

    group: str
    name: str
    value: str
    note: str
    is_clear: bool
    points: tuple[tuple[float, float, float] | None, ...]


@dataclass(frozen=True)
class Sheet:
    """All that is on the figure, in words and scores 0 … 100."""

    title: str
    subtitle: str
    waves: tuple[str, ...]
    district: tuple[float | None, ...]
    panels: tuple[Panel, ...]
    foot: tuple[str, ...]


@dataclass(frozen=True)
class _Plot:
    """The area of a panel's plot in pixels, and the scores at its ends."""

    x: float
    y: float
    width: float
    height: float
    low: float
    high: float
    #: How far inside the first and the last wave stand: their names are centred under them.
    inside: float

    def across(self, position: int, of: int) -> float:
        """x of a wave."""
        return self.x + self.inside + (self.width - 2 * self.inside) * position / max(1, of - 1)

    def up(self, score: float) -> float:
        """y of a score."""
        return self.y + self.height * (self.high - score) / (self.high - self.low)


def trend_drawing(sheet: Sheet, size: str) -> Drawing:
    """The sheet in one of the shapes of STYLES."""
    style = STYLES[size]
    columns, height, gap, scale = GRID[size]
    shapes, y = headed(sheet.title, sheet.subtitle, style)
    marks = [Mark(*point) for panel in sheet.panels for point in panel.points if point]
    low, high, ticks = axis(marks, None)
    left = style.margin + scale
    width = (style.width - style.margin - left - gap * (columns - 1)) / columns
    longest = max(text_width(wave, style.small) for wave in sheet.waves)
    inside = min(longest / 2 + 3, width / 4)
    head, names = style.text + style.small + 20, style.small + 10
    for group, found in groupby(sheet.panels, key=lambda panel: panel.group):
        if group:
            y += style.text
            shapes.append(
                Shape("text", style.margin, y, "ink", text=group, size=style.text, bold=True)
            )
            y += style.text
        panels = list(found)
        for start in range(0, len(panels), columns):
            for i, panel in enumerate(panels[start : start + columns]):
                plot = _Plot(left + i * (width + gap), y + head, width, height, low, high, inside)
                shapes += _ground(panel, plot, head, ticks, style, is_first=i == 0)
                shapes += _head(panel, plot, y, style)
                shapes += _lines(panel, plot, sheet.district)
                shapes += _wave_names(sheet.waves, plot, style)
            y += head + height + names + gap
    more, y = footed(sheet.foot, style, y)
    return Drawing(style.width, round(y), tuple(shapes + more))


def _ground(
    panel: Panel, plot: _Plot, head: float, ticks: Sequence[float], style: Style, *, is_first: bool
) -> Iterator[Shape]:
    """The shade of a significant change, the lines of the scale and, at the left, its numbers."""
    right = plot.x + plot.width
    if panel.is_clear:
        yield Shape("rect", plot.x, plot.y - head, "pick", x2=right, y2=plot.y + plot.height)
    # Every second line is enough in so small a plot.
    for tick in ticks[:: 2 if len(ticks) > 4 else 1]:
        y = plot.up(tick)
        yield Shape("line", plot.x, y, "line", x2=right, y2=y)
        if is_first:
            yield Shape(
                "text", plot.x - 6, y, "ink-2", text=f"{tick:g}", size=style.small, align="right"
            )


def _head(panel: Panel, plot: _Plot, y: float, style: Style) -> Iterator[Shape]:
    """The street with its score of now, and beneath it the change in words."""
    left, right = plot.x + 6, plot.x + plot.width - 6
    room = right - left - text_width(panel.value, style.text) - 6
    name = panel.name
    while len(name) > 2 and text_width(name, style.text) > room:
        name = name.removesuffix("…")[:-1] + "…"
    y += 4 + style.text * 0.7
    yield Shape("text", left, y, "ink", text=name, size=style.text, bold=True)
    yield Shape(
        "text", right, y, "act", text=panel.value, size=style.text, align="right", bold=True
    )
    y += style.text * 0.7 + style.small * 0.6 + 1
    yield Shape(
        "text",
        left,
        y,
        "ink" if panel.is_clear else "ink-2",
        text=panel.note,
        size=style.small,
        bold=panel.is_clear,
    )


def _lines(panel: Panel, plot: _Plot, district: Sequence[float | None]) -> Iterator[Shape]:
    """The district faintly, the street over it, the present wave largest."""
    count = len(panel.points)
    for i, (old, new) in enumerate(pairwise(district)):
        if old is not None and new is not None:
            yield _segment(plot, i, (old, new), count, colour="edge", width=1.2)
    for i, (before, after) in enumerate(pairwise(panel.points)):
        if before and after:
            yield _segment(plot, i, (before[0], after[0]), count, colour="act", width=1.6)
    for i, point in enumerate(panel.points):
        if not point:
            continue
        x, is_now = plot.across(i, count), i == count - 1
        value, low, high = point
        yield Shape(
            "line", x, plot.up(high), "act", x2=x, y2=plot.up(low), width=3.0 if is_now else 1.4
        )
        yield Shape("dot", x, plot.up(value), "act", size=11 if is_now else 6)


def _segment(
    plot: _Plot, i: int, scores: tuple[float, float], of: int, *, colour: str, width: float
) -> Shape:
    old, new = scores
    return Shape(
        "line",
        plot.across(i, of),
        plot.up(old),
        colour,
        x2=plot.across(i + 1, of),
        y2=plot.up(new),
        width=width,
    )


def _wave_names(waves: Sequence[str], plot: _Plot, style: Style) -> Iterator[Shape]:
    """The codes of the waves under the plot: the first and the last where not all have room."""
    y = plot.y + plot.height + style.small * 0.5 + 5
    last = len(waves) - 1
    room = (plot.width - 2 * plot.inside) / max(1, last)
    are_all = all(text_width(wave, style.small) + 6 <= room for wave in waves)
    most = int(plot.width / 2 / (style.small * LATIN_WIDTH)) - 1
    for i, wave in enumerate(waves):
        if i in (0, last) or are_all:
            yield Shape(
                "text",
                plot.across(i, last + 1),
                y,
                "ink" if i == last else "ink-2",
                text=wave if len(wave) <= most else wave[: most - 1] + "…",
                size=style.small,
                align="center",
                bold=i == last,
            )
