"""Themes that a review of one wave finds to be the same are the same in the other waves, too."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from survey.database import transaction
from survey.models import Comment, Mention, Theme, ThemePeriod, Wave, db
from survey.queries.theme_counts import theme_counts
from survey.queries.waves import wave_view
from survey.services import themes
from survey.services.rollup import fold_all
from survey.services.theme_counts import recount
from tests import factories
from tests.factories import NOW, levels
from tests.services.test_theme_counting import counted
from tests.services.themes_told import CODE, PARKING, themed

EARLIER = "2026q3"


def test_a_review_that_merges_counts_the_themes_in_every_wave(each_app: Flask) -> None:
    with each_app.app_context():
        # Given two themes that are the same problem, which were two in an earlier wave as well
        place = factories.place()
        then = NOW - timedelta(days=90)
        earlier = factories.wave(
            district_id=place.district_id,
            code=EARLIER,
            opens_at=then - timedelta(days=20),
            closes_at=then + timedelta(days=20),
        )
        pair = [themed(place, PARKING[:7]), themed(place, PARKING[7:])]
        old = [f"{text}！" for text in PARKING[:6]]
        for place_of, text in enumerate(old):
            factories.response(
                wave_id=earlier,
                point_code=place.points[0],
                answers=levels(3, 1, 3, 3, 3, comment=text),
            )
            with transaction() as session:
                comment = session.scalars(select(Comment).where(Comment.body == text)).one()
                theme_id = pair[place_of % 2]
                session.add(Mention(comment_id=comment.id, theme_id=theme_id, closeness=0.6))
        fold_all(now=NOW)
        with transaction() as session:
            session.execute(update(Wave).where(Wave.id == earlier).values(status="published"))
            recount(session, wave_view(EARLIER))
        before = theme_counts(wave_view(EARLIER)).counts
        assert {key: before[key][place.street_ids[0]].mentions for key in pair} == {
            pair[0]: 3,
            pair[1]: 3,
        }
        # When the night's review of the later wave finds them to be one
        assert themes.run_themes(CODE, now=NOW, review=True).merged == 1
        kept = db.session.scalars(
            select(Theme.id).where(Theme.id.in_(pair), Theme.status != "merged")
        ).one()
        # Then the earlier wave counts one theme, and the later one knows that it was there
        periods = dict(
            db.session.execute(
                select(ThemePeriod.theme_id, ThemePeriod.mentions).where(
                    ThemePeriod.wave_id == earlier
                )
            ).all()
        )
        assert periods == {kept: 6}
        assert theme_counts(wave_view(CODE)).counts[kept][place.street_ids[0]].waves_present == 2
        found = counted()
        with transaction() as session:
            recount(session, wave_view(EARLIER))
            recount(session, wave_view(CODE))
        assert counted() == found
