"""Nobody judges a comment of their own choice as part of a sample."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from survey.errors import Refused
from survey.models import Comment, Theme, ThemeJudgement, db
from survey.queries.theme_sample import drawn_comments, theme_sample
from survey.queries.themes import wave_themes
from survey.queries.waves import wave_view
from tests import factories
from tests.services.themes_told import CODE, NOISE, PARKING, comment_of, decide, drawn, themed


def test_only_what_was_drawn_is_judged(app: Flask) -> None:
    with app.app_context():
        # Given a theme whose sample takes ten of its twelve comments
        place = factories.place()
        theme_id = themed(place, PARKING)
        elsewhere = themed(place, NOISE, street=1, keywords=["吵"])
        wave, theme = wave_view(CODE), db.session.get_one(Theme, theme_id)
        asked = drawn_comments(wave, theme, "sample")
        assert len(asked) == 10
        assert drawn(theme_id) in asked
        others = {comment_of(text) for text in PARKING} - asked
        strange = comment_of(NOISE[0])
        # Then a form made up for another one is refused and changes nothing
        made_up = [
            *((theme_id, key, "sample") for key in (*others, strange)),
            (theme_id, drawn(theme_id), "border"),
            (elsewhere, drawn(theme_id), "sample"),
        ]
        for about, comment_id, basis in made_up:
            for answer in ("yes", "no"):
                with pytest.raises(Refused) as caught:
                    decide(about, "judge", answer, comment_id=comment_id, given={"basis": basis})
                assert (caught.value.code, caught.value.status) == ("not_drawn", 409)
        assert db.session.scalar(select(func.count()).select_from(ThemeJudgement)) == 0
        # One that was judged can be judged otherwise; with every judgement one less is open.
        first = drawn(theme_id)
        for answer in ("yes", "no", "yes"):
            decide(theme_id, "judge", answer, comment_id=first, given={"basis": "sample"})
        assert drawn_comments(wave, theme, "sample") == asked - {first}
        # After the sample whoever reads on reads in the order of the draw.
        for _ in range(9):
            decide(theme_id, "judge", "yes", comment_id=drawn(theme_id), given={"basis": "sample"})
        assert theme_sample(CODE, theme_id).is_complete
        assert drawn_comments(wave, theme, "sample") == {drawn(theme_id)}


def test_copies_of_a_comment_go_with_it_and_are_asked_about_once(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        themed(place, [PARKING[0]] * 30, street=1)
        theme_id = themed(place, PARKING[:3])
        assert wave_themes(CODE)[0].by_street == {"s1": 3, "s2": 1}
        sample = theme_sample(CODE, theme_id)
        assert (sample.members, sample.needed) == (3, 3)
        copy = db.session.scalars(
            select(Comment.id).where(Comment.body == PARKING[0]).order_by(Comment.id)
        ).first()
        decide(theme_id, "judge", "no", comment_id=copy, given={"basis": "sample"})
        assert {one.id: one.by_street for one in wave_themes(CODE)}[theme_id] == {"s1": 2}
        assert theme_sample(CODE, theme_id).members == 3
        assert theme_sample(CODE, theme_id).judged == 1
