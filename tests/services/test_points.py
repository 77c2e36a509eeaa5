"""Collection points: created one by one or from a file, each with a code of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from survey.errors import Refused
from survey.models import CollectionPoint
from survey.services import points
from survey.services.place import load_place
from survey.services.tables_in import RowsRejected
from tests import factories

EXAMPLES = Path(__file__).parent.parent.parent / "docs/examples"


def test_the_example_file_makes_points_with_typeable_codes(session):
    load_place(EXAMPLES / "place")
    made = points.load_points(EXAMPLES / "points.csv")
    assert [(p.street, p.channel) for p in made] == [
        ("ex1", "poster"),
        ("ex1", "window"),
        ("ex2", "poster"),
    ]
    codes = {p.code for p in made}
    assert len(codes) == 3
    assert all(len(code) == 6 and not set(code) & set("ILOU") for code in codes)
    assert set(session.scalars(select(CollectionPoint.short_code))) == codes


def test_a_code_that_is_taken_is_never_given_again(session, monkeypatch):
    street_id = factories.street(district_id=factories.district())
    taken = factories.point(street_id=street_id)
    drawn = iter([taken, taken, "AAAAAA", "AAAAAA", "BBBBBB"])
    monkeypatch.setattr(points, "draw_code", lambda: next(drawn))
    new = points.NewPoint("s1", "poster", "门口", "Door")
    made = points.create_points([new, new])
    assert {p.code for p in made} == {"AAAAAA", "BBBBBB"}


def test_wrong_rows_are_named_and_no_point_is_made(session, write_file):
    factories.street(district_id=factories.district())
    file = write_file(
        "points.csv",
        "street,channel,label_zh,label_en\n"
        "s1,poster,门口,Door\ns9,poster,门口,Door\ns1,banner,门口,Door\ns1,poster,,Door\n",
    )
    with pytest.raises(RowsRejected) as refused:
        points.load_points(file)
    assert [(r.row, r.column) for r in refused.value.rows] == [
        (3, "street"),
        (4, "channel"),
        (5, "label_zh"),
    ]
    assert session.scalar(select(func.count()).select_from(CollectionPoint)) == 0


def test_one_wrong_point_is_refused(session):
    with pytest.raises(Refused, match="s9"):
        points.create_points([points.NewPoint("s9", "poster", "门口", "Door")])


def test_the_command_prints_the_code(runner, app):
    with app.app_context():
        factories.street(district_id=factories.district())
    options = ["--street", "s1", "--channel", "poster", "--label-zh", "门口", "--label-en", "Door"]
    result = runner.invoke(args=["points", "create", *options])
    assert result.exit_code == 0, result.output
    code, street, channel, label = result.output.strip().split("\t")
    assert (len(code), street, channel, label) == (6, "s1", "poster", "门口")
    result = runner.invoke(args=["points", "create", "--street", "s1"])
    assert result.exit_code == 2
