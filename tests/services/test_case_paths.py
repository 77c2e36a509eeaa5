"""Ways of a case: passed on, departments called together, escalated, out of remit."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from survey.case_remit_reasons import REASONS, say_remit_reason
from survey.desk import Desk
from survey.errors import Refused
from survey.models import AuditEvent, Case, CaseCall, CaseEvent, MailMessage, ThemePeriod, db
from survey.queries.case_paths import CasePaths, case_paths, duty_proposal
from survey.queries.cases import case_events, case_view
from survey.services import access, audit, cases, mail_wish
from survey.services import duties as duty_list
from survey.services.case_calls import call_departments, came
from survey.services.case_paths import escalate, pass_on
from survey.services.case_remit import ask_out_of_remit, decide_out_of_remit
from tests import factories
from tests.case_factories import a_comment_case, a_theme_case, department, version_of
from tests.factories import NOW, Place

STREET = Desk("clerk", street_code="s1")
OTHER_STREET = Desk("clerk2", street_code="s2")
URBAN = Desk("urban", department_code="urban")
POLICE = Desk("police", department_code="police")
EVALUATOR = Desk("eva", is_evaluator=True)
AUDITOR = Desk("audit", only_reads=True)
DAY = timedelta(days=1)


def an_office() -> Place:
    """Two streets, two departments, and a duty list that names one of them for parking."""
    place = factories.place()
    department(district_id=place.district_id)
    department(district_id=place.district_id, code="police")
    for code, terms, responsible in (("P1", "停车; 车位", "urban"), ("L1", "路灯", "street")):
        cells = {
            "code": code, "indicator": "urban", "name_zh": "停车管理", "name_en": "Parking",
            "terms": terms, "responsible": responsible, "department_zh": "", "department_en": "",
            "has_means": "yes", "source": "", "retired": "",
        }  # fmt: skip
        duty_list.add_duty(cells, actor="eva", now=NOW)
    return place


def an_accepted_case(place: Place) -> int:
    case_id = a_comment_case(place)
    cases.accept(case_id, version=version_of(case_id), desk=STREET, now=NOW)
    return case_id


def the_case(case_id: int) -> Case:
    db.session.rollback()
    return db.session.get_one(Case, case_id)


def hand_on(case_id: int, *, to: str | None, desk: Desk, words: str = "", at: int = 0) -> None:
    pass_on(
        case_id,
        department_code=to,
        version=version_of(case_id),
        desk=desk,
        words=words,
        now=NOW + at * DAY,
    )


def seen(case_id: int, desk: Desk, *, at: int = 0) -> CasePaths:
    db.session.rollback()
    found = case_view(case_id, desk)
    return case_paths(
        found,
        case_events(case_id),
        proposal=duty_proposal(case_id),
        desk=desk,
        today=NOW.date() + at * DAY,
    )


def refusal(act: object, *args: object, **more: object) -> tuple[str, int]:
    with pytest.raises(Refused) as refused:
        act(*args, **more)  # type: ignore[operator]
    return refused.value.code, refused.value.status


def test_a_pass_changes_the_holder_and_never_the_clock(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = a_theme_case(an_office())
        cases.accept(case_id, version=version_of(case_id), desk=STREET, now=NOW)
        due = NOW.date() + timedelta(days=30)
        cases.plan(
            case_id, version=version_of(case_id), desk=STREET, now=NOW, words="划线", due_on=due
        )
        before = the_case(case_id)
        clock = (before.opened_at, before.reply_due_on, before.accepted_at, before.plan_due_on)
        assert seen(case_id, STREET).chosen == "urban"
        hand_on(case_id, to="urban", desk=STREET, at=2)  # as the duty list proposes: no words
        after = the_case(case_id)
        assert after.state == "received"
        assert (after.opened_at, after.reply_due_on, after.accepted_at, after.plan_due_on) == clock
        # What the street promised still counts for the theme.
        assert (
            db.session.scalars(select(ThemePeriod.state).order_by(ThemePeriod.id)).first() == "plan"
        )
        assert refusal(hand_on, case_id, to="police", desk=STREET)[0] == "not_the_holder"
        cases.accept(case_id, version=version_of(case_id), desk=URBAN, now=NOW + 3 * DAY)
        assert the_case(case_id).accepted_at == NOW
        hand_on(case_id, to=None, desk=URBAN, words="路面归街道", at=5)
        holds = seen(case_id, STREET).holds
        assert [one.name[0] for one in holds] == ["s1街道", "urban局", "s1街道"]
        assert [one.days(NOW + 9 * DAY) for one in holds] == [2, 3, 4]
        assert audit.verify() == ()


def test_words_are_needed_against_the_duty_list(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = a_theme_case(an_office())
        assert refusal(hand_on, case_id, to="police", desk=STREET) == ("words_needed", 422)
        assert refusal(hand_on, case_id, to="nobody", desk=STREET)[0] == "unknown_department"
        assert refusal(hand_on, case_id, to=None, desk=STREET) == ("same_holder", 409)
        number = "请联系 13800138000"
        assert refusal(hand_on, case_id, to="police", desk=STREET, words=number) == (
            "looks_personal",
            422,
        )
        hand_on(case_id, to="police", desk=STREET, words="占道停车")
        assert refusal(hand_on, case_id, to=None, desk=POLICE) == ("words_needed", 422)


def test_who_sees_it_not_or_only_reads_passes_nothing(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = a_theme_case(an_office())
        assert refusal(hand_on, case_id, to="urban", desk=OTHER_STREET) == ("unknown_case", 404)
        assert refusal(hand_on, case_id, to="urban", desk=URBAN) == ("unknown_case", 404)
        assert refusal(hand_on, case_id, to="urban", desk=AUDITOR) == ("only_reads", 403)
        hand_on(case_id, to="urban", desk=EVALUATOR)
        assert the_case(case_id).department_id is not None


def test_a_case_of_the_district_has_no_street_to_go_back_to(each_app: Flask) -> None:
    with each_app.app_context():
        an_office_ = an_office()
        case_id = a_theme_case(an_office_, street_code=None, department_code="urban")
        assert refusal(hand_on, case_id, to=None, desk=URBAN, words="x") == ("no_street", 422)
        hand_on(case_id, to="police", desk=URBAN, words="占道")
        assert seen(case_id, POLICE).case.is_held


def test_of_two_who_pass_at_once_one_is_told(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = a_theme_case(an_office())
        version = version_of(case_id)
    start, told = threading.Barrier(2), []

    def hand(code: str) -> None:
        with each_app.app_context():
            start.wait()
            try:
                pass_on(
                    case_id,
                    department_code=code,
                    version=version,
                    desk=STREET,
                    words="转办",
                    now=NOW,
                )
                told.append("passed")
            except Refused as refused:
                told.append(refused.code)

    threads = [threading.Thread(target=hand, args=(code,)) for code in ("urban", "police")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # The second hears that it is no longer the holder.
    assert sorted(told) in (["not_the_holder", "passed"], ["changed_meanwhile", "passed"])
    with each_app.app_context():
        events = db.session.scalars(select(CaseEvent).where(CaseEvent.action == "passed")).all()
        assert len(events) == 1


def call(
    case_id: int, *codes: str, desk: Desk = STREET, words: str = "请到现场", at: int = 0
) -> date:
    return call_departments(
        case_id,
        department_codes=codes,
        version=version_of(case_id),
        desk=desk,
        words=words,
        now=NOW + at * DAY,
    )


def test_a_street_calls_departments_and_keeps_the_case(each_app: Flask) -> None:
    with each_app.app_context():
        place = an_office()
        untouched = a_theme_case(place)
        assert refusal(call, untouched, "urban") == ("wrong_state", 409)
        case_id = an_accepted_case(place)
        assert call(case_id, "urban", "police") == date(2026, 11, 26)
        assert seen(case_id, STREET).case.is_held
        assert refusal(call, case_id, "urban") == ("called_already", 409)
        assert refusal(call, case_id) == ("department_needed", 422)
        assert refusal(call, case_id, "urban", desk=EVALUATOR) == ("not_the_street", 403)
        assert refusal(call, case_id, "urban", desk=OTHER_STREET) == ("unknown_case", 404)
        mine = seen(case_id, URBAN).open_call
        assert mine is not None
        assert not mine.is_late(date(2026, 11, 26))
        assert mine.is_late(date(2026, 11, 27))
        assert refusal(came, mine.id, desk=POLICE, answer="x", now=NOW) == ("not_called", 403)
        assert refusal(came, 99, desk=URBAN, answer="x", now=NOW) == ("unknown_call", 404)
        assert refusal(came, mine.id, desk=URBAN, answer=" ", now=NOW) == ("words_needed", 422)
        assert came(mine.id, desk=URBAN, answer="已到场", now=NOW + 5 * DAY) == case_id
        assert refusal(came, mine.id, desk=URBAN, answer="x", now=NOW)[0] == "came_already"
        late = seen(case_id, STREET, at=5)
        assert [one.is_late(late.today) for one in late.calls] == [True, True]
        assert late.has_late_call
        assert late.case.is_held
        # Called once more, now that it came.
        call(case_id, "urban", at=6)
        assert len(db.session.scalars(select(CaseCall)).all()) == 3


def up(case_id: int, desk: Desk, words: str = "", *, at: int = 0) -> None:
    escalate(case_id, version=version_of(case_id), desk=desk, words=words, now=NOW + at * DAY)


def test_words_or_something_overdue_bring_a_case_to_the_leading_group(each_app: Flask) -> None:
    with each_app.app_context():
        place = an_office()
        case_id = an_accepted_case(place)
        assert refusal(up, case_id, STREET) == ("words_needed", 422)
        assert refusal(up, case_id, EVALUATOR, "x") == ("not_the_holder", 403)
        call(case_id, "police")
        assert refusal(up, case_id, STREET, at=2) == ("words_needed", 422)
        up(case_id, STREET, at=3)  # the police did not come
        assert seen(case_id, EVALUATOR).case.escalated_at == NOW + 3 * DAY
        assert refusal(up, case_id, STREET, "again", at=4) == ("escalated_already", 409)
        # The leading group answers: it stays where it is, with words, and can be brought again.
        assert refusal(hand_on, case_id, to=None, desk=EVALUATOR) == ("words_needed", 422)
        hand_on(case_id, to=None, desk=EVALUATOR, words="街道牵头", at=5)
        assert the_case(case_id).escalated_at is None
        assert the_case(case_id).state == "accepted"
        up(case_id, STREET, at=40)  # the answer is overdue
        hand_on(case_id, to="police", desk=EVALUATOR, words="交警牵头", at=41)
        assert seen(case_id, POLICE).case.is_held
        up(case_id, STREET, "交警没有动作", at=42)  # the street, for a case that is passed
        actions = db.session.scalars(select(AuditEvent.action)).all()
        assert actions.count("case_escalated") == 3


def ask(case_id: int, *, reason: str = "outside", named: str = "", desk: Desk = STREET) -> None:
    ask_out_of_remit(
        case_id,
        reason=reason,
        named=named,
        version=version_of(case_id),
        desk=desk,
        words="不在辖区",
        now=NOW,
    )


def decide(case_id: int, *, agreed: bool, desk: Desk = EVALUATOR, words: str = "") -> None:
    decide_out_of_remit(
        case_id, agreed=agreed, version=version_of(case_id), desk=desk, words=words, now=NOW
    )


def test_only_another_account_of_the_evaluation_office_decides(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = an_accepted_case(an_office())
        assert refusal(decide, case_id, agreed=True) == ("wrong_state", 409)
        ask(case_id)
        assert the_case(case_id).state == "out_of_remit_asked"
        assert the_case(case_id).settled_at is None
        assert refusal(ask, case_id) == ("wrong_state", 409)
        assert refusal(decide, case_id, agreed=True, desk=STREET)[0] == "not_the_evaluator"
        same = Desk("clerk", is_evaluator=True)
        assert refusal(decide, case_id, agreed=True, desk=same) == ("same_account", 403)
        assert refusal(decide, case_id, agreed=False) == ("words_needed", 422)
        cases.add_note(case_id, version=version_of(case_id), desk=STREET, now=NOW, words="补充材料")
        decide(case_id, agreed=False, words="就在辖区内")
        assert the_case(case_id).state == "accepted"
        ask(case_id)
        decide(case_id, agreed=True)
        settled = the_case(case_id)
        assert (settled.state, settled.settled_at) == ("out_of_remit", NOW)
        assert refusal(hand_on, case_id, to="urban", desk=EVALUATOR, words="x")[0] == "wrong_state"
        assert refusal(call, case_id, "urban")[0] == "wrong_state"


def test_what_is_out_of_remit_promises_nothing_and_counts_as_solved_nowhere(
    each_app: Flask,
) -> None:
    with each_app.app_context():
        case_id = a_theme_case(an_office())
        cases.accept(case_id, version=version_of(case_id), desk=STREET, now=NOW)
        due = NOW.date() + timedelta(days=30)
        cases.plan(
            case_id, version=version_of(case_id), desk=STREET, now=NOW, words="划线", due_on=due
        )
        ask(case_id)
        decide(case_id, agreed=True)
        db.session.rollback()
        row = db.session.scalars(select(ThemePeriod).order_by(ThemePeriod.id)).first()
        assert row is not None
        assert (row.state, row.solved, row.reasked) == ("none", 0, 0)


@pytest.mark.parametrize(
    ("reason", "named", "code"),
    [
        ("because", "", "unknown_reason"),
        ("duty", "", "unknown_duty"),
        ("duty", "X9", "unknown_duty"),
        ("duty", "L1", "own_duty"),
        ("same", "", "unknown_other_case"),
        ("same", "1", "unknown_other_case"),
        ("same", "99999999999999999999", "unknown_other_case"),
        ("same", "２", "unknown_other_case"),
    ],
)
def test_a_reason_is_from_the_list_and_names_what_it_rests_on(
    app: Flask, reason: str, named: str, code: str
) -> None:
    with app.app_context():
        case_id = an_accepted_case(an_office())
        assert refusal(ask, case_id, reason=reason, named=named) == (code, 422)


def test_a_reason_is_kept_with_what_it_names(app: Flask) -> None:
    with app.app_context():
        place = an_office()
        first, second = an_accepted_case(place), an_accepted_case(place)
        ask(first, reason="duty", named="P1")
        ask(second, reason="same", named=f"#{first}")
        asked = seen(second, EVALUATOR).asked
        assert asked is not None
        assert say_remit_reason(asked.reason) == f"It is the same as case {first}"
        assert "P1" in say_remit_reason("duty:P1")
        assert all(say_remit_reason(code) != code for code in REASONS)


def test_mail_tells_whom_it_concerns_and_no_words(app: Flask) -> None:
    app.config["MAIL_URL"] = "smtp://127.0.0.1:1"
    with app.app_context():
        place = an_office()
        for name, role, code in (
            ("urban", "department", "urban"),
            ("police", "department", "police"),
            ("clerk", "street", None),
            ("eva", "evaluator", None),
        ):
            access.create_account(
                name,
                "correct horse battery",
                [role],
                street_code="s1" if role == "street" else None,
                department_code=code,
                now=NOW,
            )
            mail_wish.set_mail(name, address=f"{name}@example.org", wants_mail=True, now=NOW)
        case_id = an_accepted_case(place)
        call(case_id, "urban", "police", words="秘密的话")
        up(case_id, STREET, "很急")
        ask(case_id)
        decide(case_id, agreed=False, words="是街道的")
        hand_on(case_id, to="urban", desk=EVALUATOR, words="交给城管")
        db.session.rollback()
        rows = db.session.scalars(select(MailMessage).order_by(MailMessage.id)).all()
        assert [row.kind for row in rows] == [
            "departments_called",
            "departments_called",
            "case_escalated",
            "out_of_remit_asked",
            "case_passed",
        ]
        assert all("秘密" not in str(row.params) for row in rows)
