"""The desk and the public pages: queries and milliseconds, on SQLite and on PostgreSQL.

One million responses in the cubes, 100,000 comments and 20,000 cases. Cold: the first request of a
process forked from one that is loaded, as gunicorn forks its workers, and that answered nothing
(on SQLite the file is also put out of the operating system's memory; PostgreSQL keeps its own).
Warm: the median of twenty more. The yardsticks are the limits, and bare Flask in the same run.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from benchmarks._child import child
from benchmarks.evaluator_pages import COLD_MS, WARM_MS, forget_file
from benchmarks.inbox_search import _in_a_fork, _page

NAME = "Pages of the desk and of the public"
COMMAND = ".venv/bin/python -m benchmarks desk_pages"
RESPONSES, EARLIER, CASES = 1_000_000, 50_000, 20_000
MOST_QUERIES = {"case page": 8}
QUERIES = 6
ROOT = Path(__file__).resolve().parent.parent


def paths(street: str, case: int) -> dict[str, tuple[str, str]]:
    """{what it is: (whose, address)}."""
    return {
        "first screen": ("office", "/office/"),
        "first screen, street": ("street", "/office/"),
        "street dashboard": ("street", f"/office/street/{street}"),
        "inbox": ("office", "/office/inbox?tab=all"),
        "case page": ("office", f"/office/cases/{case}"),
        "department's desk": ("department", "/office/department/"),
        "times": ("office", "/office/times"),
        "public overview": ("nobody", "/"),
        "public street": ("nobody", f"/streets/{street}"),
        "public open data": ("nobody", "/data"),
    }


def prepare(url: str, folder: str, *, responses: int, cases: int) -> dict[str, Any]:
    """Make the district and sign its desks in: {paths, cookies}."""
    from flask_migrate import upgrade

    from benchmarks._desk_cases import make_accounts, make_cases
    from benchmarks._district import EVALUATOR, PASSWORD, WAVE, make_district
    from survey import create_app
    from survey.clock import utc_now
    from survey.models import db
    from survey.services import public_tables, search_index
    from survey.services.pictures import draw_for_wave

    app = create_app({"INSTANCE_DIR": folder, "DATABASE_URL": url})
    console = Console(stderr=True)
    with app.app_context(), Progress(console=console) as progress:
        task = progress.add_task("district, cases, index, tables", total=4)
        upgrade()
        made = make_district(responses=responses, earlier=min(EARLIER, responses))
        progress.advance(task)
        case = make_cases(cases)
        street_clerk, department_clerk = make_accounts(made.street, PASSWORD)
        progress.advance(task)
        search_index.add_missing()
        progress.advance(task)
        draw_for_wave(WAVE, now=utc_now())
        public_tables.keep_due(now=utc_now())
        progress.advance(task)
        db.session.remove()
        with db.engine.connect() as connection:
            sqlite = connection.dialect.name == "sqlite"
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)" if sqlite else "ANALYZE")
            connection.commit()
    signed = {"office": EVALUATOR, "street": street_clerk, "department": department_clerk}
    return {
        "paths": paths(made.street, case),
        "cookies": {desk: _cookie(app, name, PASSWORD) for desk, name in signed.items()},
    }


def _cookie(app: Any, username: str, password: str) -> list[str]:
    """The cookie of an account that signs in."""
    from tests.routes.conftest import sign_in

    client = app.test_client()
    assert sign_in(client, username, password).status_code == 302
    name = app.config["SESSION_COOKIE_NAME"]
    found = client.get_cookie(name)
    assert found is not None
    return [name, found.value]


def measure(url: str, folder: str, what: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """{what: queries and milliseconds} of every page, each in a process of its own."""
    from survey import create_app, preload

    app = create_app({"INSTANCE_DIR": folder, "DATABASE_URL": url})
    preload.load(app)
    found = {"bare Flask": _in_a_fork(_bare)}
    for name, (desk, path) in what["paths"].items():
        forget_file(folder)
        cookie = what["cookies"].get(desk, ["nobody", ""])
        found[name] = _in_a_fork(lambda path=path, cookie=cookie: _measured(app, path, cookie))
    return found


def _bare() -> dict[str, float]:
    """Flask answering one line."""
    from flask import Flask

    app = Flask("bare")
    app.add_url_rule("/", view_func=lambda: "ok")
    return _page(app, "/", ["nobody", ""])


def _measured(app: Any, path: str, cookie: Sequence[str]) -> dict[str, float]:
    """Milliseconds, then the statements of one more request."""
    from sqlalchemy import event

    from survey.models import db

    told = _page(app, path, cookie)
    client = app.test_client()
    client.set_cookie(*cookie)
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", count)
    assert client.get(path).status_code == 200
    # Who is signed in is read for any page and is none of the page's own queries.
    own = [
        one
        for one in statements
        if not one.startswith(("PRAGMA", "BEGIN")) and "FROM account" not in one
    ]
    return told | {"queries": float(len(own))}


def run(*, responses: int = RESPONSES, cases: int = CASES) -> list[dict[str, Any]]:
    """Rows of the table: every page's queries, warm and cold milliseconds, on each database."""
    from tests.postgres import PostgresServer

    rows: list[dict[str, Any]] = []
    with ExitStack() as stack:
        server = stack.enter_context(PostgresServer())
        for name in ("SQLite", "PostgreSQL"):
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            url = f"sqlite:///{folder}/app.db" if name == "SQLite" else server.create_database()
            # In processes of their own: what is measured must not have been loaded before.
            made = child("desk_pages", "--prepare", url, folder, str(responses), str(cases))
            found = child("desk_pages", "--measure", url, folder, json.dumps(made))
            rows += _rows(name, found)
    return rows


def _rows(database: str, found: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    bare = found.pop("bare Flask")
    rows = []
    for name, told in found.items():
        most = MOST_QUERIES.get(name, QUERIES)
        rows.append(_row(f"{database}: {name}, queries", told["queries"], most, f"at most {most}"))
        for kind, limit in (("warm", WARM_MS), ("cold", COLD_MS)):
            measure = f"{database}: {name}, {kind}, ms (CPU {told[f'{kind}_cpu']:.0f})"
            yardstick = f"at most {limit} ms; bare Flask {bare[kind]:.1f} ms"
            rows.append(_row(measure, told[kind], limit, yardstick))
    return rows


def _row(measure: str, figure: float, most: float, yardstick: str) -> dict[str, Any]:
    return {
        "measure": measure,
        "figure": round(figure, 1),
        "yardstick": yardstick,
        "ratio": round(figure / most, 3),
        "limit": 1.0,
        "command": COMMAND,
    }


def main() -> None:
    """Measure and print, or one part of it for `run`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--responses", type=int, default=RESPONSES, help="of the wave")
    parser.add_argument("--cases", type=int, default=CASES, help="at most a case a comment")
    parser.add_argument("--prepare", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.prepare:
        url, folder, responses, cases = options.prepare
        made = prepare(url, folder, responses=int(responses), cases=int(cases))
        print(json.dumps(made))
    elif options.measure:
        url, folder, what = options.measure
        print(json.dumps(measure(url, folder, json.loads(what))))
    else:
        from benchmarks.__main__ import table

        rows = run(responses=options.responses, cases=options.cases)
        Console(width=150).print(table(NAME, rows))


if __name__ == "__main__":
    main()
