"""What is promised about a theme in a street, and what its residents say of it: where g comes from.

Written into survey.models.ThemePeriod, from which a draft evaluation is computed.

The case that counts is the theme's latest one of the street, or of the whole district when that
was opened later; a merged theme's cases are those of the theme that speaks for it. From it follow

- ``state`` none: no such case, none with a published plan (what and until when), or it is, or
  waits to be declared, out of remit: g is 0 (unless residents bear out that it is solved).
- ``state`` plan: the plan's day has not passed, and residents have not said since that it is not
  solved: g is the larger of a half and v.
- ``state`` overdue: the day has passed, or residents said that it is not solved and there is no
  newer plan: g is v. That the office says "done" changes none of this.
- ``solved`` of ``reasked``: what residents whose answers count said in the case's latest round,
  once all were asked for the policy's `recheck_days`, so that those who answer first do not decide
  alone; v is their share from ten on, and g is 1 when its lower bound is at least 0.60.

The day is the first one that was promised since residents last said "not solved": moving it later
does not gain time. A wave whose figures are frozen or published is never touched; what is said
before counts in that wave and in later ones, as long as no newer case of the theme was opened.
``removed`` (an upheld appeal) is left alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Integer, cast, delete, exists, func, select

from survey.database import transaction
from survey.formatting import local_time
from survey.models import (
    FROZEN_STATUSES,
    Case,
    CaseEvent,
    Evaluation,
    Recheck,
    Response,
    Theme,
    ThemePeriod,
    Wave,
)
from survey.queries.policies import kept_policy
from survey.queries.rechecks import case_policy_id, counts, counts_on, last_done
from survey.queries.theme_counts import speaking
from survey.services.theme_meanwhile import hold_themes

NO_PROMISE = ("out_of_remit", "out_of_remit_asked")


@dataclass(frozen=True)
class _Promise:
    """One case as it counts for its theme."""

    case_id: int
    #: To tell which of two cases is the later one.
    order: tuple[datetime, int]
    state: str
    round: int
    is_planned: bool
    #: The first day promised since residents last said no; None: none since.
    plan_due_on: date | None
    #: From when on what residents say counts; None: it was never said to be done.
    counts_on: date | None


def refresh_promises(session: Any, theme_id: int, street_id: int | None, *, on: date) -> None:
    """Set state, solved and reasked of a theme in a street (None: in every street).

    Within a transaction. on: today in the district's time zone. Only waves that are not frozen.
    """
    speaker = session.scalar(select(speaking()).where(Theme.id == theme_id))
    if speaker is not None:
        refresh_themes(session, {speaker}, on=on, street_id=street_id)


def refresh_counted(session: Any, themes: Collection[int], *, now: datetime) -> None:
    """Do so for themes that a run counted, in its transaction; one query where there are no cases.

    Rows may be new: what is promised about their theme was promised before.
    """
    of_cases = select(speaking()).join(Case, Case.theme_id == Theme.id)
    with_cases = set(session.scalars(of_cases.where(Case.origin == "theme").distinct()))
    if not with_cases:
        return
    rows = session.execute(select(Theme.id, speaking()).where(speaking().in_(with_cases)))
    counted = set(themes)
    wanted = {speaker for theme_id, speaker in rows if theme_id in counted}
    if wanted:
        refresh_themes(session, wanted, on=local_time(now).date())


def refresh_all_promises(*, now: datetime) -> int:
    """Do so for every theme, as plans become overdue by the day; how many rows changed.

    One transaction. now: UTC. The worker's, once a day.
    """
    with transaction() as session:
        themes = set(session.scalars(select(Theme.id).where(Theme.status != "merged")))
        return refresh_themes(session, themes, on=local_time(now).date())


def refresh_themes(
    session: Any, themes: Collection[int], *, on: date, street_id: int | None = None
) -> int:
    """Do so for these themes, which speak for others or for none; how many rows changed.

    Within a transaction. Reads the cases of themes, which are few, and writes what differs.
    """
    wanted = set(themes)
    # Held first: of two who write at once, the second reads what the first has written.
    hold_themes(session, wanted)
    periods = _open_periods(session, wanted, street_id)
    promises = _promises(session, wanted)
    said = _said(session, {promise.case_id for promise in promises.values()})
    changed = 0
    for period in periods:
        its = [
            promises[key]
            for key in ((period.theme_id, period.street_id), (period.theme_id, None))
            if key in promises
        ]
        latest = max(its, key=lambda one: one.order, default=None)
        state = _state(latest, on)
        solved, reasked = _share(latest, said, on)
        if period.state == "removed":
            state = "removed"
        found = (state, solved, reasked)
        if found != (period.state, period.solved, period.reasked):
            period.state, period.solved, period.reasked = found
            changed += 1
    session.flush()
    return changed


def _state(promise: _Promise | None, on: date) -> str:
    if promise is None or promise.state in NO_PROMISE or not promise.is_planned:
        return "none"
    is_in_time = promise.plan_due_on is not None and promise.plan_due_on >= on
    return "plan" if is_in_time else "overdue"


def _share(
    promise: _Promise | None, said: dict[tuple[int, int], tuple[int, int]], on: date
) -> tuple[int, int]:
    """(solved, reasked), none before all were asked for as long as the policy says."""
    if promise is None or promise.counts_on is None or on < promise.counts_on:
        return 0, 0
    return said.get((promise.case_id, promise.round), (0, 0))


def _open_periods(session: Any, themes: Collection[int], street_id: int | None) -> list[Any]:
    """Rows of waves whose figures are not frozen: those of a frozen one are what was published."""
    frozen = exists().where(Evaluation.wave_id == Wave.id, Evaluation.status.in_(FROZEN_STATUSES))
    query = (
        select(ThemePeriod)
        .join(Wave, ThemePeriod.wave_id == Wave.id)
        .where(
            Wave.status != "published",
            ~frozen,
            ThemePeriod.street_id.is_not(None),
        )
        .order_by(ThemePeriod.id)
        .execution_options(populate_existing=True)
    )
    if street_id is not None:
        query = query.where(ThemePeriod.street_id == street_id)
    # The waves that are open are few, the themes may be more than one statement can name.
    return [period for period in session.scalars(query) if period.theme_id in themes]


def _promises(session: Any, themes: Collection[int]) -> dict[tuple[int, int | None], _Promise]:
    """{(theme that speaks, street or None): its latest case}."""
    refused = (
        select(func.max(CaseEvent.id))
        .where(CaseEvent.case_id == Case.id, CaseEvent.action == "not_confirmed")
        .correlate(Case)
        .scalar_subquery()
    )
    first_promised = (
        select(func.min(CaseEvent.due_on))
        .where(
            CaseEvent.case_id == Case.id,
            CaseEvent.action == "planned",
            CaseEvent.due_on.is_not(None),
            CaseEvent.id > func.coalesce(refused, 0),
        )
        .correlate(Case)
        .scalar_subquery()
    )
    found: dict[tuple[int, int | None], _Promise] = {}
    for row in session.execute(
        select(
            Case.id,
            speaking().label("theme_id"),
            Case.street_id,
            Case.opened_at,
            Case.state,
            Case.round,
            Case.planned_at,
            first_promised.label("due_on"),
            refused.label("refused"),
            Case.plan_due_on,
            func.coalesce(last_done(), Case.done_at).label("done_at"),
            case_policy_id().label("policy_id"),
        )
        .join(Theme, Case.theme_id == Theme.id)
        .where(Case.origin == "theme")
        .order_by(Case.opened_at, Case.id)
    ):
        if row.theme_id in themes:
            found[row.theme_id, row.street_id] = _Promise(
                case_id=row.id,
                order=(row.opened_at, row.id),
                state=row.state,
                round=row.round,
                is_planned=row.planned_at is not None,
                # Without a line in its trail (loaded), what stands in the case itself.
                plan_due_on=_as_day(row.due_on or (None if row.refused else row.plan_due_on)),
                counts_on=counts_on(row.done_at, kept_policy(row.policy_id))
                if row.done_at is not None
                else None,
            )
    return found


def _as_day(value: Any) -> date | None:
    """SQLite returns the day of an expression as it is stored."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _said(session: Any, cases: Collection[int]) -> dict[tuple[int, int], tuple[int, int]]:
    """{(case, round): (solved, reasked)} of answers that count."""
    rows = session.execute(
        counted_rechecks()
        .where(Recheck.case_id.in_(cases))
        .group_by(Recheck.case_id, Recheck.round)
    )
    return {(case_id, turn): (solved, reasked) for case_id, turn, solved, reasked in rows}


def counted_rechecks() -> Any:
    """SELECT case, round, how many said "solved", how many answered; to be grouped by its caller.

    An answer that is held back, rejected or withdrawn, or too short to count, counts here no more
    than in the figures, nor does one whose comment people found to be about something else.
    """
    return (
        select(
            Recheck.case_id,
            Recheck.round,
            func.coalesce(func.sum(cast(Recheck.is_solved, Integer)), 0),
            func.count(),
        )
        .join(Response, Recheck.response_id == Response.id)
        .where(counts())
    )


def forget_rechecks(session: Any, response_id: int, *, now: datetime) -> None:
    """Delete what an answer that is taken back said of cases, within that transaction.

    What it settled stays settled, as counts that nobody can trace stay; shares are counted anew.
    """
    themes = session.execute(
        select(Case.theme_id, Case.street_id)
        .join(Recheck, Recheck.case_id == Case.id)
        .where(Recheck.response_id == response_id, Case.theme_id.is_not(None))
        .distinct()
    ).all()
    session.execute(delete(Recheck).where(Recheck.response_id == response_id))
    for theme_id, street_id in themes:
        refresh_promises(session, theme_id, street_id, on=local_time(now).date())
