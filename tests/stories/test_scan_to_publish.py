"""The whole way on both databases: streets loaded, codes scanned, results published and pulled."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from survey.clock import utc_now
from survey.services.access import create_account
from survey.services.evaluate import approve
from tests.factories import levels

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
PASSWORD = "a long sentence to sign in with"
WAVE = "2026story"
# Twelve people, one problem, each in other words: near-identical texts would count once.
PARKING = (
    "小区门口乱停车，消防通道天天被堵住",
    "消防通道停满了车，出了事消防车进不来",
    "晚上回家没有停车位，只能停到马路边上",
    "停车位太少，邻居为了抢停车位吵架",
    "外面的车都停进小区，自己人反而没地方停车",
    "楼下停车太乱，轮椅都推不出去",
    "希望管一管乱停车，消防通道不能再堵了",
    "每天下班都要绕三圈才能找到停车位",
    "消防通道划了黄线照样有人停车，没人管",
    "停车收费涨了，停车位却一个没有多",
    "路边乱停车，孩子上学要从车缝里钻过去",
    "物业说停车归街道，街道说归物业，消防通道还是堵着",
)


@pytest.fixture
def flask(each_app: Flask) -> Callable[..., str]:
    """flask("wave", "open", "2026q4") -> what the command printed; it must succeed."""
    runner = each_app.test_cli_runner()

    def run(*words: str) -> str:
        result = runner.invoke(args=words)
        assert result.exit_code == 0, result.output
        return result.output

    return run


def answer(client: FlaskClient, code: str, **answers: str) -> str:
    """Scan, fill in, send; the receipt's address."""
    page = client.get(f"/s/{code}?lang=zh").get_data(as_text=True)
    key = re.search(r'name="submission_key" value="([\w-]+)"', page)
    assert key
    sent = client.post(f"/s/{code}?lang=zh", data={"submission_key": key[1], **answers})
    assert sent.status_code == 303, sent.get_data(as_text=True)
    return sent.headers["Location"]


def sign_in(client: FlaskClient, username: str) -> None:
    """Sign in as a person would."""
    page = client.get("/office/sign-in").get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    fields = {"csrf_token": token[1], "username": username, "password": PASSWORD}
    assert client.post("/office/sign-in", data=fields).status_code == 302


class Desk:
    """Everywhere the figures of a wave can be seen, by somebody who may see drafts."""

    def __init__(self, app: Flask, key: str, flask: Callable[..., str]) -> None:
        self.office = app.test_client()
        sign_in(self.office, "evaluator")
        self.script = app.test_client()
        self.header = {"Authorization": f"Bearer {key}"}
        self.flask = flask

    def api(self, what: str, **query: str) -> Any:
        reply = self.script.get(
            f"/api/v1/waves/{WAVE}/{what}", headers=self.header, query_string=query
        )
        assert reply.status_code == 200, reply.get_data(as_text=True)
        return reply

    def figures(self) -> dict[str, Any]:
        """The public score of the street ex1, as each place says it."""
        rows = self.api("indices").get_json()["rows"]
        text = self.api("indices", format="csv").get_data().decode("utf-8-sig")
        lines = list(csv.DictReader(io.StringIO(text)))
        page = self.office.get(f"/office/waves/{WAVE}/indices?lang=en")
        assert page.status_code == 200
        draft = self.api("evaluation").get_json()["rows"]
        [in_json] = [r for r in rows if r["street"] == "ex1" and r["measure"] == "public"]
        [other] = [r for r in rows if r["street"] == "ex2" and r["measure"] == "public"]
        [in_csv] = [r for r in lines if r["street"] == "ex1" and r["measure"] == "public"]
        [in_draft] = [r for r in draft if r["street"] == "ex1"]
        return {
            "json": in_json["value"],
            "other": other["value"],
            "n": in_json["n"],
            "csv": float(in_csv["value"]),
            "page": page.get_data(as_text=True),
            "draft": in_draft,
            "command": self.flask("evaluate", WAVE),
        }


