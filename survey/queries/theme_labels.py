"""Read what people said each comment is about: the labels that the comment model learns from."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from survey.models import Comment, Indicator, db

# What a person decided to be about none of the indicators.
OTHER = "other"


@dataclass(frozen=True)
class CommentLabel:
    """A redacted comment and the code of the indicator that a person gave it, or OTHER."""

    text: str
    label: str


def comment_labels() -> tuple[CommentLabel, ...]:
    """Every comment whose indicator a person decided, in the order they came in. One query."""
    rows = db.session.execute(
        select(Comment.title, Comment.body, Indicator.code)
        .outerjoin(Indicator, Comment.indicator_id == Indicator.id)
        .where(Comment.indicator_is_decided)
        .order_by(Comment.id)
    )
    return tuple(
        CommentLabel(f"{title}\n{body}" if title else body, code or OTHER)
        for title, body, code in rows
    )
