"""Every picture of an evaluation in a real browser: neither blank nor black, Chinese, no wider."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace

import pytest
from flask import Flask
from flask_babel import force_locale
from PIL import Image
from playwright.sync_api import Browser

from survey import children
from survey.charts.combined import combined_chart
from survey.charts.pyramid import pyramid_figure
from survey.charts.theme_bars import themes_figure
from survey.charts.trend import trend_figure
from survey.charts.weights import weights_figure
from survey.queries.evaluation import published_evaluation
from tests.published import SECOND, published_copy


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_a_browser_shows_a_picture_with_chinese_and_not_a_blank_or_black_one(
    app: Flask, browser: Browser, size: str
) -> None:
    published_copy(app)
    with app.app_context(), force_locale("zh_Hans_CN"):
        found = published_evaluation(SECOND)
        assert found is not None
        weights = {"direct": 0.25, "public": 0.75}
        groups = tuple(replace(group, effective_weights=weights) for group in found.groups)
        view = replace(found, groups=groups)
        made = [weights_figure(view), themes_figure(view), trend_figure(view), pyramid_figure(view)]
        shown = [*made, combined_chart(view)]
    wanted = [one.to_params() for one in shown if one is not None]
    assert len(wanted) >= 4
    command = [sys.executable, "-m", "survey.charts"]
    drawn = json.loads(children.run(command, seconds=90, given=json.dumps(wanted).encode()))
    page = browser.new_page(viewport={"width": 360 if size == "narrow" else 1280, "height": 800})
    for variants in drawn:
        svg = variants[f"{size}-light"]
        page.set_content(f"<body style='margin:0'>{svg}</body>")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        image = Image.open(io.BytesIO(page.locator("svg").screenshot())).convert("L")
        greys = image.histogram()
        total = sum(greys)
        assert 0.4 < sum(greys[230:]) / total < 0.995
        assert 0.001 < sum(greys[:120]) / total < 0.4
        # Different characters look different: boxes in place of glyphs would be all the same.
        looks = page.evaluate(
            """() => ['街', '评', '龘'].map(c => {
              const canvas = document.createElement('canvas');
              const pen = canvas.getContext('2d');
              const text = document.querySelector('svg text');
              pen.font = '24px ' + getComputedStyle(text).fontFamily;
              pen.fillText(c, 0, 24);
              return canvas.toDataURL();
            })"""
        )
        assert looks[0] != looks[1]
    page.close()
