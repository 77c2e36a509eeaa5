"""Read what the admin's pages show, and small things that many office pages need."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from survey.models import (
    CollectionPoint,
    Evaluation,
    Street,
    Wave,
    db,
)
from survey.queries.waves import WaveView


@dataclass(frozen=True)
class StreetAdmin:
    """A street as the admin sees it. name is (zh, en)."""

    code: str
    name: tuple[str, str]
    population: int
    peer_group: str
    is_active: bool
    points: int


def current_wave(waves: tuple[WaveView, ...]) -> WaveView | None:
    """The open wave, else the latest that has begun, else the latest of all."""
    for status in (("open",), ("closed", "published"), ("draft",)):
        for wave in waves:
            if wave.status in status:
                return wave
    return None


def last_evaluated_wave(waves: tuple[WaveView, ...]) -> WaveView | None:
    """The latest wave whose asking is over: the one an evaluation is about; else the current."""
    over = (wave for wave in waves if wave.status in ("closed", "published"))
    return next(over, current_wave(waves))


def admin_streets() -> tuple[StreetAdmin, ...]:
    """Every street with the number of its points in use. One query."""
    points = (
        select(CollectionPoint.street_id, func.count().label("points"))
        .where(CollectionPoint.retired_at.is_(None))
        .group_by(CollectionPoint.street_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Street, points.c.points)
        .outerjoin(points, points.c.street_id == Street.id)
        .order_by(Street.is_active.desc(), Street.code)
    )
    return tuple(
        StreetAdmin(
            code=street.code,
            name=(street.name_zh, street.name_en),
            population=street.population,
            peer_group=street.peer_group,
            is_active=street.is_active,
            points=int(count or 0),
        )
        for street, count in rows
    )


def street_names() -> dict[str, tuple[str, str]]:
    """{street code: (zh, en)} of all streets, for pages that name them. One query."""
    rows = db.session.execute(select(Street.code, Street.name_zh, Street.name_en))
    return {code: (zh, en) for code, zh, en in rows}


def published_revision(wave_code: str) -> int:
    """The newest published revision of a wave; 0 when there is none. One query."""
    newest = (
        select(func.max(Evaluation.revision))
        .join(Wave, Evaluation.wave_id == Wave.id)
        .where(Wave.code == wave_code, Evaluation.status == "published")
    )
    return db.session.scalar(newest) or 0
