"""Do the acts of the demo's cases in the order of time, each at its own past time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from survey.desk import Desk
from survey.formatting import local_time
from survey.models import (
    Case,
    db,
)
from survey.services import cases
from survey.services.case_paths import pass_on
from survey.services.demo_subjects import demo_words

CITY = "city-management"
# Nine to five in China, in UTC.
OFFICE_OPENS, OFFICE_HOURS = 1, timedelta(hours=8)
Act = Callable[[datetime], Any]


class Agenda:
    """Acts of many cases, done in the order of time, so that trails read as they would."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._acts: dict[datetime, list[Act]] = {}

    def add(self, days: int, act: Act) -> None:
        """Have an act done so many days before now (1 or more), on a working day's office hours."""
        day = self._now - timedelta(days=days)
        # What would fall on a weekend is done on the Friday before.
        day -= timedelta(days=max(0, day.weekday() - 4))
        opens = day.replace(hour=OFFICE_OPENS, minute=0, second=0, microsecond=0)
        self._acts.setdefault(opens, []).append(act)

    def run(self) -> None:
        """Do all: those of one day one after the other."""
        for opens in sorted(self._acts):
            acts = self._acts[opens]
            for number, act in enumerate(acts):
                act(opens + number * OFFICE_HOURS / len(acts))


class Life:
    """What happens to one case: a number once it is open, and the words of its subject."""

    def __init__(self, agenda: Agenda, subject: str, street: str | None) -> None:
        self._agenda = agenda
        self.words: dict[str, Any] = demo_words()["subjects"][subject]
        self.street = street
        self.department: str | None = self.words["department"]
        self.id = 0

    def open(self, days: int, opening: Callable[..., int]) -> None:
        """opening(now=…) gives the case's number."""

        def act(at: datetime) -> None:
            self.id = opening(now=at)

        self._agenda.add(days, act)

    def do(self, days: int, function: Callable[..., Any], desk: Desk, **given: Any) -> None:
        """An act on the case as it is by then."""

        def act(at: datetime) -> None:
            version = db.session.scalar(select(Case.version).where(Case.id == self.id))
            function(self.id, version=version, desk=desk, now=at, **given)

        self._agenda.add(days, act)

    def then(self, days: int, act: Callable[[int, datetime], None]) -> None:
        """Something that needs the case's number and the time."""
        self._agenda.add(days, lambda at: act(self.id, at))

    @property
    def office(self) -> Desk:
        """Who holds it first."""
        if self.street is None:
            return desk_of(department=self.department)
        return desk_of(street=self.street)

    def plan(self, days: int, due_in: int, *, desk: Desk | None = None) -> None:
        """A plan so many days ago, due so many days after now (negative: before)."""

        def act(case_id: int, at: datetime) -> None:
            due_on = local_time(at).date() + timedelta(days=days + due_in)
            version = db.session.scalar(select(Case.version).where(Case.id == case_id)) or 0
            cases.plan(
                case_id,
                version=version,
                desk=desk or self.office,
                now=at,
                words=self.words["plan"],
                due_on=due_on,
            )

        self.then(days, act)

    def accept(self, days: int, desk: Desk | None = None) -> None:
        """Taken up by who holds it."""
        self.do(days, cases.accept, desk or self.office)

    def reply(self, days: int, desk: Desk | None = None) -> None:
        """Answered in the words of its subject."""
        self.do(days, cases.reply, desk or self.office, words=self.words["reply"])

    def done(self, days: int, desk: Desk | None = None) -> None:
        """Said to be done."""
        self.do(days, cases.declare_done, desk or self.office, words=self.words["done"])

    def pass_on(self, days: int) -> Desk:
        """Handed to the department of its subject, whose desk it gives."""
        words = demo_words()["words"]["pass"]
        self.do(days, pass_on, self.office, department_code=self.department, words=words)
        return desk_of(department=self.department)


def desk_of(*, street: str | None = None, department: str | None = None) -> Desk:
    """The desk of an office of the demo, under its account's name where it has one."""
    if street is not None:
        return Desk(f"street-{street}", street_code=street)
    name = "department" if department == CITY else f"department-{department}"
    return Desk(name, department_code=department)
