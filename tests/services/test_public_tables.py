"""What is public of a wave together: hidden, audited, and looked at by brute force."""

from __future__ import annotations

import itertools
import random
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from flask import Flask
from sqlalchemy import select

from analysis.disclosure_audit import audit
from analysis.published_tables import (
    PublishedTable,
    small_or_hidden,
    table_of,
    tables_to_statements,
)
from survey.database import transaction
from survey.models import AuditEvent, Case, Picture, Street, Wave, db
from survey.queries.public import public_waves
from survey.queries.public_cells import (
    ANSWER_COLUMNS,
    BY_ANSWER,
    BY_STATE,
    CASE_COLUMNS,
    CaseCount,
    answered,
    case_tables,
    frozen_tables,
    shown_counts,
)
from survey.queries.public_tables import kept_under, public_tables
from survey.services import evaluate
from survey.services import public_tables as service
from tests import factories
from tests.public_cases import add_cases as add_public_cases
from tests.published import FIRST, SECOND, publish_district, published_copy

NOW = factories.NOW


def drawn_counts(seed: int, streets: int = 6) -> tuple[list[CaseCount], list[str]]:
    """Cases of a made-up district in which many cells are small."""
    draw = random.Random(seed)
    codes = [f"s{i}" for i in range(streets)]
    counts = [
        CaseCount(code, state, answer, draw.choice((0, 0, 0, 1, 2, 4, 7, 12, 30)))
        for code in codes
        for state in CASE_COLUMNS
        for answer in ANSWER_COLUMNS
    ]
    return counts, codes


@pytest.mark.parametrize("seed", range(4))
def test_no_hidden_count_can_be_narrowed_below_ten(seed: int) -> None:
    counts, codes = drawn_counts(seed)
    tables = case_tables(counts, codes)
    # As they are, readers would have small numbers at once.
    bare = audit(tables_to_statements(tables), small_or_hidden(tables, least=10), least=10)
    assert not bare.passed
    checked = service.check([], tables)
    assert checked.cases
    assert checked.passed
    again = audit(
        tables_to_statements(checked.cases), small_or_hidden(checked.cases, least=10), least=10
    )
    assert again.passed
    assert again.targets == checked.targets > 0
    for table in checked.cases:
        for line in shown_counts(table).values():
            assert all(n is None or n == 0 or n >= 10 for n in line.values())


def solutions(table: PublishedTable, most: int) -> list[np.ndarray]:
    """Every table of whole numbers up to `most` that agrees with all that is printed."""
    rows, columns = table.rows, table.columns
    free = [
        (i, j) for i, r in enumerate(rows) for j, c in enumerate(columns) if (r, c) in table.hidden
    ]
    found = []
    for values in itertools.product(range(most + 1), repeat=len(free)):
        cells = table.counts.copy()
        for place, value in zip(free, values, strict=True):
            cells[place] = value
        sums = {("", ""): cells.sum()}
        sums |= {(r, ""): cells[i].sum() for i, r in enumerate(rows)}
        sums |= {("", c): cells[:, j].sum() for j, c in enumerate(columns)}
        if all(
            sums[tuple("" if name == "(total)" else name for name in place)] == total
            for place, total in table.totals.items()
            if place not in table.hidden
        ):
            found.append(cells)
    return found


def test_brute_force_finds_no_narrow_range_either() -> None:
    table = table_of(
        "tiny",
        ("s1", "s2"),
        ("done", "open"),
        [[3, 14], [12, 15]],
        cell=lambda row, column: [(row, column)],
        totals_may_be_hidden=True,
    )
    (made,) = service.check([], [table]).cases
    assert ("s1", "done") in made.hidden
    agreeing = solutions(made, most=30)
    assert any((cells == table.counts).all() for cells in agreeing)
    for i, row in enumerate(made.rows):
        for j, column in enumerate(made.columns):
            if (row, column) in made.hidden:
                values = [int(cells[i, j]) for cells in agreeing]
                assert max(values) - min(values) >= 10, (row, column)


def test_brute_force_sees_what_a_line_without_complement_gives_away() -> None:
    # The check itself must be able to fail.
    table = table_of(
        "bad",
        ("s1", "s2"),
        ("done", "open"),
        [[3, 14], [12, 15]],
        cell=lambda row, column: [(row, column)],
        hidden=[("s1", "done")],
    )
    assert len(solutions(table, most=30)) == 1


def test_a_day_counts_to_its_end() -> None:
    due = date(2026, 11, 24)
    after = due + timedelta(days=1)
    assert answered(due, due, today=after) == "in_time"
    assert answered(due, after, today=after) == "late"
    assert answered(due, None, today=due) == "waiting"
    assert answered(due, None, today=after) == "overdue"
    assert answered(None, None, today=after) == "waiting"


def add_cases(app: Flask, wanted: dict[str, dict[str, int]]) -> None:
    """Cases of single residents of the second wave: {street: {state: cases}}."""
    with app.app_context(), transaction() as session:
        wave = session.scalar(select(Wave).where(Wave.code == SECOND))
        assert wave is not None
        streets = {one.code: one.id for one in session.scalars(select(Street))}
        for code, states in wanted.items():
            for state, n in states.items():
                session.add_all(
                    Case(
                        district_id=wave.district_id,
                        street_id=streets[code],
                        origin="comment",
                        wave_id=wave.id,
                        state=state,
                        said_on=date(2026, 10, 1),
                        opened_at=NOW - timedelta(days=50),
                        reply_due_on=date(2026, 10, 22),
                        replied_at=NOW - timedelta(days=40),
                        done_at=NOW - timedelta(days=20)
                        if state in ("done", "confirmed")
                        else None,
                    )
                    for _ in range(n)
                )


