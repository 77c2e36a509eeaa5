"""What was published can be recomputed from its bundle, by anybody and without the database."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select, update

from analysis.__main__ import main
from survey.database import transaction
from survey.models import AuditEvent, DirectScore, EvaluationBundle, Wave, db
from survey.services.evaluate import publish
from survey.services.rollup import fold_all
from tests import factories
from tests.factories import NOW, levels
from tests.published import SECOND, publish_district, published_copy

CODE = "2026q4"


def surveyed() -> None:
    """Seven streets with direct scores, closed; some answers of one are 待核查."""
    place = factories.place(streets=tuple(f"s{number}" for number in range(1, 8)))
    for order, street_id in enumerate(place.street_ids):
        code = factories.point(street_id=street_id, channel="slip")
        for turn in range(40):
            given = levels(
                *(5 - (turn + order + k) % (2 + order // 3) for k in range(5)),
                age_band=("18-29", "30-44", "45-59", "60+")[turn % 4],
                sex="FM"[turn % 2],
            )
            factories.response(wave_id=place.wave_id, point_code=code, answers=given)
        for assessor, score in zip("ABC", (90, 91.3, 89 - order), strict=True):
            factories.direct_score(
                wave_id=place.wave_id, street_id=street_id, assessor=assessor, score=score
            )
    fold_all(now=NOW)
    with transaction() as session:
        session.execute(update(Wave).values(status="closed"))


def exported(runner: FlaskCliRunner, tmp_path: Path, *options: str, wave: str = CODE) -> Path:
    out = tmp_path / "bundle.zip"
    done = runner.invoke(args=["export", wave, "--format", "bundle", "--out", str(out), *options])
    assert done.exit_code == 0, done.stderr
    return out


def answer_of(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict]:
    status = main(["recompute", str(path), "--tolerance", "0"])
    out, err = capsys.readouterr()
    assert err == ""
    return status, json.loads(out)


@pytest.mark.parametrize("options", [(), ("--public",)], ids=["full", "public"])
def test_a_published_wave_recomputes_to_the_last_bit_on_both_databases(
    each_app: Flask, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    with each_app.app_context():
        surveyed()
        publish(CODE, actor="eva", now=NOW)
    path = exported(each_app.test_cli_runner(), tmp_path, *options)
    status, answer = answer_of(path, capsys)
    assert status == 0
    assert answer["wave"] == CODE
    assert answer["revision"] == 1
    assert answer["identical"] == answer["figures"] > 40


def test_bundle_holds_what_was_sealed_whatever_changes_later(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with app.app_context():
        surveyed()
        publish(CODE, actor="eva", now=NOW)
        with transaction() as session:
            session.execute(update(DirectScore).values(score=50))
        publish(CODE, actor="eva", now=NOW + timedelta(days=1), reason="Scores were wrong")
        event = db.session.scalars(
            select(AuditEvent).where(AuditEvent.action == "publish").order_by(AuditEvent.id)
        ).first()
        kept = db.session.scalars(select(EvaluationBundle.sha256)).all()
        assert event is not None
        assert set(event.detail["bundles"].values()) < set(kept)
    first = exported(runner, tmp_path, "--revision", "1").read_bytes()
    second = exported(runner, tmp_path).read_bytes()
    for content, revision, score in ((first, 1, 91.3), (second, 2, 50.0)):
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            assert json.loads(bundle.read("manifest.json"))["revision"] == revision
            assert str(score) in bundle.read("direct.csv").decode()
        path = tmp_path / f"{revision}.zip"
        path.write_bytes(content)
        assert answer_of(path, capsys)[0] == 0


def test_a_draft_can_be_recomputed_by_an_office_and_not_by_everybody(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with app.app_context():
        surveyed()
    assert answer_of(exported(runner, tmp_path, "--draft"), capsys)[0] == 0
    out = str(tmp_path / "public.zip")
    done = runner.invoke(args=["export", CODE, "--format", "bundle", "--public", "--out", out])
    assert done.exit_code == 1
    assert "not published" in done.stderr


def test_public_bundle_holds_no_answers_and_no_hidden_score(
    app: Flask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published_copy(app)
    path = exported(app.test_cli_runner(), tmp_path, "--public", wave=SECOND)
    with zipfile.ZipFile(path) as bundle:
        assert set(bundle.namelist()) == {
            "manifest.json",
            "policy.json",
            "groups.json",
            "year.json",
            "results.json",
            "README.txt",
        }
        groups = json.loads(bundle.read("groups.json"))
    # The third street has too few answers to be shown, so its group is not told.
    assert [group["withheld_because"] for group in groups] == ["score_of_a_ranked_street_hidden"]
    assert answer_of(path, capsys)[0] == 0


def test_a_wave_without_direct_scores_recomputes_as_well(
    app: Flask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with app.app_context():
        publish_district(direct=False)
    for options in ((), ("--public",)):
        path = exported(app.test_cli_runner(), tmp_path, *options, wave=SECOND)
        assert answer_of(path, capsys)[0] == 0


def test_readme_tells_how_in_both_languages(app: Flask, tmp_path: Path) -> None:
    published_copy(app)
    with zipfile.ZipFile(exported(app.test_cli_runner(), tmp_path, wave=SECOND)) as bundle:
        text = bundle.read("README.txt").decode("utf-8-sig")
        named = {line.split(":")[0] for line in text.split("\r\n") if ":" in line}
        told = {name for line in named for name in line.split(", ")}
        assert set(bundle.namelist()) - {"README.txt"} <= told
    assert "python -m analysis recompute" in text
    assert "复算" in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--table", "indices"), "leave --table out"),
        (("--revision", "7"), "No bundle was kept"),
    ],
)
def test_what_a_bundle_cannot_do_is_said(
    app: Flask, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    published_copy(app)
    out = tmp_path / "bundle.zip"
    done = app.test_cli_runner().invoke(
        args=["export", SECOND, "--format", "bundle", "--out", str(out), *options]
    )
    assert done.exit_code == 1
    assert words in done.stderr
    assert not out.exists()
