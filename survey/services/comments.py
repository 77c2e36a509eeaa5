"""Load comments that were written elsewhere: a hotline, a letter box, a message board.

All rows of a file or none. What names a person is redacted before anything is stored; the
person behind a row is kept as a keyed hash only, so that one person counts once.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from analysis.themes.redact import redact
from survey.database import transaction
from survey.errors import Refused
from survey.models import Comment, Street, Wave, db, table_of
from survey.services import search_index
from survey.services.tables_in import (
    Rejected,
    Row,
    RowsRejected,
    TableIn,
    loaded_meanwhile,
    read_table,
)

BATCH = 500
LONGEST_BODY = 20_000
LONGEST_TITLE = 300
LONGEST_KEY = 80
LONGEST_SOURCE = 60
# A day, perhaps followed by a time: 2026-11-24, 2026/11/24 9:30, 2026年11月24日.
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T].*)?")
_HAN = re.compile("[\u3400-\u9fff]")


@dataclass(frozen=True)
class CommentsMap:
    """Which column is what. title, person and street may be None: the table has none."""

    id_column: str = "id"
    text_column: str = "text"
    date_column: str = "date"
    title_column: str | None = None
    person_column: str | None = None
    street_column: str | None = None


@dataclass(frozen=True)
class CommentsLoaded:
    """What was stored; persons: how many different ones wrote it, 0 when nobody is named."""

    stored: int
    persons: int
    redacted: int


@dataclass(frozen=True)
class _Target:
    wave_id: int | None
    #: {code: id}
    streets: dict[str, int]
    #: The street of every row, when rows name none.
    street_id: int | None


def load_comments(
    path: Path,
    *,
    source: str,
    mapping: CommentsMap,
    wave: str | None = None,
    street: str | None = None,
    show: Callable[[int, int], None] = lambda done, total: None,
) -> CommentsLoaded:
    """Store the comments in a CSV file. One transaction: all rows or none.

    source: a lasting name of where they come from; ids are unique within it. wave: the wave they
    are counted in. street: the street of all rows; a row's own street column comes first and
    may be empty.
    Raises Refused (wave, street, header, encoding) and RowsRejected (row, column, reason).
    """
    table = read_table(path)
    if not 1 <= len(source) <= LONGEST_SOURCE:
        raise Refused("source_wrong", _l("Give the source a name of 1 to 60 characters."))
    optional = (mapping.title_column, mapping.person_column, mapping.street_column)
    table.require(
        mapping.id_column,
        mapping.text_column,
        mapping.date_column,
        *(column for column in optional if column is not None),
    )
    target = _target(wave, street)
    rows = _check(table, target, mapping, source=source)
    redacted = 0
    values = []
    for done, row in enumerate(rows, start=1):
        values.append(_redacted(row))
        redacted += values[-1]["body"] != row["body"] or values[-1]["title"] != row["title"]
        show(done, len(rows))
    try:
        with transaction() as session:
            session.execute(insert(table_of(Comment)), values)
            search_index.add(session, Comment.source == source)
    except IntegrityError as error:
        raise loaded_meanwhile(table.name) from error
    persons = {row["person_hash"] for row in rows if row["person_hash"]}
    return CommentsLoaded(len(rows), len(persons), redacted)


def _redacted(row: dict[str, Any]) -> dict[str, Any]:
    return row | {
        "title": redact(row["title"]).text[:LONGEST_TITLE],
        "body": redact(row["body"]).text,
    }


def _target(wave: str | None, street: str | None) -> _Target:
    wave_id, found = None, select(Street.code, Street.id)
    if wave is not None:
        stored = db.session.scalar(select(Wave).where(Wave.code == wave))
        if stored is None:
            raise Refused(
                "unknown_wave",
                _l("There is no wave with the code %(code)s.", code=wave),
                status=404,
            )
        if stored.status == "published":
            raise Refused(
                "wave_status",
                _l("Wave %(code)s is published; nothing can be added to it.", code=wave),
                status=409,
            )
        wave_id = stored.id
        found = found.where(Street.district_id == stored.district_id)
    streets = dict(db.session.execute(found).all())
    if street is not None and street not in streets:
        raise Refused("unknown_street", _l("There is no street %(code)s.", code=street), status=404)
    return _Target(wave_id, streets, None if street is None else streets[street])


def _check(
    table: TableIn, target: _Target, mapping: CommentsMap, *, source: str
) -> list[dict[str, Any]]:
    rejected: list[Rejected] = []
    rows: dict[str, tuple[int, dict[str, Any]]] = {}
    for row in table.rows:
        values, problems = _read(row, target, mapping, source=source)
        key = row.cells[mapping.id_column]
        if key in rows:
            reason = _l("%(id)s is the id of row %(row)s as well", id=key, row=rows[key][0])
            problems.append(Rejected(row.number, mapping.id_column, reason))
        else:
            rows[key] = (row.number, values)
        rejected += problems
    numbers = {key: number for key, (number, _values) in rows.items()}
    rejected += _loaded_before(source, numbers, mapping.id_column)
    if rejected:
        raise RowsRejected(table.name, sorted(rejected, key=lambda r: r.row))
    return [values for _number, values in rows.values()]


def _read(
    row: Row, target: _Target, mapping: CommentsMap, *, source: str
) -> tuple[dict[str, Any], list[Rejected]]:
    """The values of a row as they stand, not yet redacted, and what is wrong with them."""
    problems: list[Rejected] = []

    def problem(column: str, reason: Any) -> None:
        problems.append(Rejected(row.number, column, reason))

    def cell(column: str | None) -> str:
        return "" if column is None else row.cells[column]

    key, body, title = (
        cell(mapping.id_column),
        cell(mapping.text_column),
        cell(mapping.title_column),
    )
    if not 1 <= len(key) <= LONGEST_KEY:
        problem(mapping.id_column, _l("must have 1 to %(most)s characters", most=LONGEST_KEY))
    if not body and not title:
        problem(mapping.text_column, _l("is empty"))
    if len(body) > LONGEST_BODY:
        problem(mapping.text_column, _l("has more than %(count)s characters", count=LONGEST_BODY))
    if len(title) > LONGEST_TITLE:
        problem(
            mapping.title_column or "",
            _l("has more than %(count)s characters", count=LONGEST_TITLE),
        )
    said_on = _day(cell(mapping.date_column))
    if said_on is None:
        problem(mapping.date_column, _l("must be a date such as 2026-11-24"))
    street = cell(mapping.street_column)
    if street and street not in target.streets:
        problem(mapping.street_column or "", _l("there is no street %(code)s", code=street))
    values = {
        "wave_id": target.wave_id,
        "street_id": target.streets.get(street, target.street_id),
        "title": title,
        "body": body,
        "language": "zh" if _HAN.search(title + body) else "en",
        "source": source,
        "source_key": key,
        "person_hash": _person_hash(source, cell(mapping.person_column)),
        "said_on": said_on,
    }
    return values, problems


def _day(text: str) -> date | None:
    match = DAY.fullmatch(text)
    if match is None:
        return None
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        return None


def _person_hash(source: str, person: str) -> str | None:
    """Keyed, so that it cannot be found by trying names; per source, so that none are joined."""
    if not person:
        return None
    secret = current_app.config["SECRET_KEY"].encode()
    return hmac.new(secret, f"person\n{source}\n{person}".encode(), "sha256").hexdigest()


def _loaded_before(source: str, numbers: dict[str, int], column: str) -> Iterable[Rejected]:
    keys = list(numbers)
    for start in range(0, len(keys), BATCH):
        part = keys[start : start + BATCH]
        for key in db.session.scalars(
            select(Comment.source_key).where(Comment.source == source, Comment.source_key.in_(part))
        ):
            yield Rejected(numbers[key or ""], column, _l("%(id)s was loaded before", id=key))
