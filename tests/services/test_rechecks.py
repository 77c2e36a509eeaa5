"""Residents say whether it is solved: who is asked, what counts, what it settles."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from analysis.adjustment import residents_verdict
from analysis.policy import Policy
from survey.database import transaction
from survey.desk import Desk
from survey.errors import Refused
from survey.models import (
    CaseEvent,
    Comment,
    Evaluation,
    Mention,
    Recheck,
    Response,
    Theme,
    ThemePeriod,
    Wave,
    db,
)
from survey.queries.rechecks import recheck_view
from survey.services import cases
from survey.services.case_opening import open_comment_case, open_theme_case
from survey.services.theme_promises import refresh_all_promises
from survey.services.withdraw import withdraw
from tests import case_factories, factories
from tests.factories import NOW, Place
from tests.services.rechecked import (
    DUE,
    LATER,
    STREET,
    a_case_that_asks,
    case_of,
    done,
    mentioning,
    night,
    period,
    say,
    tell,
)


@pytest.fixture
def asked(each_app: Flask) -> tuple[Place, int, int, list[str]]:
    """place, theme, case done in s1, twelve receipts that mention the theme there."""
    return a_case_that_asks(each_app)


@pytest.mark.parametrize(
    ("solved", "reasked", "verdict"),
    [(9, 9, None), (9, 10, True), (8, 10, None), (3, 10, False), (4, 10, None), (30, 40, True)],
)
def test_the_verdict_follows_the_bounds(solved: int, reasked: int, verdict: bool | None) -> None:
    # By hand for 9 of 10: (.9 + .135277 - 1.644854·√(.009 + .006764)) / 1.270554 = .6523.
    assert residents_verdict(solved, reasked, Policy.from_dict()) is verdict


def test_twelve_who_say_solved_confirm_it_once_ten_are_enough(each_app: Flask, asked) -> None:
    place, theme_id, case_id, receipts = asked
    with each_app.app_context():
        assert period(theme_id, place) == ("plan", 0, 0)
        for found in receipts[:9]:
            tell(found, case_id, True)
        assert case_of(case_id).state == "done"
        view = recheck_view(case_id)
        assert view
        assert (view.asked, view.answered, view.solved, view.low) == (12, 9, None, None)
        tell(receipts[9], case_id, True, words="现在好停了")
        # Not the answer settles it, but the next look at what all have said.
        assert case_of(case_id).state == "done"
        assert night() == 1
        settled = case_of(case_id)
        assert (settled.state, settled.settled_at is not None) == ("confirmed", True)
        assert period(theme_id, place) == ("plan", 10, 10)
        event = db.session.scalars(select(CaseEvent).order_by(CaseEvent.id.desc())).first()
        assert event
        assert (event.actor, event.action, event.words) == (
            "residents",
            "confirmed",
            "10/10",
        )
        view = recheck_view(case_id)
        assert view
        assert view.solved == 10
        assert view.words == ("现在好停了",)
        # The same tap again is the same; another answer comes too late.
        tell(receipts[9], case_id, True)
        with pytest.raises(Refused, match="no longer open"):
            tell(receipts[9], case_id, False)
        with pytest.raises(Refused, match="no longer open"):
            tell(receipts[10], case_id, True)
        assert period(theme_id, place) == ("plan", 10, 10)


def test_the_first_ten_do_not_decide_before_all_were_asked_for_a_week(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        theme_id = case_factories.a_theme(place)
        receipts = mentioning(place, 20, theme_id=theme_id)
        case_id = case_factories.a_theme_case(place, theme_id=theme_id)
        done(case_id)
        # Friends of the office are quick: neither the case nor the points wait for them alone.
        for found in receipts[:10]:
            tell(found, case_id, True)
        assert night(at=LATER + timedelta(days=6)) == 0
        assert period(theme_id, place) == ("plan", 0, 0)
        view = recheck_view(case_id)
        assert view
        assert (view.answered, view.counts_on) == (10, LATER.date() + timedelta(days=7))
        for found in receipts[10:]:
            tell(found, case_id, False)
        assert night(at=LATER + timedelta(days=7)) == 0
        assert case_of(case_id).state == "done"
        assert period(theme_id, place) == ("plan", 10, 20)
        for found in receipts[10:18]:
            tell(found, case_id, True, at=LATER + timedelta(days=8))
        assert case_of(case_id).state == "done"
        assert night(at=LATER + timedelta(days=8)) == 1
        assert case_of(case_id).state == "confirmed"


def test_who_is_found_to_speak_of_something_else_counts_no_more(each_app: Flask, asked) -> None:
    place, theme_id, case_id, receipts = asked
    with each_app.app_context():
        for found in receipts[:10]:
            tell(found, case_id, True)
        with transaction() as session:
            others = (
                select(Comment.id)
                .join(Response, Comment.response_id == Response.id)
                .where(Response.receipt_hash.in_(receipts[:4]))
            )
            session.execute(delete(Mention).where(Mention.comment_id.in_(others)))
        assert night() == 0
        assert period(theme_id, place) == ("plan", 6, 6)
        view = recheck_view(case_id)
        assert view
        assert (view.asked, view.answered) == (8, 6)


def test_residents_who_say_no_give_it_back_and_it_is_asked_anew(each_app: Flask, asked) -> None:
    place, theme_id, case_id, receipts = asked
    with each_app.app_context():
        for found in receipts[:10]:
            tell(found, case_id, False)
        night()
        back = case_of(case_id)
        assert (back.state, back.settled_at) == ("not_confirmed", None)
        # The plan was not kept, whatever its day says.
        assert period(theme_id, place) == ("overdue", 0, 10)
        version = back.version
        cases.declare_done(case_id, version=version, desk=STREET, now=LATER, words="又划了一次")
        assert case_of(case_id).round == 2
        assert period(theme_id, place) == ("overdue", 0, 0)
        # A page that was open since the first round is told so, and stores nothing.
        with pytest.raises(Refused, match="no longer open"):
            tell(receipts[11], case_id, True, turn=1)
        tell(receipts[0], case_id, True, turn=2)
        assert period(theme_id, place) == ("overdue", 1, 1)


def test_an_answer_is_replaced_until_it_is_settled_and_its_words_are_redacted(
    each_app: Flask, asked
) -> None:
    place, theme_id, case_id, receipts = asked
    with each_app.app_context():
        tell(receipts[0], case_id, False, words="还是乱，打我电话 13800138000")
        tell(receipts[0], case_id, True)
        tell(receipts[0], case_id, False, words="电话13800138000，还乱")
        assert period(theme_id, place) == ("plan", 0, 1)
        stored = db.session.scalars(select(Recheck)).one()
        assert "13800138000" not in stored.words
        assert "还乱" in stored.words
        with pytest.raises(Refused, match="at most 500"):
            tell(receipts[0], case_id, False, words="长" * 501)


@pytest.mark.parametrize("status", ["quarantined", "rejected"])
def test_answers_that_are_held_back_do_not_count_until_they_do(
    each_app: Flask, asked, status: str
) -> None:
    place, theme_id, case_id, receipts = asked
    with each_app.app_context():
        for found in receipts[:9]:
            tell(found, case_id, True)
        with transaction() as session:
            last = Response.receipt_hash == receipts[9]
            session.execute(update(Response).where(last).values(status=status))
        if status == "rejected":
            with pytest.raises(Refused, match="no longer open"):
                tell(receipts[9], case_id, True)
            return
        tell(receipts[9], case_id, True)
        assert case_of(case_id).state == "done"
        assert period(theme_id, place) == ("plan", 9, 9)
        with transaction() as session:
            session.execute(update(Response).where(last).values(status="accepted"))
        assert night() == 1
        assert case_of(case_id).state == "confirmed"
        assert period(theme_id, place) == ("plan", 10, 10)


def test_withdrawing_takes_the_recheck_along(each_app: Flask, asked) -> None:
    place, theme_id, case_id, receipts = asked
    with each_app.app_context():
        tell(receipts[0], case_id, True)
        tell(receipts[1], case_id, False)
        withdraw(receipts[0], now=LATER)
        assert period(theme_id, place)[1:] == (0, 1)
        with pytest.raises(Refused, match="no longer open"):
            tell(receipts[0], case_id, True)


def test_only_who_named_it_there_before_is_asked(each_app: Flask, asked) -> None:
    place, theme_id, case_id, _receipts = asked
    with each_app.app_context():
        stranger = say(place, "公园很好")
        [elsewhere] = mentioning(place, 1, theme_id=theme_id, street=1)
        late = say(place, "停车还是难", at=LATER + timedelta(hours=3))
        with transaction() as session:
            comment_id = session.scalar(
                select(Comment.id)
                .join(Response, Comment.response_id == Response.id)
                .where(Response.receipt_hash == late)
            )
            session.add(Mention(comment_id=comment_id, theme_id=theme_id, closeness=0.9))
        for found in (stranger, elsewhere, late):
            with pytest.raises(Refused, match="no longer open"):
                tell(found, case_id, True)
        with pytest.raises(Refused) as refused:
            tell("0" * 64, case_id, True)
        assert refused.value.status == 404


def test_a_merged_themes_case_asks_whoever_the_speaker_speaks_for(each_app: Flask, asked) -> None:
    place, theme_id, case_id, receipts = asked
    with each_app.app_context():
        speaker = case_factories.a_theme(place, label="车位少")
        with transaction() as session:
            merged = update(Theme).where(Theme.id == theme_id)
            session.execute(merged.values(status="merged", merged_into_id=speaker))
        [other] = mentioning(place, 1, theme_id=speaker)
        tell(receipts[0], case_id, True)
        tell(other, case_id, True)
        assert period(speaker, place) == ("plan", 2, 2)


def test_a_common_case_promises_for_every_street(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        factories.department(district_id=place.district_id, code="roads")
        theme_id = case_factories.a_theme(place, scope="common")
        case_id = case_factories.a_theme_case(
            place, theme_id=theme_id, street_code=None, department_code="roads"
        )
        desk = Desk("roads", department_code="roads")
        cases.accept(case_id, version=case_factories.version_of(case_id), desk=desk, now=NOW)
        cases.plan(
            case_id,
            version=case_factories.version_of(case_id),
            desk=desk,
            now=NOW,
            words="建停车楼",
            due_on=DUE,
        )
        assert [period(theme_id, place, street)[0] for street in (0, 1)] == ["plan", "plan"]


def test_one_resident_settles_a_case_of_their_own(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        found = say(place, "路灯坏了三个月")
        comment_id = db.session.scalars(select(Comment.id)).one()
        case_id = open_comment_case(comment_id, actor="eva", now=NOW)
        done(case_id, due_on=None)
        tell(found, case_id, False)
        assert case_of(case_id).state == "not_confirmed"
        cases.declare_done(
            case_id, version=case_of(case_id).version, desk=STREET, now=LATER, words="换了灯泡"
        )
        tell(found, case_id, True, turn=2)
        settled = case_of(case_id)
        assert settled.state == "confirmed"
        # Not the moment at which that one resident answered.
        assert settled.settled_at == LATER
        view = recheck_view(case_id)
        assert view
        assert view.is_of_one
        assert view.solved is None
        assert view.words == ()


def test_plans_become_overdue_by_the_day_and_a_later_day_gains_no_time(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        theme_id = case_factories.a_theme(place)
        case_id = case_factories.a_theme_case(place, theme_id=theme_id)
        assert period(theme_id, place) == ("none", 0, 0)
        version = case_factories.version_of
        cases.accept(case_id, version=version(case_id), desk=STREET, now=NOW)
        for days in (10, 40):
            cases.plan(
                case_id,
                version=version(case_id),
                desk=STREET,
                now=NOW,
                words="划线",
                due_on=NOW.date() + timedelta(days=days),
            )
        assert period(theme_id, place)[0] == "plan"
        assert refresh_all_promises(now=NOW + timedelta(days=10)) == 0
        assert refresh_all_promises(now=NOW + timedelta(days=11)) == 1
        assert period(theme_id, place)[0] == "overdue"
        with transaction() as session:
            session.execute(update(ThemePeriod).values(state="removed"))
        assert refresh_all_promises(now=NOW) == 0


def test_a_newer_case_begins_without_a_promise_and_a_frozen_wave_is_not_touched(
    each_app: Flask, asked
) -> None:
    place, theme_id, case_id, receipts = asked
    with each_app.app_context():
        for found in receipts[:10]:
            tell(found, case_id, True)
        night()
        newer = open_theme_case(
            theme_id, street_code="s1", wave_code="2026q4", actor="eva", now=LATER
        )
        assert newer != case_id
        with transaction() as session:
            session.add(
                Evaluation(
                    wave_id=place.wave_id,
                    revision=1,
                    policy_id=session.scalars(select(Wave.policy_id)).first(),
                    rollup_run_id=None,
                    status="provisional",
                    reason="",
                    summary={},
                    computed_at=NOW,
                    created_at=NOW,
                )
            )
        assert refresh_all_promises(now=LATER) == 0
        assert period(theme_id, place) == ("plan", 10, 10)
        with transaction() as session:
            session.execute(delete(Evaluation))
        refresh_all_promises(now=LATER)
        assert period(theme_id, place) == ("none", 0, 0)
