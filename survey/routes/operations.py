"""Operations: is the process alive, is it ready to serve, its metrics, and what robots may read."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, make_response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from survey.queries.operations import readiness

blueprint = Blueprint("operations", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> Response:
    """The database answers and has the tables of this version; 503 with the reason otherwise."""
    state = readiness()
    return make_response(jsonify(status=state.code, message=state.message), state.status)


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Search engines may read what is public and stay away from answers and offices."""
    closed = ("/s/", "/r/", "/office/", "/api/")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus metrics of this process."""
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
