"""Mail: written with its cause, sent by the worker, tried again, given up at last."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from survey.config import SettingError, load_settings
from survey.database import transaction
from survey.desk import Desk
from survey.errors import Refused
from survey.mail_words import PROBLEMS, SUBJECTS, say_problem, worded
from survey.models import (
    Account,
    AuditEvent,
    Case,
    CaseCall,
    District,
    MailMessage,
    Street,
    db,
)
from survey.queries.mail import due_by_holder, mail_state
from survey.services import access, mail, mail_digest, mail_wish
from tests import factories
from tests.case_factories import department
from tests.factories import NOW
from tests.mail_server import MailServer

MONDAY = datetime(2026, 11, 23, 0, 0)  # eight in the morning in China
PASSWORD = "correct horse battery"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


def office(app: Flask, server: MailServer) -> None:
    """Two streets, and accounts that want mail."""
    app.config["MAIL_URL"] = server.url
    app.config["BASE_URL"] = "https://pj.example.gov.cn"
    factories.place()
    for name, street, language in (("clerk", "s1", "zh"), ("other", "s2", "en")):
        access.create_account(
            name, PASSWORD, ["street"], street_code=street, language=language, now=NOW
        )
        mail_wish.set_mail(name, address=f"{name}@example.org", wants_mail=True, now=NOW)
    access.create_account("eva", PASSWORD, ["evaluator"], language="en", now=NOW)


def write_one(*, street: str = "s1", username: str = "", at: datetime = NOW) -> int:
    with transaction() as session:
        return mail.write(
            session,
            kind="case_passed",
            params={"case": 12, "street": ("一号街道", "First Street")},
            now=at,
            desk=Desk(username, street_code=street),
        )


def the_message() -> MailMessage:
    db.session.rollback()
    return db.session.scalars(select(MailMessage)).one()


def test_a_message_goes_out_in_the_language_of_its_account(
    each_app: Flask, server: MailServer
) -> None:
    with each_app.app_context():
        office(each_app, server)
        assert write_one() == 1
        assert write_one(street="s2") == 1
        assert mail.send_due(now=NOW) == (2, 0)
        assert mail.send_due(now=NOW + timedelta(days=2)) == (0, 0)
    chinese, english = server.taken
    assert chinese["To"] == "clerk@example.org"
    assert chinese["From"] == "jieping@pj.example.gov.cn"
    assert chinese["Auto-Submitted"] == "auto-generated"
    assert english["Subject"] == "Case 12 was passed to you"
    said = english.get_content()
    assert "First Street" in said
    assert "https://pj.example.gov.cn/office/cases/12" in said
    assert "一号街道" in chinese.get_content()


def test_nobody_is_mailed_who_does_not_want_it_or_acts_himself(
    app: Flask, server: MailServer
) -> None:
    with app.app_context():
        office(app, server)
        assert write_one(username="clerk") == 0
        mail_wish.set_mail("clerk", address="clerk@example.org", wants_mail=False, now=NOW)
        assert write_one() == 0
        with transaction() as session:
            assert not mail.write(session, kind="due_soon", params={}, now=NOW, desk=Desk("x"))


def test_without_a_server_nothing_is_written(app: Flask, server: MailServer) -> None:
    with app.app_context():
        office(app, server)
        app.config["MAIL_URL"] = ""
        assert write_one() == 0
        assert mail.send_due(now=NOW) == (0, 0)
        with pytest.raises(Refused, match="sends no mail"):
            mail_wish.send_test("clerk", now=NOW)


def test_a_message_stands_or_falls_with_its_cause(app: Flask, server: MailServer) -> None:
    with app.app_context():
        office(app, server)
        with pytest.raises(RuntimeError, match="the act failed"):
            _fail_after_writing()
        assert db.session.scalars(select(MailMessage)).all() == []


def _fail_after_writing() -> None:
    desk = Desk("", street_code="s1")
    with transaction() as session:
        mail.write(session, kind="case_passed", params={"case": 1}, now=NOW, desk=desk)
        raise RuntimeError("the act failed")


def test_a_refused_message_is_tried_again_and_given_up(each_app: Flask, server: MailServer) -> None:
    server.set_mood("refuses")
    with each_app.app_context():
        office(each_app, server)
        write_one()
        at, tries = NOW, []
        for pause in (*mail.PAUSES, timedelta(days=9)):
            assert mail.send_due(now=at - timedelta(seconds=1)) == (0, 0)
            assert mail.send_due(now=at) == (0, 1)
            tries.append(the_message().tries)
            at += pause
        assert tries == [1, 2, 3, 4, 5, 6]
        assert the_message().given_up_at is not None
        assert the_message().problem == "recipient_refused 550"
        assert mail.send_due(now=at) == (0, 0)
        state = mail_state()
        assert (state.waiting, state.sent, state.given_up) == (0, 0, 1)
        assert state.failed[0].username == "clerk"
        assert mail.try_again(now=at) == 1
        server.set_mood("takes")
        assert mail.send_due(now=at) == (1, 0)
        assert the_message().sent_at == at


def test_a_server_that_hangs_costs_one_time_limit_and_no_message(
    app: Flask, server: MailServer
) -> None:
    server.set_mood("hangs")
    with app.app_context():
        office(app, server)
        write_one()
        write_one(street="s2", at=NOW + timedelta(seconds=1))
        started = time.monotonic()
        assert mail.send_due(now=NOW + timedelta(seconds=2), seconds=0.4) == (0, 1)
        assert time.monotonic() - started < 5
        db.session.rollback()
        first, second = db.session.scalars(select(MailMessage).order_by(MailMessage.id))
        assert (first.tries, first.problem, second.tries) == (1, "timeout", 0)
        server.set_mood("takes")
        assert mail.send_due(now=NOW + timedelta(minutes=2)) == (2, 0)
    assert len(server.taken) == 2


@pytest.mark.parametrize(
    ("mood", "url", "problem"),
    [
        ("breaks_off", "smtp://127.0.0.1:{port}", "hung_up"),
        ("refuses_sign_in", "smtp://me:secret@127.0.0.1:{port}", "sign_in_refused 535"),
        ("takes", "smtp+starttls://me:secret@127.0.0.1:{port}", "not_encrypted"),
        ("takes", "smtps://me:secret@127.0.0.1:{port}", "certificate"),
        ("takes", "smtp://127.0.0.1:1", "no_connection"),
    ],
)
def test_what_went_wrong_is_kept_as_a_code(
    app: Flask, server: MailServer, mood: str, url: str, problem: str
) -> None:
    server.set_mood(mood)
    with app.app_context():
        office(app, server)
        app.config["MAIL_URL"] = url.format(port=server.port)
        write_one()
        assert mail.send_due(now=NOW, seconds=2) == (0, 1)
        assert the_message().problem == problem
        assert say_problem(problem).startswith(str(PROBLEMS[problem.split()[0]]))
    # A password only ever goes where it is read by the server alone.
    assert bool(server.signed_in) is (mood == "refuses_sign_in")
    assert server.taken == []


def test_who_wants_none_any_more_gets_none(app: Flask, server: MailServer) -> None:
    with app.app_context():
        office(app, server)
        write_one()
        mail_wish.set_mail("clerk", address="", wants_mail=False, now=NOW)
        assert mail.send_due(now=NOW) == (0, 1)
        assert the_message().given_up_at == NOW
        assert server.taken == []
        assert mail.forget_mail(now=NOW + timedelta(days=60)) == 0
        assert mail.forget_mail(now=NOW + timedelta(days=100)) == 1


def test_addresses_are_checked_and_not_in_the_trail(app: Flask, server: MailServer) -> None:
    with app.app_context():
        office(app, server)
        for typed, wants, code in (
            ("nobody", True, "bad_address"),
            ("", True, "address_needed"),
            ("other@example.org", True, "address_taken"),
            ("a@example.org\nBcc: b@example.org", True, "bad_address"),
        ):
            with pytest.raises(Refused) as refused:
                mail_wish.set_mail("clerk", address=typed, wants_mail=wants, now=NOW)
            assert refused.value.code == code
        events = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "set_mail")).all()
        assert len(events) == 2
        assert not any("@" in str(event.detail) + event.subject for event in events)


def test_a_test_message_is_sent_to_who_asks(app: Flask, server: MailServer) -> None:
    with app.app_context():
        office(app, server)
        mail_wish.set_mail("other", address="other@example.org", wants_mail=False, now=NOW)
        mail_wish.send_test("other", now=NOW)
        assert mail.send_due(now=NOW) == (1, 0)
    assert server.taken[0]["Subject"] == "Mail from Jieping arrives"


def a_case(*, street_id: int, **more: object) -> None:
    with transaction() as session:
        street = {"district_id": 1, "origin": "comment", "state": "accepted", "version": 0}
        session.add(
            Case(
                **street,
                street_id=street_id,
                said_on=MONDAY.date(),
                opened_at=MONDAY,
                **more,
            )
        )


def test_the_digest_counts_what_is_unmet_once_a_working_day(
    each_app: Flask, server: MailServer
) -> None:
    with each_app.app_context():
        office(each_app, server)
        mail_wish.set_mail("eva", address="eva@example.org", wants_mail=True, now=NOW)
        first = db.session.scalars(
            select(Account.street_id).where(Account.username == "clerk")
        ).one()
        today = MONDAY.date()
        before = today - timedelta(days=1)
        a_case(street_id=first, reply_due_on=today)
        a_case(street_id=first, reply_due_on=today, call_due_on=before)
        a_case(street_id=first, reply_due_on=before, replied_at=MONDAY)
        a_case(street_id=first, reply_due_on=before, settled_at=MONDAY)
        a_case(street_id=first, reply_due_on=today + timedelta(days=1))
        found = due_by_holder(today)
        assert {key: (one.due, one.overdue) for key, one in found.items()} == {
            (first, None): (1, 1)
        }
        assert mail_digest.write_digests(now=MONDAY - timedelta(days=1)) == 0  # a Sunday
        assert mail_digest.write_digests(now=MONDAY) == 2
        assert mail_digest.write_digests(now=MONDAY + timedelta(hours=1)) == 0
        assert mail_digest.write_digests(now=MONDAY + timedelta(days=1)) == 2
        mail.send_due(now=MONDAY)
    told = {one["To"]: one.get_content() for one in server.taken}
    assert set(told) == {"clerk@example.org", "eva@example.org"}
    assert "1 case is due today." in told["eva@example.org"]
    assert "1 case is overdue." in told["eva@example.org"]


def test_nobody_gets_mail_about_a_case_of_the_desk_they_left(
    each_app: Flask, server: MailServer
) -> None:
    with each_app.app_context():
        office(each_app, server)
        street_id = db.session.scalar(select(Account.street_id).where(Account.username == "clerk"))
        for _turn in range(2):
            a_case(street_id=street_id)
        first, second = db.session.scalars(select(Case.id).order_by(Case.id)).all()
        desk = Desk("", street_code="s1")
        with transaction() as session:
            for case_id, when in ((first, NOW), (second, NOW + timedelta(hours=1))):
                params = {"case": case_id, "street": ("一号街道", "First Street")}
                mail.write(session, kind="case_passed", params=params, now=when, desk=desk)
        assert mail.send_due(now=NOW) == (1, 0)
        with transaction() as session:
            clerk = session.scalars(select(Account).where(Account.username == "clerk")).one()
            clerk.street_id = session.scalar(select(Street.id).where(Street.code == "s2"))
        assert mail.send_due(now=NOW + timedelta(hours=2)) == (0, 1)
        db.session.rollback()
        left = db.session.scalars(select(MailMessage).where(MailMessage.sent_at.is_(None))).one()
        assert left.given_up_at is not None
    assert len(server.taken) == 1


def test_two_workers_at_once_write_one_digest(each_app: Flask, server: MailServer) -> None:
    with each_app.app_context():
        office(each_app, server)
        street_id = db.session.scalar(select(Account.street_id).where(Account.username == "clerk"))
        a_case(street_id=street_id, reply_due_on=MONDAY.date())
        db.session.commit()
    start, written = threading.Barrier(2), []

    def work() -> None:
        with each_app.app_context():
            start.wait()
            written.append(mail_digest.write_digests(now=MONDAY))

    threads = [threading.Thread(target=work) for _turn in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(written) == [0, 1]


def test_a_department_hears_of_its_cases_in_all_streets_and_the_office_of_late_calls(
    app: Flask, server: MailServer
) -> None:
    with app.app_context():
        office(app, server)
        place_id = db.session.scalars(select(District.id)).one()
        held_by = department(district_id=place_id)
        access.create_account(
            "urban", PASSWORD, ["department"], department_code="urban", language="en", now=NOW
        )
        for name in ("urban", "eva"):
            mail_wish.set_mail(name, address=f"{name}@example.org", wants_mail=True, now=NOW)
        before = MONDAY.date() - timedelta(days=1)
        for street_id in db.session.scalars(select(Street.id)).all():
            a_case(street_id=street_id, department_id=held_by, reply_due_on=before)
        with transaction() as session:
            session.add(
                CaseCall(case_id=1, department_id=held_by, called_at=NOW, due_on=before, words="来")
            )
        assert mail_digest.write_digests(now=MONDAY) == 2
        mail.send_due(now=MONDAY)
    told = {one["To"]: one.get_content() for one in server.taken}
    assert "2 cases are overdue." in told["urban@example.org"]
    assert "1 call to a department is late." in told["eva@example.org"]
    assert "来" not in told["eva@example.org"]


def test_every_kind_has_its_words(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        for kind in SUBJECTS:
            subject, body = worded(kind, {"case": 7}, base_url="https://x.example")
            assert "%(" not in subject + body
            assert "https://x.example/office/account" in body


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MAIL_URL", "http://mail.example.org", "must be smtp://"),
        ("MAIL_URL", "smtps://", "and a host"),
        ("MAIL_URL", "smtp://me:secret@mail.example.org", "readable to all"),
        ("MAIL_URL", "smtps://mail.example.org:99999", "port"),
        ("MAIL_FROM", "not an address", "must be an address"),
    ],
)
def test_wrong_mail_settings_stop_the_start(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingError, match=said) as error:
        load_settings({f"JIEPING_{name}": value})
    assert "secret" not in str(error.value)
