"""Two cases cannot be out of remit for the sake of each other: one of them is dealt with."""

from __future__ import annotations

import threading

import pytest
from flask import Flask

from survey.desk import Desk
from survey.errors import Refused
from survey.models import Case, db
from survey.services import cases
from survey.services.case_remit import ask_out_of_remit, decide_out_of_remit
from tests import factories
from tests.case_factories import a_comment_case, version_of
from tests.factories import NOW

STREET = Desk("clerk", street_code="s1")
EVALUATOR = Desk("eva", is_evaluator=True)


def test_of_two_decisions_at_once_the_second_sees_the_first(each_app: Flask) -> None:
    with each_app.app_context():
        one, other = _both_asked()
        seen = {case_id: version_of(case_id) for case_id in (one, other)}
    start, told = threading.Barrier(2), []

    def decide(case_id: int) -> None:
        with each_app.app_context():
            start.wait()
            try:
                decide_out_of_remit(
                    case_id,
                    agreed=True,
                    version=seen[case_id],
                    desk=EVALUATOR,
                    words="",
                    now=NOW,
                )
                told.append("agreed")
            except Refused as refused:
                told.append(refused.code)

    threads = [threading.Thread(target=decide, args=(case_id,)) for case_id in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["agreed", "other_case_gone"]


def _both_asked() -> tuple[int, int]:
    place = factories.place()
    one, other = a_comment_case(place), a_comment_case(place)
    for case_id in (one, other):
        cases.accept(case_id, version=version_of(case_id), desk=STREET, now=NOW)
    ask_same(one, other)
    ask_same(other, one)
    return one, other


def ask_same(case_id: int, other: int) -> None:
    ask_out_of_remit(
        case_id,
        reason="same",
        named=str(other),
        version=version_of(case_id),
        desk=STREET,
        words="同一件事",
        now=NOW,
    )


def agree(case_id: int) -> None:
    decide_out_of_remit(
        case_id, agreed=True, version=version_of(case_id), desk=EVALUATOR, words="", now=NOW
    )


def test_two_cases_do_not_send_each_other_away(each_app: Flask) -> None:
    with each_app.app_context():
        _two_cases()


def _two_cases() -> None:
    one, other = _both_asked()
    agree(one)
    with pytest.raises(Refused) as refused:
        agree(other)
    assert (refused.value.code, refused.value.status) == ("other_case_gone", 409)
    db.session.rollback()
    assert db.session.get_one(Case, other).state == "out_of_remit_asked"
    # Refused with a reason, it is worked on like any other.
    decide_out_of_remit(
        other,
        agreed=False,
        version=version_of(other),
        desk=EVALUATOR,
        words="另一事项已不属职责范围",
        now=NOW,
    )
    db.session.rollback()
    assert db.session.get_one(Case, other).state == "accepted"
