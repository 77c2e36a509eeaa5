"""Where an evaluation stands: its notice, what may still change it, and what holds it up."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_ngettext as _n
from sqlalchemy import func, or_, select

from analysis.bundle import FULL, read_inputs
from analysis.evaluation_records import Appeal as OpenAppeal
from analysis.wave_evaluation import evaluate_wave
from survey.errors import Refused
from survey.formatting import say_day
from survey.models import (
    Appeal,
    Evaluation,
    EvaluationBundle,
    Exclusion,
    ResponseCube,
    SignOff,
    Street,
    ThemeAdjustment,
    Wave,
    db,
)
from survey.queries.assessment import assessed_since
from survey.queries.evaluation import UNPUBLISHED, RevisionView, revisions
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

    today: in the district's time zone. Five queries, and when appeals are open and a last place
    is established, the evaluation is computed again.
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
                "%(num)s open appeal could change who is last. Decide it first.",
                "%(num)s open appeals could change who is last. Decide them first.",
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


def outdated(stored: Evaluation, wave: WaveView) -> Iterator[Refused]:
    """What was decided after an evaluation was frozen and is not in its figures. Two queries."""
    if decided_since(stored):
        yield Refused(
            "decided_since",
            _l(
                "An appeal or an exclusion was decided after these figures were frozen. Freeze "
                "the draft again, so that the decision is in them."
            ),
            status=409,
        )
    if assessed_since(stored.created_at, wave):
        yield Refused(
            "assessed_since",
            _l(
                "A direct score or a list was changed after these figures were frozen. Freeze the "
                "draft again, so that the change is in them."
            ),
            status=409,
        )


def decided_since(stored: Evaluation) -> bool:
    """Whether an appeal was upheld or an exclusion decided after the figures. One query."""
    upheld = (
        select(Appeal.id)
        .where(
            Appeal.wave_id == stored.wave_id,
            Appeal.status == "upheld",
            or_(Appeal.evaluation_id == stored.id, Appeal.closed_at > stored.created_at),
        )
        .exists()
    )
    excluded = (
        select(Exclusion.id)
        .where(
            Exclusion.wave_id == stored.wave_id,
            or_(Exclusion.decided_at > stored.created_at, Exclusion.lifted_at > stored.created_at),
        )
        .exists()
    )
    return bool(db.session.scalar(select(or_(upheld, excluded))))


def blocking_appeals(stored: Evaluation) -> tuple[int, ...]:
    """Keys of the open appeals that could lift a last place that is established. Three queries.

    Tried as the method tries them (10, vii): the frozen inputs are evaluated with the appeals
    open. An appeal in a peer group without an established last place holds nothing up.
    """
    established = {
        group["name"] for group in stored.summary["groups"] if group["last"]["established"]
    }
    if not established:
        return ()
    open_ones = _open_appeals(stored)
    if not open_ones:
        return ()
    groups = {code: one["group"] for code, one in stored.summary["streets"].items()}
    blocked = established & _groups_that_could_change(
        stored.id, tuple(appeal for _key, appeal in open_ones)
    )
    return tuple(key for key, appeal in open_ones if groups.get(appeal.street) in blocked)


def _open_appeals(stored: Evaluation) -> list[tuple[int, OpenAppeal]]:
    rows = db.session.execute(
        select(Appeal.id, Street.code, Appeal.theme_id, ThemeAdjustment.label)
        .join(Street, Appeal.street_id == Street.id)
        .outerjoin(
            ThemeAdjustment,
            (ThemeAdjustment.evaluation_id == stored.id)
            & (ThemeAdjustment.street_id == Appeal.street_id)
            & (ThemeAdjustment.theme_id == Appeal.theme_id),
        )
        .where(Appeal.wave_id == stored.wave_id, Appeal.status == "open")
        .order_by(Appeal.id)
    )
    # A street that is not in these figures can change nothing in them.
    return [
        (key, OpenAppeal(code, label))
        for key, code, theme_id, label in rows
        if code in stored.summary["streets"] and (theme_id is None or label is not None)
    ]


def _groups_that_could_change(evaluation_id: int, appeals: tuple[OpenAppeal, ...]) -> set[str]:
    """Peer groups whose last place the appeals could lift; kept, as frozen inputs stay."""
    memory: dict[Any, set[str]] = current_app.extensions.setdefault("appeals_tried", {})
    digest, content = db.session.execute(
        select(EvaluationBundle.sha256, EvaluationBundle.content).where(
            EvaluationBundle.evaluation_id == evaluation_id, EvaluationBundle.kind == FULL
        )
    ).one()
    key = (digest, appeals)
    if key not in memory:
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            files = {name: bundle.read(name) for name in bundle.namelist()}
        found = evaluate_wave(replace(read_inputs(files), appeals=appeals)).evaluation
        memory.clear()
        memory[key] = {
            name
            for name, group in found.groups.items()
            if any(one.code == "open_appeal" and not one.met for one in group.last.conditions)
        }
    return memory[key]


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


def notices_due() -> tuple[NoticeDue, ...]:
    """Every evaluation on its way to publication, the earliest end of notice first. One query."""
    rows = db.session.execute(
        select(
            Wave.code,
            Wave.name_zh,
            Wave.name_en,
            Evaluation.revision,
            Evaluation.status,
            Evaluation.created_at,
            Evaluation.notice_until,
        )
        .join(Wave, Evaluation.wave_id == Wave.id)
        .where(Evaluation.status.in_(UNPUBLISHED))
        .order_by(Evaluation.notice_until, Wave.code)
    )
    return tuple(
        NoticeDue(code, (zh, en), revision, status, frozen_at, until)
        for code, zh, en, revision, status, frozen_at, until in rows
    )
