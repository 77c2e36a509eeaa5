"""Tests of ops.supervisor: several processes start and end as one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
# Supervises two children that write their process ids into files; argv: folder, then their code.
DRIVER = """
import sys
from pathlib import Path
from ops.supervisor import supervise
folder = Path(sys.argv[1])
named = dict(zip(("web", "worker"), sys.argv[2:]))
write = "import os, pathlib, sys; pathlib.Path(sys.argv[1]).write_text(str(os.getpid()));"
end = supervise(
    {name: [sys.executable, "-c", write + code, str(folder / name)]
     for name, code in named.items()},
    ready=lambda: all((folder / name).exists() for name in named),
    on_ready=lambda: print("ready", flush=True),
    grace=1.0,
)
print(end.reason, flush=True)
sys.exit(0 if end.name is None else 1)
"""
SLEEP = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
WITH_CHILD = (
    "import subprocess, sys, time;"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "pathlib.Path(sys.argv[1] + '-child').write_text(str(child.pid)); time.sleep(60)"
)


def alive(pid: int) -> bool:
    """Whether the process runs; one that ended but was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_until(condition: Callable[[], bool], *, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return condition()


@pytest.fixture
def supervised(tmp_path: Path):
    """Starts the driver with the code of web and worker; ends what a failed test leaves."""
    drivers: list[subprocess.Popen[str]] = []

    def start(web: str, worker: str) -> subprocess.Popen[str]:
        driver = subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(tmp_path), web, worker],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        drivers.append(driver)
        return driver

    yield start
    for driver in drivers:
        driver.kill()
        driver.communicate()


def pids(folder: Path) -> list[int]:
    return [int(path.read_text()) for path in sorted(folder.glob("w*"))]


def ready(driver: subprocess.Popen[str]) -> bool:
    assert driver.stdout is not None
    return driver.stdout.readline() == "ready\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_ends_both_and_counts_as_success(supervised, tmp_path, number):
    driver = supervised(SLEEP, SLEEP)
    assert ready(driver)
    began = time.monotonic()
    driver.send_signal(number)
    out, _ = driver.communicate(timeout=10)
    assert time.monotonic() - began < 3
    assert out == "stopped on request\n"
    assert driver.returncode == 0
    assert not any(alive(pid) for pid in pids(tmp_path))


def test_when_one_ends_the_other_is_ended_and_the_reason_is_named(supervised, tmp_path):
    driver = supervised(SLEEP, "import time; time.sleep(0.3); sys.exit(7)")
    out, _ = driver.communicate(timeout=10)
    assert "worker ended by itself with status 7" in out
    assert driver.returncode == 1
    assert not any(alive(pid) for pid in pids(tmp_path))


def test_when_one_is_killed_the_signal_is_named(supervised, tmp_path):
    driver = supervised(SLEEP, SLEEP)
    assert ready(driver)
    os.kill(int((tmp_path / "web").read_text()), signal.SIGKILL)
    out, _ = driver.communicate(timeout=10)
    assert out == "web was ended by SIGKILL\n"
    assert driver.returncode == 1
    assert not any(alive(pid) for pid in pids(tmp_path))


def test_a_process_deaf_to_sigterm_is_ended_after_the_grace(supervised, tmp_path):
    driver = supervised(STUBBORN, SLEEP)
    assert ready(driver)
    time.sleep(0.3)  # the child has to reach its signal.signal
    began = time.monotonic()
    driver.terminate()
    driver.communicate(timeout=10)
    assert 0.9 < time.monotonic() - began < 3
    assert not any(alive(pid) for pid in pids(tmp_path))


def test_what_a_process_started_itself_is_ended_too(supervised, tmp_path):
    driver = supervised(WITH_CHILD, SLEEP)
    assert wait_until((tmp_path / "web-child").exists)
    driver.terminate()
    driver.communicate(timeout=10)
    assert len(pids(tmp_path)) == 3
    assert wait_until(lambda: not any(alive(pid) for pid in pids(tmp_path)))


def test_a_supervisor_killed_without_a_chance_leaves_nothing_behind(supervised, tmp_path):
    driver = supervised(SLEEP, SLEEP)
    assert ready(driver)
    driver.kill()
    assert wait_until(lambda: not any(alive(pid) for pid in pids(tmp_path)))


def test_a_command_that_cannot_start_ends_the_one_that_did(tmp_path):
    from ops.supervisor import supervise

    mark = tmp_path / "web"
    code = f"import os, pathlib; pathlib.Path({str(mark)!r}).write_text(str(os.getpid())); {SLEEP}"
    with pytest.raises(FileNotFoundError):
        supervise(
            {"web": [sys.executable, "-c", code], "worker": [str(tmp_path / "absent")]},
            ready=lambda: False,
            on_ready=lambda: None,
        )
    assert not mark.exists() or not alive(int(mark.read_text()))
