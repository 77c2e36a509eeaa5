"""Load messages that offices elsewhere dealt with, or have to: each becomes a case with its clock.

All rows of a file or none; a row that was loaded before is passed over, so that a list that grows
can be loaded again. What names a person is redacted before anything is stored, in the reply too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from analysis.themes.redact import redact
from survey.database import transaction
from survey.errors import Refused
from survey.formatting import local_time
from survey.models import Case, CaseEvent, Comment, Department, District, Street, Wave, db
from survey.queries.policies import kept_policy
from survey.services import audit, loaded_words, search_index
from survey.services.loaded_words import LONGEST_BODY, LONGEST_KEY, LONGEST_SOURCE, LONGEST_TITLE
from survey.services.tables_in import (
    Rejected,
    Row,
    RowsRejected,
    TableIn,
    loaded_meanwhile,
    read_table,
)
from survey.working_days import add_working_days_beyond

BATCH = 500
COLUMNS = ("message_id", "title", "time", "body")
OPTIONAL = ("user", "reply", "reply_time", "street", "department")
ACTOR = "cases load"
Show = Callable[[int, int], None]


@dataclass(frozen=True)
class CasesLoaded:
    """stored: new cases; replied: of these, answered; before: rows that were there already."""

    stored: int
    replied: int
    redacted: int
    before: int


@dataclass(frozen=True)
class _Target:
    district_id: int
    wave_id: int | None
    #: {code: id}
    streets: dict[str, int]
    departments: dict[str, int]
    #: Of every row that names neither.
    street: str
    department: str
    reply_days: int


@dataclass(frozen=True)
class _Message:
    comment: dict[str, Any]
    case: dict[str, Any]


def load_cases(
    path: Path,
    *,
    source: str,
    now: datetime,
    wave: str | None = None,
    street: str | None = None,
    department: str | None = None,
    show: Show = lambda done, total: None,
) -> CasesLoaded:
    """Store the messages in a CSV file as cases of origin "loaded". One transaction: all or none.

    Columns message_id, title, time, body; and user, reply, reply_time, street, department where
    there are such. Times are the district's. A message with a reply is done, as its office said
    then; without one it waits to be taken up. source: lasting name, ids are unique within it;
    street, department: codes for rows that name neither; now: UTC, no time may be later.
    Raises Refused (source, wave, street, department, header, encoding) and RowsRejected (row,
    column, reason).
    """
    if not 1 <= len(source) <= LONGEST_SOURCE:
        raise Refused("source_wrong", _l("Give the source a name of 1 to 60 characters."))
    table = read_table(path, columns=COLUMNS)
    target = _target(wave, street, department)
    messages = _check(table, target, source=source, now=now)
    known = _known(source, list(messages))
    new = [message for key, message in messages.items() if key not in known]
    redacted = 0
    for done, message in enumerate(new, start=1):
        redacted += _redact(message)
        show(done, len(new))
    try:
        with transaction() as session:
            for start in range(0, len(new), BATCH):
                _store(session, new[start : start + BATCH])
            replied = sum(message.case["replied_at"] is not None for message in new)
            if new:
                audit.record(
                    session,
                    actor=ACTOR,
                    action="cases_loaded",
                    subject=source,
                    detail={"stored": len(new), "replied": replied, "wave": wave},
                    at=now,
                )
    except IntegrityError as error:
        raise loaded_meanwhile(table.name) from error
    return CasesLoaded(len(new), replied, redacted, len(known))


def _redact(message: _Message) -> bool:
    """Take out what names a person; whether there was anything."""
    comment, case = message.comment, message.case
    before = comment["title"], comment["body"], case["reply"]
    comment["title"] = redact(comment["title"]).text[:LONGEST_TITLE]
    comment["body"] = redact(comment["body"]).text
    case["reply"] = redact(case["reply"]).text
    return before != (comment["title"], comment["body"], case["reply"])


def _store(session: Any, messages: Sequence[_Message]) -> None:
    """Comments, their cases, and what happened to each."""
    comment_ids = session.scalars(
        insert(Comment).returning(Comment.id, sort_by_parameter_order=True),
        [message.comment for message in messages],
    ).all()
    search_index.add(session, Comment.id.between(min(comment_ids), max(comment_ids)))
    cases = [
        message.case | {"comment_id": comment_id}
        for message, comment_id in zip(messages, comment_ids, strict=True)
    ]
    case_ids = session.scalars(
        insert(Case).returning(Case.id, sort_by_parameter_order=True), cases
    ).all()
    session.execute(
        insert(CaseEvent),
        [
            event
            for case_id, case in zip(case_ids, cases, strict=True)
            for event in _events(case_id, case)
        ],
    )


def _events(case_id: int, case: dict[str, Any]) -> Iterable[dict[str, Any]]:
    base = {"case_id": case_id, "actor": ACTOR, "department_id": case["department_id"]}
    yield base | {
        "at": case["opened_at"],
        "action": "opened",
        "state": "received",
        "words": "",
        "due_on": case["reply_due_on"],
    }
    if case["replied_at"] is not None:
        told = base | {"at": case["replied_at"], "due_on": None}
        yield told | {"action": "replied", "state": "received", "words": case["reply"]}
        yield told | {"action": "done", "state": "done", "words": ""}


def _target(wave: str | None, street: str | None, department: str | None) -> _Target:
    stored = None
    if wave is not None:
        stored = db.session.scalar(select(Wave).where(Wave.code == wave))
        if stored is None:
            raise _unknown("unknown_wave", _l("There is no wave with the code %(c)s.", c=wave))
        if stored.status == "published":
            raise Refused(
                "wave_status",
                _l("Wave %(code)s is published; nothing can be added to it.", code=wave),
                status=409,
            )
    districts = db.session.scalars(select(District.id).limit(2)).all()
    if stored is None and len(districts) != 1:
        raise Refused(
            "which_district",
            _l("There is not exactly one district. Name a wave, which says whose cases these are."),
            status=422,
        )
    district_id = stored.district_id if stored else districts[0]
    found: dict[type, dict[str, int]] = {}
    for model in (Street, Department):
        rows = select(model.code, model.id).where(model.district_id == district_id)
        found[model] = dict(db.session.execute(rows).all())
    if street is not None and street not in found[Street]:
        raise _unknown("unknown_street", _l("There is no street %(code)s.", code=street))
    if department is not None and department not in found[Department]:
        raise _unknown(
            "unknown_department", _l("There is no department %(code)s.", code=department)
        )
    policy = kept_policy(stored.policy_id if stored else None)
    return _Target(
        district_id=district_id,
        wave_id=stored.id if stored else None,
        streets=found[Street],
        departments=found[Department],
        street=street or "",
        department=department or "",
        reply_days=policy.case_reply_days,
    )


def _unknown(code: str, words: Any) -> Refused:
    return Refused(code, words, status=404)


def _check(table: TableIn, target: _Target, *, source: str, now: datetime) -> dict[str, _Message]:
    """{id: message}, as they stand, not yet redacted."""
    rejected: list[Rejected] = []
    rows: dict[str, tuple[int, _Message | None]] = {}
    has = frozenset(OPTIONAL) & frozenset(table.columns)
    for row in table.rows:
        reading = _Reading(row, has=has)
        message = reading.message(target, source=source, now=now)
        key = row.cells["message_id"]
        if key in rows:
            reading.problem(
                "message_id",
                _l("%(id)s is the id of row %(row)s as well", id=key, row=rows[key][0]),
            )
        else:
            rows[key] = row.number, message
        rejected += reading.problems
    if rejected:
        raise RowsRejected(table.name, sorted(rejected, key=lambda one: one.row))
    return {key: message for key, (_number, message) in rows.items() if message is not None}


def _known(source: str, keys: Sequence[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(keys), BATCH):
        known.update(
            key
            for key in db.session.scalars(
                select(Comment.source_key).where(
                    Comment.source == source, Comment.source_key.in_(keys[start : start + BATCH])
                )
            )
            if key is not None
        )
    return known


class _Reading:
    """One row being read, and what is wrong with it."""

    def __init__(self, row: Row, *, has: frozenset[str]) -> None:
        self.row, self.has = row, has
        self.problems: list[Rejected] = []

    def problem(self, column: str, reason: Any) -> None:
        self.problems.append(Rejected(self.row.number, column, reason))

    def cell(self, column: str) -> str:
        return self.row.cells[column] if column in COLUMNS or column in self.has else ""

    def message(self, target: _Target, *, source: str, now: datetime) -> _Message | None:
        """What the row says; None when something in it is wrong."""
        title, body, reply = self.cell("title"), self.cell("body"), self.cell("reply")
        key = self.cell("message_id")
        if not 1 <= len(key) <= LONGEST_KEY:
            self.problem("message_id", _l("must have 1 to %(most)s characters", most=LONGEST_KEY))
        if not title and not body:
            self.problem("body", _l("is empty"))
        for column, most in (
            ("title", LONGEST_TITLE),
            ("body", LONGEST_BODY),
            ("reply", LONGEST_BODY),
        ):
            if len(self.cell(column)) > most:
                self.problem(column, _l("has more than %(count)s characters", count=most))
        street, department = self.holder(target)
        opened_at, replied_at = self.moments(now)
        if self.problems or opened_at is None:
            return None
        said_on = local_time(opened_at).date()
        place = {"wave_id": target.wave_id, "street_id": target.streets.get(street)}
        return _Message(
            comment=place
            | {
                "title": title,
                "body": body,
                "language": loaded_words.language_of(title + body),
                "source": source,
                "source_key": key,
                "person_hash": loaded_words.person_hash(source, self.cell("user")),
                "said_on": said_on,
            },
            case=place
            | {
                "district_id": target.district_id,
                "department_id": target.departments.get(department),
                "origin": "loaded",
                "state": "done" if replied_at else "received",
                "version": 3 if replied_at else 1,
                "said_on": said_on,
                "opened_at": opened_at,
                "reply_due_on": add_working_days_beyond(said_on, target.reply_days),
                "reply": reply,
                "replied_at": replied_at,
                "done_at": replied_at,
                "round": int(replied_at is not None),
            },
        )

    def holder(self, target: _Target) -> tuple[str, str]:
        """(street, department), "" for none; the row's own before those of all rows."""
        street, department = self.cell("street"), self.cell("department")
        if not street and not department:
            street, department = target.street, target.department
        if street and street not in target.streets:
            self.problem("street", _l("there is no street %(code)s", code=street))
        if department and department not in target.departments:
            self.problem("department", _l("there is no department %(code)s", code=department))
        if not street and not department:
            self.problem(
                "street" if "street" in self.has else "",
                _l("names neither street nor department; say with --street or --department whose"),
            )
        return street, department

    def moments(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """When it was said and when answered, in UTC; the answer may be missing."""
        said = self.moment("time", now)
        reply, time = self.cell("reply"), self.cell("reply_time")
        if not reply and not time:
            return (said[0] if said else None), None
        if not reply or not time:
            self.problem(
                "reply_time" if reply else "reply", _l("is empty: a reply has words and a time")
            )
            return None, None
        answered = self.moment("reply_time", now)
        if said is None or answered is None:
            return None, None
        at = answered[0]
        # A day alone begins before what was said on it.
        if not answered[1] and at <= said[0] <= loaded_words.end_of_day(at):
            at = said[0]
        if at < said[0]:
            self.problem("reply_time", _l("is before the message"))
        return said[0], at

    def moment(self, column: str, now: datetime) -> tuple[datetime, bool] | None:
        found = loaded_words.moment_of(self.cell(column))
        if found is None:
            self.problem(column, _l("must be a time such as 2026-11-24 9:30 or a day"))
        elif found[0] > now:
            self.problem(column, _l("is in the future"))
            return None
        return found
