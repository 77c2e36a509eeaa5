"""A million comments through the product's own run over themes, from a database, with its counts.

What benchmarks/theme_discovery_stream.py measures of discovery alone is measured here with
everything around it: reading comments and themes from SQLite, the model's indicators, storing the
mentions, and counting them in 300 streets. Filling the database is not counted, nor is starting
the process, which the worker does once a run (a row of its own).
By itself it runs through a part; the whole: python -m benchmarks.themes_product --comments 1000000
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._theme_comments import STREETS, Comments

NAME = "Themes of a stream of comments, through the product"
COMMAND = "python -m benchmarks.themes_product --comments {comments}"
PART, WHOLE = 10_000, 1_000_000
# Comments of one run, and runs from one nightly review to the next.
BATCH = 256
BATCHES_A_NIGHT = 1_440
LIMIT_SECONDS, LIMIT_MEGABYTES = 30 * 60.0, 450.0


@dataclass(frozen=True)
class Run:
    """What a run took. batches: CPU seconds of each; reviews: of each; start: of an empty one."""

    batches: np.ndarray
    reviews: list[float]
    megabytes: float
    themes: int
    mentions: int

    @property
    def seconds(self) -> float:
        """CPU seconds of all runs, reviews included."""
        return float(self.batches.sum()) + sum(self.reviews)


def stream(comments: int) -> Run:
    """Let `comments` come in batches through a database that the migrations made."""
    from flask_migrate import upgrade

    from survey import create_app

    with tempfile.TemporaryDirectory() as folder:
        app = create_app({"INSTANCE_DIR": folder})
        with app.app_context():
            upgrade()
            return measured(comments)


def measured(comments: int) -> Run:
    """The same in the application context of an empty database."""
    from sqlalchemy import func, select

    from survey.models import Mention, Theme, db
    from survey.services.themes import run_themes
    from tests.factories import NOW

    source = Comments()
    place = District(source)
    make_starting_model()
    batches: list[float] = []
    reviews: list[float] = []
    done = 0
    while done < comments:
        done += place.say(source, min(BATCH, comments - done))
        begun = time.process_time()
        run_themes(place.code, now=NOW)
        db.session.remove()
        batches.append(time.process_time() - begun)
        if len(batches) % BATCHES_A_NIGHT == 0 or done == comments:
            begun = time.process_time()
            run_themes(place.code, now=NOW, review=True)
            db.session.remove()
            reviews.append(time.process_time() - begun)
        if len(batches) % 100 == 0 or sys.stderr.isatty():
            late = sum(batches[-100:]) / len(batches[-100:])
            now = f"{done:,} of {comments:,}, {late:.3f} s a batch, {peak_megabytes():.0f} MB"
            print(now, file=sys.stderr, flush=True)
    megabytes = peak_megabytes()
    return Run(
        batches=np.array(batches),
        reviews=reviews,
        megabytes=megabytes,
        themes=int(db.session.scalar(select(func.count()).select_from(Theme)) or 0),
        mentions=int(db.session.scalar(select(func.count()).select_from(Mention)) or 0),
    )


def make_starting_model() -> None:
    """Store the model that serves, as the first run of an installation does, in a child.

    It is made once and needs scikit-learn, which no later run imports.
    """
    from survey.models import db
    from survey.services.theme_models import serving_model
    from tests.factories import NOW

    db.session.remove()
    db.engine.dispose()
    child = os.fork()
    if child == 0:
        serving_model(now=NOW)
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        raise RuntimeError("the starting model was not made")


class District:
    """A district with the streets of the made comments, to whose one wave they are given."""

    def __init__(self, source: Comments) -> None:
        from sqlalchemy import select

        from survey.models import CollectionPoint, Response, Stratum, Wave, db, table_of
        from tests import factories

        made = factories.place(streets=[f"s{number:03}" for number in range(STREETS)])
        points = dict(
            db.session.execute(select(CollectionPoint.street_id, CollectionPoint.id)).all()
        )
        self.code = db.session.scalars(select(Wave.code)).one()
        self._wave_id = made.wave_id
        self._stratum_id = db.session.scalars(select(Stratum.id)).first()
        self._at = {
            name: (street_id, points[street_id])
            for name, street_id in zip(source.streets, made.street_ids, strict=True)
        }
        self._responses = table_of(Response)

    def say(self, source: Comments, count: int) -> int:
        """Store the next comments with an accepted, valid answer each; how many."""
        from survey.models import Comment, db, table_of
        from tests.factories import NOW

        responses, comments = [], []
        for document, _problem in source.take(count):
            street_id, point_id = self._at[str(document.street)]
            key = int(str(document.id))
            responses.append(
                {
                    "id": key,
                    "submission_key": f"benchmark-{key:016}",
                    "receipt_hash": f"{key:064}",
                    "wave_id": self._wave_id,
                    "street_id": street_id,
                    "stratum_id": self._stratum_id,
                    "collection_point_id": point_id,
                    "channel": "poster",
                    "language": "zh",
                    "status": "accepted",
                    "is_valid": True,
                    "submitted_hour": NOW,
                }
            )
            comments.append(
                {
                    "response_id": key,
                    "wave_id": self._wave_id,
                    "street_id": street_id,
                    "body": document.text,
                    "language": "zh",
                    "said_on": NOW.date(),
                }
            )
        db.session.execute(self._responses.insert(), responses)
        db.session.execute(table_of(Comment).insert(), comments)
        db.session.commit()
        return count


def peak_megabytes() -> float:
    """The peak resident memory of this process, MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def starting_seconds() -> float:
    """CPU seconds that a process takes until it could begin a run: imports and the word list."""
    code = (
        "import time; from survey import create_app; create_app(); "
        "from analysis.themes.discovery import Document, discover; "
        "discover([Document(1, '路灯坏了没人修')]); print(time.process_time())"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )
    return float(told.stdout.split()[-1])


ROOT = Path(__file__).resolve().parent.parent


def rows_of(run: Run, comments: int) -> list[dict[str, Any]]:
    """The rows of the table; the yardstick is what a million comments may take."""
    command = COMMAND.format(comments=comments)
    tenth = max(1, run.batches.size // 10)
    early, late = run.batches[tenth : 2 * tenth].mean(), run.batches[-tenth:].mean()

    def row(measure: str, figure: float, yardstick: float | None) -> dict[str, Any]:
        ratio = None if yardstick is None else figure / yardstick
        found = {"measure": measure, "figure": figure, "yardstick": yardstick, "ratio": ratio}
        return found | {"command": command}

    return [
        row("CPU seconds of all runs", run.seconds, LIMIT_SECONDS * comments / WHOLE),
        row("peak memory, MB", run.megabytes, LIMIT_MEGABYTES) | {"limit": 1.0},
        row("CPU seconds of a late run, against an early one", float(late), float(early)),
        row("CPU seconds of the last nightly review", run.reviews[-1], None),
        row("CPU seconds to start the process of a run", starting_seconds(), None),
        row("themes at the end", run.themes, None),
        row("mentions at the end", run.mentions, None),
    ]


def run() -> list[dict[str, Any]]:
    """Rows of the table for a part of the stream."""
    return rows_of(stream(PART), PART)


def main() -> None:
    """Print the rows as JSON, a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comments", type=int, default=PART)
    comments = parser.parse_args().comments
    for row in rows_of(stream(comments), comments):
        print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
