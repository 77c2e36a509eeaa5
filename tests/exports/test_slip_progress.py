"""`slips print` as a person and as a script start it: a bar on a terminal, silence in a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest
from flask import Flask

from tests import factories

ROOT = Path(__file__).resolve().parents[2]
COUNT = 300


@pytest.fixture
def command(app: Flask, tmp_path: Path) -> list[str]:
    """`slips print` for a point of the open wave, into a file of the test's folder."""
    with app.app_context():
        place = factories.place()
        factories.point(street_id=place.street_ids[0], channel="slip", code="BD0001")
    options = ["--wave", "2026q4", "--point", "BD0001", "--sheet", "3x8", "--count", str(COUNT)]
    out = str(tmp_path / "slips.pdf")
    flask = [sys.executable, "-m", "flask", "--app", "survey"]
    return [*flask, "slips", "print", *options, "--out", out]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The settings of the test's installation, and a terminal that knows its cursor."""
    settings = {
        "JIEPING_INSTANCE_DIR": str(tmp_path),
        "JIEPING_DATABASE_URL": f"sqlite:///{tmp_path}/app.db",
        "TERM": "xterm-256color",
    }
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    return kept | settings


def everything(master: int, found: list[bytes]) -> None:
    """Read what a terminal shows until nobody writes to it any more."""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # what Linux says when the other end is closed
            return
        if not piece:
            return
        found.append(piece)


def test_on_a_terminal_the_bar_moves_to_the_end(command, environ, tmp_path) -> None:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = subprocess.Popen(
        command, cwd=ROOT, env=environ, stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    pieces: list[bytes] = []
    reader = threading.Thread(target=everything, args=(master, pieces))
    reader.start()
    assert process.wait(timeout=120) == 0
    reader.join(timeout=30)
    os.close(master)
    shown = b"".join(pieces).decode()
    percents = [int(found) for found in re.findall(r"(\d+)%", shown)]
    assert percents[-1] == 100
    assert percents == sorted(percents)
    assert len(set(percents)) >= 3
    assert "slips" in shown
    assert f"BD0001-1\t1-{COUNT}\t" in re.sub(r" {2,}", "\t", shown)
    assert (tmp_path / "slips.pdf").read_bytes().startswith(b"%PDF-")


def test_in_a_pipe_there_is_the_result_alone(command, environ, tmp_path) -> None:
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout == f"BD0001-1\t1-{COUNT}\t{tmp_path / 'slips.pdf'}\n"
    assert done.stderr == ""
