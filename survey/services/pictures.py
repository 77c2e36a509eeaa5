"""Pictures: have a chart drawn in a child process, and keep it under what it depends on.

The web computes keys and asks for what is missing; it never imports the drawing.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from survey import children
from survey.charts import DRAWING_VERSION, VARIANTS
from survey.database import transaction, upsert
from survey.models import Base, Picture
from survey.queries.pictures import are_drawn

DRAWING_SECONDS = 120


def picture_keys(name: str, params: Mapping[str, Any]) -> dict[str, str]:
    """{"wide-light": key, …}: the keys of a chart's pictures, 64 hex digits each.

    name: what the chart is; params: a survey.charts.model.Chart as plain types. Equal charts have
    equal keys, and whatever is different on them changes the keys.
    """
    document = json.dumps(
        [DRAWING_VERSION, name, params], ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return {
        f"{size}-{theme}": hashlib.sha256(f"{size}-{theme}:{document}".encode()).hexdigest()
        for size, theme in VARIANTS
    }


def draw(name: str, params: Mapping[str, Any], *, now: datetime) -> bool:
    """Draw and keep the pictures of one chart; False when they are there already.

    Raises survey.children.ChildFailed when the drawing fails; nothing is kept then.
    """
    return draw_missing([(name, params)], now=now) == 1


def draw_missing(charts: Sequence[tuple[str, Mapping[str, Any]]], *, now: datetime) -> int:
    """Draw and keep those of the charts that are not there yet, in one child; how many.

    charts: (name, params) as for picture_keys. Raises survey.children.ChildFailed.
    """
    missing = [
        (keys, params)
        for name, params in charts
        if not are_drawn((keys := picture_keys(name, params)).values())
    ]
    if not missing:
        return 0
    given = json.dumps([params for _keys, params in missing], ensure_ascii=False).encode()
    out = children.run(
        [sys.executable, "-m", "survey.charts"], seconds=DRAWING_SECONDS, given=given
    )
    rows = [
        {"key": keys[variant], "svg": svg, "made_at": now}
        for (keys, _params), pictures in zip(missing, json.loads(out), strict=True)
        for variant, svg in pictures.items()
    ]
    table = Base.metadata.tables[Picture.__tablename__]
    with transaction() as session:
        # Two workers may draw the same picture; it is the same picture.
        session.execute(upsert(table).on_conflict_do_nothing(), rows)
    return len(missing)
