"""Read drawn pictures."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from survey.models import Picture, db


def picture_svg(key: str) -> str | None:
    """The SVG kept under a key; None when it is not drawn yet. One query."""
    return db.session.scalar(select(Picture.svg).where(Picture.key == key))


def are_drawn(keys: Collection[str]) -> bool:
    """Whether every one of the keys is drawn. One query."""
    found = db.session.scalar(select(func.count()).where(Picture.key.in_(keys)))
    return found == len(keys)
