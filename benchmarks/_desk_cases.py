"""Cases in every state with the acts that led there, by bulk inserts, and the desks' accounts.

They lie over a district of benchmarks/_district.py, each about a comment. Days are spread over two
months, so that some are overdue.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

BATCH = 5_000
DEPARTMENT = "roads"
STREET_CLERK, DEPARTMENT_CLERK = "benchmark-street", "benchmark-department"
# The acts that lead to a state, with the state after each.
WAYS: Mapping[str, tuple[str, ...]] = {
    "received": (),
    "accepted": ("accepted",),
    "planned": ("accepted", "planned"),
    "done": ("accepted", "planned", "done"),
    "confirmed": ("accepted", "planned", "done", "confirmed"),
    "not_confirmed": ("accepted", "planned", "done", "not_confirmed"),
    "out_of_remit_asked": ("out_of_remit_asked",),
    "out_of_remit": ("out_of_remit_asked", "out_of_remit"),
}


def make_cases(count: int) -> int:
    """Insert `count` cases with their events on comments of the database; the id of one of them.

    Every eighth is held by a department. Needs at least `count` comments.
    """
    from sqlalchemy import select

    from survey.models import Case, CaseEvent, Comment, District, db, table_of
    from tests import factories

    district = db.session.scalars(select(District.id)).one()
    department = factories.department(district_id=district, code=DEPARTMENT)
    comments = db.session.execute(
        select(Comment.id, Comment.street_id, Comment.wave_id).order_by(Comment.id).limit(count)
    ).all()
    states = list(WAYS)
    cases, events = [], []
    for number, comment in enumerate(comments, start=1):
        state = states[number % len(states)]
        opened = factories.NOW - timedelta(days=number % 60)
        one = _case(state, number=number, opened=opened) | {
            "id": number,
            "district_id": district,
            "street_id": comment.street_id,
            "department_id": department if number % 8 == 0 else None,
            "comment_id": comment.id,
            "wave_id": comment.wave_id,
        }
        cases.append(one)
        events += _events(one)
    _insert(table_of(Case), cases)
    _insert(table_of(CaseEvent), events)
    db.session.commit()
    return len(cases)


def _case(state: str, *, number: int, opened: Any) -> dict[str, Any]:
    """A case's own columns: when each step was, and what is due."""
    way = WAYS[state]
    after = {act: opened + timedelta(days=step * (1 + number % 5)) for step, act in enumerate(way)}
    is_settled = state in ("confirmed", "out_of_remit")
    return {
        "origin": "comment",
        "state": state,
        "version": len(way),
        "round": 1 if "done" in way else 0,
        "reply": "",
        "plan": "",
        "result": "",
        "said_on": opened.date(),
        "opened_at": opened,
        "reply_due_on": opened.date() + timedelta(days=15),
        "accepted_at": after.get("accepted"),
        "planned_at": after.get("planned"),
        "plan_due_on": opened.date() + timedelta(days=30) if "planned" in way else None,
        "replied_at": after.get("done"),
        "done_at": after.get("done"),
        "settled_at": after[way[-1]] if is_settled else None,
    }


def _events(case: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The acts of one case, from its opening on."""
    told = [("opened", "received", case["opened_at"])]
    for step, state in enumerate(WAYS[case["state"]]):
        action = "out_of_remit_agreed" if state == "out_of_remit" else state
        told.append((action, state, case["opened_at"] + timedelta(days=step + 1)))
    return [
        {
            "case_id": case["id"],
            "at": at,
            "actor": "benchmark",
            "action": action,
            "state": state,
            "department_id": case["department_id"],
            "words": "",
            "reason": "",
        }
        for action, state, at in told
    ]


def _insert(table: Any, rows: list[dict[str, Any]]) -> None:
    from sqlalchemy import insert

    from survey.models import db

    for start in range(0, len(rows), BATCH):
        db.session.execute(insert(table), rows[start : start + BATCH])


def make_accounts(street: str, password: str) -> tuple[str, str]:
    """A clerk of the street and one of the department; their names."""
    from survey.services import access
    from tests import factories

    access.create_account(STREET_CLERK, password, ["street"], street_code=street, now=factories.NOW)
    access.create_account(
        DEPARTMENT_CLERK, password, ["department"], department_code=DEPARTMENT, now=factories.NOW
    )
    return STREET_CLERK, DEPARTMENT_CLERK
