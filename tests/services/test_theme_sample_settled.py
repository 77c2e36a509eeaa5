"""A sample that is complete on its page is complete where a theme is judged by it."""

from __future__ import annotations

import random

import pytest
from flask import Flask
from sqlalchemy import select

from survey.database import transaction
from survey.errors import Refused
from survey.models import Comment, Mention, Theme, db
from survey.queries.theme_counts import theme_counts
from survey.queries.theme_review import theme_page
from survey.queries.theme_sample import theme_sample
from survey.queries.waves import wave_view
from survey.services.theme_counts import recount
from tests import factories
from tests.services.themes_told import CODE, NOISE, PARKING, comment_of, decide, drawn, themed

COPIED = "停车难，车位太少，晚上回来找不到地方停车"


def _read_all(theme_id: int, *, basis: str = "sample") -> None:
    while theme_sample(CODE, theme_id, basis=basis).shown:
        decide(
            theme_id,
            "judge",
            "yes",
            comment_id=drawn(theme_id, basis=basis),
            given={"basis": basis},
        )


def _members_and_judged(theme_id: int) -> tuple[int, int]:
    found = theme_counts(wave_view(CODE)).sample(theme_id)
    return found.members, found.judged


def test_what_a_person_put_there_does_not_keep_the_sample_open(app: Flask) -> None:
    with app.app_context():
        # Given a theme of five texts, and three that a person moves into it
        place = factories.place()
        other = themed(place, PARKING[6:9], keywords=["x"])
        theme_id = themed(place, PARKING[:5])
        for text in PARKING[6:9]:
            decide(other, "move", comment_id=comment_of(text), other_id=theme_id)
        # When every comment that is drawn is judged
        assert _members_and_judged(theme_id) == (5, 0)
        _read_all(theme_id)
        decide(theme_id, "status", "confirmed")
        # Then nothing is left to judge, on its page, in the queue and in the record
        sample = theme_sample(CODE, theme_id)
        assert (sample.members, sample.judged, sample.is_complete) == (5, 5, True)
        assert _members_and_judged(theme_id) == (5, 5)
        assert "sample" not in theme_page(CODE, theme_id).item.open


def test_what_was_found_around_it_does_not_keep_the_sample_open(app: Flask) -> None:
    with app.app_context():
        # Given a theme of four texts, and four outside it with its keyword
        place = factories.place()
        themed(place, PARKING[4:8], keywords=["x"])
        theme_id = themed(place, PARKING[:4])
        with transaction() as session:
            for text in PARKING[4:8]:
                key = select(Mention).where(Mention.comment_id == comment_of(text))
                session.delete(session.scalars(key).one())
            session.flush()
            recount(session, wave_view(CODE))
        # When all are judged to be about it, those around it first
        _read_all(theme_id, basis="border")
        assert _members_and_judged(theme_id) == (4, 0)
        _read_all(theme_id)
        # Then the four of the sample are all that had to be judged
        assert theme_sample(CODE, theme_id).is_complete
        assert _members_and_judged(theme_id) == (4, 4)


def test_a_loaded_text_that_stands_for_an_answered_one_adds_nothing_to_judge(app: Flask) -> None:
    with app.app_context():
        # Given a loaded comment of which the first of two answers is a copy, and the second not,
        # though the two answers are copies of one another
        place = factories.place()
        first = "小区门口停车难，车位太少，晚上回来找不到地方停车，请街道尽快处理一下"
        loaded, second = f"我们{first}谢谢了", first[2:]
        factories.comment(body=loaded, wave_id=place.wave_id, street_id=place.street_ids[0])
        theme_id = themed(place, [loaded, first, second, *NOISE])
        _read_all(theme_id)
        assert theme_sample(CODE, theme_id).is_complete
        members, judged = _members_and_judged(theme_id)
        assert judged >= members


@pytest.mark.parametrize("seed", range(4))
def test_complete_on_the_page_is_complete_in_the_record(app: Flask, seed: int) -> None:
    with app.app_context():
        # Given two themes with copies in both
        draw = random.Random(seed)
        place = factories.place()
        texts = [text + end for text in PARKING[:7] for end in ("", "！")]
        known = [
            themed(place, texts[:8], keywords=["停车"]),
            themed(place, texts[8:] + NOISE, street=1, keywords=["找不到"]),
        ]
        ids = list(db.session.scalars(select(Comment.id).order_by(Comment.id)))
        db.session.rollback()
        complete = 0
        # When people move comments about and judge what is drawn, in and around them
        for turn in range(40):
            one, other = draw.sample(known, 2)
            basis = draw.choice(("sample", "sample", "border"))
            try:
                shown = theme_sample(CODE, one, basis=basis).shown
                if draw.random() < 0.35 and turn < 25:
                    decide(one, "move", comment_id=draw.choice(ids), other_id=other)
                elif shown is not None:
                    answer = draw.choice(("yes", "yes", "no"))
                    decide(one, "judge", answer, comment_id=shown.id, given={"basis": basis})
                if turn == 30:
                    decide(one, "merge", other_id=other)
                    known.remove(one)
                    known.append(known[0])
            except Refused:
                db.session.rollback()
            # Then a page that is complete never leaves a record that is not
            for theme_id in set(known):
                sample = theme_sample(CODE, theme_id)
                members, judged = _members_and_judged(theme_id)
                if sample.is_complete:
                    complete += 1
                    assert judged >= min(10, members), (turn, sample, members, judged)
        assert complete > 0
        assert db.session.get(Theme, known[0]) is not None
