"""Downloads of reports and bundles: who may, what they are called, and what is refused."""

from __future__ import annotations

import hashlib
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from survey.clock import utc_now
from survey.database import transaction
from survey.models import Evaluation, EvaluationReport, Wave
from survey.queries.reports import kept_files
from survey.services import access
from tests.published import SECOND, published_copy
from tests.routes.conftest import NOW, PASSWORD, sign_in

PDF = b"%PDF-1.3 a report"
BASE = f"/office/waves/{SECOND}"


def keep(app: Flask, *, made_at: datetime) -> None:
    """Keep a leaders' and a full report in Chinese of the second wave."""
    with app.app_context(), transaction() as session:
        key = session.scalar(select(Evaluation.id).join(Wave).where(Wave.code == SECOND))
        for kind in ("leaders", "full"):
            session.add(
                EvaluationReport(
                    evaluation_id=key,
                    kind=kind,
                    language="zh",
                    sha256=hashlib.sha256(PDF).hexdigest(),
                    content=PDF,
                    made_at=made_at,
                )
            )


@pytest.fixture
def published(app: Flask) -> Flask:
    """The published district, an evaluator, an auditor and an account without either role."""
    published_copy(app)
    with app.app_context():
        for name, role in (("eva", "evaluator"), ("audit", "auditor"), ("dept", "department")):
            access.create_account(name, PASSWORD, [role], street_code=None, now=NOW)
    return app


def enter(app: Flask, username: str) -> FlaskClient:
    client = app.test_client()
    assert sign_in(client, username).status_code == 302
    return client


@pytest.mark.parametrize(("who", "status"), [("eva", 200), ("audit", 200), ("dept", 403)])
def test_the_office_and_auditors_download_reports_and_bundles(
    published: Flask, who: str, status: int
) -> None:
    keep(published, made_at=utc_now())
    client = enter(published, who)
    for path in ("reports/1/full-zh.pdf", "reports/1/leaders-zh.pdf", "bundles/1/full.zip"):
        assert client.get(f"{BASE}/{path}").status_code == status, path


def test_a_download_is_named_and_is_what_its_sha256_says(published: Flask) -> None:
    keep(published, made_at=utc_now())
    client = enter(published, "eva")
    with published.app_context():
        digests = kept_files(SECOND, revision=1).digests()
    for kind, digest in digests.items():
        answer = client.get(f"{BASE}/bundles/1/{kind}.zip")
        assert hashlib.sha256(answer.data).hexdigest() == digest
        assert f"{SECOND}-r1-{kind}.zip" in answer.headers["Content-Disposition"]
    page = client.get(f"{BASE}/evaluation").get_data(as_text=True)
    assert all(digest in page for digest in digests.values())
    assert f"{BASE}/reports/1/leaders-zh.pdf" in page


def test_everybody_gets_the_one_page_and_the_public_bundle_only(published: Flask) -> None:
    keep(published, made_at=utc_now())
    client = published.test_client()
    assert client.get(f"/reports/{SECOND}-zh.pdf").data == PDF
    with published.app_context():
        digest = kept_files(SECOND, revision=1).digests()["public"]
    assert hashlib.sha256(client.get(f"/bundles/{SECOND}.zip").data).hexdigest() == digest
    assert client.get(f"{BASE}/reports/1/full-zh.pdf").status_code == 302
    assert client.get(f"/reports/{SECOND}-fr.pdf").status_code == 404
    assert client.get("/reports/nowhere-zh.pdf").status_code == 404
    page = client.get("/data").get_data(as_text=True)
    assert f"/reports/{SECOND}-zh.pdf" in page
    assert f"/reports/{SECOND}-en.pdf" not in page


def test_a_report_from_before_the_publication_is_not_public(published: Flask) -> None:
    # It would still call the figures provisional.
    keep(published, made_at=NOW.replace(year=2000))
    client = published.test_client()
    assert client.get(f"/reports/{SECOND}-zh.pdf").status_code == 404
    assert f"/reports/{SECOND}-zh.pdf" not in client.get("/data").get_data(as_text=True)
