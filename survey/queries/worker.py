"""Read what waits for the worker."""

from __future__ import annotations

from sqlalchemy import select

from survey.models import Comment, Wave, db


def waves_with_new_comments() -> tuple[str, ...]:
    """Codes of the open waves with comments that no run has looked at. One query."""
    rows = db.session.scalars(
        select(Wave.code)
        .where(
            Wave.status == "open",
            select(Comment.id)
            .where(
                Comment.wave_id == Wave.id,
                Comment.indicator_probability.is_(None),
            )
            .exists(),
        )
        .order_by(Wave.code)
    )
    return tuple(rows)


def open_waves() -> tuple[str, ...]:
    """Codes of the waves that are open. One query."""
    return tuple(
        db.session.scalars(select(Wave.code).where(Wave.status == "open").order_by(Wave.code))
    )
