"""The API: who sees what, in which shape, and as its contract says."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from openpyxl import load_workbook

from survey.services import access, rollup
from tests import factories
from tests.published import OPEN, SECOND, published_copy

TABLES = ("indices", "themes", "coverage", "evaluation")


@pytest.fixture
def published(app: Flask) -> Flask:
    return published_copy(app)


@pytest.fixture
def key(published: Flask) -> dict[str, str]:
    """The header of an office's script."""
    with published.app_context():
        raw = access.create_api_key("a script", actor="test", now=factories.NOW)
    return {"Authorization": f"Bearer {raw}"}


def rows_of(app: Flask, path: str, **more: Any) -> list[dict[str, Any]]:
    answer = app.test_client().get(path, **more)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()["rows"]


def contract(app: Flask) -> dict[str, Any]:
    answer = app.test_client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.get_json()


def check(spec: dict[str, Any], body: Any, path: str, status: str = "200") -> None:
    """Raise when `body` is not what the contract says of GET `path`."""
    answer = spec["paths"][path]["get"]["responses"][status]
    if "$ref" in answer:
        answer = spec["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    schema = answer["content"]["application/json"]["schema"]
    closed = {**schema, "components": _closed(spec["components"])}
    Draft202012Validator(closed).validate(body)


def _closed(components: dict[str, Any]) -> dict[str, Any]:
    """Every object with no more properties than it names, so that nothing goes undescribed."""
    schemas = {}
    for name, schema in components["schemas"].items():
        schemas[name] = schema | ({"additionalProperties": False} if "properties" in schema else {})
    return components | {"schemas": schemas}


def test_every_route_is_in_the_contract(published: Flask) -> None:
    routes = {
        rule.rule.replace("<", "{").replace(">", "}")
        for rule in published.url_map.iter_rules()
        if rule.endpoint.startswith("results.")
    }
    spec = contract(published)
    assert spec["openapi"].startswith("3.1")
    assert set(spec["paths"]) == routes
    assert len(routes) == 7
    assert all(path["get"]["summary"] for path in spec["paths"].values())


@pytest.mark.parametrize("table", TABLES)
def test_what_is_given_is_what_the_contract_says(
    published: Flask, key: dict[str, str], table: str
) -> None:
    spec = contract(published)
    client = published.test_client()
    for wave, headers in ((SECOND, {}), (SECOND, key), (OPEN, key)):
        answer = client.get(f"/api/v1/waves/{wave}/{table}", headers=headers)
        assert answer.status_code == 200
        check(spec, answer.get_json(), f"/api/v1/waves/{{wave}}/{table}")
    check(spec, client.get("/api/v1/waves").get_json(), "/api/v1/waves")
    refused = client.get(f"/api/v1/waves/{OPEN}/{table}")
    check(spec, refused.get_json(), f"/api/v1/waves/{{wave}}/{table}", "403")
    wrong = client.get(f"/api/v1/waves/{SECOND}/{table}?page=0")
    check(spec, wrong.get_json(), f"/api/v1/waves/{{wave}}/{table}", "422")


def test_without_a_key_only_published_waves_are_seen(published: Flask, key: dict[str, str]) -> None:
    seen = {row["wave"] for row in rows_of(published, "/api/v1/waves")}
    assert OPEN not in seen
    assert len(seen) == 2
    all_waves = {row["wave"] for row in rows_of(published, "/api/v1/waves", headers=key)}
    assert all_waves == seen | {OPEN}
    client = published.test_client()
    assert client.get(f"/api/v1/waves/{OPEN}/indices").status_code == 403
    assert client.get(f"/api/v1/waves/{SECOND}/indices?draft=1").status_code == 403


def test_a_wrong_key_is_said_to_be_wrong(published: Flask) -> None:
    for header in ("Bearer nonsense", "Bearer ", "Basic YTpi", "nonsense"):
        answer = published.test_client().get("/api/v1/waves", headers={"Authorization": header})
        assert answer.status_code == 401
        assert answer.get_json()["error"]["code"] == "unknown_key"


def test_errors_have_one_shape(published: Flask) -> None:
    client = published.test_client()
    for path, status, code in (
        ("/api/v1/waves/nowhere/indices", 404, "unknown_wave"),
        (f"/api/v1/waves/{SECOND}/indices?street=nowhere", 404, "unknown_street"),
        (f"/api/v1/waves/{SECOND}/indices?format=pdf", 422, "bad_arguments"),
        (f"/api/v1/waves/{SECOND}/indices?page_size=999999", 422, "bad_arguments"),
        ("/api/v1/waves?surprise=1", 422, "bad_arguments"),
        ("/api/v1/nowhere", 404, "not_found"),
    ):
        answer = client.get(path)
        assert answer.status_code == status, path
        error = answer.get_json()["error"]
        assert set(error) == {"code", "message", "details"}
        assert error["code"] == code
    assert "page_size" in str(client.get("/api/v1/waves?page_size=x").get_json())
    assert client.post("/api/v1/waves").status_code in (400, 405)


def test_a_suppressed_number_is_null_with_its_reason(published: Flask, key: dict[str, str]) -> None:
    for headers in ({}, key):
        for row in rows_of(published, f"/api/v1/waves/{SECOND}/indices", headers=headers):
            # The district's figure would give the hidden street's away.
            if row["street"] in ("s3", None):
                assert (row["value"], row["low"], row["high"], row["se"]) == (None,) * 4
                assert row["suppressed_because"]
            else:
                assert row["low"] <= row["value"] <= row["high"]
                assert row["suppressed_because"] is None
    (hidden,) = rows_of(published, f"/api/v1/waves/{SECOND}/evaluation?street=s3")
    assert hidden["blended"] is hidden["public"] is hidden["adjusted"] is None


def test_json_csv_and_excel_hold_the_same_numbers(published: Flask) -> None:
    client = published.test_client()
    for table in TABLES:
        path = f"/api/v1/waves/{SECOND}/{table}"
        rows = rows_of(published, path)
        text = client.get(f"{path}?format=csv").get_data().decode("utf-8-sig")
        from_csv = list(csv.DictReader(io.StringIO(text, newline="")))
        book = load_workbook(io.BytesIO(client.get(f"{path}?format=xlsx").get_data()))
        sheet = list(book[table].iter_rows(values_only=True))
        assert len(rows) == len(from_csv) == len(sheet) - 1 > 0
        for row, line, cells in zip(rows, from_csv, sheet[1:], strict=True):
            assert list(row) == list(line) == list(sheet[0])
            for value, text_value, cell in zip(row.values(), line.values(), cells, strict=True):
                # openpyxl writes 16 digits.
                close = pytest.approx(value, rel=1e-14) if isinstance(value, float) else value
                assert cell == close
                if isinstance(value, float):
                    assert float(text_value) == value
                elif value is None:
                    assert text_value == ""


def test_a_new_answer_changes_the_draft_and_not_what_is_published(
    published: Flask, key: dict[str, str]
) -> None:
    path = f"/api/v1/waves/{OPEN}/indices"
    client = published.test_client()
    before = client.get(path, headers=key)
    frozen = client.get(f"/api/v1/waves/{SECOND}/indices")
    known = key | {"If-None-Match": before.headers["ETag"]}
    assert client.get(path, headers=known).status_code == 304
    with published.app_context():
        point = factories.point(street_id=1, channel="slip")
        factories.response(wave_id=3, point_code=point, answers=factories.levels(5, 5, 5, 5, 5))
        rollup.fold_all(now=factories.NOW)
    after = client.get(path, headers=known)
    assert after.status_code == 200
    assert after.get_json()["status"] == "draft"
    again = client.get(
        f"/api/v1/waves/{SECOND}/indices", headers={"If-None-Match": frozen.headers["ETag"]}
    )
    assert again.status_code == 304
    assert frozen.get_json()["status"] == "published"


def test_themes_of_outsiders_need_ten_people_and_somebody_who_confirmed_them(
    published: Flask, key: dict[str, str]
) -> None:
    outside = rows_of(published, f"/api/v1/waves/{SECOND}/themes")
    # Words and no sentences; s3's four people hide nothing in the district's total.
    assert {row["keywords"] for row in outside} == {"parking gate", "stairs"}
    assert {row["label"] for row in outside} == {None}
    office = [
        row["label"] for row in rows_of(published, f"/api/v1/waves/{SECOND}/themes", headers=key)
    ]
    assert "My neighbour Old Zhang shouts" in office
    # Nor do the adjustments give the theme of s3's four people away.
    evaluation = published.test_client().get(f"/api/v1/waves/{SECOND}/evaluation").get_json()
    told = evaluation["adjustments"]
    [stairs] = [row["theme"] for row in outside if row["keywords"] == "stairs"]
    assert {row["street"] for row in told if row["theme"] == stairs} == {"s1"}
    assert {row["label"] for row in told} == {None}
    of_s2 = rows_of(published, f"/api/v1/waves/{SECOND}/themes?street=s2")
    assert [row["keywords"] for row in of_s2] == ["parking gate"]


def test_coverage_hides_small_cells_from_outsiders(published: Flask, key: dict[str, str]) -> None:
    path = f"/api/v1/waves/{SECOND}/coverage"
    public, office = rows_of(published, path), rows_of(published, path, headers=key)
    assert len(public) == len(office) == 3 * 6
    for row, known in zip(public, office, strict=True):
        assert known["responses"] is not None
        if known["responses"] < 10:
            assert row["responses"] is row["response_share"] is None
            assert row["suppressed_because"] == "n_below_10"
        else:
            assert row["responses"] == known["responses"]
    assert sum(row["responses"] for row in office if row["variable"] == "sex") == 36 + 36 + 12


def test_lists_come_in_pages(published: Flask) -> None:
    path = f"/api/v1/waves/{SECOND}/indices"
    whole = rows_of(published, path)
    parts, page = [], 1
    while True:
        body = published.test_client().get(f"{path}?page={page}&page_size=7").get_json()
        parts += body["rows"]
        assert body["page"]["total"] == len(whole)
        if page == body["page"]["pages"]:
            break
        page += 1
    assert parts == whole


def test_the_page_of_the_contract_needs_no_other_host(published: Flask) -> None:
    client = published.test_client()
    page = client.get("/api/v1/docs")
    assert "style-src 'self' 'unsafe-inline'" in page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    assert "//" not in page.get_data(as_text=True).replace("<!--", "")
    for name in ("swagger-ui.css", "swagger-ui-bundle.js"):
        assert client.get(f"/api/v1/docs/{name}").status_code == 200
    assert client.get("/api/v1/docs/index.html").status_code == 404
    assert "unsafe-inline" not in client.get("/").headers["Content-Security-Policy"]
