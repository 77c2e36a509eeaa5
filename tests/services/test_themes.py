"""Themes: comments are sorted once, counted by people, and what people decide stays decided."""

from __future__ import annotations

import contextvars
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from survey.errors import Refused
from survey.models import (
    AuditEvent,
    Comment,
    Indicator,
    Mention,
    Theme,
    ThemeJudgement,
    ThemeModel,
    ThemePeriod,
    db,
)
from survey.queries.draft import draft_evaluation
from survey.queries.themes import theme_comments, wave_themes
from survey.services import theme_review, themes
from survey.services.rollup import fold_all
from survey.services.theme_models import model_path
from tests import factories
from tests.factories import NOW, Place, levels

CODE = "2026q4"
RUBBISH = (
    "垃圾桶满了三天没人清，夏天臭得开不了窗",
    "小区垃圾没有人清运，垃圾桶旁边堆成山",
    "垃圾清运不及时，垃圾桶总是满的，臭味很大",
    "希望每天清运垃圾，垃圾桶满了就没人管",
    "垃圾桶太少又没人清，垃圾扔了一地",
    "楼下垃圾桶臭气熏天，清运的车一个星期才来一次",
)


def told(place: Place, *texts: str, street: int = 0) -> None:
    """Answers with these comments, counted."""
    for text in texts:
        factories.response(
            wave_id=place.wave_id,
            point_code=place.points[street],
            answers=levels(3, 1, 3, 3, 3, comment=text),
        )
    fold_all(now=NOW)


