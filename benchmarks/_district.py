"""A district as an evaluator has it: answers in the cubes, themes, direct scores, two waves.

Everything is random and made here. The answers are rows like those of residents, put in by bulk
inserts, and the cubes are rebuilt from them. The earlier wave is small: it is there so that the
year has something to pool.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from benchmarks.rebuild import BATCH, insert_answers, wave_to_fill

EARLIER, WAVE = "2026q3", "2026q4"
EVALUATOR = "benchmark"
PASSWORD = "correct horse battery"
THEMES = 30
COMMENTS = 100_000
ASSESSORS = 5


@dataclass(frozen=True)
class District:
    """What was made: what a page's address needs."""

    street: str
    theme: int
    responses: int


def make_district(*, responses: int, earlier: int, publish: bool = True) -> District:
    """Fill the database of the application context, which is migrated and empty.

    responses, earlier: valid ones of the wave and of the wave before. With `publish` both waves
    are published; else the later one is closed and can be frozen.
    """
    from sqlalchemy import update

    from survey import jobs
    from survey.models import Wave, db
    from survey.services import access, evaluate, rollup
    from tests import factories

    place = wave_to_fill()
    district_id, streets = _places()
    before = factories.wave(
        district_id=district_id,
        code=EARLIER,
        opens_at=factories.NOW - timedelta(days=110),
        closes_at=factories.NOW - timedelta(days=80),
    )
    draw = np.random.default_rng(responses)
    _answers(place | {"wave": before}, first=1, count=earlier, draw=draw)
    _answers(place, first=earlier + 1, count=responses, draw=draw)
    _comments(place, streets, first=earlier + 1, count=min(COMMENTS, responses))
    themes = _themes(district_id, list(streets), waves=(before, place["wave"]), draw=draw)
    _scores(list(streets), waves=(before, place["wave"]), draw=draw)
    rollup.rebuild(now=factories.NOW)
    access.create_account(EVALUATOR, PASSWORD, ["evaluator"], street_code=None, now=factories.NOW)
    db.session.execute(update(Wave).values(status="closed"))
    db.session.commit()
    for code in (EARLIER, WAVE)[: 2 if publish else 1]:
        evaluate.publish(code, actor="benchmark", now=factories.NOW)
    jobs.queue().flush()
    return District(street=next(iter(streets.values())), theme=themes[0], responses=responses)


def _places() -> tuple[int, dict[int, str]]:
    """The district and its streets: {id: code}."""
    from sqlalchemy import select

    from survey.models import Street, db

    rows = db.session.execute(
        select(Street.id, Street.code, Street.district_id).order_by(Street.code)
    ).all()
    return rows[0].district_id, {row.id: row.code for row in rows}


def _answers(place: dict[str, Any], *, first: int, count: int, draw: np.random.Generator) -> None:
    """Valid answers with the ids from `first` on."""
    from survey.models import db

    for start in range(first, first + count, BATCH):
        insert_answers(place, range(start, min(start + BATCH, first + count)), draw)
        db.session.commit()


def _comments(place: dict[str, Any], streets: dict[int, str], *, first: int, count: int) -> None:
    """A remark of each of the first `count` answers."""
    from sqlalchemy import select

    from survey.models import Comment, Response, db, table_of
    from tests.factories import NOW

    found = db.session.execute(
        select(Response.id, Response.street_id).where(
            Response.id >= first, Response.id < first + count
        )
    ).all()
    rows = [
        {
            "response_id": key,
            "wave_id": place["wave"],
            "street_id": street_id,
            "body": f"{streets[street_id]} 路灯坏了 {key}",
            "language": "zh",
            "said_on": NOW.date(),
        }
        for key, street_id in found
    ]
    db.session.execute(table_of(Comment).insert(), rows)
    db.session.commit()


def _themes(
    district_id: int, streets: list[int], *, waves: tuple[int, ...], draw: np.random.Generator
) -> list[int]:
    """Confirmed themes that every street has in every wave; their ids."""
    from sqlalchemy import select

    from survey.database import transaction
    from survey.models import Indicator, Theme, ThemePeriod
    from tests.factories import NOW

    with transaction() as session:
        indicators = list(session.scalars(select(Indicator.id).order_by(Indicator.position)))
        made = [
            Theme(
                district_id=district_id,
                indicator_id=indicators[number % len(indicators)],
                label=f"Lamp {number} is broken",
                keywords=["lamp", str(number)],
                status="confirmed",
                remit="street",
                scope="own",
                centroid={},
                texts=10,
                created_at=NOW,
            )
            for number in range(THEMES)
        ]
        session.add_all(made)
        session.flush()
        session.add_all(
            ThemePeriod(
                theme_id=theme.id,
                street_id=street_id,
                wave_id=wave_id,
                mentions=(many := int(draw.integers(10, 400))),
                mentions_loaded=0,
                mentions_random=many // 2,
            )
            for theme in made
            for street_id in streets
            for wave_id in waves
        )
        return [theme.id for theme in made]


def _scores(streets: list[int], *, waves: tuple[int, ...], draw: np.random.Generator) -> None:
    """Every assessor's score of every street in every wave."""
    from survey.database import transaction
    from survey.models import DirectScore

    with transaction() as session:
        session.add_all(
            DirectScore(
                wave_id=wave_id,
                street_id=street_id,
                assessor=f"A{number}",
                score=round(float(draw.uniform(85, 97)), 1),
            )
            for wave_id in waves
            for street_id in streets
            for number in range(ASSESSORS)
        )
