"""The inbox: what each desk finds in it, what it never does, and what that costs."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import event

from survey.database import transaction
from survey.models import Mention, ThemeModel, db
from survey.services import search_index
from survey.services.rollup import fold_all
from tests import case_factories, factories
from tests.routes.conftest import NOW

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def cases(app: Flask, place: factories.Place) -> dict[str, int]:
    """{what it is: id} of cases in both streets."""
    with app.app_context():
        made = {
            "lamp": case_factories.a_comment_case(place, body="楼下路灯坏了"),
            "other": case_factories.a_comment_case(place, street=1, body="隔壁街道路灯坏了"),
            "parking": case_factories.a_theme_case(place),
            "call": case_factories.a_call_back_case(place, words="小区停车太乱"),
        }
        fold_all(now=NOW)
        return made


@pytest.fixture
def mentioned(app: Flask, place: factories.Place) -> dict[str, int]:
    """Comments of a theme that 12 mention in s1 and 3 in s2: {street: comment}."""
    with app.app_context():
        theme = case_factories.a_theme(place, mentions=(12, 3), label="电梯", keywords=["电梯"])
        made = {}
        for code, street_id in zip(("s1", "s2"), place.street_ids, strict=True):
            made[code] = factories.comment(
                body=f"电梯常坏 {code}", wave_id=place.wave_id, street_id=street_id
            )
        made["loose"] = factories.comment(
            body="电梯旁边的草", wave_id=place.wave_id, street_id=place.street_ids[0]
        )
        with transaction() as session:
            model = ThemeModel(version=99, sha256="0" * 64, metrics={}, created_at=NOW)
            session.add(model)
            session.flush()
            for code in ("s1", "s2"):
                session.add(
                    Mention(
                        comment_id=made[code],
                        theme_id=theme,
                        model_id=model.id,
                        closeness=1.0,
                        decided_by="model",
                    )
                )
        search_index.add_missing()
        return made


def page(client: FlaskClient, query: str = "") -> str:
    """The inbox with this query."""
    answer = client.get(f"/office/inbox{query}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def linked(html: str, cases: dict[str, int]) -> set[str]:
    """Names of the cases that the page leads to."""
    return {name for name, key in cases.items() if f'"/office/cases/{key}"' in html}


def test_a_street_finds_its_own_cases_only(signed_in: SignIn, cases: dict[str, int]) -> None:
    clerk = signed_in("clerk")
    assert linked(page(clerk), cases) == {"lamp", "parking", "call"}
    assert linked(page(clerk, "?tab=all&q=路灯"), cases) == {"lamp"}
    assert linked(page(clerk, "?tab=all&q=停车"), cases) == {"parking", "call"}
    assert linked(page(clerk, "?tab=all&street=s2"), cases) == set()
    assert "Nothing found" in page(clerk, "?tab=all&q=没有这样的话")
    assert "隔壁街道" not in page(clerk, "?tab=comments&q=路灯")


def test_the_evaluation_office_finds_every_case(signed_in: SignIn, cases: dict[str, int]) -> None:
    eva = signed_in("eva")
    assert linked(page(eva, "?tab=all"), cases) == set(cases)
    assert linked(page(eva, "?tab=all&street=s2"), cases) == {"other"}
    assert linked(page(eva, "?tab=all&origin=call_back"), cases) == {"call"}
    assert linked(page(eva, "?tab=all&state=done"), cases) == set()
    assert linked(page(signed_in("audit"), "?tab=all"), cases) == set(cases)


def test_a_department_finds_what_it_holds(signed_in: SignIn, cases: dict[str, int]) -> None:
    assert linked(page(signed_in("dept"), "?tab=all"), cases) == set()
    signed_out = signed_in("boss")
    assert signed_out.get("/office/inbox").status_code == 403


def test_a_street_reads_comments_of_themes_that_ten_mention(
    signed_in: SignIn, mentioned: dict[str, int]
) -> None:
    clerk = page(signed_in("clerk"), "?tab=comments&q=电梯")
    assert "电梯常坏 s1" in clerk
    assert "电梯常坏 s2" not in clerk
    assert "电梯旁边的草" not in clerk
    assert f'name="comment" value="{mentioned["s1"]}"' in clerk
    eva = page(signed_in("eva"), "?tab=comments&q=电梯")
    assert all(words in eva for words in ("电梯常坏 s1", "电梯常坏 s2", "电梯旁边的草"))
    # Not given to the department.
    assert "电梯常坏" not in page(signed_in("dept"), "?tab=comments&q=电梯")


def test_the_other_street_reads_nothing_of_three_mentions(
    app: Flask, place: factories.Place, mentioned: dict[str, int]
) -> None:
    from survey.desk import Desk
    from survey.queries.inbox import InboxFilters
    from survey.queries.inbox_comments import inbox_comments

    with app.app_context():
        other = inbox_comments(Desk("x", street_code="s2"), filters=InboxFilters())
        assert other.rows == ()
        assert inbox_comments(Desk("nobody"), filters=InboxFilters()).rows == ()


@pytest.mark.parametrize(
    "query",
    [
        "?q=%22%27%3B--",
        "?q=%F0%9F%98%80",
        "?tab=comments&q=" + "停" * 2000,
        "?tab=none&state=none&due=none&origin=none&page=-3",
        "?page=99999999999&tab=all",
        "?theme=99999999999999999999&street=%00&indicator=x&holder=y",
        "?tab=comments&page=50",
    ],
)
def test_nothing_in_the_address_is_an_error(
    signed_in: SignIn, cases: dict[str, int], query: str
) -> None:
    for who in ("clerk", "eva", "dept"):
        page(signed_in(who), query)


@pytest.mark.parametrize("who", ["clerk", "eva", "dept"])
@pytest.mark.parametrize("query", ["", "?tab=all&q=停车", "?tab=comments&q=停车"])
def test_budget(app: Flask, signed_in: SignIn, cases: dict[str, int], who: str, query: str) -> None:
    client = signed_in(who)
    page(client, query)
    found: list[str] = []
    with app.app_context():
        event.listen(
            db.engine,
            "before_cursor_execute",
            lambda _c, _cu, statement, _p, _ctx, _m: found.append(statement),
        )
    page(client, query)
    own = [
        one for one in found if one == "BEGIN" or "FROM account" in one or "office_session" in one
    ]
    assert len(found) - len(own) <= 6, found


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_list_is_a_file_of_what_the_desk_sees_and_filters(
    signed_in: SignIn, cases: dict[str, int], kind: str
) -> None:
    def rows(who: str, query: str = "?tab=all") -> list[dict[str, str]]:
        got = signed_in(who).get(f"/office/inbox.{kind}{query}")
        assert got.status_code == 200
        assert f".{kind}" in got.headers["Content-Disposition"]
        if kind == "csv":
            return list(csv.DictReader(io.StringIO(got.data.decode("utf-8-sig"))))
        head, *lines = load_workbook(io.BytesIO(got.data), read_only=True)["inbox"].iter_rows(
            values_only=True
        )
        return [dict(zip(map(str, head), map(str, line), strict=True)) for line in lines]

    everything = rows("eva")
    assert {int(row["case"]) for row in everything} == set(cases.values())
    own = rows("clerk")
    assert 0 < len(own) < len(everything)
    assert {row["street"] for row in own} == {"s1"}
    assert [int(row["case"]) for row in rows("eva", "?tab=all&origin=theme")] == [cases["parking"]]
    assert [int(row["case"]) for row in rows("clerk", "?tab=all&q=路灯")] == [cases["lamp"]]


def test_a_file_of_cases_keeps_no_words_of_who_asked_to_be_called(
    signed_in: SignIn, cases: dict[str, int]
) -> None:
    got = signed_in("eva").get("/office/inbox.csv?tab=all&origin=call_back")
    (row,) = csv.DictReader(io.StringIO(got.data.decode("utf-8-sig")))
    assert int(row["case"]) == cases["call"]
    assert row["what_zh"] == row["what_en"] == ""


def test_a_file_of_another_kind_or_by_nobody_is_refused(
    client: FlaskClient, signed_in: SignIn, cases: dict[str, int]
) -> None:
    assert signed_in("eva").get("/office/inbox.pdf").status_code == 422
    assert client.get("/office/inbox.csv").status_code in (302, 401, 403)
