"""Every way in takes out what identifies a person: no table, log or error page holds it after."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from survey.clock import utc_now
from survey.models import Comment, PaperForm, Response, Wave, db
from survey.models.base import Base
from survey.services.answers import load_answers
from survey.services.answers_map import AnswersMap
from survey.services.comments import CommentsMap, load_comments
from survey.services.paper_closing import close_batch
from survey.services.paper_entry import finish_typing, open_batch, store_form
from tests import factories
from tests.factories import NOW, levels

#: Invented: a number nobody was given, an identity number of no county, a name, a flat.
SECRETS = ("15412345678", "11990119490101001X", "廖望舒", "3栋2单元501室", "湘Z12345")
WORDS = (
    "我叫廖望舒，住3栋2单元501室，电话154\u200b1234 5678，身份证11990119490101001X，"
    "湘Z12345堵门，路灯坏了"
)
KEPT = "路灯坏了"


def held() -> str:
    """All that the database holds, of every table, as one text."""
    db.session.rollback()
    rows = [
        str(tuple(row))
        for table in Base.metadata.sorted_tables
        for row in db.session.execute(select(table))
    ]
    return "\n".join(rows)


def assert_redacted(*, times: int = 1) -> None:
    everything = held()
    for secret in (*SECRETS, "154\u200b1234 5678", "154\\u200b1234 5678"):
        assert secret not in everything
    assert everything.count(KEPT) >= times


@pytest.fixture
def place(app: Flask) -> Iterator[factories.Place]:
    """A district with a wave that is open today; the context stays."""
    with app.app_context():
        made = factories.place()
        now = utc_now()
        row = db.session.get_one(Wave, made.wave_id)
        row.opens_at, row.closes_at = now.replace(year=now.year - 1), now.replace(year=now.year + 1)
        db.session.commit()
        yield made


def posted(**more: Any) -> dict[str, Any]:
    return (
        levels(1, 1, 1, 1, 1) | {"submission_key": secrets.token_urlsafe(16), "lang": "zh"} | more
    )


@pytest.mark.parametrize("field", ["comment", "urban_more", "safety_more"])
def test_resident_page(client: FlaskClient, place: factories.Place, field: str) -> None:
    answer = client.post(f"/s/{place.points[0]}", data=posted(**{field: WORDS}))
    assert answer.status_code == 303
    assert_redacted()


def test_resident_page_with_words_shared_for_a_call_back(
    client: FlaskClient, place: factories.Place
) -> None:
    given = posted(comment=WORDS, call_back="1", phone="138 0013 8000", share="1")
    assert client.post(f"/s/{place.points[0]}", data=given).status_code == 303
    # The number to call is kept on purpose, apart from the answer; the words lose theirs.
    assert "+8613800138000" in held()
    assert_redacted(times=2)


def test_kiosk(client: FlaskClient, place: factories.Place) -> None:
    code = factories.point(street_id=place.street_ids[0], channel="assisted", code="KASK77")
    assert client.post(f"/kiosk/{code}/ask", data=posted(comment=WORDS)).status_code == 303
    assert_redacted()


def test_paper_entry_at_typing_and_after_closing(place: factories.Place) -> None:
    batch = open_batch("2026q4", "s1", label="一号箱", actor="ann", now=utc_now())
    typed = {"party": "1", "urban": "1", "welfare": "1", "community": "1", "safety": "1"}
    for number in (1, 2, 3):
        store_form(batch, 1, number, typed | {"comment": WORDS}, actor="ann", now=utc_now())
    assert_redacted(times=3)
    finish_typing(batch, actor="ann", now=utc_now())
    for number in db.session.scalars(
        select(PaperForm.number).where(PaperForm.batch_id == batch, PaperForm.is_sampled)
    ).all():
        store_form(batch, 2, number, typed | {"comment": WORDS}, actor="ben", now=utc_now())
    close_batch(batch, actor="ann", now=utc_now())
    assert len(db.session.scalars(select(Comment)).all()) == 3
    assert_redacted(times=3)


def test_answers_loaded_from_a_table(
    place: factories.Place, write_file: Callable[..., Path]
) -> None:
    table = (
        "id,street,party,urban,welfare,community,safety,age_band,sex,comment\n"
        f'1,s1,5,4,3,2,1,60+,F,"{WORDS}"\n'
    )
    load_answers(
        write_file("a.csv", table), wave="2026q4", now=NOW, mapping=AnswersMap(), channel="cati"
    )
    assert_redacted()


def test_comments_loaded_with_title_person_and_columns_nobody_asked_for(
    place: factories.Place, write_file: Callable[..., Path]
) -> None:
    table = (
        "id,who,title,time,body,street,phone,address\n"
        f'1,廖望舒15412345678,"{WORDS}",2026-09-01,"{WORDS}",s1,15412345678,3栋2单元501室\n'
    )
    mapping = CommentsMap(
        id_column="id",
        text_column="body",
        date_column="time",
        title_column="title",
        person_column="who",
        street_column="street",
    )
    done = load_comments(
        write_file("c.csv", table), source="hotline", mapping=mapping, wave="2026q4"
    )
    assert done.redacted == 1
    assert_redacted(times=2)


def test_a_rejected_table_says_where_and_not_what(
    place: factories.Place, write_file: Callable[..., Path], runner: Any
) -> None:
    table = f'id,street,time,body\n1,s1,sometime,"{WORDS}"\n'
    path = write_file("c.csv", table)
    done = runner.invoke(
        args=[
            "comments",
            "load",
            str(path),
            "--source",
            "x",
            "--id-column",
            "id",
            "--text-column",
            "body",
            "--date-column",
            "time",
            "--wave",
            "2026q4",
        ]
    )
    assert done.exit_code != 0
    assert not any(secret in done.output for secret in SECRETS)
    assert KEPT not in held()


def test_an_error_page_and_the_log_tell_nothing_of_the_words(
    app: Flask, client: FlaskClient, place: factories.Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: Connection, *_more: object) -> None:
        # A statement that cannot be sent, with the words among what it carries.
        row = {"body": WORDS, "title": "", "language": "zh", "said_on": "no date"}
        connection.execute(insert(Comment), [row])

    monkeypatch.setattr("survey.services.collect.insert_responses", fail)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with structlog.testing.capture_logs(processors=[structlog.processors.format_exc_info]) as lines:
        answer = client.post(f"/s/{place.points[0]}", data=posted(comment=WORDS))
    assert answer.status_code == 500
    assert lines
    assert "StatementError" in str(lines)
    for secret in (*SECRETS, KEPT):
        assert secret not in answer.get_data(as_text=True)
        assert secret not in str(lines)


def test_a_failing_statement_does_not_quote_what_it_carried(place: factories.Place) -> None:
    with pytest.raises(IntegrityError) as caught:
        db.session.execute(insert(Response), [{"submission_key": WORDS}])
    assert KEPT not in str(caught.value)
    db.session.rollback()