def test_comments_about_one_problem_become_one_theme_of_an_indicator(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        told(place, *RUBBISH)
        told(place, RUBBISH[0] + "。", street=1)
        run = themes.run_themes(CODE, now=NOW)
        assert (run.comments, run.unreadable) == (7, 0)
        theme = wave_themes(CODE)[0]
        assert theme.status == "proposed"
        assert theme.indicator is not None
        assert theme.indicator.code == "urban"
        assert any("垃圾" in word for word in theme.keywords)
        assert theme.by_street["s1"] >= 4
        assert theme.by_street["s2"] == 1
        shown = theme_comments(theme.id, wave_code=CODE, street_code="s1")
        assert {one.body for one in shown} <= set(RUBBISH)
        assert len(shown) == theme.by_street["s1"]


def decided(theme_id: int, action: str, value: str, *, at: datetime = NOW) -> None:
    """eva decides about a theme."""
    given = {"value": value}
    theme_review.decide(CODE, theme_id, action=action, given=given, actor="eva", now=at)


def sorted_into() -> dict[int, int]:
    """{comment: theme} of every mention."""
    rows = db.session.execute(select(Mention.comment_id, Mention.theme_id))
    return dict(rows.all())


def test_a_later_run_moves_nothing_and_new_comments_join(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        told(place, *RUBBISH[:5])
        themes.run_themes(CODE, now=NOW)
        before, first = db.session.scalars(select(Theme.id)).all(), sorted_into()
        themes.run_themes(CODE, now=NOW)
        assert db.session.scalars(select(Theme.id)).all() == before
        again = sorted_into()
        assert again.items() >= first.items()
        told(place, "垃圾桶又满了没人清运，垃圾堆得到处都是")
        themes.run_themes(CODE, now=NOW)
        assert db.session.scalars(select(Theme.id)).all() == before
        assert sorted_into().items() > again.items()


def test_what_no_run_has_seen_always_comes_in_and_of_the_rest_the_newest(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        # Given comments that are in no theme
        place = factories.place()
        alone = ("路灯坏了", "公交车太少", "希望多开办事窗口", "井盖松动", "养老食堂太贵")
        told(place, *alone)
        themes.run_themes(CODE, now=NOW)
        assert sorted_into() == {}
        # When many more come in at once than a run looks at again
        monkeypatch.setattr(themes, "WAITING", 2)
        told(place, *RUBBISH)
        assert themes.run_themes(CODE, now=NOW).comments == len(RUBBISH) + 2
        # Then all of them were sorted, and another run looks at the newest only
        assert db.session.scalar(select(func.count()).where(unseen())) == 0
        assert len(sorted_into()) >= 4
        assert themes.run_themes(CODE, now=NOW).comments <= 2
        # A review looks at the newest, sorted or not, and loses nothing of the others.
        before = sorted_into()
        monkeypatch.setattr(themes, "REVIEWED", 4)
        told(place, "公交车一个小时才来一趟")
        themes.run_themes(CODE, now=NOW, review=True)
        assert db.session.scalar(select(func.count()).where(unseen())) == 0
        assert before.keys() <= sorted_into().keys()


def unseen() -> Any:
    """SQL: no run has looked at the comment."""
    return Comment.indicator_probability.is_(None)


def test_of_two_runs_at_once_one_stores_nothing(each_app: Flask) -> None:
    with each_app.app_context():
        told(factories.place(), *RUBBISH)

    def other(_done: int, _all: int) -> None:
        with each_app.app_context():
            themes.run_themes(CODE, now=NOW)

    def meanwhile(done: int, of: int) -> None:
        contextvars.Context().run(other, done, of)

    with each_app.app_context(), pytest.raises(Refused) as caught:
        themes.run_themes(CODE, now=NOW, progress=meanwhile)
    assert caught.value.code == "sorted_meanwhile"
    with each_app.app_context():
        comments = db.session.scalars(select(Mention.comment_id)).all()
        assert len(comments) == len(set(comments)) > 0


def test_one_person_ten_times_is_no_theme(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        for text in RUBBISH:
            factories.comment(
                body=text, wave_id=place.wave_id, street_id=place.street_ids[0], person="p" * 64
            )
        themes.run_themes(CODE, now=NOW)
        assert wave_themes(CODE) == ()


def test_the_same_words_count_once(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        told(place, *RUBBISH[:4])
        told(place, *[RUBBISH[0]] * 20)
        themes.run_themes(CODE, now=NOW)
        assert wave_themes(CODE)[0].mentions <= 4


def test_rubbish_in_comments_is_counted_and_not_sorted(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        told(place, "😀😀😀", "。。。", "11111", "<script>alert(1)</script>", "a" * 1999)
        run = themes.run_themes(CODE, now=NOW)
        assert run.comments == 5
        assert run.new_themes == 0


def test_a_decision_is_kept_by_later_runs_and_leaves_a_trail(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        told(place, *RUBBISH)
        themes.run_themes(CODE, now=NOW)
        [theme_id] = [one.id for one in wave_themes(CODE)][:1]
        for action, value in (("status", "confirmed"), ("remit", "street"), ("scope", "common")):
            decided(theme_id, action, value)
        safety = db.session.scalar(select(Indicator.id).where(Indicator.code == "safety"))
        told(place, "垃圾桶边上全是垃圾，好几天没人清")
        themes.run_themes(CODE, now=NOW)
        theme = db.session.get_one(Theme, theme_id)
        assert (theme.status, theme.remit, theme.scope) == ("confirmed", "street", "common")
        assert theme.indicator_id != safety
        period = db.session.scalars(
            select(ThemePeriod).where(ThemePeriod.theme_id == theme_id)
        ).first()
        assert period is not None
        assert period.notified_at == NOW
        trail = db.session.scalars(
            select(AuditEvent).where(AuditEvent.subject == f"theme {theme_id}")
        )
        assert [(one.actor, one.detail["after"]) for one in trail] == [
            ("eva", {"status": "confirmed"}),
            ("eva", {"remit": "street", "department_id": None}),
            ("eva", {"scope": "common"}),
        ]


@pytest.mark.parametrize(
    ("action", "value"), [("status", "merged"), ("label", "x"), ("remit", ""), ("id", "1")]
)
def test_only_what_can_be_decided_is_decided(app: Flask, action: str, value: str) -> None:
    with app.app_context():
        place = factories.place()
        theme_id = theme_with_counts(place.district_id, street_id=0, wave_ids=[], mentions=())
        with pytest.raises(Refused) as caught:
            decided(theme_id, action, value)
    assert caught.value.code == "unknown_decision"


def test_a_dismissed_theme_is_gone_from_the_lists(app: Flask) -> None:
    with app.app_context():
        told(factories.place(), *RUBBISH)
        themes.run_themes(CODE, now=NOW)
        for theme in wave_themes(CODE):
            decided(theme.id, "status", "dismissed")
        assert wave_themes(CODE) == ()


def test_only_a_confirmed_theme_of_the_street_known_in_time_costs_points(app: Flask) -> None:
    with app.app_context():
        # Given a theme that recurs: many mentions now and in the wave before
        district_id = factories.district()
        street_id = factories.street(district_id=district_id, code="s1")
        point = factories.point(street_id=street_id)
        waves = [
            factories.wave(
                district_id=district_id,
                code=code,
                status=status,
                opens_at=NOW - timedelta(days=days),
                closes_at=NOW - timedelta(days=days - 30),
            )
            for code, status, days in (("2026q3", "closed", 110), (CODE, "open", 20))
        ]
        theme_id = theme_with_counts(
            district_id, street_id=street_id, wave_ids=waves, mentions=(9, 12)
        )
        for turn in range(40):
            factories.response(
                wave_id=waves[1], point_code=point, answers=levels(3, 3, 3, 3, 4 + turn % 2)
            )
        fold_all(now=NOW)

        def effect() -> tuple[float, set[str]]:
            [street] = draft_evaluation(CODE).streets
            [one] = street.adjustments
            return one.deduction, set(one.not_counted_because)

        # Then a mere proposal costs nothing, and says why
        cost, why = effect()
        assert cost == 0
        assert why >= {"not_confirmed", "not_the_streets_remit", "not_notified_in_time"}
        # When it is confirmed long before the wave, and the street's own task, it costs points
        early = NOW - timedelta(days=60)
        decided(theme_id, "status", "confirmed", at=early)
        decided(theme_id, "remit", "street", at=early)
        # but not while nobody has read its comments, even where an earlier version counted no texts
        assert effect() == (0, {"sample_not_judged"})
        judged_right(theme_id, wave_id=waves[1], street_id=street_id)
        cost, why = effect()
        assert why == set()
        assert cost > 0
        [street] = draft_evaluation(CODE).streets
        assert street.public.value is not None
        assert street.adjusted.value == pytest.approx(street.public.value - 0.2 * cost)
        # When it turns out to be common to all streets, it costs none of them anything
        decided(theme_id, "scope", "common")
        assert effect() == (0, {"not_the_streets_remit"})


def judged_right(theme_id: int, *, wave_id: int, street_id: int) -> None:
    """Ten comments that were drawn, and that people found to be about the theme."""
    for number in range(10):
        body = f"第{number}处垃圾没人清"
        key = factories.comment(body=body, wave_id=wave_id, street_id=street_id)
        db.session.add(
            ThemeJudgement(comment_id=key, theme_id=theme_id, is_about=True, basis="sample")
        )
        db.session.commit()


def theme_with_counts(
    district_id: int, *, street_id: int, wave_ids: list[int], mentions: tuple[int, ...]
) -> int:
    """A proposed theme of 城市管理 with these mentions in the waves; returns its id."""
    theme = Theme(
        district_id=district_id,
        indicator_id=db.session.scalar(select(Indicator.id).where(Indicator.code == "urban")),
        label="垃圾没人清",
        keywords=["垃圾"],
        centroid={},
        texts=9,
        created_at=NOW,
    )
    db.session.add(theme)
    db.session.flush()
    for wave_id, count in zip(wave_ids, mentions, strict=True):
        db.session.add(
            ThemePeriod(
                theme_id=theme.id,
                street_id=street_id,
                wave_id=wave_id,
                mentions=count,
                mentions_random=0,
                mentions_loaded=0,
            )
        )
    db.session.commit()
    return theme.id


def test_a_changed_model_file_is_refused(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        told(place, *RUBBISH)
        themes.run_themes(CODE, now=NOW)
        stored = db.session.scalars(select(ThemeModel)).one()
        path: Path = model_path(stored.sha256)
        path.write_bytes(path.read_bytes()[:-1] + b"x")
        told(place, "新的意见：路灯坏了")
        with pytest.raises(Refused) as caught:
            themes.run_themes(CODE, now=NOW)
        assert caught.value.code == "model_unusable"
        unsorted = select(func.count()).where(Comment.indicator_probability.is_(None))
        assert db.session.scalar(unsorted) == 1
