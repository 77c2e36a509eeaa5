"""What people say of themes counts, in samples and in the queue, and no run goes against it."""

from __future__ import annotations

import contextvars
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from analysis.themes.review import precision
from survey.database import transaction
from survey.errors import Refused
from survey.models import (
    Comment,
    Indicator,
    Response,
    Theme,
    ThemeDecision,
    ThemeJudgement,
    ThemePeriod,
    db,
)
from survey.queries.draft import draft_evaluation
from survey.queries.theme_review import theme_decisions, theme_page, theme_review, unsure_comments
from survey.queries.theme_sample import theme_sample
from survey.queries.themes import wave_themes
from survey.queries.waves import wave_view
from survey.services import theme_review as reviewing
from survey.services import themes
from survey.services.rollup import fold_all
from survey.services.theme_counts import recount
from tests import factories
from tests.factories import NOW, levels
from tests.services.themes_told import (
    CODE,
    DEPARTMENT,
    NOISE,
    PARKING,
    bodies,
    comment_of,
    decide,
    department,
    drawn,
    themed,
)


def test_the_sample_is_drawn_the_same_for_everybody_and_bears_the_theme_out(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        theme_id = themed(place, PARKING)
        order = []
        for number in range(10):
            sample = theme_sample(CODE, theme_id)
            assert sample == theme_sample(CODE, theme_id)
            assert (sample.needed, sample.judged, sample.members) == (10, number, 12)
            assert not sample.is_complete
            assert sample.shown is not None
            assert sample.shown.words == ("停车",)
            order.append(sample.shown.id)
            answer = "no" if number in (3, 7) else "yes"
            decide(
                theme_id,
                "judge",
                answer,
                comment_id=sample.shown.id,
                given={"basis": "sample", "seen": "0"},
            )
        assert theme_sample(CODE, theme_id).is_complete
        assert order != sorted(order)
        assert len(set(order)) == 10
        # 2 of 12 were wrong and are gone; of the 10 left, 8 are known to be right.
        page = theme_page(CODE, theme_id)
        sample_counts = page.item.theme.sample
        assert (sample_counts.members, sample_counts.judged, sample_counts.right) == (12, 10, 8)
        assert page.item.theme.mentions == 10
        assert page.item.precision == precision(8, 10)
        period = db.session.scalars(select(ThemePeriod)).one()
        assert (period.mentions, period.mentions_right) == (10, 8)


def test_a_theme_costs_points_only_after_its_sample_was_judged(app: Flask) -> None:
    with app.app_context():
        # Given a theme of the street that recurs, confirmed and made known long before
        place = factories.place(streets=("s1",))
        before = factories.wave(
            district_id=place.district_id,
            code="2026q3",
            status="closed",
            opens_at=NOW - timedelta(days=110),
            closes_at=NOW - timedelta(days=80),
        )
        urban = db.session.scalar(select(Indicator.id).where(Indicator.code == "urban"))
        theme_id = themed(place, PARKING, indicator_id=urban)
        decide(theme_id, "indicator", "urban")
        early = NOW - timedelta(days=90)
        decide(theme_id, "status", "confirmed", at=early)
        decide(theme_id, "remit", "street", at=early)
        with transaction() as session:
            session.add(
                ThemePeriod(
                    theme_id=theme_id,
                    street_id=place.street_ids[0],
                    wave_id=before,
                    mentions=9,
                    mentions_random=0,
                    mentions_loaded=0,
                )
            )

        def effect() -> Any:
            [street] = draft_evaluation(CODE).streets
            return next(one for one in street.adjustments if one.theme_id == theme_id)

        # Then nothing is taken, and the reason is the sample alone
        assert effect().not_counted_because == ("sample_not_judged",)
        assert effect().deduction == 0
        [item] = theme_review(CODE).items
        assert item.points > 0
        # When ten comments were judged and were right, it costs what was at stake
        for _ in range(10):
            shown = theme_sample(CODE, theme_id).shown
            assert shown is not None
            decide(theme_id, "judge", "yes", comment_id=shown.id, given={"basis": "sample"})
        found = effect()
        assert found.not_counted_because == ()
        assert (found.counted, found.sample_judged, found.sample_right) == (12, 10, 10)
        assert 0.2 * found.deduction == pytest.approx(item.points)


def test_comments_around_a_theme_tell_how_many_it_misses(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        theme_id = themed(place, PARKING[:6])
        outside = ["楼下停车把消防通道堵死了", "停车费涨了一倍没人解释"]
        for text in (*outside, "电梯总是坏"):
            factories.response(
                wave_id=place.wave_id,
                point_code=place.points[1],
                answers=levels(3, 3, 3, 3, 3, comment=text),
            )
        assert theme_page(CODE, theme_id).recall.value is None
        for answer in ("yes", "no"):
            sample = theme_sample(CODE, theme_id, basis="border")
            assert sample.shown is not None
            assert sample.shown.body in outside
            assert sample.members == 2
            decide(theme_id, "judge", answer, comment_id=sample.shown.id, given={"basis": "border"})
        shown = theme_sample(CODE, theme_id).shown
        assert shown is not None
        decide(theme_id, "judge", "yes", comment_id=shown.id, given={"basis": "sample"})
        page = theme_page(CODE, theme_id)
        assert page.around == 2
        assert page.item.theme.mentions == 7
        recall = page.recall
        assert recall.value is not None
        assert 0 < (recall.low or 0) < recall.value < 1


def test_no_run_goes_against_what_people_said(app: Flask) -> None:
    with app.app_context():
        # Given themes of a run, of which people took one comment out and put one in
        place = factories.place()
        for text in PARKING:
            factories.response(
                wave_id=place.wave_id,
                point_code=place.points[0],
                answers=levels(3, 1, 3, 3, 3, comment=text),
            )
        fold_all(now=NOW)
        themes.run_themes(CODE, now=NOW)
        [theme] = wave_themes(CODE)[:1]
        out = next(iter(bodies(theme.id)))
        decide(theme.id, "move", comment_id=comment_of(out))
        decide(None, "comment_indicator", "party", comment_id=comment_of(PARKING[1]))
        decide(theme.id, "indicator", "safety")
        decide(theme.id, "scope", "common")
        decide(theme.id, "rename", given={"name_zh": "停车", "name_en": "Parking"})
        inside = bodies(theme.id)
        # When the worker sorts again, and reviews at night
        for review in (False, True):
            themes.run_themes(CODE, now=NOW, review=review)
            # Then all of it stands
            found = next(one for one in wave_themes(CODE) if one.id == theme.id)
            assert out not in bodies(theme.id)
            assert inside <= bodies(theme.id)
            assert found.indicator is not None
            assert (found.indicator.code, found.scope, found.name) == (
                "safety",
                "common",
                ("停车", "Parking"),
            )
        comment = db.session.get_one(Comment, comment_of(PARKING[1]))
        party = db.session.scalar(select(Indicator.id).where(Indicator.code == "party"))
        assert (comment.indicator_id, comment.indicator_is_decided) == (party, True)


def test_a_comment_that_was_taken_out_does_not_draw_the_theme_after_it(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        for text in PARKING:
            factories.response(
                wave_id=place.wave_id,
                point_code=place.points[0],
                answers=levels(3, 1, 3, 3, 3, comment=text),
            )
        themes.run_themes(CODE, now=NOW)
        [theme] = wave_themes(CODE)[:1]
        decide(theme.id, "move", comment_id=comment_of(next(iter(bodies(theme.id)))))
        stored = db.session.get_one(Theme, theme.id)
        before = (stored.texts, dict(stored.centroid))
        for _ in range(3):
            themes.run_themes(CODE, now=NOW)
        stored = db.session.get_one(Theme, theme.id)
        assert (stored.texts, dict(stored.centroid)) == before


@pytest.mark.parametrize("action", ["status", "rename"])
def test_what_is_decided_while_a_review_runs_is_not_merged_away(
    each_app: Flask, action: str
) -> None:
    with each_app.app_context():
        place = factories.place()
        pair = [themed(place, PARKING[:7]), themed(place, PARKING[7:])]

    def person() -> None:
        with each_app.app_context():
            names = {"name_zh": "停车", "name_en": "Parking"}
            for one in pair:
                decide(one, action, "confirmed", given=names)

    told: list[int] = []

    def meanwhile(done: int, _all: int) -> None:
        if not told:
            told.append(done)
            contextvars.Context().run(person)

    with each_app.app_context():
        with pytest.raises(Refused) as caught:
            themes.run_themes(CODE, now=NOW, review=True, progress=meanwhile)
        assert caught.value.code == "sorted_meanwhile"
    with each_app.app_context():
        assert {theme.status for theme in db.session.scalars(select(Theme))} <= {
            "confirmed",
            "proposed",
        }


def test_a_review_asks_the_model_that_serves_about_what_an_earlier_one_left(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        for text in PARKING[:3]:
            factories.response(
                wave_id=place.wave_id,
                point_code=place.points[0],
                answers=levels(3, 1, 3, 3, 3, comment=text),
            )
        themes.run_themes(CODE, now=NOW)
        first, second = (comment_of(text) for text in PARKING[:2])
        now_said = db.session.get_one(Comment, first).indicator_id
        assert now_said is not None
        decide(None, "comment_indicator", "", comment_id=second)
        # Given that an earlier model had left one of them to people
        with transaction() as session:
            session.get_one(Comment, first).indicator_id = None
            session.get_one(Comment, first).indicator_probability = 0.3
        # Then the runs of the day leave it, and the night asks again, but not a person's word
        themes.run_themes(CODE, now=NOW)
        assert db.session.get_one(Comment, first).indicator_id is None
        themes.run_themes(CODE, now=NOW, review=True)
        assert db.session.get_one(Comment, first).indicator_id == now_said
        decided = db.session.get_one(Comment, second)
        assert (decided.indicator_id, decided.indicator_is_decided) == (None, True)


def test_a_comment_taken_back_takes_what_was_said_of_it_along(app: Flask) -> None:
    with app.app_context():
        theme_id = themed(factories.place(), PARKING[:4])
        comment_id = drawn(theme_id)
        done = decide(theme_id, "judge", "yes", comment_id=comment_id, given={"basis": "sample"})
        assert done is not None
        with transaction() as session:
            reviewing.forget_comment(session, comment_id)
        assert db.session.scalar(select(func.count()).select_from(ThemeJudgement)) == 0
        kept = db.session.get_one(ThemeDecision, done)
        assert (kept.comment_id, kept.before) == (None, {"rows": []})
        with pytest.raises(Refused) as caught:
            reviewing.undo(CODE, done, actor="eva", now=NOW)
        assert caught.value.code == "comment_gone"


def test_the_queue_asks_first_where_most_is_at_stake_and_least_is_known(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        department(place)
        small = themed(place, NOISE[:2], street=1, keywords=["吵"])
        large = themed(place, PARKING)
        assert [item.theme.id for item in theme_review(CODE).items] == [large, small]
        assert theme_review(CODE, theme_id=small).shown.theme.id == small
        assert theme_review(CODE, after=large).shown.theme.id == small
        # What was read is surer, and comes later than what nobody read.
        for _ in range(10):
            shown = theme_sample(CODE, large).shown
            assert shown is not None
            decide(large, "judge", "yes", comment_id=shown.id, given={"basis": "sample"})
        [first] = [item for item in theme_review(CODE).items if item.theme.id == large]
        assert first.priority < 0.35 * 100 * 12 / 14
        # Confirmed, common and given to a department: nothing is left to ask.
        decide(large, "status", "confirmed")
        assert "scope" in theme_review(CODE, theme_id=large).shown.open
        decide(large, "scope", "common")
        decide(large, "department", DEPARTMENT)
        review = theme_review(CODE)
        assert ([item.theme.id for item in review.items], review.settled) == ([small], 1)
        assert wave_themes(CODE)[0].department == ("城管委", "Urban")


def test_unsure_comments_come_least_sure_first_and_go_when_decided(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        for text in ("嗯，就那样吧", PARKING[0]):
            factories.response(
                wave_id=place.wave_id,
                point_code=place.points[0],
                answers=levels(3, 1, 3, 3, 3, comment=text),
            )
        assert unsure_comments(CODE)[1] == ()
        themes.run_themes(CODE, now=NOW)
        found = unsure_comments(CODE)[1]
        assert len(found) == 2
        assert found[0].probability <= found[1].probability
        decide(None, "comment_indicator", "", comment_id=found[0].id, given={"seen": "0"})
        assert [one.id for one in unsure_comments(CODE)[1]] == [found[1].id]
        decided = db.session.get_one(Comment, found[0].id)
        assert (decided.indicator_id, decided.indicator_is_decided) == (None, True)


def test_held_back_answers_are_neither_counted_nor_asked_about(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        theme_id = themed(place, PARKING[:4])
        decide(
            theme_id,
            "judge",
            "yes",
            comment_id=drawn(theme_id),
            given={"basis": "sample"},
        )
        with transaction() as session:
            for response in session.scalars(select(Response)):
                response.status = "quarantined"
            recount(session, wave_view(CODE))
        assert theme_sample(CODE, theme_id).shown is None
        # The figures of the theme do not contradict each other meanwhile.
        draft_evaluation(CODE)
        theme_review(CODE)


@pytest.mark.parametrize("confirmed", [(), (1,), (0, 1)])
def test_a_nightly_review_merges_what_nobody_decided_about_and_says_so(
    app: Flask, confirmed: tuple[int, ...]
) -> None:
    with app.app_context():
        # Given two themes that are the same problem, of which people confirmed none, one or both
        place = factories.place()
        pair = [themed(place, PARKING[:7]), themed(place, PARKING[7:])]
        for one in confirmed:
            decide(pair[one], "status", "confirmed")
        # When the worker reviews them at night
        done = themes.run_themes(CODE, now=NOW, review=True)
        left = {theme.id: theme.mentions for theme in wave_themes(CODE)}
        lineage = theme_decisions(CODE)[2]
        # Then a confirmed one neither goes nor loses a comment
        before = dict(zip(pair, (7, 5), strict=True))
        assert all(left[pair[one]] >= before[pair[one]] for one in confirmed)
        if confirmed:
            assert all(line.from_id not in {pair[one] for one in confirmed} for line in lineage)
            return
        # and two proposals become one, which is said and keeps every mention
        [kept] = left
        assert left[kept] == 12
        assert done.merged == 1
        gone = next(key for key in pair if key != kept)
        assert [(one.kind, one.from_id, one.to_id, one.by) for one in lineage] == [
            ("merged", gone, kept, "model")
        ]
        # A second night finds nothing more to do.
        again = themes.run_themes(CODE, now=NOW, review=True)
        assert (again.merged, again.split, again.new_themes, again.mentions) == (0, 0, 0, 0)
