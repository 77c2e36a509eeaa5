"""Anonymity is schema: the columns of an answer are named here, and none says who gave it."""

from __future__ import annotations

from sqlalchemy import DateTime, String

from survey.models import Base

TOLD = {
    "response": {
        "id",
        "submission_key",
        "receipt_hash",
        "wave_id",
        "street_id",
        "stratum_id",
        "collection_point_id",
        "channel",
        "language",
        "status",
        "is_valid",
        "submitted_hour",
    },
    "answer": {"response_id", "question_id", "option_id"},
    "indicator_score": {"response_id", "indicator_id", "score"},
    "comment": {
        "id",
        "response_id",
        "wave_id",
        "street_id",
        "title",
        "body",
        "language",
        "source",
        "source_key",
        "person_hash",
        "said_on",
        "indicator_id",
        "indicator_probability",
        "indicator_is_decided",
    },
    "response_tag": {"response_id", "option_id"},
    # The words of a comment for the search: no more than the comment, and gone with it.
    "comment_words": {"comment_id", "words", "tokens"},
    # A telephone number: no key, receipt, point, language or hour of the answer it came with.
    "contact_request": {
        "id",
        "street_id",
        "wave_id",
        "phone",
        "words",
        "asked_week",
        "handled_on",
    },
    # What was printed, and what was used: two hashes of the code that do not lead to each other,
    # and no key, serial or time that leads to an answer.
    "slip": {"code_hash", "batch_id", "serial", "is_void"},
    "spent_slip": {"spent_hash", "batch_id"},
    "rollup_pending": {"id", "response_id", "sign", "status"},
    "mention": {"comment_id", "theme_id", "model_id", "closeness", "decided_by", "kind_id"},
    "theme_judgement": {"comment_id", "theme_id", "is_about", "basis"},
    "recheck": {"case_id", "round", "response_id", "is_solved", "words", "answered_on"},
    # Forms of an open pile, deleted when it is closed: found by the number that was stamped on them
    # after they came back, with the typist, because the second one must be another. Neither has
    # a column that could lead on to a response.
    "paper_form": {"batch_id", "number", "is_sampled", "decided"},
    "paper_entry": {"batch_id", "number", "turn", "typed_by", "answers", "is_complete"},
}


def test_tables_of_answers_have_these_columns_and_no_others() -> None:
    # A new column here is a decision about anonymity: change it together with the threat model.
    found = {name: {column.name for column in Base.metadata.tables[name].columns} for name in TOLD}
    assert found == TOLD


def test_no_other_table_points_at_a_response() -> None:
    pointing = {
        table.name
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "response"
    }
    assert pointing == {
        "answer",
        "response_tag",
        "indicator_score",
        "comment",
        "rollup_pending",
        # What a resident says later on the receipt: solved or not, and on which day.
        "recheck",
    }


def test_the_order_of_call_backs_says_nothing_about_the_answers() -> None:
    # A counted key, or SQLite's hidden one, would pair the newest request with the newest answer.
    table = Base.metadata.tables["contact_request"]
    assert {key.column.table.name for key in table.foreign_keys} == {"street", "wave"}
    assert isinstance(table.primary_key.columns["id"].type, String)
    assert table.dialect_options["sqlite"]["with_rowid"] is False


def test_a_spent_slip_says_neither_when_nor_which_serial() -> None:
    # In the order of their hashes, the rows say nothing about the order in which they came.
    for name, key in (("slip", "code_hash"), ("spent_slip", "spent_hash")):
        table = Base.metadata.tables[name]
        assert [column.name for column in table.primary_key.columns] == [key]
        assert table.dialect_options["sqlite"]["with_rowid"] is False
        assert {one.column.table.name for one in table.foreign_keys} == {"slip_batch"}


def test_the_hour_is_the_finest_time_of_an_answer() -> None:
    times = [
        column.name
        for name in TOLD
        for column in Base.metadata.tables[name].columns
        if isinstance(column.type, DateTime)
    ]
    assert times == ["submitted_hour"]
