"""Listed items in front of everybody: the public page, the API and files say the same."""

from __future__ import annotations

import io

from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook

from survey.services.evaluate import publish
from tests.factories import NOW
from tests.services.test_evaluate import CODE, surveyed
from tests.services.test_listed import listed_three

PATH = f"/api/v1/waves/{CODE}/evaluation"


def test_lists_stand_in_their_own_column_everywhere(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        surveyed()
        listed_three()
        publish(CODE, actor="eva", now=NOW)
    page = client.get("/").get_data(as_text=True)
    assert "Late report · No. 7 · District office" in page
    assert "people decide; no score changes" in page
    answer = client.get(PATH).json
    rows = {row["street"]: row for row in answer["rows"]}
    totals = ("listed_bonus", "listed_deduction", "listed_vetoes")
    assert [rows["s1"][name] for name in totals] == [0.0, 3.0, 1]
    assert [rows["s2"][name] for name in totals] == [50.0, 0.0, 0]
    assert [rows["s3"][name] for name in totals] == [0.0, 0.0, 0]
    assert [(one["street"], one["kind"], one["points"]) for one in answer["listed"]] == [
        ("s1", "deduction", 2.0),
        ("s1", "deduction", 2.5),
        ("s1", "veto", None),
        ("s2", "bonus", 50.0),
    ]
    assert answer["listed"][0]["document_date"] == "2026-10-08"
    book = load_workbook(io.BytesIO(client.get(f"{PATH}?format=xlsx").data))
    assert len(list(book["listed"].values)) == 5
    assert set(totals) <= set(next(iter(book["evaluation"].values)))


def test_a_page_without_lists_says_nothing_of_them(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        surveyed()
        publish(CODE, actor="eva", now=NOW)
    assert "veto" not in client.get("/").get_data(as_text=True).lower()
    assert client.get(PATH).json["listed"] == []
