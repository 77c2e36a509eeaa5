"""Taking an answer in: one row for one key, whatever happens, and nothing from a bad form."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event, func, select, text

from survey.database import transaction
from survey.errors import Refused
from survey.models import (
    Answer,
    Comment,
    IndicatorScore,
    Response,
    RollupPending,
    Stratum,
    Wave,
    db,
)
from survey.services import collect
from survey.services.fieldwork import close_wave
from tests import factories
from tests.factories import NOW, levels


def form(**fields: str) -> dict[str, list[str]]:
    """A posted form with a fresh key."""
    given = {"submission_key": secrets.token_urlsafe(16), **levels(5, 4, 3, 2, "dk"), **fields}
    return {name: [value] for name, value in given.items()}


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def send(code: str, posted: dict[str, list[str]], **changes: object) -> collect.Receipt:
    options = {"now": NOW, "language": "zh"} | changes
    return collect.submit(code, posted, **options)  # type: ignore[arg-type]


def test_everything_of_an_answer_is_stored_together(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        receipt = send(place.points[0], form(comment="路灯坏了", age_band="60+", sex="F"))

        response = db.session.scalars(select(Response)).one()
        assert receipt.is_new
        assert response.is_valid
        assert response.submitted_hour == NOW.replace(minute=0)
        assert db.session.get_one(Stratum, response.stratum_id).key == "age_band=60+|sex=F"
        assert count(Answer) == 7
        # 不了解 is an answer and no score.
        scores = db.session.scalars(select(IndicatorScore.score).order_by(IndicatorScore.score))
        assert list(scores) == [2500, 5000, 7500, 10000]
        pending = db.session.scalars(select(RollupPending)).one()
        assert (pending.response_id, pending.sign, pending.status) == (response.id, 1, "accepted")
        assert db.session.scalars(select(Comment.body)).one() == "路灯坏了"


def test_an_accepted_answer_is_one_commit(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        commits: list[str] = []
        event.listen(db.engine, "commit", lambda _connection: commits.append("commit"))
        send(place.points[0], form(comment="好"))
        assert commits == ["commit"]


def test_the_same_key_gives_the_same_receipt_and_one_row(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        posted = form()
        first = send(place.points[0], posted)
        again = send(place.points[0], posted | {"party": ["1"]})
        assert (again.code, again.is_new) == (first.code, False)
        assert count(Response) == 1
        assert count(RollupPending) == 1


def test_a_retry_after_the_wave_closed_still_gets_its_receipt(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        posted = form()
        first = send(place.points[0], posted)
        later = NOW + timedelta(days=60)
        assert send(place.points[0], posted, now=later).code == first.code
        with pytest.raises(collect.NotOpen):
            send(place.points[0], form(), now=later)
        assert count(Response) == 1


def test_two_requests_with_one_key_at_once_store_one_row(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        posted = form()
    receipts: list[str] = []
    failures: list[BaseException] = []
    start = threading.Barrier(8)

    def request() -> None:
        with each_app.app_context():
            try:
                start.wait()
                receipts.append(send(place.points[0], posted).code)
            except BaseException as error:
                failures.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=request) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set(receipts)) == 1
    with each_app.app_context():
        assert count(Response) == 1
        assert count(Answer) == 5


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"party": ["9"]}, "party"),
        ({"party": [""]}, "party"),
        ({"age_band": ["12-17"]}, "age_band"),
        ({"comment": ["好" * 2001]}, "comment"),
    ],
)
def test_a_wrong_answer_is_named_and_nothing_is_stored(
    app: Flask, changes: dict[str, list[str]], field: str
) -> None:
    with app.app_context():
        place = factories.place()
        with pytest.raises(collect.Incomplete) as caught:
            send(place.points[0], form() | changes)
        assert set(caught.value.fields) == {field}
        assert count(Response) == 0
        assert count(RollupPending) == 0


def test_a_missing_answer_is_named(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        posted = form()
        del posted["urban"]
        with pytest.raises(collect.Incomplete) as caught:
            send(place.points[0], posted)
        assert set(caught.value.fields) == {"urban"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"is_admin": ["1"]}, "unknown_fields"),
        ({"party": ["5", "1"]}, "unknown_fields"),
        ({"submission_key": ["short"]}, "no_submission_key"),
        ({"submission_key": []}, "no_submission_key"),
    ],
)
def test_a_form_that_our_page_did_not_make_is_refused(
    app: Flask, changes: dict[str, list[str]], code: str
) -> None:
    with app.app_context():
        place = factories.place()
        with pytest.raises(Refused) as caught:
            send(place.points[0], form() | changes)
        assert caught.value.code == code
        assert count(Response) == 0


def _retire() -> str:
    place = factories.place()
    return factories.point(street_id=place.street_ids[0], retired_at=NOW - timedelta(days=1))


def _without_wave() -> str:
    return factories.point(street_id=factories.street(district_id=factories.district()))


@pytest.mark.parametrize(
    ("make", "now", "code", "status"),
    [
        (lambda: "NOBODY", NOW, "unknown_code", 404),
        (_retire, NOW, "retired_code", 410),
        (_without_wave, NOW, "no_wave", 404),
        (lambda: factories.place(wave_status="draft").points[0], NOW, "not_open_yet", 403),
        (lambda: factories.place(wave_status="closed").points[0], NOW, "closed", 410),
        (lambda: factories.place().points[0], NOW - timedelta(days=90), "not_open_yet", 403),
        (lambda: factories.place().points[0], NOW + timedelta(days=90), "closed", 410),
    ],
)
def test_a_code_that_cannot_be_answered_says_why(
    app: Flask, make: Callable[[], str], now: object, code: str, status: int
) -> None:
    with app.app_context():
        with pytest.raises(collect.NotOpen) as caught:
            collect.open_survey(make(), now=now)  # type: ignore[arg-type]
        assert (caught.value.code, caught.value.status) == (code, status)


def test_a_code_is_found_as_people_type_it(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        code = factories.point(street_id=place.street_ids[0], code="A0B1V7")
        typed = collect.open_survey(" aob-iu7 ", now=NOW)
        assert typed.point.short_code == code


def test_personal_data_in_a_comment_is_gone_before_it_is_stored(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        send(place.points[0], form(comment="请打13812345678找我"))
        assert "13812345678" not in db.session.scalars(select(Comment.body)).one()


def test_a_wave_that_closes_between_look_and_send_takes_nothing(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        collect.open_survey(place.points[0], now=NOW)
        db.session.get_one(Wave, place.wave_id).status = "closed"
        db.session.commit()
        with pytest.raises(collect.NotOpen):
            send(place.points[0], form())
        assert count(Response) == 0


def _change_elsewhere(table: str, values: str) -> None:
    """A change by another process: nothing tells this one."""
    with db.engine.begin() as connection:
        connection.execute(text(f"UPDATE {table} SET {values}"))


def test_what_another_process_retired_is_shown_a_moment_longer_and_takes_nothing(
    each_app: Flask,
) -> None:
    with each_app.app_context():
        code = factories.place().points[0]
        collect.shown_survey(code, now=NOW)
        _change_elsewhere("collection_point", f"retired_at = '{NOW - timedelta(hours=1)}'")
        assert collect.shown_survey(code, now=NOW).point.short_code == code
        with pytest.raises(collect.NotOpen) as caught:
            send(code, form())
        assert caught.value.code == "retired_code"
        assert count(Response) == 0


def test_what_this_process_changed_is_shown_at_once(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        collect.shown_survey(place.points[0], now=NOW)
        with transaction() as session:
            session.get_one(Wave, place.wave_id).status = "closed"
        with pytest.raises(collect.NotOpen):
            collect.shown_survey(place.points[0], now=NOW)


def test_a_kept_survey_ends_when_its_wave_does(app: Flask) -> None:
    with app.app_context():
        code = factories.place().points[0]
        closes = collect.shown_survey(code, now=NOW).point.closes_at
        assert closes is not None
        with pytest.raises(collect.NotOpen):
            collect.shown_survey(code, now=closes)


def test_an_answer_counts_for_the_street_its_point_belongs_to_when_it_is_stored(
    each_app: Flask,
) -> None:
    with each_app.app_context():
        place = factories.place()
        code = place.points[0]
        assert collect.shown_survey(code, now=NOW).point.street_id == place.street_ids[0]
        _change_elsewhere("collection_point", f"street_id = {place.street_ids[1]}")
        send(code, form())
        assert db.session.scalars(select(Response.street_id)).one() == place.street_ids[1]


def test_threads_of_a_process_write_in_turn(app: Flask) -> None:
    with app.app_context():
        code = factories.place().points[0]
    failures: list[BaseException] = []

    def many() -> None:
        with app.app_context():
            try:
                for _time in range(5):
                    send(code, form())
            except BaseException as error:
                failures.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=many) for _ in range(8)]
    # Without turns SQLite would let most of them sleep for longer than this.
    with app.app_context():
        event.listen(db.engine, "begin", _never_waits)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with app.app_context():
        assert count(Response) == 40


def _never_waits(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA busy_timeout = 0")


def test_a_wave_that_closes_while_an_answer_is_stored_waits_for_it(
    each_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with each_app.app_context():
        code = factories.place().points[0]
    has_looked, closed = threading.Event(), threading.Event()
    waited: list[bool] = []
    insert = collect.insert_responses

    def insert_late(*rows: Any) -> list[int]:
        has_looked.set()
        # Long enough for a closing that does not wait.
        waited.append(not closed.wait(0.5))
        return insert(*rows)

    monkeypatch.setattr(collect, "insert_responses", insert_late)

    def close() -> None:
        has_looked.wait(5)
        with each_app.app_context():
            close_wave("2026q4", now=NOW)
            closed.set()
            db.session.remove()

    thread = threading.Thread(target=close)
    thread.start()
    with each_app.app_context():
        send(code, form())
        thread.join()
        assert waited == [True]
        assert closed.is_set()
        # So that the closing has counted it.
        assert count(RollupPending) == 0
        with pytest.raises(collect.NotOpen):
            send(code, form())


def test_a_transaction_inside_another_is_refused_and_takes_nothing_back(app: Flask) -> None:
    with app.app_context():
        place = factories.place()
        with transaction() as session:
            session.get_one(Wave, place.wave_id).name_en = "Changed"
            session.flush()
            with pytest.raises(RuntimeError, match="inside another"):
                send(place.points[0], form())
        assert db.session.get_one(Wave, place.wave_id).name_en == "Changed"
        assert send(place.points[0], form()).is_new
