"""The window card: a poster's sister for a counter, A6, with fewer words and larger ones.

Everything is drawn on the poster's page of 210 × 297 units at half the scale, so ten points here
are five on paper: nothing is set smaller than 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from survey.exports import poster as a4
from survey.queries.points import Poster

if TYPE_CHECKING:
    from fpdf import FPDF

MARGIN = 16.0
QR_TOP, QR_SIDE = 76.0, 124.0


def draw_card(pdf: FPDF, poster: Poster) -> None:
    """Draw the card of a point on the current page."""
    width = a4.WIDTH - 2 * MARGIN
    pdf.set_fill_color(*a4.BAND)
    pdf.rect(0, 0, a4.WIDTH, 92, style="F")

    def line(text: str, y: float, size: float, colour: tuple[int, int, int], **more: float) -> None:
        a4.say(pdf, text, y=y, size=size, colour=colour, x=MARGIN, width=width, **more)  # type: ignore[arg-type]

    street = f"{poster.district_name[0]}　{poster.street_name[0]}"
    line(street, 10, 22, a4.LIGHT)
    a4.say(
        pdf, "给街道打个分", y=21, size=64, colour=a4.CARD, font="serif", weight=0.6,
        x=MARGIN, width=width, spacing=2,
    )  # fmt: skip
    minutes = a4.NUMBERS[poster.minutes] if poster.minutes <= 10 else str(poster.minutes)
    line(f"{poster.questions} 道题，{minutes}分钟", 51, 22, a4.CARD)
    line(f"Rate {poster.street_name[1]}. Also in English.", 62.5, 15, a4.LIGHT)
    a4.draw_qr(pdf, poster.address, top=QR_TOP, side=QR_SIDE)
    place = poster.address.split("://", 1)[-1].rsplit("/", 1)[0]
    line(f"扫不了？输入 {place}/ 和编号", 204, 16, a4.INK_2)
    code = poster.short_code
    half = (len(code) + 1) // 2
    line(f"{code[:half]} {code[half:]}", 212, 44, a4.ACT, weight=0.4, spacing=5)
    line("微信扫一扫　不用登录　不问您是谁", 235, 24, a4.INK, weight=0.2)
    line("No app, no account, no name, no location kept", 248, 15, a4.INK_2)
    line("和其他居民的合在一起，按街道向社会公布", 258, 18, a4.INK)
    if poster.is_demo:
        pdf.set_fill_color(*a4.WAIT_SOFT)
        pdf.rect(0, 270, a4.WIDTH, 11, style="F")
        line("演示数据，并非真实调查 · Demonstration only", 271.6, 15, a4.WAIT)
    line(f"{poster.label[0]}　{poster.label[1]}", 283, 13, a4.INK_2)
