"""Whether what the district itself knows of a wave may still change: with or without a reason.

What was frozen never changes. A change after that needs a reason and shows in the next revision.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey.errors import Refused
from survey.models import Evaluation, Street, Wave, db

FROZEN = ("provisional", "approved", "published")
LONGEST_REASON = 2000


@dataclass(frozen=True)
class WaveStreets:
    """A wave and its streets. streets, gone: {code or name: street id}; gone are inactive ones."""

    id: int
    code: str
    policy_id: int | None
    streets: dict[str, int]
    gone: frozenset[str]
    codes: dict[int, str]


def wave_streets(wave_code: str, *, locked: bool = False) -> WaveStreets:
    """The wave with the names its streets are known by. Raises Refused (404).

    locked: nobody else changes the wave until the caller's transaction ends.
    """
    query = select(Wave).where(Wave.code == wave_code)
    wave = db.session.scalar(query.with_for_update() if locked else query)
    if wave is None:
        raise Refused(
            "unknown_wave",
            _l("There is no wave with the code %(code)s.", code=wave_code),
            status=404,
        )
    names: dict[str, int] = {}
    gone = set()
    codes = {}
    found = select(Street).where(Street.district_id == wave.district_id).order_by(Street.code)
    streets = db.session.scalars(found).all()
    # A code wins over another street's name.
    for street in streets:
        for name in (street.name_zh, street.name_en):
            if name and street.is_active:
                names.setdefault(name, street.id)
    for street in streets:
        if street.is_active:
            names[street.code] = street.id
            codes[street.id] = street.code
        else:
            gone |= {street.code, street.name_zh, street.name_en} - {""}
    return WaveStreets(
        wave.id, wave.code, wave.policy_id, names, frozenset(gone - set(names)), codes
    )


def frozen_status(wave_id: int) -> str | None:
    """The status of the newest frozen evaluation of a wave; None when there is none. One query."""
    return db.session.scalar(
        select(Evaluation.status)
        .where(Evaluation.wave_id == wave_id, Evaluation.status.in_(FROZEN))
        .order_by(Evaluation.revision.desc())
        .limit(1)
    )


def require_reason(wave: WaveStreets, reason: str) -> str | None:
    """The status of what is frozen of the wave. Raises Refused (409) when a change lacks a reason.

    A change of a wave on public notice shows once it is computed and put on notice again; one of
    a published wave is a correction and shows in its next revision.
    """
    status = frozen_status(wave.id)
    if status is None and _is_published(wave.id):
        status = "published"
    if len(reason) > LONGEST_REASON:
        raise Refused(
            "reason_too_long",
            _l("The reason has more than %(most)s characters.", most=LONGEST_REASON),
            status=422,
        )
    if status is None or reason.strip():
        return status
    if status == "published":
        message = _l(
            "Wave %(code)s is published. A correction needs a reason and leads to a revision.",
            code=wave.code,
        )
    else:
        message = _l(
            "Wave %(code)s is on public notice. A change needs a reason, and the figures have to "
            "be computed and put on notice again.",
            code=wave.code,
        )
    raise Refused("reason_needed", message, status=409)


def _is_published(wave_id: int) -> bool:
    return db.session.scalar(select(Wave.status).where(Wave.id == wave_id)) == "published"


def street_problem(name: str, wave: WaveStreets) -> object:
    """Why a cell names no street that is assessed in the wave; None when it does."""
    if name in wave.streets:
        return None
    if name in wave.gone:
        return _l(
            "%(street)s was re-organised away and is not assessed in this wave", street=name[:60]
        )
    return _l("there is no street %(code)s", code=name[:60] or "–")
