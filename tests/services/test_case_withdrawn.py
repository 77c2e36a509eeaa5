"""A resident takes back what a case is about: the words go, the case stays."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from survey.desk import Desk
from survey.models import Case, Comment, Recheck, Response, db
from survey.queries.cases import case_view
from survey.services import cases, rollup
from survey.services.rechecks import answer_recheck
from survey.services.withdraw import withdraw
from tests import case_factories, factories
from tests.factories import NOW

STREET = Desk("clerk", street_code="s1")


def test_a_comment_that_is_taken_back_leaves_its_case_without_words(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = case_factories.a_comment_case(factories.place())
        rollup.fold_all(now=NOW)
        cases.accept(case_id, version=1, desk=STREET, now=NOW)
        receipt = db.session.scalar(select(Response.receipt_hash))
        assert receipt is not None
        assert withdraw(receipt, now=NOW)
        db.session.rollback()
        assert db.session.scalar(select(Comment.id)) is None
        found = case_view(case_id, STREET)
        assert found.is_taken_back
        assert found.what == ("", "")
        # It is worked on to its end all the same.
        cases.declare_done(case_id, version=2, desk=STREET, now=NOW, words="已处理")


def test_what_the_resident_said_of_the_case_goes_as_well(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = case_factories.a_comment_case(factories.place())
        rollup.fold_all(now=NOW)
        cases.accept(case_id, version=1, desk=STREET, now=NOW)
        cases.declare_done(case_id, version=2, desk=STREET, now=NOW, words="已处理")
        receipt = db.session.scalar(select(Response.receipt_hash))
        assert receipt is not None
        answer_recheck(receipt, case_id, asked_round=1, is_solved=False, words="还是黑的", now=NOW)
        db.session.rollback()
        assert db.session.scalar(select(Recheck.words)) == "还是黑的"
        assert withdraw(receipt, now=NOW)
        db.session.rollback()
        assert db.session.scalar(select(Recheck.case_id)) is None
        assert db.session.get_one(Case, case_id).comment_id is None
