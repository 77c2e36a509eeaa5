"""A figure that is not an interval chart: shapes already placed, in each of the two sizes.

What is drawn and where is decided by plain arithmetic before, so that the page knows the size of
the picture; `draw_figure` only puts it on paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from survey.charts.layout import LINE, Style, wrap


@dataclass(frozen=True)
class Shape:
    """One mark in pixels. kind: rect or outline (x, y to x2, y2), line, dot, or text.

    A dot and a text have their middle at y; a dot is `size` wide.
    """

    kind: str
    x: float
    y: float
    colour: str
    x2: float = 0.0
    y2: float = 0.0
    text: str = ""
    size: int = 0
    align: str = "left"
    bold: bool = False
    #: Width of a line.
    width: float = 1.0


@dataclass(frozen=True)
class Drawing:
    """Shapes on a sheet, kind over kind: rects, outlines, lines, dots, texts."""

    width: int
    height: int
    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class Figure:
    """A figure in every size. drawings: {size: Drawing}; every word is translated."""

    language: str
    title: str
    subtitle: str
    drawings: Mapping[str, Drawing]

    def to_params(self) -> dict[str, Any]:
        """Plain JSON types, for the queue and the key."""
        return asdict(self)

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Figure:
        """The inverse of `to_params`. Raises KeyError or TypeError for anything else."""
        drawings = {
            size: Drawing(
                width=drawing["width"],
                height=drawing["height"],
                shapes=tuple(Shape(**shape) for shape in drawing["shapes"]),
            )
            for size, drawing in params["drawings"].items()
        }
        return cls(**{**params, "drawings": drawings})


def said(
    text: str, style: Style, y: float, *, size: int, colour: str, bold: bool = False
) -> tuple[list[Shape], float]:
    """A paragraph over the whole width from y on, and the y below it."""
    shapes = []
    for line in wrap(text, size, style.width - 2 * style.margin):
        shapes.append(
            Shape("text", style.margin, y + size * 0.7, colour, text=line, size=size, bold=bold)
        )
        y += size * LINE
    return shapes, y


def headed(title: str, subtitle: str, style: Style) -> tuple[list[Shape], float]:
    """Title and subtitle of a figure, and the y below them."""
    shapes, y = said(title, style, style.margin, size=style.title, colour="ink", bold=True)
    more, y = said(subtitle, style, y + 4, size=style.small, colour="ink-2")
    return shapes + more, y + 12


def footed(lines: Sequence[str], style: Style, y: float) -> tuple[list[Shape], float]:
    """The lines at the foot, and the height of the figure with them."""
    shapes: list[Shape] = []
    for line in lines:
        more, y = said(line, style, y, size=style.small, colour="ink-2")
        shapes += more
    return shapes, y + style.margin
