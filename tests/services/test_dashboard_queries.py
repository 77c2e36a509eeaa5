"""The dashboard and the first screen on both databases: the same figures, whoever asks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from survey.clock import utc_now
from survey.database import transaction
from survey.desk import Desk
from survey.formatting import local_time
from survey.models import Case, StreetCondition, Wave
from survey.queries.first_screen import Looking, first_screen
from survey.queries.more_answers import NEXT
from survey.queries.street_dashboard import street_dashboard
from survey.services import evaluate, fieldwork
from survey.services.rollup import fold_all
from tests import case_factories, factories
from tests.factories import NOW

STREETS = ("s1", "s2", "s3")


@pytest.fixture
def place(each_app: Flask) -> factories.Place:
    """Three streets; forty answers of a slip each, and a condition."""
    with each_app.app_context():
        made = factories.place(streets=STREETS)
        for number, street_id in enumerate(made.street_ids):
            slip = factories.point(street_id=street_id, channel="slip")
            for turn in range(40):
                given = factories.levels(
                    *(3 + (turn + k + number) % 3 for k in range(5)), age_band="60+", sex="F"
                )
                factories.response(wave_id=made.wave_id, point_code=slip, answers=given)
            with transaction() as session:
                session.add(
                    StreetCondition(
                        street_id=street_id,
                        code="staff",
                        name_zh="人员",
                        name_en="Staff",
                        value=80.0 + 40 * number,
                        per_residents=1000,
                        as_of=NOW.date(),
                    )
                )
        fold_all(now=NOW)
        case_factories.department(district_id=made.district_id)
    return made


def dashboard(code: str = "s1", *, reads_all: bool = False):
    now = utc_now()
    return street_dashboard(
        code, wave_code=None, reads_all=reads_all, today=local_time(now).date(), now=now
    )


def test_a_dashboard_reads_the_same_on_both(each_app: Flask, place: factories.Place) -> None:
    with each_app.app_context():
        theme = case_factories.a_theme(place, mentions=(12, 3))
        case_id = case_factories.a_theme_case(place, theme_id=theme)
        late = case_factories.a_comment_case(place)
        with transaction() as session:
            session.get_one(Case, late).reply_due_on = (utc_now() - timedelta(days=3)).date()
        found = dashboard()
        assert (found.basis, found.peers, found.public.peers) == ("now", 0, None)
        assert [(one.id, one.mentions, one.case_id) for one in found.themes] == [
            (theme, 12, case_id)
        ]
        cases = found.around.cases
        assert (cases.open, cases.overdue, cases.answered, cases.in_time) == (2, 1, 1, 0)
        (staff,) = found.around.conditions
        # 40,000 residents: 80 are 2 in 1,000; the others have 3 and 4.
        assert (staff.shown, staff.median, staff.peers) == (2.0, 3.5, 2)
        assert staff.as_of == NOW.date()
        more = found.more
        assert more.count > 0
        assert more.planned == max(NEXT, more.count)
        assert sum(more.by_category.values()) == more.planned
        assert [point.channel for point, _count in more.by_point] == ["slip"]
        assert found.valid == 40


@pytest.mark.parametrize("days", [0, 5])
def test_what_is_frozen_without_a_notice_is_not_shown_to_a_street(
    each_app: Flask, place: factories.Place, days: int
) -> None:
    with each_app.app_context():
        policy_id = factories.policy(overrides={"appeal_days": days})
        with transaction() as session:
            session.execute(update(Wave).values(policy_id=policy_id))
        fieldwork.close_wave("2026q4", now=NOW)
        evaluate.freeze("2026q4", actor="eva", now=NOW)
        found = dashboard()
        assert found.basis == ("notice" if days else "now")
        assert (found.public.peers is None) == (days == 0)
        assert found.peers == (2 if days else 0)
        # The office reads the mean of the peers in any case.
        assert dashboard(reads_all=True).public.peers is not None


@pytest.mark.parametrize(
    "desk",
    [
        Desk("clerk", street_code="s1"),
        Desk("dept", department_code="urban"),
        Desk("eva", is_evaluator=True),
        Desk("audit", only_reads=True),
        Desk("boss"),
    ],
    ids=lambda desk: desk.username,
)
def test_every_desk_has_its_first_screen(
    each_app: Flask, place: factories.Place, desk: Desk
) -> None:
    with each_app.app_context():
        now = utc_now()
        case_factories.a_theme_case(place, now=now)
        looking = Looking(desk, now - timedelta(days=1), is_admin=desk.username == "boss")
        found = first_screen(looking, today=local_time(now).date(), now=now)
        assert (found.own is not None) == (desk.street_code is not None)
        assert (found.figures is None) == (desk.department_code is not None)
        if desk.street_code or desk.sees_all:
            assert found.counts is not None
            assert (found.counts.new, found.counts.open) == (1, 1)
        if desk.username == "boss":
            assert found.counts is None
            assert found.numbers["points"] == 6


def test_without_a_wave_the_first_screen_is_empty_and_whole(each_app: Flask) -> None:
    with each_app.app_context():
        now = utc_now()
        looking = Looking(Desk("eva", is_evaluator=True), now, is_admin=True)
        found = first_screen(looking, today=now.date(), now=now)
        assert (found.wave, found.figures, found.cases, found.news) == (None, None, (), ())
