"""Slips as people meet them: printed by a command, answered once, and politely refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from survey.models import AuditEvent, CollectionPoint, db
from survey.services import slips
from survey.services.points import retire_point
from tests import factories
from tests.conftest import make_app
from tests.factories import levels


@pytest.fixture
def codes(app, monkeypatch) -> tuple[str, ...]:
    """Three slips of the open wave; the clock stands at NOW."""
    for module in ("survey.routes.resident", "survey.commands.points"):
        monkeypatch.setattr(f"{module}.utc_now", lambda: factories.NOW)
    with app.app_context():
        place = factories.place()
        factories.point(street_id=place.street_ids[0], channel="slip", code="BD0001")
        made = slips.draw_slip_codes(3)
        slips.record_batch(made, wave="2026q4", point="BD0001", batch="B1", on=factories.NOW.date())
        return made


def post(client, code: str, key: str):
    return client.post(f"/s/{code}", data=levels(5, 4, 3, 2, 1) | {"submission_key": key})


def test_a_slip_is_asked_answered_and_then_already_used(client, codes) -> None:
    typed = f"{codes[0][:5]} {codes[0][5:]}".lower()
    page = client.get(f"/s/{typed}")
    assert page.status_code == 200
    assert f'action="/s/{codes[0]}?' in page.text
    first = post(client, codes[0], "a" * 22)
    assert first.status_code == 303
    used = post(client, codes[0], "b" * 22)
    assert used.status_code == 409
    for words in ("This slip was already used", "Ask whoever gave you the slip"):
        assert words in used.text.replace("’", "'") or words.lower() in used.text.lower()
    assert client.get(f"/s/{codes[0]}").status_code == 409
    again = post(client, codes[0], "a" * 22)
    assert again.status_code == 303
    assert again.location.split("?")[0] == first.location.split("?")[0]


def test_guessing_slips_is_slowed_and_posters_are_not(migrated_file: Path, tmp_path: Path) -> None:
    database = tmp_path / "limited.db"
    database.write_bytes(migrated_file.read_bytes())
    app = make_app(f"sqlite:///{database}", folder=tmp_path, RATELIMIT_ENABLED=True)
    with app.app_context():
        poster = factories.place().points[0]
    client = app.test_client()
    seen = [client.get(f"/s/ZZZZZ{n:05d}").status_code for n in range(22)]
    assert seen == [404] * 20 + [429] * 2
    assert post(client, "ZZZZZ99999", "c" * 22).status_code == 429
    for _ in range(25):
        assert client.get("/s/NOBODY").status_code == 404
    assert client.get(f"/s/{poster}").status_code in (200, 403, 410)


def test_a_retired_code_leads_to_the_one_in_its_place(app, client, runner, codes) -> None:
    with app.app_context():
        old, middle, new = (
            factories.point(street_id=1, code=code) for code in ("AAAAAA", "BBBBBB", "CCCCCC")
        )
        elsewhere = factories.point(street_id=2, code="DDDDDD")
    assert runner.invoke(args=["points", "retire", old, "--replaced-by", middle]).exit_code == 0
    assert runner.invoke(args=["points", "retire", middle, "--replaced-by", new]).exit_code == 0
    assert client.get(f"/s/{old}").status_code == 410
    # Straight to the newest, not from notice to notice.
    with app.app_context():
        led = db.session.scalar(
            select(CollectionPoint).where(CollectionPoint.short_code == old)
        ).replaced_by.short_code
    assert led == new
    for refused in (["retire", old], ["repoint", new, "--to", old], ["repoint", old, "--to", old],
                    ["repoint", old, "--to", elsewhere], ["repoint", old, "--to", "BD0001"],
                    ["restore", new], ["retire", "NOBODY"]):  # fmt: skip
        result = runner.invoke(args=["points", *refused])
        assert result.exit_code == 1, refused
        assert result.output.startswith("Error: ")
    assert runner.invoke(args=["points", "restore", old]).exit_code == 0
    assert client.get(f"/s/{old}").status_code == 200


def test_the_retired_page_is_polite_and_has_the_way_on(client, app, codes, runner) -> None:
    with app.app_context():
        old, new = (factories.point(street_id=1, code=code) for code in ("AAAAAA", "CCCCCC"))
        retire_point(old, replaced_by=new, actor="boss", now=factories.NOW)
    page = client.get(f"/s/{old}")
    assert page.status_code == 410
    assert f'href="/s/{new}?lang=' in page.text
    assert "Go on to the survey that takes its place" in page.text


def test_the_commands_print_void_reprint_and_list(runner, app, codes, tmp_path: Path) -> None:
    out = tmp_path / "slips.pdf"
    base = ["--wave", "2026q4"]
    made = runner.invoke(
        args=["slips", "print", *base, "--point", "bd0001", "--count", "25", "--out", str(out)]
    )
    assert made.exit_code == 0, made.output
    assert made.output == f"BD0001-1\t1-25\t{out}\n"
    assert out.read_bytes().startswith(b"%PDF-")
    assert out.stat().st_mode & 0o077 == 0
    gone = runner.invoke(
        args=["slips", "void", *base, "--batch", "BD0001-1", "--serial", "17-24", "--reason", "湿"]
    )
    assert gone.output == "BD0001-1\t17-24\t8 void\n"
    new = tmp_path / "new.pdf"
    again = runner.invoke(
        args=["slips", "reprint", *base, "--batch", "BD0001-1", "--serial", "1-3",
              "--reason", "misprint", "--out", str(new)]
    )  # fmt: skip
    assert again.output == f"BD0001-1\t1-3\tvoid\nBD0001-2\t1-3\t{new}\n"
    listed = runner.invoke(args=["slips", "list", *base]).output
    assert re.search(r"^BD0001-1\tBD0001\t1-25\t\S+\t11\t0\t–$", listed, re.M)
    assert re.search(r"^BD0001-2\tBD0001\t1-3\t\S+\t0\t0\tBD0001-1$", listed, re.M)
    assert "20 live" in listed
    assert "in 56," in listed.replace("tries", "")
    assert {path.name for path in tmp_path.glob("*.pdf*")} == {"slips.pdf", "new.pdf"}


def test_what_cannot_be_printed_leaves_no_file_and_no_batch(runner, codes, tmp_path: Path) -> None:
    base = ["slips", "print", "--wave", "2026q4", "--point", "BD0001", "--count", "2"]
    away = runner.invoke(args=[*base, "--out", str(tmp_path / "no" / "such.pdf")])
    assert away.exit_code == 1
    taken = runner.invoke(args=[*base, "--batch", "B1", "--out", str(tmp_path / "x.pdf")])
    assert taken.exit_code == 1
    assert "B1" in taken.output
    assert list(tmp_path.glob("x*")) == []
    assert "BD0001-1" not in runner.invoke(args=["slips", "list", "--wave", "2026q4"]).output


def test_small_slips_are_printed_and_reprinted_on_fewer_sheets(
    runner, codes, tmp_path: Path
) -> None:
    base = ["--wave", "2026q4"]
    print_ = ["slips", "print", *base, "--point", "BD0001", "--count", "25"]
    pages = {}
    for sheet in ("2x5", "3x8"):
        out = tmp_path / f"{sheet}.pdf"
        assert runner.invoke(args=[*print_, "--sheet", sheet, "--out", str(out)]).exit_code == 0
        pages[sheet] = out.read_bytes().count(b"/Type /Page\n")
    assert pages == {"2x5": 3, "3x8": 2}
    new = tmp_path / "new.pdf"
    again = ["slips", "reprint", *base, "--batch", "BD0001-1", "--reason", "wet", "--out", str(new)]
    assert runner.invoke(args=[*again, "--sheet", "3x8"]).exit_code == 0
    assert new.read_bytes().count(b"/Type /Page\n") == 2
    away = tmp_path / "no.pdf"
    unknown = runner.invoke(args=[*print_, "--sheet", "4x9", "--out", str(away)])
    assert unknown.exit_code == 2
    assert "'2x5', '3x8'" in unknown.output
    assert not away.exists()


def test_a_code_is_replaced_on_the_command_line(app, client, runner, codes) -> None:
    with app.app_context():
        old = factories.point(street_id=1, code="AAAAAA")
    done = runner.invoke(args=["points", "replace", old])
    assert done.exit_code == 0, done.output
    new = re.fullmatch(r"AAAAAA: retired, leads to (\w{6})\n", done.output).group(1)
    assert f'href="/s/{new}?lang=' in client.get(f"/s/{old}").text
    assert client.get(f"/s/{new}").status_code == 200
    for refused in (old, "BD0001", "NOBODY"):
        assert runner.invoke(args=["points", "replace", refused]).exit_code == 1
    with app.app_context():
        said = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert (said.actor, said.action, said.subject) == (
            "command line", "replace_point", "point AAAAAA",
        )  # fmt: skip
