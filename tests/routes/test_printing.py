"""The poster of a point over HTTP: every size there is, and words for one there is not."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from survey.exports.poster_file import SIZES
from tests import factories
from tests.parts import missing

# Millimetres: A4, A5, and A6 for the card that stands at a window.
PAPER = {"a4": (210, 297), "a5": (148, 210), "card": (105, 148)}


@pytest.fixture
def code(app) -> str:
    with app.app_context():
        return factories.place().points[0]


def drawn(pdf: bytes, folder: Path) -> Image.Image:
    """The only page of a PDF at 100 dots an inch."""
    if shutil.which("pdftoppm") is None:
        missing("pdftoppm", command="to bring it: sudo apt-get install -y poppler-utils")
    (folder / "poster.pdf").write_bytes(pdf)
    command = ["pdftoppm", "-r", "100", "-gray", "-png", "poster.pdf", "page"]
    subprocess.run(command, cwd=folder, check=True)
    (path,) = folder.glob("page*.png")
    return Image.open(path)


def test_there_is_paper_for_every_size() -> None:
    assert set(PAPER) == set(SIZES)


@pytest.mark.parametrize("size", list(PAPER))
def test_a_poster_comes_in_the_size_that_is_asked_for(client, code, tmp_path, size) -> None:
    answer = client.get(f"/points/{code}/poster.pdf?size={size}")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert f"s1-{code}-{size}.pdf" in answer.headers["Content-Disposition"]
    page = drawn(answer.data, tmp_path)
    millimetres = [pixels / 100 * 25.4 for pixels in page.size]
    assert millimetres == pytest.approx(PAPER[size], abs=1)
    (found,) = zxingcpp.read_barcodes(page)
    assert found.text.endswith(f"/s/{code}")


def test_without_a_size_it_is_a4_and_large_letters_do_not_matter(client, code) -> None:
    plain, named, small = (
        client.get(f"/points/{code}/poster.pdf{query}").data
        for query in ("", "?size=A4", "?size=A5")
    )
    assert plain == named != small


@pytest.mark.parametrize("size", ["a3", "", "../a4", "a4%00", "卡片", "x" * 3000])
def test_an_unknown_size_is_refused_with_the_names_of_those_there_are(client, code, size) -> None:
    address = f"/points/{code}/poster.pdf?size={size}"
    page = client.get(address)
    assert page.status_code == 404
    assert page.mimetype == "text/html"
    assert "A poster comes in the sizes a4, a5, card." in page.text
    told = client.get(address, headers={"Accept": "application/json"})
    assert told.status_code == 404
    assert told.json["error"]["code"] == "unknown_size"
    in_chinese = client.get(f"{address}&lang=zh")
    assert re.search(r"[\u4e00-\u9fff]", in_chinese.text)
    assert "a4" in in_chinese.text


def test_an_unknown_size_of_an_unknown_code_is_an_unknown_code(client) -> None:
    told = client.get("/points/QQQQQQ/poster.pdf?size=a3", headers={"Accept": "application/json"})
    assert (told.status_code, told.json["error"]["code"]) == (404, "unknown_code")
