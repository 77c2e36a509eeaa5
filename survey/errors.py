"""Errors: worded once for a person, shown as a page or as JSON by the same handler.

Services raise `Refused`; what the database raises is translated here, so that nobody ever meets
a traceback. Every message says what to do next.
"""

from __future__ import annotations

from typing import Any

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import DataError, DBAPIError, OperationalError, ProgrammingError
from werkzeug.exceptions import HTTPException

log = structlog.get_logger(__name__)


class Refused(Exception):
    """Something cannot be done, and the reader can be told why and what to do.

    code: a short stable word for programs; message: a sentence for people, in their language;
    status: the HTTP status; details: what a program may want to know, never secrets.
    """

    def __init__(
        self, code: str, message: Any, *, status: int = 400, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.status = status
        self.details = details or {}

    def __str__(self) -> str:
        return str(self.message)


HTTP_WORDS: dict[int, tuple[str, Any]] = {
    400: ("bad_request", _l("The request could not be read. Go back, reload the page and retry.")),
    401: ("sign_in_needed", _l("Please sign in first.")),
    403: ("not_allowed", _l("Your account may not open this page.")),
    404: ("not_found", _l("There is nothing at this address. Check it for typing mistakes.")),
    405: ("wrong_method", _l("This address cannot be used in this way.")),
    413: ("too_large", _l("That is too much text at once. Shorten it and send it again.")),
    415: ("wrong_type", _l("This kind of content is not accepted here.")),
    429: ("too_many", _l("Too many requests. Wait a minute and try again.")),
    500: ("our_fault", _l("Something went wrong on our side. Nothing was stored; please retry.")),
}

DATABASE_WORDS: dict[str, Any] = {
    "database_busy": _l("The system is very busy. Nothing was stored; wait a moment and retry."),
    "database_read_only": _l("Nothing can be stored at the moment. Please try again later."),
    "database_behind": _l("The system is being updated. Please try again in a few minutes."),
    "database_away": _l("The database cannot be reached. Nothing was stored; retry later."),
}


def database_problem(error: DBAPIError) -> str:
    """Which of DATABASE_WORDS describes `error`; the drivers only say it in their own words."""
    text = str(error.orig).lower()
    if "locked" in text or "lock timeout" in text or "deadlock" in text:
        return "database_busy"
    if "readonly" in text or "read-only" in text or "disk is full" in text or "disk full" in text:
        return "database_read_only"
    if "no such table" in text or "no such column" in text or "does not exist" in text:
        return "database_behind"
    if "has no column" in text:
        return "database_behind"
    return "database_away"


def wants_json() -> bool:
    """True for the API and for scripts that ask for JSON and not for a page."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json"


def error_response(
    code: str, message: Any, status: int, details: dict[str, Any] | None = None
) -> Response:
    """The one shape of an error: JSON for programs, a page with the same words for people."""
    if wants_json():
        body = {"error": {"code": code, "message": str(message), "details": details or {}}}
        response = make_response(jsonify(body), status)
    else:
        page = render_template(
            "errors/error.html",
            code=code,
            message=message,
            status=status,
            details=details or {},
            # Known where somebody of the office looks; an error asks no database.
            is_demo=g.get("is_demo", False),
        )
        response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def register_errors(app: Flask) -> None:
    """Attach the handlers; the last one catches whatever was not foreseen."""

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        log.warning("refused", code=error.code, status=error.status, path=request.path)
        return error_response(error.code, error.message, error.status, error.details)

    @app.errorhandler(OperationalError)
    @app.errorhandler(ProgrammingError)
    def database(error: DBAPIError) -> Response:
        code = database_problem(error)
        log.error("database", code=code, reason=type(error.orig).__name__, path=request.path)
        return error_response(code, DATABASE_WORDS[code], 503)

    @app.errorhandler(DataError)
    def unstorable(error: DataError) -> Response:
        # What no database text can hold, such as a zero byte in an address.
        code, message = HTTP_WORDS[400]
        return error_response(code, message, 400)

    @app.errorhandler(OverflowError)
    def too_large(error: OverflowError) -> Response:
        # A number in an address that no key can be: SQLite's driver cannot even ask for it.
        code, message = HTTP_WORDS[404]
        return error_response(code, message, 404)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response | HTTPException:
        status = error.code or 500
        if status < 400:
            return error
        code, message = HTTP_WORDS.get(status, ("error", error.description))
        response = error_response(code, message, status)
        for name, value in error.get_headers():
            if name.lower() in ("allow", "retry-after", "www-authenticate"):
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> Response:
        # The rule and not the address: that may be somebody's slip or receipt.
        log.exception("unforeseen", path=str(request.url_rule))
        code, message = HTTP_WORDS[500]
        return error_response(code, message, 500)
