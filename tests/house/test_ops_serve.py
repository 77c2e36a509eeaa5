"""Tests of the real start: from an empty folder to a served district, and to the end of it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 120
MEMORY_LIMIT_MB = 400


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Served:
    """A running product: its process, its address and what it said until it was ready."""

    process: subprocess.Popen[str]
    address: str
    said: str

    def end(self, number: int) -> tuple[float, str]:
        """Send a signal; return the seconds until the end and the words said since."""
        began = time.monotonic()
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=20)
        return time.monotonic() - began, rest


def start(instance: Path, **environ: str) -> Served:
    """Start the product on a free port and read until it says that it serves."""
    port = free_port()
    # As the Makefile does: no settings of the tests, and compiled modules are kept.
    dropped = ("JIEPING_", "PYTHONDONTWRITEBYTECODE")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    process = subprocess.Popen(
        [sys.executable, "-m", "ops.serve", "--port", str(port)],
        cwd=ROOT,
        env=clean | {"JIEPING_INSTANCE_DIR": str(instance)} | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("Serving on"):
            break
    return Served(process, f"http://127.0.0.1:{port}", said)


def get(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=20) as response:
        return response.status, response.read().decode()


def family(pid: int) -> set[int]:
    """`pid` and all that descends from it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {pid}.union(*(family(int(child)) for child in children))


def shared_memory_counted_once(pids: set[int]) -> float:
    """The memory of `pids` in MB: the proportional set size, which splits what they share."""
    kilobytes = 0
    for pid in pids:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        kilobytes += int(re.search(r"^Pss: +(\d+)", rollup, re.MULTILINE).group(1))
    return kilobytes / 1024


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one installation, which the tests start twice."""
    return tmp_path_factory.mktemp("installation") / "instance"


@pytest.fixture(scope="module")
def first(instance: Path) -> Iterator[Served]:
    served = start(instance)
    yield served
    if served.process.poll() is None:
        served.process.kill()
        served.process.communicate()


def test_a_first_start_shows_password_and_addresses_that_answer(first):
    assert first.process.poll() is None, first.said
    assert len(re.findall(r"[Pp]assword", first.said)) == 1
    resident = re.search(rf"{first.address}/s/\S+", first.said)
    poster = re.search(rf"{first.address}/\S+\.pdf", first.said)
    assert resident is not None
    assert poster is not None
    for url in (resident.group(), f"{first.address}/", f"{first.address}/readyz"):
        status, body = get(url)
        assert status == 200
        assert body
    with urllib.request.urlopen(poster.group(), timeout=20) as response:
        assert response.read(5) == b"%PDF-"


def test_web_and_worker_together_stay_small(first):
    pids = family(first.process.pid)
    assert len(pids) >= 5  # supervisor, gunicorn with two processes, worker
    assert shared_memory_counted_once(pids) < MEMORY_LIMIT_MB


def test_ctrl_c_ends_all_within_three_seconds(first):
    pids = family(first.process.pid)
    seconds, rest = first.end(signal.SIGINT)
    assert seconds < 3
    assert first.process.returncode == 0
    assert "stopped on request" in rest
    assert "Traceback" not in first.said + rest
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_second_start_keeps_the_data_and_shows_no_password(first, instance):
    if first.process.poll() is None:
        first.end(signal.SIGTERM)
    resident = re.search(r"/s/\S+", first.said)
    assert resident is not None
    again = start(instance)
    try:
        assert again.process.poll() is None, again.said
        assert not re.search(r"[Pp]assword", again.said)
        assert get(again.address + resident.group())[0] == 200
    finally:
        again.end(signal.SIGTERM)
    assert again.process.returncode == 0


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("JIEPING_LANGAUGE", "en", "JIEPING_LANGAUGE is not a setting"),
        ("JIEPING_TIMEZONE", "Mars/Olympus", "JIEPING_TIMEZONE must be a time zone"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_its_reason(tmp_path, name, value, words):
    stopped = start(tmp_path / "instance", **{name: value})
    stopped.process.communicate(timeout=20)
    assert stopped.process.returncode == 1
    assert words in stopped.said
    assert "Traceback" not in stopped.said
