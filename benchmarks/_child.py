"""Run a part of a measurement in a process of its own, in which nothing was loaded before."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def child(module: str, *arguments: str) -> Any:
    """What `python -m benchmarks.MODULE ARGUMENTS` prints in its last line, read as JSON.

    Raises CalledProcessError when it fails; its messages go to stderr.
    """
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    return json.loads(done.stdout.splitlines()[-1])
