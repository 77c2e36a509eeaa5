"""Download printed reports and recompute bundles: the office any revision, everybody the public."""

from __future__ import annotations

from flask import Blueprint, Response
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound

from survey.errors import Refused
from survey.formatting import LOCALES
from survey.queries.evaluation import EVALUATION_STATUSES, kept_bundle
from survey.queries.reports import report_content
from survey.routes.access import requires

blueprint = Blueprint("reports", __name__)

KINDS = ("leaders", "full")
BUNDLE_KINDS = ("full", "public")


@blueprint.get("/office/waves/<wave_code>/reports/<int:revision>/<kind>-<language>.pdf")
@requires("evaluator")
def report(wave_code: str, revision: int, kind: str, language: str) -> Response:
    """A printed report of a revision, as it was made."""
    return _pdf(wave_code, kind, language, revision=revision, statuses=EVALUATION_STATUSES)


@blueprint.get("/office/waves/<wave_code>/bundles/<int:revision>/<kind>.zip")
@requires("evaluator")
def bundle(wave_code: str, revision: int, kind: str) -> Response:
    """The recompute bundle of a revision: full for those who may read every answer's score."""
    return _zip(wave_code, kind, revision=revision, statuses=EVALUATION_STATUSES)


@blueprint.get("/reports/<wave_code>-<language>.pdf")
def public_report(wave_code: str, language: str) -> Response:
    """The one page of the newest published revision, for everybody."""
    return _pdf(wave_code, "leaders", language, revision=None, statuses=("published",))


@blueprint.get("/bundles/<wave_code>.zip")
def public_bundle(wave_code: str) -> Response:
    """The public recompute bundle of the newest published revision, for everybody."""
    return _zip(wave_code, "public", revision=None, statuses=("published",))


def _pdf(
    wave_code: str, kind: str, language: str, *, revision: int | None, statuses: tuple[str, ...]
) -> Response:
    if kind not in KINDS or language not in LOCALES:
        raise NotFound
    found = report_content(
        wave_code, kind=kind, language=language, revision=revision, statuses=statuses
    )
    if found is None:
        raise Refused(
            "report_not_made",
            _l("This report is not made yet. Open the page of the evaluation to have it made."),
            status=404,
        )
    number, content = found
    name = f"{wave_code}-r{number}-{kind}-{language}.pdf"
    return _file(content, name, "application/pdf")


def _zip(wave_code: str, kind: str, *, revision: int | None, statuses: tuple[str, ...]) -> Response:
    if kind not in BUNDLE_KINDS:
        raise NotFound
    kept = kept_bundle(wave_code, kind=kind, revision=revision, statuses=statuses)
    if kept is None:
        raise NotFound
    return _file(kept.content, f"{wave_code}-r{kept.revision}-{kind}.zip", "application/zip")


def _file(content: bytes, name: str, mimetype: str) -> Response:
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
