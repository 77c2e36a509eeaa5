"""Cases: opened once, acted on in order, never over somebody else's change."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select, update

from survey import jobs
from survey.database import transaction
from survey.desk import Desk
from survey.errors import Refused
from survey.models import AuditEvent, Case, CaseEvent, ContactRequest, Theme, db
from survey.services import cases
from survey.services.case_opening import (
    open_call_back_cases,
    open_comment_case,
    open_theme_case,
)
from tests import case_factories, factories
from tests.case_factories import version_of
from tests.factories import NOW

STREET = Desk("clerk", street_code="s1")
OTHER = Desk("other", street_code="s2")
OFFICE = Desk("eva", is_evaluator=True)
TODAY = date(2026, 11, 24)


def case_of(case_id: int) -> Case:
    db.session.rollback()
    return db.session.get_one(Case, case_id)


def refused(call, *args, **named) -> Refused:
    with pytest.raises(Refused) as error:
        call(*args, **named)
    return error.value


def test_a_case_goes_from_received_to_done_with_its_trail(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        case_id = case_factories.a_theme_case(place)
        # 15 working days after Tuesday 24 November 2026.
        assert case_of(case_id).reply_due_on == date(2026, 12, 15)
        cases.accept(case_id, version=1, desk=STREET, now=NOW)
        due = TODAY + timedelta(days=30)
        cases.plan(case_id, version=2, desk=STREET, now=NOW, words="新增 20 个车位", due_on=due)
        cases.reply(case_id, version=3, desk=STREET, now=NOW, words="我们正在划线")
        cases.declare_done(case_id, version=4, desk=STREET, now=NOW, words="已划 20 个车位")
        found = case_of(case_id)
        assert (found.state, found.round, found.version) == ("done", 1, 5)
        assert (found.plan_due_on, found.plan, found.reply) == (
            due,
            "新增 20 个车位",
            "我们正在划线",
        )
        assert None not in (found.accepted_at, found.planned_at, found.replied_at, found.done_at)
        told = db.session.scalars(
            select(CaseEvent.action).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id)
        ).all()
        assert told == ["opened", "accepted", "planned", "replied", "done"]
        trail = db.session.scalars(
            select(AuditEvent.action).where(AuditEvent.subject == f"case {case_id}")
        ).all()
        assert trail == [f"case_{one}" for one in told]


def test_the_second_of_two_clerks_is_told_and_changes_nothing(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = case_factories.a_theme_case(factories.place())
        cases.accept(case_id, version=1, desk=STREET, now=NOW)
        late = refused(cases.reply, case_id, version=1, desk=STREET, now=NOW, words="收到")
        assert (late.code, late.status, late.details) == ("changed_meanwhile", 409, {"version": 2})
        assert case_of(case_id).reply == ""


def test_only_the_holder_acts_and_another_street_does_not_even_see_it(app: Flask) -> None:
    with app.app_context():
        case_id = case_factories.a_theme_case(factories.place())
        assert refused(cases.accept, case_id, version=1, desk=OTHER, now=NOW).status == 404
        assert refused(cases.accept, case_id, version=1, desk=OFFICE, now=NOW).status == 403
        assert case_of(case_id).state == "received"


@pytest.mark.parametrize("act", ["plan", "declare_done", "accept"])
def test_an_act_out_of_order_is_refused_in_words(app: Flask, act: str) -> None:
    with app.app_context():
        case_id = case_factories.a_theme_case(factories.place())
        if act == "accept":
            cases.accept(case_id, version=1, desk=STREET, now=NOW)
            error = refused(cases.accept, case_id, version=2, desk=STREET, now=NOW)
            assert "accepted before" in str(error)
            return
        more = {"due_on": TODAY} if act == "plan" else {}
        error = refused(
            getattr(cases, act), case_id, version=1, desk=STREET, now=NOW, words="x", **more
        )
        assert (error.code, str(error)) == ("wrong_state", "Accept the case first.")


def test_a_plan_promises_no_day_that_has_passed_or_is_too_far(
    app: Flask,
) -> None:
    with app.app_context():
        case_id = case_factories.a_theme_case(factories.place())
        cases.accept(case_id, version=1, desk=STREET, now=NOW)
        for day, code in (
            (TODAY - timedelta(days=1), "past_day"),
            (TODAY + timedelta(days=181), "too_far"),
            (date(9999, 12, 31), "too_far"),
        ):
            error = refused(
                cases.plan, case_id, version=2, desk=STREET, now=NOW, words="计划", due_on=day
            )
            assert (error.code, error.status) == (code, 422)
        cases.plan(case_id, version=2, desk=STREET, now=NOW, words="计划", due_on=TODAY)


def test_late_in_the_evening_in_utc_the_day_is_the_next_one_in_the_district(app: Flask) -> None:
    with app.app_context():
        night = datetime(2026, 11, 24, 17)
        case_id = case_factories.a_theme_case(factories.place())
        cases.accept(case_id, version=1, desk=STREET, now=night)
        error = refused(
            cases.plan, case_id, version=2, desk=STREET, now=night, words="计划", due_on=TODAY
        )
        assert error.code == "past_day"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("已回电 13800138000，居民满意", "phone"),
        ("拨打 ０１０-６５１２３４５６ 联系", "phone"),
        ("身份证 110101199003070011 已登记", "id_card"),
        ("京A12345 已挪走", "plate"),
        ("write to li@example.org", "email"),
    ],
)
def test_a_number_of_a_person_is_asked_about_before_it_is_stored(
    app: Flask, words: str, kind: str
) -> None:
    with app.app_context():
        case_id = case_factories.a_theme_case(factories.place())
        error = refused(cases.reply, case_id, version=1, desk=STREET, now=NOW, words=words)
        assert error.code == "looks_personal"
        assert [part[0] for part in error.details["found"]] == [kind]
        assert error.details["found"][0][1] in words
        assert case_of(case_id).reply == ""
        cases.reply(case_id, version=1, desk=STREET, now=NOW, words=words, despite_warning=True)
        assert case_of(case_id).reply == words


@pytest.mark.parametrize(
    "words",
    ["12345 热线已受理", "2026年12月15日前完成，共 120 个车位", "投入 350000 元，改造 3 号楼"],
)
def test_dates_sums_and_the_hotline_are_no_numbers_of_persons(app: Flask, words: str) -> None:
    with app.app_context():
        case_id = case_factories.a_theme_case(factories.place())
        cases.reply(case_id, version=1, desk=STREET, now=NOW, words=words)


def test_words_are_needed_are_not_endless_and_hold_nothing_invisible(app: Flask) -> None:
    with app.app_context():
        case_id = case_factories.a_theme_case(factories.place())
        for words, code in (("  \n", "words_needed"), ("长" * 2001, "words_too_long")):
            assert (
                refused(cases.reply, case_id, version=1, desk=STREET, now=NOW, words=words).code
                == code
            )
        cases.reply(case_id, version=1, desk=STREET, now=NOW, words=" 好\x00\u202e的\r\n二 ")
        assert case_of(case_id).reply == "好的\n二"


def test_one_unsettled_case_a_theme_and_street(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        theme_id = case_factories.a_theme(place)
        first = case_factories.a_theme_case(place, theme_id=theme_id)
        assert case_factories.a_theme_case(place, theme_id=theme_id) == first
        assert case_factories.a_theme_case(place, theme_id=theme_id, street_code="s2") != first
        with transaction() as session:
            session.execute(
                update(Case).where(Case.id == first).values(settled_at=NOW, state="confirmed")
            )
        assert case_factories.a_theme_case(place, theme_id=theme_id) != first


def test_a_merged_theme_finds_the_case_of_either(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        one, two = case_factories.a_theme(place), case_factories.a_theme(place, label="车位少")
        first = case_factories.a_theme_case(place, theme_id=one)
        with transaction() as session:
            session.execute(
                update(Theme).where(Theme.id == one).values(status="merged", merged_into_id=two)
            )
        assert case_factories.a_theme_case(place, theme_id=two) == first
        assert case_factories.a_theme_case(place, theme_id=one) == first
        other = case_factories.a_theme_case(place, theme_id=one, street_code="s2")
        assert case_of(other).theme_id == two


def test_a_case_of_the_district_needs_a_common_theme_and_a_department(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        own = case_factories.a_theme(place)
        error = refused(case_factories.a_theme_case, place, theme_id=own, street_code=None)
        assert error.code == "not_common"
        common = case_factories.a_theme(place, scope="common")
        error = refused(case_factories.a_theme_case, place, theme_id=common, street_code=None)
        assert error.code == "department_needed"
        department_id = case_factories.department(district_id=place.district_id)
        case_id = case_factories.a_theme_case(
            place, theme_id=common, street_code=None, department_code="urban"
        )
        assert case_of(case_id).department_id == department_id
        desk = Desk("dept", department_code="urban")
        cases.accept(case_id, version=1, desk=desk, now=NOW)


@pytest.mark.parametrize(
    ("theme", "street", "wave", "code"),
    [
        (99, "s1", "2026q4", "unknown_theme"),
        (None, "s9", "2026q4", "unknown_street"),
        (None, "s1", "1999q1", "unknown_wave"),
    ],
)
def test_what_is_not_there_opens_no_case(
    app: Flask, theme: int | None, street: str, wave: str, code: str
) -> None:
    with app.app_context():
        theme = theme or case_factories.a_theme(factories.place())
        error = refused(
            open_theme_case, theme, street_code=street, wave_code=wave, actor="eva", now=NOW
        )
        assert (error.code, error.status) == (code, 404)


def test_a_comment_becomes_one_case_of_its_street(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        case_id = case_factories.a_comment_case(place)
        found = case_of(case_id)
        assert (found.street_id, found.department_id) == (place.street_ids[0], None)
        assert found.comment_id is not None
        assert open_comment_case(found.comment_id, actor="eva", now=NOW) == case_id
        nowhere = factories.comment(body="哪里都不方便", wave_id=place.wave_id)
        error = refused(open_comment_case, nowhere, actor="eva", now=NOW)
        assert error.code == "comment_without_street"
        assert refused(open_comment_case, 10_000, actor="eva", now=NOW).status == 404


def test_requests_to_be_called_back_become_cases_once_in_no_order_of_arrival(
    each_app: Flask,
) -> None:
    with each_app.app_context():
        place = factories.place()
        keys = [case_factories.a_call_back(place) for _ in range(6)]
        morning = datetime(2026, 11, 26, 23)  # 27 November, seven in the morning in China
        assert open_call_back_cases(morning) == 6
        assert open_call_back_cases(morning) == 0
        rows = db.session.scalars(select(Case).order_by(Case.id)).all()
        assert [row.contact_request_id for row in rows] == sorted(keys)
        # Asked for on Thursday, due on Friday.
        assert {row.call_due_on for row in rows} == {date(2026, 11, 27)}
        assert {row.said_on for row in rows} == {date(2026, 11, 27)}
        assert {row.opened_at for row in rows} == {morning}


def test_what_was_asked_for_on_a_friday_is_due_on_monday(app: Flask) -> None:
    with app.app_context():
        case_id = case_factories.a_call_back_case(factories.place(), now=datetime(2026, 11, 27, 23))
        assert case_of(case_id).call_due_on == date(2026, 11, 30)


def test_a_call_is_noted_by_the_street_alone_and_deals_with_the_request(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        case_id = case_factories.a_call_back_case(place)
        key = case_of(case_id).contact_request_id
        office = refused(
            cases.call_back_made, case_id, version=1, desk=OFFICE, now=NOW, words="打了"
        )
        assert office.code == "not_the_street"
        cases.call_back_made(case_id, version=1, desk=STREET, now=NOW, words="已说明情况")
        assert case_of(case_id).called_at == NOW
        assert db.session.get_one(ContactRequest, key).handled_on == TODAY
        theme_case = case_factories.a_theme_case(place)
        error = refused(
            cases.call_back_made, theme_case, version=1, desk=STREET, now=NOW, words="打了"
        )
        assert error.code == "wrong_state"


def test_notes_are_for_everybody_who_sees_the_case_but_not_for_readers(app: Flask) -> None:
    with app.app_context():
        case_id = case_factories.a_theme_case(factories.place())
        cases.add_note(case_id, version=1, desk=OFFICE, now=NOW, words="请尽快")
        reader = Desk("audit", only_reads=True)
        error = refused(cases.add_note, case_id, version=2, desk=reader, now=NOW, words="看")
        assert error.status == 403
        assert version_of(case_id) == 2


@pytest.mark.parametrize("kind", ["theme", "call_backs"])
def test_two_who_open_at_once_make_one_case(each_app: Flask, kind: str) -> None:
    with each_app.app_context():
        place = factories.place()
        theme_id = case_factories.a_theme(place)
        case_factories.a_call_back(place)
    start, found = threading.Barrier(4), []

    def work() -> None:
        with each_app.app_context():
            start.wait()
            if kind == "theme":
                found.append(case_factories.a_theme_case(place, theme_id=theme_id))
            else:
                found.append(open_call_back_cases(NOW))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    with each_app.app_context():
        assert len(db.session.scalars(select(Case.id)).all()) == 1
    assert len(set(found)) == 1 if kind == "theme" else sorted(found) == [0, 0, 0, 1]


def test_the_command_opens_what_waits(app: Flask, runner: FlaskCliRunner) -> None:
    with app.app_context():
        place = factories.place()
        case_factories.a_call_back(place)
        case_factories.a_call_back(place)
    assert runner.invoke(args=["cases", "open"]).output == "2 cases opened\n"
    assert runner.invoke(args=["cases", "open"]).output == "0 cases opened\n"


def test_the_worker_opens_them_at_seven_in_china(app: Flask) -> None:
    with app.app_context():
        case_factories.a_call_back(factories.place())
        task = next(
            one for one in jobs.queue()._registry.periodic_tasks if one.name == "open_call_backs"
        )
        due = [hour for hour in range(24) if task.validate_datetime(NOW.replace(hour=hour))]
        assert due == [23]
        task.execute()
        assert len(db.session.scalars(select(Case.id)).all()) == 1
