"""Fixtures of all tests: an application on a database that the migrations made.

`app`, `client`, `runner` and `session` run on SQLite. A test that must hold on both databases
takes `each_app` (or `database_url`) and runs twice. The language of the test application is
English, so that a message reads the same whatever the translations say; ask for `?lang=zh` or
set LANGUAGE where the language matters.
"""

from __future__ import annotations

import contextvars
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from flask_migrate import upgrade
from sqlalchemy.orm import Session, scoped_session

from ops.serve import BIN, TRANSLATIONS, stale_translations
from survey import create_app
from survey.models import db
from tests.parts import postgres_programs
from tests.postgres import PostgresServer


class FreshClient(FlaskClient):
    """A client whose requests see nothing of the test's own application context.

    Flask would reuse a pushed context, and with it the session and the language of the test.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """One request in a context of its own."""
        return contextvars.Context().run(super().open, *args, **kwargs)


class FreshRunner(FlaskCliRunner):
    """Runs a command as a new process would: without the test's application context."""

    def invoke(self, *args: Any, **kwargs: Any) -> Any:
        """One command; `catch_exceptions=False` is the default, so that a traceback fails."""
        kwargs.setdefault("catch_exceptions", False)
        return contextvars.Context().run(super().invoke, *args, **kwargs)


def make_app(url: str, *, folder: Path, **config: Any) -> Flask:
    """An application for tests on the database at `url`."""
    app = create_app(
        {
            "TESTING": True,
            "INSTANCE_DIR": str(folder),
            "DATABASE_URL": url,
            "SECRET_KEY": "tests-only-" + "x" * 32,
            "LANGUAGE": "en",
            "RATELIMIT_ENABLED": False,
            **config,
        }
    )
    app.test_client_class = FreshClient
    app.test_cli_runner_class = FreshRunner
    return app


def migrate_database(url: str, *, folder: Path) -> None:
    """Bring an empty database to the current version."""
    app = make_app(url, folder=folder)
    with app.app_context():
        upgrade()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the current tables and no rows; tests work on copies."""
    folder = tmp_path_factory.mktemp("migrated")
    migrate_database(f"sqlite:///{folder}/app.db", folder=folder)
    return folder / "app.db"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test run; missing fails under CI=true, else skips."""
    postgres_programs()
    with PostgresServer() as server:
        yield server


def _dispose(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated, empty database: once SQLite, once PostgreSQL."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "app.db")
        yield f"sqlite:///{tmp_path}/app.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create_database()
    migrate_database(url, folder=tmp_path)
    yield url
    server.drop_database(url)


@pytest.fixture
def each_app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on each of the two databases."""
    app = make_app(database_url, folder=tmp_path)
    yield app
    _dispose(app)


@pytest.fixture
def app(migrated_file: Path, tmp_path: Path) -> Iterator[Flask]:
    """The application on SQLite."""
    shutil.copy(migrated_file, tmp_path / "app.db")
    app = make_app(f"sqlite:///{tmp_path}/app.db", folder=tmp_path)
    yield app
    _dispose(app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without script or history."""
    return app.test_client()


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    """The command line: runner.invoke(args=["place", "load", str(folder)])."""
    return app.test_cli_runner()


@pytest.fixture
def session(app: Flask) -> Iterator[scoped_session[Session]]:
    """The session of a pushed application context.

    It sees the database as of its first read: call `session.rollback()` to see what a client or
    a command wrote since.
    """
    with app.app_context():
        yield db.session
        db.session.rollback()


@pytest.fixture
def write_file(tmp_path: Path) -> Callable[..., Path]:
    """write_file("answers.csv", "id,street\\n…", encoding="gb18030") -> its path."""

    def write(name: str, text: str | bytes, *, encoding: str = "utf-8") -> Path:
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


def pytest_configure(config: pytest.Config) -> None:
    """Settings of the person who runs the tests shall not change their outcome."""
    for name in list(os.environ):
        if name.startswith("JIEPING_") and name != "JIEPING_REFERENCE_DIR":
            del os.environ[name]
    # Compiled translations are not in the repository; once, before any worker of xdist starts.
    if not hasattr(config, "workerinput") and stale_translations(TRANSLATIONS):
        command = [str(BIN / "pybabel"), "-q", "compile", "-d", str(TRANSLATIONS)]
        subprocess.run(command, check=True, capture_output=True)
