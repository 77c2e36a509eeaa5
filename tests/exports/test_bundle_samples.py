"""What people judged of a theme's comments is frozen with the publication and recomputes."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from analysis.__main__ import main
from survey.database import transaction
from survey.models import ThemePeriod, Wave, db
from survey.queries.evaluation import published_evaluation
from survey.queries.theme_sample import theme_sample
from survey.services.evaluate import publish
from survey.services.theme_review import undo
from tests import factories
from tests.factories import NOW
from tests.services.themes_told import CODE, PARKING, decide, themed


def judged_theme() -> tuple[int, int]:
    """A theme of twelve that costs s1 points, 9 of its 10 comments judged right; the last act."""
    place = factories.place()
    earlier = factories.wave(
        district_id=place.district_id,
        code="2026q3",
        status="closed",
        opens_at=NOW - timedelta(days=110),
        closes_at=NOW - timedelta(days=80),
    )
    theme_id = themed(place, PARKING)
    early = NOW - timedelta(days=90)
    decide(theme_id, "indicator", "urban")
    decide(theme_id, "status", "confirmed", at=early)
    decide(theme_id, "remit", "street", at=early)
    with transaction() as session:
        counts = {"mentions": 9, "mentions_random": 0, "mentions_loaded": 0}
        street_id = place.street_ids[0]
        session.add(ThemePeriod(theme_id=theme_id, street_id=street_id, wave_id=earlier, **counts))
    done = None
    for number in range(10):
        shown = theme_sample(CODE, theme_id).shown
        assert shown is not None
        answer = "no" if number == 4 else "yes"
        done = decide(theme_id, "judge", answer, comment_id=shown.id, given={"basis": "sample"})
    assert done is not None
    return theme_id, done


def test_a_judged_sample_is_frozen_and_recomputes(
    each_app: Flask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with each_app.app_context():
        # Given a published wave in which a theme cost points after its sample was judged
        theme_id, last = judged_theme()
        with transaction() as session:
            session.execute(update(Wave).where(Wave.code == CODE).values(status="closed"))
        publish(CODE, actor="eva", now=NOW)

        def frozen() -> tuple[int, int | None, int | None, int | None, bool]:
            db.session.rollback()
            kept = published_evaluation(CODE)
            assert kept is not None
            [one] = [item for item in kept.streets[0].adjustments if item.theme_id == theme_id]
            took = one.deduction > 0 and one.not_counted_because == ()
            return one.mentions, one.counted, one.sample_judged, one.sample_right, took

        # Then 11 mentions are left, of which 9 are known to be right and 9/10 of 2 count: 1
        assert frozen() == (11, 10, 10, 9, True)
        # When a judgement is undone later
        undo(CODE, last, actor="eva", now=NOW)
        # Then what was published stays
        assert frozen() == (11, 10, 10, 9, True)
    # and anybody who has the bundle comes to the same figures
    path = tmp_path / "bundle.zip"
    runner = each_app.test_cli_runner()
    done = runner.invoke(args=["export", CODE, "--format", "bundle", "--out", str(path)])
    assert done.exit_code == 0, done.stderr
    assert main(["recompute", str(path), "--tolerance", "0"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["identical"] == answer["figures"]
    with zipfile.ZipFile(path) as bundle:
        [record] = json.loads(bundle.read("themes.json"))
        results = json.loads(bundle.read("results.json"))
    assert (record["sample_members"], record["sample_judged"], record["sample_right"]) == (
        12,
        10,
        9,
    )
    assert results["streets"]["s1"]["themes"][0]["counted"] == 10
    # Without what people judged, other figures come out, and it is told.
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(path) as bundle, zipfile.ZipFile(changed, "w") as out:
        for name in bundle.namelist():
            data = bundle.read(name)
            if name == "themes.json":
                data = data.replace(b'"sample_right": 9', b'"sample_right": 8')
            out.writestr(name, data)
    assert main(["recompute", str(changed), "--tolerance", "0"]) == 1
