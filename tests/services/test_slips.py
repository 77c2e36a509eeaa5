"""One-time slips: one answer each, whatever happens at once, and a ledger that knows no more."""

from __future__ import annotations

import secrets
import threading
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from survey.database import transaction
from survey.errors import Refused
from survey.models import CollectionPoint, Response, Slip, SpentSlip, Wave, db, table_of
from survey.queries.slips import invited, slip_hashes, slip_ledger, slip_sheet
from survey.services import collect, fieldwork, slips
from tests import factories
from tests.factories import NOW, levels

TODAY = date(2026, 11, 24)


def form(**fields: str) -> dict[str, list[str]]:
    """A posted form with a fresh key."""
    given = {"submission_key": secrets.token_urlsafe(16), **levels(5, 4, 3, 2, "dk"), **fields}
    return {name: [value] for name, value in given.items()}


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def send(code: str, posted: dict[str, list[str]], **changes: object) -> collect.Receipt:
    options = {"now": NOW, "language": "zh"} | changes
    return collect.submit(code, posted, **options)  # type: ignore[arg-type]


def printed(many: int = 3, *, batch: str = "B1", wave: str = "2026q4") -> tuple[str, ...]:
    """A place with a point for slips and a printed batch; the codes."""
    if db.session.scalar(select(Wave.id).where(Wave.code == wave)) is None:
        place = factories.place()
        factories.point(street_id=place.street_ids[0], channel="slip", code="BD0001")
    codes = slips.draw_slip_codes(many)
    slips.record_batch(codes, wave=wave, point="BD0001", batch=batch, on=TODAY)
    return codes


def test_a_slip_is_good_for_one_answer(each_app: Flask) -> None:
    with each_app.app_context():
        first, second, _third = printed()
        posted = form()
        receipt = send(first, posted)
        response = db.session.scalars(select(Response)).one()
        point = db.session.scalar(
            select(CollectionPoint.id).where(CollectionPoint.short_code == "BD0001")
        )
        assert (response.channel, response.collection_point_id) == ("slip", point)
        with pytest.raises(collect.NotOpen) as caught:
            send(first, form())
        assert (caught.value.code, caught.value.status) == ("slip_spent", 409)
        # A retry of the stored form is no second answer: it gets its receipt.
        again = send(first, posted)
        assert (again.code, again.is_new) == (receipt.code, False)
        assert send(second, form()).is_new
        assert (count(Response), count(SpentSlip)) == (2, 2)


