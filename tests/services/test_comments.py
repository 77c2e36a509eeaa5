"""comments load: messages from elsewhere, redacted, one person counted once, all or none."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from survey.errors import Refused
from survey.models import Comment, Mention
from survey.queries.themes import wave_themes
from survey.services import themes
from survey.services.comments import CommentsMap, load_comments
from survey.services.tables_in import RowsRejected
from tests import factories
from tests.parts import reference_folder

FULL = CommentsMap(
    id_column="id",
    text_column="body",
    date_column="time",
    title_column="title",
    person_column="who",
    street_column="street",
)
TEXT = (
    "id,who,title,time,body,street\n"
    "1,u1,停车难,2026-09-01 08:00:00,东门停车太乱，电话13812345678,s1\n"
    "2,u1,,2026/9/3 7:30,还是没人管,\n"
    "3,u2,Lift,2026年9月4日,The lift is broken again,s2\n"
)


def load(path, **changes):
    values = {"source": "hotline", "mapping": FULL, "wave": "2026q4"} | changes
    return load_comments(path, **values)


def stored(session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Comment))


def test_comments_are_redacted_and_persons_hashed(session, write_file):
    place = factories.place()
    done = load(write_file("c.csv", TEXT))
    assert (done.stored, done.persons, done.redacted) == (3, 2, 1)
    first, second, third = session.scalars(select(Comment).order_by(Comment.id)).all()
    assert "13812345678" not in first.body
    assert "东门停车太乱" in first.body
    assert first.person_hash == second.person_hash != third.person_hash
    assert "u1" not in first.person_hash
    assert (first.street_id, second.street_id) == (place.street_ids[0], None)
    assert [c.language for c in (first, second, third)] == ["zh", "zh", "en"]
    assert [c.said_on.isoformat() for c in (first, second, third)] == [
        "2026-09-01",
        "2026-09-03",
        "2026-09-04",
    ]
    assert first.wave_id == place.wave_id


def test_the_hash_of_a_person_differs_between_sources(session, write_file):
    factories.place()
    load(write_file("c.csv", TEXT))
    load(write_file("c.csv", TEXT), source="letters")
    hashes = set(session.scalars(select(Comment.person_hash)))
    assert len(hashes) == 4


def test_a_street_can_be_given_for_all(session, write_file):
    place = factories.place()
    mapping = CommentsMap(text_column="body", date_column="time")
    load(write_file("c.csv", TEXT), mapping=mapping, wave=None, street="s2")
    comments = session.scalars(select(Comment)).all()
    assert {c.street_id for c in comments} == {place.street_ids[1]}
    assert {(c.person_hash, c.wave_id, c.title) for c in comments} == {(None, None, "")}


@pytest.mark.parametrize(
    ("old", "new", "row", "column"),
    [
        ("2,u1", "1,u1", 3, "id"),
        ("2,u1", ",u1", 3, "id"),
        ("2026/9/3 7:30", "yesterday", 3, "time"),
        ("2026/9/3 7:30", "2026/13/3", 3, "time"),
        ("还是没人管", "", 3, "body"),
        (",s2", ",s9", 4, "street"),
        ("Lift,", "L" * 301 + ",", 4, "title"),
        (",s2", "", 4, "street"),
    ],
)
def test_one_wrong_row_rejects_the_file_and_is_named(session, write_file, old, new, row, column):
    factories.place()
    assert old in TEXT
    with pytest.raises(RowsRejected) as refused:
        load(write_file("c.csv", TEXT.replace(old, new, 1)))
    assert [(r.row, r.column) for r in refused.value.rows] == [(row, column)]
    assert stored(session) == 0


def test_a_row_loaded_before_is_named(session, write_file):
    factories.place()
    load(write_file("c.csv", TEXT))
    with pytest.raises(RowsRejected) as refused:
        load(write_file("d.csv", TEXT.replace("\n1,", "\n9,")))
    assert [(r.row, r.column) for r in refused.value.rows] == [(3, "id"), (4, "id")]
    assert stored(session) == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"wave": "w9"}, "w9"),
        ({"street": "s9"}, "s9"),
        ({"source": ""}, "source"),
        ({"mapping": CommentsMap(text_column="words", date_column="time")}, "words"),
    ],
)
def test_a_load_that_makes_no_sense_is_refused(session, write_file, changes, words):
    factories.place()
    with pytest.raises(Refused, match=words):
        load(write_file("c.csv", TEXT), **changes)


def test_nothing_is_added_to_a_published_wave(session, write_file):
    factories.place(wave_status="published")
    with pytest.raises(Refused, match="published"):
        load(write_file("c.csv", TEXT))


def test_the_command_reads_gb18030_and_names_the_encoding_when_it_is_neither(
    runner, app, write_file
):
    with app.app_context():
        factories.place()
    columns = ["--text-column", "body", "--date-column", "time", "--source", "hotline"]
    good = write_file("c.csv", TEXT, encoding="gb18030")
    result = runner.invoke(args=["comments", "load", str(good), *columns])
    assert result.exit_code == 0, result.output
    assert "3 comments stored" in result.output
    bad = write_file("bad.csv", TEXT.encode()[:35] + b"\xff\xff")
    result = runner.invoke(args=["comments", "load", str(bad), *columns])
    assert result.exit_code == 1
    assert "UTF-8 (byte 36)" in result.stderr


@pytest.mark.reference
def test_real_messages_are_stored_with_their_persons(session):
    path = reference_folder("themes", "f3_messages.csv")
    factories.place()
    mapping = CommentsMap(
        id_column="message_id",
        text_column="body",
        date_column="time",
        title_column="title",
        person_column="user",
    )
    done = load(path, source="board", mapping=mapping, wave="2026q4")
    assert done.stored == 2615
    assert done.persons == len(set(session.scalars(select(Comment.person_hash))))
    assert 1500 < done.persons < 2615
    # And the thread goes on: what many of them write about is found, persons counted once.
    run = themes.run_themes("2026q4", now=factories.NOW)
    assert run.comments == 2615
    first = wave_themes("2026q4")[0]
    assert first.mentions >= 40
    assert "车位" in first.keywords
    assert session.scalar(select(func.count()).select_from(Mention)) > 1000
