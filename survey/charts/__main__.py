"""`python -m survey.charts`: a list of charts as JSON on stdin, their SVG as JSON on stdout.

In: [{params of a Chart or a Figure}, …]. Out: [{"wide-light": svg, "wide-dark": …, …}, …].
The worker runs it as a child, so that the memory of the drawing is given back.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from survey.charts import VARIANTS
from survey.charts.draw_figure import draw_figure
from survey.charts.figure import Figure
from survey.charts.intervals import draw
from survey.charts.model import Chart


def _drawn(params: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """{size: {theme: svg}} of an interval chart, or of a figure of placed shapes."""
    if "drawings" in params:
        figure = Figure.from_params(params)
        return {size: draw_figure(figure, size) for size in dict(VARIANTS)}
    chart = Chart.from_params(params)
    return {size: draw(chart, size) for size in dict(VARIANTS)}


def main() -> None:
    """Draw what stdin asks for."""
    drawn = []
    for params in json.load(sys.stdin):
        by_size = _drawn(params)
        drawn.append({f"{size}-{theme}": by_size[size][theme] for size, theme in VARIANTS})
    json.dump(drawn, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
