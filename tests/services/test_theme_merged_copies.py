"""A text that is copied within a theme and one that went into it is counted as in one theme."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from survey.database import transaction
from survey.models import Comment, Mention, db
from survey.queries.waves import wave_view
from survey.services.theme_additions import add_mentions
from survey.services.theme_counts import recount
from tests import factories
from tests.factories import NOW, Place, levels
from tests.services.test_theme_counting import counted, counted_anew
from tests.services.themes_told import CODE, PARKING, decide, themed


def _say(place: Place, theme_id: int, *, street: int = 0, loaded: bool = False) -> int:
    """A comment with one and the same text in the theme, loaded or answered; its id."""
    if loaded:
        factories.comment(
            body=PARKING[0], wave_id=place.wave_id, street_id=place.street_ids[street]
        )
    else:
        factories.response(
            wave_id=place.wave_id,
            point_code=place.points[street],
            answers=levels(3, 1, 3, 3, 3, comment=PARKING[0]),
        )
    with transaction() as session:
        last = select(Comment.id).order_by(Comment.id.desc()).limit(1)
        comment_id = session.scalars(last).one()
        session.add(Mention(comment_id=comment_id, theme_id=theme_id, closeness=0.9))
    return comment_id


def test_a_copy_in_a_merged_theme_is_answered_as_its_first_comment_is(each_app: Flask) -> None:
    with each_app.app_context():
        # Given two themes that are merged, one with a loaded text, one with an answered copy
        place = factories.place(streets=("s1", "s2", "s3"))
        one = themed(place, ["路灯坏了没人修，晚上一片黑"])
        other = themed(place, ["电梯总是坏，老人上下楼很不方便"])
        _say(place, one, loaded=True)
        _say(place, other)
        with transaction() as session:
            recount(session, wave_view(CODE))
        decide(one, "merge", other_id=other)
        assert counted() == counted_anew()
        db.session.rollback()
        # When the same is said in another street
        new = _say(place, other, street=1)
        with transaction() as session:
            anew = add_mentions(session, wave_view(CODE), [(new, other)], made=(), told_at=NOW)
        # Then adding it gives what counting anew gives
        assert anew == set()
        assert counted() == counted_anew()
