"""Child processes of the worker: short-lived, counted, and ended with it.

A child is a plain command, not a forked copy: what it imports is given back when it ends, and it
inherits no database connection.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

ROOT = Path(__file__).resolve().parent.parent
_running: set[subprocess.Popen[bytes]] = set()
_lock = threading.Lock()


class ChildFailed(RuntimeError):
    """A child ended with another status than 0; the text ends with the last line it wrote."""


def run(command: Sequence[str], *, seconds: float, given: bytes = b"") -> bytes:
    """Run `command` in the folder of the product and return what it wrote to stdout.

    given: its stdin. Raises ChildFailed when it fails or takes longer than `seconds`.
    """
    began = time.monotonic()
    child = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with _lock:
        _running.add(child)
    try:
        out, err = child.communicate(given, timeout=seconds)
    except subprocess.TimeoutExpired as late:
        child.kill()
        child.communicate()
        raise ChildFailed(f"{command[1:4]} took more than {seconds:.0f} s") from late
    finally:
        with _lock:
            _running.discard(child)
    if child.returncode != 0:
        last = err.decode(errors="replace").strip().splitlines()[-1:]
        raise ChildFailed(f"ended with status {child.returncode}: {' '.join(last)}")
    log.info(
        "child_done", command=" ".join(command[1:]), seconds=round(time.monotonic() - began, 2)
    )
    return out


def end_all() -> None:
    """Ask every running child to end; `run` then raises ChildFailed in its thread."""
    with _lock:
        for child in _running:
            child.terminate()
