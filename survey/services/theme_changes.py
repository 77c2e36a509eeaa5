"""Write changes to what people decide about, remember how it was, and put it back exactly.

Every change is a row of a table before and after, as JSON, so that undoing is the same for every
act: what stands now must be what the act left, and then becomes what it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Table, and_, delete, insert, select, update

from survey.models import (
    Comment,
    Mention,
    Theme,
    ThemeJudgement,
    ThemeLineage,
    ThemePeriod,
    table_of,
)

Key = Mapping[str, Any]
Values = Mapping[str, Any]

# Of each table the columns that acts may change. What a run learns (the centroid, the model's
# label) is not among them: undoing does not turn it back.
COLUMNS: dict[str, tuple[str, ...]] = {
    "theme": (
        "status",
        "name_zh",
        "name_en",
        "indicator_id",
        "remit",
        "scope",
        "department_id",
        "merged_into_id",
    ),
    "theme_period": ("notified_at",),
    "mention": ("model_id", "closeness", "decided_by"),
    "theme_judgement": ("is_about", "basis"),
    "comment": ("indicator_id", "indicator_is_decided"),
    "theme_lineage": ("by", "is_applied", "at"),
}
TABLES: dict[str, Table] = {
    table_of(model).name: table_of(model)
    for model in (Theme, ThemePeriod, Mention, ThemeJudgement, Comment, ThemeLineage)
}
# Rows that are never made or deleted by an act; a period comes and goes with its mentions, so one
# that is gone needs nothing put back.
STAYING = ("theme", "comment", "theme_period")
COMING_AND_GOING = ("theme_period",)


@dataclass
class Changes:
    """Writes rows within a transaction and keeps each as it was and as it became."""

    session: Any
    before: list[dict[str, Any]] = field(default_factory=list)
    after: list[dict[str, Any]] = field(default_factory=list)

    def set(self, table: str, key: Key, **values: Any) -> None:
        """Change columns of a row, or make the row with them."""
        self._write(table, key, values)

    def remove(self, table: str, key: Key) -> None:
        """Delete a row."""
        self._write(table, key, None)

    def _write(self, table: str, key: Key, values: Values | None) -> None:
        columns = COLUMNS[table] if values is None else tuple(values)
        was = stored(self.session, table, key, columns)
        if was == values:
            return
        write(self.session, table, key, values)
        self.before.append(_row(table, key, was))
        self.after.append(_row(table, key, values))


def _row(table: str, key: Key, values: Values | None) -> dict[str, Any]:
    told = None if values is None else {name: _as_json(value) for name, value in values.items()}
    return {"table": table, "key": dict(key), "values": told}


def _as_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _from_json(table: str, values: Values | None) -> dict[str, Any] | None:
    if values is None:
        return None
    columns = TABLES[table].columns
    return {
        name: datetime.fromisoformat(value)
        if value is not None and isinstance(columns[name].type, DateTime)
        else value
        for name, value in values.items()
    }


def _where(table: str, key: Key) -> ColumnElement[bool]:
    columns = TABLES[table].columns
    return and_(*(columns[name].is_not_distinct_from(value) for name, value in key.items()))


def stored(session: Any, table: str, key: Key, columns: tuple[str, ...]) -> dict[str, Any] | None:
    """These columns of a row as it stands; None when there is no such row."""
    found = TABLES[table].columns
    row = session.execute(
        select(*(found[name] for name in columns)).where(_where(table, key))
    ).first()
    return None if row is None else dict(zip(columns, row, strict=True))


def write(session: Any, table: str, key: Key, values: Values | None) -> None:
    """Make a row be so: deleted, changed or made."""
    if values is None:
        session.execute(delete(TABLES[table]).where(_where(table, key)))
        return
    changed = session.execute(update(TABLES[table]).where(_where(table, key)).values(**values))
    if changed.rowcount == 0 and table not in STAYING:
        session.execute(insert(TABLES[table]).values(**key, **values))


def stands(session: Any, rows: list[dict[str, Any]]) -> bool:
    """Whether every row is still as an act left it."""
    for row in rows:
        if row["table"] in COMING_AND_GOING:
            continue
        values = _from_json(row["table"], row["values"])
        columns = COLUMNS[row["table"]] if values is None else tuple(values)
        if stored(session, row["table"], row["key"], columns) != values:
            return False
    return True


def put_back(session: Any, rows: list[dict[str, Any]]) -> None:
    """Make every row be as it was, the last change first."""
    for row in reversed(rows):
        write(session, row["table"], row["key"], _from_json(row["table"], row["values"]))
    session.expire_all()
