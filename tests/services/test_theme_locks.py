"""Taking an answer back, deciding about its comment and sorting at once: none waits in a circle."""

from __future__ import annotations

import random
import threading
from typing import Any

from flask import Flask
from sqlalchemy import select

from survey.errors import Refused
from survey.models import Comment, Theme, ThemeDecision, db
from survey.services import theme_review as reviewing
from survey.services import themes
from survey.services.responses import receipt_code, receipt_hash
from survey.services.rollup import fold_all
from survey.services.withdraw import withdraw
from tests import factories
from tests.factories import NOW, levels
from tests.services.test_theme_counting import counted, counted_anew
from tests.services.themes_told import CODE, PARKING, decide


def test_who_withdraws_decides_and_sorts_at_once_never_waits_in_a_circle(each_app: Flask) -> None:
    with each_app.app_context():
        # Given answers whose comments are in two themes
        place = factories.place()
        rubbish = [
            f"垃圾桶满了{days}天没人清运，垃圾堆到路边，夏天{smell}"
            for days in "两三四五"
            for smell in ("臭得开不了窗", "臭味很大", "苍蝇乱飞")
        ]
        texts = [text + end for text in (*PARKING, *rubbish) for end in ("", "，请处理")]
        receipts = [
            receipt_hash(
                receipt_code(
                    factories.response(
                        wave_id=place.wave_id,
                        point_code=place.points[0],
                        answers=levels(3, 1, 3, 3, 3, comment=text),
                    )
                )
            )
            for text in texts
        ]
        fold_all(now=NOW)
        themes.run_themes(CODE, now=NOW)
        ids = list(db.session.scalars(select(Comment.id).order_by(Comment.id)))
        known = list(db.session.scalars(select(Theme.id).order_by(Theme.id)))
        assert len(known) > 1
    failed: list[BaseException] = []
    start = threading.Barrier(4)

    def work(number: int) -> None:
        draw = random.Random(number)
        start.wait()
        for turn in range(12):
            with each_app.app_context():
                try:
                    act(number, turn, draw)
                except Refused:
                    pass
                except BaseException as error:
                    failed.append(error)

    def act(number: int, turn: int, draw: random.Random) -> None:
        if number == 0:
            withdraw(receipts[turn * 3], now=NOW)
        elif number == 1:
            themes.run_themes(CODE, now=NOW, review=turn % 3 == 2)
        elif turn % 3 == 2:
            done: Any = select(ThemeDecision.id).order_by(ThemeDecision.id.desc())
            decision_id = db.session.scalar(done.limit(1))
            if decision_id is not None:
                reviewing.undo(CODE, decision_id, actor="eva", now=NOW)
        else:
            one, other = draw.sample(known, 2)
            # Often about the very comment that is being taken back.
            comment_id = ids[turn * 3] if draw.random() < 0.5 else draw.choice(ids)
            decide(one, "move", comment_id=comment_id, other_id=other)

    # When two people decide and undo while residents withdraw and the worker sorts
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Then nothing failed, and what is counted is what there is
    assert failed == []
    with each_app.app_context():
        assert counted() == counted_anew()
