"""Read the first screen after sign-in: what is new, what is due, how are we doing.

Six queries at most, whoever looks: each role is asked only what its screen shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, case, exists, func, select

from survey.desk import Desk
from survey.formatting import local_time
from survey.models import (
    Account,
    AccountInvitation,
    Appeal,
    Case,
    CaseEvent,
    CollectionPoint,
    Comment,
    Street,
    Theme,
    ThemePeriod,
    db,
)
from survey.queries.appeals import AppealView, due_appeals
from survey.queries.case_scope import seen_by, street_id_of
from survey.queries.case_times import CaseTimes, case_times
from survey.queries.inbox import AT_WORK, CaseCounts, CaseRow, case_counts, due_cases, due_on
from survey.queries.standing import NoticeDue
from survey.queries.street_around import CaseStanding, answered_in_time
from survey.queries.street_dashboard import StreetNow, street_now
from survey.queries.streets import WaveFigures, wave_figures
from survey.queries.waves import WaveView
from survey.queries.waves_now import PublicRevision, WavesNow, waves_now


@dataclass(frozen=True)
class Looking:
    """Who looks at the first screen, and since when what happened is new to them (UTC)."""

    desk: Desk
    since: datetime
    is_admin: bool = False

    @property
    def has_cases(self) -> bool:
        """Whether cases wait for this desk or are seen by it."""
        desk = self.desk
        return desk.sees_all or desk.street_code is not None or desk.department_code is not None

    @property
    def reads_figures(self) -> bool:
        """Whether the screen shows figures of the wave."""
        return self.desk.sees_all or self.desk.street_code is not None or self.is_admin


@dataclass(frozen=True)
class FirstScreen:
    """What the first screen shows; what a role has not is None or empty."""

    known: WavesNow
    wave: WaveView | None
    #: What was published or put on notice since.
    news: tuple[PublicRevision, ...]
    #: Counts by name, see `_numbers`; a name that a role is not asked for is missing.
    numbers: Mapping[str, int]
    #: Cases of the desk: new since, open, due today, overdue.
    counts: CaseCounts | None
    #: What to do next, what is due first at the top.
    cases: tuple[CaseRow, ...]
    notices: tuple[NoticeDue, ...]
    appeals: tuple[AppealView, ...]
    #: The whole wave, for the evaluation office and the admin.
    figures: WaveFigures | None
    #: Where the account's own street stands.
    own: StreetNow | None
    #: Times of a department's cases.
    times: CaseTimes | None

    @property
    def answered(self) -> CaseStanding | None:
        """Cases answered in time; None for who has no cases."""
        if "answered" not in self.numbers or self.counts is None:
            return None
        return CaseStanding(
            open=self.counts.open,
            overdue=self.counts.overdue,
            closed=0,
            answered=self.numbers["answered"],
            in_time=self.numbers["in_time"],
        )

    @property
    def not_ranked(self) -> int:
        """Streets of the wave that cannot be ranked yet: too few answers of the random sample."""
        streets = self.figures.indices.streets if self.figures else ()
        return sum(one.not_ranked_because is not None for one in streets)


def first_screen(looking: Looking, *, today: date, now: datetime) -> FirstScreen:
    """Read it. Six queries at most once this process read the wave's figures.

    today: in the district's time zone; now: UTC.
    """
    desk = looking.desk
    known = waves_now()
    wave = known.current
    figures = wave_figures(wave) if wave is not None and looking.reads_figures else None
    numbers = _numbers(looking, wave, today=today, now=now)
    own = None
    if figures is not None and desk.street_code is not None:
        here = {one.street.code for one in figures.indices.streets}
        if desk.street_code in here:
            own = street_now(known, figures, desk.street_code, reads_all=desk.sees_all)
    return FirstScreen(
        known=known,
        wave=wave,
        news=tuple(
            one for one in known.public if (one.published_at or one.frozen_at) >= looking.since
        ),
        numbers=numbers,
        counts=_counts(looking, numbers, today=today),
        cases=due_cases(desk, today=today) if looking.has_cases else (),
        # What was frozen without a notice is the office's alone until it is published.
        notices=tuple(
            one for one in known.notices if desk.sees_all or one.notice_until is not None
        ),
        appeals=due_appeals(today) if desk.sees_all else (),
        figures=figures,
        own=own,
        times=case_times(department_code=desk.department_code, now=now)
        if desk.department_code is not None and not desk.sees_all
        else None,
    )


def _counts(looking: Looking, numbers: Mapping[str, int], *, today: date) -> CaseCounts | None:
    if not looking.has_cases:
        return None
    if "cases_open" not in numbers:
        return case_counts(looking.desk, today=today, since=looking.since)
    return CaseCounts(
        new=numbers["cases_new"],
        open=numbers["cases_open"],
        due_today=numbers["cases_due_today"],
        overdue=numbers["cases_overdue"],
    )


def _numbers(
    looking: Looking, wave: WaveView | None, *, today: date, now: datetime
) -> dict[str, int]:
    """Counts by name. One query, none when there is nothing to ask.

    comments: said since, of the street or of all. appeals: of the street, decided since.
    confirmed, not_confirmed: cases of the desk that residents' answers settled since. answered,
    in_time: cases whose answer was due or given, and those by the day. For the evaluation office:
    cases_new, cases_open, cases_due_today, cases_overdue, escalated and assent (that wait for
    it), themes (proposed in the wave). For the admin: points in use, accounts, locked (now),
    invitations (open).
    """
    asked: dict[str, Any] = {}
    counted: dict[str, Any] = {}
    if looking.has_cases:
        counted |= _of_cases(today=today, now=now)
        asked |= _settled(looking)
    if wave is not None and (looking.desk.sees_all or looking.desk.street_code is not None):
        asked["comments"] = _comments(looking, wave)
    if looking.desk.street_code is not None:
        asked["appeals"] = select(func.count(Appeal.id)).where(
            Appeal.street_id == street_id_of(looking.desk.street_code),
            Appeal.status.in_(("upheld", "rejected")),
            Appeal.closed_at >= looking.since,
        )
    if looking.desk.sees_all:
        counted |= _of_the_office(looking, today=today)
        if wave is not None:
            asked["themes"] = _proposed(wave)
    if looking.is_admin:
        asked |= _of_the_admin(now)
    if not asked and not counted:
        return {}
    columns = [query.scalar_subquery().label(name) for name, query in asked.items()]
    if counted:
        # All counts of cases in one pass over them.
        sums = [
            func.sum(case((condition, 1), else_=0)).label(name)
            for name, condition in counted.items()
        ]
        of_cases = select(*sums).where(seen_by(looking.desk)).subquery()
        columns += [of_cases.c[name] for name in counted]
    row = db.session.execute(select(*columns)).one()
    names = (*asked, *counted)
    return {name: int(value or 0) for name, value in zip(names, row, strict=True)}


def _comments(looking: Looking, wave: WaveView) -> Any:
    query = select(func.count(Comment.id)).where(
        Comment.wave_id == wave.id, Comment.said_on >= local_time(looking.since).date()
    )
    if looking.desk.street_code is not None:
        query = query.where(Comment.street_id == street_id_of(looking.desk.street_code))
    return query


def _of_cases(*, today: date, now: datetime) -> dict[str, Any]:
    """SQL: conditions on cases, by name."""
    in_time = answered_in_time(today, now)
    return {"answered": in_time.in_(("yes", "no")), "in_time": in_time == "yes"}


def _settled(looking: Looking) -> dict[str, Any]:
    """SQL: how many cases of the desk residents settled since."""

    def settled(action: str) -> Any:
        acted = select(CaseEvent.case_id).where(
            CaseEvent.action == action, CaseEvent.at >= looking.since
        )
        return select(func.count(Case.id)).where(seen_by(looking.desk), Case.id.in_(acted))

    return {"confirmed": settled("confirmed"), "not_confirmed": settled("not_confirmed")}


def _of_the_office(looking: Looking, *, today: date) -> dict[str, Any]:
    """SQL: conditions on cases, by name."""
    is_open = Case.state.in_((*AT_WORK, "out_of_remit_asked"))
    return {
        "cases_new": Case.opened_at >= looking.since,
        "cases_open": is_open,
        "cases_due_today": and_(is_open, due_on() == today),
        "cases_overdue": and_(is_open, due_on() < today),
        "escalated": and_(Case.escalated_at.is_not(None), Case.state.in_(AT_WORK)),
        "assent": Case.state == "out_of_remit_asked",
    }


def _proposed(wave: WaveView) -> Any:
    return select(func.count(Theme.id)).where(
        Theme.district_id == wave.district_id,
        Theme.status == "proposed",
        exists().where(ThemePeriod.theme_id == Theme.id, ThemePeriod.wave_id == wave.id),
    )


def _of_the_admin(now: datetime) -> dict[str, Any]:
    return {
        "streets": select(func.count(Street.id)).where(Street.is_active),
        "points": select(func.count(CollectionPoint.id)).where(
            CollectionPoint.retired_at.is_(None)
        ),
        "accounts": select(func.count(Account.id)).where(Account.active),
        "locked": select(func.count(Account.id)).where(Account.locked_until > now),
        "invitations": select(func.count(AccountInvitation.id)).where(
            AccountInvitation.used_at.is_(None),
            AccountInvitation.revoked_at.is_(None),
            AccountInvitation.expires_at > now,
        ),
    }
