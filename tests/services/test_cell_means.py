"""A street sees no mean over few people, and none that gives such a mean away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from survey.database import transaction
from survey.models import Wave
from survey.queries.causes import StreetCause, _small_means, causes_of, street_cause
from survey.services.evaluate import freeze
from survey.services.rollup import fold_all
from tests import factories
from tests.factories import NOW, levels

CODE = "2026q4"


def made(*, judged: int) -> None:
    """A wave of 60 answers from slips and 60 from posters; in the first street only ``judged`` of
    those from slips say anything about party building."""
    place = factories.place(streets=("s1", "s2"))
    for first, street_id in zip((True, False), place.street_ids, strict=True):
        slips = factories.point(street_id=street_id, channel="slip")
        posters = factories.point(street_id=street_id, channel="poster")
        for turn in range(60):
            answers = levels(2 + turn % 3, 2, 3, 4, 4)
            if first and turn >= judged:
                answers = levels("dk", 2, 3, 4, 4)
            factories.response(wave_id=place.wave_id, point_code=slips, answers=answers)
            answers = levels(3 + turn % 3, 4, 5, 4, 4)
            factories.response(wave_id=place.wave_id, point_code=posters, answers=answers)
        factories.direct_score(wave_id=place.wave_id, street_id=street_id, score=80)
    fold_all(now=NOW)
    with transaction() as session:
        session.execute(update(Wave).values(status="closed", code=CODE))
    freeze(CODE, actor="eva", now=NOW + timedelta(hours=1))


def cause(*, reads_all: bool) -> StreetCause:
    return street_cause(causes_of(CODE, draft=False), "s1", reads_all=reads_all)


@pytest.mark.parametrize("judged", [1, 9, 12])
def test_a_mean_over_few_people_is_the_offices_alone(app: Flask, judged: int) -> None:
    with app.app_context():
        made(judged=judged)
        seen, own = cause(reads_all=True), cause(reads_all=False)
    assert {c.stream: c.judged["party"] for c in seen.cells} == {"A": judged, "B": 60}
    assert all(cell.means["party"] is not None for cell in seen.cells)
    assert not seen.hides_means
    by_stream = {cell.stream: cell for cell in own.cells}
    # Of 12 the mean has enough people, but the index of their stream may not be shown.
    assert by_stream["A"].means["party"] is None
    assert "party" not in by_stream["A"].judged
    assert by_stream["A"].means["urban"] is not None
    assert by_stream["B"].means["party"] is not None
    assert own.hides_means


def test_a_small_mean_takes_the_next_with_it(app: Flask) -> None:
    with app.app_context():
        made(judged=60)
        causes = causes_of(CODE, draft=False)
        (line,) = (c for c in cause(reads_all=True).cells if c.stream == "A")
        result = causes.found.result.streets["s1"]
    cells = [replace(line, judged=line.judged | {"party": n}) for n in (4, 40, 15)]
    found = _small_means(cells, frozenset(), result, least=10)
    assert found == {0: frozenset({"party"}), 2: frozenset({"party"})}
    # A cell that is hidden as a whole does not stand alone in its line either.
    cells[0] = line
    hidden = _small_means(cells, frozenset({1}), result, least=10)
    assert "party" in hidden[2]
