"""A small document for the tests of the formats."""

from __future__ import annotations

from survey.exports.base import Column, Document, Table, TableShape

SHAPE = TableShape(
    "people",
    ("人", "People"),
    (
        Column("name", "text", ("名", "Name")),
        Column("n", "whole", ("数", "Count")),
        Column("value", "number", ("值", "Value")),
        Column("is_ok", "yes_no", ("好", "Fine")),
    ),
)
ROWS = (
    ("月湖街道", 12, 71.25, True),
    ("=1+1", None, None, False),
    ("-2", -2, -0.5, None),
    ('a "b", c\nd', 0, 0.0, True),
)


def document(*, tables: int = 1) -> Document:
    """`tables` equal tables."""
    about = {"wave": {"code": "2026q3"}, "revision": 1}
    return Document(about, tuple(Table(SHAPE, ROWS) for _ in range(tables)))
