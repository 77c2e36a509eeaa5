"""Follow-ups: tags and words under a low level, kept as the answers they are."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from survey.instrument import MOST_FORMS, Instrument, check_document
from survey.models import (
    Answer,
    AnswerOption,
    Comment,
    Indicator,
    Question,
    Response,
    ResponseTag,
    db,
)
from survey.queries.worker import waves_with_new_comments
from survey.services import collect, questionnaire
from survey.services.answers import load_answers
from survey.services.answers_map import AnswersMap
from survey.services.rollup import audit, fold_all
from survey.services.tables_in import RowsRejected
from survey.services.themes import run_themes
from tests import factories
from tests.factories import NOW, levels

FIRST_VERSION = Path(__file__).parents[2] / "survey/questionnaires/street-satisfaction-1.json"


def form(**fields: str | list[str]) -> dict[str, list[str]]:
    """A posted form with a fresh key."""
    given = {"submission_key": secrets.token_urlsafe(16), **levels(5, 2, 3, 1, "dk"), **fields}
    return {name: value if isinstance(value, list) else [value] for name, value in given.items()}


def send(code: str, posted: dict[str, list[str]]) -> None:
    collect.submit(code, posted, now=NOW, language="zh")


def tags() -> list[tuple[str, str]]:
    rows = db.session.execute(
        select(Question.code, AnswerOption.code)
        .join(AnswerOption, AnswerOption.question_id == Question.id)
        .join(ResponseTag, ResponseTag.option_id == AnswerOption.id)
        .order_by(Question.code, AnswerOption.code)
    )
    return [(question, option) for question, option in rows]


def test_ticked_tags_are_rows_of_their_own(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        send(place.points[0], form(urban_tags=["4", "1", "1"], community_tags="2"))
        assert tags() == [("community_tags", "2"), ("urban_tags", "1"), ("urban_tags", "4")]
        # The levels are answers as before, and the cubes do not know the tags.
        assert db.session.scalar(select(func.count()).select_from(Answer)) == 5
        fold_all(now=NOW)
        assert audit().differences == []


@pytest.mark.parametrize("wrong", [["9"], ["1", "parking"], ["1 9"], ["1\x00"]])
def test_a_tag_that_does_not_exist_is_named_and_nothing_is_stored(
    app: Flask, wrong: list[str]
) -> None:
    with app.app_context():
        place = factories.place()
        with pytest.raises(collect.Incomplete) as caught:
            send(place.points[0], form(urban_tags=wrong))
        assert set(caught.value.fields) == {"urban_tags"}
        assert db.session.scalar(select(func.count()).select_from(Response)) == 0


def test_words_under_one_question_are_a_comment_about_its_indicator(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        send(place.points[0], form(urban_more="楼下总停满车"))
        comment = db.session.scalars(select(Comment)).one()
        assert comment.body == "楼下总停满车"
        assert comment.indicator_id is not None
        assert db.session.get_one(Indicator, comment.indicator_id).code == "urban"
        # It waits for a run like any other, which leaves the resident's word and remembers it.
        said = comment.indicator_id
        assert comment.indicator_probability is None
        assert waves_with_new_comments() == ("2026q4",)
        run_themes("2026q4", now=NOW)
        comment = db.session.scalars(select(Comment)).one()
        assert (comment.indicator_id, comment.indicator_probability) == (said, 1.0)
        assert waves_with_new_comments() == ()
        run_themes("2026q4", now=NOW, review=True)
        assert db.session.scalars(select(Comment.indicator_id)).one() == said


def test_words_about_several_things_are_one_comment_for_the_model_to_sort(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        send(place.points[0], form(urban_more="楼下停满车", community_more="没地方活动"))
        send(place.points[0], form(urban_more="楼下停满车", comment="希望多开会"))
        comments = db.session.scalars(select(Comment).order_by(Comment.id)).all()
        assert [comment.body for comment in comments] == [
            "楼下停满车\n没地方活动",
            "楼下停满车\n希望多开会",
        ]
        assert {comment.indicator_probability for comment in comments} == {None}


def test_whether_somebody_was_coached_is_an_answer_without_a_score(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        send(place.points[0], form(coached="yes"))
        option = db.session.scalars(
            select(AnswerOption)
            .join(Answer, Answer.option_id == AnswerOption.id)
            .join(Question, AnswerOption.question_id == Question.id)
            .where(Question.code == "coached")
        ).one()
        assert (option.code, option.score) == ("yes", None)


def test_the_first_version_is_answered_as_before(app: Flask) -> None:
    with app.app_context():
        first = json.loads(FIRST_VERSION.read_text(encoding="utf-8"))
        district_id = factories.district()
        factories.wave(
            district_id=district_id, questionnaire_id=factories.questionnaire(content=first)
        )
        code = factories.point(street_id=factories.street(district_id=district_id))
        # The next version is stored beside it and changes nothing for this wave.
        assert questionnaire.sync(factories.document()).version == 2
        send(code, form(comment="好"))
        assert db.session.scalar(select(func.count()).select_from(Response)) == 1
        with pytest.raises(collect.Refused):
            send(code, form(urban_tags=["1"]))


def changed(name: str, **changes: Any) -> dict[str, Any]:
    document = factories.document()
    for question in document["questions"]:
        if question["code"] == name:
            question.update(changes)
    return document


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (changed("urban_tags", follows={"question": "nothing", "options": ["1"]}), "urban_tags"),
        (changed("urban_tags", follows={"question": "urban", "options": ["7"]}), "urban_tags"),
        (changed("urban_tags", follows={"question": "urban", "options": []}), "urban_tags"),
        (changed("urban_tags", follows={"question": "sex", "options": ["F"]}), "urban_tags"),
        (changed("urban_more", required=True), "urban_more"),
        (changed("urban_tags", options=[]), "urban_tags"),
        (changed("comment", code="phone"), "phone"),
        (factories.document(call_back={"title": {"zh": "回电"}}), "call_back"),
    ],
)
def test_a_document_with_a_wrong_follow_up_is_refused(document: dict[str, Any], field: str) -> None:
    assert field in {problem.field for problem in check_document(document)}


def test_a_form_has_the_fields_that_are_required_or_given() -> None:
    instrument = Instrument(factories.document())
    required = {"party", "urban", "welfare", "community", "safety"}
    made = instrument.form_for(["comment", "party"])
    assert set(made()._fields) == required | {"comment"}
    assert instrument.form_for(["party", "comment"]) is made


def test_forms_of_all_kinds_do_not_pile_up() -> None:
    instrument = Instrument(factories.document())
    optional = [code for code in instrument.questions if code not in {"party", "urban"}]
    for number in range(MOST_FORMS + 50):
        instrument.form_for([c for i, c in enumerate(optional) if number >> i & 1])
    assert len(instrument._forms) <= MOST_FORMS


@pytest.mark.parametrize(
    ("cell", "ticked"),
    [
        ("1 4", ["1", "4"]),
        ("停车、噪音", ["1", "4"]),
        ("Street lights", ["5"]),
        ("Street lights; parking", ["1", "5"]),
        ("", []),
    ],
)
def test_tags_of_a_table_are_codes_or_texts(
    app: Flask, write_file: Callable[..., Path], cell: str, ticked: list[str]
) -> None:
    with app.app_context():
        factories.place()
        text = f"id,street,party,urban,welfare,community,safety,urban_tags\n1,s1,5,2,3,2,1,{cell}\n"
        load_answers(
            write_file("a.csv", text), wave="2026q4", now=NOW, mapping=AnswersMap(), channel="cati"
        )
        assert tags() == [("urban_tags", code) for code in ticked]


def test_a_tag_of_a_table_that_does_not_exist_is_rejected(
    app: Flask, write_file: Callable[..., Path]
) -> None:
    with app.app_context():
        factories.place()
        text = "id,street,party,urban,welfare,community,safety,urban_tags\n1,s1,5,2,3,2,1,1 99\n"
        with pytest.raises(RowsRejected, match="99"):
            load_answers(
                write_file("a.csv", text),
                wave="2026q4",
                now=NOW,
                mapping=AnswersMap(),
                channel="cati",
            )
        assert db.session.scalar(select(func.count()).select_from(Response)) == 0
