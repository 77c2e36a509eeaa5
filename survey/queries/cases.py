"""Read one case for its page: what it is about, who holds it, what is due and what happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from survey.desk import Desk
from survey.errors import Refused
from survey.formatting import local_time
from survey.models import (
    Case,
    CaseEvent,
    Comment,
    ContactRequest,
    Department,
    District,
    Indicator,
    Mention,
    Response,
    Street,
    Theme,
    ThemePeriod,
    Wave,
    db,
)
from survey.queries.case_scope import held_by, seen_by
from survey.queries.case_views import (
    FEWEST_MENTIONS,
    NOBODY,
    CaseComment,
    CaseEventView,
    CaseRequest,
    CaseTheme,
    CaseView,
    CaseWave,
    Name,
)
from survey.queries.theme_counts import speaking

COMMENTS_SHOWN = 6


def case_view(case_id: int, desk: Desk) -> CaseView:
    """The case for a desk. One query.

    Raises Refused: 404 unknown_case for one that is not there, 403 not_your_case for one that the
    desk does not see.
    """
    holder, theme, own_theme = Department, aliased(Theme), aliased(Theme)
    lead = aliased(Department)
    said = (
        select(func.coalesce(func.sum(ThemePeriod.mentions + ThemePeriod.mentions_loaded), 0))
        .where(
            ThemePeriod.theme_id == theme.id,
            ThemePeriod.wave_id == Case.wave_id,
            (Case.street_id.is_(None)) | (ThemePeriod.street_id == Case.street_id),
        )
        .correlate(Case, theme)
        .scalar_subquery()
    )
    row = db.session.execute(
        select(
            Case,
            District.is_demo,
            Street,
            holder,
            Wave,
            Indicator,
            theme,
            own_theme,
            lead,
            Comment.title,
            Comment.body,
            Comment.said_on,
            # Never the number: whoever sees it leaves a line in the audit trail.
            ContactRequest.words,
            ContactRequest.asked_week,
            ContactRequest.handled_on,
            said.label("mentions"),
            seen_by(desk).label("is_seen"),
            held_by(desk).label("is_held"),
        )
        .join(District, Case.district_id == District.id)
        .outerjoin(Street, Case.street_id == Street.id)
        .outerjoin(holder, Case.department_id == holder.id)
        .outerjoin(Wave, Case.wave_id == Wave.id)
        .outerjoin(Indicator, Case.indicator_id == Indicator.id)
        .outerjoin(own_theme, Case.theme_id == own_theme.id)
        .outerjoin(theme, theme.id == func.coalesce(own_theme.merged_into_id, own_theme.id))
        .outerjoin(lead, theme.department_id == lead.id)
        .outerjoin(Comment, Case.comment_id == Comment.id)
        .outerjoin(ContactRequest, Case.contact_request_id == ContactRequest.id)
        .where(Case.id == case_id)
    ).first()
    if row is None:
        raise Refused("unknown_case", _l("There is no such case."), status=404)
    if not row.is_seen:
        raise Refused("not_your_case", _l("This case is another office's."), status=403)
    return _view(row)


def case_events(case_id: int) -> tuple[CaseEventView, ...]:
    """What was done to a case, the earliest first. One query.

    As every act adds one to the case's version, the acts after version n are those from n on.
    """
    rows = db.session.execute(
        select(CaseEvent, Department.name_zh, Department.name_en, Street.name_zh, Street.name_en)
        .join(Case, CaseEvent.case_id == Case.id)
        .outerjoin(Department, CaseEvent.department_id == Department.id)
        .outerjoin(Street, Case.street_id == Street.id)
        .where(CaseEvent.case_id == case_id)
        .order_by(CaseEvent.id)
    )
    return tuple(
        CaseEventView(
            at=event.at,
            actor=event.actor,
            action=event.action,
            state=event.state,
            words=event.words,
            reason=event.reason,
            due_on=event.due_on,
            holder_name=_name(zh, en) if event.department_id else _name(street_zh, street_en),
        )
        for event, zh, en, street_zh, street_en in rows
    )


def case_comments(found: CaseView) -> tuple[CaseComment, ...]:
    """The most typical comments behind a case's theme, of its street. One query, or none."""
    if found.theme is None or not found.theme.shows_comments or found.wave_id is None:
        return ()
    query = (
        select(Comment.title, Comment.body, Comment.said_on)
        .join(Mention, Mention.comment_id == Comment.id)
        .join(Theme, Mention.theme_id == Theme.id)
        .outerjoin(Street, Comment.street_id == Street.id)
        .outerjoin(Response, Comment.response_id == Response.id)
        .where(
            speaking() == found.theme.id,
            Comment.wave_id == found.wave_id,
            Response.id.is_(None) | (Response.status == "accepted"),
        )
        .order_by(Mention.closeness.desc(), Comment.id)
        .limit(COMMENTS_SHOWN)
    )
    if found.street_code is not None:
        query = query.where(Street.code == found.street_code)
    return tuple(CaseComment(*row) for row in db.session.execute(query))


