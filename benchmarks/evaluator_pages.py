"""Every page of an evaluator's path and the public pages, with a million responses in the cubes.

A district of eleven streets, made by bulk inserts on SQLite (benchmarks/_district.py), two waves
published. Each page gets a process of its own, forked from one in which the application is loaded
and nothing was asked yet, as gunicorn forks its workers. Its first request is the cold one: the
database is put out of the operating system's memory before it. The median of twenty more is the
warm one. The yardsticks are the limits: 400 ms cold, 80 ms warm, 2 s for a draft's figures.

`--folder` keeps the database, to measure again without making it.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

NAME = "Pages of an evaluator"
COMMAND = ".venv/bin/python -m benchmarks evaluator_pages"
RESPONSES = 1_000_000
EARLIER = 50_000
WARM = 20
WARM_MS, COLD_MS, DRAFT_MS = 80, 400, 2000
ROOT = Path(__file__).resolve().parent.parent


def paths(street: str, theme: int, wave: str) -> dict[str, str]:
    """{what it is: address}."""
    office = f"/office/waves/{wave}"
    return {
        "draft": f"{office}/evaluation?draft=1",
        "evaluation, frozen": f"{office}/evaluation",
        "evaluation, revision": f"{office}/evaluation?revision=1",
        "verdict": f"{office}/evaluation/verdict",
        "street's cause": f"{office}/evaluation/streets/{street}",
        "street's cause, draft": f"{office}/evaluation/streets/{street}?draft=1",
        "year": f"{office}/year",
        "indices": f"{office}/indices",
        "policy": f"{office}/policy",
        "what-if": f"{office}/what-if",
        "assessment": f"{office}/assessment",
        "assessment, column": f"{office}/assessment/column?assessor=A1",
        "lists": f"{office}/lists",
        "appeals": f"{office}/appeals",
        "themes": f"{office}/themes",
        "theme": f"{office}/themes/{theme}",
        "theme findings": f"{office}/themes/findings",
        "overview": "/office/",
        "common problems": "/office/department/",
        "street's page, office": f"/office/street/{street}",
        "public home": "/",
        "public street": f"/streets/{street}",
        "public method": "/method",
        "public data": "/data",
        "API evaluation": f"/api/v1/waves/{wave}/evaluation",
        "API indices": f"/api/v1/waves/{wave}/indices",
        "API themes": f"/api/v1/waves/{wave}/themes",
        "API cases": f"/api/v1/waves/{wave}/cases",
        "API said and done": f"/api/v1/waves/{wave}/said_done",
    }


def prepare(folder: str, *, responses: int, earlier: int) -> dict[str, Any]:
    """Make the district and sign the evaluator in: {paths, cookie}."""
    from flask_migrate import upgrade

    from benchmarks._district import EVALUATOR, PASSWORD, WAVE, make_district
    from survey import create_app
    from survey.clock import utc_now
    from survey.models import db
    from survey.services.pictures import draw_for_wave
    from tests.routes.conftest import sign_in

    app = create_app({"INSTANCE_DIR": folder})
    with app.app_context():
        upgrade()
        made = make_district(responses=responses, earlier=earlier)
        draw_for_wave(WAVE, now=utc_now())
        db.session.remove()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    client = app.test_client()
    answer = sign_in(client, EVALUATOR, PASSWORD)
    assert answer.status_code == 302, answer.status
    name = app.config["SESSION_COOKIE_NAME"]
    cookie = client.get_cookie(name)
    assert cookie is not None
    return {
        "paths": paths(made.street, made.theme, WAVE),
        "cookie": [name, cookie.value],
        "responses": responses,
    }


def timed(client: Any, path: str) -> tuple[float, float]:
    """(wall, CPU) milliseconds of one request."""
    wall, cpu = time.perf_counter(), time.process_time()
    answer = client.get(path)
    answer.get_data()
    found = (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000
    assert answer.status_code == 200, (path, answer.status)
    return found


def forget_file(folder: str) -> None:
    """Put the database out of the operating system's memory, so that it is read from the disk."""
    for path in Path(folder).glob("*.db"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measured_page(app: Any, path: str, cookie: Sequence[str]) -> dict[str, float]:
    """One page in this process, which was asked nothing so far: milliseconds, cold and warm."""
    client = app.test_client()
    client.set_cookie(*cookie)
    cold = timed(client, path)
    warm = [timed(client, path) for _ in range(WARM)]
    return {
        "cold": cold[0],
        "cold_cpu": cold[1],
        "warm": statistics.median(wall for wall, _cpu in warm),
        "warm_cpu": statistics.median(cpu for _wall, cpu in warm),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def measure(folder: str, what: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, float]]]:
    """Each page in a fork of this process."""
    from survey import create_app, preload

    app = create_app({"INSTANCE_DIR": folder})
    # As ops/gunicorn_conf.py does before it forks.
    preload.load(app)
    gc.collect()
    gc.freeze()
    for name, path in what["paths"].items():
        forget_file(folder)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            try:
                told = json.dumps(measured_page(app, path, what["cookie"]))
            except Exception as error:
                told = json.dumps({"error": repr(error)})
            os.write(writing, told.encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            found = json.loads(pipe.read())
        os.waitpid(child, 0)
        if "error" in found:
            raise RuntimeError(f"{name}: {found['error']}")
        yield name, found


@contextmanager
def folder_of(kept: str | None) -> Iterator[str]:
    """The folder asked for, or one that goes away."""
    if kept is not None:
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield kept
    else:
        with tempfile.TemporaryDirectory() as made:
            yield made


def rows_of(name: str, found: Mapping[str, float]) -> list[dict[str, Any]]:
    """The two rows of a page."""
    rows = []
    for kind, most in (("warm", WARM_MS), ("cold", COLD_MS)):
        # A draft is computed whenever it is opened: what it may take is said of the whole.
        most = DRAFT_MS if "draft" in name else most
        rows.append(
            {
                "measure": f"{name}, {kind}, ms (CPU {found[f'{kind}_cpu']:.0f})",
                "figure": round(found[kind], 1),
                "yardstick": f"at most {most} ms",
                "ratio": round(found[kind] / most, 3),
                "limit": 1.0,
                "command": COMMAND,
            }
        )
    return rows


def run(
    folder: str | None = None, *, responses: int = RESPONSES, earlier: int = EARLIER
) -> list[dict[str, Any]]:
    """Rows of the table: every page warm and cold, in milliseconds of wall and CPU."""
    with folder_of(folder) as at:
        told = Path(at) / "benchmark.json"
        if not told.exists():
            # In processes of their own: what is measured must not have been loaded before.
            made = _child("--prepare", at, str(responses), str(earlier))
            told.write_text(made, encoding="utf-8")
        found = json.loads(_child("--measure", at))
    return [row for name, figures in found.items() for row in rows_of(name, figures)]


def _child(*arguments: str) -> str:
    """What this module prints in a process of its own, its last line."""
    command = [sys.executable, "-m", "benchmarks.evaluator_pages", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    return done.stdout.splitlines()[-1]


def main() -> None:
    """Measure and print, or one part of it for `run`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", help="keep the database here and use it again")
    parser.add_argument("--prepare", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.prepare:
        folder, responses, earlier = options.prepare
        print(json.dumps(prepare(folder, responses=int(responses), earlier=int(earlier))))
    elif options.measure:
        what = json.loads((Path(options.measure) / "benchmark.json").read_text(encoding="utf-8"))
        print(json.dumps(dict(measure(options.measure, what))))
    else:
        from benchmarks.__main__ import table

        Console(width=140).print(table(NAME, run(options.folder)))


if __name__ == "__main__":
    main()
