"""Pictures: drawn charts by their key, which never change."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from survey.queries.pictures import picture_svg
from survey.security import csp

blueprint = Blueprint("pictures", __name__)

YEAR = 31_536_000


@blueprint.get("/pictures/<key>.svg")
def picture(key: str) -> Response:
    """A drawn chart. Its key is the hash of everything on it, so it may be kept for ever."""
    svg = picture_svg(key)
    if svg is None:
        raise NotFound
    response = Response(svg, mimetype="image/svg+xml")
    response.cache_control.public = True
    response.cache_control.max_age = YEAR
    response.cache_control.immutable = True
    response.headers["Content-Security-Policy"] = csp(style_src="'none'", script_src="'none'")
    response.set_etag(key, weak=True)
    return response.make_conditional(request)  # type: ignore[return-value]
