"""Start the product on this machine: database, translations, demo district, then web and worker.

`python -m ops.serve --host HOST --port PORT`, from the folder of the product; it knows the
product by its commands alone. Ends with status 0 on Ctrl-C or SIGTERM, 1 when something failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from ops.supervisor import supervise

BIN = Path(sys.executable).parent
FLASK = (str(BIN / "flask"), "--app", "survey")
TRANSLATIONS = Path("survey/translations")
# No proxy stands between this process and its own server.
_open_url = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


class StepError(Exception):
    """A step did not do its work; the text is one line that says which, and what it said."""


def step(what: str, command: Sequence[str]) -> None:
    """Run `command` quietly, saying `what` it does and how long it took.

    Raises StepError with the last line of its output when it ends with another status than 0;
    what it said before that line is printed.
    """
    print(f"{what} …", end="", flush=True)
    began = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        print(" failed", flush=True)
        *before, last = done.stdout.strip().splitlines() or [f"status {done.returncode}"]
        print("\n".join(before), file=sys.stderr, end="\n" if before else "")
        raise StepError(f"{what} failed: {last.removeprefix('Error: ')}")
    print(f" {time.monotonic() - began:.1f} s", flush=True)


def tell(command: Sequence[str]) -> None:
    """Run `command`, whose output is for the reader: addresses, a password, its own progress.

    Raises StepError when it ends with another status than 0.
    """
    done = subprocess.run(command)
    if done.returncode != 0:
        raise StepError(f"{' '.join(command[1:])} ended with status {done.returncode}")


def stale_translations(folder: Path) -> list[Path]:
    """The .po files in `folder` whose compiled .mo is missing or older."""
    return [
        source
        for source in sorted(folder.glob("*/LC_MESSAGES/*.po"))
        if not (compiled := source.with_suffix(".mo")).exists()
        or compiled.stat().st_mtime < source.stat().st_mtime
    ]


def prepare() -> None:
    """Everything that has to be there before the first request."""
    step("Bringing the database to the current version", [*FLASK, "db", "upgrade"])
    if stale_translations(TRANSLATIONS):
        step(
            "Compiling the translations",
            [str(BIN / "pybabel"), "compile", "-d", str(TRANSLATIONS)],
        )
    tell([*FLASK, "demo", "--if-empty"])


def answers(url: str) -> bool:
    """Whether `url` answers 200 now."""
    try:
        with _open_url(url, timeout=1) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False


def serve(host: str, port: int) -> int:
    """Run web and worker until they are asked to end; return the exit status."""
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}"
    os.environ.setdefault("JIEPING_BASE_URL", address)
    prepare()
    # 0.0.0.0 and :: are places to listen, not to call.
    called = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, shown)

    def announce() -> None:
        tell([*FLASK, "addresses"])
        print(f"Serving on {address}/  (Ctrl-C ends it)", flush=True)

    end = supervise(
        {
            "web": [
                str(BIN / "gunicorn"),
                *("-c", "ops/gunicorn_conf.py", "--bind", f"{shown}:{port}"),
                "survey:create_app()",
            ],
            "worker": [*FLASK, "worker"],
        },
        ready=lambda: answers(f"http://{called}:{port}/readyz"),
        on_ready=announce,
    )
    print(f"Ended: {end.reason}.", flush=True)
    return 0 if end.name is None else 1


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args(argv)
    try:
        return serve(options.host, options.port)
    except StepError as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
