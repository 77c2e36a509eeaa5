"""Drafts of districts of many streets: kept by the worker, equal to what is computed, replaced."""

from __future__ import annotations

import pytest
from flask import Flask

from survey import jobs
from survey.database import transaction
from survey.errors import Refused
from survey.models import Evaluation, Wave, db
from survey.queries import views
from survey.queries.draft import draft_evaluation
from survey.queries.evaluation import current_evaluation, published_evaluation, revisions
from survey.queries.waves import wave_view
from survey.services import large_districts, rollup
from tests import factories
from tests.factories import NOW

CODE = "2026q4"


def small_place(*, closed: bool = False) -> factories.Place:
    """Three streets with answers that are counted and direct scores."""
    place = factories.place(streets=("s1", "s2", "s3"))
    for number, (street, point) in enumerate(zip(place.street_ids, place.points, strict=True)):
        for i in range(34):
            answer(place, point, level=1 + (i + number) % 5, number=i)
        factories.direct_score(wave_id=place.wave_id, street_id=street, score=88 + number)
    rollup.fold_all(now=NOW)
    if closed:
        with transaction() as session:
            session.get_one(Wave, place.wave_id).status = "closed"
    return place


def answer(place: factories.Place, point: str, *, level: int, number: int) -> None:
    answers = factories.levels(
        level, 4, 3, level, 5, age_band="30-44" if number % 2 else "60+", sex="FM"[number % 2]
    )
    factories.response(wave_id=place.wave_id, point_code=point, answers=answers)


def test_a_kept_draft_is_the_computed_one_to_the_last_bit(each_app: Flask) -> None:
    with each_app.app_context():
        small_place()
        large_districts.keep_draft(CODE, now=NOW)
        kept = large_districts.kept_draft(CODE)
        assert kept is not None
        # repr gives floats to the last bit.
        assert repr(kept.evaluation) == repr(draft_evaluation(CODE))
        assert kept.evaluation.streets[0].blended.value is not None
        assert kept.at == NOW
        told = jobs.draft_progress(CODE)
        assert told is not None
        assert (told.state, told.done, told.total) == ("done", 3, 3)


def test_a_kept_draft_is_no_evaluation(each_app: Flask) -> None:
    with each_app.app_context():
        small_place()
        large_districts.keep_draft(CODE, now=NOW)
        assert db.session.query(Evaluation).count() == 0
        assert current_evaluation(CODE) is None
        assert published_evaluation(CODE) is None
        assert revisions(CODE) == ()


def test_a_kept_draft_tells_when_counts_changed(each_app: Flask) -> None:
    with each_app.app_context():
        place = small_place()
        kept = large_districts.keep_draft(CODE, now=NOW)
        assert not large_districts.is_outdated(kept, wave_view(CODE))
        answer(place, place.points[0], level=1, number=1)
        assert not large_districts.is_outdated(kept, wave_view(CODE))
        rollup.fold_all(now=NOW)
        assert large_districts.is_outdated(kept, wave_view(CODE))
        again = large_districts.keep_draft(CODE, now=NOW)
        assert not large_districts.is_outdated(again, wave_view(CODE))
        found = large_districts.kept_draft(CODE)
        assert found is not None
        assert found.evaluation.streets[0].public.n == kept.evaluation.streets[0].public.n + 1


def test_a_draft_of_another_version_is_not_read(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        small_place()
        large_districts.keep_draft(CODE, now=NOW)
        monkeypatch.delattr(views, "ConditionView")
        assert large_districts.kept_draft(CODE) is None


def test_an_unknown_wave_is_told_as_failed(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(Refused):
            large_districts.keep_draft("nowhere", now=NOW)
        told = jobs.draft_progress("nowhere")
        assert told is not None
        assert told.state == "failed"
        assert large_districts.kept_draft("nowhere") is None


def test_a_freeze_by_the_worker_is_the_same_freeze(each_app: Flask) -> None:
    with each_app.app_context():
        small_place(closed=True)
        drafted = draft_evaluation(CODE)
        large_districts.freeze_and_tell(CODE, actor="eva", now=NOW, reason="", notice_until=None)
        made = current_evaluation(CODE)
        assert made is not None
        assert [one.blended for one in made.streets] == [one.blended for one in drafted.streets]
        assert made.sign_offs[0].actor == "eva"
        told = jobs.freeze_progress(CODE)
        assert told is not None
        assert told.state == "done"


def test_a_refused_freeze_is_told_in_words(app: Flask) -> None:
    with app.app_context():
        small_place()
        large_districts.freeze_and_tell(CODE, actor="eva", now=NOW, reason="", notice_until=None)
        told = jobs.freeze_progress(CODE)
        assert told is not None
        assert told.state == "failed"
        assert " " in told.reason or "。" in told.reason
        assert current_evaluation(CODE) is None


@pytest.mark.parametrize("count", [60, 61])
def test_more_than_sixty_streets_are_many(app: Flask, count: int) -> None:
    with app.app_context():
        factories.place(streets=[f"s{number:02}" for number in range(count)])
        assert large_districts.is_large(wave_view(CODE)) is (count == 61)
