"""Load answers that were collected elsewhere: telephone interviews, paper forms, other systems.

All rows of a file or none. A row becomes a response like any other: scored, redacted, waiting
for its roll-up; the same row is never stored twice, whatever the file is called.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from analysis.policy import Policy
from survey.database import transaction
from survey.errors import Refused
from survey.models import CHANNELS, CollectionPoint, Response, Street, Wave, db
from survey.queries.fieldwork import InstrumentRows, kept_instrument
from survey.queries.policies import kept_policy
from survey.services.answers_map import STREET, AnswersMap, RowReader
from survey.services.points import free_codes
from survey.services.responses import Origin, insert_responses, new_response
from survey.services.tables_in import Rejected, RowsRejected, TableIn, loaded_meanwhile, read_table

BATCH = 2000
LONGEST_ID = 200
Show = Callable[[int, int], None]


@dataclass(frozen=True)
class AnswersLoaded:
    """What was stored; valid: responses that count in the index."""

    stored: int
    valid: int
    streets: int


@dataclass(frozen=True)
class _Target:
    """Where the rows go. point_id and its street are None when each row names its street."""

    wave_id: int
    rows: InstrumentRows
    policy: Policy
    #: {code: id} of the district's streets.
    streets: Mapping[str, int]
    channel: str
    point_id: int | None
    point_street_id: int | None

    def key(self, source: str, row_id: str) -> str:
        """The submission key of a row: the same row always has the same one."""
        text = "\n".join((str(self.wave_id), self.channel, source, row_id))
        return f"import-{hashlib.sha256(text.encode()).hexdigest()[:48]}"


@dataclass(frozen=True)
class _Checked:
    """A row that can be stored."""

    number: int
    key: str
    street_id: int
    answers: dict[str, str]


def load_answers(
    path: Path,
    *,
    wave: str,
    now: datetime,
    mapping: AnswersMap,
    point: str | None = None,
    channel: str | None = None,
    source: str = "",
    show: Show = lambda done, total: None,
) -> AnswersLoaded:
    """Store the answers in a CSV file. One transaction: all rows or none.

    point: the code of a point all rows come from; else channel: rows name their street and go to
    that street's own import point of the channel, made when it is missing. source: a name for
    the list the ids are of, when two lists use the same ids. An empty cell is no answer.
    show(done, total) is told of progress.
    Raises Refused (wave, point, map, header, encoding) and RowsRejected (row, column, reason).
    """
    table = read_table(path)
    target = _target(wave, point=point, channel=channel)
    checked = _check(table, target, mapping, source=source)
    try:
        points, valid = _store(target, checked, now=now, show=show)
    except IntegrityError as error:
        raise loaded_meanwhile(table.name) from error
    return AnswersLoaded(len(checked), valid, points)


def _store(
    target: _Target, checked: Sequence[_Checked], *, now: datetime, show: Show
) -> tuple[int, int]:
    """Store all rows in one transaction; (points used, valid responses)."""
    with transaction() as session:
        # Locked, so that the wave cannot be published while its answers arrive.
        _require_loadable(session.get_one(Wave, target.wave_id, with_for_update=True))
        points = _points(session, target, {row.street_id for row in checked}, now=now)
        valid = 0
        for start in range(0, len(checked), BATCH):
            valid += _insert(session, target, points, checked[start : start + BATCH], now=now)
            show(min(start + BATCH, len(checked)), len(checked))
    return len(points), valid


def _target(code: str, *, point: str | None, channel: str | None) -> _Target:
    wave = db.session.scalar(select(Wave).where(Wave.code == code))
    if wave is None:
        raise Refused(
            "unknown_wave", _l("There is no wave with the code %(code)s.", code=code), status=404
        )
    _require_loadable(wave)
    found = select(Street.code, Street.id).where(Street.district_id == wave.district_id)
    streets = dict(db.session.execute(found).all())
    stored = None if point is None else _point(point, set(streets.values()))
    channel = channel if stored is None else stored.channel
    if channel not in CHANNELS:
        raise Refused(
            "unknown_channel",
            _l("Name a point, or one of the channels %(names)s.", names=", ".join(CHANNELS)),
            status=422,
        )
    return _Target(
        wave_id=wave.id,
        rows=kept_instrument(wave.questionnaire_id),
        policy=kept_policy(wave.policy_id),
        streets=streets,
        channel=channel,
        point_id=None if stored is None else stored.id,
        point_street_id=None if stored is None else stored.street_id,
    )


def _require_loadable(wave: Wave) -> None:
    if wave.status not in ("open", "closed"):
        raise Refused(
            "wave_status",
            _l(
                "Wave %(code)s is %(status)s; answers can be loaded from its opening until it is "
                "published.",
                code=wave.code,
                status=wave.status,
            ),
            status=409,
        )


def _point(code: str, street_ids: set[int]) -> CollectionPoint:
    stored = db.session.scalar(select(CollectionPoint).where(CollectionPoint.short_code == code))
    if stored is None or stored.street_id not in street_ids:
        raise Refused(
            "unknown_code",
            _l("The district of the wave has no point with the code %(code)s.", code=code),
            status=404,
        )
    return stored


def _check(table: TableIn, target: _Target, mapping: AnswersMap, *, source: str) -> list[_Checked]:
    """Every row checked; raises RowsRejected with all that is wrong in the whole file."""
    reader = RowReader(target.rows.instrument, mapping, table)
    if target.point_id is None:
        table.require(mapping.street_column)
    named = mapping.values.get(STREET, {})
    checked: list[_Checked] = []
    rejected: list[Rejected] = []
    seen: dict[str, int] = {}
    for row in table.rows:
        answers, problems = reader.answers(row)
        row_id = row.cells[mapping.id_column]
        if not 1 <= len(row_id) <= LONGEST_ID:
            reason = _l("must have 1 to %(most)s characters", most=LONGEST_ID)
            problems.append(Rejected(row.number, mapping.id_column, reason))
        elif row_id in seen:
            reason = _l("%(id)s is the id of row %(row)s as well", id=row_id, row=seen[row_id])
            problems.append(Rejected(row.number, mapping.id_column, reason))
        else:
            seen[row_id] = row.number
        cell = row.cells.get(mapping.street_column, "")
        street_id = target.streets.get(named.get(cell, cell), target.point_street_id)
        if street_id is None:
            reason = _l("there is no street %(code)s", code=cell or "–")
            problems.append(Rejected(row.number, mapping.street_column, reason))
        elif target.point_street_id not in (None, street_id):
            reason = _l("%(code)s is not the street of the point", code=cell)
            problems.append(Rejected(row.number, mapping.street_column, reason))
        if problems:
            rejected += problems
        else:
            assert street_id is not None
            checked.append(_Checked(row.number, target.key(source, row_id), street_id, answers))
    rejected += _loaded_before(checked, mapping.id_column)
    if rejected:
        raise RowsRejected(table.name, sorted(rejected, key=lambda r: r.row))
    return checked


def _loaded_before(checked: Sequence[_Checked], id_column: str) -> Iterable[Rejected]:
    for start in range(0, len(checked), BATCH):
        part = {row.key: row.number for row in checked[start : start + BATCH]}
        for key in db.session.scalars(
            select(Response.submission_key).where(Response.submission_key.in_(part))
        ):
            yield Rejected(part[key], id_column, _l("this row was loaded before"))


def _points(
    session: Any, target: _Target, street_ids: set[int], *, now: datetime
) -> dict[int, int]:
    """{street id: point id}; a street's import point of the channel is made when missing."""
    if target.point_id is not None:
        return dict.fromkeys(street_ids, target.point_id)
    label = f"导入（{target.channel}）"
    found = select(CollectionPoint).where(
        CollectionPoint.street_id.in_(street_ids),
        CollectionPoint.channel == target.channel,
        CollectionPoint.label_zh == label,
    )
    points = {point.street_id: point.id for point in session.scalars(found)}
    missing = sorted(street_ids - set(points))
    for street_id, code in zip(missing, free_codes(session, len(missing)), strict=True):
        # Retired from the start: its code is printed nowhere, so nobody answers under it.
        point = CollectionPoint(
            street_id=street_id,
            channel=target.channel,
            short_code=code,
            label_zh=label,
            label_en=f"Imported ({target.channel})",
            retired_at=now,
        )
        session.add(point)
        session.flush()
        points[street_id] = point.id
    return points


def _insert(
    session: Any,
    target: _Target,
    points: Mapping[int, int],
    checked: Sequence[_Checked],
    *,
    now: datetime,
) -> int:
    """Insert one batch; the number of valid responses in it."""
    origins = {
        street_id: Origin(
            rows=target.rows,
            policy=target.policy,
            wave_id=target.wave_id,
            street_id=street_id,
            point_id=point_id,
            channel=target.channel,
        )
        for street_id, point_id in points.items()
    }
    new = [
        new_response(origins[row.street_id], row.answers, key=row.key, at=now, language="zh")
        for row in checked
    ]
    insert_responses(session.connection(), new)
    return sum(bool(one.response["is_valid"]) for one in new)
