"""Themes with the comments behind them, for the tests of what people decide about them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from survey.database import transaction
from survey.models import Comment, Department, Mention, Theme, db
from survey.queries.theme_sample import theme_sample
from survey.queries.themes import theme_comments
from survey.queries.waves import wave_view
from survey.services import theme_review
from survey.services.rollup import fold_all
from survey.services.theme_counts import recount
from tests import factories
from tests.factories import NOW, Place, levels

CODE = "2026q4"
PARKING = [
    f"{place}停车难，车位太少，晚上回来找不到地方停车"
    for place in (
        "幸福小区门口",
        "学校旁边的胡同里",
        "菜市场后面",
        "医院对面整条路",
        "老楼之间",
        "地铁站出口",
        "公园北门",
        "单位宿舍院内",
        "商场周边",
        "新建的回迁楼",
        "派出所附近",
        "河边步道",
    )
]
NOISE = [
    "夜里烧烤摊吵到两点，根本睡不着",
    "广场舞音响太大，孩子没法写作业",
    "工地半夜还在施工，噪声吓人",
]
DEPARTMENT = "urban-management"


def themed(place: Place, texts: list[str], *, street: int = 0, **values: Any) -> int:
    """A proposed theme with an answered comment for each text; its id."""
    for text in texts:
        factories.response(
            wave_id=place.wave_id,
            point_code=place.points[street],
            answers=levels(3, 1, 3, 3, 3, comment=text),
        )
    fold_all(now=NOW)
    with transaction() as session:
        theme = Theme(
            district_id=place.district_id,
            label=texts[0][:200],
            keywords=values.pop("keywords", ["停车"]),
            centroid={},
            texts=len(texts),
            created_at=NOW,
            **values,
        )
        session.add(theme)
        session.flush()
        bodies = select(Comment.id).where(Comment.body.in_(texts))
        for comment_id in session.scalars(bodies).all():
            session.add(Mention(comment_id=comment_id, theme_id=theme.id, closeness=0.6))
        session.flush()
        recount(session, wave_view(CODE))
        return theme.id


def department(place: Place) -> None:
    """A department of the district, 城管委."""
    with transaction() as session:
        session.add(
            Department(
                district_id=place.district_id, code=DEPARTMENT, name_zh="城管委", name_en="Urban"
            )
        )


def decide(theme_id: int | None, action: str, value: str = "", **more: Any) -> int | None:
    """eva decides in the wave; the id of the decision."""
    given = {"value": value, **more.pop("given", {})}
    at = more.pop("at", NOW)
    who = more.pop("actor", "eva")
    return theme_review.decide(
        CODE, theme_id, action=action, given=given, actor=who, now=at, **more
    )


def drawn(theme_id: int, *, basis: str = "sample") -> int:
    """The comment that a theme's sample asks about next."""
    shown = theme_sample(CODE, theme_id, basis=basis).shown
    assert shown is not None
    return shown.id


def bodies(theme_id: int) -> set[str]:
    """The comments of a theme."""
    return {one.body for one in theme_comments(theme_id, wave_code=CODE)}


def comment_of(text: str) -> int:
    """The only comment with this text."""
    return db.session.scalars(select(Comment.id).where(Comment.body == text)).one()
