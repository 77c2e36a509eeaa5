"""Paper forms from the first key to the closing: drawn, typed twice, decided, stored once."""

from __future__ import annotations

import threading
from random import Random

import pytest
from flask import Flask
from sqlalchemy import func, select

from survey.errors import Refused
from survey.instrument import Instrument
from survey.models import (
    Answer,
    AuditEvent,
    CollectionPoint,
    Comment,
    PaperBatch,
    PaperEntry,
    PaperForm,
    Response,
    ResponseCube,
    RollupPending,
    db,
)
from survey.paper_form import paper_fields
from survey.queries.paper_entry import (
    check_view,
    error_rate,
    form_view,
    paper_batch,
    paper_batches,
)
from survey.services import audit
from survey.services.paper_closing import close_batch, decide
from survey.services.paper_entry import (
    NumberTaken,
    TypedWrong,
    drop_form,
    finish_typing,
    open_batch,
    sample_size,
    save_draft,
    store_form,
)
from survey.services.rollup import fold_all
from tests import factories
from tests.factories import NOW

#: Choices on a form: what the error rate counts.
CODED = sum(field.is_coded for field in paper_fields(Instrument(factories.document())))
GOOD = {"party": "5", "urban": "4", "welfare": "3", "community": "0", "safety": "1"}


def pile(label: str = "一号箱", **more: int) -> int:
    """A pile of s1 in an open wave; its id."""
    if db.session.scalar(select(func.count()).select_from(CollectionPoint)) == 0:
        factories.place()
    return open_batch("2026q4", "s1", label=label, actor="ann", now=NOW, **more)


def type_in(batch_id: int, numbers: range | list[int], *, actor: str, turn: int = 1) -> None:
    """Type these forms, all alike."""
    for number in numbers:
        store_form(batch_id, turn, number, GOOD, actor=actor, now=NOW)


def sampled(batch_id: int) -> list[int]:
    query = select(PaperForm.number).where(PaperForm.batch_id == batch_id, PaperForm.is_sampled)
    return sorted(db.session.scalars(query))


