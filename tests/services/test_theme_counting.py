"""What a run counts of new comments alone is what counting everything anew gives."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, update

from survey.database import transaction
from survey.errors import Refused
from survey.models import (
    Comment,
    Mention,
    MentionBand,
    Response,
    Theme,
    ThemeDecision,
    ThemeJudgement,
    ThemePeriod,
    ThemeTally,
    db,
    table_of,
)
from survey.queries.theme_sample import theme_sample
from survey.queries.waves import wave_view
from survey.services import theme_review as reviewing
from survey.services import themes
from survey.services.responses import receipt_code, receipt_hash
from survey.services.rollup import fold_all
from survey.services.theme_counts import COUNTS, recount, recount_of_answers
from survey.services.withdraw import withdraw
from tests import factories
from tests.factories import NOW, Place, levels
from tests.services.themes_told import CODE, PARKING, decide, themed

PROBLEMS = (
    "停车难，车位太少，晚上回来找不到地方停车",
    "垃圾桶满了三天没人清，夏天臭得开不了窗",
    "电梯总是坏，老人上下楼很不方便",
    "夜里烧烤摊吵到两点，根本睡不着",
)
PLACES = ("幸福小区", "学校旁边", "菜市场", "医院对面", "地铁站", "公园北门")
ENDINGS = ("", "，请尽快处理", "，反映过没人管", "，大家都有意见", "，什么时候能解决")


class _TakenBack(Exception):
    """Ends a transaction without storing anything."""


def counted() -> dict[str, Any]:
    """Everything that a count stores of themes and their mentions."""
    columns = [getattr(ThemePeriod, name) for name in (*COUNTS, "notified_at")]
    keys = (ThemePeriod.theme_id, ThemePeriod.street_id, ThemePeriod.wave_id)
    return {
        "periods": sorted(map(repr, db.session.execute(select(*keys, *columns)))),
        "themes": sorted(map(repr, db.session.execute(select(Theme.id, Theme.indicator_id)))),
        "bands": sorted(map(repr, db.session.execute(select(*table_of(MentionBand).columns)))),
        "tallies": sorted(map(repr, db.session.execute(select(*table_of(ThemeTally).columns)))),
        "copies": sorted(
            map(
                repr,
                db.session.execute(
                    select(Mention.comment_id, Mention.theme_id, Mention.kind_id)
                    .join(Comment, Mention.comment_id == Comment.id)
                    .outerjoin(Response, Comment.response_id == Response.id)
                    # What does not count is compared when it does.
                    .where(Response.id.is_(None) | (Response.status == "accepted"))
                ),
            )
        ),
    }


def counted_anew() -> dict[str, Any]:
    """The same after everything was counted anew, which is not stored."""
    found: dict[str, Any] = {}
    with suppress(_TakenBack), transaction() as session:
        recount(session, wave_view(CODE))
        found = counted()
        raise _TakenBack
    return found


class Play:
    """Residents and people of the office, at random but the same for the same seed."""

    def __init__(self, place: Place, seed: int) -> None:
        self.place, self.draw = place, random.Random(seed)
        self.receipts: list[str] = []
        self.acts = (
            self.withdraw,
            self.hold_back,
            self.move,
            self.judge,
            self.merge,
            self.undo,
            self.status,
            self.indicator,
            self.comment_indicator,
        )

    def say(self) -> None:
        """Some answers and loaded comments come in, many of them nearly the same."""
        for _ in range(self.draw.randint(3, 12)):
            parts = self.draw.choice(PROBLEMS).split("，")
            self.draw.shuffle(parts)
            text = f"{self.draw.choice(PLACES)}{'，'.join(parts)}{self.draw.choice(ENDINGS)}"
            if self.draw.random() < 0.2:
                factories.comment(
                    body=text,
                    wave_id=self.place.wave_id,
                    street_id=self.draw.choice([*self.place.street_ids, None]),
                    person=str(self.draw.randint(1, 4)) * 64,
                )
                continue
            point = self.draw.choice(self.place.points)
            key = factories.response(
                wave_id=self.place.wave_id,
                point_code=point,
                answers=levels(3, 1, 3, 3, 3, comment=text),
            )
            self.receipts.append(receipt_hash(receipt_code(key)))

    def mention(self) -> tuple[int, int]:
        """(comment, theme that is not merged) of any mention."""
        rows = db.session.execute(
            select(Mention.comment_id, Theme.id)
            .join(Theme, func.coalesce(Theme.merged_into_id, Theme.id) == Theme.id)
            .join(Comment, Mention.comment_id == Comment.id)
            .where(Mention.theme_id == Theme.id, Theme.status != "merged")
            .order_by(Mention.comment_id, Theme.id)
        ).all()
        return tuple(self.draw.choice(rows))

    def theme(self) -> int:
        return self.draw.choice(
            db.session.scalars(
                select(Theme.id).where(Theme.status != "merged").order_by(Theme.id)
            ).all()
        )

    def withdraw(self) -> None:
        self.draw.shuffle(self.receipts)
        withdraw(self.receipts.pop(), now=NOW)

    def hold_back(self) -> None:
        """Some answers are held back, and some that were count again."""
        with transaction() as session:
            ids = session.scalars(
                select(Response.id)
                .where(Response.status.in_(("accepted", "quarantined")))
                .order_by(Response.id)
            ).all()
            chosen = self.draw.sample(ids, min(4, len(ids)))
            other = {"accepted": "quarantined", "quarantined": "accepted"}
            for key in chosen:
                response = session.get_one(Response, key)
                session.execute(
                    update(Response).where(Response.id == key).values(status=other[response.status])
                )
            recount_of_answers(session, wave_view(CODE), chosen)

    def move(self) -> None:
        comment_id, theme_id = self.mention()
        other = self.draw.choice([None, self.theme()])
        decide(theme_id, "move", comment_id=comment_id, other_id=other)

    def judge(self) -> None:
        theme_id = self.theme()
        shown = theme_sample(CODE, theme_id).shown
        if shown is not None:
            value = self.draw.choice(("yes", "no"))
            decide(theme_id, "judge", value, comment_id=shown.id, given={"basis": "sample"})

    def merge(self) -> None:
        decide(self.theme(), "merge", other_id=self.theme())

    def undo(self) -> None:
        done = db.session.scalars(
            select(ThemeDecision.id)
            .where(ThemeDecision.undone_by_id.is_(None), ThemeDecision.action != "undo")
            .order_by(ThemeDecision.id.desc())
        ).all()
        if done:
            reviewing.undo(CODE, self.draw.choice(done[:3]), actor="eva", now=NOW)

    def status(self) -> None:
        value = self.draw.choice(("confirmed", "proposed", "dismissed"))
        decide(self.theme(), "status", value)

    def indicator(self) -> None:
        decide(self.theme(), "indicator", self.draw.choice(("safety", "urban", "")))

    def comment_indicator(self) -> None:
        value = self.draw.choice(("safety", "urban", ""))
        decide(None, "comment_indicator", value, comment_id=self.mention()[0])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_many_runs_count_what_counting_anew_gives(each_app: Flask, seed: int) -> None:
    with each_app.app_context():
        play = Play(factories.place(streets=("s1", "s2", "s3")), seed)
        done: Counter[str] = Counter()
        for turn in range(30):
            play.say()
            fold_all(now=NOW)
            themes.run_themes(CODE, now=NOW, review=turn % 11 == 10)
            assert counted() == counted_anew(), f"after run {turn}"
            for act in play.draw.choices(play.acts, k=2):
                try:
                    act()
                    done[act.__name__] += 1
                except Refused:
                    db.session.rollback()
                assert counted() == counted_anew(), f"after {act.__name__}, run {turn}"
        # It was a play: themes, copies, and every kind of act.
        assert db.session.scalar(select(func.count()).select_from(Theme)) > 3
        copies = select(func.count()).where(Mention.kind_id != Mention.comment_id)
        assert (db.session.scalar(copies) or 0) > 10
        assert db.session.scalar(select(func.count()).select_from(ThemeJudgement))
        assert len(done) == len(play.acts)


def test_a_run_reads_the_words_of_new_comments_and_of_no_other_theme(app: Flask) -> None:
    with app.app_context():
        # Given two themes, of which one is joined
        place = factories.place()
        themed(place, PARKING)
        other = themed(place, ["路灯坏了没人修，晚上一片黑"], keywords=["路灯"])
        before = counted()
        with transaction() as session:
            session.execute(
                update(ThemePeriod).where(ThemePeriod.theme_id == other).values(mentions=77)
            )
            session.execute(update(Comment).values(indicator_probability=1.0))
        statements: list[str] = []

        def seen(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            statements.append(statement)

        factories.response(
            wave_id=place.wave_id,
            point_code=place.points[0],
            answers=levels(3, 1, 3, 3, 3, comment=PARKING[0] + "！"),
        )
        event.listen(db.engine, "before_cursor_execute", seen)
        try:
            themes.run_themes(CODE, now=NOW)
        finally:
            event.remove(db.engine, "before_cursor_execute", seen)
        # Then the other one was not looked at: what is wrong with it stays until the night
        periods = select(ThemePeriod.mentions).where(ThemePeriod.theme_id == other)
        assert db.session.scalar(periods) == 77
        assert len(statements) < 60
        themes.run_themes(CODE, now=NOW, review=True)
        assert db.session.scalar(periods) == 1
        assert before["periods"]
