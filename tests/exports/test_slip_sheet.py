"""What is printed decodes: as a printer of 150 dots an inch shows it, and with a part covered."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageDraw

from survey.commands.slips import LAYOUTS as OFFERED
from survey.exports.poster import poster_pdf
from survey.exports.qr import QUIET_ZONE, matrix
from survey.exports.slip_designs import MASK
from survey.exports.slip_sheet import (
    EDGE_X,
    EDGE_Y,
    LAYOUTS,
    MARK,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    write_sheets,
)
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


Printed = tuple[tuple[str, ...], list[Image.Image]]


@pytest.fixture(scope="module", params=list(LAYOUTS))
def sheets(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Printed:
    """The codes of a batch of 30 and its pages, in each of the layouts."""
    path = tmp_path_factory.mktemp("slips") / "slips.pdf"
    codes = draw_slip_codes(30)
    pages = {"2x5": 3, "3x8": 2}[request.param]
    assert write_sheets(path, SHEET, codes, layout=request.param) == pages
    return codes, rasterised(path)


def test_every_slip_decodes_at_150_dots_an_inch(sheets) -> None:
    codes, pages = sheets
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


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_slips_fill_the_page_within_what_a_printer_reaches(name) -> None:
    cut = LAYOUTS[name]
    corners = [cut.corner(place) for place in range(cut.on_page)]
    assert len(set(corners)) == cut.columns * cut.rows
    for left, top in corners:
        assert left >= 4
        assert top >= 4
        assert left + cut.width <= PAGE_WIDTH - 4
        assert top + cut.height <= PAGE_HEIGHT - 4


def test_the_marks_say_where_to_cut_and_nothing_else_lies_on_the_cut(sheets) -> None:
    _codes, pages = sheets
    # A layout is known by its pages: thirty slips are three pages of ten or two of 24.
    cut = LAYOUTS["2x5" if len(pages) == 3 else "3x8"]
    pixels, dots = np.asarray(pages[0]), 150 / 25.4
    across = [round((EDGE_X + n * cut.width) * dots) for n in range(cut.columns + 1)]
    down = [round((EDGE_Y + n * cut.height) * dots) for n in range(cut.rows + 1)]
    arm = round(MARK / 2 * dots)
    for x in across:
        for y in down:
            assert pixels[y - 2 : y + 3, x - 2 : x + 3].min() < 230
        # Between two crosses the cut is bare paper.
        for above, below in pairwise(down):
            assert pixels[above + arm + 3 : below - arm - 2, x - 2 : x + 3].min() == 255
    for y in down:
        for left, right in pairwise(across):
            assert pixels[y - 2 : y + 3, left + arm + 3 : right - arm - 2].min() == 255


def texts(pdf: Path) -> list[tuple[str, float]]:
    """Every line of a PDF with its size in points, as poppler finds them."""
    if shutil.which("pdftohtml") is None:
        missing("pdftohtml", command="to bring it: sudo apt-get install -y poppler-utils")
    command = ["pdftohtml", "-xml", "-zoom", "1", "-i", "-stdout", str(pdf)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    sizes = dict(re.findall(r'<fontspec id="(\d+)" size="(\d+)"', done.stdout))
    found = re.findall(r'<text [^>]*font="(\d+)">(.*?)</text>', done.stdout)
    return [(re.sub("<[^>]*>", "", words), float(sizes[font])) for font, words in found]


@pytest.mark.parametrize("name", list(LAYOUTS))
@pytest.mark.parametrize(
    ("street", "address"),
    [("试验街道", "https://pingjia.example.org/s"), ("试验高新技术产业区街道", "http://10.20.30.40:8000/s")],
)  # fmt: skip
def test_the_street_and_the_code_can_be_read_without_glasses(
    tmp_path, name, street, address
) -> None:
    path = tmp_path / "slips.pdf"
    codes = draw_slip_codes(30)
    sheet = replace(SHEET, address=address, street_name=(street, "A Street of a Rather Long Name"))
    write_sheets(path, sheet, codes, layout=name)
    lines = texts(path)
    sizes = {words.replace(" ", ""): size for words, size in lines}
    assert min(sizes[code] for code in codes) >= 8
    named = [size for words, size in lines if street in words.replace(" ", "")]
    assert len(named) == len(codes)
    assert min(named) >= 8


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


@pytest.mark.parametrize(
    ("name", "own_words"),
    [
        ("2x5", ("试验区试验街道", "Oneanswerperslip", "不记姓名")),
        ("3x8", ("试验区·", "Oneanswer", "答卷不带姓名", "noname,phoneorcode")),
    ],
)
def test_a_slip_says_where_what_and_until_when(tmp_path, name, own_words) -> None:
    path = tmp_path / "slips.pdf"
    codes = draw_slip_codes(1)
    write_sheets(path, SHEET, codes, layout=name)
    assert path.stat().st_mode & 0o077 == 0
    if shutil.which("pdftotext") is None:
        missing("pdftotext", command="to bring it: sudo apt-get install -y poppler-utils")
    done = subprocess.run(["pdftotext", str(path), "-"], check=True, capture_output=True, text=True)
    text = re.sub(r"\s", "", done.stdout)
    for words in (
        "试验街道", "TestStreet", codes[0], "pingjia.example.org/s/", "一张只能填一次",
        "BD0001-1", "0001", "幸福里3号楼", "2026年12月31日", "31Dec2026", *own_words,
    ):  # fmt: skip
        assert words in text
    assert "演示数据" not in text


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_a_slip_of_the_demonstration_says_so(tmp_path, name) -> None:
    path = tmp_path / "slips.pdf"
    write_sheets(path, replace(SHEET, is_demo=True), draw_slip_codes(1), layout=name)
    assert any("演示数据" in words for words, _size in texts(path))


def test_the_command_offers_the_layouts_there_are() -> None:
    assert tuple(LAYOUTS) == OFFERED
