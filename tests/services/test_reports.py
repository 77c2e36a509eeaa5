"""Printed reports: on one page, with the page's figures, the same bytes again."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask_babel import force_locale

from survey.clock import utc_now
from survey.exports.report import Block, Report, from_json, to_json
from survey.exports.report_full import full_report, say_estimate
from survey.exports.report_leaders import leaders_report
from survey.exports.report_pdf import report_pdf
from survey.formatting import say_number
from survey.models import EvaluationReport, db
from survey.queries.evaluation import published_evaluation
from survey.queries.reports import kept_files
from survey.queries.views import EvaluationView
from survey.services import reports
from tests.parts import missing
from tests.published import SECOND, published_copy


@pytest.fixture
def view(app: Flask) -> Iterator[EvaluationView]:
    """The second published wave: two streets shown, one suppressed."""
    published_copy(app)
    with app.app_context():
        found = published_evaluation(SECOND)
        assert found is not None
        yield found


def words(pdf: bytes) -> str:
    """The text of a PDF."""
    program = shutil.which("pdftotext")
    if program is None:
        missing("pdftotext", command="to bring it: sudo apt-get install -y poppler-utils")
    done = subprocess.run(
        [program, "-layout", "-", "-"], input=pdf, stdout=subprocess.PIPE, check=True
    )
    return done.stdout.decode()


def pages(pdf: bytes) -> int:
    return words(pdf).count("\f")


def one(view: EvaluationView, kind: str, language: str = "en") -> Report:
    return next(
        report
        for report in reports.worded_reports(view)
        if (report.kind, report.language) == (kind, language)
    )


def test_a_report_survives_the_way_to_the_child(view: EvaluationView) -> None:
    for report in reports.worded_reports(view):
        assert to_json(from_json(to_json(report))) == to_json(report)
        assert from_json(to_json(report)).blocks == report.blocks


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_leaders_report_is_one_page_with_the_figures_of_the_page(
    view: EvaluationView, language: str
) -> None:
    pdf = report_pdf(one(view, "leaders", language))
    text = words(pdf)
    assert pages(pdf) == 1
    assert view.policy_hash in text
    for street in view.streets:
        if street.blended.suppressed_because is None and street.blended.value is not None:
            assert say_number(street.blended.value) in text
            interval = f"{say_number(street.blended.low)}–{say_number(street.blended.high)}"
            assert interval in text
    assert say_number(view.district.value) in text
    for digest in kept_files(SECOND, revision=view.revision).digests().values():
        assert digest in text


def test_a_suppressed_figure_is_in_no_report_for_leaders(view: EvaluationView) -> None:
    hidden = [s for s in view.streets if s.public.suppressed_because]
    assert hidden
    text = words(report_pdf(one(view, "leaders")))
    for street in hidden:
        for estimate in (street.public, street.blended):
            if estimate.value is not None:
                interval = f"{say_number(estimate.low)}–{say_number(estimate.high)}"
                assert interval not in text
    # The label of a theme that nobody confirmed may be a resident's own sentence.
    assert "Old Zhang" not in text


def test_every_figure_of_every_street_is_in_the_full_report(view: EvaluationView) -> None:
    text = re.sub(r"\s+", " ", words(report_pdf(one(view, "full"))))
    for street in view.streets:
        for estimate in (
            street.blended,
            street.direct,
            street.public,
            street.adjusted,
            *street.indicators.values(),
        ):
            value, interval = say_estimate(estimate)
            assert value in text
            assert interval.split(" ")[0] in text
        assert f"{street.public.n:,}" in text
    for step in view.sign_offs:
        assert step.actor in text


def test_the_same_report_gives_the_same_bytes(view: EvaluationView) -> None:
    report = one(view, "leaders")
    assert report_pdf(report) == report_pdf(report)
    assert report_pdf(report) != report_pdf(replace(report, mark="DRAFT"))


@pytest.mark.parametrize("status", ["draft", "provisional", "approved", "replaced"])
def test_every_page_of_what_is_not_published_says_so(view: EvaluationView, status: str) -> None:
    with force_locale("en"):
        early = replace(view, status=status)
        leaders = leaders_report(early, digests={}, before=None, themes={})
        report = full_report(early, digests={}, leaders=leaders)
    assert report.mark
    text = words(report_pdf(report))
    assert text.count("\f") > 1
    for page in text.split("\f")[:-1]:
        assert report.mark in page


def test_a_long_report_flows_on_and_repeats_the_heads(view: EvaluationView) -> None:
    report = one(view, "full")
    table = next(block.sheet for block in report.blocks if block.sheet is not None)
    long = replace(table, rows=table.rows * 80)
    pdf = report_pdf(replace(report, blocks=(Block("Long", sheet=long),), chart=None))
    assert pages(pdf) > 2
    for page in words(pdf).split("\f")[:-2]:
        assert table.heads[0] in page


def test_reports_are_kept_once_and_made_again_after_a_step(
    app: Flask, view: EvaluationView
) -> None:
    now = utc_now()
    assert reports.make_reports(SECOND, revision=1, now=now) == 4
    assert reports.make_reports(SECOND, revision=1, now=now) == 0
    kept = kept_files(SECOND, revision=1)
    assert {(r.kind, r.language) for r in kept.fresh(view)} == {
        (kind, language) for kind in ("leaders", "full") for language in ("zh", "en")
    }
    later = replace(view, sign_offs=(replace(view.sign_offs[0], at=now.replace(year=2100)),))
    assert kept.fresh(later) == ()
    assert db.session.query(EvaluationReport).count() == 4
