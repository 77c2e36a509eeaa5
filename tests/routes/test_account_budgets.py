"""What the pages around accounts cost: a fixed number of queries, however long the lists are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from survey.clock import utc_now
from survey.desk import Desk
from survey.models import db
from survey.services import access, invitations, reply_templates
from tests.factories import Place
from tests.routes.conftest import PASSWORD

Enter = Callable[[str], FlaskClient]
# Without the one that finds the account, its session and whether the data are invented.
BUDGETS = [
    ("clerk", "/office/account", 1),
    ("boss", "/office/account/codes", 0),
    ("clerk", "/office/account/mail", 1),
    ("clerk", "/office/reply-templates", 2),
    ("eva", "/office/reply-templates", 2),
    ("boss", "/office/admin/accounts", 4),
    ("boss", "/office/admin/mail", 2),
]


@pytest.fixture
def counted(app: Flask) -> Callable[[FlaskClient, str], list[str]]:
    """counted(client, path) -> the statements that a second visit sends to the database."""

    @contextmanager
    def listening() -> Iterator[list[str]]:
        sent: list[str] = []

        def note(_c: object, _cu: object, statement: str, *_more: object) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA")):
                sent.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        yield sent
        event.remove(engine, "before_cursor_execute", note)

    def visit(client: FlaskClient, path: str) -> list[str]:
        assert client.get(path).status_code == 200
        with listening() as sent:
            assert client.get(path).status_code == 200
        return sent

    return visit


def fill(app: Flask, place: Place, number: int) -> str:
    """More of everything that these pages list; the token of an invitation."""
    now = utc_now()
    with app.app_context():
        for desk in (Desk("clerk", street_code="s1"), Desk("eva", is_evaluator=True)):
            reply_templates.add_template(
                district_id=place.district_id,
                desk=desk,
                name=f"Template {number}",
                words="We come on {date}.",
                now=now,
            )
        access.create_account(f"more-{number}", PASSWORD, ["street"], street_code="s2", now=now)
        return invitations.invite(
            f"Desk {number}", ["street"], street_code="s2", actor="boss", now=now
        )


@pytest.mark.parametrize(("who", "path", "most"), BUDGETS)
def test_a_page_costs_so_many_queries_with_short_and_long_lists(
    app: Flask,
    place: Place,
    signed_in: Enter,
    counted: Callable[[FlaskClient, str], list[str]],
    who: str,
    path: str,
    most: int,
) -> None:
    fill(app, place, 0)
    client = signed_in(who)
    few = counted(client, path)
    assert len(few) - 1 <= most, few
    for number in range(1, 6):
        fill(app, place, number)
        signed_in(who)
    assert len(counted(client, path)) == len(few)


def test_the_page_of_an_invitation_costs_two_queries(
    app: Flask,
    place: Place,
    client: FlaskClient,
    counted: Callable[[FlaskClient, str], list[str]],
) -> None:
    assert len(counted(client, f"/office/invitation/{fill(app, place, 0)}")) <= 2


def test_whoever_signs_in_costs_one_query_before(
    place: Place, client: FlaskClient, counted: Callable[[FlaskClient, str], list[str]]
) -> None:
    assert len(counted(client, "/office/sign-in")) <= 1
