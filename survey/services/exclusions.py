"""Take a street out of the ranking of a wave by a recorded decision (method, 10), and lift that.

An excluded street keeps its figures; it has no rank and cannot be last or first.
"""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey.database import transaction
from survey.errors import Refused
from survey.models import Exclusion, Street
from survey.services import audit
from survey.services.appeals import after_figures, held_wave, said

LONGEST_DOCUMENT = 200


def record_exclusion(
    wave_code: str, *, street_code: str, reason: str, document: str, actor: str, now: datetime
) -> int:
    """Record that a street is not ranked in a wave; returns the exclusion's id. One transaction.

    document: number or title of the document that carries the decision. now: UTC.
    Raises Refused: 404 unknown wave or street; 409 excluded already; 422 no reason or document.
    """
    because = said(reason, _l("Say why the street is not ranked."))
    carried_by = document.strip()
    if not 1 <= len(carried_by) <= LONGEST_DOCUMENT:
        raise Refused(
            "document_needed",
            _l("Name the document that carries the decision, in 200 characters or fewer."),
            status=422,
        )
    with transaction() as session:
        wave = held_wave(session, wave_code)
        street = session.scalar(
            select(Street).where(
                Street.district_id == wave.district_id,
                Street.code == street_code,
                Street.is_active,
            )
        )
        if street is None:
            raise Refused(
                "unknown_street",
                _l("There is no street with the code %(code)s.", code=street_code),
                status=404,
            )
        standing = select(Exclusion.id).where(
            Exclusion.wave_id == wave.id,
            Exclusion.street_id == street.id,
            Exclusion.lifted_at.is_(None),
        )
        if session.scalar(standing.limit(1)) is not None:
            raise Refused(
                "excluded_already", _l("This street is excluded from the wave already."), status=409
            )
        made = Exclusion(
            wave_id=wave.id,
            street_id=street.id,
            reason=because,
            document=carried_by,
            decided_by=actor,
            decided_at=after_figures(session, wave.id, now),
        )
        session.add(made)
        session.flush()
        audit.record(
            session,
            actor=actor,
            action="exclusion_recorded",
            subject=f"street {street_code} in wave {wave_code}",
            detail={"exclusion": made.id, "reason": because, "document": carried_by},
            at=now,
        )
        return made.id


def lift_exclusion(
    exclusion_id: int, *, wave_code: str, because: str, actor: str, now: datetime
) -> None:
    """Let a street be ranked again; the exclusion stays to be read. One transaction.

    Raises Refused: 404 no such exclusion of the wave; 409 lifted before; 422 no reason.
    """
    words = said(because, _l("Say why the exclusion is lifted."))
    with transaction() as session:
        wave = held_wave(session, wave_code)
        found = session.scalar(
            select(Exclusion)
            .where(Exclusion.id == exclusion_id, Exclusion.wave_id == wave.id)
            .execution_options(populate_existing=True)
        )
        if found is None:
            raise Refused("unknown_exclusion", _l("There is no such exclusion."), status=404)
        if found.lifted_at is not None:
            raise Refused(
                "lifted_before",
                _l("This exclusion was lifted by %(who)s before.", who=found.lifted_by),
                status=409,
            )
        at = after_figures(session, wave.id, now)
        found.lifted_by, found.lifted_at, found.lifted_because = actor, at, words
        audit.record(
            session,
            actor=actor,
            action="exclusion_lifted",
            subject=f"exclusion {exclusion_id} of wave {wave_code}",
            detail={"because": words},
            at=now,
        )
