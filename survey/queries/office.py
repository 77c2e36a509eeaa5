"""Read what the first screen of the office and the admin's pages show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from survey.models import (
    CollectionPoint,
    Evaluation,
    ResponseCube,
    Street,
    Wave,
    db,
)
from survey.queries.appeals import AppealView, due_appeals
from survey.queries.cubes import CubeState, cube_state
from survey.queries.standing import NoticeDue, notices_due
from survey.queries.waves import WaveView, all_waves


@dataclass(frozen=True)
class StreetProgress:
    """How many accepted answers a street has in a wave. name is (zh, en)."""

    code: str
    name: tuple[str, str]
    responses: int
    valid: int


@dataclass(frozen=True)
class PublishedNote:
    """A published evaluation: which wave, revision and when (UTC). wave_name is (zh, en)."""

    wave_code: str
    wave_name: tuple[str, str]
    revision: int
    published_at: datetime
    reason: str


@dataclass(frozen=True)
class Overview:
    """What the first screen shows; `current` is the open wave, else the latest."""

    waves: tuple[WaveView, ...]
    current: WaveView | None
    progress: tuple[StreetProgress, ...]
    state: CubeState | None
    last_published: PublishedNote | None
    #: Evaluations on public notice or waiting to be published.
    notices: tuple[NoticeDue, ...] = ()
    #: Appeals to decide, what is due first; for those who read every street.
    appeals: tuple[AppealView, ...] = ()


@dataclass(frozen=True)
class StreetAdmin:
    """A street as the admin sees it. name is (zh, en)."""

    code: str
    name: tuple[str, str]
    population: int
    peer_group: str
    is_active: bool
    points: int


def overview(*, street_code: str | None = None, appeals_on: date | None = None) -> Overview:
    """The first screen; with `street_code` only that street's progress. At most six queries.

    appeals_on: today in the district's time zone, for whoever reads the appeals of every street.
    """
    waves = all_waves()
    current = current_wave(waves)
    return Overview(
        waves=waves,
        current=current,
        progress=_progress(current, street_code) if current else (),
        state=cube_state(current) if current else None,
        last_published=last_published(),
        notices=notices_due(),
        appeals=due_appeals(appeals_on) if appeals_on else (),
    )


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


def last_published() -> PublishedNote | None:
    """The evaluation that was published last. One query."""
    row = db.session.execute(
        select(Evaluation, Wave)
        .join(Wave, Evaluation.wave_id == Wave.id)
        .where(Evaluation.status == "published")
        .order_by(Evaluation.published_at.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    evaluation, wave = row
    assert evaluation.published_at is not None  # a CHECK of the table
    return PublishedNote(
        wave_code=wave.code,
        wave_name=(wave.name_zh, wave.name_en),
        revision=evaluation.revision,
        published_at=evaluation.published_at,
        reason=evaluation.reason,
    )


def _progress(wave: WaveView, street_code: str | None) -> tuple[StreetProgress, ...]:
    valid = func.sum(ResponseCube.n).filter(ResponseCube.is_valid)
    query = (
        select(Street, func.sum(ResponseCube.n), valid)
        .outerjoin(
            ResponseCube,
            (ResponseCube.street_id == Street.id)
            & (ResponseCube.wave_id == wave.id)
            & (ResponseCube.status == "accepted"),
        )
        .where(Street.district_id == wave.district_id, Street.is_active)
        .group_by(Street.id)
        .order_by(Street.code)
    )
    if street_code is not None:
        query = query.where(Street.code == street_code)
    return tuple(
        StreetProgress(
            code=street.code,
            name=(street.name_zh, street.name_en),
            responses=int(responses or 0),
            valid=int(valid or 0),
        )
        for street, responses, valid in db.session.execute(query)
    )


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
