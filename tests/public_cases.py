"""A published district with cases: what the tests of the public pages and their browser look at."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Flask
from sqlalchemy import select

from survey.database import transaction
from survey.models import Case, Recheck, Response, Street, Theme, Wave
from survey.queries.public import public_waves
from survey.services import public_tables
from tests import factories
from tests.published import SECOND, published_copy

PLAN, RESULT = "Twenty places at night, shared with the school.", "The school opens its yard."
REPLY = "Dear resident, we called you on Monday."


def with_cases(app: Flask, *, audited: bool = True) -> Flask:
    """The published district: a theme of s1 that is said to be done, and comments of residents."""
    app = published_copy(app)
    add_cases(app, audited=audited)
    return app


def add_cases(app: Flask, *, audited: bool = True) -> None:
    """The same in a district that is published already."""
    with app.app_context():
        with transaction() as session:
            wave = session.scalar(select(Wave).where(Wave.code == SECOND))
            assert wave is not None
            streets = {one.code: one.id for one in session.scalars(select(Street))}
            for code, n in (("s1", 34), ("s2", 27), ("s3", 4)):
                session.add_all(_comment_case(wave, streets[code], i) for i in range(n))
        theme_case(state="done")
        if audited:
            for entry in public_waves().published:
                public_tables.keep(entry.wave, now=factories.NOW)


def _comment_case(wave: Wave, street_id: int, number: int) -> Case:
    state = ("received", "planned", "done", "confirmed", "confirmed")[number % 5]
    is_done = state in ("done", "confirmed")
    opened = factories.NOW - timedelta(days=50)
    return Case(
        district_id=wave.district_id,
        street_id=street_id,
        origin="comment",
        wave_id=wave.id,
        state=state,
        said_on=date(2026, 10, 1),
        opened_at=opened,
        reply_due_on=date(2026, 10, 22),
        replied_at=opened + timedelta(days=number % 20) if number % 7 else None,
        done_at=opened + timedelta(days=25 + number % 9) if is_done else None,
        settled_at=opened + timedelta(days=40) if state == "confirmed" else None,
        reply=REPLY,
        round=1 if is_done else 0,
    )


def theme_case(*, state: str, keywords: str = "parking", street: str = "s1") -> int:
    """A case of the theme whose first keyword is given; returns its id."""
    with transaction() as session:
        themes = session.scalars(select(Theme).where(Theme.status == "confirmed"))
        theme = next(one for one in themes if one.keywords[0] == keywords)
        wave = session.scalar(select(Wave).where(Wave.code == SECOND))
        street_id = session.scalar(select(Street.id).where(Street.code == street))
        assert wave is not None
        is_done = state in ("done", "confirmed", "not_confirmed")
        row = Case(
            district_id=wave.district_id,
            street_id=street_id,
            origin="theme",
            theme_id=theme.id,
            wave_id=wave.id,
            state=state,
            said_on=date(2026, 10, 1),
            opened_at=factories.NOW - timedelta(days=40),
            plan=PLAN,
            plan_due_on=date(2026, 11, 2),
            planned_at=factories.NOW - timedelta(days=30),
            result=RESULT if is_done else "",
            done_at=factories.NOW - timedelta(days=10) if is_done else None,
            reply=REPLY,
            round=1 if is_done else 0,
        )
        session.add(row)
        session.flush()
        return row.id


def recheck(case_id: int, *, solved: int, of: int) -> None:
    """So many residents say whether it is solved."""
    with transaction() as session:
        case = session.get_one(Case, case_id)
        answers = session.scalars(select(Response.id).order_by(Response.id).limit(of)).all()
        session.add_all(
            Recheck(
                case_id=case_id,
                round=case.round,
                response_id=key,
                is_solved=i < solved,
                words="still full on Sundays",
                answered_on=factories.NOW.date(),
            )
            for i, key in enumerate(answers)
        )
