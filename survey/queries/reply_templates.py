"""Read reply templates: a desk's own and the district's, and fill one in for a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, or_, select

from survey.desk import Desk
from survey.formatting import say_day
from survey.models import Department, ReplyTemplate, Street, db
from survey.queries.case_scope import department_id_of, street_id_of

PLACES = ("{street}", "{case}", "{date}")
"""What is replaced when a template is put into a reply."""


@dataclass(frozen=True)
class TemplateView:
    """Words that come up again."""

    id: int
    name: str
    words: str
    version: int
    #: Whether the desk may change it; else it is the district's.
    is_own: bool

    def filled(self, *, street: str, case: int, day: date) -> str:
        """The words for one case; street: its name in the reader's language."""
        values = (street, str(case), say_day(day))
        words = self.words
        for place, value in zip(PLACES, values, strict=True):
            words = words.replace(place, value)
        return words


def owned_by(desk: Desk) -> Any:
    """SQL: the template is the desk's own; the district's are the evaluation office's."""
    if desk.street_code is not None:
        return ReplyTemplate.street_id == street_id_of(desk.street_code)
    if desk.department_code is not None:
        return ReplyTemplate.department_id == department_id_of(desk.department_code)
    return and_(ReplyTemplate.street_id.is_(None), ReplyTemplate.department_id.is_(None))


def reply_templates(desk: Desk, *, district_id: int) -> tuple[TemplateView, ...]:
    """A desk's own templates in use, then the district's, by name. One query."""
    own = owned_by(desk)
    common = and_(ReplyTemplate.street_id.is_(None), ReplyTemplate.department_id.is_(None))
    rows = db.session.execute(
        select(ReplyTemplate, own.label("is_own")).where(
            ReplyTemplate.district_id == district_id,
            ReplyTemplate.retired_at.is_(None),
            or_(own, common),
        )
    )
    changes = desk.is_evaluator or not desk.only_reads
    found = [
        TemplateView(row.id, row.name, row.words, row.version, bool(is_own) and changes)
        for row, is_own in rows
    ]
    return tuple(sorted(found, key=lambda one: (not one.is_own, one.name, one.id)))


def district_of(desk: Desk) -> int | None:
    """The district of a street's or department's desk; None for the evaluation office."""
    query = None
    if desk.street_code is not None:
        query = select(Street.district_id).where(Street.code == desk.street_code)
    elif desk.department_code is not None:
        query = select(Department.district_id).where(Department.code == desk.department_code)
    found: int | None = db.session.scalar(query.limit(1)) if query is not None else None
    return found
