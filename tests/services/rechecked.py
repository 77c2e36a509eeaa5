"""Residents who are asked whether a theme is solved, what they say, and what it leads to."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask import Flask
from sqlalchemy import select

from survey.database import transaction
from survey.desk import Desk
from survey.models import Case, Comment, Mention, Response, ThemePeriod, Wave, db
from survey.services import cases
from survey.services.rechecks import answer_recheck, settle_what_is_clear
from survey.services.responses import receipt_code, receipt_hash
from survey.services.theme_promises import refresh_all_promises
from tests import case_factories, factories
from tests.factories import NOW, Place, levels

STREET = Desk("clerk", street_code="s1")
LATER = NOW + timedelta(hours=2)
DUE = NOW.date() + timedelta(days=10)


def say(place: Place, body: str, *, street: int = 0, at: datetime = NOW) -> str:
    """An answer with a comment; the stored hash of its receipt."""
    key = factories.response(
        wave_id=place.wave_id,
        point_code=place.points[street],
        answers=levels(2, 2, 2, 2, 2, comment=body),
        at=at,
    )
    return receipt_hash(receipt_code(key))


def mentioning(place: Place, count: int, *, theme_id: int, street: int = 0) -> list[str]:
    """So many answers whose comment mentions the theme; hashes of their receipts."""
    found = [say(place, f"停车难，第{turn}条路都停满了", street=street) for turn in range(count)]
    with transaction() as session:
        for comment_id in session.scalars(
            select(Comment.id)
            .join(Response, Comment.response_id == Response.id)
            .where(Response.receipt_hash.in_(found))
        ).all():
            session.add(Mention(comment_id=comment_id, theme_id=theme_id, closeness=0.9))
    return found


def tell(
    found: str,
    case_id: int,
    solved: bool,
    *,
    turn: int = 1,
    words: str = "",
    at: datetime = LATER,
) -> None:
    answer_recheck(found, case_id, asked_round=turn, is_solved=solved, words=words, now=at)


def done(case_id: int, *, due_on: date | None = DUE, now: datetime = LATER) -> None:
    """Accept, plan and declare done as the street does."""
    version = case_factories.version_of
    cases.accept(case_id, version=version(case_id), desk=STREET, now=now)
    if due_on is not None:
        cases.plan(
            case_id, version=version(case_id), desk=STREET, now=now, words="划线", due_on=due_on
        )
    cases.declare_done(case_id, version=version(case_id), desk=STREET, now=now, words="划好了")


def period(theme_id: int, place: Place, street: int = 0) -> tuple[str, int, int]:
    db.session.rollback()
    row = db.session.scalars(
        select(ThemePeriod).where(
            ThemePeriod.theme_id == theme_id, ThemePeriod.street_id == place.street_ids[street]
        )
    ).one()
    return row.state, row.solved, row.reasked


def case_of(case_id: int) -> Case:
    db.session.rollback()
    return db.session.get_one(Case, case_id)


def night(*, at: datetime = LATER) -> int:
    """What the worker does every night; how many cases it settled."""
    settled = settle_what_is_clear(now=at)
    refresh_all_promises(now=at)
    return settled


def a_case_that_asks(app: Flask) -> tuple[Place, int, int, list[str]]:
    """place, theme, case done in s1, twelve receipts that mention the theme there.

    By this policy what is said counts at once; how long is asked has a test of its own.
    """
    with app.app_context():
        place = factories.place()
        at_once = factories.policy(overrides={"recheck_days": 0})
        with transaction() as session:
            session.get_one(Wave, place.wave_id).policy_id = at_once
        theme_id = case_factories.a_theme(place)
        receipts = mentioning(place, 12, theme_id=theme_id)
        case_id = case_factories.a_theme_case(place, theme_id=theme_id)
        done(case_id)
        return place, theme_id, case_id, receipts
