"""Keep reply templates: a desk adds, changes and retires its own; the district's are for all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey.database import transaction
from survey.desk import Desk
from survey.errors import Refused
from survey.models import ReplyTemplate
from survey.plain_text import plain
from survey.queries.case_scope import department_id_of, street_id_of
from survey.queries.reply_templates import owned_by
from survey.services import audit
from survey.services.cases import checked_words

LONGEST_NAME = 80


def add_template(
    *,
    district_id: int,
    desk: Desk,
    name: str,
    words: str,
    now: datetime,
    despite_warning: bool = False,
) -> int:
    """Store a template of the desk's own (the evaluation office's are the district's); its id.

    Raises Refused: 403 only_reads; 422 name_needed, words_needed, words_too_long, looks_personal.
    """
    name, words = _checked(desk, name, words, despite_warning)
    with transaction() as session:
        row = ReplyTemplate(
            district_id=district_id,
            street_id=session.scalar(select(street_id_of(desk.street_code)))
            if desk.street_code
            else None,
            department_id=session.scalar(select(department_id_of(desk.department_code)))
            if desk.department_code
            else None,
            name=name,
            words=words,
            version=0,
        )
        session.add(row)
        session.flush()
        _record(session, row, "added", desk=desk, now=now)
        return row.id


def change_template(
    template_id: int,
    *,
    version: int,
    desk: Desk,
    name: str,
    words: str,
    now: datetime,
    despite_warning: bool = False,
) -> None:
    """Change a template of the desk's own. Replies that were sent with it stay as they are.

    Raises Refused as `add_template`; 404 unknown_template; 403 not_your_template; 409
    changed_meanwhile.
    """
    name, words = _checked(desk, name, words, despite_warning)
    with transaction() as session:
        row = _own(session, template_id, desk=desk, version=version)
        row.name, row.words = name, words
        row.version += 1
        _record(session, row, "changed", desk=desk, now=now)


def retire_template(template_id: int, *, version: int, desk: Desk, now: datetime) -> None:
    """Offer a template no longer. Raises Refused: 404, 403, 409 as `change_template`."""
    _refuse_readers(desk)
    with transaction() as session:
        row = _own(session, template_id, desk=desk, version=version)
        row.retired_at = now
        row.version += 1
        _record(session, row, "retired", desk=desk, now=now)


def _checked(desk: Desk, name: str, words: str, despite_warning: bool) -> tuple[str, str]:
    _refuse_readers(desk)
    name = " ".join(plain(name).split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Refused(
            "name_needed",
            _l("Give it a name of 1 to %(most)s characters.", most=LONGEST_NAME),
            status=422,
        )
    return name, checked_words(words, _l("Write the words of the template."), despite_warning)


def _refuse_readers(desk: Desk) -> None:
    if desk.only_reads and not desk.is_evaluator:
        raise Refused("only_reads", _l("Your account reads and changes nothing."), status=403)


def _own(session: Any, template_id: int, *, desk: Desk, version: int) -> ReplyTemplate:
    row: ReplyTemplate | None = session.scalars(
        select(ReplyTemplate)
        .where(ReplyTemplate.id == template_id, ReplyTemplate.retired_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise Refused("unknown_template", _l("There is no such template any more."), status=404)
    mine = select(ReplyTemplate.id).where(ReplyTemplate.id == template_id, owned_by(desk))
    if session.scalar(mine) is None:
        raise Refused(
            "not_your_template", _l("This template belongs to another office."), status=403
        )
    if row.version != version:
        raise Refused(
            "changed_meanwhile",
            _l(
                "Somebody changed this template while you had it open. Look at it and decide again."
            ),
            status=409,
            details={"version": row.version},
        )
    return row


def _record(session: Any, row: ReplyTemplate, what: str, *, desk: Desk, now: datetime) -> None:
    audit.record(
        session,
        actor=desk.username,
        action=f"reply_template_{what}",
        subject=f"reply template {row.id}",
        detail={"name": row.name, "street": desk.street_code, "department": desk.department_code},
        at=now,
    )
