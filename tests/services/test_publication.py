"""Freeze, approve, publish: who may when, that no figure changes, and that one of two wins."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from analysis.__main__ import main as analysis_main
from survey import working_days
from survey.database import transaction
from survey.errors import Refused
from survey.models import AuditEvent, EvaluationBundle, Wave, db
from survey.queries.evaluation import (
    current_evaluation,
    draft_evaluation,
    evaluation_on_notice,
    frozen_evaluation,
    kept_bundle,
    published_evaluation,
    revisions,
)
from survey.queries.standing import changed_answers, standing
from survey.queries.views import EvaluationView
from survey.queries.waves import wave_view
from survey.services import audit
from survey.services.evaluate import approve, freeze, publish
from survey.services.exclusions import record_exclusion
from survey.services.rollup import fold_all
from survey.working_days import LAST_DAY, add_working_days, working_days_between
from tests import factories
from tests.factories import NOW, levels
from tests.on_notice import counted_wave
from tests.services.test_evaluate import CODE, surveyed

#: NOW is a Tuesday; five working days of notice end on the Tuesday after.
NOTICE = date(2026, 12, 1)
AFTER = datetime(2026, 12, 2, 1)


def refused(code: str, function: object, **more: object) -> Refused:
    """What a call is refused with, whose code is checked."""
    with pytest.raises(Refused) as caught:
        function(CODE, **more)  # type: ignore[operator]
    assert caught.value.code == code
    return caught.value


def test_what_was_on_notice_is_published_to_the_last_bit(each_app: Flask) -> None:
    with each_app.app_context():
        surveyed()
        frozen = freeze(CODE, actor="eva", now=NOW)
        assert (frozen.status, frozen.revision, frozen.notice_until) == ("provisional", 1, NOTICE)
        db.session.expire_all()
        assert current_evaluation(CODE) == evaluation_on_notice(CODE) == frozen
        assert published_evaluation(CODE) is None
        assert kept_bundle(CODE, kind="public") is None
        sealed = db.session.scalars(select(EvaluationBundle.content)).all()

        approve(CODE, actor="eve", now=AFTER, note="read twice")
        made = publish(CODE, actor="eva", now=AFTER + timedelta(hours=1))
        db.session.expire_all()
        stored = published_evaluation(CODE)
        assert stored is not None
        assert (stored, stored.status) == (made, "published")
        assert stored.streets == frozen.streets
        assert stored.groups == frozen.groups
        assert (stored.wave.status, stored.published_at) == (
            "published",
            AFTER + timedelta(hours=1),
        )
        assert [(one.step, one.actor) for one in stored.sign_offs] == [
            ("frozen", "eva"),
            ("approved", "eve"),
            ("published", "eva"),
        ]
        assert db.session.scalars(select(EvaluationBundle.content)).all() == sealed
        assert evaluation_on_notice(CODE) is None
        events = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
        assert [one.action for one in events][-3:] == ["freeze", "approve", "publish"]
        assert events[-1].detail["bundles"] == events[-3].detail["bundles"]
        assert audit.verify() == ()


def test_the_bundle_of_a_notice_recomputes_and_says_that_it_is_frozen(
    app: Flask, tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    with app.app_context():
        surveyed()
        freeze(CODE, actor="eva", now=NOW)
        kept = kept_bundle(CODE, kind="full", statuses=("provisional",))
        assert kept is not None
        assert hashlib.sha256(kept.content).hexdigest() == kept.sha256
        path = f"{tmp_path}/frozen.zip"
        with open(path, "wb") as file:
            file.write(kept.content)
        with zipfile.ZipFile(io.BytesIO(kept.content)) as bundle:
            manifest = bundle.read("manifest.json").decode()
    assert '"status": "frozen"' in manifest
    assert analysis_main(["recompute", path]) == 0


def test_who_may_approve_and_when(app: Flask) -> None:
    with app.app_context():
        surveyed()
        refused("nothing_frozen", approve, actor="eve", now=AFTER)
        freeze(CODE, actor="eva", now=NOW)
        refused("notice_not_over", approve, actor="eve", now=NOW)
        # The last day of the notice is still a day for appeals, in the district's time zone.
        refused("notice_not_over", approve, actor="eve", now=datetime(2026, 12, 1, 15, 59))
        refused("same_person", approve, actor="eva", now=AFTER)
        refused("not_approved", publish, actor="eva", now=AFTER)
        refused("another_revision", approve, actor="eve", now=AFTER, revision=2)
        made = approve(CODE, actor="eve", now=datetime(2026, 12, 1, 16, 0))
        assert made.status == "approved"
        problem = refused("already_approved", approve, actor="ada", now=AFTER)
        assert "eve already approved revision 1" in str(problem)
        assert published_evaluation(CODE) is None


def test_of_two_who_approve_at_once_one_wins(each_app: Flask) -> None:
    with each_app.app_context():
        surveyed()
        freeze(CODE, actor="eva", now=NOW)
    start = threading.Barrier(2)
    told: dict[str, str] = {}

    def sign(who: str) -> None:
        with each_app.app_context():
            start.wait(10)
            try:
                approve(CODE, actor=who, now=AFTER)
                told[who] = "approved"
            except Refused as error:
                told[who] = str(error)

    people = [threading.Thread(target=sign, args=(who,)) for who in ("ada", "eve")]
    for one in people:
        one.start()
    for one in people:
        one.join()
    winner, loser = ("ada", "eve") if told["ada"] == "approved" else ("eve", "ada")
    assert told[winner] == "approved"
    assert f"{winner} already approved revision 1" in told[loser]
    with each_app.app_context():
        [one] = revisions(CODE)
        assert [step.step for step in one.sign_offs] == ["frozen", "approved"]


def test_a_revision_replaces_what_was_not_published_and_stands_beside_what_was(app: Flask) -> None:
    with app.app_context():
        surveyed()
        first = freeze(CODE, actor="eva", now=NOW)
        refused("reason_needed", freeze, actor="eva", now=NOW)
        assert frozen_evaluation(CODE, revision=1) == first
        freeze(CODE, actor="eva", now=NOW, reason="A file came late")
        approve(CODE, actor="eve", now=AFTER)
        publish(CODE, actor="eva", now=AFTER)
        third = freeze(CODE, actor="eva", now=AFTER, reason="A score was wrong")
        assert [one.status for one in revisions(CODE)] == ["provisional", "published", "replaced"]
        old = frozen_evaluation(CODE, revision=1)
        assert old is not None
        assert old.streets == first.streets
        # While the third is on notice, the second is what is published.
        assert published_evaluation(CODE).revision == 2  # type: ignore[union-attr]
        assert kept_bundle(CODE, kind="public").revision == 2  # type: ignore[union-attr]
        later = add_working_days(AFTER.date(), 5)
        assert third.notice_until == later
        assert db.session.scalar(select(Wave.status)) == "published"
        approve(CODE, actor="eve", now=AFTER + timedelta(days=10))
        publish(CODE, actor="eva", now=AFTER + timedelta(days=10))
        assert published_evaluation(CODE).revision == 3  # type: ignore[union-attr]
        assert published_evaluation(CODE, revision=2) is not None
        assert published_evaluation(CODE, revision=1) is None


def test_a_command_publishes_in_one_step_and_says_so(app: Flask) -> None:
    with app.app_context():
        surveyed()
        publish(CODE, actor="command line", now=NOW)
        event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "publish")).one()
        assert event.detail["notice"] == "without public notice"
        found = standing(wave_view(CODE), viewer="eva", today=NOW.date())
        assert found.without_notice
        assert found.step == "revise"


def test_who_had_no_time_to_appeal_cannot_be_last(app: Flask) -> None:
    def about_appeals(view: EvaluationView) -> tuple[str, bool]:
        (group,) = view.groups
        return next((c.code, c.met) for c in group.last.conditions if "appeal" in c.code)

    with app.app_context():
        counted_wave(held_back=0)
        assert about_appeals(freeze(CODE, actor="eva", now=NOW)) == ("open_appeal", True)
        approve(CODE, actor="eve", now=AFTER)
        publish(CODE, actor="eva", now=AFTER)
        at_once = publish(CODE, actor="command line", now=AFTER, reason="a correction")
        assert about_appeals(at_once) == ("appeals_unknown", False)
        policy_id = factories.policy(overrides={"appeal_days": 0})
        with transaction() as session:
            session.execute(update(Wave).values(policy_id=policy_id))
        silent = freeze(CODE, actor="eva", now=AFTER, reason="another policy")
        assert silent.notice_until is None
        assert about_appeals(silent) == ("appeals_unknown", False)


def test_what_is_decided_after_the_approval_holds_the_publication_up(app: Flask) -> None:
    with app.app_context():
        surveyed()
        freeze(CODE, actor="eva", now=NOW)
        approve(CODE, actor="eve", now=AFTER)
        later = AFTER + timedelta(hours=1)
        record_exclusion(
            CODE, street_code="s1", reason="merged", document="No. 3", actor="eva", now=later
        )
        refused("decided_since", publish, actor="eva", now=later + timedelta(hours=1))
        assert published_evaluation(CODE) is None


def test_answers_that_change_during_the_notice_are_told(app: Flask) -> None:
    with app.app_context():
        place = surveyed()
        frozen = freeze(CODE, actor="eva", now=NOW)
        wave = wave_view(CODE)
        assert standing(wave, viewer="eve", today=AFTER.date()).changed == ()
        factories.response(
            wave_id=place.wave_id, point_code=place.points[0], answers=levels(1, 1, 1, 1, 1)
        )
        fold_all(now=NOW)
        [changed] = standing(wave, viewer="eve", today=AFTER.date()).changed
        assert (changed.code, changed.counted) == ("s1", (40, 41))
        # It is told and not forbidden: the figures are of the freeze.
        approve(CODE, actor="eve", now=AFTER)
        assert current_evaluation(CODE).streets == frozen.streets  # type: ignore[union-attr]
        assert draft_evaluation(CODE).streets != frozen.streets
        assert changed_answers(wave, None) == ()


def test_a_notice_beyond_the_calendar_is_given_by_hand(app: Flask) -> None:
    late = datetime(LAST_DAY.year, 12, 30, 1)
    by_hand = date(LAST_DAY.year + 1, 1, 8)
    with app.app_context():
        surveyed()
        problem = refused("calendar_expired", freeze, actor="eva", now=late)
        assert problem.status == 409
        assert str(LAST_DAY.year) in str(problem)
        refused("notice_too_short", freeze, actor="eva", now=late, notice_until=late.date())
        refused("notice_too_short", freeze, actor="eva", now=NOW, notice_until=date(2026, 11, 30))
        assert freeze(CODE, actor="eva", now=late, notice_until=by_hand).notice_until == by_hand
        found = standing(wave_view(CODE), viewer="eve", today=late.date())
        assert found.calendar is not None
        assert found.days_left is None


@pytest.mark.parametrize(
    "today",
    [date(LAST_DAY.year + 1, 3, 1), LAST_DAY - timedelta(days=2)],
    ids=["after the calendar", "two days before its end"],
)
def test_a_calendar_that_ends_takes_no_time_to_appeal_away(app: Flask, today: date) -> None:
    now = datetime(today.year, today.month, today.day, 2)
    # Five days from Monday to Friday at least; none of these days is known as a holiday.
    least = working_days.add_working_days_beyond(today, 5)
    assert (
        sum((today + timedelta(days=n)).weekday() < 5 for n in range(1, (least - today).days + 1))
        == 5
    )
    with app.app_context():
        surveyed()
        refused("calendar_expired", freeze, actor="eva", now=now)
        for given in (LAST_DAY, today - timedelta(days=40), today, least - timedelta(days=1)):
            assert (
                refused("notice_too_short", freeze, actor="eva", now=now, notice_until=given).status
                == 422
            )
        far = today + timedelta(days=91)
        assert (
            refused("notice_too_long", freeze, actor="eva", now=now, notice_until=far).status == 422
        )
        assert freeze(CODE, actor="eva", now=now, notice_until=least).notice_until == least
        refused("notice_not_over", approve, actor="eve", now=now + timedelta(minutes=1))


def test_working_days_know_holidays_and_worked_weekends() -> None:
    # National Day 2026: off from 1 to 7 October, worked on Saturday the 10th.
    assert add_working_days(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert add_working_days(date(2026, 10, 9), 1) == date(2026, 10, 10)
    assert add_working_days(date(2026, 10, 9), 0) == date(2026, 10, 9)
    assert working_days_between(date(2026, 9, 30), date(2026, 10, 10)) == 3
    assert working_days_between(date(2026, 10, 10), date(2026, 9, 30)) == 0
    for count in range(15):
        start = date(2026, 2, 10)
        assert working_days_between(start, add_working_days(start, count)) == count
    with pytest.raises(ValueError, match="negative"):
        add_working_days(NOW.date(), -1)


def test_the_calendar_says_where_it_ends(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(Refused, match=r"ends on 31 Dec") as caught:
            add_working_days(LAST_DAY, 1)
        assert caught.value.details == {"last_known": LAST_DAY.isoformat()}
        with pytest.raises(Refused):
            working_days.is_working_day(date(1999, 1, 4))
