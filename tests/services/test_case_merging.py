"""A case that is opened while its theme is merged away is about the theme that speaks for it."""

from __future__ import annotations

import threading
import time

from flask import Flask
from sqlalchemy import select, update

from survey.database import transaction
from survey.models import Case, Theme, db
from tests import factories
from tests.case_factories import a_theme, a_theme_case
from tests.factories import Place


def test_who_opens_while_it_is_merged_finds_the_case_of_the_theme_that_speaks(
    each_app: Flask,
) -> None:
    with each_app.app_context():
        place = factories.place()
        gone, kept = a_theme(place), a_theme(place, label="乱停车")
        there = a_theme_case(place, theme_id=kept)
    held, found = threading.Event(), []

    def merge() -> None:
        with each_app.app_context(), transaction() as session:
            session.execute(
                update(Theme).where(Theme.id == gone).values(status="merged", merged_into_id=kept)
            )
            held.set()
            # Long enough for the other to have read the theme and to wait for it.
            time.sleep(0.5)

    def open_one(place: Place) -> None:
        with each_app.app_context():
            held.wait()
            found.append(a_theme_case(place, theme_id=gone))

    threads = [threading.Thread(target=merge), threading.Thread(target=open_one, args=(place,))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [there]
    with each_app.app_context():
        assert db.session.scalars(select(Case.theme_id)).all() == [kept]
