"""Nothing keeps the number of a comment that its resident took back."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from survey.database import transaction
from survey.models import Comment, Mention, MentionBand, Response, Theme, db
from survey.queries.waves import wave_view
from survey.services import theme_counts
from survey.services.responses import receipt_code, receipt_hash
from survey.services.rollup import fold_all
from survey.services.theme_counts import recount, recount_of_answers
from survey.services.theme_meanwhile import hold_themes
from survey.services.withdraw import withdraw
from tests import factories
from tests.factories import NOW, levels
from tests.services.test_theme_counting import counted, counted_anew
from tests.services.themes_told import CODE, PARKING, themed


def test_a_copy_that_is_held_back_forgets_the_comment_that_stood_for_it(each_app: Flask) -> None:
    with each_app.app_context():
        # Given three answers with one text in a theme, of which the last is held back
        place = factories.place()
        receipts = [
            receipt_hash(
                receipt_code(
                    factories.response(
                        wave_id=place.wave_id,
                        point_code=place.points[0],
                        answers=levels(3, 1, 3, 3, 3, comment=PARKING[0]),
                    )
                )
            )
            for _ in range(3)
        ]
        fold_all(now=NOW)
        ids = list(db.session.scalars(select(Comment.id).order_by(Comment.id)))
        db.session.rollback()
        with transaction() as session:
            theme = Theme(
                district_id=place.district_id,
                label="x",
                keywords=["停车"],
                centroid={},
                texts=1,
                created_at=NOW,
            )
            session.add(theme)
            session.flush()
            session.add_all(
                Mention(comment_id=key, theme_id=theme.id, closeness=0.6) for key in ids
            )
            session.flush()
            recount(session, wave_view(CODE))
        kinds = select(Mention.comment_id, Mention.kind_id).order_by(Mention.comment_id)
        assert [tuple(row) for row in db.session.execute(kinds)] == [(key, ids[0]) for key in ids]
        db.session.rollback()
        with transaction() as session:
            last = session.scalars(select(Response).order_by(Response.id.desc())).first()
            assert last is not None
            last.status = "quarantined"
            session.flush()
            recount_of_answers(session, wave_view(CODE), [last.id])
            held = last.id
        # When the first is taken back
        withdraw(receipts[0], now=NOW)
        # Then the second stands for itself, and the third for nothing until it counts
        found = [tuple(row) for row in db.session.execute(kinds)]
        assert found == [(ids[1], ids[1]), (ids[2], None)]
        bands = select(func.count()).select_from(MentionBand)
        assert db.session.scalar(bands.where(MentionBand.comment_id == ids[0])) == 0
        db.session.rollback()
        with transaction() as session:
            session.get_one(Response, held).status = "accepted"
            session.flush()
            recount_of_answers(session, wave_view(CODE), [held])
        assert [row.kind_id for row in db.session.execute(kinds)] == [ids[1], ids[1]]
        assert counted() == counted_anew()


def test_taking_back_a_comment_that_is_being_compared_waits_in_no_circle(
    each_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with each_app.app_context():
        # Given a theme with a comment that was not compared with the others yet
        place = factories.place()
        theme_id = themed(place, PARKING[:5])
        receipt = receipt_hash(
            receipt_code(
                factories.response(
                    wave_id=place.wave_id,
                    point_code=place.points[0],
                    answers=levels(3, 1, 3, 3, 3, comment=PARKING[6]),
                )
            )
        )
        fold_all(now=NOW)
        with transaction() as session:
            new = session.scalars(select(Comment.id).where(Comment.body == PARKING[6])).one()
            session.add(Mention(comment_id=new, theme_id=theme_id, closeness=0.6))
            session.flush()
            theme_counts.recount(session, wave_view(CODE))
            session.execute(update(Mention).values(kind_id=None))
        db.session.remove()
    reached, go_on = threading.Event(), threading.Event()
    failed: list[BaseException] = []
    real = theme_counts.store_kinds

    def waiting(*given: Any, **named: Any) -> Any:
        if threading.current_thread().name == "count":
            reached.set()
            go_on.wait(20)
        return real(*given, **named)

    monkeypatch.setattr(theme_counts, "store_kinds", waiting)

    def count() -> None:
        with transaction() as session:
            hold_themes(session, {theme_id})
            theme_counts.recount(session, wave_view(CODE), only={theme_id})

    def doing(act: Any) -> None:
        with each_app.app_context():
            try:
                act()
            except BaseException as error:
                failed.append(error)

    # When its resident takes it back while somebody counts the theme
    counting = threading.Thread(target=doing, args=(count,), name="count")
    taking = threading.Thread(target=doing, args=(lambda: withdraw(receipt, now=NOW),))
    counting.start()
    assert reached.wait(60)
    taking.start()
    taking.join(1)
    go_on.set()
    counting.join()
    taking.join()
    # Then both are done
    assert failed == []
    with each_app.app_context():
        assert db.session.get(Comment, new) is None
        assert counted() == counted_anew()
