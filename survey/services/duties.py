"""Edit the duty list (权责清单): add, change, retire and restore duties, and lock it for a wave.

Loading a file is survey.services.duties_file; both check an entry here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey.database import transaction
from survey.errors import Refused
from survey.models import Department, District, Duty, Indicator, Wave, WaveDuties
from survey.queries.duties import district_by_code, duty_rows
from survey.services import audit

STREET = "street"
CODE = re.compile(r"[A-Za-z0-9_-]{1,32}")
SEPARATOR = re.compile(r"[;；\n]")
YES, NO = ("yes", "true", "是"), ("no", "false", "否")
LONGEST_NAME, LONGEST_TERM, MOST_TERMS, LONGEST_SOURCE = 200, 40, 40, 240
LONGEST_DEPARTMENT = 120


@dataclass(frozen=True)
class Known:
    """What an entry may refer to: {code: id} of indicators and departments."""

    indicators: Mapping[str, int]
    departments: Mapping[str, int]


def add_duty(
    cells: Mapping[str, str], *, actor: str, now: datetime, district: str | None = None
) -> None:
    """Store a new duty typed into the columns of survey.queries.duties.COLUMNS.

    Raises Refused (422) with the first problem; 409 for a code that is taken, also by a retired
    duty.
    """
    with transaction() as session:
        place = locked_district(session, district)
        known = known_codes(session, place.id)
        refuse_problems(cells, known)
        if _find(session, place.id, cells["code"]) is not None:
            raise Refused(
                "duty_exists",
                _l("There is a duty %(code)s already.", code=cells["code"]),
                status=409,
            )
        duty = Duty(district_id=place.id, code=cells["code"])
        store(session, duty, cells, known=known)
        _record(session, "duty_added", duty, actor=actor, at=now, detail={"after": said(cells)})


def change_duty(
    code: str,
    cells: Mapping[str, str],
    *,
    actor: str,
    now: datetime,
    district: str | None = None,
) -> None:
    """Change everything of a duty but its code. Waves that locked the list keep what they have.

    Raises Refused (404, 422).
    """
    cells = {**cells, "code": code}
    with transaction() as session:
        place = locked_district(session, district)
        duty = _existing(session, place.id, code)
        known = known_codes(session, place.id)
        refuse_problems(cells, known)
        before = entry(session, duty)
        store(session, duty, cells, known=known)
        after = entry(session, duty)
        changed = {key for key in before if before[key] != after[key]}
        detail = {
            "before": {key: before[key] for key in sorted(changed)},
            "after": {key: after[key] for key in sorted(changed)},
        }
        if changed:
            _record(session, "duty_changed", duty, actor=actor, at=now, detail=detail)


def retire_duty(code: str, *, actor: str, now: datetime, district: str | None = None) -> None:
    """Take a duty out of the list; nothing new is proposed by it. Raises Refused (404, 409)."""
    with transaction() as session:
        duty = _existing(session, locked_district(session, district).id, code)
        if duty.retired_at is not None:
            raise Refused("duty_retired", _l("This duty is retired already."), status=409)
        duty.retired_at = now
        _record(session, "duty_retired", duty, actor=actor, at=now, detail={})


def restore_duty(code: str, *, actor: str, now: datetime, district: str | None = None) -> None:
    """Take a retired duty back into the list. Raises Refused (404, 409)."""
    with transaction() as session:
        duty = _existing(session, locked_district(session, district).id, code)
        if duty.retired_at is None:
            raise Refused("duty_in_use", _l("This duty is in use."), status=409)
        duty.retired_at = None
        _record(session, "duty_restored", duty, actor=actor, at=now, detail={})


def lock_duties(session: Any, wave: Wave, *, now: datetime) -> None:
    """Keep the list as it stands for a wave that opens, within the caller's transaction."""
    document = [duty.as_document() for duty in duty_rows(wave.district_id) if duty.is_in_use]
    canonical = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    session.add(
        WaveDuties(
            wave_id=wave.id,
            hash=hashlib.sha256(canonical.encode()).hexdigest(),
            document=document,
            locked_at=now,
        )
    )


def locked_district(session: Any, code: str | None) -> District:
    """The district of the list, its row held: two who edit wait for each other."""
    found = district_by_code(code)
    place: District = session.scalars(
        select(District).where(District.id == found.id).with_for_update()
    ).one()
    return place


def known_codes(session: Any, district_id: int) -> Known:
    """The codes that an entry may name."""
    indicators = dict(session.execute(select(Indicator.code, Indicator.id)).all())
    departments = dict(
        session.execute(
            select(Department.code, Department.id).where(Department.district_id == district_id)
        ).all()
    )
    return Known(indicators, departments)


def terms_of(text: str) -> list[str]:
    """The terms of a cell: separated by semicolons or lines, each once, in their order."""
    return list(dict.fromkeys(term.strip() for term in SEPARATOR.split(text) if term.strip()))


