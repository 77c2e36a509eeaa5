"""Answers of residents, and acts of the office, at the same moment, on both databases."""

from __future__ import annotations

import contextvars
import threading

from flask import Flask
from sqlalchemy import select

from survey.errors import Refused
from survey.models import CaseEvent, Recheck, db
from survey.services import cases
from tests.services.rechecked import (
    LATER,
    STREET,
    a_case_that_asks,
    case_of,
    night,
    period,
    tell,
)


def at_once(app: Flask, *acts) -> list[str]:
    """Run the acts at the same moment; what each said ("" when it went through)."""
    start, told = threading.Barrier(len(acts)), [""] * len(acts)

    def one(number: int) -> None:
        with app.app_context():
            start.wait()
            try:
                acts[number]()
            except Refused as error:
                told[number] = error.code
            db.session.remove()

    threads = [
        threading.Thread(target=contextvars.Context().run, args=(one, number))
        for number in range(len(acts))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def test_two_answers_at_once_both_count_and_settle_it_once(each_app: Flask) -> None:
    place, theme_id, case_id, receipts = a_case_that_asks(each_app)
    with each_app.app_context():
        for found in receipts[:8]:
            tell(found, case_id, True)
    told = at_once(
        each_app,
        lambda: tell(receipts[8], case_id, True),
        lambda: tell(receipts[9], case_id, True),
    )
    with each_app.app_context():
        assert told == ["", ""]
        assert period(theme_id, place) == ("plan", 10, 10)
    at_once(each_app, night, night)
    with each_app.app_context():
        assert case_of(case_id).state == "confirmed"
        events = select(CaseEvent.id).where(CaseEvent.action == "confirmed")
        assert len(db.session.scalars(events).all()) == 1


def test_an_answer_while_it_is_declared_done_anew_goes_to_its_round_or_is_told(
    each_app: Flask,
) -> None:
    _place, _theme_id, case_id, receipts = a_case_that_asks(each_app)
    with each_app.app_context():
        for found in receipts[:10]:
            tell(found, case_id, False)
        night()
        version = case_of(case_id).version
    told = at_once(
        each_app,
        lambda: cases.declare_done(
            case_id, version=version, desk=STREET, now=LATER, words="又划了一次"
        ),
        lambda: tell(receipts[10], case_id, True, turn=2),
        lambda: tell(receipts[11], case_id, True, turn=1),
    )
    with each_app.app_context():
        assert told[0] == ""
        assert told[1] in ("", "not_asked")
        assert told[2] == "not_asked"
        assert case_of(case_id).round == 2
        second = db.session.scalars(select(Recheck.round).where(Recheck.round != 1)).all()
        assert second == ([2] if told[1] == "" else [])
