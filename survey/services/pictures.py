"""Pictures: have a chart drawn in a child process, and keep it under what it depends on.

The web computes keys and asks for what is missing; it never imports the drawing.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import force_locale

from survey import children, jobs
from survey.charts import DRAWING_VERSION, VARIANTS
from survey.charts.combined import combined_chart
from survey.charts.figure import Figure
from survey.charts.layout import STYLES, place
from survey.charts.model import Chart
from survey.charts.pyramid import pyramid_figure
from survey.charts.theme_bars import theme_bars, themes_figure
from survey.charts.trend import trend_figure
from survey.charts.weights import weights_figure
from survey.charts.words import district_chart, street_chart
from survey.database import transaction, upsert
from survey.formatting import LOCALES
from survey.models import Base, Picture
from survey.queries.pictures import are_drawn
from survey.queries.public import public_waves, results
from survey.queries.views import EvaluationView

DRAWING_SECONDS = 120


@dataclass(frozen=True)
class PagePicture:
    """A chart on a page: the key of each variant and the size in pixels of each shape."""

    keys: Mapping[str, str]
    sizes: Mapping[str, tuple[int, int]]
    #: False: the worker was asked for it, the page shows the table alone.
    is_drawn: bool
    #: For those who cannot see it.
    alt: str


def picture_keys(name: str, params: Mapping[str, Any]) -> dict[str, str]:
    """{"wide-light": key, …}: the keys of a chart's pictures, 64 hex digits each.

    name: what the chart is; params: a survey.charts.model.Chart as plain types. Equal charts have
    equal keys, and whatever is different on them changes the keys.
    """
    document = json.dumps(
        [DRAWING_VERSION, name, params], ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return {
        f"{size}-{theme}": hashlib.sha256(f"{size}-{theme}:{document}".encode()).hexdigest()
        for size, theme in VARIANTS
    }


def draw(name: str, params: Mapping[str, Any], *, now: datetime) -> bool:
    """Draw and keep the pictures of one chart; False when they are there already.

    Raises survey.children.ChildFailed when the drawing fails; nothing is kept then.
    """
    return draw_missing([(name, params)], now=now) == 1


def draw_missing(charts: Sequence[tuple[str, Mapping[str, Any]]], *, now: datetime) -> int:
    """Draw and keep those of the charts that are not there yet, in one child; how many.

    charts: (name, params) as for picture_keys. Raises survey.children.ChildFailed.
    """
    missing = [
        (keys, params)
        for name, params in charts
        if not are_drawn((keys := picture_keys(name, params)).values())
    ]
    if not missing:
        return 0
    given = json.dumps([params for _keys, params in missing], ensure_ascii=False).encode()
    out = children.run(
        [sys.executable, "-m", "survey.charts"], seconds=DRAWING_SECONDS, given=given
    )
    rows = [
        {"key": keys[variant], "svg": svg, "made_at": now}
        for (keys, _params), pictures in zip(missing, json.loads(out), strict=True)
        for variant, svg in pictures.items()
    ]
    table = Base.metadata.tables[Picture.__tablename__]
    with transaction() as session:
        # Two workers may draw the same picture; it is the same picture.
        session.execute(upsert(table).on_conflict_do_nothing(), rows)
    return len(missing)


def page_picture(name: str, chart: Chart | Figure) -> PagePicture:
    """A chart for a page; the worker is asked to draw it when it is not drawn yet. One query."""
    params = chart.to_params()
    keys = picture_keys(name, params)
    is_drawn = are_drawn(keys.values())
    if not is_drawn:
        jobs.ask_for_picture(keys["wide-light"], name, params)
    sizes = {size: _size(chart, size) for size in STYLES}
    return PagePicture(keys, sizes, is_drawn, f"{chart.title}. {chart.subtitle}")


def _size(chart: Chart | Figure, size: str) -> tuple[int, int]:
    """Width and height in pixels, known before it is drawn."""
    if isinstance(chart, Figure):
        return chart.drawings[size].width, chart.drawings[size].height
    return STYLES[size].width, round(place(chart, size).height)


def evaluation_pictures(view: EvaluationView) -> dict[str, Any]:
    """{"pictures": {name: picture or None}, "theme_bars": …} of a page. A query each."""
    charts = {
        "combined": combined_chart(view),
        "weights": weights_figure(view),
        "themes": themes_figure(view),
        "coverage": pyramid_figure(view),
    }
    return {
        "pictures": {
            name: page_picture(name, chart) if chart is not None else None
            for name, chart in charts.items()
        },
        "theme_bars": theme_bars(view),
    }


def year_picture(view: EvaluationView) -> PagePicture | None:
    """The trend of the streets over the waves of the pool; None when there is none. One query."""
    figure = trend_figure(view)
    return None if figure is None else page_picture("trend", figure)


def draw_for_wave(wave_code: str, *, now: datetime, with_streets: bool = True) -> int:
    """Draw the public charts of a published wave in every language, so that the first visitor
    sees them; how many were missing.

    with_streets: also the chart of every street, which takes half a minute for a district;
    without, those are drawn when somebody first opens them. Call it after publishing.
    Raises Refused (404) when the wave is not published and survey.children.ChildFailed when the
    drawing fails.
    """
    found = results(public_waves(), wave_code)
    wanted = []
    for locale in LOCALES.values():
        with force_locale(locale):
            charts = [("district", district_chart(found))]
            if with_streets:
                charts += [
                    ("street", street_chart(found, street)) for street in found.evaluation.streets
                ]
            wanted += [(name, chart.to_params()) for name, chart in charts if chart is not None]
    return draw_missing(wanted, now=now)
