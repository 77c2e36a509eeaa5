"""Open cases: from a theme, from a comment, and from every request to be called back.

A case begins with whose it is and until when. What it is about stays where it was said.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, select

from survey.database import transaction
from survey.errors import Refused
from survey.formatting import local_time
from survey.models import (
    Case,
    Comment,
    ContactRequest,
    Department,
    Indicator,
    Response,
    Street,
    Theme,
    Wave,
)
from survey.queries.case_holder import proposed_holder
from survey.queries.policies import kept_policy
from survey.services import audit
from survey.services.case_file import department_in_use, note
from survey.working_days import add_working_days_beyond

WORKER = "worker"


def open_theme_case(
    theme_id: int,
    *,
    street_code: str | None,
    wave_code: str,
    department_code: str | None = None,
    actor: str,
    now: datetime,
) -> int:
    """Open a case about a theme, or find the unsettled one there is; its id. One transaction.

    street_code None: common to the streets, held by department_code, else by the department that
    the theme was given to, else by the one that the duty list names. With a street the street
    holds it, also where the list proposes a department: passing it on is a decision of its own.
    A merged theme's case is about the theme that speaks for it. now: UTC.
    Raises Refused: 404 unknown_theme, unknown_wave, unknown_street; 409 dismissed_theme;
    422 not_common, department_needed, unknown_department.
    """
    with transaction() as session:
        theme = _speaking_theme(session, theme_id)
        wave = session.scalar(
            select(Wave).where(Wave.code == wave_code, Wave.district_id == theme.district_id)
        )
        if wave is None:
            raise Refused("unknown_wave", _l("There is no such wave."), status=404)
        street = None if street_code is None else _street(session, street_code, theme.district_id)
        found = _unsettled(session, theme, street)
        if found is not None:
            return found
        department_id = None
        if street is None:
            department_id = _leading(session, theme, wave, department_code).id
        case = _new(
            wave.policy_id,
            now,
            district_id=theme.district_id,
            street_id=street.id if street else None,
            department_id=department_id,
            origin="theme",
            theme_id=theme.id,
            wave_id=wave.id,
            indicator_id=theme.indicator_id,
        )
        return _store(session, case, actor=actor, now=now)


def open_comment_case(comment_id: int, *, actor: str, now: datetime) -> int:
    """Open a case about one comment, or find the one there is; its id. One transaction.

    The street that the comment names holds it; who may open it is for the caller to know.
    Raises Refused: 404 unknown_comment; 422 comment_without_street.
    """
    with transaction() as session:
        comment = session.scalars(
            select(Comment)
            .outerjoin(Response, Comment.response_id == Response.id)
            .where(
                Comment.id == comment_id,
                Response.id.is_(None) | (Response.status == "accepted"),
            )
            # A resident who takes it back at this moment is waited for, or waits.
            .with_for_update(of=Comment)
        ).one_or_none()
        if comment is None:
            raise Refused(
                "unknown_comment", _l("This comment is not there (any more)."), status=404
            )
        found: int | None = session.scalar(select(Case.id).where(Case.comment_id == comment_id))
        if found is not None:
            return found
        if comment.street_id is None:
            raise Refused(
                "comment_without_street",
                _l("This comment names no street, so that no street office could hold the case."),
                status=422,
            )
        street = session.get_one(Street, comment.street_id)
        wave = session.get(Wave, comment.wave_id) if comment.wave_id is not None else None
        case = _new(
            wave.policy_id if wave else None,
            now,
            district_id=street.district_id,
            street_id=street.id,
            origin="comment",
            comment_id=comment.id,
            wave_id=comment.wave_id,
            indicator_id=comment.indicator_id,
            said_on=comment.said_on,
        )
        return _store(session, case, actor=actor, now=now)


def open_call_back_cases(now: datetime) -> int:
    """Open a case for every request to be called back that has none: how many. One transaction.

    Once a day, before offices open, and in the order of the requests' random keys: the case's
    number and day tell no more of when the answer came than that it was before that morning.
    The words stay with the request and go with it.
    """
    today = local_time(now).date()
    with transaction() as session:
        # The worker and the command at once: the second finds them opened.
        audit.lock(session)
        waiting = session.execute(
            select(ContactRequest.id, ContactRequest.wave_id, Street, Wave.policy_id)
            .join(Street, ContactRequest.street_id == Street.id)
            .join(Wave, ContactRequest.wave_id == Wave.id)
            .where(
                ContactRequest.handled_on.is_(None),
                ~exists().where(Case.contact_request_id == ContactRequest.id),
            )
            .order_by(ContactRequest.id)
        ).all()
        for request_id, wave_id, street, policy_id in waiting:
            case = _new(
                policy_id,
                now,
                district_id=street.district_id,
                street_id=street.id,
                origin="call_back",
                contact_request_id=request_id,
                wave_id=wave_id,
            )
            # It was asked for the day before: the first working day is the one that begins.
            days = kept_policy(policy_id).call_back_days
            due = add_working_days_beyond(today - timedelta(days=1), days)
            case.call_due_on = max(due, today)
            _store(session, case, actor=WORKER, now=now)
    return len(waiting)


def _new(policy_id: int | None, now: datetime, **values: Any) -> Case:
    """A case with its due date for the answer; not stored yet."""
    today = local_time(now).date()
    days = kept_policy(policy_id).case_reply_days
    return Case(
        state="received",
        version=0,
        opened_at=now,
        reply_due_on=add_working_days_beyond(today, days),
        **{"said_on": today, **values},
    )


def _store(session: Any, case: Case, *, actor: str, now: datetime) -> int:
    session.add(case)
    session.flush()
    note(session, case, "opened", actor=actor, now=now, due_on=case.reply_due_on)
    audit.record(
        session,
        actor=actor,
        action="case_opened",
        subject=f"case {case.id}",
        # Not the comment: the trail is kept for good and must not lead to what was taken back.
        detail={"origin": case.origin, "street": case.street_id, "theme": case.theme_id},
        at=now,
    )
    return case.id


def _speaking_theme(session: Any, theme_id: int) -> Theme:
    """The theme, or the one it was merged into, locked: two who open at once make one case."""
    speaker = session.scalar(select(Theme.merged_into_id).where(Theme.id == theme_id))
    theme = _held_theme(session, speaker or theme_id)
    # It was waited for whoever merged it away at this moment.
    if theme is not None and theme.merged_into_id is not None:
        theme = _held_theme(session, theme.merged_into_id)
    if theme is None:
        raise Refused("unknown_theme", _l("There is no such theme."), status=404)
    if theme.status == "dismissed":
        raise Refused(
            "dismissed_theme", _l("This theme was dismissed; nobody deals with it."), status=409
        )
    return theme


def _held_theme(session: Any, theme_id: int) -> Theme | None:
    found: Theme | None = session.scalars(
        select(Theme)
        .where(Theme.id == theme_id)
        .with_for_update(of=Theme)
        .execution_options(populate_existing=True)
    ).one_or_none()
    return found


def _street(session: Any, code: str, district_id: int) -> Street:
    street: Street | None = session.scalar(
        select(Street).where(Street.code == code, Street.district_id == district_id)
    )
    if street is None:
        raise Refused("unknown_street", _l("There is no such street."), status=404)
    return street


def _unsettled(session: Any, theme: Theme, street: Street | None) -> int | None:
    """The unsettled case of the theme, or of what was merged into it; the oldest of several."""
    family = select(Theme.id).where((Theme.id == theme.id) | (Theme.merged_into_id == theme.id))
    where = Case.street_id.is_(None) if street is None else Case.street_id == street.id
    found: int | None = session.scalar(
        select(Case.id)
        .where(Case.theme_id.in_(family), Case.settled_at.is_(None), where)
        .order_by(Case.id)
        .limit(1)
    )
    return found


def _leading(session: Any, theme: Theme, wave: Wave, code: str | None) -> Department:
    """The department that holds a case of the whole district."""
    if theme.scope != "common":
        raise Refused(
            "not_common",
            _l(
                "This theme is not common to the streets. Say so first, or open the case for a "
                "street."
            ),
            status=422,
        )
    if code is None and theme.department_id is not None:
        return session.get_one(Department, theme.department_id)
    if code is None:
        indicator = session.get(Indicator, theme.indicator_id) if theme.indicator_id else None
        code = proposed_holder(
            district_id=theme.district_id,
            wave_id=wave.id,
            keywords=theme.keywords,
            words=theme.name_zh or theme.label,
            indicator=indicator.code if indicator else None,
        ).department_code
    if code is None:
        raise Refused(
            "department_needed",
            _l("The duty list does not say whose task this is. Choose the department."),
            status=422,
        )
    return department_in_use(session, code, district_id=theme.district_id)
