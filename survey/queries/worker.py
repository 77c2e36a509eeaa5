"""Read what waits for the worker."""

from __future__ import annotations

from sqlalchemy import or_, select

from survey.models import Comment, Evaluation, Wave, db


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


def waves_to_review() -> tuple[str, ...]:
    """Codes of the waves whose themes are gone over at night. One query.

    Open ones, and closed ones until their figures are frozen for the first time: answers of the
    last day and late paper forms belong to the states of themes as well.
    """
    is_frozen = select(Evaluation.id).where(Evaluation.wave_id == Wave.id).exists()
    return tuple(
        db.session.scalars(
            select(Wave.code)
            .where(or_(Wave.status == "open", (Wave.status == "closed") & ~is_frozen))
            .order_by(Wave.code)
        )
    )
