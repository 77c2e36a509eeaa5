"""Read waves: which there are, and which one a page is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select

from survey.errors import Refused
from survey.models import District, Policy, Wave, db


@dataclass(frozen=True)
class WaveView:
    """One wave. Names are (zh, en); times are UTC."""

    id: int
    code: str
    name: tuple[str, str]
    status: str
    opens_at: datetime
    closes_at: datetime
    district_id: int
    district_code: str
    district_name: tuple[str, str]
    is_demo: bool
    questionnaire_id: int
    #: Never None once the wave is open; a draft may have one that can still be replaced.
    policy_id: int | None
    policy_hash: str | None


def _select() -> Select[Wave, District, str]:
    return (
        select(Wave, District, Policy.hash)
        .join(District, Wave.district_id == District.id)
        .outerjoin(Policy, Wave.policy_id == Policy.id)
    )


def view_of(row: Any) -> WaveView:
    """The view of a row (Wave, District, hash of the policy). No query."""
    wave, district, policy_hash = row
    return WaveView(
        id=wave.id,
        code=wave.code,
        name=(wave.name_zh, wave.name_en),
        status=wave.status,
        opens_at=wave.opens_at,
        closes_at=wave.closes_at,
        district_id=district.id,
        district_code=district.code,
        district_name=(district.name_zh, district.name_en),
        is_demo=district.is_demo,
        questionnaire_id=wave.questionnaire_id,
        policy_id=wave.policy_id,
        policy_hash=policy_hash,
    )


def all_waves() -> tuple[WaveView, ...]:
    """Every wave, the latest first. One query."""
    rows = db.session.execute(_select().order_by(Wave.opens_at.desc()))
    return tuple(view_of(row) for row in rows)


def wave_view(code: str) -> WaveView:
    """The wave with this code. Raises Refused (404) when there is none. One query."""
    row = db.session.execute(_select().where(Wave.code == code)).first()
    if row is None:
        raise Refused(
            "unknown_wave", _l("There is no wave with the code %(code)s.", code=code), status=404
        )
    return view_of(row)
