"""JSON says what it is about and gives rows as objects."""

from __future__ import annotations

import json

import pytest

from survey.exports.base import Document
from survey.exports.json_file import write_json
from tests.exports.documents import document


def test_rows_are_objects_beside_what_is_said_of_the_whole() -> None:
    found = json.loads(write_json(document()))
    assert found["wave"] == {"code": "2026q3"}
    assert found["rows"][0] == {"name": "月湖街道", "n": 12, "value": 71.25, "is_ok": True}
    assert found["rows"][1]["value"] is None


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError):
        write_json(Document({"value": float("nan")}, ()))
