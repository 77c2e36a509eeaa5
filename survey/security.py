"""What protects every page: the security headers, the CSP and the settings of cookies.

Who may sign in and what they may open is in survey/routes/access.py.
"""

from __future__ import annotations

import base64
import hashlib

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

# Nothing from another host, nothing inline. A page that inlines its style and script (the
# resident page: one request on a slow phone) names their hashes instead.
CSP = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}


def csp(**overrides: str) -> str:
    """The Content-Security-Policy header; overrides replace a directive, e.g. style_src=…"""
    directives = CSP | {name.replace("_", "-"): value for name, value in overrides.items()}
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def source_hash(text: str) -> str:
    """The CSP source that allows exactly this inline text."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


class OfficeSessions(SecureCookieSessionInterface):
    """Flask's sessions; a request without the cookie, as residents' are, gets an empty one at once.

    Flask first derives the key that signs cookies, also when there is nothing to check.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the cookie, or an empty one."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


def configure(app: Flask) -> None:
    """The session cookie: who keeps it, and its settings."""
    app.session_interface = OfficeSessions()
    app.config.from_mapping(
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=app.config["BASE_URL"].startswith("https://"),
        SESSION_COOKIE_NAME="jieping",
    )


def register(app: Flask) -> None:
    """Attach the headers to every response that does not bring its own."""
    default = csp()
    secure = app.config["BASE_URL"].startswith("https://")

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", default)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        if secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response
