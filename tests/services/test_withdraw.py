"""Withdrawing: the answer leaves every figure, its words go, a published wave stays as it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from survey.database import transaction
from survey.errors import Refused
from survey.models import (
    Answer,
    AuditEvent,
    Comment,
    Mention,
    Response,
    ResponseCube,
    RollupPending,
    Theme,
    Wave,
    db,
)
from survey.queries.draft import draft_evaluation
from survey.queries.resident import receipt_view
from survey.queries.themes import wave_themes
from survey.services import rollup, themes
from survey.services.evaluate import freeze, publish
from survey.services.responses import receipt_code, receipt_hash
from survey.services.withdraw import withdraw
from tests import factories
from tests.factories import NOW, Place, levels

CODE = "2026q4"
WORDS = (
    "垃圾桶满了三天没人清，夏天臭得开不了窗",
    "小区垃圾没有人清运，垃圾桶旁边堆成山",
    "垃圾清运不及时，垃圾桶总是满的，臭味很大",
    "希望每天清运垃圾，垃圾桶满了就没人管",
    "垃圾桶太少又没人清，垃圾扔了一地",
)


def answered(place: Place, *answers: dict[str, str]) -> list[str]:
    """The hashes of the receipts of these answers, which wait to be counted."""
    keys = [
        factories.response(wave_id=place.wave_id, point_code=place.points[0], answers=given)
        for given in answers
    ]
    return [receipt_hash(receipt_code(key)) for key in keys]


def in_cube(status: str = "accepted") -> int:
    query = select(func.sum(ResponseCube.n)).where(ResponseCube.status == status)
    return int(db.session.scalar(query) or 0)


def state(receipt: str) -> str:
    db.session.rollback()
    found = receipt_view(receipt)
    assert found is not None
    return found.counted_state


@pytest.mark.parametrize("counted_before", [True, False])
def test_the_answer_leaves_the_figures_whether_it_was_counted_or_not(
    each_app: Flask, counted_before: bool
) -> None:
    with each_app.app_context():
        place = factories.place()
        receipts = answered(place, *(levels(5, 4, 3, 2, 1) for _ in range(12)))
        if counted_before:
            rollup.fold_all(now=NOW)
        assert withdraw(receipts[3], now=NOW) is True
        rollup.fold_all(now=NOW)
        assert (in_cube(), in_cube("withdrawn")) == (11, 1)
        assert rollup.audit().differences == []
        rollup.rebuild(now=NOW)
        assert (in_cube(), in_cube("withdrawn")) == (11, 1)
        with transaction() as session:
            session.execute(update(Wave).values(status="closed"))
        assert draft_evaluation(CODE).streets[0].public.n == 11
        assert [state(one) for one in receipts[2:5]] == ["counted", "withdrawn", "counted"]


def test_an_answer_being_checked_can_be_withdrawn_too(each_app: Flask) -> None:
    with each_app.app_context():
        [receipt] = answered(factories.place(), levels(1, 1, 1, 1, 1))
        with transaction() as session:
            session.execute(update(Response).values(status="quarantined"))
            session.execute(update(RollupPending).values(status="quarantined"))
        rollup.fold_all(now=NOW)
        assert in_cube("quarantined") == 1
        assert withdraw(receipt, now=NOW) is True
        rollup.fold_all(now=NOW)
        assert (in_cube("quarantined"), in_cube("accepted"), in_cube("withdrawn")) == (0, 0, 1)


def test_twice_is_once(each_app: Flask) -> None:
    with each_app.app_context():
        [receipt, _other] = answered(factories.place(), *[levels(5, 4, 3, 2, 1)] * 2)
        assert [withdraw(receipt, now=NOW) for _ in range(3)] == [True, False, False]
        rollup.fold_all(now=NOW)
        assert in_cube() == 1
        assert db.session.scalar(select(func.count()).select_from(AuditEvent)) == 1


def test_words_and_mentions_are_deleted_and_integers_stay(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        given = [levels(3, 1, 3, 3, 3, comment=words) for words in WORDS]
        receipts = answered(place, *given)
        rollup.fold_all(now=NOW)
        themes.run_themes(CODE, now=NOW)
        [theme] = wave_themes(CODE)
        before = theme.mentions
        # The one whose words the theme is called by.
        called = next(n for n, words in enumerate(WORDS) if theme.label.rstrip("…") in words)
        assert withdraw(receipts[called], now=NOW) is True
        db.session.expire_all()
        [theme] = wave_themes(CODE)
        assert theme.mentions == before - 1
        assert db.session.scalar(select(func.count()).select_from(Comment)) == 4
        assert db.session.scalar(select(func.count()).select_from(Mention)) == before - 1
        everything = [
            *db.session.scalars(select(Comment.body)),
            *db.session.scalars(select(Theme.label)),
        ]
        assert not [text for text in everything if text.rstrip("…") in WORDS[called]]
        # What is left of it says which options were chosen, in integers.
        assert db.session.scalar(select(func.count()).select_from(Answer)) == 25


def test_a_word_withdrawn_between_look_and_store_stops_a_run_over_the_themes(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        place = factories.place()
        receipts = answered(place, *(levels(3, 1, 3, 3, 3, comment=words) for words in WORDS))
        look = themes._known_themes

        def withdraw_meanwhile(wave: Any, *, merged: bool) -> Any:
            withdraw(receipts[0], now=NOW)
            return look(wave, merged=merged)

        monkeypatch.setattr(themes, "_known_themes", withdraw_meanwhile)
        with pytest.raises(Refused) as refused:
            themes.run_themes(CODE, now=NOW)
        assert refused.value.code == "sorted_meanwhile"
        monkeypatch.undo()
        themes.run_themes(CODE, now=NOW)
        assert db.session.scalar(select(func.count()).select_from(Comment)) == 4


def test_once_on_public_notice_it_is_frozen(each_app: Flask) -> None:
    with each_app.app_context():
        (receipt,) = answered(factories.place(), levels(5, 4, 3, 2, 1))
        rollup.fold_all(now=NOW)
        with transaction() as session:
            session.execute(update(Wave).values(status="closed"))
        freeze(CODE, actor="eva", now=NOW)
        with pytest.raises(Refused) as refused:
            withdraw(receipt, now=NOW)
        assert (refused.value.code, refused.value.status) == ("frozen", 409)
        view = receipt_view(receipt)
        assert view is not None
        assert (view.is_frozen, view.can_be_withdrawn) == (True, False)


def test_once_published_it_is_frozen(each_app: Flask) -> None:
    with each_app.app_context():
        first, second = answered(factories.place(), *[levels(5, 4, 3, 2, 1)] * 2)
        withdraw(first, now=NOW)
        rollup.fold_all(now=NOW)
        with transaction() as session:
            session.execute(update(Wave).values(status="closed"))
        publish(CODE, actor="eva", now=NOW)
        with pytest.raises(Refused) as refused:
            withdraw(second, now=NOW)
        assert (refused.value.code, refused.value.status) == ("frozen", 409)
        assert state(second) == "counted"
        # What was withdrawn before may be asked for again: it is done.
        assert withdraw(first, now=NOW) is False


def test_an_unknown_receipt_withdraws_nothing(each_app: Flask) -> None:
    with each_app.app_context():
        answered(factories.place(), levels(5, 4, 3, 2, 1))
        with pytest.raises(Refused) as refused:
            withdraw(receipt_hash("0000000000"), now=NOW)
        assert refused.value.status == 404
        assert db.session.scalar(select(func.count()).select_from(AuditEvent)) == 0


def test_the_trail_knows_the_wave_and_the_hour_and_nothing_else(app: Flask) -> None:
    with app.app_context():
        [receipt] = answered(factories.place(), levels(5, 4, 3, 2, 1))
        withdraw(receipt, now=NOW + timedelta(minutes=37, seconds=12))
        event = db.session.scalars(select(AuditEvent)).one()
        assert (event.actor, event.action, event.subject) == ("resident", "withdraw", "wave 2026q4")
        assert event.detail == {}
        assert event.at == NOW


def together(app: Flask, *work: Callable[[], object]) -> list[BaseException]:
    """Run these at the same time, each in a context of its own; what they raised."""
    failures: list[BaseException] = []

    def run(one: Callable[[], object]) -> None:
        with app.app_context():
            try:
                one()
            except BaseException as error:
                failures.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_withdrawals_while_workers_fold_count_exactly(each_app: Flask) -> None:
    with each_app.app_context():
        receipts = answered(factories.place(), *[levels(5, 4, 3, 2, 1)] * 24)
    stop = threading.Event()

    def fold() -> None:
        while not stop.is_set():
            rollup.fold(now=NOW, batch=5)
            # SQLite's lock is not fair: who asks without a pause keeps it.
            time.sleep(0.01)

    def take_back(mine: list[str]) -> None:
        for receipt in mine:
            withdraw(receipt, now=NOW)
            time.sleep(0.005)

    def all_back() -> None:
        # The middle ones are withdrawn by two at once.
        failures.extend(
            together(each_app, lambda: take_back(receipts[:8]), lambda: take_back(receipts[4:12]))
        )
        stop.set()

    failures: list[BaseException] = []
    assert together(each_app, fold, fold, all_back) + failures == []
    with each_app.app_context():
        rollup.fold_all(now=NOW)
        assert (in_cube(), in_cube("withdrawn")) == (12, 12)
        assert rollup.audit().differences == []


def test_withdrawing_while_it_is_published_is_before_or_after_and_never_between(
    each_app: Flask,
) -> None:
    with each_app.app_context():
        receipts = answered(factories.place(), *[levels(5, 4, 3, 2, 1)] * 14)
        rollup.fold_all(now=NOW)
        with transaction() as session:
            session.execute(update(Wave).values(status="closed"))
    done: list[str] = []
    refused: set[str] = set()

    def take_back() -> None:
        for receipt in receipts:
            try:
                withdraw(receipt, now=NOW)
            except Refused as error:
                refused.add(error.code)
                return
            done.append(receipt)
            rollup.fold_all(now=NOW)

    published: list[int] = []

    def release() -> None:
        while True:
            try:
                made = publish(CODE, actor="eva", now=NOW)
            except Refused as error:
                refused.add(error.code)
            else:
                published.append(made.streets[0].public.n)
                return

    assert together(each_app, take_back, release) == []
    with each_app.app_context():
        # Every withdrawal that was accepted is in what was published, and no other.
        assert published == [14 - len(done)]
        assert refused <= {"frozen", "answers_waiting"}
        assert in_cube() == 14 - len(done)
        assert rollup.audit().differences == []
