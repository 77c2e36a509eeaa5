"""Holding answers back while a run over the themes is at work: both are counted."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from survey.database import transaction
from survey.models import Response, Wave, db
from survey.queries.waves import wave_view
from survey.services import theme_additions, theme_counts, themes
from survey.services.rollup import fold_all
from survey.services.theme_counts import recount_of_answers
from tests import factories
from tests.factories import NOW, Place, levels
from tests.services.test_theme_counting import counted, counted_anew
from tests.services.themes_told import CODE, PARKING

RUN = "run over the themes"


def _say(place: Place, text: str, street: int) -> None:
    factories.response(
        wave_id=place.wave_id,
        point_code=place.points[street],
        answers=levels(3, 1, 3, 3, 3, comment=text),
    )


@pytest.mark.parametrize("status", ["open", "closed"])
@pytest.mark.parametrize("after", ["quarantined", "accepted"])
def test_answers_held_back_or_let_in_during_a_run_are_counted(
    each_app: Flask, monkeypatch: pytest.MonkeyPatch, status: str, after: str
) -> None:
    before = "accepted" if after == "quarantined" else "quarantined"
    with each_app.app_context():
        # Given a theme, and a new answer that the next run puts into it
        place = factories.place()
        for text in PARKING:
            _say(place, text, 0)
        fold_all(now=NOW)
        themes.run_themes(CODE, now=NOW)
        old = db.session.scalar(select(Response.id).order_by(Response.id).limit(1))
        _say(place, f"河边停车场的{PARKING[1]}", 1)
        fold_all(now=NOW)
        new = db.session.scalar(select(Response.id).order_by(Response.id.desc()).limit(1))
        db.session.rollback()
        with transaction() as session:
            session.execute(update(Wave).values(status=status))
            session.execute(update(Response).where(Response.id == old).values(status=before))
            recount_of_answers(session, wave_view(CODE), [old])
        db.session.remove()
    reached, go_on = threading.Event(), threading.Event()
    failed: list[BaseException] = []

    def waiting(real: Any) -> Any:
        def then(*given: Any, **named: Any) -> Any:
            found = real(*given, **named)
            if threading.current_thread().name == RUN:
                reached.set()
                go_on.wait(20)
            return found

        return then

    # The run has read which answers count and has not stored it yet.
    monkeypatch.setattr(theme_additions, "_sums", waiting(theme_additions._sums))
    monkeypatch.setattr(theme_counts, "store_kinds", waiting(theme_counts.store_kinds))

    def run() -> None:
        with each_app.app_context():
            try:
                themes.run_themes(CODE, now=NOW)
            except BaseException as error:
                failed.append(error)

    def move() -> None:
        with each_app.app_context():
            try:
                with transaction() as session:
                    query = select(Response.id).where(Response.id.in_((old, new)))
                    answers = session.scalars(query.with_for_update()).all()
                    session.execute(
                        update(Response).where(Response.id.in_(answers)).values(status=after)
                    )
                    recount_of_answers(session, wave_view(CODE), answers)
            except BaseException as error:
                failed.append(error)

    # When answers are held back, or let in, while it is at work
    running, moving = threading.Thread(target=run, name=RUN), threading.Thread(target=move)
    running.start()
    assert reached.wait(60)
    moving.start()
    moving.join(1)
    go_on.set()
    running.join()
    moving.join()
    # Then neither waits in a circle, and what is counted is what there is
    assert failed == []
    with each_app.app_context():
        found = counted()
        assert found["periods"]
        assert found == counted_anew()
