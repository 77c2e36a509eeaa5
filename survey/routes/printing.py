"""What is printed of a collection point: its poster and its QR code.

Public by nature: all of it hangs in the street.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, send_file
from flask_babel import lazy_gettext as _l

from survey.errors import Refused
from survey.exports.poster_file import SIZES, poster_file
from survey.exports.qr import qr_png, qr_svg
from survey.queries.points import poster
from survey.services.collect import normalise_code

blueprint = Blueprint("printing", __name__)

KEPT_SECONDS = 3600


@blueprint.get("/points/<code>/poster.pdf")
def poster_pdf(code: str) -> Response:
    """The poster of a point: ?size=a4 (else), a5, or card for a window."""
    found = poster(normalise_code(code))
    size = request.args.get("size", "a4").lower()
    if size not in SIZES:
        raise _no_size()
    name = f"{found.street_code}-{found.short_code}-{size}.pdf"
    return send_file(
        poster_file(found, size),
        mimetype="application/pdf",
        download_name=name,
        max_age=KEPT_SECONDS,
    )


@blueprint.get("/points/<code>/qr.svg")
def code_svg(code: str) -> Response:
    """The QR code of a point, for print."""
    found = poster(normalise_code(code))
    return _kept(Response(qr_svg(found.short_code), mimetype="image/svg+xml"))


@blueprint.get("/points/<code>/qr.png")
def code_png(code: str) -> Response:
    """The QR code of a point, for documents and chats."""
    found = poster(normalise_code(code))
    return _kept(Response(qr_png(found.short_code), mimetype="image/png"))


def _no_size() -> Refused:
    words: Any = _l("A poster comes in the sizes %(names)s.", names=", ".join(SIZES))
    return Refused("unknown_size", words, status=404)


def _kept(response: Response) -> Response:
    response.cache_control.public = True
    response.cache_control.max_age = KEPT_SECONDS
    return response