def count(table: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_pile_becomes_responses_of_the_channel_paper_and_enters_the_cubes(
    each_app: Flask,
) -> None:
    with each_app.app_context():
        # Given twelve forms, typed by ann, of which at least ten are drawn
        batch_id = pile()
        type_in(batch_id, range(1, 13), actor="ann")
        assert finish_typing(batch_id, actor="ann", now=NOW, random=Random(1)) == 10
        # When ben types them again without a difference and the pile is closed
        type_in(batch_id, sampled(batch_id), actor="ben", turn=2)
        assert close_batch(batch_id, actor="ben", now=NOW).stored == 12
        # Then they are responses like any other
        assert count(Response) == count(RollupPending) == 12
        assert set(db.session.scalars(select(Response.channel))) == {"paper"}
        assert count(Answer) == 12 * 5
        fold_all(now=NOW)
        assert db.session.scalar(select(func.sum(ResponseCube.n))) == 12


def test_closing_twice_stores_once(each_app: Flask) -> None:
    with each_app.app_context():
        batch_id = pile()
        type_in(batch_id, [1, 2], actor="ann")
        finish_typing(batch_id, actor="ann", now=NOW)
        type_in(batch_id, [1, 2], actor="ben", turn=2)
        results: list[bool] = []

        def close() -> None:
            with each_app.app_context():
                results.append(close_batch(batch_id, actor="ben", now=NOW).is_new)

        threads = [threading.Thread(target=close) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == [False, False, False, True]
        assert count(Response) == 2


def test_closing_cuts_every_way_from_a_form_to_its_answers(session: object, app: Flask) -> None:
    batch_id = pile()
    # Forms 1 … 30 are told apart by their words
    for number in range(1, 31):
        typed = GOOD | {"comment": f"第{number}张"}
        store_form(batch_id, 1, number, typed, actor="ann", now=NOW)
    finish_typing(batch_id, actor="ann", now=NOW, random=Random(3))
    for number in sampled(batch_id):
        typed = GOOD | {"comment": f"第{number}张"}
        store_form(batch_id, 2, number, typed, actor="ben", now=NOW)
    close_batch(batch_id, actor="cy", now=NOW, random=Random(3))
    # No form, no entry is left, and the order of the responses is not that of the numbers
    assert count(PaperForm) == count(PaperEntry) == 0
    words = list(db.session.scalars(select(Comment.body).order_by(Comment.response_id)))
    assert sorted(words) == sorted(f"第{number}张" for number in range(1, 31))
    assert words != [f"第{number}张" for number in range(1, 31)]
    # The keys are random, and the trail names people by pile only
    keys = set(db.session.scalars(select(Response.submission_key)))
    assert len(keys) == 30
    assert all(key.startswith("paper-") and len(key) == 38 for key in keys)
    events = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [event.action for event in events] == ["paper.open", "paper.typed", "paper.close"]
    assert events[1].detail == {"forms": 30, "to_check": 10, "typed_by": {"ann": 30}}
    assert events[2].detail["checked_by"] == {"ben": 10}
    assert audit.verify() == ()


def test_a_small_difference_is_shown_decided_and_counted(session: object) -> None:
    # Given 40 forms, typed twice with one difference in a choice and one in words
    batch_id = pile(share_percent=100)
    type_in(batch_id, range(1, 41), actor="ann")
    finish_typing(batch_id, actor="ann", now=NOW)
    assert check_view(batch_id) is None
    type_in(batch_id, range(1, 39), actor="ben", turn=2)
    store_form(batch_id, 2, 39, GOOD | {"party": "4"}, actor="ben", now=NOW)
    assert store_form(batch_id, 2, 40, GOOD | {"comment": "灯坏"}, actor="ben", now=NOW) is None
    # When it is looked at
    found = check_view(batch_id)
    assert found is not None
    assert (found.compared, found.differing) == (40 * CODED, 1)
    assert found.error_rate == error_rate(40 * CODED, 1)
    shown = [(one.number, one.field.code, one.first, one.second) for one in found.differences]
    assert shown == [(39, "party", "5", "4"), (40, "comment", "", "灯坏")]
    # Then it cannot be closed before both are decided
    with pytest.raises(Refused, match="differences"):
        close_batch(batch_id, actor="ann", now=NOW)
    assert decide(batch_id, {(39, "party"): "second"}, actor="cy", now=NOW) == 1
    assert decide(batch_id, {(40, "comment"): "=灯坏了"}, actor="cy", now=NOW) == 0
    close_batch(batch_id, actor="cy", now=NOW)
    assert db.session.scalars(select(Comment.body)).one() == "灯坏了"
    kept = db.session.get_one(PaperBatch, batch_id)
    assert (kept.forms, kept.forms_checked, kept.fields_compared, kept.fields_differing) == (
        40,
        40,
        40 * CODED,
        1,
    )


def test_the_error_rate_has_the_interval_of_wilson() -> None:
    # 1 of 320 by hand: (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n), z = 1.959964
    rate = error_rate(320, 1)
    assert rate.value == pytest.approx(0.003125)
    assert rate.low == pytest.approx(0.000552, abs=2e-6)
    assert rate.high == pytest.approx(0.017486, abs=2e-6)
    assert error_rate(0, 0).value is None


def test_too_many_differences_mean_the_whole_pile_is_typed_again(session: object) -> None:
    batch_id = pile()
    type_in(batch_id, range(1, 21), actor="ann")
    finish_typing(batch_id, actor="ann", now=NOW, random=Random(5))
    drawn = sampled(batch_id)
    assert len(drawn) == 10
    # 2 differences in 10 forms of 7 or 8 choices are above the limit of 2 %
    assert 2 / (10 * CODED) > 0.02
    for number in drawn[:2]:
        store_form(batch_id, 2, number, GOOD | {"party": "1"}, actor="ben", now=NOW)
    type_in(batch_id, drawn[2:-1], actor="ben", turn=2)
    following = store_form(batch_id, 2, drawn[-1], GOOD, actor="ben", now=NOW)
    assert following not in (None, *drawn)
    assert paper_batch(batch_id).is_full
    assert sampled(batch_id) == list(range(1, 21))
    with pytest.raises(Refused, match="second time"):
        close_batch(batch_id, actor="ann", now=NOW)
    # When the rest is typed as well, the differences decide and it can be closed
    type_in(batch_id, [n for n in range(1, 21) if n not in drawn], actor="ben", turn=2)
    decide(batch_id, {(n, "party"): "first" for n in drawn[:2]}, actor="cy", now=NOW)
    assert close_batch(batch_id, actor="cy", now=NOW).stored == 20


def test_at_the_limit_a_pile_stands_and_just_above_it_does_not(session: object) -> None:
    just_below = 3 * 10_000 // (20 * CODED)
    for label, limit_bp, is_full in (("一", just_below, True), ("二", just_below + 1, False)):
        batch_id = pile(label, share_percent=100, limit_bp=limit_bp)
        type_in(batch_id, range(1, 21), actor="ann")
        finish_typing(batch_id, actor="ann", now=NOW)
        for number in (1, 2, 3):
            store_form(batch_id, 2, number, GOOD | {"party": "1"}, actor="ben", now=NOW)
        type_in(batch_id, range(4, 21), actor="ben", turn=2)
        assert paper_batch(batch_id).is_full == is_full


def test_nobody_checks_his_own_typing_or_sees_the_first(session: object) -> None:
    batch_id = pile()
    type_in(batch_id, [1, 2], actor="ann")
    store_form(batch_id, 1, 3, GOOD, actor="ben", now=NOW)
    finish_typing(batch_id, actor="ann", now=NOW)
    with pytest.raises(Refused, match="somebody else"):
        store_form(batch_id, 2, 1, GOOD, actor="ann", now=NOW)
    with pytest.raises(Refused, match="somebody else"):
        save_draft(batch_id, 2, 1, GOOD, actor="ann")
    # ben is led past his own form 3
    assert store_form(batch_id, 2, 1, GOOD, actor="ben", now=NOW) == 2
    assert store_form(batch_id, 2, 2, GOOD, actor="ben", now=NOW) is None
    seen = form_view(paper_batch(batch_id), 2, 3, actor="ann")
    assert set(seen.typed.values()) == {""}


def test_the_sample_is_the_share_at_least_ten_at_most_all() -> None:
    assert [sample_size(n, share_percent=10) for n in (1, 9, 10, 50, 100, 101, 1000)] == [
        1,
        9,
        10,
        10,
        10,
        11,
        100,
    ]


def test_every_form_can_be_drawn_and_the_draw_is_even(session: object) -> None:
    batch_id = pile()
    type_in(batch_id, range(1, 31), actor="ann")
    drawn: list[int] = []
    random = Random(11)
    for _ in range(200):
        finish_typing(batch_id, actor="ann", now=NOW, random=random)
        drawn += sampled(batch_id)
        for form in db.session.scalars(select(PaperForm)):
            form.is_sampled = False
        db.session.get_one(PaperBatch, batch_id).status = "typing"
        db.session.commit()
    times = [drawn.count(number) for number in range(1, 31)]
    # 200 draws of 10 in 30: 66.7 expected, standard deviation 6.7
    assert min(times) > 66.7 - 4 * 6.7
    assert max(times) < 66.7 + 4 * 6.7


def test_a_draft_survives_and_never_hides_a_stored_form(session: object) -> None:
    batch_id = pile()
    save_draft(batch_id, 1, 1, {"party": "5", "urban": "x", "comment": "写到一"}, actor="ann")
    seen = form_view(paper_batch(batch_id), 1, 1, actor="ann")
    assert (seen.typed["party"], seen.typed["urban"], seen.typed["comment"]) == ("5", "", "写到一")
    assert not seen.is_stored
    # Somebody else's draft neither shows nor replaces it
    save_draft(batch_id, 1, 1, {"party": "1"}, actor="ben")
    assert form_view(paper_batch(batch_id), 1, 1, actor="ann").typed["party"] == "5"
    assert form_view(paper_batch(batch_id), 1, 1, actor="ben").typed["party"] == ""
    with pytest.raises(Refused, match="begun and not stored"):
        finish_typing(batch_id, actor="ann", now=NOW)
    store_form(batch_id, 1, 1, GOOD, actor="ann", now=NOW)
    save_draft(batch_id, 1, 1, {"party": "1"}, actor="ann")
    assert form_view(paper_batch(batch_id), 1, 1, actor="ann").typed["party"] == "5"


def test_two_people_at_one_pile_do_not_overwrite_each_other(session: object) -> None:
    batch_id = pile()
    assert store_form(batch_id, 1, 1, GOOD, actor="ann", now=NOW) == 2
    assert store_form(batch_id, 1, 3, GOOD, actor="ben", now=NOW) == 4
    with pytest.raises(NumberTaken) as refused:
        store_form(batch_id, 1, 1, GOOD, actor="ben", now=NOW)
    assert refused.value.next_number == 2
    # A number that is taken is passed over
    assert store_form(batch_id, 1, 2, GOOD, actor="ann", now=NOW) == 4
    # One's own form can be put right while the pile is typed, or taken back
    store_form(batch_id, 1, 2, GOOD | {"party": "1"}, actor="ann", now=NOW)
    assert form_view(paper_batch(batch_id), 1, 2, actor="ann").typed["party"] == "1"
    drop_form(batch_id, 2, actor="ann")
    assert paper_batch(batch_id).forms == 2
    with pytest.raises(Refused):
        drop_form(batch_id, 3, actor="ann")


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"party": "6"}, {"party"}),
        ({"party": "55"}, {"party"}),
        ({"party": "五"}, {"party"}),
        ({"party": "5", "sex": "8"}, {"sex"}),
        ({"comment": "啊" * 5001}, {"comment"}),
    ],
)
def test_keys_that_stand_for_nothing_are_named_and_nothing_is_stored(
    session: object, typed: dict[str, str], wrong: set[str]
) -> None:
    batch_id = pile()
    with pytest.raises(TypedWrong) as refused:
        store_form(batch_id, 1, 1, typed, actor="ann", now=NOW)
    assert set(refused.value.fields) == wrong
    assert count(PaperEntry) == 0


