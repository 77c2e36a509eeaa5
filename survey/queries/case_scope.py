"""Which cases a desk sees, and which it may act on: said once, for lists, pages and acts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import false, or_, select, true

from survey.desk import Desk
from survey.models import Case, CaseCall, CaseEvent, Department, Street


def seen_by(desk: Desk) -> Any:
    """SQL: the case is one that the desk sees (survey.desk.Desk says which)."""
    if desk.sees_all:
        return true()
    if desk.street_code is not None:
        return Case.street_id == street_id_of(desk.street_code)
    if desk.department_code is not None:
        department = department_id_of(desk.department_code)
        return or_(
            Case.department_id == department,
            # Found once a statement and not once a case.
            Case.id.in_(select(CaseCall.case_id).where(CaseCall.department_id == department)),
            Case.id.in_(select(CaseEvent.case_id).where(CaseEvent.department_id == department)),
        )
    return false()


def held_by(desk: Desk) -> Any:
    """SQL: the desk holds the case, so that it is the one to act."""
    if desk.department_code is not None:
        return Case.department_id == department_id_of(desk.department_code)
    if desk.street_code is not None:
        return (Case.street_id == street_id_of(desk.street_code)) & Case.department_id.is_(None)
    return false()


def street_id_of(code: str) -> Any:
    """SQL: the key of a street, for conditions that begin with its code."""
    return select(Street.id).where(Street.code == code).scalar_subquery()


def department_id_of(code: str) -> Any:
    """SQL: the key of a department in use; codes are unique within a district."""
    return select(Department.id).where(Department.code == code).limit(1).scalar_subquery()
