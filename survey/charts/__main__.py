"""`python -m survey.charts`: a list of charts as JSON on stdin, their SVG as JSON on stdout.

In: [{params of a Chart}, …]. Out: [{"wide-light": svg, "wide-dark": …, "narrow-light": …, …}, …].
The worker runs it as a child, so that the memory of the drawing is given back.
"""

from __future__ import annotations

import json
import sys

from survey.charts import VARIANTS
from survey.charts.intervals import draw
from survey.charts.model import Chart


def main() -> None:
    """Draw what stdin asks for."""
    drawn = []
    for params in json.load(sys.stdin):
        chart = Chart.from_params(params)
        by_size = {size: draw(chart, size) for size in dict(VARIANTS)}
        drawn.append({f"{size}-{theme}": by_size[size][theme] for size, theme in VARIANTS})
    json.dump(drawn, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
