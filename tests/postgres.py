"""A throwaway PostgreSQL server for the tests: own folder, own socket, gone when the tests are.

Uses the programs of Debian's package without its cluster, and no TCP port, so it meets no other
server. PostgreSQL refuses to run as root; then it runs as the user `postgres`.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from sqlalchemy import make_url

PR_SET_PDEATHSIG = 1
# Nothing here outlives the tests, so nothing waits for the disk.
SPEED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB")
START_SECONDS = 30
_libc = ctypes.CDLL(None)


class PostgresMissingError(Exception):
    """No PostgreSQL server programs on this machine."""


def programs() -> Path:
    """The folder of initdb and postgres: Debian's newest version, else what PATH has.

    Raises PostgresMissingError when there is none.
    """
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda folder: int(folder.parent.name))
    on_path = shutil.which("initdb")
    if on_path is None:
        raise PostgresMissingError("no PostgreSQL server (initdb) on this machine")
    return Path(on_path).resolve().parent


def _end_with_tests() -> None:
    """In the child: a fast shutdown should the tests be killed without a chance to say so."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)


class PostgresServer:
    """A running server: `with PostgresServer() as server: url = server.create_database()`.

    Start it in the main thread. Raises PostgresMissingError when it is not installed, RuntimeError
    with the server's own words when it does not start.
    """

    def __enter__(self) -> PostgresServer:
        self._programs = programs()
        # /tmp, because the path of a socket may have 107 bytes only.
        self.folder = Path(tempfile.mkdtemp(prefix="jieping-postgres-", dir="/tmp"))
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self._as_user: dict[str, Any] = {}
        try:
            if os.geteuid() == 0:
                account = pwd.getpwnam("postgres")
                os.chown(self.folder, account.pw_uid, account.pw_gid)
                self._as_user = {
                    "user": account.pw_uid,
                    "group": account.pw_gid,
                    "extra_groups": [],
                }
            self._make_cluster()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._process is not None:
            # SIGQUIT is "immediate shutdown": no checkpoint of what is thrown away next.
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def create_database(self) -> str:
        """Make an empty database and return its address for SQLAlchemy."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql+psycopg://postgres@/{name}?host={quote(str(self.folder), safe='/')}"

    def drop_database(self, url: str) -> None:
        """Remove the database at `url`, ending its connections."""
        name = make_url(url).database
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def _conninfo(self, database: str) -> str:
        return f"host={self.folder} user=postgres dbname={database}"

    def _make_cluster(self) -> None:
        command = [
            str(self._programs / "initdb"),
            *("-D", str(self.folder / "data"), "-U", "postgres", "-A", "trust"),
            *("-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
        ]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, **self._as_user
        )
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed: {done.stderr or done.stdout}")

    def _start(self) -> None:
        settings = (*SPEED, "listen_addresses=", f"unix_socket_directories={self.folder}")
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data")]
        command += [part for setting in settings for part in ("-c", setting)]
        log = self.folder / "server.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                stdout=output,
                stderr=output,
                # Ctrl-C in the terminal is for the tests, which end the server themselves.
                start_new_session=True,
                preexec_fn=_end_with_tests,
                **self._as_user,
            )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            try:
                psycopg.connect(self._conninfo("postgres")).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')}")
