"""Draw a figure of placed shapes with Altair. For short-lived processes only."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import altair as alt
import vl_convert as vlc

from survey.charts.figure import Drawing, Figure, Shape
from survey.charts.intervals import VEGA_LITE, register_fonts
from survey.charts.palette import FONT, LIGHT, darken

ORDER = {"rect": 0, "outline": 1, "line": 2, "dot": 3, "text": 4}
# From the bottom up: coloured parts lie over the pale ones.
PALE_FIRST = ("line", "pick", "edge", "act", "card", "ink-2", "ink")


def draw_figure(figure: Figure, size: str) -> dict[str, str]:
    """{"light": svg, "dark": svg} of a figure in the shape `size` ("wide" or "narrow")."""
    register_fonts()
    spec = _specification(figure.drawings[size]).to_dict(validate=False)
    light = vlc.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[])
    return {"light": light, "dark": darken(light)}


def _specification(drawing: Drawing) -> alt.LayerChart:
    shapes = sorted(drawing.shapes, key=_look)
    layers = [_layer(list(found), drawing) for _key, found in groupby(shapes, key=_look)]
    return (
        alt.layer(*layers)
        .properties(
            width=drawing.width,
            height=drawing.height,
            padding=0,
            background=LIGHT["card"],
            autosize=alt.AutoSizeParams(type="none"),
        )
        .configure(font=FONT)
        .configure_view(stroke=None)
        .configure_text(font=FONT, baseline="middle")
    )


def _look(shape: Shape) -> tuple[Any, ...]:
    return (
        ORDER[shape.kind],
        PALE_FIRST.index(shape.colour),
        shape.size,
        shape.align,
        shape.bold,
        shape.width,
    )


def _layer(shapes: list[Shape], drawing: Drawing) -> alt.Chart:
    first = shapes[0]
    values = [{"x": s.x, "y": s.y, "x2": s.x2, "y2": s.y2, "t": s.text} for s in shapes]
    base = alt.Chart(alt.InlineData(values=values))
    x = alt.X("x:Q", scale=_scale(drawing.width), axis=None)
    y = alt.Y("y:Q", scale=_scale(drawing.height), axis=None)
    colour = LIGHT[first.colour]
    if first.kind == "text":
        return base.mark_text(
            color=colour,
            fontSize=first.size,
            align=first.align,  # type: ignore[arg-type]
            fontWeight="bold" if first.bold else "normal",
        ).encode(x=x, y=y, text="t:N")
    if first.kind == "rect":
        return base.mark_rect(color=colour).encode(x=x, y=y, x2="x2:Q", y2="y2:Q")
    if first.kind == "outline":
        return base.mark_rect(filled=False, stroke=colour, strokeWidth=first.width).encode(
            x=x, y=y, x2="x2:Q", y2="y2:Q"
        )
    if first.kind == "dot":
        # Vega takes the area of a dot, not its diameter.
        return base.mark_circle(color=colour, size=first.size**2, opacity=1).encode(x=x, y=y)
    return base.mark_rule(color=colour, strokeWidth=first.width).encode(
        x=x, y=y, x2="x2:Q", y2="y2:Q"
    )


def _scale(end: float) -> alt.Scale:
    return alt.Scale(domain=[0, end], range=[0, end], nice=False, zero=False)
