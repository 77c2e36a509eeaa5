"""The year and the causes: what the pages say, whom they let in, what they cost."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, event, update

from survey.database import transaction
from survey.exports.tables import evaluation_table
from survey.models import EvaluationBundle, MomentCube, db
from survey.queries.evaluation import published_evaluation
from survey.services import access
from tests.published import FIRST, SECOND, published_copy
from tests.routes.conftest import NOW, PASSWORD, ROLES, sign_in

BASE = f"/office/waves/{SECOND}"
Enter = Callable[[str], FlaskClient]


@pytest.fixture
def enter(app: Flask) -> Enter:
    """A browser signed in on the published district."""
    published_copy(app)
    with app.app_context():
        for name, (role, street) in ROLES.items():
            access.create_account(name, PASSWORD, [role], street_code=street, now=NOW)

    def signed_in(username: str) -> FlaskClient:
        client = app.test_client()
        assert sign_in(client, username).status_code == 302
        return client

    return signed_in


def text(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def test_the_year_shows_pool_and_change_as_frozen(app: Flask, enter: Enter) -> None:
    page = text(enter("eva"), f"{BASE}/year")
    with app.app_context():
        found = published_evaluation(SECOND).year.streets["s1"]
    assert f"<b>{found.pool.value:.1f}</b>" in page
    assert f"<b>{found.change.value:+.1f}</b>".replace("-", "−") in page
    assert "not significant" in page
    assert "The first weights" in page or "fewer waves than the policy" in page


def test_a_first_wave_says_that_there_is_nothing_to_pool(enter: Enter) -> None:
    assert "nothing to pool yet" in text(enter("eva"), f"/office/waves/{FIRST}/year")


def test_every_figure_of_the_evaluation_page_leads_to_its_cause(enter: Enter) -> None:
    eva = enter("eva")
    page = text(eva, f"{BASE}/evaluation")
    links = set(re.findall(rf'href="({BASE}/evaluation/[^"]+)"', page))
    for anchor in ("blend", "direct", "streams"):
        assert f"{BASE}/evaluation/streets/s1?revision=1#{anchor}" in links
    assert f"{BASE}/evaluation/verdict?revision=1" in links
    for link in sorted(one for one in links if "/evaluation/" in one and "report" not in one):
        path, _, anchor = link.partition("#")
        cause = text(eva, path)
        assert not anchor or f'id="{anchor}"' in cause


def test_the_cause_of_an_index_is_its_cells_from_the_sealed_bundle(
    app: Flask, enter: Enter
) -> None:
    eva = enter("eva")
    before = text(eva, f"{BASE}/evaluation/streets/s1")
    assert "sealed with revision 1" in before
    with app.app_context():
        app.extensions.pop("causes")
        with transaction() as session:
            session.execute(update(MomentCube).values(sum_a=0, sum_b=0))
    # The form in the head has a token of the moment.
    after = text(eva, f"{BASE}/evaluation/streets/s1")
    assert after.split("<main")[1] == before.split("<main")[1]
    assert "as they stand now" in text(eva, f"{BASE}/evaluation/streets/s1?draft=1")


def test_without_a_bundle_the_page_says_that_causes_can_differ(app: Flask, enter: Enter) -> None:
    eva = enter("eva")
    with app.app_context(), transaction() as session:
        session.execute(delete(EvaluationBundle))
    assert "can differ from the figures" in text(eva, f"{BASE}/evaluation/streets/s1")


def test_only_a_wave_with_one_before_speaks_of_the_wave_before(enter: Enter) -> None:
    eva = enter("eva")
    first = text(eva, f"/office/waves/{FIRST}/evaluation/verdict")
    assert "No wave before this one is published." in first
    assert "In the wave before" not in first
    second, pool = text(eva, f"{BASE}/evaluation/verdict").split('id="year"')
    assert "In the wave before no street met all other conditions." in second
    assert "wave before" not in pool.split("</section>")[0]


def test_small_cells_are_hidden_from_the_street_itself(enter: Enter) -> None:
    path = f"{BASE}/evaluation/streets/s1"
    assert "recognised" not in text(enter("eva"), path)
    own = text(enter("clerk"), path)
    assert "recognised" in own
    cells = own.split('id="cells"')[1]
    shown = [int(n) for n in re.findall(r'</th><td class="num">(\d+)</td>', cells)]
    assert all(n >= 10 for n in shown)


def test_a_street_sees_its_own_causes_only_and_no_draft(enter: Enter) -> None:
    clerk = enter("clerk")
    assert clerk.get(f"{BASE}/evaluation/streets/s2").status_code == 403
    assert clerk.get(f"{BASE}/evaluation/verdict").status_code == 403
    assert clerk.get(f"{BASE}/year").status_code == 403
    assert "sealed with" in text(clerk, f"{BASE}/evaluation/streets/s1?draft=1")
    assert clerk.get("/office/waves/2026q4/evaluation/streets/s1").status_code == 404


def test_an_unknown_street_or_wave_is_not_found(enter: Enter) -> None:
    eva = enter("eva")
    assert eva.get(f"{BASE}/evaluation/streets/none").status_code == 404
    assert eva.get("/office/waves/none/evaluation/verdict").status_code == 404
    assert eva.get(f"{BASE}/evaluation/verdict?revision=9").status_code == 404


def test_the_verdict_says_what_would_change_each_unmet_condition(enter: Enter) -> None:
    page = text(enter("eva"), f"{BASE}/evaluation/verdict")
    assert page.count("What would change it:") >= 3
    assert re.search(r"would have to be \d+\.\d points instead of", page)
    assert re.search(r"more assessors for: .*s1", page)
    assert re.search(r"\d+ more effective answers, which is about \d+ more answers", page)
    assert "What more answers would settle" in page
    assert "Over the year" in page


def test_first_places_are_worded_for_one_and_for_several(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        template = app.jinja_env.from_string(
            '{% import "macros/causes.html" as c with context %}{{ c.top_places(g1, {}) }}'
        )
        group = {"top_group": ["a", "b"], "top_verified": False, "top_k": 1}
        assert "May hold the first place;" in template.render(g1=group)
        assert "the first 3 places;" in template.render(g1=group | {"top_k": 3})


@pytest.mark.parametrize(
    "path", [f"{BASE}/year", f"{BASE}/evaluation/verdict", f"{BASE}/evaluation/streets/s1"]
)
def test_a_frozen_page_costs_at_most_eight_queries(app: Flask, enter: Enter, path: str) -> None:
    eva = enter("eva")
    eva.get(path)
    found: list[str] = []
    with app.app_context():
        event.listen(
            db.engine,
            "before_cursor_execute",
            lambda _c, _cu, statement, _p, _ctx, _m: found.append(statement),
        )
    assert eva.get(path).status_code == 200
    sent = [s for s in found if not s.startswith(("BEGIN", "PRAGMA"))]
    assert len(sent) - 1 <= 8, sent


def test_the_public_and_the_api_read_the_year_as_it_was_frozen(app: Flask, enter: Enter) -> None:
    page = text(app.test_client(), f"/?wave={SECOND}")
    assert "No last place can be established for the year" in page
    with app.app_context():
        found = published_evaluation(SECOND).year.streets
    assert f"<b>{found['s1'].pool.value:.1f}</b>" in page
    # s3 has too few answers in both waves: neither its pool nor its change may be shown.
    assert found["s3"].pool.suppressed_because is not None
    assert found["s3"].shown_change is None
    with app.app_context():
        table = evaluation_table(published_evaluation(SECOND))
    names = [column.name for column in table.shape.columns]
    rows = {row[names.index("street")]: dict(zip(names, row, strict=True)) for row in table.rows}
    assert rows["s1"]["year"] == found["s1"].pool.value
    assert rows["s1"]["change"] == found["s1"].change.value
    assert (rows["s3"]["year"], rows["s3"]["change"]) == (None, None)
