"""What people decide about themes is kept with who and when, counts, and can be taken back."""

from __future__ import annotations

import contextvars
import random
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from analysis.themes.review import precision
from survey.database import transaction
from survey.errors import Refused
from survey.models import (
    AuditEvent,
    Base,
    Comment,
    Department,
    Indicator,
    Mention,
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
from survey.queries.themes import theme_comments, wave_themes
from survey.queries.waves import wave_view
from survey.services import theme_review as reviewing
from survey.services import themes
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
            label=texts[0],
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
    with transaction() as session:
        session.add(
            Department(
                district_id=place.district_id, code=DEPARTMENT, name_zh="城管委", name_en="Urban"
            )
        )


def decide(theme_id: int | None, action: str, value: str = "", **more: Any) -> int | None:
    given = {"value": value, **more.pop("given", {})}
    at = more.pop("at", NOW)
    who = more.pop("actor", "eva")
    return reviewing.decide(CODE, theme_id, action=action, given=given, actor=who, now=at, **more)


def rows() -> dict[str, list[tuple[Any, ...]]]:
    """Every row that acts may change, but for the versions, which only ever go up."""
    db.session.rollback()
    found = {}
    for name in ("theme", "theme_period", "mention", "theme_judgement", "comment", "theme_lineage"):
        table = Base.metadata.tables[name]
        # A period comes and goes with its mentions: the same counts under a new key.
        columns = [
            c
            for c in table.columns
            if c.name != "version" and (name, c.name) != ("theme_period", "id")
        ]
        found[name] = sorted(map(repr, db.session.execute(select(*columns)).all()))
    return found


def bodies(theme_id: int) -> set[str]:
    return {one.body for one in theme_comments(theme_id, wave_code=CODE)}


def comment_of(text: str) -> int:
    return db.session.scalars(select(Comment.id).where(Comment.body == text)).one()


def every_act(place: Place, one: int, other: int) -> dict[str, dict[str, Any]]:
    """One act of each kind that changes something, as arguments of decide."""
    first, noise = comment_of(PARKING[0]), comment_of(NOISE[0])
    sample = {"basis": "sample"}
    return {
        "confirm": {"theme_id": one, "action": "status", "value": "confirmed"},
        "dismiss": {"theme_id": one, "action": "status", "value": "dismissed"},
        "rename": {
            "theme_id": one,
            "action": "rename",
            "given": {"name_zh": "停车难", "name_en": "Parking"},
        },
        "merge": {"theme_id": other, "action": "merge", "other_id": one},
        "move out": {"theme_id": one, "action": "move", "comment_id": first},
        "move over": {
            "theme_id": one,
            "action": "move",
            "comment_id": first,
            "other_id": other,
        },
        "indicator": {"theme_id": one, "action": "indicator", "value": "safety"},
        "comment": {
            "theme_id": None,
            "action": "comment_indicator",
            "value": "safety",
            "comment_id": first,
        },
        "remit": {"theme_id": one, "action": "remit", "value": "street"},
        "scope": {"theme_id": one, "action": "scope", "value": "common"},
        "department": {"theme_id": one, "action": "department", "value": DEPARTMENT},
        "right": {
            "theme_id": one,
            "action": "judge",
            "value": "yes",
            "comment_id": first,
            "given": sample,
        },
        "wrong": {
            "theme_id": one,
            "action": "judge",
            "value": "no",
            "comment_id": first,
            "given": sample,
        },
        "joins": {
            "theme_id": one,
            "action": "judge",
            "value": "yes",
            "comment_id": noise,
            "given": {"basis": "border"},
        },
    }


NAMES = (
    "confirm",
    "dismiss",
    "rename",
    "merge",
    "move out",
    "move over",
    "indicator",
    "comment",
    "remit",
    "scope",
    "department",
    "right",
    "wrong",
    "joins",
)


def attempted(act: dict[str, Any]) -> tuple[int | None, int]:
    """Try an act: (decision, 200), or (None, the status with which it was refused)."""
    theme_id, action, value = act.pop("theme_id"), act.pop("action"), act.pop("value", "")
    try:
        return decide(theme_id, action, value, **act), 200
    except Refused as error:
        return None, error.status


@pytest.mark.parametrize("name", NAMES)
def test_undoing_an_act_leaves_every_row_as_it_was(app: Flask, name: str) -> None:
    with app.app_context():
        place = factories.place()
        department(place)
        one, other = themed(place, PARKING[:6]), themed(place, NOISE, street=1, keywords=["吵"])
        before = rows()
        act = every_act(place, one, other)[name]
        done = decide(act.pop("theme_id"), act.pop("action"), act.pop("value", ""), **act)
        assert done is not None
        assert rows() != before
        reviewing.undo(CODE, done, actor="boss", now=NOW)
        assert rows() == before
        kept = db.session.get_one(ThemeDecision, done)
        assert (kept.actor, kept.at, kept.undone_by_id is not None) == ("eva", NOW, True)
        with pytest.raises(Refused) as caught:
            reviewing.undo(CODE, done, actor="boss", now=NOW)
        assert caught.value.code == "undone_before"


@pytest.mark.parametrize("seed", range(6))
def test_undoing_many_acts_from_the_last_to_the_first_leads_back_step_by_step(
    app: Flask, seed: int
) -> None:
    draw = random.Random(seed)
    with app.app_context():
        place = factories.place()
        department(place)
        one, other = themed(place, PARKING[:5]), themed(place, NOISE, street=1, keywords=["吵"])
        steps: list[tuple[int, dict[str, Any]]] = []
        for name in draw.choices(NAMES, k=9):
            act = every_act(place, one, other)[name]
            before = rows()
            done, status = attempted(act)
            # Of a theme that is gone, or to where it is: refused, and nothing changed.
            assert status in (200, 404, 422)
            if done is None:
                assert rows() == before
            else:
                steps.append((done, before))
        assert len(steps) > 2
        for done, before in reversed(steps):
            reviewing.undo(CODE, done, actor="eva", now=NOW)
            assert rows() == before


def test_what_a_later_decision_rests_on_is_not_undone_under_it(app: Flask) -> None:
    with app.app_context():
        theme_id = themed(factories.place(), PARKING[:4])
        first = decide(theme_id, "scope", "common")
        renamed = decide(theme_id, "rename", given={"name_zh": "停车", "name_en": "Parking"})
        decide(theme_id, "scope", "own")
        assert first is not None
        assert renamed is not None
        with pytest.raises(Refused) as caught:
            reviewing.undo(CODE, first, actor="eva", now=NOW)
        assert (caught.value.code, caught.value.status) == ("changed_since", 409)
        # A decision about something else is not in the way.
        reviewing.undo(CODE, renamed, actor="eva", now=NOW)
        assert wave_themes(CODE)[0].scope == "own"


def test_every_act_leaves_a_trail(app: Flask) -> None:
    with app.app_context():
        theme_id = themed(factories.place(), PARKING[:4])
        done = decide(theme_id, "scope", "common", reason="  heard in every street  ")
        assert done is not None
        reviewing.undo(CODE, done, actor="boss", now=NOW)
        events = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
        trail = [(e.actor, e.action, e.subject) for e in events if e.action.startswith("theme_")]
        assert trail == [
            ("eva", "theme_scope", f"theme {theme_id}"),
            ("boss", "theme_undo", f"theme {theme_id}"),
        ]
        _wave, decisions, _lineage = theme_decisions(CODE)
        assert [(d.actor, d.action, d.is_undone, d.reason) for d in decisions] == [
            ("boss", "undo", False, ""),
            ("eva", "scope", True, "heard in every street"),
        ]


def test_a_merged_theme_counts_for_the_other_and_tells_its_streets(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        one = themed(place, PARKING[:4])
        other = themed(place, PARKING[4:7], street=1)
        early = NOW - timedelta(days=90)
        decide(other, "status", "confirmed", at=early)
        decide(other, "merge", other_id=one)
        [left] = wave_themes(CODE)
        assert (left.id, left.mentions, left.by_street) == (one, 7, {"s1": 4, "s2": 3})
        assert bodies(one) == set(PARKING[:7])
        told = dict(
            db.session.execute(
                select(ThemePeriod.street_id, ThemePeriod.notified_at).where(
                    ThemePeriod.theme_id == one
                )
            ).all()
        )
        # s2 was told of the other one; s1 was told of none.
        assert told == {place.street_ids[0]: None, place.street_ids[1]: early}
        # Of a merged theme nothing more is decided, and none is merged into one.
        for action, more in (("status", {}), ("merge", {"other_id": one})):
            with pytest.raises(Refused) as caught:
                decide(other, action, "confirmed", **more)
            assert caught.value.status == 404


def test_a_theme_that_speaks_for_others_hands_them_on(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        a, b, c = (themed(place, PARKING[i : i + 2]) for i in (0, 2, 4))
        first = decide(a, "merge", other_id=b)
        second = decide(b, "merge", other_id=c)
        assert first is not None
        assert second is not None
        assert [(one.id, one.mentions) for one in wave_themes(CODE)] == [(c, 6)]
        with pytest.raises(Refused):
            reviewing.undo(CODE, first, actor="eva", now=NOW)
        reviewing.undo(CODE, second, actor="eva", now=NOW)
        assert {one.id: one.mentions for one in wave_themes(CODE)} == {b: 4, c: 2}


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


def test_of_two_who_decide_at_once_the_second_is_told_who_was_first(each_app: Flask) -> None:
    with each_app.app_context():
        theme_id = themed(factories.place(), PARKING[:4])
        seen = wave_themes(CODE)[0].version

    def first() -> None:
        with each_app.app_context():
            decide(theme_id, "status", "confirmed", version=seen, actor="eva")

    contextvars.Context().run(first)
    with each_app.app_context():
        with pytest.raises(Refused) as caught:
            decide(theme_id, "status", "dismissed", version=seen, actor="otto")
        assert (caught.value.code, caught.value.status) == ("decided_meanwhile", 409)
        assert "eva" in str(caught.value)
        assert wave_themes(CODE)[0].status == "confirmed"
        comment_id = comment_of(PARKING[0])
        judged = {"comment_id": comment_id, "given": {"basis": "sample", "seen": "0"}}
        decide(theme_id, "judge", "yes", actor="eva", **judged)
        with pytest.raises(Refused) as caught:
            decide(theme_id, "judge", "no", actor="otto", **judged)
        assert caught.value.code == "decided_meanwhile"
        assert db.session.scalars(select(ThemeJudgement.is_about)).one()


def test_nothing_of_another_district_or_wave_can_be_decided(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        theme_id = themed(place, PARKING[:4])
        elsewhere = factories.district(code="other")
        factories.wave(district_id=elsewhere, code="other-wave")
        later = factories.wave(
            district_id=place.district_id, code="2027q1", closes_at=NOW + timedelta(days=99)
        )
        strange = factories.comment(body="别处的话", wave_id=later)
        done = decide(theme_id, "scope", "common")
        assert done is not None
        wanted: list[tuple[str, int | None, dict[str, Any]]] = [
            ("other-wave", theme_id, {"action": "scope", "given": {"value": "own"}}),
            ("2027q1", None, {"action": "comment_indicator", "comment_id": comment_of(PARKING[0])}),
            (CODE, theme_id, {"action": "move", "comment_id": strange}),
            (CODE, 9999, {"action": "scope", "given": {"value": "own"}}),
            (CODE, theme_id, {"action": "merge", "other_id": 9999}),
        ]
        for wave_code, theme, more in wanted:
            with pytest.raises(Refused) as caught:
                reviewing.decide(wave_code, theme, actor="eva", now=NOW, **({"given": {}} | more))
            assert caught.value.status == 404
        with pytest.raises(Refused) as caught:
            reviewing.undo("other-wave", done, actor="eva", now=NOW)
        assert caught.value.status == 404


@pytest.mark.parametrize(
    ("action", "given"),
    [
        ("rename", {"name_zh": "停车", "name_en": "  "}),
        ("rename", {"name_zh": "停" * 121, "name_en": "Parking"}),
        ("department", {"value": "nobody"}),
        ("indicator", {"value": "shoes"}),
        ("scope", {"value": ""}),
        ("judge", {"value": "maybe", "basis": "sample"}),
        ("judge", {"value": "yes", "basis": "person"}),
        ("merge", {}),
        ("undo", {}),
        ("eat", {}),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    app: Flask, action: str, given: dict[str, str]
) -> None:
    with app.app_context():
        theme_id = themed(factories.place(), PARKING[:3])
        before = rows()
        comment_id = comment_of(PARKING[0]) if action == "judge" else None
        with pytest.raises(Refused) as caught:
            decide(theme_id, action, given=given, comment_id=comment_id)
        assert caught.value.status == 422
        assert len(str(caught.value)) > 15
        assert rows() == before


def test_a_comment_taken_back_takes_what_was_said_of_it_along(app: Flask) -> None:
    with app.app_context():
        theme_id = themed(factories.place(), PARKING[:4])
        comment_id = comment_of(PARKING[0])
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
            comment_id=comment_of(PARKING[0]),
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
