"""Poster files: made once by a child process and kept in the instance folder.

The child takes about two seconds and 150 MB; the file depends on nothing but what the poster
says, so its name is the hash of that and it never goes stale.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Lock

import structlog
from flask import current_app
from flask_babel import lazy_gettext as _l

import survey
from survey.errors import Refused
from survey.queries.points import Poster

log = structlog.get_logger(__name__)
# Part of the name: a change of the design makes new files.
DESIGN = "3"
CHILD_SECONDS = 60
SIZES = ("a4", "a5", "card")
_one_at_a_time = Lock()


def poster_file(poster: Poster, size: str = "a4") -> Path:
    """The PDF of a poster: a4, a5 or card. Raises Refused (503) when it cannot be made."""
    from survey.exports.poster import to_json

    said = to_json(poster)
    key = hashlib.sha256(f"{DESIGN} {size}\n{said}".encode()).hexdigest()
    path = Path(current_app.instance_path) / "posters" / f"{key}.pdf"
    if path.exists():
        return path
    with _one_at_a_time:
        if not path.exists():
            try:
                _keep(path, _make(said, size))
            except (OSError, subprocess.SubprocessError) as error:
                log.error("poster", reason=type(error).__name__)
                raise Refused(
                    "poster_failed",
                    _l("The poster could not be made just now. Please try again in a minute."),
                    status=503,
                ) from error
    return path


def _make(said: str, size: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "survey.exports.poster", size],
        input=said.encode(),
        stdout=subprocess.PIPE,
        cwd=survey.ROOT,
        timeout=CHILD_SECONDS,
        check=True,
    )
    return done.stdout


def _keep(path: Path, data: bytes) -> None:
    """Write beside and rename, so that nobody ever reads half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.replace(name, path)