def problems(cells: Mapping[str, str], known: Known) -> list[tuple[str, Any]]:
    """What is wrong with an entry: (column, reason)."""
    found: list[tuple[str, Any]] = []
    if not CODE.fullmatch(cells["code"]):
        found.append(("code", _l("must have 1 to 32 letters, digits, - or _")))
    if cells["indicator"] not in known.indicators:
        names = ", ".join(sorted(known.indicators)) or "–"
        found.append(("indicator", _l("must be one of: %(names)s", names=names)))
    for column in ("name_zh", "name_en"):
        if not 1 <= len(cells[column]) <= LONGEST_NAME:
            found.append((column, _l("must have 1 to %(most)s characters", most=LONGEST_NAME)))
    terms = terms_of(cells["terms"])
    if not 1 <= len(terms) <= MOST_TERMS or any(not 2 <= len(t) <= LONGEST_TERM for t in terms):
        rule = _l(
            "must be 1 to %(most)s terms of 2 to %(longest)s characters, with ; between them",
            most=MOST_TERMS,
            longest=LONGEST_TERM,
        )
        found.append(("terms", rule))
    found += _body_problems(cells, known)
    if cells["has_means"].lower() not in YES + NO:
        found.append(("has_means", _l("must be yes or no")))
    if cells["retired"].lower() not in ("", *YES, *NO):
        found.append(("retired", _l("must be yes or no")))
    if len(cells["source"]) > LONGEST_SOURCE:
        found.append(("source", _l("must have at most %(most)s characters", most=LONGEST_SOURCE)))
    for column in ("name_zh", "name_en", "terms", "source", "department_zh", "department_en"):
        if cells[column].startswith(("=", "+", "-", "@", "'")):
            found.append((column, _l("must not begin with = + - @ or an apostrophe")))
    return found


def _body_problems(cells: Mapping[str, str], known: Known) -> list[tuple[str, Any]]:
    responsible = cells["responsible"]
    names = (cells["department_zh"], cells["department_en"])
    if responsible == STREET:
        rule = _l("must be empty where the street is responsible")
        return [("department_zh", rule)] if any(names) else []
    if not CODE.fullmatch(responsible):
        rule = _l("must be street or the code of a department (letters, digits, - or _)")
        return [("responsible", rule)]
    if responsible not in known.departments and not all(names):
        rule = _l("must be given for a department that is not known yet, in both languages")
        return [("department_zh" if not names[0] else "department_en", rule)]
    if any(len(name) > LONGEST_DEPARTMENT for name in names):
        rule = _l("must have at most %(most)s characters", most=LONGEST_DEPARTMENT)
        return [("department_zh", rule)]
    return []


def refuse_problems(cells: Mapping[str, str], known: Known) -> None:
    """Raise Refused (422) with the first problem of an entry, and all of them as details."""
    found = problems(cells, known)
    if found:
        column, reason = found[0]
        raise Refused(
            "duty_wrong",
            _l("%(column)s: %(reason)s", column=column, reason=reason),
            status=422,
            details={"problems": {name: str(why) for name, why in found}},
        )


def store(session: Any, duty: Duty, cells: Mapping[str, str], *, known: Known) -> None:
    """Put an entry without problems into a row; an unknown department is made."""
    is_street = cells["responsible"] == STREET
    # First: looking it up would store half of the entry.
    department = None if is_street else department_id(session, duty.district_id, cells)
    duty.indicator_id = known.indicators[cells["indicator"]]
    duty.name_zh, duty.name_en = cells["name_zh"], cells["name_en"]
    duty.terms = terms_of(cells["terms"])
    duty.body = STREET if is_street else "department"
    duty.department_id = department
    duty.has_means = cells["has_means"].lower() in YES
    duty.source = cells["source"]
    session.add(duty)
    session.flush()


def department_id(session: Any, district_id: int, cells: Mapping[str, str]) -> int:
    """The department of an entry, made or renamed when the entry names it."""
    row = session.scalar(
        select(Department).where(
            Department.district_id == district_id, Department.code == cells["responsible"]
        )
    )
    if row is None:
        row = Department(district_id=district_id, code=cells["responsible"])
    row.name_zh = cells["department_zh"] or row.name_zh
    row.name_en = cells["department_en"] or row.name_en
    session.add(row)
    session.flush()
    return int(row.id)


def entry(session: Any, duty: Duty) -> dict[str, Any]:
    """A duty as the trail tells of it."""
    session.expire(duty)
    return {
        "indicator": duty.indicator.code,
        "name_zh": duty.name_zh,
        "name_en": duty.name_en,
        "terms": list(duty.terms),
        "responsible": duty.department.code if duty.department else STREET,
        "department_zh": duty.department.name_zh if duty.department else "",
        "department_en": duty.department.name_en if duty.department else "",
        "has_means": duty.has_means,
        "source": duty.source,
    }


def said(cells: Mapping[str, str]) -> dict[str, str]:
    """A typed entry as the trail tells of it."""
    return {column: text for column, text in cells.items() if text and column != "code"}


def _find(session: Any, district_id: int, code: str) -> Duty | None:
    found: Duty | None = session.scalar(
        select(Duty).where(Duty.district_id == district_id, Duty.code == code)
    )
    return found


def _existing(session: Any, district_id: int, code: str) -> Duty:
    duty = _find(session, district_id, code)
    if duty is None:
        raise Refused("unknown_duty", _l("There is no such duty."), status=404)
    return duty


def _record(
    session: Any, action: str, duty: Duty, *, actor: str, at: datetime, detail: dict[str, Any]
) -> None:
    audit.record(
        session, actor=actor, action=action, subject=f"duty {duty.code}", detail=detail, at=at
    )
