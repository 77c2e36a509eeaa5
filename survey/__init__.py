"""Jieping (街评): residents rate their streets; this package is the Flask application.

create_app reads top to bottom: load the settings, check them, attach the extensions, register
errors, routes and commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from survey import (
    case_words,
    database,
    errors,
    formatting,
    logs,
    policy_words,
    security,
    sign_in,
    wording,
)
from survey.config import SettingError, kept_secret, load_settings
from survey.extensions import babel, compress, db, limiter, migrate
from survey.plain_text import PlainRequest

ROOT = Path(__file__).resolve().parent.parent


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The application, ready to serve.

    config: Flask configuration that overrides what the environment says (used by tests); its
    keys are Flask's own or the names in survey.config.SETTINGS.
    Raises SettingError when a setting is wrong or the instance folder cannot be written.
    """
    settings = load_settings() | dict(config or {})
    instance = Path(settings["INSTANCE_DIR"] or ROOT / "instance").resolve()
    app = Flask(
        __name__,
        template_folder=str(ROOT / "templates"),
        instance_path=str(instance),
    )
    app.request_class = PlainRequest
    try:
        instance.mkdir(parents=True, exist_ok=True)
        secret = settings["SECRET_KEY"] or kept_secret(instance)
    except OSError as error:
        raise SettingError(f"the folder {instance} cannot be written: {error.strerror}") from error

    url = database.database_url(settings["DATABASE_URL"], instance_path=str(instance))
    app.config.from_mapping(
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS=database.engine_options(url),
        MAX_CONTENT_LENGTH=settings["MAX_BODY_KB"] * 1024,
        MAX_FORM_MEMORY_SIZE=settings["MAX_BODY_KB"] * 1024,
        RATELIMIT_STORAGE_URI=settings["LIMITS_URL"],
        BABEL_DEFAULT_LOCALE=formatting.LOCALES[settings["LANGUAGE"]],
        BABEL_DEFAULT_TIMEZONE=str(settings["TIMEZONE"]),
        JSON_SORT_KEYS=False,
    )
    app.config.from_mapping(settings)
    app.config["SECRET_KEY"] = secret
    security.configure(app)

    logs.configure(app)
    db.init_app(app)
    with app.app_context():
        database.prepare_engine(db.engine)
    migrate.init_app(
        app, db, directory=str(ROOT / "migrations"), render_as_batch=True, compare_type=True
    )
    babel.init_app(app, locale_selector=formatting.select_locale)
    limiter.init_app(app)
    compress.init_app(app)
    formatting.register(app)
    wording.register(app)
    policy_words.register(app)
    case_words.register(app)
    security.register(app)
    sign_in.register(app)
    errors.register_errors(app)

    from survey import cli
    from survey.routes import register_routes

    register_routes(app)
    cli.register(app)
    if app.config["TRUSTED_PROXIES"]:
        hops = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
    return app
