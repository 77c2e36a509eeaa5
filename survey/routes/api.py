"""The API: results by wave for scripts, with its contract and a page that shows it.

Without a key only published waves are seen. A key (Authorization: Bearer) or a signed-in
evaluator, auditor or admin also sees waves as they stand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import flask_swagger_ui
import marshmallow as ma
from flask import Blueprint, Response, render_template, request, send_from_directory
from flask.blueprints import BlueprintSetupState
from flask_babel import lazy_gettext as _l
from flask_smorest import Api
from flask_smorest import Blueprint as DocumentedBlueprint
from webargs.flaskparser import FlaskParser

from survey.errors import Refused
from survey.exports import FORMATS
from survey.exports.base import Document
from survey.exports.documents import wave_document, waves_document
from survey.queries.access import api_key_valid
from survey.queries.public import public_waves
from survey.routes import api_schemas as schemas
from survey.routes.access import identify
from survey.security import csp

PREFIX = "/api/v1"
OFFICE_ROLES = ("evaluator", "auditor", "admin")
SWAGGER = Path(flask_swagger_ui.__file__).parent / "dist"
ASSETS = ("swagger-ui.css", "swagger-ui-bundle.js")


class QueryParser(FlaskParser):
    """Arguments of the address; what is wrong with them is said in our own form."""

    # An argument that nobody knows is a mistake and not silence.
    DEFAULT_UNKNOWN_BY_LOCATION = {"query": ma.RAISE}  # noqa: RUF012

    def handle_error(self, error: ma.ValidationError, *_arguments: Any, **_more: Any) -> NoReturn:
        """Refuse with the names of the arguments and what is wrong with each."""
        fields = error.messages.get("query", {}) if isinstance(error.messages, dict) else {}
        raise Refused(
            "bad_arguments",
            _l("An argument in the address is not understood; the details say which."),
            status=422,
            details={"arguments": fields},
        )


class ResultsBlueprint(DocumentedBlueprint):
    """Documented routes with our words for wrong arguments."""

    ARGUMENTS_PARSER = QueryParser()


class OurApi(Api):
    """The contract alone: errors stay with survey.errors, for pages and programs alike."""

    ERROR_SCHEMA = schemas.Error

    def _register_error_handlers(self) -> None:
        """Leave the application's own handlers in place."""


blueprint = Blueprint("api", __name__)
results = ResultsBlueprint("results", __name__, url_prefix=PREFIX, description="Results by wave")


@blueprint.record_once
def attach(state: BlueprintSetupState) -> None:
    """Register the documented routes and the contract with the application."""
    app = state.app
    app.config.from_mapping(OPENAPI_URL_PREFIX=PREFIX, OPENAPI_JSON_PATH="openapi.json")
    api = OurApi(
        app,
        spec_kwargs={
            "title": "Jieping (街评)",
            "version": "1",
            "openapi_version": "3.1.0",
            "info": {"description": (__doc__ or "").split("\n\n", 1)[1].strip()},
        },
    )
    api.spec.components.security_scheme("key", {"type": "http", "scheme": "bearer"})
    api.register_blueprint(results)


def reads_as_office() -> bool:
    """Whether the reader brings a key or is signed in with a role that sees unpublished waves.

    Raises Refused (401) for a key that is unknown or revoked.
    """
    header = request.headers.get("Authorization")
    if header is None:
        viewer = identify()
        return viewer is not None and viewer.has(*OFFICE_ROLES)
    scheme, _space, key = header.partition(" ")
    if scheme.lower() != "bearer" or not key.strip() or api_key_valid(key.strip()) is None:
        raise Refused(
            "unknown_key",
            _l("This key is not known or was revoked. Ask the office that gave it to you."),
            status=401,
        )
    return True


def _send(content: bytes, mimetype: str, *, is_office: bool, filename: str = "") -> Response:
    response = Response(content, mimetype=mimetype)
    response.headers["Cache-Control"] = "private, no-cache" if is_office else "no-cache"
    response.vary.update(("Authorization", "Cookie"))
    response.set_etag(hashlib.sha256(content).hexdigest()[:32], weak=True)
    if filename:
        response.headers.set("Content-Disposition", "attachment", filename=filename)
    return response.make_conditional(request)  # type: ignore[return-value]


