"""A thousand one-time slips in both layouts: time against plain pages, and memory against ten.

Every figure comes from a fresh process, so that none inherits another's fonts or memory. The
yardsticks are drawn by the same library: pages with one line of Chinese a slip and no QR code,
and pages with the pictures that `qrcode.make` gives, which is the ready-made way.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

NAME = "slips"
COMMAND = ".venv/bin/python -m benchmarks slips"
SLIPS, FEW = 1_000, 10
LIMIT_SECONDS = 20.0
# A thousand slips may take a quarter more memory than ten: most of it are the fonts.
LIMIT_MEMORY = 1.25
PICTURE_SIDE = 38.0


def run() -> list[dict[str, Any]]:
    """Rows of the table: CPU seconds of each layout, then the memory of each at its peak."""
    plain = measured("plain", SLIPS)
    pictures = measured("pictures", SLIPS)
    seconds, memory = [], []
    for layout in ("2x5", "3x8"):
        many, few = measured(layout, SLIPS), measured(layout, FEW)
        for words, yardstick, limit in (
            ("one line a slip, no QR", plain["seconds"], LIMIT_SECONDS / plain["seconds"]),
            ("pictures of qrcode.make", pictures["seconds"], 1.0),
        ):
            seconds.append(
                {
                    "measure": f"seconds (CPU) for {SLIPS:,} slips {layout}",
                    "figure": round(many["seconds"], 2),
                    "yardstick": f"{words}: {yardstick:.2f}",
                    "ratio": round(many["seconds"] / yardstick, 2),
                    "limit": round(limit, 2),
                    "command": COMMAND,
                }
            )
        memory.append(
            {
                "measure": f"memory of the process at its peak, {SLIPS:,} slips {layout}, MB",
                "figure": round(many["megabytes"], 1),
                "yardstick": f"{FEW} slips: {few['megabytes']:.1f}",
                "ratio": round(many["megabytes"] / few["megabytes"], 3),
                "limit": LIMIT_MEMORY,
                "command": COMMAND,
            }
        )
    return seconds + memory


def measured(what: str, count: int) -> dict[str, float]:
    """Seconds (CPU) and megabytes of a fresh process that draws `count` slips."""
    command = [sys.executable, "-m", "benchmarks.slips", what, str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def in_this_process(what: str, count: int) -> dict[str, float]:
    """Draw and measure here; what: 2x5 | 3x8 | plain | pictures."""
    from benchmarks.rebuild import megabytes
    from survey.services.slips import draw_slip_codes

    draw: Callable[[Path, tuple[str, ...]], None] = {
        "plain": plain_pages,
        "pictures": pages_of_pictures,
    }.get(what, lambda path, codes: our_sheets(path, codes, layout=what))
    codes = draw_slip_codes(count)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.process_time()
        draw(Path(folder) / "slips.pdf", codes)
        seconds = time.process_time() - begun
    return {"seconds": seconds, "megabytes": megabytes("VmHWM")}


def our_sheets(path: Path, codes: tuple[str, ...], *, layout: str) -> None:
    """The product's sheets."""
    from survey.exports.slip_sheet import write_sheets
    from survey.queries.slips import SlipSheet

    sheet = SlipSheet(
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
    write_sheets(path, sheet, codes, layout=layout)


def plain_pages(path: Path, codes: tuple[str, ...]) -> None:
    """Ten lines a page in the same font: the least that paper for as many people costs."""
    from survey.exports.poster import new_pdf

    pdf = new_pdf("plain")
    pdf.set_font("sans", size=10)
    for number, code in enumerate(codes):
        if number % 10 == 0:
            pdf.add_page()
        pdf.text(20, 20 + number % 10 * 25, f"试验街道　给街道打个分 {code}")
    pdf.output(str(path))


def pages_of_pictures(path: Path, codes: tuple[str, ...]) -> None:
    """The same with the picture of each code as the QR library makes it, and no other words."""
    from qrcode import QRCode
    from qrcode.constants import ERROR_CORRECT_Q

    from survey.exports.poster import new_pdf

    pdf = new_pdf("pictures")
    pdf.set_font("sans", size=10)
    for number, code in enumerate(codes):
        if number % 10 == 0:
            pdf.add_page()
        row, column = divmod(number % 10, 2)
        x, y = 10 + column * 98, 8 + row * 57
        made = QRCode(7, error_correction=ERROR_CORRECT_Q, border=4)
        made.add_data(f"https://pingjia.example.org/s/{code}")
        picture = made.make_image().get_image()
        pdf.image(picture, x=x, y=y, w=PICTURE_SIDE)
        pdf.text(x, y + 45, f"试验街道　给街道打个分 {code}")
    pdf.output(str(path))


if __name__ == "__main__":
    print(json.dumps(in_this_process(sys.argv[1], int(sys.argv[2]))))
