"""Builders of cases for tests, on top of tests.factories: each opens one as the product does."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select

from survey.database import transaction
from survey.models import (
    Case,
    Comment,
    ContactRequest,
    Department,
    Response,
    Theme,
    ThemePeriod,
    Wave,
    db,
)
from survey.services.case_opening import (
    open_call_back_cases,
    open_comment_case,
    open_theme_case,
)
from tests import factories
from tests.factories import NOW, Place


def department(*, district_id: int, code: str = "urban") -> int:
    """A department of the district; returns its id."""
    with transaction() as session:
        row = Department(
            district_id=district_id, code=code, name_zh=f"{code}局", name_en=f"{code} bureau"
        )
        session.add(row)
        session.flush()
        return row.id


def a_theme(
    place: Place,
    *,
    mentions: Sequence[int] = (12, 3),
    label: str = "停车难",
    keywords: Sequence[str] = ("停车", "车位"),
    status: str = "confirmed",
    scope: str = "own",
    indicator_id: int | None = None,
    notified_at: datetime | None = None,
) -> int:
    """A theme with so many mentions in each street of the place; returns its id."""
    with transaction() as session:
        theme = Theme(
            district_id=place.district_id,
            indicator_id=indicator_id,
            label=label,
            name_zh=label,
            name_en="Nowhere to park",
            keywords=list(keywords),
            status=status,
            scope=scope,
            centroid={},
            texts=2,
            created_at=NOW,
        )
        session.add(theme)
        session.flush()
        for street_id, count in zip(place.street_ids, mentions, strict=False):
            session.add(
                ThemePeriod(
                    theme_id=theme.id,
                    street_id=street_id,
                    wave_id=place.wave_id,
                    mentions=count,
                    mentions_loaded=0,
                    mentions_random=0,
                    notified_at=notified_at,
                )
            )
        return theme.id


def a_theme_case(
    place: Place,
    *,
    street_code: str | None = "s1",
    department_code: str | None = None,
    theme_id: int | None = None,
    actor: str = "eva",
    now: datetime = NOW,
) -> int:
    """A case of a theme (a new one unless given) in a street, or of the whole district."""
    if theme_id is None:
        theme_id = a_theme(place, scope="own" if street_code else "common")
    return open_theme_case(
        theme_id,
        street_code=street_code,
        wave_code=_wave_code(place),
        department_code=department_code,
        actor=actor,
        now=now,
    )


def a_comment_case(
    place: Place,
    *,
    street: int = 0,
    body: str = "路灯坏了三个月没人修",
    answers: dict[str, str] | None = None,
    actor: str = "eva",
    now: datetime = NOW,
) -> int:
    """A case of a comment that came with an answer in the street with this number."""
    given = answers or factories.levels(5, 2, 3, 4, 3)
    key = factories.response(
        wave_id=place.wave_id, point_code=place.points[street], answers={**given}, at=now
    )
    with transaction() as session:
        response_id = session.scalar(select(Response.id).where(Response.submission_key == key))
        row = Comment(
            response_id=response_id,
            wave_id=place.wave_id,
            street_id=place.street_ids[street],
            body=body,
            language="zh",
            said_on=now.date(),
        )
        session.add(row)
        session.flush()
        comment_id = row.id
    return open_comment_case(comment_id, actor=actor, now=now)


def a_call_back(
    place: Place, *, street: int = 0, words: str = "城市管理：停车难", phone: str = "+8613800138000"
) -> str:
    """A request to be called back; returns its key."""
    key = secrets.token_hex(16)
    with transaction() as session:
        session.add(
            ContactRequest(
                id=key,
                street_id=place.street_ids[street],
                wave_id=place.wave_id,
                phone=phone,
                words=words,
                asked_week=_monday(NOW.date()),
            )
        )
    return key


def a_call_back_case(
    place: Place, *, street: int = 0, words: str = "城市管理：停车难", now: datetime = NOW
) -> int:
    """A case of a resident who wants to be called back, opened as each morning does."""
    key = a_call_back(place, street=street, words=words)
    open_call_back_cases(now)
    found = db.session.scalar(select(Case.id).where(Case.contact_request_id == key))
    assert found is not None
    return found


def version_of(case_id: int) -> int:
    """The version of a case as it stands."""
    db.session.rollback()
    return db.session.get_one(Case, case_id).version


def _wave_code(place: Place) -> str:
    return db.session.get_one(Wave, place.wave_id).code


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
