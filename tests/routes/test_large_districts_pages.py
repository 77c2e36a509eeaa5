"""A district of 61 streets: pages ask the worker for the draft and show the one it keeps."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from survey import jobs
from survey.database import transaction
from survey.formatting import say_number
from survey.models import Wave
from survey.queries import draft
from survey.queries.draft import draft_evaluation
from survey.queries.evaluation import current_evaluation
from survey.services import access, large_districts, rollup
from tests import factories
from tests.routes.conftest import NOW, PASSWORD, form_token, sign_in

CODE = "2026q4"
PAGE = f"/office/waves/{CODE}/evaluation"


@pytest.fixture
def place(app: Flask) -> factories.Place:
    """61 streets, two of them with answers, an evaluator and an auditor."""
    with app.app_context():
        made = factories.place(streets=[f"s{number:02}" for number in range(61)])
        for point in made.points[:2]:
            for i in range(33):
                answers = factories.levels(1 + i % 5, 4, 3, 2, 5, age_band="60+", sex="FM"[i % 2])
                factories.response(wave_id=made.wave_id, point_code=point, answers=answers)
        for key in made.street_ids:
            factories.direct_score(wave_id=made.wave_id, street_id=key, score=90)
        rollup.fold_all(now=NOW)
        for name, role in (("eva", "evaluator"), ("audit", "auditor")):
            access.create_account(name, PASSWORD, [role], street_code=None, now=NOW)
    return made


@pytest.fixture
def eva(app: Flask, place: factories.Place) -> FlaskClient:
    """A browser in which the evaluator is signed in."""
    client = app.test_client()
    assert sign_in(client, "eva").status_code == 302
    return client


def shown(client: FlaskClient, path: str = PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


@pytest.fixture
def computing(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fills with every computation of a draft."""
    done: list[str] = []
    real = draft.computed_draft

    def counted(wave_code: str, **more: Any) -> draft.Draft:
        done.append(wave_code)
        return real(wave_code, **more)

    monkeypatch.setattr(draft, "computed_draft", counted)
    return done


def test_the_request_asks_and_does_not_compute(
    app: Flask, eva: FlaskClient, computing: list[str]
) -> None:
    page = shown(eva)
    assert "The draft waits for the worker." in page
    assert 'http-equiv="refresh"' in page
    assert "Look again" in page
    assert "<table" not in page
    shown(eva)
    with app.app_context():
        # Looking again asks no second time.
        assert len(jobs.queue()) == 1
    assert computing == []


def test_what_the_worker_computed_is_shown_as_it_is(
    app: Flask, eva: FlaskClient, computing: list[str]
) -> None:
    shown(eva)
    with app.app_context():
        computed = draft_evaluation(CODE)
        large_districts.keep_draft(CODE, now=NOW)
    computing.clear()
    page = shown(eva)
    assert computing == []
    assert "This draft was computed at" in page
    assert "No answers, scores or rules changed since then." in page
    assert "Compute the draft again" in page
    assert 'http-equiv="refresh"' not in page
    first = computed.streets[0]
    assert first.blended.value is not None
    row = re.search(r'<th scope="row"><a [^>]*>s00.*?</tr>', page, re.DOTALL)
    assert row
    for estimate in (first.blended, first.direct, first.public, first.adjusted):
        assert say_number(estimate.value) in row[0]
    assert page.count('<th scope="row"><a href="' + PAGE + "/streets/") >= 61
    shown(eva, f"/office/waves/{CODE}/year?draft=1")
    assert computing == []


