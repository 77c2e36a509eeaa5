"""What is stored of a wave's themes: state per street, spread over the streets, surge."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from survey.database import transaction
from survey.models import Comment, Mention, ResponseCube, Stratum, Theme, ThemePeriod, db
from survey.queries.theme_history import weekly_counts
from survey.queries.theme_states import theme_findings, theme_signals, theme_states
from survey.queries.waves import wave_view
from survey.services import duties
from survey.services.rollup import fold_all
from survey.services.theme_states import store_states
from survey.services.themes import run_themes
from tests import factories
from tests.factories import NOW
from tests.services.test_duties import RUBBISH
from tests.services.test_themes import RUBBISH as RUBBISH_SAID

WAVES = ("2026q2", "2026q3", "2026q4")
STREETS = ("s1", "s2", "s3", "s4")


@pytest.fixture
def places(each_app: Flask) -> Mapping[str, int]:
    """Four streets and three waves; {code: id}. n is 800 in every street and wave."""
    with each_app.app_context():
        district_id = factories.district()
        found = {
            code: factories.street(district_id=district_id, code=code, margins={})
            for code in STREETS
        } | {"district": district_id}
        for age, code in enumerate(WAVES[::-1]):
            opens = NOW - timedelta(days=20 + 90 * age)
            found[code] = factories.wave(
                district_id=district_id,
                code=code,
                status="closed" if age else "open",
                opens_at=opens,
                closes_at=opens + timedelta(days=60),
            )
        with transaction() as session:
            stratum = session.scalars(select(Stratum.id).limit(1)).one()
            session.add_all(
                ResponseCube(
                    wave_id=found[wave],
                    street_id=found[street],
                    stratum_id=stratum,
                    channel="slip",
                    status="accepted",
                    is_valid=True,
                    n=800,
                )
                for wave in WAVES
                for street in STREETS
            )
    return found


def theme(
    places: Mapping[str, int],
    counts: Mapping[str, tuple[int, ...]],
    *,
    label: str = "垃圾没人清",
    **more: object,
) -> int:
    """A theme with these mentions per street, one for each wave; returns its id."""
    with transaction() as session:
        row = Theme(
            district_id=places["district"],
            label=label,
            keywords=["垃圾"],
            centroid={},
            texts=9,
            created_at=NOW,
            **more,
        )
        session.add(row)
        session.flush()
        session.add_all(
            ThemePeriod(
                theme_id=row.id,
                street_id=places[street],
                wave_id=places[wave],
                mentions=m,
                mentions_random=0,
                mentions_loaded=0,
            )
            for street, row_counts in counts.items()
            for wave, m in zip(WAVES, row_counts, strict=True)
            if m
        )
        return row.id


def stored(code: str = WAVES[-1], **more: object) -> None:
    wave = wave_view(code)
    with transaction() as session:
        store_states(session, wave, **more)


def test_states_of_streets_and_the_district_are_stored(
    each_app: Flask, places: Mapping[str, int]
) -> None:
    with each_app.app_context():
        one = theme(
            places,
            {"s1": (0, 0, 30), "s2": (40, 41, 38), "s3": (40, 38, 10), "s4": (30, 33, 0)},
        )
        quiet = theme(places, {"s1": (0, 1, 2)})
        stored()
        found = theme_states(wave_view(WAVES[-1]))
        assert {street: view.state for street, view in found[one].items()} == {
            "s1": "new",
            "s2": "continuing",
            "s3": "easing",
            "s4": "gone",
            None: "easing",
        }
        easing = found[one]["s3"]
        assert (easing.mentions, easing.respondents) == (10, 800)
        assert (easing.mentions_before, easing.respondents_before) == (78, 1600)
        assert found[one][None].respondents == 3200
        # Never present anywhere: nothing is said.
        assert quiet not in found
        # The first wave has none before it.
        stored(WAVES[0])
        assert theme_states(wave_view(WAVES[0]))[one]["s2"].state == "unknown"


def test_storing_again_replaces_and_only_touches_what_it_is_asked_for(
    each_app: Flask, places: Mapping[str, int]
) -> None:
    with each_app.app_context():
        one = theme(places, {"s1": (0, 0, 30)})
        other = theme(places, {"s2": (0, 0, 30)}, label="停车难")
        stored()
        before = theme_states(wave_view(WAVES[-1])), theme_signals(wave_view(WAVES[-1]))
        stored()
        assert (theme_states(wave_view(WAVES[-1])), theme_signals(wave_view(WAVES[-1]))) == before
        with transaction() as session:
            for period in session.scalars(select(ThemePeriod)):
                period.mentions = 0
        stored(only=[one])
        wave = wave_view(WAVES[-1])
        assert set(theme_states(wave)) == set(theme_signals(wave)) == {other}


def test_spread_over_the_streets_is_tested(each_app: Flask, places: Mapping[str, int]) -> None:
    with each_app.app_context():
        everywhere = theme(places, dict.fromkeys(STREETS, (0, 0, 25)))
        one_street = theme(places, {"s1": (0, 0, 60), "s2": (0, 0, 1)}, label="路灯坏了")
        few = theme(places, {"s1": (0, 0, 2), "s2": (0, 0, 1)}, label="遛狗")
        merged = theme(places, {"s1": (0, 0, 9)}, label="已合并", status="merged")
        stored()
        found = theme_signals(wave_view(WAVES[-1]))
        assert found[everywhere].scope == "common"
        assert found[everywhere].effective_streets == pytest.approx(4, abs=0.1)
        assert found[one_street].scope == "own"
        assert (found[few].scope, found[few].effective_streets) == ("undecided", None)
        assert merged not in found
        # Nothing people decide is touched.
        assert db.session.get_one(Theme, everywhere).scope == "own"


def test_a_theme_surges_when_many_persons_say_it_in_one_week(
    each_app: Flask, places: Mapping[str, int]
) -> None:
    with each_app.app_context():
        sudden = theme(places, {"s1": (0, 0, 8)})
        chronic = theme(places, {"s1": (0, 0, 8)}, label="停车难")
        last = NOW.date()
        days = [last - timedelta(days=7 * ago) for ago in range(26)]
        said(places, chronic, *(one for day in days for one in persons(day, f"停车{day}", 4)))
        said(places, sudden, *(one for day in days for one in persons(day, f"积水{day}", 1)))
        said(places, sudden, *persons(last, "又积水", 15))
        stored()
        found = theme_signals(wave_view(WAVES[-1]))
        assert found[sudden].is_surging
        assert found[sudden].week_ends == last
        assert found[sudden].week_persons == 16
        assert found[sudden].week_expected < 6  # a fifth of the twenty heard
        assert not found[chronic].is_surging
        # A decision about one theme leaves what the last run found of its week.
        stored(only=[sudden])
        assert theme_signals(wave_view(WAVES[-1]))[sudden].is_surging


def test_one_person_or_one_text_again_and_again_is_no_surge(
    each_app: Flask, places: Mapping[str, int]
) -> None:
    with each_app.app_context():
        one_person = theme(places, {"s1": (0, 0, 8)})
        one_text = theme(places, {"s1": (0, 0, 8)}, label="停车难")
        last = NOW.date()
        days = [last - timedelta(days=7 * ago) for ago in range(26)]
        said(places, one_person, *((day, f"积水{day}", f"a{day}") for day in days))
        said(places, one_text, *((day, f"停车{day}", f"b{day}") for day in days))
        said(places, one_person, *((last, f"又积水 {number}", "p") for number in range(20)))
        said(places, one_text, *((last, "停车难", f"q{number}") for number in range(20)))
        stored()
        found = theme_signals(wave_view(WAVES[-1]))
        assert found[one_person].week_persons == 2
        assert found[one_text].week_persons == 2
        assert not found[one_person].is_surging
        assert not found[one_text].is_surging


def test_weeks_end_on_the_latest_comment_and_merged_themes_count_for_their_speaker(
    each_app: Flask, places: Mapping[str, int]
) -> None:
    with each_app.app_context():
        assert weekly_counts(wave_view(WAVES[-1])) is None
        kept = theme(places, {"s1": (0, 0, 8)})
        gone = theme(places, {}, label="旧", status="merged", merged_into_id=kept)
        last = date(2026, 11, 20)
        said(places, kept, *persons(last, "甲", 2))
        said(places, gone, *persons(last - timedelta(days=6), "乙", 1))
        said(places, gone, *persons(last - timedelta(days=7), "丙", 3))
        said(places, kept, *persons(last - timedelta(days=27 * 7), "丁", 5))
        weekly = weekly_counts(wave_view(WAVES[-1]))
        assert weekly is not None
        assert weekly.last == last
        assert weekly.heard == (*[0] * 25, 3, 3)
        assert weekly.themes[kept].persons == (*[0] * 25, 3, 3)
        assert weekly.themes[kept].first == last - timedelta(days=27 * 7)
        assert gone not in weekly.themes


def test_a_remit_is_proposed_with_its_duty(each_app: Flask, places: Mapping[str, int]) -> None:
    with each_app.app_context():
        one = theme(places, {"s1": (0, 0, 30)})
        other = theme(places, {"s1": (0, 0, 30)}, label="别的事", indicator_id=None)
        with transaction() as session:
            session.get_one(Theme, other).keywords = ["别的"]
        duties.add_duty(RUBBISH, actor="eva", now=NOW)
        stored()
        found = {one.id: one.proposal for one in theme_findings(WAVES[-1]).themes}
        assert found[one].proposal.remit == "street"
        assert found[one].duty is not None
        assert found[one].duty.name == ("清运垃圾", "Collect rubbish")
        assert (found[other].proposal.because, found[other].duty) == ("no_duty", None)


def said(places: Mapping[str, int], theme_id: int, *comments: tuple[date, str, str]) -> None:
    """Loaded comments (day, words, person) about a theme."""
    with transaction() as session:
        rows = [
            Comment(
                wave_id=places[WAVES[-1]],
                street_id=places["s1"],
                body=words,
                language="zh",
                source="test",
                source_key=f"{theme_id}-{day}-{number}-{words}",
                person_hash=person,
                said_on=day,
            )
            for number, (day, words, person) in enumerate(comments)
        ]
        session.add_all(rows)
        session.flush()
        session.add_all(
            Mention(comment_id=row.id, theme_id=theme_id, closeness=1.0) for row in rows
        )


def persons(day: date, words: str, number: int) -> list[tuple[date, str, str]]:
    """So many persons who say it in other words on a day."""
    return [(day, f"{words}{one}", f"{words}{one}") for one in range(number)]


def test_a_run_stores_what_its_counts_say(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        for text in RUBBISH_SAID:
            factories.response(
                wave_id=place.wave_id,
                point_code=place.points[0],
                answers=factories.levels(3, 1, 3, 3, 3, comment=text),
            )
        fold_all(now=NOW)
        run_themes("2026q4", now=NOW)
        wave = wave_view("2026q4")
        [theme_id] = theme_signals(wave)
        assert 4 <= theme_states(wave)[theme_id]["s1"].mentions <= len(RUBBISH_SAID)
        # The first wave: nothing to compare with.
        assert theme_states(wave)[theme_id][None].respondents == len(RUBBISH_SAID)
        assert theme_states(wave)[theme_id][None].state == "unknown"
        assert theme_signals(wave)[theme_id].streets_mentioning == 1
