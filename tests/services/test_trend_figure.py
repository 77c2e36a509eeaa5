"""The picture of the trend: what its title counts, what its panels show, when there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask_babel import force_locale

from survey.charts.figure import Figure, Shape
from survey.charts.trend import MOST_STREETS, Moved, district_line, moved, say_moved, trend_figure
from survey.queries.evaluation import published_evaluation
from survey.queries.views import EvaluationView
from tests.published import FIRST, SECOND, published_copy


@pytest.fixture
def view(app: Flask) -> Iterator[EvaluationView]:
    """The second wave; its third street has too few answers to be shown."""
    published_copy(app)
    with app.app_context(), force_locale("en"):
        found = published_evaluation(SECOND)
        assert found is not None
        yield found


def dots(figure: Figure, size: str = "wide") -> list[Shape]:
    return [shape for shape in figure.drawings[size].shapes if shape.kind == "dot"]


def changed(view: EvaluationView, **values: float) -> EvaluationView:
    """The same with other changes since the last wave, each by ±1."""
    year = view.year
    assert year is not None
    streets = dict(year.streets)
    for code, value in values.items():
        change = streets[code].change
        assert change is not None
        is_clear = abs(value) > 1
        new = replace(change, value=value, low=value - 1, high=value + 1, clear=is_clear)
        streets[code] = replace(streets[code], change=new)
    return replace(view, year=replace(year, streets=streets))


def test_the_title_counts_what_changed_significantly(view: EvaluationView) -> None:
    assert moved(changed(view, s1=4.0, s2=-4.0)) == Moved(up=1, down=1, compared=2)
    assert moved(changed(view, s1=0.5, s2=-0.5)) == Moved(up=0, down=0, compared=2)
    figure = trend_figure(changed(view, s1=4.0, s2=0.5))
    assert figure is not None
    assert figure.title == ("Of 2 streets, 1 rose and 0 fell significantly since the last wave")
    assert say_moved(Moved(0, 0, 11)).startswith("None of the 11 streets")
    assert say_moved(Moved(0, 0, 0)) == "No street can be compared with the last wave"


def test_a_significant_change_is_shaded_and_signed_and_no_other(view: EvaluationView) -> None:
    figure = trend_figure(changed(view, s1=4.0, s2=0.5))
    assert figure is not None
    shapes = figure.drawings["wide"].shapes
    assert sum(shape.colour == "pick" for shape in shapes) == 1
    texts = [shape.text for shape in shapes]
    assert "▲ +4.0" in texts
    assert "not significant" in texts
    down = trend_figure(changed(view, s1=-4.0, s2=0.5))
    assert down is not None
    assert "▼ −4.0" in [shape.text for shape in down.drawings["narrow"].shapes]


def test_every_wave_that_may_be_shown_has_a_dot_and_the_present_one_is_the_largest(
    view: EvaluationView,
) -> None:
    figure = trend_figure(view)
    assert figure is not None
    assert view.year is not None
    shown = [
        one
        for street in view.year.streets.values()
        for one in street.trend.values()
        if one.suppressed_because is None
    ]
    for size in ("wide", "narrow"):
        drawn = dots(figure, size)
        assert len(drawn) == len(shown)
        now = {shape.x for shape in drawn if shape.size == max(one.size for one in drawn)}
        then = {shape.x for shape in drawn} - now
        assert now
        assert then
    hidden = view.streets[2]
    assert hidden.public.suppressed_because
    said = " ".join(shape.text for shape in figure.drawings["wide"].shapes)
    assert f"{hidden.public.value:.1f}" not in said
    assert hidden.street.name[1] in said


def test_one_scale_for_all_panels(view: EvaluationView) -> None:
    figure = trend_figure(view)
    assert figure is not None
    assert view.year is not None
    # Both streets stand in one row: equal scores would be at equal heights.
    points = {
        street.street.code: view.year.streets[street.street.code].trend[SECOND].value
        for street in view.streets[:2]
    }
    first, second = sorted(
        (shape for shape in dots(figure) if shape.size == 11), key=lambda shape: shape.x
    )
    assert points["s1"] is not None
    assert points["s2"] is not None
    assert (first.y < second.y) == (points["s1"] > points["s2"])


def test_the_district_is_its_published_score_or_is_left_out(view: EvaluationView) -> None:
    # A street that is not shown could be worked out from the district.
    assert district_line(view, (FIRST, SECOND)) == (None, None)
    whole = replace(view, streets=view.streets[:2])
    assert view.year is not None
    scores = [view.year.streets[one.street.code].trend[SECOND].value for one in whole.streets]
    total = sum(one.street.population for one in whole.streets)
    wanted = sum(
        one.street.population * (score or 0.0) / total
        for one, score in zip(whole.streets, scores, strict=True)
    )
    assert district_line(whole, (SECOND,)) == (pytest.approx(wanted),)


def test_no_picture_without_a_wave_before_or_of_too_many_streets(view: EvaluationView) -> None:
    assert trend_figure(replace(view, year=None)) is None
    many = replace(view, streets=view.streets[:1] * (MOST_STREETS + 1))
    assert trend_figure(many) is None
    first = published_evaluation(FIRST)
    assert first is not None
    assert trend_figure(first) is None


def test_three_panels_more_make_the_phone_longer_and_not_wider(view: EvaluationView) -> None:
    figure = trend_figure(view)
    assert figure is not None
    assert figure.drawings["narrow"].width == 360
    assert figure.drawings["narrow"].height > figure.drawings["wide"].height
