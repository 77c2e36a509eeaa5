"""Appeals: who may file what until when, what a decision does, and two who decide at once."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from survey.database import transaction
from survey.errors import Refused
from survey.models import (
    Appeal,
    AppealDocument,
    AuditEvent,
    Evaluation,
    Exclusion,
    Response,
    RollupPending,
    ThemeAdjustment,
    db,
)
from survey.queries.appeals import due_appeals, one_appeal, street_appeals, wave_appeal_list
from survey.queries.draft import computed_draft
from survey.queries.evaluation import published_evaluation
from survey.queries.waves import wave_view
from survey.services.appeal_decisions import decide_appeal, hold_back_again
from survey.services.appeals import file_appeal, withdraw_appeal
from survey.services.audit import verify
from survey.services.evaluate import approve, freeze, publish
from survey.services.exclusions import lift_exclusion, record_exclusion
from survey.services.rollup import audit as audit_cubes
from survey.services.rollup import fold_all
from tests.on_notice import CODE, LAST_DAY, LATER, NOW, TODAY, OnNotice, put_on_notice

PDF = b"%PDF-1.7\n" + b"evidence " * 10


def filed(made: OnNotice, *, street: str = "s7", kind: str = "deduction", **more: Any) -> int:
    """An appeal of s7 against its deduction, or as asked."""
    given: dict[str, Any] = {
        "street_code": street,
        "kind": kind,
        "theme_id": made.theme_id if kind == "deduction" else None,
        "grounds": "The car park opened in May.",
        "actor": "clerk",
        "now": LATER,
        "today": TODAY,
    }
    return file_appeal(CODE, **given | more)


def decided(appeal_id: int, decision: str = "upheld", **more: Any) -> None:
    given = {"because": "The records show it.", "actor": "eva", "actor_street": None, "now": LATER}
    decide_appeal(appeal_id, decision=decision, **given | more)


def refused(call: Any, *args: Any, **more: Any) -> str:
    with pytest.raises(Refused) as caught:
        call(*args, **more)
    return caught.value.code


def effect(theme_id: int, street: str = "s7") -> Any:
    found = computed_draft(CODE).evaluation
    entry = next(one for one in found.streets if one.street.code == street)
    return entry, next(one for one in entry.adjustments if one.theme_id == theme_id)


def test_an_appeal_is_kept_with_its_evidence_and_its_deadline(each_app: Flask) -> None:
    with each_app.app_context():
        made = put_on_notice()
        appeal_id = filed(made, files=[("../../etc/re\x00port‮.pdf", PDF)])
        found = one_appeal(appeal_id)
        assert (found.status, found.kind, found.theme) == ("open", "deduction", "停车难")
        # Ten working days after 24 November 2026.
        assert found.decide_by == date(2026, 12, 8)
        assert found.days_left(TODAY) == 10
        assert found.documents[0].name == "report.pdf"
        assert db.session.scalars(select(AppealDocument.content)).one() == PDF
        assert [one.id for one in due_appeals(TODAY)] == [appeal_id]
        assert due_appeals(date(2026, 12, 9))[0].is_overdue(date(2026, 12, 9))
        actions = db.session.scalars(select(AuditEvent.action)).all()
        assert "appeal_filed" in actions
        assert verify() == ()


def test_an_upheld_deduction_costs_nothing_and_stays_to_be_read(each_app: Flask) -> None:
    with each_app.app_context():
        made = put_on_notice()
        before, costs = effect(made.theme_id)
        assert costs.deduction > 0
        decided(filed(made))
        after, row = effect(made.theme_id)
        assert (row.deduction, row.not_counted_because) == (0, ("appeal_upheld",))
        assert after.public == before.public
        assert after.adjusted.value > before.adjusted.value
        assert after.adjusted.value == after.public.value
        # Only in the street that appealed.
        assert effect(made.theme_id, "s6")[1].deduction > 0
        stored = db.session.scalars(select(Evaluation)).one()
        kept = {(one.street_id, one.theme_id): one.deduction for one in stored.adjustments}
        assert kept[made.place.street_ids[-1], made.theme_id] == costs.deduction


def test_figures_decided_about_are_computed_again_before_they_are_approved(app: Flask) -> None:
    with app.app_context():
        made = put_on_notice()
        decided(filed(made))
        over = NOW + timedelta(days=8)
        assert refused(approve, CODE, actor="boss", now=over) == "decided_since"
        again = freeze(CODE, actor="eva", now=NOW + timedelta(days=1), reason="appeal upheld")
        assert again.revision == 2
        row = next(
            one
            for street in again.streets
            if street.street.code == "s7"
            for one in street.adjustments
            if one.theme_id == made.theme_id
        )
        assert row.not_counted_because == ("appeal_upheld",)
        approve(CODE, actor="boss", now=NOW + timedelta(days=20))


def test_open_appeals_move_on_with_the_wave(app: Flask) -> None:
    with app.app_context():
        made = put_on_notice()
        appeal_id = filed(made)
        freeze(CODE, actor="eva", now=NOW + timedelta(days=1), reason="a score was wrong")
        found = street_appeals(wave_view(CODE), street_code="s7", today=TODAY)
        assert [one.id for one in found.appeals] == [appeal_id]
        assert found.deductions[0].appeal_id == appeal_id
        assert one_appeal(appeal_id).revision == 1
        assert refused(filed, made) == "appealed_before"
        decided(appeal_id, "rejected")
        assert wave_appeal_list(wave_view(CODE))[0].status == "rejected"


def test_upheld_answers_held_back_count_exactly_once_and_can_be_held_back_again(
    each_app: Flask,
) -> None:
    with each_app.app_context():
        made = put_on_notice()
        # An answer of another street that is held back stays so.
        before = computed_draft(CODE).evaluation.streets[-1].public.n
        appeal_id = filed(made, kind="quarantine")
        decided(appeal_id)
        assert refused(decided, appeal_id) == "appeal_closed"
        # Not folded yet: nothing can be moved twice.
        assert refused(hold_back_again, appeal_id, because="wrong", actor="eva", now=LATER) == (
            "answers_waiting"
        )
        fold_all(now=LATER)
        assert computed_draft(CODE).evaluation.streets[-1].public.n == before + 2
        assert computed_draft(CODE).inputs.with_quarantined is None
        assert not audit_cubes().differences
        assert hold_back_again(appeal_id, because="wrong", actor="eva", now=LATER) == 2
        fold_all(now=LATER)
        assert computed_draft(CODE).evaluation.streets[-1].public.n == before
        assert refused(hold_back_again, appeal_id, because="wrong", actor="eva", now=LATER) == (
            "held_back_before"
        )
        # What was decided again may be appealed against again.
        again = filed(made, kind="quarantine")
        decided(again)
        fold_all(now=LATER)
        assert computed_draft(CODE).evaluation.streets[-1].public.n == before + 2
        assert db.session.scalar(select(func.count()).select_from(RollupPending)) == 0
        assert set(db.session.scalars(select(Response.status))) == {"accepted"}


def test_an_upheld_exclusion_is_lifted(each_app: Flask) -> None:
    with each_app.app_context():
        made = put_on_notice()
        assert refused(filed, made, kind="exclusion") == "nothing_to_appeal"
        record_exclusion(
            CODE, street_code="s7", reason="Flood", document="No. 3", actor="eva", now=LATER
        )
        assert (
            refused(
                record_exclusion,
                CODE,
                street_code="s7",
                reason="Flood",
                document="No. 3",
                actor="eva",
                now=LATER,
            )
            == "excluded_already"
        )
        draft = computed_draft(CODE)
        assert draft.inputs.streets[-1].excluded_because == "Flood (No. 3)"
        assert "s7" not in draft.evaluation.groups[0].codes
        decided(filed(made, kind="exclusion"))
        assert "s7" in computed_draft(CODE).evaluation.groups[0].codes
        lifted = db.session.scalars(select(Exclusion)).one()
        assert lifted.lifted_because == "The records show it."
        assert (
            refused(
                lift_exclusion, lifted.id, wave_code=CODE, because="twice", actor="eva", now=LATER
            )
            == "lifted_before"
        )


def test_an_open_appeal_blocks_only_the_last_place_it_could_change(app: Flask) -> None:
    with app.app_context():
        made = put_on_notice()

        def condition() -> tuple[str, bool]:
            last = computed_draft(CODE).evaluation.groups[0].last
            assert last.street == "s7"
            found = next(one for one in last.conditions if one.code == "open_appeal")
            return found.code, found.met

        assert condition() == ("open_appeal", True)
        # s6 is not last: whatever becomes of its appeal, s7 stays the lowest.
        filed(made, street="s6")
        assert condition() == ("open_appeal", True)
        appeal_id = filed(made)
        assert condition() == ("open_appeal", False)
        decided(appeal_id, "rejected")
        assert condition() == ("open_appeal", True)


CANNOT_BE_FILED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"today": LAST_DAY + timedelta(days=1)}, "notice_over"),
    ({"grounds": " \n\t "}, "words_needed"),
    ({"grounds": "x" * 4001}, "words_too_long"),
    ({"files": [("a.pdf", PDF)] * 6}, "too_many_files"),
    ({"files": [("a.pdf", b"")]}, "file_empty"),
    ({"files": [("a.pdf", PDF + b"x" * 20_000_000)]}, "file_too_large"),
    ({"files": [("a.pdf", b"<html><script>")]}, "file_wrong_type"),
    ({"street_code": "s1"}, "nothing_to_appeal"),
    ({"street_code": "s99"}, "unknown_street"),
    ({"kind": "quarantine", "theme_id": 1}, "unknown_kind"),
    ({"kind": "anything", "theme_id": None}, "unknown_kind"),
    ({"theme_id": None}, "unknown_kind"),
    ({"theme_id": 999_999}, "nothing_to_appeal"),
    ({"theme_id": -1}, "nothing_to_appeal"),
)


def test_what_cannot_be_filed(app: Flask) -> None:
    with app.app_context():
        made = put_on_notice()
        for more, code in CANNOT_BE_FILED:
            assert refused(filed, made, **more) == code, more
        assert db.session.scalar(select(func.count()).select_from(Appeal)) == 0


def test_a_theme_that_costs_nothing_is_not_appealed_against(app: Flask) -> None:
    with app.app_context():
        made = put_on_notice()
        assert refused(filed, made, theme_id=made.idle_id) == "nothing_to_appeal"
        assert filed(made, today=LAST_DAY)


def test_an_appeal_still_open_at_publication_leads_to_the_next_revision(app: Flask) -> None:
    with app.app_context():
        made = put_on_notice()
        appeal_id = filed(made)
        later = NOW + timedelta(days=9)
        approve(CODE, actor="boss", now=later)
        frozen = publish(CODE, actor="eva", now=later)
        decided(appeal_id, now=later)
        assert published_evaluation(CODE) == frozen
        assert effect(made.theme_id)[1].not_counted_because == ("appeal_upheld",)
        again = freeze(CODE, actor="eva", now=later + timedelta(days=1), reason="appeal upheld")
        assert (again.revision, again.status) == (2, "provisional")
        assert again.streets[-1].adjusted != frozen.streets[-1].adjusted


def test_a_larger_deduction_may_be_appealed_against_again(app: Flask) -> None:
    with app.app_context():
        made = put_on_notice()
        decided(filed(made), "rejected")
        assert refused(filed, made) == "appealed_before"
        with transaction() as session:
            # As if the theme had cost less when the street was heard.
            session.execute(update(ThemeAdjustment).values(deduction=0.5))
        freeze(CODE, actor="eva", now=LATER + timedelta(hours=1), reason="more mentions")
        again = filed(made)
        assert refused(filed, made) == "appealed_before"
        decided(again, "rejected")
        assert refused(filed, made) == "appealed_before"


def test_a_calendar_that_ends_too_early_takes_no_appeal_away(app: Flask) -> None:
    with app.app_context():
        made = put_on_notice(notice_until=date(2027, 1, 15))
        # Beyond 31 December 2026 nobody knows the holidays: Monday to Friday count.
        found = one_appeal(filed(made, today=date(2026, 12, 28)))
        assert found.decide_by == date(2027, 1, 11)
        assert found.days_left(date(2027, 1, 8)) == 1
        assert found.days_left(date(2027, 1, 12)) is None


def test_without_figures_on_notice_there_is_no_appeal(app: Flask) -> None:
    with app.app_context():
        made = put_on_notice()
        approve(CODE, actor="boss", now=NOW + timedelta(days=9))
        assert refused(filed, made) == "no_notice"
        assert (
            refused(
                file_appeal,
                "nowhere",
                street_code="s1",
                kind="quarantine",
                grounds="x",
                actor="clerk",
                now=NOW,
                today=TODAY,
            )
            == "unknown_wave"
        )


def test_a_street_withdraws_its_own_open_appeal_and_files_again(app: Flask) -> None:
    with app.app_context():
        made = put_on_notice()
        appeal_id = filed(made)
        other = {"street_code": "s6", "actor": "other", "now": LATER}
        assert refused(withdraw_appeal, appeal_id, **other) == "unknown_appeal"
        withdraw_appeal(appeal_id, street_code="s7", actor="clerk", now=LATER)
        assert refused(decided, appeal_id) == "appeal_closed"
        second = filed(made)
        decided(second, "rejected")
        mine = {"street_code": "s7", "actor": "clerk", "now": LATER}
        assert refused(withdraw_appeal, second, **mine) == "appeal_closed"
        assert refused(filed, made) == "appealed_before"


def test_a_decision_needs_a_reason_and_somebody_else(app: Flask) -> None:
    with app.app_context():
        appeal_id = filed(put_on_notice())
        assert refused(decided, appeal_id, because=" ") == "words_needed"
        assert refused(decided, appeal_id, "open") == "unknown_decision"
        assert refused(decided, appeal_id, actor_street="s7") == "own_street"
        assert refused(decided, appeal_id + 1) == "unknown_appeal"
        assert one_appeal(appeal_id).status == "open"


def test_of_two_who_decide_at_once_one_wins(each_app: Flask) -> None:
    with each_app.app_context():
        appeal_id = filed(put_on_notice(), kind="quarantine")
    start = threading.Barrier(2)
    codes: list[str] = []

    def one(decision: str) -> None:
        with each_app.app_context():
            start.wait()
            try:
                decided(appeal_id, decision, actor=decision)
                codes.append("done")
            except Refused as error:
                codes.append(error.code)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=one, args=(d,)) for d in ("upheld", "rejected")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(codes) == ["appeal_closed", "done"]
    with each_app.app_context():
        found = one_appeal(appeal_id)
        assert found.closed_by == found.status
        moved = db.session.scalar(select(func.count()).select_from(RollupPending))
        assert moved == (4 if found.status == "upheld" else 0)
        events = select(AuditEvent.id).where(
            AuditEvent.action.in_(("appeal_upheld", "appeal_rejected"))
        )
        assert len(db.session.scalars(events).all()) == 1