def cases_of_requests(request_ids: Sequence[str]) -> dict[str, int]:
    """{request to be called back: its case}. One query, or none."""
    if not request_ids:
        return {}
    rows = db.session.execute(
        select(Case.contact_request_id, Case.id).where(Case.contact_request_id.in_(request_ids))
    )
    return {str(key): case_id for key, case_id in rows}


def may_open_from(comment_id: int, desk: Desk) -> bool:
    """Whether a desk may open a case about a comment. One query.

    The evaluation office may; a street when the comment is of its own and of a theme that enough
    of its residents mention for their words to be shown.
    """
    if desk.is_evaluator:
        return True
    if desk.street_code is None:
        return False
    theme = aliased(Theme)
    found = db.session.scalar(
        select(Comment.id)
        .join(Street, Comment.street_id == Street.id)
        .join(Mention, Mention.comment_id == Comment.id)
        .join(theme, Mention.theme_id == theme.id)
        .join(
            ThemePeriod,
            and_(
                ThemePeriod.theme_id == func.coalesce(theme.merged_into_id, theme.id),
                ThemePeriod.street_id == Comment.street_id,
                ThemePeriod.wave_id == Comment.wave_id,
            ),
        )
        .where(
            Comment.id == comment_id,
            Street.code == desk.street_code,
            ThemePeriod.mentions + ThemePeriod.mentions_loaded >= FEWEST_MENTIONS,
        )
        .limit(1)
    )
    return found is not None


def _name(zh: str | None, en: str | None) -> Name:
    return (zh or "", en or "")


def _named(row: Any) -> Name:
    return (row.name_zh, row.name_en) if row is not None else NOBODY


def _theme_name(theme: Theme) -> Name:
    """A theme without a name is called by its keywords, as its label is one resident's words."""
    if not theme.name_zh:
        label = " · ".join(theme.keywords)
        return (label, label)
    return (theme.name_zh, theme.name_en or theme.name_zh)


def _view(row: Any) -> CaseView:
    case, is_demo, street, holder, wave, indicator, theme, own_theme, lead = row[:9]
    return CaseView(
        id=case.id,
        version=case.version,
        state=case.state,
        origin=case.origin,
        round=case.round,
        district_id=case.district_id,
        is_demo=is_demo,
        street_code=street.code if street else None,
        street_name=_named(street),
        department_code=holder.code if holder else None,
        department_name=_named(holder),
        wave_id=case.wave_id,
        wave=CaseWave(wave.code, _named(wave)) if wave else None,
        indicator_code=indicator.code if indicator else None,
        indicator_name=_named(indicator),
        said_on=case.said_on,
        opened_at=case.opened_at,
        accepted_at=case.accepted_at,
        called_at=case.called_at,
        replied_at=case.replied_at,
        planned_at=case.planned_at,
        done_at=case.done_at,
        settled_at=case.settled_at,
        escalated_at=case.escalated_at,
        call_due_on=case.call_due_on,
        reply_due_on=case.reply_due_on,
        plan_due_on=case.plan_due_on,
        reply=case.reply,
        plan=case.plan,
        result=case.result,
        theme=_theme(theme, own_theme, lead, row.mentions) if theme else None,
        comment=CaseComment(row.title, row.body, row[11]) if row.body is not None else None,
        request=_request(case, wave, row),
        is_held=bool(row.is_held),
    )


def _theme(theme: Theme, own: Theme, lead: Department | None, mentions: int) -> CaseTheme:
    return CaseTheme(
        id=theme.id,
        name=_theme_name(theme),
        keywords=tuple(theme.keywords),
        mentions=int(mentions),
        merged_from=_theme_name(own) if own.id != theme.id else None,
        is_confirmed=theme.status == "confirmed",
        is_common=theme.scope == "common",
        department_name=_named(lead),
    )


def _request(case: Case, wave: Wave | None, row: Any) -> CaseRequest | None:
    if row.asked_week is None or case.contact_request_id is None or wave is None:
        return None
    days = timedelta(days=current_app.config["CALL_BACK_DAYS"])
    return CaseRequest(
        id=case.contact_request_id,
        words=row.words,
        asked_week=row.asked_week,
        handled_on=row.handled_on,
        forgotten_on=(row.handled_on or local_time(wave.closes_at).date()) + days,
    )
