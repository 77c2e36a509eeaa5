"""Figures of placed shapes: what they say and where they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask_babel import force_locale

from survey.charts.combined import combined_chart
from survey.charts.figure import Figure
from survey.charts.layout import text_width
from survey.charts.pyramid import pyramid_figure
from survey.charts.theme_bars import theme_bars, themes_figure
from survey.charts.trend import trend_figure
from survey.charts.weights import weights_figure
from survey.queries.evaluation import published_evaluation
from survey.queries.views import EvaluationView
from survey.services import pictures
from tests.published import SECOND, published_copy


@pytest.fixture
def view(app: Flask) -> Iterator[EvaluationView]:
    """The second published wave, with effective weights that are defined."""
    published_copy(app)
    with app.app_context(), force_locale("zh_Hans_CN"):
        found = published_evaluation(SECOND)
        assert found is not None
        weights = {"direct": 0.25, "public": 0.75}
        groups = tuple(replace(group, effective_weights=weights) for group in found.groups)
        yield replace(found, groups=groups)


def figures(view: EvaluationView) -> list[Figure]:
    made = [weights_figure(view), themes_figure(view), trend_figure(view), pyramid_figure(view)]
    return [figure for figure in made if figure is not None]


def test_figures_survive_the_queue_and_nothing_leaves_the_sheet(view: EvaluationView) -> None:
    assert len(figures(view)) == 4
    for figure in figures(view):
        told = json.loads(json.dumps(figure.to_params()))
        assert Figure.from_params(told) == figure
        for drawing in figure.drawings.values():
            for shape in drawing.shapes:
                assert 0 <= shape.y <= drawing.height
                wide = text_width(shape.text, shape.size)
                before = {"left": 0.0, "center": wide / 2, "right": wide}[shape.align]
                left = shape.x - before
                right = max(left + wide, shape.x2)
                assert left >= 0
                assert right <= drawing.width + 1, shape


def test_the_bar_is_divided_where_the_weights_say(view: EvaluationView) -> None:
    figure = weights_figure(view)
    assert figure is not None
    assert "25 %" in figure.title
    assert "75 %" in figure.title
    direct, residents = [s for s in figure.drawings["wide"].shapes if s.kind == "rect"]
    assert direct.x2 == residents.x
    assert (direct.x2 - direct.x) / (residents.x2 - direct.x) == pytest.approx(0.25)


def test_no_bar_without_defined_weights(view: EvaluationView) -> None:
    unknown = {"direct": None, "public": None}
    groups = tuple(replace(group, effective_weights=unknown) for group in view.groups)
    assert weights_figure(replace(view, groups=groups)) is None
    assert weights_figure(replace(view, has_direct=False)) is None


def test_only_confirmed_themes_are_drawn_and_the_longest_bar_is_the_most_told(
    view: EvaluationView,
) -> None:
    bars = theme_bars(view)
    assert bars
    assert all("Old Zhang" not in bar.label for bar in bars)
    assert list(bars) == sorted(bars, key=lambda bar: (-bar.mentions, bar.label))
    assert bars[0].share == bars[0].mentions / sum(street.public.n for street in view.streets)


def test_a_street_of_the_combined_chart_has_its_rank_set_and_no_suppressed_one_is_drawn(
    view: EvaluationView,
) -> None:
    chart = combined_chart(view)
    assert chart is not None
    drawn = {row.label for group in chart.groups for row in group.rows}
    for street in view.streets:
        assert (street.street.name[0] in drawn) == (street.blended.suppressed_because is None)


def test_the_page_asks_for_every_picture(view: EvaluationView) -> None:
    found = pictures.evaluation_pictures(view)
    assert set(found["pictures"]) == {"combined", "weights", "themes", "coverage"}
    for picture in found["pictures"].values():
        assert picture is not None
        assert picture.alt
        assert not picture.is_drawn