def test_a_blank_is_no_answer_and_nine_is_as_good_as_nought(session: object) -> None:
    batch_id = pile()
    typed = {"party": "5", "urban": "９", "welfare": "0", "sex": "2", "age_band": "9"}
    store_form(batch_id, 1, 1, typed, actor="ann", now=NOW)
    stored = db.session.get_one(PaperEntry, (batch_id, 1, 1)).answers
    assert stored == {
        "party": "5",
        "urban": "dk",
        "welfare": "dk",
        "sex": "M",
        "age_band": "unknown",
    }
    with pytest.raises(Refused, match="Nothing was typed"):
        store_form(batch_id, 1, 2, {"party": " "}, actor="ann", now=NOW)


def test_words_are_redacted_before_they_are_kept(session: object) -> None:
    batch_id = pile()
    typed = GOOD | {"comment": "找13800138000，\x00路灯坏了"}
    store_form(batch_id, 1, 1, typed, actor="ann", now=NOW)
    words = db.session.get_one(PaperEntry, (batch_id, 1, 1)).answers["comment"]
    assert "13800138000" not in words
    assert "\x00" not in words
    assert "路灯坏了" in words


@pytest.mark.parametrize("status", ["draft", "published"])
def test_a_wave_that_takes_no_answers_takes_no_paper(session: object, status: str) -> None:
    factories.place(wave_status=status)
    with pytest.raises(Refused, match=status):
        open_batch("2026q4", "s1", label="x", actor="ann", now=NOW)


