"""Server CPU of a resident's GET + POST, beside a bare Flask app that inserts one row.

Both run under the same gunicorn (one worker, one thread) on 127.0.0.1 and take the same requests
in turn; CPU is what the kernel charged to the worker processes, so the client costs nothing.
Then how long requests take while half as many come in as the process can serve.
"""

from __future__ import annotations

import gzip
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks._load import (
    Submission,
    Visit,
    capacity,
    paced,
    percentile,
    request,
    visit_in_turn,
)

NAME = "resident"
COMMAND = ".venv/bin/python -m benchmarks resident"
ROUNDS = 5
REQUESTS = 200
P99_MS = 60
# What the product runs with, and the same for what it is measured against.
OURS = Path(__file__).resolve().parent.parent / "ops/gunicorn_conf.py"
YARDSTICK = Path(__file__).resolve().parent / "gunicorn_yardstick.py"
TICK = os.sysconf("SC_CLK_TCK")
SUBMISSION_KEY = re.compile(rb'name="submission_key" value="([^"]+)"')
ANSWERS = {
    "party": "4",
    "urban": "2",
    "welfare": "3",
    "community": "5",
    "safety": "dk",
    "comment": "楼下路灯坏了两个月，晚上老人不敢出门。",
    "age_band": "60+",
    "sex": "F",
}


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something at the port speaks HTTP."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()
    return True


@contextmanager
def served(application: str, *, settings: Path = OURS, **environ: str) -> Iterator[tuple[int, int]]:
    """A gunicorn with one worker; gives (port, process id of the worker)."""
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "-c", str(settings),
        "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "1",
        "--worker-class", "gthread", "--log-level", "error", application,
    ]  # fmt: skip
    master = subprocess.Popen(command, env=os.environ | environ)
    try:
        children = Path(f"/proc/{master.pid}/task/{master.pid}/children")
        for _attempt in range(400):
            # The master listens before its worker is there.
            if answers(port) and children.read_text().split():
                break
            time.sleep(0.05)
        yield port, int(children.read_text().split()[0])
    finally:
        master.send_signal(signal.SIGTERM)
        master.wait(timeout=10)


def cpu_seconds(process: int) -> float:
    """User and system CPU of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def submission(code: str) -> Submission:
    """A resident who opens the page of `code` and sends an answer under the page's own key."""
    page = request("GET", f"/s/{code}", headers="Accept-Encoding: gzip\r\n")
    form = urlencode(ANSWERS | {"lang": "zh"})

    def visit() -> Visit:
        reply = yield page
        assert reply.status == 200, reply.status
        packed = b"Content-Encoding: gzip" in reply.head
        key = SUBMISSION_KEY.search(gzip.decompress(reply.body) if packed else reply.body)
        assert key, "the page has no submission key"
        reply = yield request("POST", f"/s/{code}", body=f"{form}&submission_key={key[1].decode()}")
        assert reply.status == 303, (reply.status, reply.body[:300])

    return visit


def page_bytes(port: int, code: str) -> int:
    """The bytes of the page's compressed body."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", f"/s/{code}", headers={"Accept-Encoding": "gzip"})
    size = len(connection.getresponse().read())
    connection.close()
    return size


def prepare(folder: str) -> str:
    """An installation with one open wave; the code of its point."""
    from flask_migrate import upgrade

    from survey import create_app
    from tests import factories

    app = create_app({"INSTANCE_DIR": folder})
    with app.app_context():
        upgrade()
        return factories.place().points[0]


def run() -> list[dict[str, Any]]:
    """Rows of (measure, figure, yardstick, ratio, command)."""
    with tempfile.TemporaryDirectory() as folder:
        code = prepare(folder)
        submit = submission(code)
        ours: list[float] = []
        bare: list[float] = []
        with served("survey:create_app()", JIEPING_INSTANCE_DIR=folder) as (port, worker):
            visit_in_turn(port, submit, times=50)
            size = page_bytes(port, code)
            environ = {
                "BARE_DATABASE": str(Path(folder) / "bare.db"),
                "BARE_PAGE_BYTES": str(size),
            }
            with served("benchmarks.bare_flask:app", settings=YARDSTICK, **environ) as (
                bare_port,
                bare_worker,
            ):
                visit_in_turn(bare_port, submit, times=50)
                for _round in range(ROUNDS):
                    for figures, at, process in (
                        (ours, port, worker),
                        (bare, bare_port, bare_worker),
                    ):
                        before = cpu_seconds(process)
                        visit_in_turn(at, submit, times=REQUESTS)
                        figures.append((cpu_seconds(process) - before) / REQUESTS * 1000)
            most = capacity(port, submit)
            waits = paced(port, submit, rate=most / 2)
    ours.sort()
    bare.sort()
    middle = ROUNDS // 2
    return [
        {
            "measure": "CPU of GET + POST, milliseconds (median of 5 rounds of 200)",
            "figure": round(ours[middle], 3),
            "yardstick": f"bare Flask + one insert: {bare[middle]:.3f}",
            "ratio": round(ours[middle] / bare[middle], 2),
            "limit": 3.0,
            "command": COMMAND,
        },
        {
            "measure": "p99 of a request at half capacity, milliseconds",
            "figure": round(percentile(waits, 0.99) * 1000, 1),
            "yardstick": f"limit {P99_MS}; half of {most:.0f} submissions a second, one process",
            "ratio": round(percentile(waits, 0.99) * 1000 / P99_MS, 2),
            "limit": 1.0,
            "command": COMMAND,
        },
        {
            "measure": "page over the wire, bytes of the gzipped body",
            "figure": size,
            "yardstick": "",
            "ratio": None,
            "limit": 8192,
            "command": COMMAND,
        },
    ]
