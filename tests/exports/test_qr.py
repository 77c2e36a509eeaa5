"""QR codes and posters: a phone that scans them lands on the resident page."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from survey.exports.poster import poster_pdf
from survey.exports.poster_file import poster_file
from survey.exports.qr import matrix, qr_png, qr_svg
from survey.queries.points import poster
from tests import factories


def decode(image: Image.Image) -> str:
    """What a scanner reads; exactly one QR code."""
    (found,) = zxingcpp.read_barcodes(image.convert("L"))
    return str(found.text)


def drawn(svg: str, *, scale: int = 8) -> Image.Image:
    """The SVG drawn by its own words: the path has runs of whole modules only."""
    size = int(re.search(r'viewBox="0 0 (\d+) \1"', svg).group(1))
    image = Image.new("L", (size * scale, size * scale), 255)
    pen = ImageDraw.Draw(image)
    dark = svg.rsplit("<path ", 1)[1]
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", dark):
        left, top = int(x) * scale, int(y) * scale
        pen.rectangle((left, top, left + int(length) * scale - 1, top + scale - 1), fill=0)
    return image


@pytest.fixture
def code(app):
    with app.app_context():
        return factories.place().points[0]


def test_the_png_leads_to_the_resident_page(app, code):
    with app.app_context():
        image = Image.open(io.BytesIO(qr_png(code)))
    assert decode(image) == f"http://127.0.0.1:8000/s/{code}"
    assert image.size[0] == image.size[1] >= 700


def test_the_svg_leads_to_the_resident_page(app, code):
    app.config["BASE_URL"] = "https://pingjia.example.org"
    with app.app_context():
        assert decode(drawn(qr_svg(code))) == f"https://pingjia.example.org/s/{code}"


def test_the_code_has_level_q_and_a_quiet_zone_of_four(app, code):
    with app.app_context():
        image = Image.open(io.BytesIO(qr_png(code)))
    (found,) = zxingcpp.read_barcodes(image.convert("L"))
    assert found.ec_level == "Q"
    modules = matrix(f"http://127.0.0.1:8000/s/{code}")
    edge = [row[:4] + row[-4:] for row in modules] + [modules[i] for i in (0, 1, 2, 3, -1, -4)]
    assert not any(any(row) for row in edge)
    assert any(modules[4])


def test_the_code_survives_a_stain(app, code):
    with app.app_context():
        image = Image.open(io.BytesIO(qr_png(code))).convert("L")
    side = image.size[0]
    stain = (side * 0.45, side * 0.45, side * 0.6, side * 0.6)
    ImageDraw.Draw(image).ellipse(stain, fill=128)
    assert decode(image).endswith(code)


def test_the_poster_can_be_scanned_and_read(app, code, tmp_path):
    with app.app_context():
        shown = poster(code)
        path = tmp_path / "poster.pdf"
        path.write_bytes(poster_pdf(shown))
    assert path.read_bytes().startswith(b"%PDF-")
    assert path.stat().st_size < 200_000
    if shutil.which("pdftoppm") is None:
        # Without a PDF renderer the drawn modules are those that the PNG test decodes.
        return
    subprocess.run(
        ["pdftoppm", "-r", "100", "-png", "-singlefile", str(path), str(tmp_path / "page")],
        check=True,
    )
    assert decode(Image.open(tmp_path / "page.png")) == f"http://127.0.0.1:8000/s/{code}"
    done = subprocess.run(["pdftotext", str(path), "-"], check=True, capture_output=True, text=True)
    text = re.sub(r"\s", "", done.stdout)
    for words in ("给街道打个分", shown.street_name[0], code, "不用登录", "Rateyourstreet"):
        assert words in text
    assert "演示数据" not in text


def test_the_demo_poster_says_so(app, tmp_path):
    with app.app_context():
        district_id = factories.district(is_demo=True)
        code = factories.point(street_id=factories.street(district_id=district_id))
        data = poster_pdf(poster(code))
    if shutil.which("pdftotext"):
        done = subprocess.run(["pdftotext", "-", "-"], input=data, capture_output=True, check=True)
        assert "演示数据" in done.stdout.decode()
    assert data.startswith(b"%PDF-")


def test_the_addresses_of_a_point_are_public(client, code):
    page = client.get(f"/points/{code}/poster.pdf")
    assert page.status_code == 200
    assert page.mimetype == "application/pdf"
    assert page.data.startswith(b"%PDF-")
    svg = client.get(f"/points/{code.lower()}/qr.svg")
    assert svg.status_code == 200
    assert svg.mimetype == "image/svg+xml"
    png = client.get(f"/points/{code}/qr.png")
    assert decode(Image.open(io.BytesIO(png.data))).endswith(f"/s/{code}")


def test_a_poster_is_made_once(app, code):
    with app.app_context():
        shown = poster(code)
        first = poster_file(shown)
        made_at = first.stat().st_mtime_ns
        assert poster_file(shown) == first
        assert first.stat().st_mtime_ns == made_at
        assert [path.suffix for path in first.parent.iterdir()] == [".pdf"]


def test_unknown_and_retired_codes_have_no_poster(client, app, code):
    assert client.get("/points/QQQQQQ/poster.pdf").status_code == 404
    with app.app_context():
        retired = factories.point(street_id=1, code="RET1RD", retired_at=factories.NOW)
    assert client.get(f"/points/{retired}/qr.png").status_code == 410


def test_web_processes_start_without_the_pdf_library(tmp_path):
    script = (
        "import sys; from survey import create_app; create_app({'INSTANCE_DIR': sys.argv[1]}); "
        "print(sorted({'fpdf', 'fontTools', 'PIL', 'qrcode'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent.parent,
    )
    assert done.stdout.strip() == "[]"


def test_the_command_writes_a_file_for_every_displayed_point(runner, app, tmp_path):
    with app.app_context():
        place = factories.place()
        factories.point(street_id=place.street_ids[0], channel="cati")
    out = tmp_path / "posters"
    result = runner.invoke(args=["points", "print", "--out", str(out), "--png", "--svg"])
    assert result.exit_code == 0, result.output
    names = {path.name for path in out.iterdir()}
    assert names == {
        f"{street}-{code}.{kind}"
        for street, code in zip(("s1", "s2"), place.points, strict=True)
        for kind in ("pdf", "png", "svg")
    }
    result = runner.invoke(args=["points", "print", "--street", "s9", "--out", str(out)])
    assert result.exit_code == 1
