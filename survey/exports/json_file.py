"""JSON: what is said about the document, then the rows of its tables as objects."""

from __future__ import annotations

import json
from typing import Any

from survey.exports.base import Document, Format


def document_object(document: Document) -> dict[str, Any]:
    """One table: its rows are under "rows"; several: each table is under its own name."""
    body = dict(document.about)
    if len(document.tables) == 1:
        return body | {"rows": document.tables[0].as_objects()}
    return body | {table.shape.name: table.as_objects() for table in document.tables}


def write_json(document: Document) -> bytes:
    """UTF-8, one key a line, no NaN."""
    text = json.dumps(
        document_object(document), ensure_ascii=False, allow_nan=False, indent=1, default=str
    )
    return (text + "\n").encode()


JSON = Format("json", "application/json", "json", True, write_json)
