"""Who answered against who lives there: counted, hidden, estimated, frozen, worded and drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select

from analysis.cells import cube_from_respondents
from analysis.policy import Policy
from analysis.types import StreetCube
from survey.charts.pyramid import most_missing, pyramid_figure, say_group
from survey.database import transaction
from survey.models import Evaluation
from survey.queries.draft import draft_evaluation
from survey.queries.evaluation import published_evaluation
from survey.queries.pyramid import CrossedCoverage, coverage_json, crossed_coverage, read_coverage
from survey.queries.views import EvaluationView
from tests.published import SECOND, publish_district, published_copy

AGES = ("18-29", "30-44", "45-59", "60+")
RESIDENTS = {"18-29": 3000.0, "30-44": 3000.0, "45-59": 2000.0, "60+": 2000.0}
SEXES = {"F": 5500.0, "M": 4500.0}


def cube(
    counts: dict[tuple[str, str], int], *, ages: dict[str, float] | None = None, invalid: int = 0
) -> StreetCube:
    """A street with so many valid answers by age and sex, and some that are not valid."""
    strata = [
        {"age_band": age, "sex": sex} for (age, sex), count in counts.items() for _ in range(count)
    ]
    strata += [{"age_band": "60+", "sex": "F"}] * invalid
    total = len(strata)
    return cube_from_respondents(
        "s1",
        strata=strata,
        channels=["slip"] * total,
        answers=[{"urban": "3"}] * total,
        points=["p"] * total,
        scores=[{"urban": 5000}] * total,
        valid=[i < total - invalid for i in range(total)],
        margins={"age_band": RESIDENTS if ages is None else ages, "sex": SEXES},
        population=10000.0,
    )


def even(count: int = 20, **more: int) -> dict[tuple[str, str], int]:
    """The same count in every cell, but for the young men of `more`."""
    counts = {(age, sex): count for age in AGES for sex in "FM"}
    return counts | {("18-29", "M"): more.get("young_men", count)}


def crossed(*cubes: StreetCube) -> CrossedCoverage:
    found = crossed_coverage(cubes, Policy())
    assert found is not None
    return found


def test_answers_are_counted_and_residents_keep_both_margins() -> None:
    found = crossed(cube(even(20), invalid=7), cube(even(10)))
    assert (found.answers, found.untold) == (240, 0)
    assert found.cell("18-29", "F").answers == 30
    assert found.residents == pytest.approx(20000)
    # Exact, as counted: the estimate of the cells leaves rows and sides as they are.
    assert found.resident_share(row="18-29") == pytest.approx(0.3)
    assert found.resident_share(side="M") == pytest.approx(0.45)
    assert found.cell("60+", "M").residents == pytest.approx(2 * 2000 * 0.45)
    assert found.answer_share(row="60+") == pytest.approx(0.25)


def test_who_does_not_tell_both_is_counted_apart() -> None:
    found = crossed(cube(even(20) | {("unknown", "F"): 5, ("60+", "unknown"): 4}))
    assert (found.answers, found.untold) == (160, 9)


def test_a_small_cell_is_hidden_with_one_that_would_give_it_away() -> None:
    found = crossed(cube(even(20, young_men=4)))
    hidden = [(cell.row, cell.side) for cell in found.cells if cell.answers is None]
    assert ("18-29", "M") in hidden
    assert len(hidden) >= 2
    assert found.answer_share(row="18-29") is None
    # Nobody is no small group of somebody.
    assert crossed(cube(even(20, young_men=0))).cell("18-29", "M").answers == 0


def test_none_without_residents_without_answers_or_without_the_variables() -> None:
    policy = Policy()
    assert crossed_coverage([cube(even(20), ages={})], policy) is None
    assert crossed_coverage([cube(even(20)), cube(even(20), ages={})], policy) is None
    assert crossed_coverage([cube({("unknown", "F"): 30})], policy) is None
    assert crossed_coverage([cube(even(1))], policy) is None
    only_sex = {"sex": {"ordered": False, "categories": ["F", "M"]}}
    other = Policy.from_dict({"margin_variables": only_sex})
    assert crossed_coverage([cube(even(20))], other) is None


def test_the_widest_gap_is_of_a_whole_age_group_or_sex() -> None:
    # 18-29: 20 of 140 answers against 30 % of the residents; women 50 % against 55 %.
    old = {key: 10 if key[0] == "18-29" else 20 for key in even()}
    assert most_missing(crossed(cube(old))) == (
        "18-29",
        "age_band",
        pytest.approx(1 / 7),
        pytest.approx(0.3),
    )
    women = {key: 60 if key[1] == "F" else 15 for key in even()}
    missing = most_missing(crossed(cube(women)))
    assert missing is not None
    assert missing[:2] == ("M", "sex")
    alike = {(age, sex): round(RESIDENTS[age] * SEXES[sex] / 1e5) for age in AGES for sex in SEXES}
    assert most_missing(crossed(cube(alike))) is None


def test_what_is_frozen_reads_back() -> None:
    found = crossed(cube(even(20, young_men=4)))
    assert read_coverage(coverage_json(found)) == found
    assert read_coverage(None) is None


def test_an_evaluation_freezes_it_and_an_earlier_one_reads_without(each_app: Flask) -> None:
    with each_app.app_context():
        publish_district()
        frozen = published_evaluation(SECOND)
        assert frozen is not None
        assert frozen.coverage is not None
        assert frozen.coverage == draft_evaluation(SECOND).coverage
        assert frozen.coverage.answers == sum(street.public.n for street in frozen.streets)
        with transaction() as session:
            for stored in session.scalars(select(Evaluation)):
                kept = dict(stored.summary)
                del kept["coverage"]
                stored.summary = kept
        earlier = published_evaluation(SECOND)
        assert earlier is not None
        assert earlier.coverage is None
        assert pyramid_figure(earlier) is None


@pytest.fixture
def view(app: Flask) -> Iterator[EvaluationView]:
    published_copy(app)
    with app.app_context(), force_locale("en"):
        found = published_evaluation(SECOND)
        assert found is not None
        yield replace(found, coverage=crossed(cube(even(20, young_men=12))))


def test_bars_and_outlines_are_as_long_as_their_shares(view: EvaluationView) -> None:
    figure = pyramid_figure(view)
    assert figure is not None
    assert view.coverage is not None
    for size in ("wide", "narrow"):
        shapes = figure.drawings[size].shapes
        # The first of each is in the legend.
        bars = [shape for shape in shapes if shape.kind == "rect"][1:]
        outlines = [shape for shape in shapes if shape.kind == "outline"][1:]
        assert len(bars) == len(outlines) == 8
        cells = [(age, sex) for age in reversed(AGES) for sex in "MF"]
        for (age, sex), bar, outline in zip(cells, bars, outlines, strict=True):
            share = view.coverage.answer_share(row=age, side=sex)
            lives = view.coverage.resident_share(row=age, side=sex)
            assert share is not None
            ratio = (bar.x2 - bar.x) / (outline.x2 - outline.x)
            assert ratio == pytest.approx(share / lives)
            # Both begin at the same line: men end there, women begin.
            assert (bar.x2 == outline.x2) if sex == "M" else (bar.x == outline.x)


def test_the_title_names_who_is_missing_and_the_foot_what_is_estimated(
    view: EvaluationView,
) -> None:
    figure = pyramid_figure(view)
    assert figure is not None
    assert figure.title == (
        "Missing most: 18–29 years, 21 % of the answers but 30 % of the residents"
    )
    said = " ".join(shape.text for shape in figure.drawings["wide"].shapes)
    assert "as if the two were independent" in said
    assert say_group("60+", "age_band") == "60 years and over"


def test_a_hidden_cell_has_no_bar(view: EvaluationView) -> None:
    hidden = crossed(cube(even(20, young_men=4)))
    figure = pyramid_figure(replace(view, coverage=hidden))
    assert figure is not None
    shapes = figure.drawings["wide"].shapes
    shown = sum(cell.answers is not None for cell in hidden.cells)
    assert len([shape for shape in shapes if shape.kind == "rect"]) == 1 + shown
    assert any("<10 / " in shape.text for shape in shapes)