@pytest.fixture
def published(app: Flask) -> Flask:
    app = published_copy(app)
    add_cases(
        app,
        {
            "s1": {"received": 14, "done": 22, "confirmed": 31},
            "s2": {"received": 3, "done": 16, "confirmed": 25},
            "s3": {"accepted": 2, "done": 4},
        },
    )
    return app


def kept(app: Flask) -> Any:
    with app.app_context():
        entry = next(one for one in public_waves().published if one.wave.code == SECOND)
        return service.keep(entry.wave, now=NOW)


def test_the_figures_are_kept_with_their_audit_and_on_record(published: Flask) -> None:
    made = kept(published)
    with published.app_context():
        assert public_tables(SECOND) == made
        event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert event is not None
        assert event.action == "audit_disclosure"
        assert event.detail["passed"] is True
        assert event.detail["narrow"] == []
    assert made.audit.passed
    assert made.audit.at == NOW
    first = made.of("s1")
    assert first.total == 67
    # 14 + 3 + 2: what is small in two streets is hidden, and nothing that would follow stands.
    assert made.of("s2").states["open"] is None
    assert made.cases["s3"].total is None or made.cases["s3"].states["open"] is None
    assert {time.step for time in first.times} >= {"reply", "done"}


def test_no_time_stands_where_no_count_does(published: Flask) -> None:
    made = kept(published)
    for figures in made.cases.values():
        if figures.total is None or figures.total < 10:
            assert figures.times == ()


def test_they_stand_for_a_week_and_for_their_revision(published: Flask) -> None:
    with published.app_context():
        assert set(service.keep_due(now=NOW)) == {FIRST, SECOND}
        assert service.keep_due(now=NOW + timedelta(days=6)) == ()
        evaluate.publish(SECOND, actor="test", now=NOW, reason="A file came late.")
        assert service.keep_due(now=NOW + timedelta(days=6)) == (SECOND,)
        assert set(service.keep_due(now=NOW + timedelta(days=7))) == {FIRST}


def test_what_cannot_be_protected_is_left_out() -> None:
    # Two tables of the same people under other names, one of them with a few people more.
    def one(name: str, cells: list[str], n: int) -> PublishedTable:
        return table_of(name, ("n",), ("a",), [[n]], cell=lambda _r, _c: cells, print_totals=())

    tables = [one("all", ["x", "y"], 25), one("some", ["x"], 22)]
    checked = service.check([], tables)
    assert checked.cases == ()
    assert checked.passed


def test_nobody_reads_the_figures_under_a_pictures_address(published: Flask) -> None:
    made = kept(published)
    with published.app_context():
        key = kept_under(SECOND)
        assert db.session.get(Picture, key) is not None
    # The address is a secret of this installation, and what lies there holds shown figures alone.
    answer = published.test_client().get("/data")
    assert key not in answer.get_data(as_text=True)
    with published.app_context():
        text = db.session.get_one(Picture, key).svg
    assert made.of("s2").states["open"] is None
    assert '"received"' not in text
    assert BY_STATE in text
    assert BY_ANSWER in text


@pytest.mark.parametrize("seed", range(6))
def test_lines_that_pages_show_pass_with_any_counts(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(12):
        sizes = draw.choice(((0, 1, 3, 9, 14), (0, 12, 40, 90), (2, 5, 8), (0, 0, 7, 200)))
        counts = {f"s{i}": draw.choice(sizes) for i in range(draw.randint(1, 7))}
        tables = theme_as_pages_hide_it(counts, respondents=draw.choice((4, 300)))
        assert len(tables) == 2
        report = audit(tables_to_statements(tables), small_or_hidden(tables, least=10), least=10)
        assert report.passed, (counts, report.narrow)


def theme_as_pages_hide_it(counts: dict[str, int], respondents: int) -> list[PublishedTable]:
    """The tables of a district with one theme of these mentions."""
    view: Any = SimpleNamespace(
        streets=[
            SimpleNamespace(
                street=SimpleNamespace(code=code),
                public=SimpleNamespace(n=respondents),
                adjustments=[SimpleNamespace(theme_id=7, is_confirmed=True, mentions=n)],
            )
            for code, n in counts.items()
        ],
        mentions_of=lambda _theme: counts,
    )
    return frozen_tables(view, [], {})


def test_everything_works_on_both_databases(each_app: Flask) -> None:
    with each_app.app_context():
        publish_district(direct=False)
    add_public_cases(each_app)
    with each_app.app_context():
        made = public_tables(SECOND)
        assert made is not None
        assert made.audit.passed
        # Again: the same row, with the later audit.
        entry = next(one for one in public_waves().published if one.wave.code == SECOND)
        later = service.keep(entry.wave, now=NOW + timedelta(days=7))
        assert public_tables(SECOND) == later
    page = each_app.test_client().get("/streets/s1").get_data(as_text=True)
    assert "Done, says the office" in page
    assert each_app.test_client().get(f"/api/v1/waves/{SECOND}/said_done").get_json()["rows"]
