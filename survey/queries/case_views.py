"""What pages know of one case: its clock, what it is about, and what was done to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from survey.working_days import LAST_DAY

# Comments behind a theme are shown from this many mentions on, so that nobody is recognised by
# what they said (method, 11).
FEWEST_MENTIONS = 10
# Who holds the case has something to do in these states.
AT_WORK = ("received", "accepted", "planned", "not_confirmed")

STEPS = ("received", "accepted", "planned", "done", "confirmed")
# The step that is next in each state; none once it is settled or waits for the evaluation office.
NEXT = {
    "received": "accepted",
    "accepted": "planned",
    "planned": "done",
    "not_confirmed": "done",
    "done": "confirmed",
}

Name = tuple[str, str]
NOBODY: Name = ("", "")


@dataclass(frozen=True)
class CaseTheme:
    """The theme that a case is about; of a merged one, the theme that speaks for it."""

    id: int
    name: Name
    keywords: tuple[str, ...]
    #: m in the case's wave: of its street, or of all streets.
    mentions: int
    #: The name of the theme that was merged away, when the case was about that one.
    merged_from: Name | None
    is_confirmed: bool
    is_common: bool
    #: Whose task people said it is; ("", "") when they named no department.
    department_name: Name

    @property
    def shows_comments(self) -> bool:
        """Whether enough residents mention it for their words to be shown."""
        return self.mentions >= FEWEST_MENTIONS


@dataclass(frozen=True)
class CaseComment:
    """What one resident wrote, redacted."""

    title: str
    body: str
    said_on: date


@dataclass(frozen=True)
class CaseRequest:
    """A request to be called back; the number is opened one by one."""

    id: str
    #: Redacted; empty when the resident did not hand it over.
    words: str
    #: Monday of the week.
    asked_week: date
    handled_on: date | None
    #: The day on which it is deleted.
    forgotten_on: date


@dataclass(frozen=True)
class CaseWave:
    """The wave in which it was said. name is (zh, en)."""

    code: str
    name: Name


@dataclass(frozen=True)
class CaseStep:
    """One step of a case's way."""

    #: One of STEPS.
    name: str
    #: done | now | late (now, and its day has passed) | later | skipped | refused (by residents)
    kind: str
    #: UTC; None: not reached.
    at: datetime | None
    due_on: date | None


@dataclass(frozen=True)
class CaseView:
    """Everything of a case for its page. Names are (zh, en), ("", "") where there is none."""

    id: int
    version: int
    state: str
    origin: str
    round: int
    district_id: int
    is_demo: bool
    #: None: common to the streets.
    street_code: str | None
    street_name: Name
    department_code: str | None
    department_name: Name
    wave_id: int | None
    wave: CaseWave | None
    indicator_code: str | None
    indicator_name: Name
    said_on: date
    #: UTC, as are all that end in _at.
    opened_at: datetime
    accepted_at: datetime | None
    called_at: datetime | None
    replied_at: datetime | None
    planned_at: datetime | None
    done_at: datetime | None
    settled_at: datetime | None
    escalated_at: datetime | None
    #: Days in the district's time zone; what was due stays when it was done.
    call_due_on: date | None
    reply_due_on: date | None
    plan_due_on: date | None
    reply: str
    plan: str
    result: str
    #: What it is about: one of these, or nothing any more.
    theme: CaseTheme | None
    comment: CaseComment | None
    request: CaseRequest | None
    #: Whether the desk that looks holds it.
    is_held: bool

    @property
    def holder_name(self) -> Name:
        """The department that holds it, else the street office."""
        return self.department_name if self.department_code else self.street_name

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is to be done."""
        return self.settled_at is not None

    @property
    def is_taken_back(self) -> bool:
        """Whether the resident took the comment back."""
        return self.origin == "comment" and self.comment is None

    @property
    def is_request_gone(self) -> bool:
        """Whether the request to be called was deleted, as it was promised."""
        return self.origin == "call_back" and self.request is None

    @property
    def what(self) -> Name:
        """In a line: the theme's name, or the beginning of what was said; ("", ""): nothing."""
        if self.theme is not None:
            return self.theme.name
        said = ""
        if self.comment is not None:
            said = self.comment.title or self.comment.body
        elif self.request is not None:
            said = self.request.words
        first = " ".join(said.split())
        return (first[:80] + "…",) * 2 if len(first) > 80 else (first, first)

    @property
    def due(self) -> tuple[tuple[str, date], ...]:
        """(call | reply | plan, day) of what is due and was not done, the earliest first."""
        found = []
        if not self.is_settled:
            if self.call_due_on and not self.called_at:
                found.append(("call", self.call_due_on))
            if self.reply_due_on and not self.replied_at:
                found.append(("reply", self.reply_due_on))
            if self.plan_due_on and self.state in AT_WORK:
                found.append(("plan", self.plan_due_on))
        return tuple(sorted(found, key=lambda one: one[1]))

    def steps(self, today: date) -> tuple[CaseStep, ...]:
        """The way of a case, from received to what residents say. today: a local day."""
        now = NEXT.get(self.state, "")
        again = self.state == "not_confirmed"
        reached = {
            "received": self.opened_at,
            "accepted": self.accepted_at,
            "planned": self.planned_at,
            "done": None if again else self.done_at,
            "confirmed": self.settled_at if self.state == "confirmed" else None,
        }
        due = {"done": self.plan_due_on if self.state in AT_WORK else None}
        last = max(STEPS.index(name) for name, at in reached.items() if at)
        found = []
        for place, name in enumerate(STEPS):
            kind = "done" if reached[name] else "skipped" if place < last else "later"
            if name == "confirmed" and again:
                kind = "refused"
            day = None if reached[name] else due.get(name)
            if name == now and kind in ("later", "skipped"):
                kind = "late" if day is not None and day < today else "now"
            found.append(CaseStep(name, kind, reached[name], day))
        return tuple(found)

    @property
    def is_beyond_calendar(self) -> bool:
        """Whether a due date lies where nobody knows the working days yet."""
        days = (self.call_due_on, self.reply_due_on)
        return any(day is not None and day > LAST_DAY for day in days)


@dataclass(frozen=True)
class CaseEventView:
    """One act on a case. holder_name: who held it afterwards, (zh, en)."""

    at: datetime
    actor: str
    action: str
    state: str
    words: str
    reason: str
    due_on: date | None
    holder_name: Name
