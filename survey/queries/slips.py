"""Read slips: what a typed code is worth, what a sheet says, and the ledger of what was printed."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, bindparam, exists, func, select
from sqlalchemy.orm import aliased

from survey.errors import Refused
from survey.models import (
    CollectionPoint,
    Invitation,
    Slip,
    SlipBatch,
    SlipVoid,
    SpentSlip,
    Wave,
    db,
)
from survey.queries.fieldwork import PointView, kept_instrument, point_view

#: 32¹⁰ ≈ 1.1 · 10¹⁵ codes: with a million slips in the letter boxes, one guess in a billion hits.
SLIP_LENGTH = 10


def slip_hashes(code: str) -> tuple[str, str]:
    """The keyed hashes under which a code is known as printed, and as spent."""
    secret = current_app.config["SECRET_KEY"].encode()
    printed, spent = (
        hmac.digest(secret, purpose + code.encode(), "sha256").hex()
        for purpose in (b"slip:", b"spent-slip:")
    )
    return printed, spent


@dataclass(frozen=True)
class SlipView:
    """A slip as typed: its point with the wave it was printed for, and whether it can be used."""

    point: PointView
    batch_id: int
    spent_hash: str
    is_void: bool
    is_spent: bool
    #: Another wave of the district is open: slips of this one were for an earlier survey.
    other_wave_open: bool


_other = aliased(Wave)
# Built once, as the statement of a point is.
_SLIP_VIEW = (
    select(
        Slip.is_void,
        SlipBatch.id,
        CollectionPoint.short_code,
        exists().where(SpentSlip.spent_hash == bindparam("spent_hash")),
        exists().where(
            _other.district_id == Wave.district_id,
            _other.id != Wave.id,
            _other.status == "open",
        ),
        Wave.id,
        Wave.name_zh,
        Wave.name_en,
        Wave.status,
        Wave.opens_at,
        Wave.closes_at,
        Wave.questionnaire_id,
        Wave.policy_id,
    )
    .join(SlipBatch, Slip.batch_id == SlipBatch.id)
    .join(CollectionPoint, SlipBatch.collection_point_id == CollectionPoint.id)
    .join(Wave, SlipBatch.wave_id == Wave.id)
    .where(Slip.code_hash == bindparam("code_hash"))
)


def slip_view(code: str, connection: Connection | None = None) -> SlipView | None:
    """The slip with this code; None when none was printed with it. Two queries.

    Its point carries the code of the slip and the wave of its batch, whatever wave is open.
    """
    code_hash, spent_hash = slip_hashes(code)
    if connection is None:
        connection = db.session.connection()
    hashes = {"code_hash": code_hash, "spent_hash": spent_hash}
    row = connection.execute(_SLIP_VIEW, hashes).first()
    if row is None:
        return None
    is_void, batch_id, point_code, is_spent, other_wave_open, *wave = row
    wave_id, name_zh, name_en, status, opens_at, closes_at, questionnaire_id, policy_id = wave
    point = point_view(point_code, connection)
    assert point is not None
    return SlipView(
        point=replace(
            point,
            short_code=code,
            wave_id=wave_id,
            wave_name=(name_zh, name_en),
            wave_status=status,
            opens_at=opens_at,
            closes_at=closes_at,
            questionnaire_id=questionnaire_id,
            policy_id=policy_id,
        ),
        batch_id=batch_id,
        spent_hash=spent_hash,
        is_void=is_void,
        is_spent=is_spent,
        other_wave_open=other_wave_open,
    )


@dataclass(frozen=True)
class SlipSheet:
    """What every slip of a batch says. Names are (zh, en)."""

    #: Under it stands the code: in full for scanning, the host and path for typing.
    address: str
    batch: str
    point_code: str
    label: tuple[str, str]
    street_name: tuple[str, str]
    district_name: tuple[str, str]
    wave_name: tuple[str, str]
    #: The last day on which the wave takes answers.
    last_day: date
    questions: int
    minutes: int
    is_demo: bool


def slip_sheet(wave_code: str, point_code: str, *, batch: str | None = None) -> SlipSheet:
    """What slips of a wave and a point would say; the batch gets the next free name without one.

    Raises Refused for a wave that is over or unknown, and for points that take no slips.
    """
    wave = _wave(wave_code)
    point = point_view(point_code)
    if point is None:
        raise Refused(
            "unknown_code",
            _l("There is no point with the code %(code)s.", code=point_code),
            status=404,
        )
    _require_slips(point, wave)
    instrument = kept_instrument(wave.questionnaire_id).instrument
    zone = current_app.config["TIMEZONE"]
    closes_at = wave.closes_at.replace(tzinfo=UTC) - timedelta(seconds=1)
    return SlipSheet(
        address=f"{current_app.config['BASE_URL']}/s",
        batch=batch or _free_name(wave.id, point.short_code),
        point_code=point.short_code,
        label=point.label,
        street_name=point.street_name,
        district_name=point.district_name,
        wave_name=(wave.name_zh, wave.name_en),
        last_day=closes_at.astimezone(zone).date(),
        questions=len({q for items in instrument.indicator_items.values() for q in items}),
        minutes=int(instrument.document.get("minutes", 1)),
        is_demo=point.is_demo,
    )


def _wave(code: str) -> Wave:
    wave = db.session.scalar(select(Wave).where(Wave.code == code))
    if wave is None:
        raise Refused(
            "unknown_wave", _l("There is no wave with the code %(code)s.", code=code), status=404
        )
    return wave


def _require_slips(point: PointView, wave: Wave) -> None:
    def refuse(code: str, message: Any) -> Refused:
        return Refused(code, message, status=409)

    if wave.status not in ("draft", "open"):
        raise refuse("wave_over", _l("Wave %(code)s takes no answers any more.", code=wave.code))
    if point.channel != "slip":
        raise refuse(
            "no_slip_point",
            _l(
                "%(code)s is not a point for slips. Make one for the building: "
                "points create --channel slip.",
                code=point.short_code,
            ),
        )
    if point.retired_at is not None:
        raise refuse(
            "retired_code",
            _l(
                "The code %(code)s is no longer in use, so it is not printed.",
                code=point.short_code,
            ),
        )
    district_id = db.session.scalar(select(Wave.district_id).where(Wave.id == point.wave_id))
    if district_id != wave.district_id:
        raise refuse(
            "wrong_district",
            _l(
                "Wave %(wave)s is not asked where the point %(code)s is.",
                wave=wave.code,
                code=point.short_code,
            ),
        )


def _free_name(wave_id: int, stem: str) -> str:
    """The stem with the first number that no batch of the wave has."""
    taken = set(db.session.scalars(select(SlipBatch.name).where(SlipBatch.wave_id == wave_id)))
    return next(name for n in range(1, len(taken) + 2) if (name := f"{stem}-{n}") not in taken)


@dataclass(frozen=True)
class VoidedSerials:
    """A line of the ledger about slips that were made void."""

    first: int
    last: int
    voided: int
    reason: str
    on: date


@dataclass(frozen=True)
class BatchLine:
    """A batch in the ledger. `spent` counts; which slips it were is not known."""

    name: str
    point_code: str
    street_name: tuple[str, str]
    printed: int
    printed_on: date
    voided: int
    spent: int
    replaces: str | None
    voids: tuple[VoidedSerials, ...]


@dataclass(frozen=True)
class SlipLedger:
    """All batches of a wave, and how easily a code could be guessed."""

    batches: tuple[BatchLine, ...]
    #: Slips that are neither void nor spent.
    live: int

    @property
    def guesses_per_hit(self) -> float:
        """How many random codes must be tried on average until one fits; inf without slips."""
        return 32**SLIP_LENGTH / self.live if self.live else float("inf")


def slip_ledger(wave_code: str) -> SlipLedger:
    """The batches of a wave in the order of printing. Four queries.

    Raises Refused (404) when there is no such wave.
    """
    wave = _wave(wave_code)
    old = aliased(SlipBatch)
    rows = db.session.execute(
        select(SlipBatch, CollectionPoint, old.name)
        .join(CollectionPoint, SlipBatch.collection_point_id == CollectionPoint.id)
        .outerjoin(old, SlipBatch.replaces_id == old.id)
        .where(SlipBatch.wave_id == wave.id)
        .order_by(SlipBatch.id)
    ).all()
    ids = [batch.id for batch, _point, _old in rows]
    spent: dict[int, int] = dict(
        db.session.execute(
            select(SpentSlip.batch_id, func.count())
            .where(SpentSlip.batch_id.in_(ids))
            .group_by(SpentSlip.batch_id)
        ).all()
    )
    voids: dict[int, list[SlipVoid]] = {}
    for void in db.session.scalars(
        select(SlipVoid).where(SlipVoid.batch_id.in_(ids)).order_by(SlipVoid.id)
    ):
        voids.setdefault(void.batch_id, []).append(void)
    lines = tuple(
        BatchLine(
            name=batch.name,
            point_code=point.short_code,
            street_name=(point.street.name_zh, point.street.name_en),
            printed=batch.printed,
            printed_on=batch.printed_on,
            voided=sum(void.voided for void in voids.get(batch.id, ())),
            spent=spent.get(batch.id, 0),
            replaces=replaced,
            voids=tuple(
                VoidedSerials(v.first_serial, v.last_serial, v.voided, v.reason, v.voided_on)
                for v in voids.get(batch.id, ())
            ),
        )
        for batch, point, replaced in rows
    )
    live = sum(max(line.printed - line.voided - line.spent, 0) for line in lines)
    return SlipLedger(lines, live)


def invited(wave_id: int, point_code: str) -> int:
    """How many invitations are recorded for a point in a wave."""
    return (
        db.session.scalar(
            select(Invitation.invited)
            .join(CollectionPoint, Invitation.collection_point_id == CollectionPoint.id)
            .where(Invitation.wave_id == wave_id, CollectionPoint.short_code == point_code)
        )
        or 0
    )
