"""Rebuild of the cubes from a million responses on SQLite, beside folding them one by one.

The database is made by the migrations and filled with random answers by bulk inserts, which are
not counted. The yardstick is the time that `fold`, which the worker uses for every new answer,
would take for as many, measured on a part of them in the same run.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

NAME = "Rebuild of the cubes"
COMMAND = ".venv/bin/python -m benchmarks rebuild"
RESPONSES = 1_000_000
FOLDED = 20_000
STREETS = 11
POINTS = 10
BATCH = 50_000
LIMIT_SECONDS = 60.0


def run() -> list[dict[str, Any]]:
    """Rows of the table: seconds of a rebuild and of as many folds, memory, cells that differ."""
    from survey import create_app

    with tempfile.TemporaryDirectory() as folder:
        app = create_app({"INSTANCE_DIR": folder})
        with app.app_context():
            return measured()


def measured() -> list[dict[str, Any]]:
    """Fill the database of the application context and measure."""
    from flask_migrate import upgrade

    from survey.services import rollup
    from tests.factories import NOW

    upgrade()
    fill(RESPONSES - FOLDED)
    before = forget_peak()
    begun = time.process_time()
    counted = rollup.rebuild(now=NOW)
    seconds = time.process_time() - begun
    grown = megabytes("VmHWM") - before
    fill(FOLDED, pending=True)
    begun = time.process_time()
    folded = rollup.fold_all(now=NOW)
    per_fold = (time.process_time() - begun) / folded
    # Increments on top of the rebuilt cubes, compared with a recount of everything.
    audit = rollup.audit()
    return [
        {
            "measure": f"seconds (CPU) to rebuild from {counted:,} responses",
            "figure": round(seconds, 1),
            "yardstick": f"folding as many: {per_fold * counted:.0f}",
            "ratio": round(seconds / (per_fold * counted), 3),
            "limit": round(LIMIT_SECONDS / (per_fold * counted), 3),
            "command": COMMAND,
        },
        {
            "measure": "memory it adds at its peak, MB",
            "figure": round(grown, 1),
            "yardstick": "",
            "ratio": None,
            "command": COMMAND,
        },
        {
            "measure": f"cells that differ from the increments, of {audit.cells:,}",
            "figure": len(audit.differences),
            "yardstick": 0,
            "ratio": float(len(audit.differences)),
            "limit": 0.0,
            "command": COMMAND,
        },
    ]


def megabytes(name: str) -> float:
    """A line of this process's memory: VmRSS is what it has, VmHWM the most it had."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


def forget_peak() -> float:
    """Set the high-water mark back to what the process has now, and return that in MB."""
    Path("/proc/self/clear_refs").write_text("5")
    return megabytes("VmRSS")


def fill(count: int, *, pending: bool = False) -> None:
    """Add random valid answers to the one wave; `pending` leaves them to be folded."""
    from sqlalchemy import func, select

    from survey.models import Response, RollupPending, db, table_of

    place = wave_to_fill()
    draw = np.random.default_rng(count)
    first = int(db.session.scalar(select(func.coalesce(func.max(Response.id), 0))) or 0) + 1
    tables = {model: table_of(model) for model in (Response, RollupPending)}
    for start in range(first, first + count, BATCH):
        ids = range(start, min(start + BATCH, first + count))
        insert_answers(place, ids, draw)
        if pending:
            rows = [{"response_id": i, "sign": 1, "status": "accepted"} for i in ids]
            db.session.execute(tables[RollupPending].insert(), rows)
        db.session.commit()


def wave_to_fill() -> dict[str, Any]:
    """Keys of the wave, its streets, points, strata, questions and options; made once."""
    from sqlalchemy import select

    from survey.models import (
        AnswerOption,
        CollectionPoint,
        IndicatorItem,
        Question,
        Stratum,
        Wave,
        db,
    )
    from tests import factories

    wave = db.session.scalar(select(Wave.id))
    if wave is None:
        made = factories.place(streets=[f"s{i:02}" for i in range(STREETS)])
        for street in made.street_ids:
            for _ in range(POINTS - 1):
                factories.point(street_id=street, channel="slip")
        wave = made.wave_id
    items = db.session.execute(
        select(IndicatorItem.indicator_id, IndicatorItem.question_id, Question.code)
        .join(Question, Question.id == IndicatorItem.question_id)
        .order_by(Question.id)
    ).all()
    options = {
        item.question_id: db.session.execute(
            select(AnswerOption.id, AnswerOption.score)
            .where(AnswerOption.question_id == item.question_id)
            .order_by(AnswerOption.id)
        ).all()
        for item in items
    }
    points = db.session.execute(
        select(CollectionPoint.id, CollectionPoint.street_id, CollectionPoint.channel)
    ).all()
    strata = list(db.session.scalars(select(Stratum.id)))
    return {"wave": wave, "items": items, "options": options, "points": points, "strata": strata}


def insert_answers(place: dict[str, Any], ids: range, draw: np.random.Generator) -> None:
    """Responses with these ids, their answers and scores."""
    from survey.models import Answer, IndicatorScore, Response, db, table_of
    from tests.factories import NOW

    n = len(ids)
    at = draw.integers(len(place["points"]), size=n)
    strata = draw.integers(len(place["strata"]), size=n)
    db.session.execute(
        table_of(Response).insert(),
        [
            {
                "id": i,
                "submission_key": f"benchmark-{i:016}",
                "receipt_hash": f"{i:064}",
                "wave_id": place["wave"],
                "street_id": place["points"][p][1],
                "stratum_id": place["strata"][s],
                "collection_point_id": place["points"][p][0],
                "channel": place["points"][p][2],
                "language": "zh",
                "status": "accepted",
                "is_valid": True,
                "submitted_hour": NOW,
            }
            for i, p, s in zip(ids, at.tolist(), strata.tolist(), strict=True)
        ],
    )
    answers, scores = [], []
    for item in place["items"]:
        options = place["options"][item.question_id]
        for i, chosen in zip(ids, draw.integers(len(options), size=n).tolist(), strict=True):
            option, score = options[chosen]
            answers.append({"response_id": i, "question_id": item.question_id, "option_id": option})
            if score is not None:
                scores.append({"response_id": i, "indicator_id": item.indicator_id, "score": score})
    db.session.execute(table_of(Answer).insert(), answers)
    db.session.execute(table_of(IndicatorScore).insert(), scores)
