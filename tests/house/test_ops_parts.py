"""Tests of what the tests stand on: the throwaway PostgreSQL server and the missing-part rule."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy

from tests import parts
from tests.postgres import PostgresServer

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def server():
    parts.postgres_programs()
    with PostgresServer() as running:
        yield running


@pytest.mark.postgres
def test_each_database_is_empty_and_apart(server):
    first, second = server.create_database(), server.create_database()
    assert first != second
    for url in (first, second):
        engine = sqlalchemy.create_engine(url)
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("CREATE TABLE street (name text)"))
            connection.execute(sqlalchemy.text("INSERT INTO street VALUES ('迎春街道')"))
            assert connection.execute(sqlalchemy.text("SELECT name FROM street")).all() == [
                ("迎春街道",)
            ]
        server.drop_database(url)  # although the engine still holds a connection
        engine.dispose()


@pytest.mark.postgres
def test_the_server_is_gone_after_a_failure():
    parts.postgres_programs()
    seen: list[tuple[Path, int]] = []

    def fail_beside_a_server() -> None:
        with PostgresServer() as running:
            pid = int((running.folder / "data" / "postmaster.pid").read_text().split()[0])
            seen.append((running.folder, pid))
            raise AssertionError("a test fails")

    with pytest.raises(AssertionError, match="a test fails"):
        fail_beside_a_server()
    ((folder, pid),) = seen
    assert not folder.exists()
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.postgres
def test_the_server_ends_when_the_tests_are_killed():
    parts.postgres_programs()
    code = (
        "import time; from tests.postgres import PostgresServer\n"
        "with PostgresServer() as server: print(server.folder, flush=True); time.sleep(60)"
    )
    tests = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert tests.stdout is not None
    folder = Path(tests.stdout.readline().strip())
    pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(tests.pid, signal.SIGKILL)
    tests.communicate()
    until = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()
    subprocess.run(["rm", "-r", str(folder)], check=True)


def test_a_missing_part_skips_here_and_names_the_command(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(pytest.skip.Exception, match="apt-get install -y chromium"):
        parts.chromium()


def test_a_missing_part_fails_under_ci(monkeypatch):
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(pytest.fail.Exception, match="apt-get install -y chromium"):
        parts.chromium()
