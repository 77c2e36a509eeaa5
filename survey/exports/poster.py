"""Posters: a sheet, A4 or A5, in Chinese and English with the QR code and the code to type.

The sheet speaks both languages at once, so its words stand here in pairs and not in the
translations. fpdf2 and its fonts weigh about 100 MB while they work: the web process never
imports them but asks a child (`python -m survey.exports.poster a4`, see poster_file).
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from survey.exports.qr import matrix, runs
from survey.queries.points import Poster

if TYPE_CHECKING:
    from fpdf import FPDF

# The colours of survey/static/css/tokens.css.
INK, INK_2 = (27, 38, 40), (69, 81, 84)
PAPER, CARD, LINE = (245, 242, 236), (255, 255, 255), (217, 211, 198)
BAND, PICK, ACT = (10, 74, 86), (226, 240, 240), (11, 90, 104)
LIGHT, WAIT_SOFT, WAIT = (188, 219, 221), (251, 240, 217), (122, 82, 0)

WIDTH, HEIGHT, MARGIN = 210.0, 297.0, 18.0
BAND_HEIGHT = 98.0
CARD_TOP, CARD_SIDE = 84.0, 112.0
# Points in a millimetre, and how large each size is drawn: A5 and A6 are halves of the paper.
MM = 72 / 25.4
SCALES = {"a4": 1.0, "a5": 148 / 210, "card": 105 / 210}
NUMBERS = "零一二三四五六七八九十"

FACTS = (
    ("不用登录", ("微信扫一扫就能填，", "不装软件，不用注册"), "No app, no account: just scan"),
    ("不问您是谁", ("不记姓名、电话，", "也不记手机和位置"), "No name, number or location kept"),
    (
        "结果公开",
        ("和其他居民的合在一起，", "按街道向社会公布"),
        "Counted together, then published",
    ),
)


def poster_pdf(poster: Poster, size: str = "a4") -> bytes:
    """The poster as a PDF of one page; fonts embedded as subsets, text can be searched.

    size: a4, a5 (the same, smaller) or card (a standing card for a window, A6, with fewer and
    larger words).
    """
    from survey.exports.poster_card import draw_card

    pdf = new_pdf(f"{poster.street_name[0]} {poster.short_code}", scale=SCALES[size])
    pdf.add_page()
    pdf.set_fill_color(*PAPER)
    pdf.rect(0, 0, WIDTH, HEIGHT, style="F")
    if size == "card":
        draw_card(pdf, poster)
        return bytes(pdf.output())
    _band(pdf, poster)
    draw_qr(pdf, poster.address, top=CARD_TOP, side=CARD_SIDE)
    _typing(pdf, poster)
    _facts(pdf)
    _foot(pdf, poster)
    return bytes(pdf.output())


def new_pdf(title: str, *, scale: float = 1.0) -> FPDF:
    """An empty PDF of pages of 210 × 297 units with the fonts; a unit is `scale` millimetres."""
    from fpdf import FPDF
    from pylopdf_fonts_zh_cn import sans_path, serif_path

    pdf = FPDF(format=(WIDTH, HEIGHT), unit=MM * scale)
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.add_font("sans", fname=str(sans_path()))
    pdf.add_font("serif", fname=str(serif_path()))
    pdf.set_title(title)
    pdf.set_lang("zh-CN")
    return pdf


def say(
    pdf: FPDF,
    text: str,
    *,
    y: float,
    size: float,
    colour: tuple[int, int, int] = INK,
    font: str = "sans",
    x: float = 0,
    width: float = WIDTH,
    align: str = "C",
    weight: float = 0,
    spacing: float = 0,
) -> None:
    """One line with its top at y, made smaller when it is wider than `width`.

    Lengths are in the units of the PDF; size is in points of a page at full scale.
    weight: thickness of an outline in the same colour; the font has one weight only.
    """
    from fpdf.enums import TextMode

    scale = pdf.k / MM
    pdf.set_font(font, size=size * scale)
    pdf.set_char_spacing(spacing)
    # The cell has a margin of its own on either side.
    room = width - 2 * pdf.c_margin
    wide = pdf.get_string_width(text)
    if wide > room:
        size *= room / wide
        pdf.set_font(font, size=size * scale)
    pdf.set_text_color(*colour)
    pdf.set_draw_color(*colour)
    pdf.set_line_width(weight or 0.1)
    pdf.text_mode = TextMode.FILL_STROKE if weight else TextMode.FILL
    pdf.set_xy(x, y)
    pdf.cell(width, size * 0.3528 * 1.3, text, align=align)
    pdf.text_mode = TextMode.FILL
    pdf.set_char_spacing(0)


def _band(pdf: FPDF, poster: Poster) -> None:
    pdf.set_fill_color(*BAND)
    pdf.rect(0, 0, WIDTH, BAND_HEIGHT, style="F")
    inner = WIDTH - 2 * MARGIN
    street = f"{poster.district_name[0]}　{poster.street_name[0]}"
    say(pdf, street, y=13, size=19, colour=LIGHT, x=MARGIN, width=inner, spacing=1)
    english = f"{poster.street_name[1]}, {poster.district_name[1]}"
    say(pdf, english, y=22.5, size=10.5, colour=LIGHT, x=MARGIN, width=inner)
    say(
        pdf, "给街道打个分", y=29.5, size=62, colour=CARD, font="serif", weight=0.55,
        x=MARGIN, width=inner, spacing=2,
    )  # fmt: skip
    count = NUMBERS[poster.questions] if poster.questions <= 10 else str(poster.questions)
    minutes = NUMBERS[poster.minutes] if poster.minutes <= 10 else str(poster.minutes)
    how_long = f"{count}道题，{minutes}分钟，说说您的满意和不满意"
    say(pdf, how_long, y=59.5, size=18, colour=CARD, x=MARGIN, width=inner)
    unit = "minute" if poster.minutes == 1 else "minutes"
    english = (
        f"Rate your street: {poster.questions} questions, {poster.minutes} {unit}. Also in English."
    )
    say(pdf, english, y=69.5, size=12, colour=LIGHT, x=MARGIN, width=inner)


def draw_qr(pdf: FPDF, address: str, *, top: float, side: float) -> None:
    """The QR code on white, in the middle: drawn modules stay sharp at any size."""
    left = (WIDTH - side) / 2
    pdf.set_fill_color(*CARD)
    pdf.set_draw_color(*LINE)
    pdf.set_line_width(0.3)
    pdf.rect(left, top, side, side, style="DF", round_corners=True, corner_radius=5)
    modules = matrix(address)
    module = side / len(modules)
    pdf.set_fill_color(0, 0, 0)
    for row, column, length in runs(modules):
        pdf.rect(left + column * module, top + row * module, length * module, module, style="F")


def _typing(pdf: FPDF, poster: Poster) -> None:
    top = CARD_TOP + CARD_SIDE + 6
    place = poster.address.split("://", 1)[-1].rsplit("/", 1)[0]
    say(
        pdf, f"扫不了？在浏览器里输入 {place}/ 和下面的编号",
        y=top, size=12, colour=INK_2, x=MARGIN, width=WIDTH - 2 * MARGIN,
    )  # fmt: skip
    code = poster.short_code
    half = (len(code) + 1) // 2
    say(
        pdf, f"{code[:half]} {code[half:]}", y=top + 6.5, size=34, colour=ACT, weight=0.35,
        spacing=5, x=MARGIN, width=WIDTH - 2 * MARGIN,
    )  # fmt: skip
    say(
        pdf, f"Cannot scan? Type {place}/{code} into a browser.",
        y=top + 23, size=9.5, colour=INK_2, x=MARGIN, width=WIDTH - 2 * MARGIN,
    )  # fmt: skip


def _facts(pdf: FPDF) -> None:
    top, gap = 234.0, 5.0
    width = (WIDTH - 2 * MARGIN - 2 * gap) / 3
    for place, (title, chinese, english) in enumerate(FACTS):
        x = MARGIN + place * (width + gap)
        pdf.set_fill_color(*PICK)
        pdf.rect(x, top, width, 32, style="F", round_corners=True, corner_radius=3)
        inner = {"x": x + 4, "width": width - 8, "align": "L"}
        say(pdf, title, y=top + 3.5, size=15, colour=ACT, weight=0.25, **inner)  # type: ignore[arg-type]
        say(pdf, chinese[0], y=top + 12, size=10, **inner)  # type: ignore[arg-type]
        say(pdf, chinese[1], y=top + 17, size=10, **inner)  # type: ignore[arg-type]
        say(pdf, english, y=top + 24.5, size=8, colour=INK_2, **inner)  # type: ignore[arg-type]


def _foot(pdf: FPDF, poster: Poster) -> None:
    inner = WIDTH - 2 * MARGIN
    if poster.is_demo:
        pdf.set_fill_color(*WAIT_SOFT)
        pdf.rect(0, 271, WIDTH, 10, style="F")
        words = "演示数据，并非真实调查　·　Demonstration only, not a real survey"
        say(pdf, words, y=273.2, size=11, colour=WAIT, x=MARGIN, width=inner)
    text = f"{poster.district_name[0]}　街道满意度评价　·　请年满 18 周岁的居民填写"
    say(pdf, text, y=283.5, size=9, colour=INK_2, x=MARGIN, width=inner)
    where = f"{poster.label[0]} / {poster.label[1]}　·　{poster.short_code}"
    say(pdf, where, y=288.5, size=7.5, colour=INK_2, x=MARGIN, width=inner)


def to_json(poster: Poster) -> str:
    """What the child is given."""
    return json.dumps(asdict(poster), ensure_ascii=False)


def from_json(text: str) -> Poster:
    """The poster that `to_json` wrote."""
    values: dict[str, Any] = json.loads(text)
    for name in ("label", "street_name", "district_name"):
        values[name] = tuple(values[name])
    return Poster(**values)


if __name__ == "__main__":
    told = from_json(sys.stdin.buffer.read().decode())
    sys.stdout.buffer.write(poster_pdf(told, size=sys.argv[1]))