def test_changed_counts_are_told_and_computed_again_when_asked(
    app: Flask, eva: FlaskClient, place: factories.Place
) -> None:
    with app.app_context():
        large_districts.keep_draft(CODE, now=NOW)
        factories.response(
            wave_id=place.wave_id,
            point_code=place.points[0],
            answers=factories.levels(1, 1, 1, 1, 1, age_band="60+", sex="F"),
        )
        rollup.fold_all(now=NOW)
    page = shown(eva)
    assert "Answers, scores or rules changed since then." in page
    token = form_token(page)
    answer = eva.post(PAGE, data={"csrf_token": token, "step": "compute"})
    assert answer.status_code == 303
    page = shown(eva)
    assert "The draft waits for the worker." in page
    # The earlier one can be read until then.
    assert "This draft was computed at" in page
    with app.app_context():
        large_districts.keep_draft(CODE, now=NOW)
    assert "No answers, scores or rules changed since then." in shown(eva)


def test_the_worker_says_how_far_it_is_and_what_went_wrong(app: Flask, eva: FlaskClient) -> None:
    with app.app_context():
        jobs.tell(f"draft {CODE}", state="running", done=1, total=3)
    assert "The worker is computing the draft: step 2 of 3." in shown(eva)
    with app.app_context():
        jobs.tell(f"draft {CODE}", state="failed", reason="MemoryError")
    page = shown(eva)
    assert "The draft could not be computed" in page
    assert "MemoryError" in page
    assert "Compute the draft again" in page


def test_the_worker_freezes_and_a_refusal_is_read_on_the_page(
    app: Flask, eva: FlaskClient, place: factories.Place, computing: list[str]
) -> None:
    with app.app_context():
        large_districts.keep_draft(CODE, now=NOW)
        with transaction() as session:
            session.get_one(Wave, place.wave_id).status = "closed"
    computing.clear()
    form = {"csrf_token": form_token(shown(eva)), "step": "freeze", "confirmed": "yes"}
    answer = eva.post(PAGE, data=form)
    assert answer.status_code == 303
    assert computing == []
    page = shown(eva)
    assert "The worker is about to freeze the draft." in page
    assert eva.post(PAGE, data=form).status_code == 409
    with app.app_context():
        jobs.tell(f"freeze {CODE}", state="failed", reason="Close the wave first.")
    page = shown(eva)
    assert "The draft was not frozen" in page
    assert "Close the wave first." in page
    with app.app_context():
        large_districts.freeze_and_tell(CODE, actor="eva", now=NOW, reason="", notice_until=None)
        made = current_evaluation(CODE)
        assert made is not None
        assert made.status == "provisional"
    page = shown(eva)
    assert "Provisional, revision 1" in page
    assert "The draft was not frozen" not in page


def test_an_auditor_reads_the_kept_draft_and_changes_nothing(
    app: Flask, place: factories.Place
) -> None:
    with app.app_context():
        large_districts.keep_draft(CODE, now=NOW)
    client = app.test_client()
    assert sign_in(client, "audit").status_code == 302
    page = shown(client)
    assert "This draft was computed at" in page
    assert "Compute the draft again" not in page


def test_the_jobs_do_it_in_children(
    app: Flask, place: factories.Place, run_tasks: Callable[[], None]
) -> None:
    with app.app_context():
        assert jobs.ask_for_draft(CODE)
        run_tasks()
        kept = large_districts.kept_draft(CODE)
        assert kept is not None
        assert repr(kept.evaluation) == repr(draft_evaluation(CODE))
        assert jobs.ask_for_freeze(
            CODE, actor="eva", reason="--why", notice_until="", language="en"
        )
        run_tasks()
        told = jobs.freeze_progress(CODE)
        assert told is not None
        assert (told.state, told.reason) == (
            "failed",
            "Close the wave first: answers still come in.",
        )


@pytest.fixture
def run_tasks(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Does what waits in the queue as the worker does, its children on the test's database."""
    monkeypatch.setenv("JIEPING_DATABASE_URL", app.config["SQLALCHEMY_DATABASE_URI"])
    monkeypatch.setenv("JIEPING_INSTANCE_DIR", app.instance_path)

    def run() -> None:
        queue = jobs.queue()
        while (task := queue.dequeue()) is not None:
            queue.execute(task)

    return run
