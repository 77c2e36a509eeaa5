"""The year of a wave: pooled with what was published before it, frozen, and recomputed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from analysis.__main__ import main
from survey.database import transaction
from survey.models import Evaluation, MomentCube, Street, StreetResult, Wave, db
from survey.queries.draft import computed_draft
from survey.queries.evaluation import draft_evaluation, published_evaluation
from survey.services.evaluate import publish
from tests import factories
from tests.factories import NOW
from tests.published import FIRST, SECOND, publish_district


@pytest.fixture
def district(each_app: Flask) -> Flask:
    with each_app.app_context():
        publish_district()
    return each_app


def test_the_year_is_pooled_from_published_results_and_frozen(district: Flask) -> None:
    with district.app_context():
        assert published_evaluation(FIRST).year is None
        frozen, before = published_evaluation(SECOND), published_evaluation(FIRST)
        year = frozen.year
        assert (year.waves, year.weights, year.complete) == ((SECOND, FIRST), (0.5, 0.5), False)
        pairs = {
            one.street.code: (one.public.value, was.public.value)
            for one, was in zip(frozen.streets, before.streets, strict=True)
        }
        now, then = pairs["s1"]
        assert year.streets["s1"].pool.value == pytest.approx((now + then) / 2)
        assert year.streets["s1"].change.value == pytest.approx(now - then)
        assert list(year.streets["s1"].trend) == [SECOND, FIRST]
        assert year.groups[0].name == "urban"
        # Published in one step, so nothing is known about appeals.
        assert computed_draft(SECOND, could_appeal=False).evaluation.year == year


def test_live_cubes_of_an_earlier_wave_change_nothing(district: Flask) -> None:
    with district.app_context():
        before = draft_evaluation(SECOND).year
        first = published_evaluation(FIRST).wave.id
        with transaction() as session:
            session.execute(
                update(MomentCube).where(MomentCube.wave_id == first).values(sum_a=0, sum_b=0)
            )
        assert draft_evaluation(SECOND).year == before


def test_what_the_pool_needs_beside_the_figures_comes_back(district: Flask) -> None:
    with district.app_context():
        found = computed_draft(FIRST).found
        (earlier,) = computed_draft(SECOND).inputs.earlier
        assert dict(earlier.streets) == dict(found.streets)


def test_a_street_without_earlier_results_is_named_and_not_compared(district: Flask) -> None:
    with district.app_context():
        with transaction() as session:
            first = session.scalar(
                select(Evaluation).where(Evaluation.wave_id == published_evaluation(FIRST).wave.id)
            )
            s2 = session.scalar(select(Street).where(Street.code == "s2"))
            session.execute(
                StreetResult.__table__.delete().where(
                    StreetResult.evaluation_id == first.id, StreetResult.street_id == s2.id
                )
            )
            session.execute(update(Street).where(Street.code == "s3").values(is_active=False))
        year = draft_evaluation(SECOND).year
        assert year.streets["s2"].missing_in == (FIRST,)
        assert (year.streets["s2"].pool, year.streets["s2"].change) == (None, None)
        assert year.gone == ("s3",)


def test_another_questionnaire_is_not_pooled(district: Flask) -> None:
    with district.app_context():
        other = factories.questionnaire(content=factories.document(code="another"))
        with transaction() as session:
            session.execute(update(Wave).where(Wave.code == FIRST).values(questionnaire_id=other))
        assert draft_evaluation(SECOND).year is None


def test_an_evaluation_frozen_before_years_were_kept_still_reads(district: Flask) -> None:
    with district.app_context():
        with transaction() as session:
            for stored in session.scalars(select(Evaluation)):
                stored.summary = {
                    key: value
                    for key, value in stored.summary.items()
                    if key not in ("year", "for_pool")
                }
        assert published_evaluation(SECOND).year is None
        # Its random sample stands alone, so its size is that of the score.
        (earlier,) = computed_draft(SECOND).inputs.earlier
        public = earlier.streets["s1"].public
        assert earlier.streets["s1"].n_effective_random == public.n_effective
        assert earlier.streets["s1"].other_public is None


@pytest.mark.parametrize("options", [(), ("--public",)], ids=["full", "public"])
def test_the_bundle_recomputes_the_year_to_the_last_bit(
    district: Flask, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    path = tmp_path / "bundle.zip"
    done = district.test_cli_runner().invoke(
        args=["export", SECOND, "--format", "bundle", "--out", str(path), *options]
    )
    assert done.exit_code == 0, done.stderr
    assert main(["recompute", str(path), "--tolerance", "0"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["identical"] == answer["figures"]
    with zipfile.ZipFile(path) as bundle:
        names = set(bundle.namelist())
        results = json.loads(bundle.read("results.json"))
    assert ("year.json" if options else "earlier.csv") in names
    assert results["year"]["groups"] or options


def test_a_revision_is_pooled_and_not_what_it_replaced(district: Flask) -> None:
    with district.app_context():
        publish(FIRST, actor="eva", now=NOW, reason="again")
        draft = draft_evaluation(SECOND)
        assert draft.year.waves == (SECOND, FIRST)
        assert db.session.scalar(select(Evaluation.revision).order_by(Evaluation.id.desc())) == 2
