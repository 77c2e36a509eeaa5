"""Read the comments that a desk may read, searched and filtered, with the case behind each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, and_, case, cast, exists, func, literal, null, or_, select
from sqlalchemy.orm import aliased

from survey.desk import Desk
from survey.models import (
    Case,
    Comment,
    Indicator,
    Mention,
    Response,
    Street,
    Theme,
    ThemePeriod,
    db,
)
from survey.queries.case_scope import department_id_of, seen_by, street_id_of
from survey.queries.inbox import PER_PAGE, InboxFilters
from survey.queries.search import matching_comments

# Comments behind a theme are read from this many mentions on, so that nobody is recognised by what
# they said (method, 11).
FEWEST_MENTIONS = 10
# Nobody reads further than so many comments; who searches narrows it down.
MOST = 1000


@dataclass(frozen=True)
class CommentRow:
    """One redacted comment. Names are (zh, en), ("", "") where there is none."""

    id: int
    title: str
    body: str
    said_on: date
    #: ("", "") also where only the district as a whole is many enough to be read.
    street_name: tuple[str, str]
    indicator_name: tuple[str, str]
    #: The case behind it, when the desk sees that.
    case_id: int | None
    #: Whether the desk may open a case about it.
    may_open: bool


@dataclass(frozen=True)
class CommentsPage:
    """One page of comments, the newest at the top."""

    rows: tuple[CommentRow, ...]
    #: At most MOST; there may be more then.
    total: int
    page: int
    pages: int

    @property
    def has_more(self) -> bool:
        """Whether there are more than can be leafed through."""
        return self.total >= MOST


def inbox_comments(desk: Desk, *, filters: InboxFilters, page: int = 1) -> CommentsPage:
    """A page of the comments that a desk may read. One query, another for a page beyond the last.

    The evaluation office reads all; a street those of themes that FEWEST_MENTIONS of its residents
    mention, a department those of themes given to it that as many mention in a wave; both also what
    is behind a case they see. Only street, indicator and theme of the filters hold for comments.
    """
    wanted = _wanted(desk, filters)
    page = max(1, page)
    rows, total = _page(desk, wanted, page)
    if not rows and page > 1:
        page = 1
        rows, total = _page(desk, wanted, page)
    return CommentsPage(rows, total, page, max(1, -(-total // PER_PAGE)))


def _wanted(desk: Desk, filters: InboxFilters) -> list[Any]:
    rejected = exists().where(Response.id == Comment.response_id, Response.status != "accepted")
    conditions = [~rejected, _readable(desk)]
    if filters.words:
        found = matching_comments(filters.words)
        conditions.append(Comment.id.in_(found) if found is not None else literal(False))
    # For a department the street of a comment may be withheld, so that it cannot ask for one.
    if filters.street and desk.department_code is None:
        conditions.append(Comment.street_id == street_id_of(filters.street))
    if filters.indicator:
        indicator = select(Indicator.id).where(Indicator.code == filters.indicator)
        conditions.append(Comment.indicator_id == indicator.scalar_subquery())
    if filters.theme is not None:
        mentioning = (
            select(Mention.comment_id)
            .join(Theme, Theme.id == Mention.theme_id)
            .where(func.coalesce(Theme.merged_into_id, Theme.id) == filters.theme)
        )
        conditions.append(Comment.id.in_(mentioning))
    return conditions


def _readable(desk: Desk) -> Any:
    if desk.sees_all:
        return literal(True)
    behind = select(Case.comment_id).where(Case.comment_id.is_not(None), seen_by(desk))
    if desk.street_code is None and desk.department_code is None:
        return literal(False)
    return or_(Comment.id.in_(behind), Comment.id.in_(_of_themes(desk)))


def _of_themes(desk: Desk) -> Any:
    """SQL: comments of the themes that enough residents mention, by wave."""
    own, speaker = aliased(Theme), aliased(Theme)
    said = ThemePeriod.mentions + ThemePeriod.mentions_loaded
    enough = select(ThemePeriod.theme_id, ThemePeriod.wave_id)
    if desk.street_code is not None:
        enough = enough.where(
            ThemePeriod.street_id == street_id_of(desk.street_code), said >= FEWEST_MENTIONS
        )
    else:
        enough = enough.group_by(ThemePeriod.theme_id, ThemePeriod.wave_id).having(
            func.sum(said) >= FEWEST_MENTIONS
        )
    many = enough.subquery()
    comment = aliased(Comment)
    found = (
        select(comment.id)
        .join(Mention, Mention.comment_id == comment.id)
        .join(own, own.id == Mention.theme_id)
        .join(speaker, speaker.id == func.coalesce(own.merged_into_id, own.id))
        .join(many, and_(many.c.theme_id == speaker.id, many.c.wave_id == comment.wave_id))
        .where(speaker.status != "dismissed")
    )
    if desk.street_code is not None:
        return found.where(comment.street_id == street_id_of(desk.street_code))
    return found.where(speaker.department_id == department_id_of(desk.department_code or ""))


def _page(desk: Desk, conditions: list[Any], page: int) -> tuple[tuple[CommentRow, ...], int]:
    # Within a day the order of coming is nobody's business at a desk where people are known by
    # sight: there it is shuffled, by the generator of Park and Miller.
    order: tuple[Any, ...] = (Comment.id.desc(),)
    if not desk.sees_all:
        mixed = cast(Comment.id, BigInteger) * 48_271 % 2_147_483_647
        order = (Comment.said_on.desc(), mixed)
    first = select(Comment.id).where(*conditions).order_by(*order).limit(MOST).subquery()
    chosen = (
        select(Comment.id, func.count().over().label("total"))
        .join(first, first.c.id == Comment.id)
        .order_by(*order)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
        .subquery()
    )
    is_behind = and_(Case.comment_id == Comment.id, seen_by(desk))
    may_read = _may_open(desk)
    # What a department reads of all streets together does not say where it was said, unless it
    # has the case.
    where = literal(True) if desk.department_code is None else Case.id.is_not(None)
    found = db.session.execute(
        select(
            Comment.id,
            Comment.title,
            Comment.body,
            Comment.said_on,
            case((where, Street.name_zh), else_=null()),
            case((where, Street.name_en), else_=null()),
            Indicator.name_zh,
            Indicator.name_en,
            Case.id,
            may_read,
            chosen.c.total,
        )
        .join(chosen, chosen.c.id == Comment.id)
        .outerjoin(Street, Street.id == Comment.street_id)
        .outerjoin(Indicator, Indicator.id == Comment.indicator_id)
        .outerjoin(Case, is_behind)
        .order_by(*order)
    ).all()
    rows = tuple(
        CommentRow(
            id=row[0],
            title=row[1],
            body=row[2],
            said_on=row[3],
            street_name=(row[4] or "", row[5] or ""),
            indicator_name=(row[6] or "", row[7] or ""),
            case_id=row[8],
            may_open=bool(row[9]) and row[8] is None,
        )
        for row in found
    )
    return rows, int(found[0].total) if found else 0


def _may_open(desk: Desk) -> Any:
    """SQL: a case needs a street; departments are given cases and open none from comments."""
    if desk.department_code is not None or not (desk.is_evaluator or desk.street_code):
        return literal(False)
    return Comment.street_id.is_not(None)