def test_refusals_leave_nothing_behind(session: object) -> None:
    batch_id = pile()
    for wrong in ({"street_code": "nowhere"}, {"label": " "}, {"share_percent": 0}):
        wanted = {"street_code": "s1", "label": "y"} | wrong
        street_code = wanted.pop("street_code")
        with pytest.raises(Refused):
            open_batch("2026q4", str(street_code), actor="ann", now=NOW, **wanted)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="already"):
        open_batch("2026q4", "s1", label="一号箱", actor="ann", now=NOW)
    with pytest.raises(Refused, match="99999"):
        store_form(batch_id, 1, 100_000, GOOD, actor="ann", now=NOW)
    with pytest.raises(Refused, match="No form"):
        finish_typing(batch_id, actor="ann", now=NOW)
    with pytest.raises(Refused, match="another step"):
        close_batch(batch_id, actor="ann", now=NOW)
    with pytest.raises(Refused, match="no such pile"):
        close_batch(99, actor="ann", now=NOW)
    assert [one.label for one in paper_batches()] == ["一号箱"]
    assert count(PaperForm) == count(Response) == 0


def test_a_pile_cannot_be_closed_into_a_published_wave(session: object) -> None:
    batch_id = pile()
    type_in(batch_id, [1], actor="ann")
    finish_typing(batch_id, actor="ann", now=NOW)
    type_in(batch_id, [1], actor="ben", turn=2)
    db.session.get_one(PaperBatch, batch_id).wave.status = "published"
    db.session.commit()
    with pytest.raises(Refused, match="published"):
        close_batch(batch_id, actor="ann", now=NOW)
    assert count(Response) == 0
    assert count(PaperEntry) == 2