def test_scan_to_publish(each_app: Flask, flask: Callable[..., str], tmp_path: Path) -> None:
    # Given a district with its margins, a questionnaire, an open wave, points and accounts
    flask("place", "load", str(EXAMPLES / "place"))
    flask("questionnaire", "sync")
    today = utc_now()
    flask(
        *("wave", "create", WAVE, "--name-zh", "故事", "--name-en", "Story"),
        *("--opens", (today - timedelta(days=9)).strftime("%Y-%m-%d")),
        *("--closes", (today + timedelta(days=9)).strftime("%Y-%m-%d")),
    )
    flask("wave", "open", WAVE)
    made = flask("points", "create", "--file", str(EXAMPLES / "points.csv"))
    codes = dict(
        reversed(match) for match in re.findall(r"^([0-9A-Z]{6})\W+(ex\d)", made, flags=re.M)
    )
    assert set(codes) == {"ex1", "ex2"}
    with each_app.app_context():
        create_account("evaluator", PASSWORD, ["evaluator"])
    key = re.search(r"\b(\S{30,})\b", flask("apikey", "create", "story"))
    assert key
    desk = Desk(each_app, key[1], flask)

    # When residents scan and answer, each once
    phone = each_app.test_client()
    spread = [levels(5, 4, 4, 3, 5), levels(4, 3, 5, 2, 4), levels(3, 2, 4, 4, 5)]
    for turn in range(36):
        more = {
            "age_band": ("18-29", "30-44", "45-59", "60+")[turn % 4],
            "sex": "FM"[turn // 2 % 2],
        }
        said = {"comment": PARKING[turn // 3]} if turn % 3 == 0 else {}
        for street in ("ex1", "ex2"):
            place = answer(phone, codes[street], **spread[turn % 3], **more, **said)
    assert "/r/" in place
    flask("rollup")
    assert "all equal" in flask("cube", "audit")

    # Then every place says the same figure
    before = desk.figures()
    assert before["json"] == before["csv"] == before["draft"]["public"]
    assert before["n"] == 36
    assert f"{before['json']:.1f}" in before["page"]
    assert f"P {before['json']:.1f}" in before["command"]

    # When one more person in one street answers
    receipt = answer(phone, codes["ex1"], **levels(1, 1, 1, 1, 1), sex="F", age_band="60+")
    assert "故事" in phone.get(receipt).get_data(as_text=True)
    flask("rollup")

    # Then index, page, API, CSV and draft all change, and no other street does
    after = desk.figures()
    assert after["n"] == 37
    assert after["json"] < before["json"]
    assert after["json"] == after["csv"] == after["draft"]["public"]
    assert f"{after['json']:.1f}" in after["page"]
    assert f"P {after['json']:.1f}" in after["command"]
    assert after["other"] == before["other"]

    # When the comments are read, what they have in common is a theme
    flask("themes", "run", WAVE)
    theme = desk.api("themes").get_json()["rows"][0]
    assert theme["mentions"] >= 4
    assert "停车" in theme["keywords"] or "消防" in theme["keywords"]

    # And the district's own scores come in: the draft now has a blend
    direct = tmp_path / "direct.csv"
    rows = [f"{s},{a},{90 + i}" for i, s in enumerate(("ex1", "ex2")) for a in "ABC"]
    direct.write_text("street,assessor,score\n" + "\n".join(rows) + "\n")
    flask("direct", "load", str(direct), "--wave", WAVE)
    blended = desk.figures()["draft"]["blended"]
    assert blended == pytest.approx(0.6 * 90 + 0.4 * after["json"])

    # Nobody outside sees anything yet
    stranger = each_app.test_client()
    assert stranger.get(f"/api/v1/waves/{WAVE}/indices").status_code == 403
    assert f"{after['json']:.1f}" not in stranger.get("/").get_data(as_text=True)

    # When the wave is closed and its evaluation put on public notice
    flask("wave", "close", WAVE)
    until = utc_now() + timedelta(days=30)
    flask("evaluate", WAVE, "--freeze", "--notice-until", f"{until:%Y-%m-%d}", "--actor", "eva")

    # Then everybody reads it, marked as provisional, and it cannot be approved before its day
    noticed = stranger.get(f"/?wave={WAVE}&status=provisional&lang=en").get_data(as_text=True)
    assert f"Provisional, on public notice until {until.day} {until:%b %Y}" in noticed
    assert f"{after['json']:.1f}" in noticed
    assert stranger.get(f"/api/v1/waves/{WAVE}/evaluation").status_code == 403
    with each_app.app_context():
        made = approve(WAVE, actor="eve", now=until + timedelta(days=2))
    assert made.revision == 1
    flask("publish", WAVE)

    # Then the public page, the open API and the files say what the draft said
    page = stranger.get("/?lang=en").get_data(as_text=True)
    assert f"{after['json']:.1f}" in page
    pulled = stranger.get(f"/api/v1/waves/{WAVE}/indices").get_json()["rows"]
    [mine] = [r for r in pulled if r["street"] == "ex1" and r["measure"] == "public"]
    assert mine["value"] == after["json"]
    out = tmp_path / "out.csv"
    flask("export", WAVE, "--format", "csv", "--out", str(out))
    assert repr(after["json"]) in out.read_text(encoding="utf-8-sig")

    # And the code says politely that the survey has ended
    late = phone.get(f"/s/{codes['ex1']}?lang=zh")
    assert late.status_code == 410