def test_fifty_at_once_with_one_slip_are_one_answer(each_app: Flask) -> None:
    with each_app.app_context():
        code = printed(1)[0]
    won: list[str] = []
    lost: list[str] = []
    start = threading.Barrier(50)

    def request() -> None:
        with each_app.app_context():
            try:
                start.wait()
                won.append(send(code, form()).code)
            except Refused as error:
                lost.append(error.code)
            except BaseException as error:
                lost.append(repr(error))
            finally:
                db.session.remove()

    threads = [threading.Thread(target=request) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert lost == ["slip_spent"] * 49
    with each_app.app_context():
        assert (count(Response), count(SpentSlip)) == (1, 1)


def test_a_slip_is_spent_in_the_commit_of_its_answer_or_not_at_all(app: Flask) -> None:
    with app.app_context():
        code = printed(1)[0]
        commits: list[str] = []
        event.listen(db.engine, "commit", lambda _connection: commits.append("commit"))
        with pytest.raises(collect.Incomplete):
            send(code, form(party="9"))
        assert count(SpentSlip) == 0
        db.session.rollback()
        commits.clear()
        send(code, form())
        assert commits == ["commit"]


def test_the_database_holds_no_code_and_no_way_from_a_serial_to_a_spent_slip(app: Flask) -> None:
    with app.app_context():
        codes = printed(20)
        for code in codes[:5]:
            send(code, form())
        raw = " ".join(
            str(row)
            for table in db.metadata.tables.values()
            for row in db.session.execute(select(table))
        )
        assert not any(code in raw for code in codes)
        hashes = set(db.session.scalars(select(Slip.code_hash)))
        spent = set(db.session.scalars(select(SpentSlip.spent_hash)))
        assert len(spent) == 5
        assert not hashes & spent
        assert {slip_hashes(code) for code in codes[:5]} >= {
            pair for pair in map(slip_hashes, codes) if pair[1] in spent
        }


def _void() -> str:
    code = printed(1)[0]
    slips.void_slips("2026q4", "B1", serials=None, reason="丢失", on=TODAY)
    return code


def _of_earlier_wave() -> str:
    code = printed(1)[0]
    fieldwork.close_wave("2026q4", now=NOW)
    district = db.session.scalar(select(Wave.district_id))
    factories.wave(district_id=district, code="2027q1")
    return code


def _of_closed_wave() -> str:
    code = printed(1)[0]
    fieldwork.close_wave("2026q4", now=NOW)
    return code


def _of_next_wave() -> str:
    place = factories.place(wave_status="draft")
    factories.point(street_id=place.street_ids[0], channel="slip", code="BD0001")
    return printed(1)[0]


def _without_slip() -> str:
    printed(1)
    return "BD0001"


@pytest.mark.parametrize(
    ("make", "code", "status"),
    [
        (_void, "slip_void", 410),
        (_of_earlier_wave, "slip_of_other_wave", 410),
        (_of_closed_wave, "closed", 410),
        (_of_next_wave, "not_open_yet", 403),
        (_without_slip, "slip_needed", 403),
        (lambda: "ZZZZZ22222", "unknown_code", 404),
    ],
)
def test_a_slip_that_cannot_be_used_says_why(each_app, make, code, status) -> None:
    with each_app.app_context():
        slip = make()
        for attempt in (collect.open_survey, None):
            with pytest.raises(collect.NotOpen) as caught:
                attempt(slip, now=NOW) if attempt else send(slip, form())
            assert (caught.value.code, caught.value.status) == (code, status)
        assert count(Response) == 0


def test_what_is_printed_is_invited_and_what_is_void_is_not(each_app: Flask) -> None:
    with each_app.app_context():
        printed(30)
        printed(10, batch="B2")
        wave_id = db.session.scalar(select(Wave.id))
        assert invited(wave_id, "BD0001") == 40
        done = slips.void_slips("2026q4", "B1", serials=(17, 24), reason="雨淋湿", on=TODAY)
        assert done.serials == tuple(range(17, 25))
        assert invited(wave_id, "BD0001") == 32
        # Half of these are void already: only the others are counted.
        done = slips.void_slips("2026q4", "B1", serials=(21, 28), reason="错印", on=TODAY)
        assert done.serials == (25, 26, 27, 28)
        assert invited(wave_id, "BD0001") == 28
        with pytest.raises(Refused) as caught:
            slips.void_slips("2026q4", "B1", serials=(17, 20), reason="again", on=TODAY)
        assert caught.value.code == "already_void"


def test_a_reprint_is_void_plus_new_in_one_commit(each_app: Flask) -> None:
    with each_app.app_context():
        old = printed(10)
        serials = slips.usable_serials("2026q4", "B1", (3, 5))
        new = slips.draw_slip_codes(3)
        given = {"wave": "2026q4", "batch": "B1", "new_batch": "B2", "reason": "污损", "on": TODAY}
        slips.replace_slips(new, serials=serials, **given)
        with pytest.raises(collect.NotOpen):
            send(old[2], form())
        assert send(new[0], form()).is_new
        assert invited(db.session.scalar(select(Wave.id)), "BD0001") == 10
        with pytest.raises(Refused):
            slips.replace_slips(
                slips.draw_slip_codes(3), serials=serials, **given | {"new_batch": "B3"}
            )
        ledger = slip_ledger("2026q4")
        told = [(b.name, b.printed, b.voided, b.spent, b.replaces) for b in ledger.batches]
        assert told == [("B1", 10, 3, 0, None), ("B2", 3, 0, 1, "B1")]
        assert ledger.live == 9


def test_a_batch_is_stored_whole_or_not_at_all(each_app: Flask) -> None:
    with each_app.app_context():
        printed(5)
        with pytest.raises(Refused) as caught:
            printed(5)
        assert caught.value.code == "batch_exists"
        assert count(Slip) == 5
        assert invited(db.session.scalar(select(Wave.id)), "BD0001") == 5


def test_a_slip_is_not_made_void_while_it_is_answered_with(
    each_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with each_app.app_context():
        (code,) = printed(1)
    has_looked, voided = threading.Event(), threading.Event()
    waited: list[bool] = []
    spend = collect.spend

    def spend_late(*slip: Any) -> bool:
        has_looked.set()
        # Long enough for somebody who makes it void and does not wait.
        waited.append(not voided.wait(0.5))
        return spend(*slip)

    monkeypatch.setattr(collect, "spend", spend_late)

    def make_void() -> None:
        has_looked.wait(5)
        with each_app.app_context():
            slips.void_slips("2026q4", "B1", serials=None, reason="misprint", on=NOW.date())
            voided.set()
            db.session.remove()

    thread = threading.Thread(target=make_void)
    thread.start()
    with each_app.app_context():
        send(code, form())
        thread.join()
        assert waited == [True]
        assert voided.is_set()


def test_closing_writes_spent_slips_in_the_order_of_their_hashes(each_app: Flask) -> None:
    with each_app.app_context():
        codes = printed(12)
        for code in codes:
            send(code, form())
        fieldwork.close_wave("2026q4", now=NOW)
        stored = list(db.session.scalars(select(SpentSlip.spent_hash)))
        assert stored == sorted(slip_hashes(code)[1] for code in codes)
        if db.engine.dialect.name == "postgresql":
            # Every answer's transaction has left a number of its own; the spent slips share one.
            table = table_of(SpentSlip)
            xmins = db.session.connection().exec_driver_sql(
                f"SELECT DISTINCT xmin::text FROM {table.name}"
            )
            assert len(xmins.all()) == 1


@pytest.mark.parametrize(
    ("wave", "point", "code"),
    [
        ("nope", "BD0001", "unknown_wave"),
        ("2026q4", "NOBODY", "unknown_code"),
        ("2026q4", "POST01", "no_slip_point"),
        ("old", "BD0001", "wave_over"),
        ("other", "BD0001", "wrong_district"),
    ],
)
def test_slips_are_printed_only_where_they_can_be_used(session, wave, point, code) -> None:
    place = factories.place()
    factories.point(street_id=place.street_ids[0], channel="slip", code="BD0001")
    factories.point(street_id=place.street_ids[0], channel="poster", code="POST01")
    factories.wave(
        district_id=place.district_id,
        code="old",
        status="closed",
        opens_at=NOW - timedelta(days=90),
        closes_at=NOW - timedelta(days=60),
    )
    factories.wave(district_id=factories.district(code="d2"), code="other")
    with pytest.raises(Refused) as caught:
        slip_sheet(wave, point)
    assert caught.value.code == code


def test_a_million_slips_leave_a_billion_guesses_for_a_hit(app: Flask) -> None:
    codes = slips.draw_slip_codes(2000)
    assert len(set(codes)) == 2000
    assert all(len(code) == 10 and not set(code) & set("ILOU") for code in codes)
    assert 32**10 / 1_000_000 > 1e9
    with pytest.raises(Refused):
        slips.draw_slip_codes(0)
    with pytest.raises(Refused):
        slips.draw_slip_codes(slips.MOST_SLIPS + 1)


def test_a_printed_code_serves_wave_after_wave(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        code = place.points[0]
        assert collect.open_survey(code, now=NOW).point.wave_id == place.wave_id
        fieldwork.close_wave("2026q4", now=NOW)
        # Two are planned: the notice names the next, not the last.
        for name, days in (("2027q2", 120), ("2027q1", 30)):
            factories.wave(
                district_id=place.district_id,
                code=name,
                status="draft",
                opens_at=NOW + timedelta(days=days),
                closes_at=NOW + timedelta(days=days + 20),
            )
        with pytest.raises(collect.NotOpen) as caught:
            collect.open_survey(code, now=NOW)
        assert caught.value.code == "not_open_yet"
        assert caught.value.point.opens_at == NOW + timedelta(days=30)
        with transaction() as session:
            later = session.scalars(select(Wave).where(Wave.code == "2027q1")).one()
            later.policy_id, later.status = policy_of_the_first_wave(session), "open"
        survey = collect.open_survey(code, now=NOW + timedelta(days=31))
        assert survey.point.wave_name[1] == "Wave 2027q1"


def policy_of_the_first_wave(session) -> int:
    """The policy that the first wave was opened under."""
    return session.scalar(select(Wave.policy_id).where(Wave.code == "2026q4"))