def _answer(
    document: Document, query: Mapping[str, Any], *, name: str, is_office: bool
) -> Response:
    chosen = FORMATS[query["format"]]
    if chosen.name != "json":
        if not chosen.holds_many:
            document = Document(document.about, document.tables[:1])
        return _send(
            chosen.write(document),
            chosen.mimetype,
            is_office=is_office,
            filename=f"jieping-{name}.{chosen.extension}",
        )
    first, *others = document.tables
    size = query["page_size"]
    start = (query["page"] - 1) * size
    rows = first.as_objects()
    about = dict(document.about) | {
        "page": {
            "page": query["page"],
            "page_size": size,
            "pages": max(1, -(-len(rows) // size)),
            "total": len(rows),
        },
        "rows": rows[start : start + size],
        **{table.shape.name: table.as_objects() for table in others},
    }
    content = FORMATS["json"].write(Document(about, ()))
    return _send(content, chosen.mimetype, is_office=is_office)


def _wave_answer(wave: str, query: Mapping[str, Any], *names: str) -> Response:
    is_office = reads_as_office()
    document = wave_document(
        wave,
        names,
        is_office=is_office,
        wants_draft=query["draft"],
        street_code=query.get("street"),
        provisional=query.get("status") == "provisional",
        revision=query.get("revision"),
    )
    return _answer(document, query, name=f"{wave}-{names[0]}", is_office=is_office)


FILES = {
    known.mimetype: {"schema": {"type": "string", "format": "binary"}}
    for known in FORMATS.values()
    if known.name != "json"
}
DOCUMENTED: dict[str, Any] = {
    "security": [{}, {"key": []}],
    "responses": {
        200: {"content": FILES},
        304: {"description": "Not modified since the ETag in If-None-Match"},
    },
}


def _documented(schema: type[ma.Schema], query: type[ma.Schema]) -> Any:
    """The decorators every route of the API has: its arguments, its answer and its errors."""

    def decorate(view: Any) -> Any:
        for status in (401, 403, 404):
            view = results.alt_response(status, schema=schemas.Error)(view)
        view = results.doc(**DOCUMENTED)(view)
        view = results.response(200, schema)(view)
        return results.arguments(query, location="query")(view)

    return decorate


@results.route("/waves")
@_documented(schemas.Waves, schemas.PageQuery)
def waves(query: Mapping[str, Any]) -> Response:
    """The waves: published ones, and with a key all of them."""
    is_office = reads_as_office()
    document = waves_document(public_waves(), is_office=is_office)
    return _answer(document, query, name="waves", is_office=is_office)


@results.route("/waves/<wave>/indices")
@_documented(schemas.Indices, schemas.WaveQuery)
def indices(query: Mapping[str, Any], wave: str) -> Response:
    """The public score and the index of every indicator, by street, with intervals."""
    return _wave_answer(wave, query, "indices")


@results.route("/waves/<wave>/themes")
@_documented(schemas.Themes, schemas.WaveQuery)
def themes(query: Mapping[str, Any], wave: str) -> Response:
    """What residents keep mentioning, in the district or with ?street= in one street."""
    return _wave_answer(wave, query, "themes")


@results.route("/waves/<wave>/coverage")
@_documented(schemas.Coverage, schemas.WaveQuery)
def coverage(query: Mapping[str, Any], wave: str) -> Response:
    """Who answered, against who lives there."""
    return _wave_answer(wave, query, "coverage")


@results.route("/waves/<wave>/evaluation")
@_documented(schemas.Evaluation, schemas.EvaluationQuery)
def evaluation(query: Mapping[str, Any], wave: str) -> Response:
    """The blended scores with rank sets, the verdicts, and what themes did to each score.

    What is published, unless ?status=provisional asks for what is on public notice.
    """
    return _wave_answer(wave, query, "evaluation", "adjustments", "listed")


@results.route("/waves/<wave>/cases")
@_documented(schemas.Cases, schemas.WaveQuery)
def cases(query: Mapping[str, Any], wave: str) -> Response:
    """Cases of single residents by street: states, answers in time, median days. Published waves.

    Counted once a week and audited with everything else that is public of the wave; empty before
    the first audit.
    """
    return _wave_answer(wave, query, "cases")


@results.route("/waves/<wave>/said_done")
@_documented(schemas.SaidDone, schemas.WaveQuery)
def said_done(query: Mapping[str, Any], wave: str) -> Response:
    """What residents said, what is planned and done, and whether they say it is solved."""
    return _wave_answer(wave, query, "said_done")


@blueprint.get(f"{PREFIX}/docs")
def docs() -> Response:
    """The contract as a page. Its viewer styles elements inline, so this page alone may."""
    response = Response(render_template("public/api_docs.html"), mimetype="text/html")
    response.headers["Content-Security-Policy"] = csp(style_src="'self' 'unsafe-inline'")
    return response


@blueprint.get(f"{PREFIX}/docs/<name>")
def docs_asset(name: str) -> Response:
    """The viewer's own files, from this machine."""
    if name not in ASSETS:
        raise Refused("not_found", _l("There is no such file."), status=404)
    return send_from_directory(SWAGGER, name, max_age=86_400)
