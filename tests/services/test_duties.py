"""The duty list: edited with a trail, loaded whole or not at all, locked when a wave opens."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from survey.errors import Refused
from survey.models import AuditEvent, Department, Duty, WaveDuties, db
from survey.queries.duties import (
    COLUMNS,
    district_by_code,
    duties_of_wave,
    duty_rows,
    propose_remit,
)
from survey.queries.waves import wave_view
from survey.services import duties, fieldwork
from survey.services.duties_file import load_duties
from survey.services.tables_in import RowsRejected
from tests import factories
from tests.factories import NOW

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "survey" / "demo" / "duties.csv"
RUBBISH = {
    "code": "D1",
    "indicator": "urban",
    "name_zh": "清运垃圾",
    "name_en": "Collect rubbish",
    "terms": "垃圾；清运; rubbish",
    "responsible": "street",
    "department_zh": "",
    "department_en": "",
    "has_means": "yes",
    "source": "2026-12",
    "retired": "",
}
PARKING = RUBBISH | {
    "code": "D2",
    "terms": "停车",
    "responsible": "traffic",
    "department_zh": "交警大队",
    "department_en": "Traffic police",
}


def add(*entries: dict[str, str]) -> None:
    for cells in entries:
        duties.add_duty(cells, actor="eva", now=NOW)


def listed() -> dict[str, tuple]:
    return {
        one.code: (one.name[0], one.terms, one.responsible, one.is_in_use)
        for one in duty_rows(district_by_code().id)
    }


def trail() -> list[tuple[str, str, str]]:
    rows = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id))
    return [(one.actor, one.action, one.subject) for one in rows if "dut" in one.action]


def written(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "duties.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_every_act_is_kept_with_who_and_what(each_app: Flask) -> None:
    with each_app.app_context():
        factories.place()
        add(RUBBISH, PARKING)
        duties.change_duty("D1", RUBBISH | {"name_zh": "垃圾清运"}, actor="eva", now=NOW)
        duties.retire_duty("D2", actor="eva", now=NOW)
        assert listed() == {
            "D1": ("垃圾清运", ("垃圾", "清运", "rubbish"), "street", True),
            "D2": ("清运垃圾", ("停车",), "traffic", False),
        }
        duties.restore_duty("D2", actor="eva", now=NOW)
        assert listed()["D2"][-1]
        assert trail() == [
            ("eva", "duty_added", "duty D1"),
            ("eva", "duty_added", "duty D2"),
            ("eva", "duty_changed", "duty D1"),
            ("eva", "duty_retired", "duty D2"),
            ("eva", "duty_restored", "duty D2"),
        ]
        changed = db.session.scalars(
            select(AuditEvent).where(AuditEvent.action == "duty_changed")
        ).one()
        assert changed.detail == {
            "before": {"name_zh": "清运垃圾"},
            "after": {"name_zh": "垃圾清运"},
        }


def test_a_change_that_changes_nothing_leaves_no_trail(app: Flask) -> None:
    with app.app_context():
        factories.place()
        add(RUBBISH)
        duties.change_duty("D1", RUBBISH, actor="eva", now=NOW)
        assert [action for _actor, action, _subject in trail()] == ["duty_added"]


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"code": "D 1"}, "code"),
        ({"indicator": "weather"}, "indicator"),
        ({"name_en": ""}, "name_en"),
        ({"name_zh": "长" * 201}, "name_zh"),
        ({"terms": ""}, "terms"),
        ({"terms": "车"}, "terms"),
        ({"terms": ";".join(f"词语{i}" for i in range(41))}, "terms"),
        ({"responsible": ""}, "responsible"),
        ({"responsible": "roads"}, "department_zh"),
        ({"responsible": "roads", "department_zh": "市政"}, "department_en"),
        ({"department_zh": "交警"}, "department_zh"),
        ({"has_means": "perhaps"}, "has_means"),
        ({"source": "s" * 241}, "source"),
        ({"name_zh": "=1+1"}, "name_zh"),
        ({"retired": "soon"}, "retired"),
    ],
)
def test_a_wrong_entry_is_refused_by_its_column(app: Flask, changes, column) -> None:
    with app.app_context():
        factories.place()
        with pytest.raises(Refused) as caught:
            add(RUBBISH | changes)
        assert caught.value.status == 422
        assert column in caught.value.details["problems"]
        assert listed() == {}
        assert db.session.scalars(select(Department)).all() == []


def test_codes_are_unique_and_unknown_ones_are_not_found(app: Flask) -> None:
    with app.app_context():
        factories.place()
        add(RUBBISH)
        duties.retire_duty("D1", actor="eva", now=NOW)
        for call, status in (
            (lambda: add(RUBBISH), 409),
            (lambda: duties.retire_duty("D1", actor="eva", now=NOW), 409),
            (lambda: duties.change_duty("D9", RUBBISH, actor="eva", now=NOW), 404),
            (lambda: duties.restore_duty("D9", actor="eva", now=NOW), 404),
        ):
            with pytest.raises(Refused) as caught:
                call()
            assert caught.value.status == status


def test_an_open_wave_keeps_the_list_it_opened_with(each_app: Flask) -> None:
    with each_app.app_context():
        # Given a draft and two duties
        district_id = factories.district()
        factories.street(district_id=district_id)
        factories.wave(district_id=district_id, code="2026q4", status="draft")
        add(RUBBISH, PARKING)
        assert duties_of_wave(wave_view("2026q4")).hash is None
        # When the wave opens and the list is changed afterwards
        opened = NOW - timedelta(days=1)
        fieldwork.open_wave("2026q4", now=opened)
        duties.change_duty(
            "D1", RUBBISH | {"responsible": "traffic", "terms": "别的"}, actor="eva", now=NOW
        )
        duties.retire_duty("D2", actor="eva", now=NOW)
        # Then the wave still goes by what it locked
        locked = duties_of_wave(wave_view("2026q4"))
        assert [(one.code, one.responsible) for one in locked.duties] == [
            ("D1", "street"),
            ("D2", "traffic"),
        ]
        assert locked.locked_at == opened
        assert locked.hash == db.session.scalars(select(WaveDuties)).one().hash
        found = propose_remit(locked.duties, keywords=["垃圾"], indicator="urban")
        assert (found.remit, found.duty and found.duty.code) == ("street", "D1")
        assert propose_remit(locked.duties, keywords=["停车"], indicator=None).remit == "department"


def test_a_file_is_loaded_whole_and_loading_again_changes_nothing(
    each_app: Flask, tmp_path: Path
) -> None:
    with each_app.app_context():
        factories.place()
        done = load_duties(DEMO, now=NOW)
        assert (done.added, done.updated, done.retired) == (44, 0, 0)
        before = [duty.cells() for duty in duty_rows(district_by_code().id)]
        again = load_duties(written(tmp_path, *before), now=NOW)
        assert (again.added, again.updated) == (0, 44)
        assert [duty.cells() for duty in duty_rows(district_by_code().id)] == before
        # A file that names one duty leaves the others alone.
        out = load_duties(written(tmp_path, before[0] | {"retired": "yes"}), now=NOW)
        assert (out.updated, out.retired) == (1, 1)
        left = duty_rows(district_by_code().id)
        assert [duty.is_in_use for duty in left] == [False] + [True] * 43
        assert [action for _actor, action, _subject in trail()] == ["duties_loaded"] * 3


def test_the_demo_list_covers_the_five_indicators_and_both_bodies(app: Flask) -> None:
    with app.app_context():
        factories.place()
        load_duties(DEMO, now=NOW)
        rows = duty_rows(district_by_code().id)
        assert {row.indicator_code for row in rows} == set(factories.INDICATORS)
        bodies = {row.responsible == "street" for row in rows}
        assert bodies == {True, False}
        assert any(not row.has_means for row in rows)


def test_one_wrong_row_stores_none(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        factories.place()
        twice = RUBBISH | {"name_zh": "x" * 300}
        with pytest.raises(RowsRejected) as caught:
            load_duties(written(tmp_path, RUBBISH, PARKING, twice), now=NOW)
        assert {(row.row, row.column) for row in caught.value.rows} == {
            (4, "name_zh"),
            (4, "code"),
        }
        assert db.session.scalars(select(Duty)).all() == []


def test_the_command_line_loads_and_exports_the_same_list(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    with app.app_context():
        factories.place()
    done = runner.invoke(args=["duties", "load", str(DEMO)])
    assert done.exit_code == 0, done.output
    assert "44 duties added" in done.output
    out = tmp_path / "list.csv"
    assert runner.invoke(args=["duties", "export", str(out)]).exit_code == 0
    with out.open(encoding="utf-8-sig", newline="") as file, DEMO.open(encoding="utf-8") as demo:
        mine, theirs = list(csv.DictReader(file)), list(csv.DictReader(demo))
    assert mine == theirs
    again = runner.invoke(args=["duties", "load", str(out)])
    assert "0 duties added, 44 updated" in again.output
    book = tmp_path / "list.xlsx"
    assert runner.invoke(args=["duties", "export", str(book)]).exit_code == 0
    assert book.read_bytes().startswith(b"PK")
    refused = runner.invoke(args=["duties", "export", str(tmp_path / "list.pdf")])
    assert refused.exit_code == 1
    missing = runner.invoke(args=["duties", "load", str(tmp_path / "none.csv")])
    assert missing.exit_code == 1
