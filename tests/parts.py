"""The parts of the machine that some tests need: found, or the test says what brings them.

Missing on a person's machine: the test is skipped and the reason names the command. Missing under
CI=true: the test fails, so that no skip hides a part that was never tried.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from tests.postgres import PostgresMissingError, programs

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def missing(part: str, *, command: str) -> NoReturn:
    """Skip the test that needs `part`, naming the command that brings it; fail under CI=true."""
    reason = f"{part} is missing; {command}"
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def chromium() -> str:
    """The path of the Chromium that the browser tests drive."""
    for name in BROWSERS:
        path = shutil.which(name)
        if path is not None:
            return path
    missing(
        "Chromium",
        command="to bring it: sudo apt-get install -y chromium libatomic1 fonts-noto-cjk",
    )


def postgres_programs() -> Path:
    """The folder of PostgreSQL's server programs."""
    try:
        return programs()
    except PostgresMissingError:
        missing("A PostgreSQL server", command="to bring it: sudo apt-get install -y postgresql")


def reference_folder(*parts: str) -> Path:
    """The file or folder `parts` of the reference data (JIEPING_REFERENCE_DIR)."""
    base = Path(os.environ.get("JIEPING_REFERENCE_DIR", ROOT.parent / "shared" / "data"))
    path = base.joinpath(*parts)
    if not path.exists():
        missing(f"The reference data {path}", command="set JIEPING_REFERENCE_DIR to its folder")
    return path
