"""Appeals and exclusions are among the frozen inputs: whoever recomputes finds the same figures."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from analysis.__main__ import main
from analysis.bundle import read_inputs
from survey.models import EvaluationBundle, db
from survey.services.appeal_decisions import decide_appeal
from survey.services.appeals import file_appeal
from survey.services.evaluate import freeze
from survey.services.exclusions import record_exclusion
from tests.on_notice import CODE, LATER, NOW, TODAY, put_on_notice


def test_figures_before_and_after_a_decision_recompute(
    app: Flask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with app.app_context():
        made = put_on_notice()
        given = {"kind": "deduction", "theme_id": made.theme_id, "grounds": "It is solved."}
        when = {"actor": "clerk", "now": LATER, "today": TODAY}
        file_appeal(CODE, street_code="s6", **given, **when)  # type: ignore[arg-type]
        upheld = file_appeal(CODE, street_code="s7", **given, **when)  # type: ignore[arg-type]
        decide_appeal(
            upheld, decision="upheld", because="Yes.", actor="eva", actor_street=None, now=LATER
        )
        record_exclusion(
            CODE, street_code="s1", reason="Flood", document="No. 3", actor="eva", now=LATER
        )
        freeze(CODE, actor="eva", now=NOW + timedelta(days=1), reason="appeal upheld")
        kept = select(EvaluationBundle.content).order_by(EvaluationBundle.evaluation_id)
        bundles = db.session.scalars(kept.where(EvaluationBundle.kind == "full")).all()
    assert len(bundles) == 2
    for number, content in enumerate(bundles):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(content)
        assert main(["recompute", str(path), "--tolerance", "0"]) == 0, capsys.readouterr().err
    with zipfile.ZipFile(io.BytesIO(bundles[1])) as files:
        inputs = read_inputs({name: files.read(name) for name in files.namelist()})
    assert inputs.streets[0].excluded_because == "Flood (No. 3)"
    assert [(one.street, one.label) for one in inputs.appeals or ()] == [("s6", "停车难")]
    states = {one.street: one.state for one in inputs.themes if one.label == "停车难"}
    assert states == {"s6": "none", "s7": "removed"}
