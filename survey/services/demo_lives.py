"""What happens to each case of the demo: days before now, in the order of things."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy import select

from survey.desk import Desk
from survey.models import CaseCall, db
from survey.services import cases
from survey.services.case_calls import call_departments, came
from survey.services.case_paths import escalate
from survey.services.case_remit import ask_out_of_remit, decide_out_of_remit
from survey.services.demo_agenda import CITY, Life, desk_of
from survey.services.demo_receipts import answer_own, answer_theme
from survey.services.demo_subjects import demo_words
from survey.services.rechecks import settle_what_is_clear

OTHER_OFFICE = Desk("evaluator-2", is_evaluator=True)

# Lives of cases about a theme; days before now.


def _looked_at(_case_id: int, at: datetime) -> None:
    """What the worker does at night: whether what residents said is clear by now."""
    settle_what_is_clear(now=at)


def _solved(life: Life, opening: Callable[..., int]) -> None:
    life.open(52, opening)
    life.accept(51)
    life.plan(47, -32)
    life.reply(46)
    life.done(33)
    life.then(30, partial(answer_theme, most=9, yes=6))
    life.then(26, partial(answer_theme, first=9, most=30, yes=28))
    life.then(24, _looked_at)


def _unsolved(life: Life, opening: Callable[..., int]) -> None:
    life.open(51, opening)
    life.accept(49)
    life.plan(46, -30)
    life.done(34)
    life.then(29, partial(answer_theme, most=22, yes=5))
    life.then(25, _looked_at)
    life.plan(22, 9)


def _asked(life: Life, opening: Callable[..., int]) -> None:
    life.open(50, opening)
    life.accept(48)
    life.plan(44, -10)
    life.done(10)
    life.then(6, partial(answer_theme, most=14, yes=9))


def _planned(life: Life, opening: Callable[..., int]) -> None:
    life.open(49, opening)
    life.accept(47)
    life.reply(43)
    life.plan(42, 12)


def _late(life: Life, opening: Callable[..., int]) -> None:
    life.open(48, opening)
    life.accept(45)
    life.reply(41)
    life.plan(40, -5)


def _handed(life: Life, opening: Callable[..., int]) -> None:
    life.open(47, opening)
    life.accept(46)
    to = life.pass_on(44)
    life.accept(41, to)
    life.plan(38, -16, desk=to)
    life.reply(37, to)
    life.done(17, to)
    life.then(13, partial(answer_theme, most=30, yes=28))
    life.then(9, _looked_at)


THEME_LIVES: dict[str, Callable[[Life, Callable[..., int]], None]] = {
    "solved": _solved,
    "unsolved": _unsolved,
    "asked": _asked,
    "planned": _planned,
    "late": _late,
    "handed": _handed,
}

# Lives of cases about one comment.


def _left(_life: Life) -> None:
    """Nobody takes it up."""


def _taken_up(life: Life) -> None:
    life.accept(3)
    life.do(2, cases.add_note, life.office, words=demo_words()["words"]["note"])


def _confirmed(life: Life) -> None:
    life.accept(32)
    life.reply(29)
    life.done(25)
    life.then(21, partial(answer_own, is_solved=True))


def _quick(life: Life) -> None:
    life.accept(18)
    life.reply(17)
    life.done(15)
    life.then(12, partial(answer_own, is_solved=True))


def _with_plan(life: Life) -> None:
    life.accept(16)
    life.reply(14)
    life.plan(13, 6)


def _due_now(life: Life) -> None:
    life.accept(18)


def _plan_missed(life: Life) -> None:
    life.accept(27)
    life.reply(24)
    life.plan(23, -3)


def _waits_for_residents(life: Life) -> None:
    life.accept(14)
    life.reply(6)
    life.done(5)


def _not_confirmed(life: Life) -> None:
    life.accept(30)
    life.reply(26)
    life.done(24)
    life.then(18, partial(answer_own, is_solved=False))


def _again(life: Life) -> None:
    _not_confirmed(life)
    life.do(16, cases.reply, life.office, words=demo_words()["words"]["again"])
    life.plan(15, -8)
    life.done(8)
    life.then(4, partial(answer_own, is_solved=True))


def _passed(life: Life) -> None:
    life.accept(17)
    to = life.pass_on(16)
    life.accept(14, to)
    life.plan(12, 8, desk=to)


def _just_passed(life: Life) -> None:
    life.accept(5)
    life.pass_on(2)


def _passed_and_done(life: Life) -> None:
    life.accept(31)
    to = life.pass_on(30)
    life.accept(24, to)
    life.reply(22, to)
    life.done(16, to)
    life.then(12, partial(answer_own, is_solved=True))


def _called(life: Life) -> None:
    life.accept(11)
    words = demo_words()["words"]
    life.do(
        9,
        call_departments,
        life.office,
        department_codes=[CITY, "housing"],
        words=words["call"],
    )

    def they_come(case_id: int, at: datetime) -> None:
        calls = select(CaseCall.id).where(CaseCall.case_id == case_id).order_by(CaseCall.id)
        for call_id, code in zip(db.session.scalars(calls).all(), (CITY, "housing"), strict=True):
            came(call_id, desk=desk_of(department=code), answer=words["came"], now=at)

    life.then(8, they_come)


def _called_now(life: Life) -> None:
    life.accept(4)
    words = demo_words()["words"]["call"]
    life.do(1, call_departments, life.office, department_codes=[CITY, "water"], words=words)


def _brought_up(life: Life) -> None:
    life.accept(25)
    life.do(2, escalate, life.office, words=demo_words()["words"]["escalate"])


def _asks_out_of_remit(life: Life) -> None:
    words = demo_words()["words"]["outside"]
    life.do(3, ask_out_of_remit, life.office, reason="outside", words=words)


def _out_of_remit(life: Life) -> None:
    said = demo_words()["words"]
    life.do(20, ask_out_of_remit, life.office, reason="private", words=said["private"])
    life.do(16, decide_out_of_remit, OTHER_OFFICE, agreed=True, words=said["agreed"])


# (days before now on which it is opened, the life).
COMMENT_LIVES: tuple[tuple[int, Callable[[Life], None]], ...] = (
    (33, _confirmed),
    (1, _left),
    (17, _with_plan),
    (15, _waits_for_residents),
    (19, _quick),
    (6, _just_passed),
    (20, _due_now),
    (31, _not_confirmed),
    (12, _called),
    (28, _plan_missed),
    (4, _taken_up),
    (18, _passed),
    (31, _again),
    (30, _left),
    (8, _asks_out_of_remit),
    (32, _passed_and_done),
    (27, _brought_up),
    (5, _called_now),
    (21, _out_of_remit),
)
WITH_DEPARTMENT = frozenset({_just_passed, _passed, _passed_and_done})
