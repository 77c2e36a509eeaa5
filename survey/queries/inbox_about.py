"""Which cases are about what somebody searches for; and what an inbox can be filtered by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import false, func, literal, or_, select, union_all

from survey.models import Case, ContactRequest, Department, District, Indicator, Street, Theme, db
from survey.queries.search import matching_comments, says


@dataclass(frozen=True)
class Choice:
    """Something to choose in a filter: its code and its name (zh, en)."""

    code: str
    name: tuple[str, str]


@dataclass(frozen=True)
class Choices:
    """What cases can be filtered by, in the order of the codes."""

    streets: tuple[Choice, ...]
    departments: tuple[Choice, ...]
    indicators: tuple[Choice, ...]
    #: What is listed is invented.
    is_demo: bool = False


def about(words: str) -> Any:
    """SQL: the case is about these words: its comment, its theme's name or keywords, or the words
    of the resident who asks to be called. None when there is nothing to look for.

    Two queries besides: themes and requests behind cases are few, and are read and compared here
    by the same rule as comments are by the index.
    """
    comments = matching_comments(words)
    if comments is None:
        return None
    speaking = func.coalesce(Theme.merged_into_id, Theme.id)
    named = db.session.execute(
        select(Theme.id, speaking, Theme.name_zh, Theme.name_en, Theme.keywords).where(
            or_(
                Theme.id.in_(select(Case.theme_id).where(Case.theme_id.is_not(None))),
                Theme.merged_into_id.is_(None),
            )
        )
    ).all()
    found = {
        key
        for key, _speaker, zh, en, keywords in named
        if says("。".join((zh, en, *keywords)), words)
    }
    themes = sorted(key for key, speaker, *_names in named if key in found or speaker in found)
    requests = [
        key
        for key, said in db.session.execute(
            select(ContactRequest.id, ContactRequest.words).where(ContactRequest.words != "")
        )
        if says(said, words)
    ]
    return or_(
        Case.comment_id.in_(comments),
        Case.theme_id.in_(themes) if themes else false(),
        Case.contact_request_id.in_(requests) if requests else false(),
    )


def inbox_choices() -> Choices:
    """Streets, departments and indicators by name, and whether they are invented. One query."""

    def named(kind: str, model: Any, *where: Any) -> Any:
        columns = (model.code, model.name_zh, model.name_en)
        return select(literal(kind).label("kind"), *columns).where(*where)

    rows = db.session.execute(
        union_all(
            named("street", Street, Street.is_active),
            named("department", Department, Department.is_active),
            named("indicator", Indicator),
            named("demo", District, District.is_demo),
        )
    ).all()

    def of(kind: str) -> tuple[Choice, ...]:
        return tuple(
            sorted(
                (Choice(code, (zh, en)) for k, code, zh, en in rows if k == kind),
                key=lambda choice: choice.code,
            )
        )

    return Choices(of("street"), of("department"), of("indicator"), is_demo=bool(of("demo")))
