"""Read what waits for the worker."""

from __future__ import annotations

from sqlalchemy import func, select

from survey.models import Comment, Wave, db


def newest_unsorted_comments() -> dict[str, int]:
    """{code of an open wave: id of its newest comment that no model has looked at}. One query."""
    rows = db.session.execute(
        select(Wave.code, func.max(Comment.id))
        .join(Comment, Comment.wave_id == Wave.id)
        .where(Wave.status == "open", Comment.indicator_probability.is_(None))
        .group_by(Wave.code)
    )
    return {code: int(newest) for code, newest in rows}
