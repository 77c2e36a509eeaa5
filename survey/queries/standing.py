"""Where an evaluation stands: its notice, what may still change it, and what holds it up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_ngettext as _n
from sqlalchemy import func, select

from survey.errors import Refused
from survey.formatting import say_day
from survey.models import (
    Evaluation,
    ResponseCube,
    SignOff,
    Street,
    db,
)
from survey.queries.blocking import blocking_appeals
from survey.queries.evaluation import RevisionView, revisions
from survey.queries.outdated import outdated
from survey.queries.policies import kept_policy
from survey.queries.waves import WaveView
from survey.working_days import add_working_days, working_days_between

#: The note of a step that published what was never on public notice.
WITHOUT_NOTICE = "without public notice"


@dataclass(frozen=True)
class ChangedAnswers:
    """A street in which other answers count now than when the evaluation was frozen.

    name is (zh, en); counted: accepted answers then and now.
    """

    code: str
    name: tuple[str, str]
    counted: tuple[int, int]


def counted_answers(wave: WaveView) -> dict[str, dict[str, int]]:
    """{street code: {status: answers}} as they are counted at the moment. One query."""
    found: dict[str, dict[str, int]] = {}
    rows = db.session.execute(
        select(Street.code, ResponseCube.status, func.sum(ResponseCube.n))
        .join(Street, ResponseCube.street_id == Street.id)
        .where(ResponseCube.wave_id == wave.id)
        .group_by(Street.code, ResponseCube.status)
        .order_by(Street.code, ResponseCube.status)
    )
    for code, status, n in rows:
        if n:
            found.setdefault(code, {})[status] = int(n)
    return found


def changed_answers(
    wave: WaveView, then: Mapping[str, Mapping[str, int]] | None
) -> tuple[ChangedAnswers, ...]:
    """Streets whose answers changed since they were counted as `then`. Two queries."""
    if then is None:
        return ()
    now = counted_answers(wave)
    codes = sorted(code for code in then.keys() | now.keys() if then.get(code) != now.get(code))
    if not codes:
        return ()
    names = {
        code: (zh, en)
        for code, zh, en in db.session.execute(
            select(Street.code, Street.name_zh, Street.name_en).where(
                Street.district_id == wave.district_id, Street.code.in_(codes)
            )
        )
    }
    return tuple(
        ChangedAnswers(
            code,
            names.get(code, (code, code)),
            (then.get(code, {}).get("accepted", 0), now.get(code, {}).get("accepted", 0)),
        )
        for code in codes
    )


def approval_problems(
    wave: WaveView, evaluation_id: int, *, actor: str, today: date
) -> Iterator[Refused]:
    """Everything that keeps `actor` from approving a provisional evaluation, most lasting first.

    today: in the district's time zone. Seven queries, and when appeals are open and there is a
    verdict, the evaluation is computed again.
    """
    stored = db.session.get_one(Evaluation, evaluation_id)
    froze = db.session.scalar(
        select(SignOff.actor).where(
            SignOff.evaluation_id == evaluation_id, SignOff.step == "frozen"
        )
    )
    yield from outdated(stored, wave)
    if stored.notice_until is not None and today <= stored.notice_until:
        yield Refused(
            "notice_not_over",
            _l(
                "The public notice lasts until %(date)s. It can be approved from the day after.",
                date=say_day(stored.notice_until),
            ),
            status=409,
        )
    blocking = blocking_appeals(stored)
    if blocking:
        yield Refused(
            "appeals_open",
            _n(
                "%(num)s open appeal could change a verdict. Decide it first.",
                "%(num)s open appeals could change a verdict. Decide them first.",
                len(blocking),
            ),
            status=409,
        )
    if froze == actor:
        yield Refused(
            "same_person",
            _l("Somebody else has to approve what %(who)s has frozen.", who=froze),
            status=409,
        )


@dataclass(frozen=True)
class Standing:
    """What the evaluation page says of the way to publication."""

    #: Every revision, the newest first.
    revisions: tuple[RevisionView, ...]
    #: The newest that was not replaced; None: nothing is frozen.
    current: RevisionView | None
    #: Working days of the policy in which a street may appeal.
    notice_days: int
    #: The last day of a notice that begins today; None: no notice, or the calendar ends before.
    notice_until: date | None
    #: Why that day is not known; the office then gives it by hand.
    calendar: Refused | None
    #: Working days of the current notice that are left, today not counted; None: not known.
    days_left: int | None
    #: What keeps the viewer from approving; empty when nothing does.
    problems: tuple[Refused, ...]
    #: Streets whose answers changed since the figures were frozen.
    changed: tuple[ChangedAnswers, ...]

    @property
    def step(self) -> str:
        """What comes next: "freeze", "approve", "publish", or "revise" when all is done."""
        following = {"provisional": "approve", "approved": "publish", "published": "revise"}
        return following[self.current.status] if self.current else "freeze"

    @property
    def without_notice(self) -> bool:
        """Whether the current revision was published in one step."""
        taken = self.current.sign_off("published") if self.current else None
        return taken is not None and taken.note == WITHOUT_NOTICE


def standing(wave: WaveView, *, viewer: str, today: date) -> Standing:
    """Where the evaluation of a wave stands for an account. Three queries, ten on notice.

    today: in the district's time zone.
    """
    found = revisions(wave.code)
    current = next((one for one in found if one.status != "replaced"), None)
    days = kept_policy(wave.policy_id).appeal_days
    until: date | None = None
    calendar: Refused | None = None
    try:
        until = add_working_days(today, days) if days else None
    except Refused as error:
        calendar = error
    provisional = current is not None and current.status == "provisional"
    problems = (
        tuple(approval_problems(wave, current.id, actor=viewer, today=today))
        if current is not None and provisional
        else ()
    )
    return Standing(
        revisions=found,
        current=current,
        notice_days=days,
        notice_until=until,
        calendar=calendar,
        days_left=_days_left(today, current.notice_until) if current and provisional else None,
        problems=problems,
        changed=changed_answers(wave, current.counted) if current else (),
    )


def _days_left(today: date, until: date | None) -> int | None:
    if until is None:
        return None
    try:
        return working_days_between(today, until)
    except Refused:
        return None


@dataclass(frozen=True)
class NoticeDue:
    """A frozen evaluation that is not published yet. wave_name is (zh, en); frozen_at is UTC."""

    wave_code: str
    wave_name: tuple[str, str]
    revision: int
    #: "provisional" or "approved".
    status: str
    frozen_at: datetime
    #: The last day of its public notice; None: it has none.
    notice_until: date | None
