"""A hidden score cannot be solved from what else is public about its group."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from openpyxl import load_workbook

from survey.exports.report import to_json
from survey.exports.report_leaders import leaders_report
from survey.queries.disclosure import WITHHELD, for_outsiders, withheld_groups
from survey.queries.evaluation import published_evaluation
from survey.services import access
from survey.wording import say_reason
from tests import factories
from tests.published import SECOND, published_copy

PATH = f"/api/v1/waves/{SECOND}/evaluation"


@pytest.fixture
def published(app: Flask) -> Flask:
    """Three streets; the score of the third is hidden and it is ranked."""
    return published_copy(app)


def body(app: Flask, **more: Any) -> dict[str, Any]:
    answer = app.test_client().get(PATH, **more)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()
    return found


def test_outsiders_have_no_equation_for_the_hidden_score(published: Flask) -> None:
    found = body(published)
    (group,) = found["groups"]
    last = group["last_place"]
    assert [last[name] for name in ("z_min", "z_min_public", "p_last")] == [None] * 3
    assert last["withheld_because"] == WITHHELD
    none = {"direct": None, "public": None}
    assert group["effective_weights"] == found["effective_weights"] == none
    distances = [
        one["params"] for one in last["conditions"] if {"z", "z_public"} & set(one["params"])
    ]
    assert len(distances) >= 2
    for params in distances:
        assert params.get("z") is params.get("z_public") is None
        assert params["withheld_because"] == WITHHELD
    assert all(row["p_first"] is row["p_last"] is None for row in found["rows"])


def test_the_files_hold_no_chance_either(published: Flask) -> None:
    client = published.test_client()
    text = client.get(f"{PATH}?format=csv").get_data().decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {(line["p_first"], line["p_last"]) for line in lines} == {("", "")}
    book = load_workbook(io.BytesIO(client.get(f"{PATH}?format=xlsx").get_data()))
    head, *rows = list(book["evaluation"].iter_rows(values_only=True))
    assert {row[head.index("p_last")] for row in rows} == {None}


def test_the_office_goes_on_seeing_them(published: Flask) -> None:
    with published.app_context():
        raw = access.create_api_key("a script", actor="test", now=factories.NOW)
    found = body(published, headers={"Authorization": f"Bearer {raw}"})
    last = found["groups"][0]["last_place"]
    assert last["withheld_because"] is None
    assert None not in (last["z_min"], last["z_min_public"])
    assert found["effective_weights"]["direct"] is not None


def test_a_group_without_a_hidden_score_keeps_its_numbers(published: Flask) -> None:
    with published.app_context():
        view = published_evaluation(SECOND)
        shown = replace(
            view,
            streets=tuple(
                replace(one, public=replace(one.public, suppressed_because=None))
                for one in view.streets
            ),
            year=None,
        )
        assert withheld_groups(view)
        assert not withheld_groups(shown)
        assert for_outsiders(shown) is shown


@pytest.mark.parametrize("locale", ["en", "zh_Hans_CN"])
def test_words_print_no_number_that_is_withheld(published: Flask, locale: str) -> None:
    with published.test_request_context(), force_locale(locale):
        view = published_evaluation(SECOND)
        (inside,), (outside,) = view.groups, for_outsiders(view).groups
        report = to_json(leaders_report(view, digests={}, before=None, themes={}))
        for full, cut in zip(inside.last.conditions, outside.last.conditions, strict=True):
            if not {"z", "z_public"} & set(full.params):
                continue
            words = say_reason(cut.code, cut.params)
            assert not re.search(r"\d|–|%", words)
            number = f"{full.params['z']:.2f}"
            assert number in say_reason(full.code, full.params)
            assert f"z = {number}" not in str(report)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_front_page_says_in_words_why_the_district_has_no_score(
    published: Flask, lang: str
) -> None:
    page = published.test_client().get(f"/?wave={SECOND}&lang={lang}").get_data(as_text=True)
    assert "street_without_index" not in page
    with published.test_request_context(), force_locale("en" if lang == "en" else "zh_Hans_CN"):
        assert say_reason("street_without_index") in page
