"""direct load: the district's own scores, one per street and assessor, all or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from survey.errors import Refused
from survey.models import DirectScore
from survey.services.direct import load_direct
from survey.services.place import load_place
from survey.services.tables_in import RowsRejected
from tests import factories
from tests.factories import NOW

EXAMPLES = Path(__file__).parent.parent.parent / "docs/examples"
TEXT = "street,assessor,score\ns1,A,91.5\ns1,B,90\ns2,A,88\n"


def stored(session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(DirectScore))


def test_the_example_is_stored(session):
    load_place(EXAMPLES / "place")
    factories.wave(district_id=1)
    done = load_direct(EXAMPLES / "direct.csv", wave="2026q4", now=NOW)
    assert (done.scores, done.streets, done.assessors) == (6, 2, 3)
    assert session.scalar(select(func.avg(DirectScore.score))) == pytest.approx(553 / 6)


@pytest.mark.parametrize(
    ("old", "new", "row", "column", "words"),
    [
        ("91.5", "", 2, "score", "empty"),
        ("91.5", "=B2+1", 2, "score", "formula"),
        ("91.5", "100.1", 2, "score", "outside"),
        ("91.5", "-1", 2, "score", "outside"),
        ("91.5", "nan", 2, "score", "not a number"),
        ("91.5", "优秀", 2, "score", "not a number"),
        ("s1,B", "s1,A", 3, "assessor", "earlier row"),
        ("s1,B", "s1,", 3, "assessor", "characters"),
        ("s2,A", "s9,A", 4, "street", "s9"),
        ("s2,A,88", "s2,A", 4, "score", "2 cells"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_stored(
    session, write_file, old, new, row, column, words
):
    factories.place()
    assert old in TEXT
    with pytest.raises(RowsRejected) as refused:
        load_direct(write_file("d.csv", TEXT.replace(old, new, 1)), wave="2026q4", now=NOW)
    (first,) = refused.value.rows
    assert (first.row, first.column) == (row, column)
    assert words in str(first.reason)
    assert stored(session) == 0


def test_a_score_that_is_stored_is_not_stored_twice(session, write_file):
    factories.place()
    load_direct(write_file("d.csv", TEXT), wave="2026q4", now=NOW)
    with pytest.raises(RowsRejected) as refused:
        load_direct(write_file("e.csv", "street,assessor,score\ns1,A,50\n"), wave="2026q4", now=NOW)
    assert refused.value.rows[0].row == 2
    assert stored(session) == 3


def test_unknown_and_published_waves_are_refused(session, write_file):
    factories.place(wave_status="published")
    path = write_file("d.csv", TEXT)
    with pytest.raises(Refused, match="published"):
        load_direct(path, wave="2026q4", now=NOW)
    with pytest.raises(Refused, match="w9"):
        load_direct(path, wave="w9", now=NOW)


def test_the_command_ends_with_one_line_and_status_1(runner, app, write_file):
    with app.app_context():
        factories.place()
    bad = write_file("d.csv", TEXT.replace("88", "188"))
    result = runner.invoke(args=["direct", "load", str(bad), "--wave", "2026q4"])
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("Error: d.csv: 1 problems")
    good = write_file("d.csv", TEXT)
    result = runner.invoke(args=["direct", "load", str(good), "--wave", "2026q4"])
    assert result.exit_code == 0
    assert "3 scores of 2 streets by 2 assessors" in result.output
