"""The survey page weighed on the wire: every byte that the real server sends, headers and all."""

from __future__ import annotations

import gzip
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from survey.clock import utc_now
from tests import factories

ROOT = Path(__file__).parents[2]
MOST = 8 * 1024
QUERIES = [f"?lang={lang}&size={size}" for lang in ("zh", "en") for size in ("normal", "large")]


@pytest.fixture
def code(app: Flask) -> str:
    """A point of a demonstration district: its page says so, and weighs most."""
    with app.app_context():
        now = utc_now()
        district_id = factories.district(name_zh="示例区人民政府", is_demo=True)
        factories.wave(
            district_id=district_id,
            opens_at=now - timedelta(days=1),
            closes_at=now + timedelta(days=1),
        )
        return factories.point(street_id=factories.street(district_id=district_id))


@pytest.fixture(params=["page", "steps"])
def served(app: Flask, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of gunicorn, as `make run` starts it, on the test's database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environ = os.environ | {
        "JIEPING_DATABASE_URL": f"sqlite:///{tmp_path}/app.db",
        "JIEPING_INSTANCE_DIR": str(tmp_path),
        "JIEPING_SURVEY_LAYOUT": request.param,
    }
    gunicorn = str(Path(sys.executable).parent / "gunicorn")
    options = ("-c", "ops/gunicorn_conf.py", "--workers", "1", "--bind", f"127.0.0.1:{port}")
    process = subprocess.Popen([gunicorn, *options, "survey:create_app()"], cwd=ROOT, env=environ)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


def wire(port: int, path: str) -> bytes:
    """Everything the server sends for one request of a browser."""
    asked = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: gzip, deflate\r\n"
        "Connection: close\r\n\r\n"
    )
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(asked.encode())
        while part := connection.recv(65536):
            received += part
    return received


def test_the_page_weighs_eight_kilobytes_at_most(code: str, served: int) -> None:
    weights = {query: len(wire(served, f"/s/{code}{query}")) for query in QUERIES}
    assert max(weights.values()) <= MOST, weights
    head, _, body = wire(served, f"/s/{code}?lang=zh").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert "示例区" in gzip.decompress(body).decode()
