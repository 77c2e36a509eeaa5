"""The demo district: complete, marked, the same every time, and made in an empty database only."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from survey.desk import Desk
from survey.models import (
    CASE_STATES,
    Account,
    Case,
    CaseEvent,
    CollectionPoint,
    Comment,
    DirectScore,
    District,
    Evaluation,
    ReplyTemplate,
    Response,
    RollupPending,
    Street,
    Theme,
    ThemePeriod,
    Wave,
    db,
)
from survey.queries.inbox import case_counts
from survey.queries.points import first_open_point
from survey.services import demo, rollup
from survey.services.demo_answers import COMMENTS, INDICATORS, Inventor
from tests import factories
from tests.conftest import make_app, migrate_database
from tests.factories import NOW


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """One demo district for the tests that only look at it."""
    folder = tmp_path_factory.mktemp("demo")
    url = f"sqlite:///{folder}/app.db"
    migrate_database(url, folder=folder)
    app = make_app(url, folder=folder)
    with app.app_context():
        made = demo.build_demo(now=NOW)
        yield app, made
        db.session.remove()
        db.engine.dispose()


def count(table, *where) -> int:
    return db.session.scalar(select(func.count()).select_from(table).where(*where)) or 0


def test_the_district_is_marked_and_complete(built):
    _app, made = built
    assert made.waves == ("2026q3", "2026q4")
    assert db.session.scalars(select(District)).one().is_demo
    assert count(Street) == made.streets == 11
    assert db.session.scalars(select(Street.peer_group).distinct()).all() == ["城区"]
    channels = set(db.session.scalars(select(CollectionPoint.channel)))
    assert channels == {"poster", "window", "doorstep", "slip", "assisted", "paper", "cati"}
    assert count(DirectScore) == 2 * 11 * 3
    assert count(Account) == len(made.accounts) == 5 + 3


def test_one_wave_is_published_and_one_is_open_now(built):
    before, current = db.session.scalars(select(Wave).order_by(Wave.opens_at)).all()
    assert (before.status, current.status) == ("published", "open")
    assert before.closes_at < current.opens_at < NOW < current.closes_at
    assert NOW - current.opens_at > timedelta(weeks=3)
    assert current.closes_at - NOW > timedelta(weeks=3)
    evaluation = db.session.scalars(select(Evaluation)).one()
    assert (evaluation.wave_id, evaluation.status) == (before.id, "published")
    steps = {one.step: one.actor for one in evaluation.sign_offs}
    assert steps == {"frozen": "evaluator", "approved": "evaluator-2", "published": "evaluator"}
    assert first_open_point() is not None


def test_every_street_has_enough_answers_of_both_kinds(built):
    _app, made = built
    waves = dict(db.session.execute(select(Wave.code, Wave.id)).all())
    totals = {wave: [] for wave in made.waves}
    for wave in made.waves:
        for street_id in db.session.scalars(select(Street.id)):
            here = (Response.wave_id == waves[wave], Response.street_id == street_id)
            totals[wave].append(count(Response, *here))
            if wave == "2026q3":
                assert count(Response, *here, Response.channel.in_(["slip", "cati"])) >= 150
    assert all(400 <= n <= 700 for n in totals["2026q3"])
    assert all(110 <= n <= 200 for n in totals["2026q4"])
    assert sum(map(sum, totals.values())) == made.responses


def test_everything_is_folded_and_the_cubes_are_right(built):
    assert count(RollupPending) == 0
    assert rollup.audit().differences == []


def test_no_answer_comes_from_the_future_or_outside_its_wave(built):
    for wave in db.session.scalars(select(Wave)):
        hours = db.session.execute(
            select(func.min(Response.submitted_hour), func.max(Response.submitted_hour)).where(
                Response.wave_id == wave.id
            )
        ).one()
        assert wave.opens_at - timedelta(hours=1) <= hours[0]
        assert hours[1] <= min(wave.closes_at, NOW)


def test_comments_are_many_varied_and_form_themes(built):
    assert count(Comment) > 1000
    assert db.session.scalar(select(func.count(Comment.body.distinct()))) > 1000
    assert count(Comment, Comment.language == "en") > 10
    assert count(Theme) >= 5


def test_cases_are_in_every_state_and_went_every_way(built):
    states = set(db.session.scalars(select(Case.state)))
    assert states == set(CASE_STATES)
    assert set(db.session.scalars(select(Case.origin))) == {"theme", "comment", "call_back"}
    acts = set(db.session.scalars(select(CaseEvent.action)))
    assert acts >= {
        "called_back",
        "passed",
        "departments_called",
        "department_came",
        "escalated",
        "out_of_remit_agreed",
        "not_confirmed",
        "confirmed",
    }
    assert count(Case, Case.street_id.is_(None)) >= 2
    assert count(Case, Case.round >= 2) >= 1
    assert count(ReplyTemplate) > 2


def test_nothing_was_done_about_a_case_before_it_was_open_or_in_the_future(built):
    for case in db.session.scalars(select(Case)):
        times = [
            event.at
            for event in db.session.scalars(
                select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id)
            )
            # What residents say keeps the day alone.
            if event.actor != "residents"
        ]
        assert times == sorted(times)
        assert case.opened_at <= times[0]
        assert times[-1] <= NOW
        assert case.said_on <= case.opened_at.date()


def test_every_desk_of_the_demo_has_something_to_do(built):
    today = NOW.date()
    since = NOW - timedelta(days=7)
    for street in ("d01", "d05", "d09"):
        counts = case_counts(Desk("x", street_code=street), today=today, since=since)
        assert counts.new >= 3, street
        assert counts.open >= 8, street
        assert counts.overdue >= 1, street
    desk = Desk("department", department_code="city-management")
    assert case_counts(desk, today=today, since=since).open >= 4
    assert case_counts(Desk("e", is_evaluator=True), today=today, since=since).overdue >= 5


def test_promises_and_residents_give_points_back(built):
    shares = db.session.execute(
        select(ThemePeriod.state, ThemePeriod.solved, ThemePeriod.reasked)
        .join(Wave, ThemePeriod.wave_id == Wave.id)
        .where(Wave.code == "2026q4")
    ).all()
    assert {state for state, _solved, _reasked in shares} >= {"none", "plan", "overdue"}
    assert any(reasked >= 10 for _state, _solved, reasked in shares)


def test_the_public_reads_what_was_said_and_done(built):
    app, _made = built
    said = app.test_client().get("/streets/d05?lang=zh").get_data(as_text=True)
    assert "清运已改为每天两次" in said


def test_the_written_sentences_are_distinct_and_fit_the_indicators():
    words = json.loads(COMMENTS.read_text(encoding="utf-8"))
    said = [text for theme in words["themes"] for text in theme["zh"]]
    said += [text for part in words["english"] for text in part["texts"]]
    assert len(said) == len(set(said)) >= 120
    codes = {theme["indicator"] for theme in words["themes"]} - {None}
    assert codes == set(INDICATORS)


def test_the_same_seed_invents_the_same_answers():
    def invent():
        inventor = Inventor(7)
        return list(
            inventor.street(
                0,
                code="d01",
                ages=[10, 20, 30, 40],
                women=0.5,
                points=dict.fromkeys(demo_channels(), 3),
                later=True,
                since=NOW - timedelta(days=20),
                until=NOW,
            )
        )

    assert invent() == invent()


def demo_channels() -> list[str]:
    return [channel for channel, *_rest in demo.POINTS]


def test_a_district_of_ones_own_keeps_the_demo_away(runner, app):
    with app.app_context():
        factories.district()
    result = runner.invoke(args=["demo", "--if-empty"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) == 1
    result = runner.invoke(args=["demo"])
    assert result.exit_code == 1
    assert "empty database" in result.stderr


def test_an_interrupted_demo_is_named(runner, app):
    with app.app_context():
        factories.district(is_demo=True)
    result = runner.invoke(args=["demo", "--if-empty"])
    assert result.exit_code == 1
    assert "interrupted" in result.stderr


def test_the_addresses_lead_to_an_open_survey(built):
    app, _made = built
    result = app.test_cli_runner().invoke(args=["addresses"])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert len(lines) == 5
    addresses = [line.split()[-1] for line in lines]
    assert addresses[1].endswith("/poster.pdf")
    client = app.test_client()
    for address in (addresses[0], addresses[1], addresses[2]):
        assert client.get(address.removeprefix("http://127.0.0.1:8000")).status_code == 200
