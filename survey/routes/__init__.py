"""Routes: each parses a request, calls one thing and renders. One file per kind of reader."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

# Each module has `blueprint`.
BLUEPRINTS = (
    "resident",
    "assisted",
    "operations",
    "printing",
    "sign_in",
    "account",
    "invitations",
    "office",
    "street",
    "call_backs",
    "inbox",
    "times",
    "department",
    "cases",
    "paper",
    "evaluator",
    "causes",
    "policy",
    "what_if",
    "assessment",
    "appeals",
    "exclusions",
    "duties",
    "themes",
    "theme_findings",
    "case_paths",
    "reply_templates",
    "admin",
    "accounts",
    "mail",
    "public",
    "pictures",
    "reports",
    "api",
)


def register_routes(app: Flask) -> None:
    """Attach every blueprint."""
    for name in BLUEPRINTS:
        app.register_blueprint(import_module(f"survey.routes.{name}").blueprint)
