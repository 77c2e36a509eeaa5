"""One-time slips: record what is printed, make slips void, and let each be spent once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from survey.database import transaction, upsert
from survey.errors import Refused
from survey.models import (
    CollectionPoint,
    Invitation,
    Slip,
    SlipBatch,
    SlipVoid,
    SpentSlip,
    Wave,
    table_of,
)
from survey.queries.slips import SLIP_LENGTH, SlipView, slip_hashes
from survey.services.responses import ALPHABET

MOST_SLIPS = 10_000
BATCH_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
LONGEST_REASON = 200


@dataclass(frozen=True)
class Voided:
    """Slips that cannot be used any more, of those that could."""

    batch: str
    point_code: str
    serials: tuple[int, ...]


def draw_slip_codes(count: int) -> tuple[str, ...]:
    """New codes, all different. Raises Refused for none and for more than 10,000 at once."""
    if not 1 <= count <= MOST_SLIPS:
        raise Refused(
            "count_wrong",
            _l("A batch has 1 to %(most)s slips.", most=MOST_SLIPS),
            status=422,
        )
    codes: dict[str, None] = {}
    while len(codes) < count:
        codes["".join(secrets.choice(ALPHABET) for _ in range(SLIP_LENGTH))] = None
    return tuple(codes)


def record_batch(codes: Sequence[str], *, wave: str, point: str, batch: str, on: date) -> None:
    """Store a printed batch, all or nothing, and count its slips as invitations.

    codes: as printed, in the order of the serials from 1 on; only hashes are stored.
    Raises Refused when the wave has a batch of this name.
    """
    _require_name(batch)
    with transaction() as session:
        wave_id = _wave_id(session, wave)
        point_id = session.scalar(
            select(CollectionPoint.id).where(CollectionPoint.short_code == point)
        )
        if point_id is None:
            raise Refused(
                "unknown_code",
                _l("There is no point with the code %(code)s.", code=point),
                status=404,
            )
        _insert_batch(session, codes, wave_id=wave_id, point_id=point_id, name=batch, on=on)


def replace_slips(
    codes: Sequence[str],
    *,
    wave: str,
    batch: str,
    serials: Sequence[int],
    new_batch: str,
    reason: str,
    on: date,
) -> Voided:
    """Make serials of a batch void and store as many new codes for the same point. One commit.

    Raises Refused when the serials are not exactly the ones that can still be used, so that a
    second reprint of the same sheet does not happen unseen.
    """
    _require_name(new_batch)
    with transaction() as session:
        # The wave before the batch, as who closes a wave does: neither waits for the other.
        session.execute(select(Wave.id).where(Wave.code == wave).with_for_update())
        old = _batch(session, wave, batch)
        voided = _void(session, old, (min(serials), max(serials)), reason=reason, on=on)
        if voided.serials != tuple(sorted(serials)) or len(codes) != len(serials):
            raise Refused(
                "slips_changed",
                _l("Some of these slips were made void meanwhile. Look at `slips list`."),
                status=409,
            )
        _insert_batch(
            session,
            codes,
            wave_id=old.wave_id,
            point_id=old.collection_point_id,
            name=new_batch,
            on=on,
            replaces_id=old.id,
        )
    return voided


def _insert_batch(
    session: Any,
    codes: Sequence[str],
    *,
    wave_id: int,
    point_id: int,
    name: str,
    on: date,
    replaces_id: int | None = None,
) -> None:
    row = SlipBatch(
        wave_id=wave_id,
        collection_point_id=point_id,
        name=name,
        printed=len(codes),
        printed_on=on,
        replaces_id=replaces_id,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise Refused(
            "batch_exists",
            _l("The wave has a batch %(name)s already; choose another name.", name=name),
            status=409,
        ) from error
    rows = [
        {"code_hash": slip_hashes(code)[0], "batch_id": row.id, "serial": serial, "is_void": False}
        for serial, code in enumerate(codes, start=1)
    ]
    # In the order of the hashes: where a row lies says nothing about its serial.
    session.execute(insert(table_of(Slip)), sorted(rows, key=lambda one: str(one["code_hash"])))
    _count_invited(session, wave_id, point_id, len(codes))


def _count_invited(session: Any, wave_id: int, point_id: int, more: int) -> None:
    table = table_of(Invitation)
    statement = upsert(table).values(wave_id=wave_id, collection_point_id=point_id, invited=more)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[table.c.wave_id, table.c.collection_point_id],
            set_={"invited": table.c.invited + more},
        )
    )


def usable_serials(wave: str, batch: str, serials: tuple[int, int] | None) -> tuple[int, ...]:
    """The serials, of a range or of all, that are not void. Nothing changes.

    Raises Refused when the wave, the batch or such a slip does not exist.
    """
    with transaction() as session:
        row = _batch(session, wave, batch)
        return _usable(session, row, _range(row, serials))


def void_slips(
    wave: str, batch: str, *, serials: tuple[int, int] | None, reason: str, on: date
) -> Voided:
    """Make slips void, all of a batch or the serials first … last, and count them as not invited.

    What was answered with them stays: no one can tell which answer that was.
    Raises Refused when there is nothing to make void, or no reason.
    """
    with transaction() as session:
        row = _batch(session, wave, batch)
        return _void(session, row, _range(row, serials), reason=reason, on=on)


def _void(
    session: Any, batch: SlipBatch, serials: tuple[int, int], *, reason: str, on: date
) -> Voided:
    reason = reason.strip()
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise Refused(
            "no_reason", _l("Say in 1 to 200 characters why the slips are void."), status=422
        )
    found = _usable(session, batch, serials)
    session.execute(
        update(Slip)
        .where(Slip.batch_id == batch.id, Slip.serial.between(*serials))
        .values(is_void=True)
    )
    session.add(
        SlipVoid(
            batch_id=batch.id,
            first_serial=found[0],
            last_serial=found[-1],
            voided=len(found),
            reason=reason,
            voided_on=on,
        )
    )
    session.execute(
        update(Invitation)
        .where(
            Invitation.wave_id == batch.wave_id,
            Invitation.collection_point_id == batch.collection_point_id,
        )
        .values(invited=Invitation.invited - len(found))
    )
    code = session.scalar(
        select(CollectionPoint.short_code).where(CollectionPoint.id == batch.collection_point_id)
    )
    return Voided(batch.name, str(code), found)


def _usable(session: Any, batch: SlipBatch, serials: tuple[int, int]) -> tuple[int, ...]:
    found = tuple(
        session.scalars(
            select(Slip.serial)
            .where(Slip.batch_id == batch.id, Slip.serial.between(*serials), ~Slip.is_void)
            .order_by(Slip.serial)
        )
    )
    if not found:
        raise Refused("already_void", _l("These slips are void already."), status=409)
    return found


def _range(batch: SlipBatch, serials: tuple[int, int] | None) -> tuple[int, int]:
    first, last = serials or (1, batch.printed)
    if not 1 <= first <= last <= batch.printed:
        raise Refused(
            "serials_wrong",
            _l(
                "Batch %(name)s has the serials 1 to %(last)s.", name=batch.name, last=batch.printed
            ),
            status=422,
        )
    return first, last


def _batch(session: Any, wave: str, name: str) -> SlipBatch:
    """The row, locked: of two who void the same slips one comes first."""
    row: SlipBatch | None = session.scalar(
        select(SlipBatch)
        .where(SlipBatch.wave_id == _wave_id(session, wave), SlipBatch.name == name)
        .with_for_update()
    )
    if row is None:
        raise Refused(
            "unknown_batch",
            _l("Wave %(wave)s has no batch %(name)s; see `slips list`.", wave=wave, name=name),
            status=404,
        )
    return row


def _wave_id(session: Any, code: str) -> int:
    found = session.scalar(select(Wave.id).where(Wave.code == code))
    if found is None:
        raise Refused(
            "unknown_wave", _l("There is no wave with the code %(code)s.", code=code), status=404
        )
    return int(found)


def _require_name(name: str) -> None:
    if not BATCH_NAME.fullmatch(name):
        raise Refused(
            "batch_name_wrong",
            _l("The name of a batch has 1 to 40 letters, digits, - or _."),
            status=422,
        )


def spend(connection: Connection, slip: SlipView) -> bool:
    """Write that a slip was used, in the transaction of its answer; False when it was before.

    The primary key decides: of many at once the others wait for the first to commit and then
    find its row.
    """
    table = table_of(SpentSlip)
    statement = upsert(table).values(spent_hash=slip.spent_hash, batch_id=slip.batch_id)
    once = statement.on_conflict_do_nothing().returning(table.c.spent_hash)
    return connection.execute(once).first() is not None


def forget_order(session: Any, wave_id: int) -> None:
    """Write the spent slips of a wave anew in the order of their hashes, as it closes.

    PostgreSQL keeps rows as they came, and a row carries the number of its transaction, which
    the answer carries too. Afterwards all have one number. Part of the caller's transaction.
    """
    batches = select(SlipBatch.id).where(SlipBatch.wave_id == wave_id)
    of_wave = SpentSlip.batch_id.in_(batches)
    rows = session.execute(
        select(SpentSlip.spent_hash, SpentSlip.batch_id)
        .where(of_wave)
        .order_by(SpentSlip.spent_hash)
    ).all()
    if rows:
        session.execute(delete(SpentSlip).where(of_wave))
        session.execute(
            insert(table_of(SpentSlip)),
            [{"spent_hash": key, "batch_id": batch_id} for key, batch_id in rows],
        )
