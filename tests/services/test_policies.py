"""Storing policies: one row a hash, locked with the wave, two at once, every change on record."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from analysis.policy import Policy
from survey.database import transaction
from survey.errors import Refused
from survey.models import AuditEvent, Wave, db
from survey.models import Policy as PolicyRow
from survey.queries.policy_editor import policy_by_hash, policy_page
from survey.services import audit
from survey.services.fieldwork import open_wave
from survey.services.policies import save_policy
from tests import factories
from tests.factories import NOW

DEFAULT = Policy()


def draft(*, policy_id: int | None = None) -> int:
    """A district with a street and a draft wave that could open now; the wave's id."""
    district_id = factories.district()
    factories.street(district_id=district_id)
    return factories.wave(
        district_id=district_id, code="2027q1", status="draft", policy_id=policy_id
    )


def save(policy: Policy, *, based_on: Policy = DEFAULT, actor: str = "eva") -> tuple[str, ...]:
    done = save_policy("2027q1", policy, based_on=based_on.sha256, actor=actor, now=NOW)
    return done.changed


def counts() -> tuple[int, int]:
    """Policy rows and audit events."""
    db.session.expire_all()
    rows = db.session.scalar(select(func.count()).select_from(PolicyRow))
    return rows or 0, db.session.scalar(select(func.count()).select_from(AuditEvent)) or 0


def test_a_draft_without_a_policy_takes_one_and_keeps_its_trail(each_app: Flask) -> None:
    with each_app.app_context():
        wave_id = draft()
        other = Policy.from_dict({"alpha": 0.4, "streams": {"slip": "A", "poster": "B"}})
        assert save(other) == ("streams", "alpha")
        stored = db.session.get_one(PolicyRow, db.session.get_one(Wave, wave_id).policy_id)
        assert (stored.hash, stored.document) == (other.sha256, other.to_dict())
        assert policy_page("2027q1").policy == other
        [event] = db.session.scalars(select(AuditEvent))
        assert (event.actor, event.action, event.subject) == ("eva", "change_policy", "wave 2027q1")
        assert event.detail["from"] == DEFAULT.sha256
        assert event.detail["to"] == other.sha256
        assert event.detail["changed"]["alpha"] == {"before": 0.6, "after": 0.4}
        assert audit.verify() == ()


def test_what_was_not_changed_makes_nothing_and_equal_policies_share_a_row(each_app: Flask) -> None:
    with each_app.app_context():
        draft()
        assert save(Policy()) == ()
        assert counts() == (0, 0)
        one = Policy.from_dict({"alpha": 0.4})
        assert save(one) == ("alpha",)
        assert save(Policy(), based_on=one) == ("alpha",)
        assert save(one) == ("alpha",)
        assert counts() == (2, 3)


def test_a_policy_of_an_earlier_version_keeps_its_hash_until_a_value_changes(
    each_app: Flask,
) -> None:
    with each_app.app_context():
        document = {k: v for k, v in Policy().to_dict().items() if k != "cluster_correlation"}
        earlier = Policy.from_locked(document)
        with transaction() as session:
            row = PolicyRow(hash=earlier.sha256, document=document, created_at=NOW)
            session.add(row)
            session.flush()
            key = row.id
        draft(policy_id=key)
        assert save(Policy(), based_on=earlier) == ()
        assert policy_page("2027q1").hash == earlier.sha256 != Policy().sha256
        assert save(Policy.from_dict({"alpha": 0.4}), based_on=earlier) == ("alpha",)


@pytest.mark.parametrize("status", ["open", "closed", "published"])
def test_a_locked_policy_cannot_be_changed(each_app: Flask, status: str) -> None:
    with each_app.app_context():
        draft(policy_id=factories.policy())
        with transaction() as session:
            session.execute(update(Wave).values(status=status))
        with pytest.raises(Refused) as refused:
            save(Policy.from_dict({"alpha": 0.4}))
        assert (refused.value.code, refused.value.status) == ("policy_locked", 409)
        assert counts() == (1, 0)


def test_opening_locks_what_was_saved_last(each_app: Flask) -> None:
    with each_app.app_context():
        draft()
        chosen = Policy.from_dict({"alpha": 0.4})
        save(chosen)
        assert open_wave("2027q1", now=NOW).policy_hash == chosen.sha256
        with pytest.raises(Refused, match="is locked"):
            save(Policy(), based_on=chosen)


def test_a_save_on_what_is_not_stored_any_more_is_refused(each_app: Flask) -> None:
    with each_app.app_context():
        draft()
        first = Policy.from_dict({"alpha": 0.4})
        save(first)
        for stale in (DEFAULT.sha256, "", "0" * 64):
            with pytest.raises(Refused) as refused:
                save_policy("2027q1", Policy(), based_on=stale, actor="eva", now=NOW)
            assert (refused.value.code, refused.value.status) == ("policy_meanwhile", 409)
        assert policy_page("2027q1").hash == first.sha256
        assert policy_by_hash(first.sha256) == first
        assert policy_by_hash(DEFAULT.sha256) == DEFAULT
        assert policy_by_hash("0" * 64) is None


def test_of_two_at_once_one_saves_and_the_other_is_told(each_app: Flask) -> None:
    with each_app.app_context():
        draft()
    together, told = threading.Barrier(2), []

    def save_alpha(alpha: float) -> None:
        with each_app.app_context():
            together.wait()
            try:
                told.append(save(Policy.from_dict({"alpha": alpha})))
            except Refused as error:
                told.append(error.code)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=save_alpha, args=(alpha,)) for alpha in (0.3, 0.7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with each_app.app_context():
        assert sorted(map(str, told)) == sorted(["('alpha',)", "policy_meanwhile"])
        assert counts() == (1, 1)


@pytest.mark.parametrize(
    "unfit",
    [
        {"omega": {"party": 1.0}},
        {"omega": {**dict.fromkeys(factories.INDICATORS, 0.2), "taxes": 0}},
        {"margin_variables": {"income": {"ordered": False, "categories": ["low", "high"]}}},
    ],
)
def test_what_the_questionnaire_does_not_ask_is_not_stored(each_app: Flask, unfit: dict) -> None:
    with each_app.app_context():
        draft()
        with pytest.raises(Refused) as refused:
            save(Policy.from_dict(unfit))
        assert (refused.value.code, refused.value.status) == ("policy_unfit", 422)
        assert counts() == (0, 0)


def test_an_unknown_wave_is_refused(app: Flask) -> None:
    with app.app_context(), pytest.raises(Refused) as refused:
        save(Policy.from_dict({"alpha": 0.4}))
    assert refused.value.status == 404


def test_the_wave_before_is_the_last_that_was_opened(app: Flask) -> None:
    with app.app_context():
        place = factories.place(wave_status="closed")
        for code, days in (("2027q1", 60), ("2027q2", 150)):
            factories.wave(
                district_id=place.district_id,
                code=code,
                status="draft",
                opens_at=NOW + timedelta(days=days),
                closes_at=NOW + timedelta(days=days + 30),
            )
        save(Policy.from_dict({"alpha": 0.4}))
        for code, changed in (("2027q1", ["alpha"]), ("2027q2", [])):
            page = policy_page(code)
            assert page.last is not None
            assert page.last.code == "2026q4"
            assert [one.entry.key for one in page.changed] == changed
        assert policy_page("2026q4").last is None
