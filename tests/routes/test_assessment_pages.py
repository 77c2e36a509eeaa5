"""Direct scores and lists in a browser: form, upload, look, confirm; what is refused and why."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook
from sqlalchemy import select, update

from survey.database import transaction
from survey.models import AuditEvent, DirectScore, ListedItem, ObjectiveScore, Street, Wave, db
from tests import factories
from tests.routes.conftest import form_token

BASE = "/office/waves/2026q4"
HEADS = ("street", "street_name", "A", "B", "C")


def workbook(*rows: tuple[object, ...], change: Callable[[object], None] | None = None) -> bytes:
    """A real xlsx file with these rows; change(book) before it is saved."""
    book = Workbook()
    sheet = book.active
    sheet.title = "scores"
    for row in rows:
        sheet.append(row)
    if change is not None:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def send(client: FlaskClient, data: bytes, *, name: str = "d.xlsx", to: str = "assessment"):
    page = "assessment" if to == "assessment" else "lists"
    token = form_token(client.get(f"{BASE}/{page}").get_data(as_text=True))
    return client.post(
        f"{BASE}/{to}/upload",
        data={"csrf_token": token, "file": (io.BytesIO(data), name)},
        content_type="multipart/form-data",
    )


def confirm(client: FlaskClient, page: str, *, to: str = "assessment", **more: str):
    found = re.search(r'name="looked_at" value="([^"]+)"', page)
    assert found, page
    data = {"csrf_token": form_token(page), "looked_at": found.group(1), **more}
    return client.post(f"{BASE}/{to}/confirm", data=data)


def stored(app: Flask) -> dict[tuple[str, str], float]:
    with app.app_context():
        rows = db.session.execute(
            select(Street.code, DirectScore.assessor, DirectScore.score).join(
                Street, DirectScore.street_id == Street.id
            )
        )
        return {(code, assessor): score for code, assessor, score in rows}


def last_event(app: Flask) -> AuditEvent:
    with app.app_context():
        found = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert found is not None
        return found


def set_status(app: Flask, status: str) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Wave).values(status=status))


def test_an_upload_is_shown_first_and_stored_when_confirmed(app, signed_in):
    eva = signed_in("eva")
    data = workbook(HEADS, ("s1", "", 91.5, 90, None), ("s2", "", "９３", "92.5", None))
    page = send(eva, data).get_data(as_text=True)
    assert stored(app) == {}
    assert "Store 4 scores" in page
    assert "A, B" in page
    assert confirm(eva, page).status_code == 303
    assert stored(app) == {
        ("s1", "A"): 91.5,
        ("s1", "B"): 90,
        ("s2", "A"): 93,
        ("s2", "B"): 92.5,
    }
    event = last_event(app)
    assert (event.actor, event.action) == ("eva", "direct_scores")
    assert ["s1", "A", False, None, 91.5] in event.detail["changes"]
    again = send(eva, data).get_data(as_text=True)
    assert "says what is stored already" in again


def test_a_changed_score_is_shown_with_what_is_stored_and_audited(app, signed_in):
    eva = signed_in("eva")
    confirm(eva, send(eva, workbook(HEADS, ("s1", "", 91.5, 90, 92))).get_data(as_text=True))
    page = send(eva, workbook(HEADS, ("s1", "", 81.5, 90, None))).get_data(as_text=True)
    assert re.search(r"91\.5</td><td class=\"num\"><b>81\.5", page)
    confirm(eva, page)
    assert stored(app) == {("s1", "A"): 81.5, ("s1", "B"): 90, ("s1", "C"): 92}
    assert last_event(app).detail["changes"] == [["s1", "A", False, 91.5, 81.5]]


def formula(book):
    book.active["C3"] = "=AVERAGE(90,91)"


def percent(book):
    book.active["D2"].number_format = "0.0%"


def merged(book):
    book.active.merge_cells("C2:D2")


def hidden_row(book):
    book.active.row_dimensions[3].hidden = True


def hidden_column(book):
    book.active.column_dimensions["D"].hidden = True


def a_date(book):
    book.active["C2"] = date(2026, 3, 1)


def second_sheet(book):
    book.create_sheet("other").append(HEADS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (formula, "C3 holds a formula: paste values"),
        (percent, "D2 is a percentage"),
        (merged, "C2:D2 is merged"),
        (hidden_row, "row 3 is hidden"),
        (hidden_column, "the column B is hidden"),
        (a_date, "C2 holds a date"),
        (second_sheet, "several sheets have these columns"),
    ],
)
def test_a_workbook_with_a_trap_is_refused_naming_the_cell(app, signed_in, change, words):
    eva = signed_in("eva")
    rows = (HEADS, ("s1", "", 91, 0.9, 90), ("s2", "", 92, 90, 90))
    response = send(eva, workbook(*rows, change=change))
    page = response.get_data(as_text=True)
    assert words in page
    assert "looked_at" not in page
    assert stored(app) == {}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("s1", "", 100.5), "100.5 is outside"),
        (("s1", "", -1), "-1 is outside"),
        (("s1", "", "优秀"), "优秀 is not a number"),
        (("s1", "", "91.5%"), "C3 is a percentage"),
        (("s2", "", 90), "s2 stands in an earlier row"),
        (("s9", "", 90), "there is no street s9"),
        (("old", "", 90), "old was re-organised away"),
        (("s1", "", True), "C3 is true or false"),
        (("s1", "", 90, None, None, 7), "F3 stands in a column without a head"),
        (("s1", "", "1_0"), "1_0 is not a number"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_can_be_stored(app, place, signed_in, row, words):
    with app.app_context():
        old = factories.street(district_id=place.district_id, code="old")
        with transaction() as session:
            session.execute(update(Street).where(Street.id == old).values(is_active=False))
    page = send(signed_in("eva"), workbook(HEADS, ("s2", "", 90), row)).get_data(as_text=True)
    text = re.sub(r"</th><td class=\"words\">", " ", page)
    assert words in text
    assert "looked_at" not in page


def test_a_hidden_sheet_is_named_and_not_read(signed_in):
    def change(book):
        book.create_sheet("secret").sheet_state = "hidden"

    page = send(signed_in("eva"), workbook(HEADS, ("s1", "", 90), change=change))
    text = page.get_data(as_text=True)
    assert "The hidden sheet secret was not read." in text
    assert "Store 1 score" in text


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", "<workbook/>")
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (60 * 1024 * 1024))
    return out.getvalue()


def many_rows() -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("scores")
    sheet.append(HEADS)
    for _ in range(100_000):
        sheet.append(("s1", "", 90))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (bomb, "unpacked"),
        (many_rows, "has 100001 rows"),
        (lambda: b"\x89PNG\r\n\x1a\n\x00\x00", "neither an Excel file"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 50, "before 2007"),
        (lambda: b"PK\x03\x04 no zip", "damaged"),
        (lambda: b"", "is empty"),
        (lambda: workbook(("a", "b"), (1, 2)), "no sheet has a row with the columns"),
        (lambda: workbook(HEADS), "header and no rows"),
        (lambda: b"x" * (2 * 1024 * 1024 + 1), "larger than 2 MB"),
        (lambda: b"street,A\n" + b"s1,1\n" * 6000, "has 6001 rows"),
    ],
)
def test_a_file_that_is_no_table_of_scores_is_refused_in_words(app, signed_in, data, words):
    response = send(signed_in("eva"), data())
    assert response.status_code == 422
    assert words in response.get_data(as_text=True)
    assert stored(app) == {}


def test_a_body_that_is_far_too_large_is_refused(signed_in):
    eva = signed_in("eva")
    assert send(eva, b"x" * (4 * 1024 * 1024)).status_code == 413


def test_a_csv_in_gb18030_with_chinese_heads_is_read(app, signed_in):
    eva = signed_in("eva")
    data = "街道代码,街道名称,考核一组\ns1,x,90\n".encode("gb18030")
    confirm(eva, send(eva, data, name="打分.csv").get_data(as_text=True))
    assert stored(app) == {("s1", "考核一组"): 90}


def test_the_template_holds_the_streets_and_what_is_stored_and_changes_nothing(app, signed_in):
    eva = signed_in("eva")
    confirm(eva, send(eva, workbook(HEADS, ("s1", "", 91.5, 90, None))).get_data(as_text=True))
    content = eva.get(f"{BASE}/assessment/scores.xlsx").data
    rows = list(load_workbook(io.BytesIO(content)).active.values)
    assert rows[0] == ("street", "street_name", "A", "B")
    assert rows[1] == ("s1", "s1 Street", 91.5, 90)
    assert rows[2][0] == "s2"
    assert "says what is stored already" in send(eva, content).get_data(as_text=True)
    csv = eva.get(f"{BASE}/assessment/scores.csv").data
    assert "says what is stored already" in send(eva, csv, name="s.csv").get_data(as_text=True)


def column(client: FlaskClient, *, named: str = "assessor=A", **fields: str):
    page = client.get(f"{BASE}/assessment/column?{named}").get_data(as_text=True)
    seen = dict(re.findall(r'name="(seen:[^"]+)" value="([^"]*)"', page))
    name, value = named.split("=")
    given = {key.replace("_", ":", 1): text for key, text in fields.items()}
    data = {"csrf_token": form_token(page), name: value, **seen, **given}
    return lambda: client.post(f"{BASE}/assessment/column", data=data)


def test_a_column_is_entered_changed_and_emptied_by_form(app, signed_in):
    eva = signed_in("eva")
    assert column(eva, score_s1="90", score_s2="91,5")().status_code == 422
    assert stored(app) == {}
    assert column(eva, score_s1="90", score_s2="91.5")().status_code == 303
    assert stored(app) == {("s1", "A"): 90, ("s2", "A"): 91.5}
    assert column(eva, score_s1="", score_s2="91.5")().status_code == 303
    assert stored(app) == {("s2", "A"): 91.5}
    assert last_event(app).detail["changes"] == [["s1", "A", False, 90, None]]


def test_two_windows_do_not_write_over_each_other(app, signed_in):
    eva = signed_in("eva")
    first, second = column(eva, score_s1="90"), column(eva, score_s1="70")
    assert first().status_code == 303
    refused = second()
    assert refused.status_code == 409
    assert "changed meanwhile" in refused.get_data(as_text=True)
    assert stored(app) == {("s1", "A"): 90}


def test_what_was_looked_at_is_not_stored_once_something_changed(app, signed_in):
    eva = signed_in("eva")
    page = send(eva, workbook(HEADS, ("s1", "", 80), ("s2", "", 81))).get_data(as_text=True)
    column(eva, score_s1="90")()
    refused = confirm(eva, page)
    assert refused.status_code == 409
    assert stored(app) == {("s1", "A"): 90}


def test_what_was_looked_at_cannot_be_changed_or_used_elsewhere(app, signed_in):
    eva = signed_in("eva")
    page = send(eva, workbook(HEADS, ("s1", "", 80))).get_data(as_text=True)
    token = re.search(r'name="looked_at" value="([^"]+)"', page).group(1)
    csrf = form_token(page)
    for path, value in (("assessment", token[:-3] + "abc"), ("lists", token)):
        answer = eva.post(f"{BASE}/{path}/confirm", data={"csrf_token": csrf, "looked_at": value})
        assert answer.status_code == 409
    assert stored(app) == {}


def test_a_published_wave_takes_a_correction_with_a_reason_and_says_so(app, signed_in):
    eva = signed_in("eva")
    set_status(app, "published")
    page = eva.get(f"{BASE}/assessment").get_data(as_text=True)
    assert "A correction leads to a revision" in page
    shown = send(eva, workbook(HEADS, ("s1", "", 80))).get_data(as_text=True)
    refused = confirm(eva, shown)
    assert refused.status_code == 409
    assert "a revision" in refused.get_data(as_text=True)
    assert stored(app) == {}
    assert confirm(eva, shown, reason="A sum was wrong").status_code == 303
    assert last_event(app).detail["reason"] == "A sum was wrong"


def with_objective(app: Flask, place: factories.Place) -> None:
    with app.app_context():
        policy_id = factories.policy(overrides={"objective_weights": {"办结率": 0.2}})
        with transaction() as session:
            session.execute(update(Wave).values(policy_id=policy_id))


def test_columns_named_like_an_objective_indicator_are_taken_as_such(app, place, signed_in):
    with_objective(app, place)
    eva = signed_in("eva")
    rows = (("street", "A", "B", "C", "办结率"), ("s1", 85, 92, 99, 80), ("s2", 90, 90, 90, None))
    page = send(eva, workbook(*rows)).get_data(as_text=True)
    assert "objective indicator" in page
    confirm(eva, page)
    with app.app_context():
        found = db.session.scalars(select(ObjectiveScore)).all()
        assert [(one.indicator, one.score) for one in found] == [("办结率", 80)]
    assert len(stored(app)) == 6
    grid = eva.get(f"{BASE}/assessment").get_data(as_text=True)
    assert "<b>89.60</b>" in grid
    assert "10.45" in grid
    assert "an objective indicator has no value" in grid
    named = "indicator=办结率"
    assert column(eva, named=named, score_s1="80", score_s2="70")().status_code == 303
    assert column(eva, named="indicator=other", score_s1="80")().status_code == 422


def test_an_auditor_reads_and_changes_nothing_and_a_street_sees_nothing(app, signed_in):
    audit = signed_in("audit")
    page = audit.get(f"{BASE}/assessment").get_data(as_text=True)
    assert "Direct scores" in page
    assert '<form method="post" action="/office/waves' not in page
    for path in ("assessment/upload", "assessment/confirm", "assessment/column", "lists"):
        token = form_token(page)
        assert audit.post(f"{BASE}/{path}", data={"csrf_token": token}).status_code == 403
    assert signed_in("clerk").get(f"{BASE}/assessment").status_code == 403


ITEM = {
    "street": "s1",
    "kind": "deduction",
    "label": "Late report",
    "points": "2",
    "ceiling": "3",
    "document": "考发〔2026〕7号",
    "document_date": "2026年10月8日",
    "signed_by": "区考核办",
}


def enter(client: FlaskClient, **changes: str):
    token = form_token(client.get(f"{BASE}/lists").get_data(as_text=True))
    return client.post(f"{BASE}/lists", data={"csrf_token": token, **ITEM, **changes})


def test_items_are_entered_cut_to_the_ceiling_removed_and_kept(app, signed_in):
    eva = signed_in("eva")
    assert enter(eva).status_code == 303
    assert enter(eva, label="Another", points="2.5").status_code == 303
    assert (
        enter(eva, kind="veto", label="Accident", points="", ceiling="", document="d").status_code
        == 303
    )
    page = eva.get(f"{BASE}/lists").get_data(as_text=True)
    assert "−3</td>" in page
    assert "people decide; no score changes" in page
    token = form_token(page)
    with app.app_context():
        key = db.session.scalar(select(ListedItem.id).where(ListedItem.label == "Another"))
    path = f"{BASE}/lists/{key}/remove"
    assert eva.post(path, data={"csrf_token": token, "because": " "}).status_code == 422
    assert eva.post(path, data={"csrf_token": token, "because": "Wrong street"}).status_code == 303
    assert eva.post(path, data={"csrf_token": token, "because": "again"}).status_code == 409
    page = eva.get(f"{BASE}/lists").get_data(as_text=True)
    assert "−2</td>" in page
    assert "Wrong street" in page
    assert last_event(app).action == "listed_item_removed"
    assert enter(eva, label="Another", points="2.5").status_code == 303


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"points": ""}, 422, "is empty"),
        ({"points": "-1"}, 422, "outside"),
        ({"kind": "veto"}, 422, "a veto has no points"),
        ({"kind": "x"}, 422, "must be bonus"),
        ({"document": ""}, 422, "characters"),
        ({"signed_by": "x" * 121}, 422, "characters"),
        ({"document_date": "2026-02-30"}, 422, "must be a day"),
        ({"document_date": "2126-02-03"}, 422, "future"),
        ({"street": "s9"}, 422, "there is no street"),
        ({"label": "Other", "ceiling": "9"}, 409, "another ceiling"),
        ({}, 409, "already"),
    ],
)
def test_an_item_that_cannot_be_is_refused_in_words(app, signed_in, changes, status, words):
    eva = signed_in("eva")
    enter(eva)
    answer = enter(eva, **changes)
    assert answer.status_code == status
    assert words in answer.get_data(as_text=True)
    with app.app_context():
        assert len(db.session.scalars(select(ListedItem)).all()) == 1


LIST_HEADS = tuple(ITEM)


def test_a_list_is_uploaded_looked_at_and_stored(app, signed_in):
    eva = signed_in("eva")
    rows = (
        ("s1", "加分", "Best practice", 1, None, "表发〔2026〕1号", date(2026, 9, 1), "区政府"),
        ("s2", "一票否决", "Accident", None, None, "通报3号", "2026-09-02", "应急局"),
    )
    data = workbook(LIST_HEADS, *rows)
    page = send(eva, data, to="lists").get_data(as_text=True)
    assert "Add 2 items" in page
    assert confirm(eva, page, to="lists").status_code == 303
    with app.app_context():
        found = db.session.scalars(select(ListedItem).order_by(ListedItem.id)).all()
        assert [one.kind for one in found] == ["bonus", "veto"]
        assert found[0].document_date == date(2026, 9, 1)
        assert found[0].entered_by == "eva"
    assert "says what is stored already" in send(eva, data, to="lists").get_data(as_text=True)
    template = eva.get(f"{BASE}/lists/items.xlsx").data
    again = send(eva, template, to="lists").get_data(as_text=True)
    assert "says what is stored already" in again
    bad = workbook(LIST_HEADS, ("s1", "加分", "x", "=1+1", None, "d", "2026-09-02", "o"))
    refused = send(eva, bad, to="lists").get_data(as_text=True)
    assert "D2 holds a formula" in refused
    assert "looked_at" not in refused
