"""The inbox with 100,000 comments and 20,000 cases: searched and filtered, on both databases.

Comments and cases are made here (benchmarks/_theme_comments.py). Each address is asked once in a
process that answered nothing before (cold: on SQLite the file is also put out of the operating
system's memory) and twenty times more (warm, the median). The yardstick is what a search without an
index does in the same process: LIKE '%…%' over the comments.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks._child import child
from benchmarks.evaluator_pages import forget_file, timed

NAME = "Search in the inbox"
COMMAND = ".venv/bin/python -m benchmarks inbox_search"
COMMENTS, CASES = 100_000, 20_000
WARM, MOST_MS = 20, 150
EVALUATOR, PASSWORD = "benchmark", "correct horse battery"
ROOT = Path(__file__).resolve().parent.parent
PATHS = {
    "comments, 停车": "/office/inbox?tab=comments&q=停车",
    "comments, 停车位": "/office/inbox?tab=comments&q=停车位",
    "comments, one character 车": "/office/inbox?tab=comments&q=车",
    "comments, two words": "/office/inbox?tab=comments&q=路灯 小区",
    "comments, none": "/office/inbox?tab=comments&q=没有这样的话",
    "comments, newest": "/office/inbox?tab=comments",
    "cases, 停车": "/office/inbox?tab=all&q=停车",
    "cases, all": "/office/inbox?tab=all",
    "cases, overdue": "/office/inbox?tab=all&due=overdue",
    "cases, street and state": "/office/inbox?tab=all&street=s3&state=planned",
}


def prepare(url: str, folder: str) -> dict[str, Any]:
    """Make comments, cases and the index, and sign in: {cookie, how long the index took}."""
    from flask_migrate import upgrade
    from sqlalchemy import insert

    from benchmarks._theme_comments import Comments
    from survey import create_app
    from survey.models import Case, Comment, db, table_of
    from survey.services import access, search_index
    from tests import factories
    from tests.routes.conftest import sign_in

    app = create_app({"INSTANCE_DIR": folder, "DATABASE_URL": url})
    with app.app_context():
        upgrade()
        place = factories.place(streets=[f"s{number}" for number in range(1, 12)])
        said_on = factories.NOW.date()
        rows = [
            {
                "id": number,
                "wave_id": place.wave_id,
                "street_id": place.street_ids[number % 11],
                "title": "",
                "body": document.text,
                "language": "zh",
                "source": "benchmark",
                "source_key": str(number),
                "said_on": said_on - timedelta(days=number % 60),
                "indicator_is_decided": False,
            }
            for number, (document, _problem) in enumerate(Comments().take(COMMENTS), start=1)
        ]
        states = ("received", "accepted", "planned", "done", "confirmed")
        cases = [
            {
                "district_id": place.district_id,
                "street_id": place.street_ids[number % 11],
                "origin": "comment",
                "comment_id": number,
                "wave_id": place.wave_id,
                "state": states[number % 5],
                "version": 0,
                "round": 0,
                "reply": "",
                "plan": "",
                "result": "",
                "said_on": said_on - timedelta(days=number % 60),
                "opened_at": factories.NOW - timedelta(days=number % 60),
                "reply_due_on": said_on + timedelta(days=15 - number % 60),
                "settled_at": factories.NOW if number % 5 == 4 else None,
            }
            for number in range(1, CASES + 1)
        ]
        for table, made in ((Comment, rows), (Case, cases)):
            for start in range(0, len(made), 5_000):
                db.session.execute(insert(table_of(table)), made[start : start + 5_000])
        db.session.commit()
        began = time.perf_counter()
        search_index.add_missing()
        took = time.perf_counter() - began
        access.create_account(
            EVALUATOR, PASSWORD, ["evaluator"], street_code=None, now=factories.NOW
        )
        with db.engine.connect() as connection:
            sqlite = connection.dialect.name == "sqlite"
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)" if sqlite else "ANALYZE")
            connection.commit()
    client = app.test_client()
    assert sign_in(client, EVALUATOR, PASSWORD).status_code == 302
    name = app.config["SESSION_COOKIE_NAME"]
    cookie = client.get_cookie(name)
    assert cookie is not None
    return {"cookie": [name, cookie.value], "index_seconds": took}


def measure(url: str, folder: str, cookie: Sequence[str]) -> dict[str, dict[str, float]]:
    """{what: milliseconds} of every address and of the yardstick."""
    from survey import create_app, preload

    app = create_app({"INSTANCE_DIR": folder, "DATABASE_URL": url})
    preload.load(app)
    found = {"LIKE over the comments": _in_a_fork(lambda: _like(app))}
    for name, path in PATHS.items():
        forget_file(folder)
        found[name] = _in_a_fork(lambda path=path: _page(app, path, cookie))
    return found


def _in_a_fork(work: Any) -> dict[str, float]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            told = work()
        except BaseException as error:
            told = {"error": repr(error)}
        os.write(writing, json.dumps(told).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = json.loads(pipe.read())
    os.waitpid(child, 0)
    if "error" in told:
        raise RuntimeError(told["error"])
    return dict(told)


def _page(app: Any, path: str, cookie: Sequence[str]) -> dict[str, float]:
    client = app.test_client()
    client.set_cookie(*cookie)
    cold = timed(client, path)
    return _told(cold, [timed(client, path) for _ in range(WARM)])


def _like(app: Any) -> dict[str, float]:
    from sqlalchemy import text

    from survey.models import db

    query = text("SELECT id FROM comment WHERE body LIKE '%停车%' ORDER BY id DESC")

    def once() -> tuple[float, float]:
        wall, cpu = time.perf_counter(), time.process_time()
        db.session.execute(query).all()
        return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000

    with app.app_context():
        cold = once()
        return _told(cold, [once() for _ in range(WARM)])


def _told(cold: tuple[float, float], warm: list[tuple[float, float]]) -> dict[str, float]:
    return {
        "cold": cold[0],
        "cold_cpu": cold[1],
        "warm": statistics.median(wall for wall, _cpu in warm),
        "warm_cpu": statistics.median(cpu for _wall, cpu in warm),
    }


def run() -> list[dict[str, Any]]:
    """Rows of the table: every address warm and cold, in milliseconds, on each database."""
    from tests.postgres import PostgresServer

    rows: list[dict[str, Any]] = []
    with ExitStack() as stack:
        server = stack.enter_context(PostgresServer())
        for name in ("SQLite", "PostgreSQL"):
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            url = f"sqlite:///{folder}/app.db" if name == "SQLite" else server.create_database()
            # In processes of their own: what is measured must not have been loaded before.
            made = child("inbox_search", "--prepare", url, folder)
            found = child("inbox_search", "--measure", url, folder, *made["cookie"])
            rows += _rows(name, found, index_seconds=made["index_seconds"])
    return rows


def _rows(
    database: str, found: dict[str, dict[str, float]], *, index_seconds: float
) -> list[dict[str, Any]]:
    like = found.pop("LIKE over the comments")
    rows = [
        {
            "measure": f"{database}: index of {COMMENTS:,} comments made, s",
            "figure": round(index_seconds, 1),
            "yardstick": "–",
            "ratio": None,
            "command": COMMAND,
        },
        {
            "measure": f"{database}: LIKE '%停车%' over the comments, warm, ms",
            "figure": round(like["warm"], 1),
            "yardstick": f"at most {MOST_MS} ms",
            "ratio": round(like["warm"] / MOST_MS, 3),
            "command": COMMAND,
        },
    ]
    for name, told in found.items():
        for kind in ("warm", "cold"):
            rows.append(
                {
                    "measure": f"{database}: {name}, {kind}, ms (CPU {told[f'{kind}_cpu']:.0f})",
                    "figure": round(told[kind], 1),
                    "yardstick": f"at most {MOST_MS} ms; LIKE {like[kind]:.0f} ms",
                    "ratio": round(told[kind] / MOST_MS, 3),
                    # Cold includes what a process loads at its first request.
                    "limit": 1.0 if kind == "warm" else None,
                    "command": COMMAND,
                }
            )
    return rows


def main() -> None:
    """Measure and print, or one part of it for `run`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prepare", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.prepare:
        print(json.dumps(prepare(*options.prepare)))
    elif options.measure:
        url, folder, *cookie = options.measure
        print(json.dumps(measure(url, folder, cookie)))
    else:
        from benchmarks.__main__ import table

        Console(width=150).print(table(NAME, run()))


if __name__ == "__main__":
    main()
