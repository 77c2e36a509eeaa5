"""What is printed decodes: as a printer of 150 dots an inch shows it, and with a part covered."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageDraw

from survey.exports.poster import poster_pdf
from survey.exports.qr import QUIET_ZONE, matrix
from survey.exports.slip_sheet import MASK, write_sheets
from survey.queries.points import poster
from survey.queries.slips import SlipSheet
from survey.services.slips import draw_slip_codes
from tests import factories
from tests.parts import missing

SHEET = SlipSheet(
    address="https://pingjia.example.org/s",
    batch="BD0001-1",
    point_code="BD0001",
    label=("幸福里 3 号楼", "Xingfuli, block 3"),
    street_name=("试验街道", "Test Street"),
    district_name=("试验区", "Test District"),
    wave_name=("2026年第四季度", "Fourth quarter of 2026"),
    last_day=date(2026, 12, 31),
    questions=5,
    minutes=1,
    is_demo=False,
)


def rasterised(pdf: Path) -> list[Image.Image]:
    """The pages at 150 dots an inch, grey."""
    if shutil.which("pdftoppm") is None:
        missing("pdftoppm", command="to bring it: sudo apt-get install -y poppler-utils")
    subprocess.run(
        ["pdftoppm", "-r", "150", "-gray", "-png", str(pdf), str(pdf.with_suffix(""))], check=True
    )
    return [Image.open(path) for path in sorted(pdf.parent.glob(f"{pdf.stem}-*.png"))]


def boxes(found: list[zxingcpp.Barcode]) -> list[tuple[int, int, int, int]]:
    """Left, top, right, bottom of every code, without its quiet zone."""
    corners = [
        (one.position.top_left, one.position.top_right, one.position.bottom_right) for one in found
    ]
    return [(a.x, a.y, b.x, c.y) for a, b, c in corners]


def covered(image: Image.Image, box: tuple[int, int, int, int], *, where: str) -> None:
    """Cover 15 % of a code's area, with black or with white."""
    left, top, right, bottom = box
    side = right - left
    blot = side * 0.15**0.5
    pen = ImageDraw.Draw(image)
    if where == "corner":
        # The corner without a finder pattern.
        pen.rectangle((right - blot, bottom - blot, right, bottom), fill=255)
    else:
        middle_x, middle_y, half = (left + right) / 2, (top + bottom) / 2, blot / 2
        ends = (middle_x - half, middle_y - half, middle_x + half, middle_y + half)
        pen.rectangle(ends, fill=0)


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> tuple[tuple[str, ...], list[Image.Image]]:
    """The codes of a batch of 24 and its three pages."""
    path = tmp_path_factory.mktemp("slips") / "slips.pdf"
    codes = draw_slip_codes(24)
    assert write_sheets(path, SHEET, codes) == 3
    return codes, rasterised(path)


def test_every_slip_decodes_at_150_dots_an_inch(sheets) -> None:
    codes, pages = sheets
    assert len(pages) == 3
    assert np.allclose([page.size for page in pages], (1240, 1754), atol=1)
    found = [one for page in pages for one in zxingcpp.read_barcodes(page)]
    assert {one.text for one in found} == {f"{SHEET.address}/{code}" for code in codes}
    assert {one.ec_level for one in found} == {"Q"}


@pytest.mark.parametrize("where", ["corner", "middle"])
def test_every_slip_decodes_with_15_percent_covered(sheets, where) -> None:
    codes, pages = sheets
    read = set()
    for page in pages:
        image = page.copy()
        for box in boxes(zxingcpp.read_barcodes(page)):
            covered(image, box, where=where)
        read |= {one.text for one in zxingcpp.read_barcodes(image)}
    assert read == {f"{SHEET.address}/{code}" for code in codes}


@pytest.mark.parametrize("size", ["a4", "a5", "card"])
@pytest.mark.parametrize("where", ["", "corner", "middle"])
def test_posters_and_cards_decode_whole_and_covered(app, tmp_path, size, where) -> None:
    path = tmp_path / f"{size}.pdf"
    with app.app_context():
        code = factories.place().points[0]
        path.write_bytes(poster_pdf(poster(code), size))
    (page,) = rasterised(path)
    millimetres = [round(pixels / 150 * 25.4) for pixels in page.size]
    expected = {"a4": [210, 297], "a5": [148, 209], "card": [105, 148]}[size]
    assert np.allclose(millimetres, expected, atol=1)
    (box,) = boxes(zxingcpp.read_barcodes(page))
    if where:
        covered(page, box, where=where)
    (found,) = zxingcpp.read_barcodes(page)
    assert found.text == f"http://127.0.0.1:8000/s/{code}"


def test_the_quiet_zone_of_a_slip_is_white(sheets) -> None:
    _codes, pages = sheets
    modules = len(matrix(f"{SHEET.address}/AAAAAAAAAA", MASK)) - 2 * QUIET_ZONE
    for left, top, right, bottom in boxes(zxingcpp.read_barcodes(pages[0])):
        edge = int((right - left) / modules * (QUIET_ZONE - 0.5))
        pixels = np.asarray(pages[0])
        for area in (
            pixels[top - edge : top - 2, left - edge : right + edge],
            pixels[bottom + 3 : bottom + edge, left - edge : right + edge],
            pixels[top:bottom, left - edge : left - 2],
            pixels[top:bottom, right + 3 : right + edge],
        ):
            assert area.min() > 200


def test_a_slip_says_where_what_and_until_when(tmp_path) -> None:
    path = tmp_path / "slips.pdf"
    codes = draw_slip_codes(1)
    write_sheets(path, SHEET, codes)
    assert path.stat().st_mode & 0o077 == 0
    if shutil.which("pdftotext") is None:
        missing("pdftotext", command="to bring it: sudo apt-get install -y poppler-utils")
    done = subprocess.run(["pdftotext", str(path), "-"], check=True, capture_output=True, text=True)
    text = re.sub(r"\s", "", done.stdout)
    for words in (
        "试验区试验街道", "TestStreet", codes[0], "pingjia.example.org/s/", "一张只能填一次",
        "Oneanswerperslip", "不记姓名", "BD0001-1", "0001", "2026年12月31日", "31Dec2026",
    ):  # fmt: skip
        assert words in text
    assert "演示数据" not in text
