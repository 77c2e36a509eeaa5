"""Tests of what `make run` says before anything long starts, and of the make targets."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ops import free_port, serve

ROOT = Path(__file__).resolve().parent.parent.parent


def run(*command: str, cwd: Path = ROOT, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=30,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """A folder with the scripts and the locks alone, where nothing has been set up."""
    shutil.copytree(ROOT / "ops", tmp_path / "ops", ignore=shutil.ignore_patterns("__pycache__"))
    for lock in ROOT.glob("requirements*.txt"):
        shutil.copy(lock, tmp_path)
    return tmp_path


@pytest.fixture
def busy_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        yield listener.getsockname()[1]


def test_a_port_in_use_is_one_line_and_nothing_is_set_up(scripts, busy_port):
    began = time.monotonic()
    done = run("sh", "ops/run.sh", "127.0.0.1", str(busy_port), cwd=scripts)
    assert time.monotonic() - began < 5
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"Port {busy_port} is in use" in done.stderr
    assert f"make run PORT={busy_port + 1}" in done.stderr
    assert not (scripts / ".venv").exists()


def test_make_passes_the_port_on(busy_port):
    done = run("make", "run", f"PORT={busy_port}")
    assert done.returncode == 2
    assert f"Port {busy_port} is in use" in done.stderr


def test_a_signal_to_make_reaches_what_serves(scripts):
    """A shell left between make and the server would die alone and leave the server running."""
    shutil.copy(ROOT / "Makefile", scripts)
    (scripts / "ops" / "run.sh").write_text(
        "trap 'echo ended in order; exit 0' TERM\n"
        "echo serving\n"
        "for i in $(seq 200); do sleep 0.05; done\n"
    )
    # Started from `make test`, an inner make would tell which folder it enters.
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    make = subprocess.Popen(
        ["make", "run"], cwd=scripts, stdout=subprocess.PIPE, text=True, env=alone
    )
    assert make.stdout is not None
    assert make.stdout.readline() == "serving\n"
    make.terminate()
    assert make.communicate(timeout=10)[0] == "ended in order\n"


@pytest.mark.parametrize("port", ["0", "65536", "http", ""])
def test_a_port_that_is_none_is_refused(port):
    assert "must be a number from 1 to 65535" in (free_port.obstacle("127.0.0.1", port) or "")


def test_a_port_nobody_listens_on_is_free(busy_port):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
    assert free_port.obstacle("127.0.0.1", str(port)) is None


def test_an_address_of_another_machine_is_refused():
    assert "cannot be used" in (free_port.obstacle("192.0.2.1", "8000") or "")


def test_an_old_python_is_one_line_that_says_which_is_needed(scripts):
    (scripts / "bin").mkdir()
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        fake = scripts / "bin" / name
        fake.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "Python 3.9.2"\nexit 1\n')
        fake.chmod(0o755)
    path = f"{scripts / 'bin'}:{os.environ['PATH']}"
    done = run("sh", "ops/run.sh", "127.0.0.1", "8000", cwd=scripts, PATH=path, PYTHON="python3")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Python 3.11 or newer is needed; here is Python 3.9.2" in done.stderr


def test_a_folder_that_cannot_be_written_is_one_line(scripts):
    if os.geteuid() == 0:
        # Root may write everywhere but where mktemp itself refuses.
        (scripts / "bin").mkdir()
        (scripts / "bin" / "mktemp").write_text("#!/bin/sh\necho mktemp: read-only >&2\nexit 1\n")
        (scripts / "bin" / "mktemp").chmod(0o755)
    else:
        scripts.chmod(0o500)
    path = f"{scripts / 'bin'}:{os.environ['PATH']}"
    done = run("sh", "ops/run.sh", "127.0.0.1", "8000", cwd=scripts, PATH=path)
    scripts.chmod(0o700)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"The folder {scripts} cannot be written" in done.stderr


def test_an_environment_that_fits_its_stamp_is_left_alone(scripts):
    """The second start: no pip, no uv, no network."""
    venv = scripts / ".venv" / "bin"
    venv.mkdir(parents=True)
    (venv / "python").symlink_to(sys.executable)
    script = f". ops/common.sh; cd {scripts}; {_shell_function('fingerprint')}\nfingerprint"
    fingerprint = run("sh", "-c", script, cwd=scripts).stdout
    (scripts / ".venv" / "stamp").write_text(f"dev {fingerprint}")
    for kind in ("run", "dev"):
        done = run(
            "sh", "ops/environment.sh", kind, cwd=scripts, PIP_INDEX_URL="http://127.0.0.1:9"
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (scripts / ".venv" / "stamp").write_text(f"run {fingerprint}")
    assert run("sh", "ops/environment.sh", "run", cwd=scripts).returncode == 0


def _shell_function(name: str) -> str:
    text = (ROOT / "ops" / "environment.sh").read_text(encoding="utf-8")
    found = re.search(rf"^{name}\(\) \{{$.*?^\}}$", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found.group()


def test_translations_are_stale_when_missing_or_older(tmp_path):
    folder = tmp_path / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source, compiled = folder / "messages.po", folder / "messages.mo"
    source.touch()
    assert serve.stale_translations(tmp_path) == [source]
    compiled.touch()
    os.utime(source, (1, 1))
    assert serve.stale_translations(tmp_path) == []
    os.utime(compiled, (0, 0))
    assert serve.stale_translations(tmp_path) == [source]


def test_help_lists_every_public_target_with_its_words():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    told = run("make", "--no-print-directory", "help").stdout
    for target, words in re.findall(r"^([a-z-]+):[^#\n]*## (.+)$", makefile, re.MULTILINE):
        assert re.search(rf"make {target} +{re.escape(words)}", told)
    assert {"run", "test", "bench", "help"} <= set(re.findall(r"make (\S+)", told))
    assert "\033" not in told


def test_the_locks_pin_every_package_with_hashes():
    for lock in ROOT.glob("requirements*.txt"):
        text = re.sub(r" *#.*", "", lock.read_text(encoding="utf-8"))
        entries = re.findall(r"^\S.*(?:\n +.*)*", text, re.MULTILINE)
        assert entries
        for entry in entries:
            assert re.match(r"[a-z0-9-]+==\S+", entry), entry
            assert "--hash=sha256:" in entry, entry


def test_the_uv_that_installs_is_the_uv_that_locks():
    pins = {
        re.search(r"^uv==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE).group(1)
        for name in ("requirements-bootstrap.txt", "requirements-dev.txt")
    }
    assert len(pins) == 1
