"""A district with published results, for the tests of what the public and scripts see.

Two published waves of three streets, the third with too few answers to be shown, and an open wave.
"""

from __future__ import annotations

import functools
import random
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from survey import jobs
from survey.database import transaction
from survey.models import Indicator, Theme, ThemePeriod, Wave, db
from survey.services import evaluate, rollup
from tests import factories

STREETS = ("s1", "s2", "s3")
ANSWERS = {"s1": 36, "s2": 36, "s3": 12}
FIRST, SECOND, OPEN = "2026q2", "2026q3", "2026q4"


@functools.cache
def _kept() -> dict[str, bytes]:
    """The file of a published district once it was made; the same for every test of the run."""
    return {}


def published_copy(app: Flask) -> Flask:
    """The application on a copy of the published district; SQLite only. Made once a run."""
    with app.app_context():
        path = Path(str(db.engine.url.database))
        if "file" not in _kept():
            publish_district()
            db.session.remove()
            with db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            _kept()["file"] = path.read_bytes()
        else:
            db.engine.dispose()
            path.write_bytes(_kept()["file"])
    return app


def publish_district(*, is_demo: bool = False, direct: bool = True) -> dict[str, int]:
    """Make it all; {wave code: wave id}."""
    draw = random.Random(7)
    district = factories.district(is_demo=is_demo)
    streets = {code: factories.street(district_id=district, code=code) for code in STREETS}
    points = {code: factories.point(street_id=key, channel="slip") for code, key in streets.items()}
    waves = {}
    for code, days in ((FIRST, 140), (SECOND, 60), (OPEN, 5)):
        waves[code] = factories.wave(
            district_id=district,
            code=code,
            opens_at=factories.NOW - timedelta(days=days),
            closes_at=factories.NOW - timedelta(days=days - 30),
        )
        if code == OPEN:
            continue
        for street, count in ANSWERS.items():
            for i in range(count):
                level = (4 if street == "s1" else 2) + draw.choice((-1, 0, 1))
                answers = factories.levels(
                    *(min(5, max(1, level + draw.choice((0, 0, 1)))) for _ in range(5)),
                    age_band=("18-29", "30-44", "45-59", "60+")[i % 4],
                    sex="FM"[i % 2],
                )
                factories.response(wave_id=waves[code], point_code=points[street], answers=answers)
        if direct:
            for key in streets.values():
                factories.direct_score(wave_id=waves[code], street_id=key, score=90)
    rollup.fold_all(now=factories.NOW)
    _add_themes(district, streets, waves[SECOND])
    for code in (FIRST, SECOND):
        _close(waves[code])
        evaluate.publish(code, actor="test", now=factories.NOW, reason="")
    # The charts that publishing asks for are the subject of some of these tests.
    jobs.queue().flush()
    return waves


def _close(wave_id: int) -> None:
    with transaction() as session:
        session.get_one(Wave, wave_id).status = "closed"


def _add_themes(district: int, streets: dict[str, int], wave_id: int) -> None:
    wanted = (
        ("Parking before the gate", ["parking", "gate"], "confirmed", (14, 11, 0)),
        ("My neighbour Old Zhang shouts", ["noise", "night"], "proposed", (12, 0, 0)),
        ("Few people say this", ["rare"], "confirmed", (9, 0, 0)),
        # 14 + 11 + 4: the 4 would follow from the total, so one more is hidden with it.
        ("Stairs full of things", ["stairs"], "confirmed", (14, 11, 4)),
    )
    with transaction() as session:
        indicator = session.scalar(select(Indicator.id).order_by(Indicator.position))
        for label, keywords, status, mentions in wanted:
            theme = Theme(
                district_id=district,
                indicator_id=indicator,
                label=label,
                keywords=keywords,
                status=status,
                remit="street",
                scope="own",
                centroid={},
                texts=1,
                created_at=factories.NOW,
            )
            session.add(theme)
            session.flush()
            session.add_all(
                ThemePeriod(
                    theme_id=theme.id,
                    street_id=key,
                    wave_id=wave_id,
                    mentions=m,
                    mentions_loaded=0,
                    mentions_random=m // 2,
                )
                for key, m in zip(streets.values(), mentions, strict=True)
                if m
            )
