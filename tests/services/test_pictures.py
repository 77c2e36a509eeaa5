"""Pictures: equal charts have equal keys, are drawn once, and look as they should."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from survey import children
from survey.charts import VARIANTS
from survey.charts.layout import axis, place, wrap
from survey.charts.model import Chart, Group, Mark, Row
from survey.charts.palette import DARK, FONT, LIGHT
from survey.models import Picture, db
from survey.services import pictures
from tests.factories import NOW

ROOT = Path(__file__).parents[2]
TOKENS = ROOT / "survey/static/css/tokens.css"


def chart(**changes: object) -> Chart:
    rows = tuple(
        Row(name, Mark(v, v - 3, v + 2), f"{v}", f"{v - 3}–{v + 2}", "120", in_band=i < 2)
        for i, (name, v) in enumerate([("月湖街道", 78.0), ("海滨街道", 77.0), ("石坊街道", 61.0)])
    )
    made = Chart(
        language="zh",
        title="评分在 61.0 至 78.0 之间",
        subtitle="满意度",
        columns=("街道", "满意度", "区间", "n", ""),
        groups=(Group("", rows, "差异不显著", lines=((1, 2),)),),
        foot=("来源",),
        reference=72.0,
        reference_text="全区 72.0",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_the_key_depends_on_everything_on_the_picture_and_on_nothing_else() -> None:
    keys = pictures.picture_keys("district", chart().to_params())
    assert len(set(keys.values())) == len(VARIANTS)
    assert pictures.picture_keys("district", chart().to_params()) == keys
    for other in (chart(title="x"), chart(language="en"), chart(reference=72.1)):
        found = pictures.picture_keys("district", other.to_params())
        assert not set(found.values()) & set(keys.values())


def test_a_chart_survives_the_queue() -> None:
    assert Chart.from_params(chart().to_params()) == chart()


def test_a_picture_is_drawn_once_and_shows_what_was_asked_for(app: Flask) -> None:
    params = chart().to_params()
    keys = pictures.picture_keys("district", params)
    with app.app_context():
        assert pictures.draw("district", params, now=NOW) is True
        assert pictures.draw("district", params, now=NOW) is False
        found = {row.key: row.svg for row in db.session.query(Picture)}
    assert set(found) == set(keys.values())
    for variant, key in keys.items():
        size, theme = variant.split("-")
        svg = found[key]
        root = ET.fromstring(svg)
        at = place(chart(), size)
        assert (float(root.attrib["width"]), float(root.attrib["height"])) == (
            at.style.width,
            at.height,
        )
        for text in ("月湖街道", "差异不显著", "全区 72.0", "来源"):
            assert text in svg, (variant, text)
        assert FONT.replace('"', "&quot;") in svg
        palette = DARK if theme == "dark" else LIGHT
        colours = set(re.findall(r'(?:fill|stroke)="(#\w+)"', svg))
        # Nothing is drawn in a colour of the other theme, nothing is black by neglect.
        assert colours <= set(palette.values()), variant
        assert 'fill="black"' not in svg
        for text in root.iter("{http://www.w3.org/2000/svg}text"):
            assert text.attrib["fill"] in palette.values()
        # Intervals before points: what is drawn later lies on top.
        assert svg.rindex('stroke-width="4"') < svg.index('class="mark-symbol')
        assert "style=" not in svg
        assert "<script" not in svg


def test_a_failed_drawing_keeps_nothing(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(children.ChildFailed, match="status 1"):
            pictures.draw("district", {"nonsense": True}, now=NOW)
        assert db.session.query(Picture).count() == 0


def test_a_child_that_takes_too_long_is_ended() -> None:
    with pytest.raises(children.ChildFailed, match="took more than"):
        children.run([sys.executable, "-c", "import time; time.sleep(60)"], seconds=0.3)


def test_the_colours_are_those_of_the_pages() -> None:
    light, dark = TOKENS.read_text(encoding="utf-8").split("prefers-color-scheme: dark")
    for text, palette in ((light, LIGHT), (dark, DARK)):
        for name, colour in palette.items():
            token = re.search(rf"--{name}: (#\w+);", text)
            assert token is not None
            value = token.group(1)
            if len(value) == 4:
                value = "#" + "".join(c * 2 for c in value[1:])
            assert value == colour, name


def test_the_web_draws_nothing_itself() -> None:
    code = (
        "import sys; from survey import create_app; create_app(); "
        "print([m for m in ('altair', 'vl_convert', 'sklearn', 'jieba', 'openpyxl') "
        "if m in sys.modules])"
    )
    assert children.run([sys.executable, "-c", code], seconds=60).strip() == b"[]"


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_nothing_leaves_the_picture(size: str) -> None:
    at = place(chart(), size)
    assert 0 <= at.x0 < at.x1 <= at.style.width
    ys = [placed.y for placed in at.rows]
    assert ys == sorted(ys)
    assert all(0 < y < at.height for y in [*ys, at.tick_y, *(y for _t, y in at.foot)])
    (band,) = at.bands
    assert band[0] < ys[0] < ys[1] < band[1] < ys[2]


def test_the_axis_holds_every_interval_in_round_steps() -> None:
    low, high, ticks = axis([Mark(71.0, 68.2, 73.0), Mark(98.0, 95.0, 100.0)], 75.0)
    assert low <= 68.2
    assert high == 100.0
    assert ticks[0] == low
    assert ticks[-1] == high
    assert axis([Mark(0.0, 0.0, 0.0)], None)[:2] == (0.0, 1.0)


def test_lines_break_at_spaces_and_within_chinese_but_not_before_a_comma() -> None:
    assert wrap("one two three", 10, 40) == ["one two", "three"]
    lines = wrap("公众评分在色带内的，街道差异不显著", 10, 90)
    assert all(len(line) <= 10 for line in lines)
    assert not any(line.startswith("，") for line in lines)
    assert "".join(lines) == "公众评分在色带内的，街道差异不显著"
