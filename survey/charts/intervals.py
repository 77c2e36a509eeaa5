"""Draw an interval chart with Altair: intervals first, points over them, words beside them.

Imports Altair and vl-convert (a hundred megabytes): for short-lived processes only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal

import altair as alt
import vl_convert as vlc

from survey.charts.layout import Layout, place
from survey.charts.model import Chart
from survey.charts.palette import FONT, LIGHT, darken

VEGA_LITE = "v6.4"


def draw(chart: Chart, size: str) -> dict[str, str]:
    """{"light": svg, "dark": svg} of `chart` in the shape `size` ("wide" or "narrow")."""
    register_fonts()
    # Not validated again: every part was when it was made.
    spec = specification(chart, place(chart, size)).to_dict(validate=False)
    light = vlc.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[])
    return {"light": light, "dark": darken(light)}


@cache
def register_fonts() -> None:
    """Let the Chinese font of the posters measure text on machines that have none."""
    from pathlib import Path

    import pylopdf_fonts_zh_cn

    vlc.register_font_directory(str(Path(pylopdf_fonts_zh_cn.__file__).parent))


def specification(chart: Chart, at: Layout) -> alt.LayerChart:
    """The chart as a Vega-Lite specification."""
    x = alt.Scale(domain=[at.low, at.high], range=[at.x0, at.x1], nice=False, zero=False)
    y = alt.Scale(domain=[0, at.height], range=[0, at.height], nice=False, zero=False)
    layers = [
        *_bands(at, y),
        *_grid(at, x, y),
        *_reference(chart, at, x, y),
        *_marks(at, x, y),
        *_lines(at, y),
        *_words(chart, at, y),
    ]
    return (
        alt.layer(*layers)
        .properties(
            width=at.style.width,
            height=at.height,
            padding=0,
            background=LIGHT["card"],
            autosize=alt.AutoSizeParams(type="none"),
        )
        .configure(font=FONT)
        .configure_view(stroke=None)
        .configure_text(font=FONT, baseline="middle")
    )


def _data(values: Iterable[Mapping[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=[dict(value) for value in values]))


def _y(scale: alt.Scale, field: str = "y") -> alt.Y:
    return alt.Y(f"{field}:Q", scale=scale, axis=None)


def _x(scale: alt.Scale, field: str) -> alt.X:
    return alt.X(f"{field}:Q", scale=scale, axis=None)


def _bands(at: Layout, y: alt.Scale) -> list[alt.Chart]:
    bands = [{"y": top, "y2": bottom} for top, bottom, _note, _y_note in at.bands]
    if not bands:
        return []
    return [
        _data(bands)
        .mark_rect(color=LIGHT["pick"], cornerRadius=6)
        .encode(x=alt.value(6), x2=alt.value(at.style.width - 6), y=_y(y), y2="y2:Q")
    ]


def _grid(at: Layout, x: alt.Scale, y: alt.Scale) -> list[alt.Chart]:
    lines = [{"x": tick, "y": top, "y2": end} for tick in at.ticks for top, end in at.areas]
    labels = [{"x": tick, "y": at.tick_y, "text": f"{tick:g}"} for tick in at.ticks]
    return [
        _data(lines)
        .mark_rule(color=LIGHT["line"], strokeWidth=1)
        .encode(x=_x(x, "x"), y=_y(y), y2="y2:Q"),
        _data(labels)
        .mark_text(color=LIGHT["ink-2"], fontSize=at.style.small)
        .encode(x=_x(x, "x"), y=_y(y), text="text:N"),
    ]


def _reference(chart: Chart, at: Layout, x: alt.Scale, y: alt.Scale) -> list[alt.Chart]:
    if chart.reference is None:
        return []
    top = at.areas[0][0]
    line = [{"x": chart.reference, "y": top - 4, "y2": at.areas[-1][1]}]
    word_y = min([top] + [y_name - at.style.text for _name, y_name in at.group_names])
    word = [{"x": chart.reference, "y": word_y - at.style.small * 0.7, "t": chart.reference_text}]
    return [
        _data(line)
        .mark_rule(color=LIGHT["edge"], strokeWidth=1.5, strokeDash=[4, 3])
        .encode(x=_x(x, "x"), y=_y(y), y2="y2:Q"),
        _data(word)
        .mark_text(color=LIGHT["ink-2"], fontSize=at.style.small)
        .encode(x=_x(x, "x"), y=_y(y), text="t:N"),
    ]


def _lines(at: Layout, y: alt.Scale) -> list[alt.Chart]:
    """Rows that cannot be told apart, joined as statisticians underline equal means."""
    return [
        _data([{"y": top, "y2": bottom}])
        .mark_rule(color=LIGHT["edge"], strokeWidth=2.5, strokeCap="round")
        .encode(x=alt.value(x_at), y=_y(y), y2="y2:Q")
        for x_at, top, bottom in at.lines
    ]


def _marks(at: Layout, x: alt.Scale, y: alt.Scale) -> list[alt.Chart]:
    rows = [
        {
            "y": placed.y,
            "value": placed.row.mark.value,
            "low": placed.row.mark.low,
            "high": placed.row.mark.high,
            "in_band": placed.row.in_band,
        }
        for placed in at.rows
    ]
    others = [
        {"y": placed.y + 8, "value": other.value, "low": other.low, "high": other.high}
        for placed in at.rows
        if (other := placed.row.other) is not None
    ]
    layers = []
    if others:
        layers += [
            _data(others)
            .mark_rule(color=LIGHT["edge"], strokeWidth=1.5)
            .encode(x=_x(x, "low"), x2="high:Q", y=_y(y)),
            _data(others)
            .mark_point(shape="diamond", filled=True, size=70, color=LIGHT["edge"], opacity=1)
            .encode(x=_x(x, "value"), y=_y(y)),
        ]
    # The intervals before the points: they are what may be believed.
    layers.append(
        _data(rows)
        .mark_rule(color=LIGHT["act"], strokeWidth=4, strokeCap="round")
        .encode(x=_x(x, "low"), x2="high:Q", y=_y(y))
    )
    for in_band, fill in ((True, LIGHT["card"]), (False, LIGHT["act"])):
        chosen = [row for row in rows if row["in_band"] is in_band]
        if chosen:
            layers.append(
                _data(chosen)
                .mark_point(
                    shape="circle",
                    size=110,
                    fill=fill,
                    stroke=LIGHT["act"],
                    strokeWidth=2.5,
                    opacity=1,
                )
                .encode(x=_x(x, "value"), y=_y(y))
            )
    return layers


def _column(
    words: Iterable[tuple[str, float]],
    y: alt.Scale,
    *,
    x: float,
    size: int,
    colour: str,
    align: Literal["left", "right"] = "left",
    weight: Literal["normal", "bold"] = "normal",
) -> list[alt.Chart]:
    values = [{"text": text, "y": at_y} for text, at_y in words if text]
    if not values:
        return []
    return [
        _data(values)
        .mark_text(color=LIGHT[colour], fontSize=size, align=align, fontWeight=weight)
        .encode(x=alt.value(x), y=_y(y), text="text:N")
    ]


def _words(chart: Chart, at: Layout, y: alt.Scale) -> list[alt.Chart]:
    style = at.style
    left = style.margin
    layers = [
        *_column(at.title, y, x=left, size=style.title, colour="ink", weight="bold"),
        *_column(at.subtitle, y, x=left, size=style.small, colour="ink-2"),
        *_column(at.group_names, y, x=left, size=style.text, colour="ink-2", weight="bold"),
        *_column(
            [(note, note_y) for _top, _bottom, note, note_y in at.bands],
            y,
            x=left if style.stacked else at.x0 + 4,
            size=style.small,
            colour="act",
            weight="bold",
        ),
        *_column(at.foot, y, x=left, size=style.small, colour="ink-2"),
        *_column(
            [(placed.row.label, placed.text_y) for placed in at.rows],
            y,
            x=left,
            size=style.text,
            colour="ink",
            weight="bold",
        ),
    ]
    if style.stacked:
        return layers + _stacked_numbers(at, y, other_head=chart.columns[4])
    label, *heads = chart.columns
    layers += _column([(label, at.heads_y)], y, x=left, size=style.small, colour="ink-2")
    for i, (head, x) in enumerate(zip(heads, at.columns, strict=True)):
        texts = [
            (
                (p.row.value_text, p.row.interval_text, p.row.n_text, p.row.other_text)[i],
                p.text_y,
            )
            for p in at.rows
        ]
        layers += _column(
            [(head, at.heads_y)], y, x=x, size=style.small, colour="ink-2", align="right"
        )
        layers += _column(
            texts,
            y,
            x=x,
            size=style.text,
            align="right",
            colour="ink" if i == 0 else "ink-2",
            weight="bold" if i == 0 else "normal",
        )
    return layers


def _stacked_numbers(at: Layout, y: alt.Scale, *, other_head: str) -> list[alt.Chart]:
    """On phones the numbers stand at the right end of the label's line."""
    return _column(
        [
            (
                f"{p.row.value_text} ({p.row.interval_text})  "
                # A word of its own, such as a rank set; else how many answered.
                + (
                    f"{other_head} {p.row.other_text}"
                    if p.row.other is None and p.row.other_text
                    else f"n={p.row.n_text}"
                ),
                p.text_y,
            )
            for p in at.rows
        ],
        y,
        x=at.style.width - at.style.margin,
        size=at.style.small,
        colour="ink",
        align="right",
    )
