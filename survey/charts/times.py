"""Word and place the pictures of how long cases take, for a drawing inside the page.

Each is a Figure of placed shapes, wide and narrow; templates/macros/drawing.html puts it on the
page, and its table stands beneath it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from analysis.durations import TimeTo
from survey.charts.figure import Drawing, Figure, Shape
from survey.charts.layout import STYLES, Style, text_width
from survey.formatting import language, say_number
from survey.queries.case_times import CaseTimes

STEP_NAMES: Mapping[str, Any] = {
    "reply": _l("Reply"),
    "plan": _l("Plan"),
    "done": _l("Done, says the office"),
    "confirmed": _l("Confirmed by residents"),
}
AXIS_STEPS = (1, 2, 5, 7, 10, 14, 20, 30, 50, 100, 200, 365)
MOST_TICKS = 8
#: The curve is drawn up to the day by which so many have an answer.
NEARLY_ALL = 0.97


@dataclass(frozen=True)
class Promise:
    """What the policy promises for a reply, in working days, and those as calendar days."""

    working_days: int

    @property
    def days(self) -> int:
        """Calendar days of so many working days without a holiday: five make a week."""
        return round(self.working_days * 7 / 5)


def say_days(days: float | None) -> str:
    """11 or 11.5: medians of whole days are whole or halves."""
    if days is None:
        return "–"
    return say_number(days, 0 if days == int(days) else 1)


def say_median_interval(found: TimeTo) -> str:
    """The median's interval in days; where it has no end, that it has none."""
    if found.low is None:
        return "–"
    if found.high is None:
        return _("%(low)s or more", low=say_days(found.low))
    return f"{say_days(found.low)}–{say_days(found.high)}"


def day_axis(longest: float) -> tuple[int, tuple[int, ...]]:
    """The end of an axis of days from 0, and its ticks in round steps."""
    step = next((s for s in AXIS_STEPS if longest <= s * MOST_TICKS), AXIS_STEPS[-1])
    count = max(1, -(-int(longest + 0.999) // step))
    return step * count, tuple(range(0, step * count + 1, step))


def steps_figure(times: CaseTimes, promise: Promise) -> Figure:
    """The medians of the four steps with their intervals."""
    ends = [d for _n, t in times.steps for d in (t.low, t.median, t.high) if d is not None]
    end, ticks = day_axis(max([*ends, promise.days]))
    return Figure(
        language=language(),
        title=_("Days from what was said to each step"),
        subtitle=_(
            "The dot: half of the cases are there. The bar: %(level)s interval.", level="95 %"
        ),
        drawings={
            size: _steps(times, promise, end, ticks, style) for size, style in STYLES.items()
        },
    )


def _steps(
    times: CaseTimes, promise: Promise, end: int, ticks: tuple[int, ...], style: Style
) -> Drawing:
    left = 14.0 if style.stacked else 210.0
    right = style.width - (16.0 if style.stacked else 290.0)
    row, first = (84, 52) if style.stacked else (56, 32)

    def across(days: float) -> float:
        return left + (right - left) * min(days, end) / end

    marks: list[Shape] = []
    for number, (step, found) in enumerate(times.steps):
        y = first + row * number + row / 2 - (16 if style.stacked else 28)
        marks += _step_words(step, found, y, style)
        if step == "reply":
            marks += _promise_mark(promise, across(promise.days), y, left, right, style)
        marks += _interval(found, y, across, right)
    bottom = first + row * len(times.steps) - (22 if style.stacked else 30)
    grid = []
    for tick in ticks:
        x = across(tick)
        grid.append(Shape("line", x, 12, "line", x2=x, y2=bottom))
        grid.append(
            Shape("text", x, bottom + 14, "ink-2", text=str(tick), size=style.small, align="center")
        )
    grid.append(
        Shape("text", right, bottom + 34, "ink-2", text=_("days"), size=style.small, align="right")
    )
    return Drawing(style.width, round(bottom + 46), tuple(grid + marks))


def _step_words(step: str, found: TimeTo, y: float, style: Style) -> list[Shape]:
    name = str(STEP_NAMES[step])
    days = found.median
    value = (
        "–"
        if days is None
        else ngettext("%(days)s day", "%(days)s days", int(days + 0.5), days=say_days(days))
    )
    counts = _("n = %(n)s, %(open)s still open", n=found.n, open=found.still_open)
    interval = _("95 %%: %(interval)s", interval=say_median_interval(found)) if found.low else ""
    if style.stacked:
        more = f"{interval} · {counts}" if interval else counts
        return [
            Shape("text", 14, y - 24, "ink", text=name, size=style.text, bold=True),
            Shape(
                "text",
                style.width - 16,
                y - 24,
                "ink",
                text=value,
                size=16,
                align="right",
                bold=True,
            ),
            Shape("text", 14, y + 20, "ink-2", text=more, size=style.small),
        ]
    x = style.width - 266
    return [
        Shape("text", 0, y, "ink", text=name, size=style.text, bold=True),
        Shape("text", x, y - 9, "ink", text=value, size=17, bold=True),
        Shape(
            "text",
            x,
            y + 11,
            "ink-2",
            text=" · ".join(filter(None, (interval, counts))),
            size=style.small,
        ),
    ]


def _promise_mark(
    promise: Promise, x: float, y: float, left: float, right: float, style: Style
) -> list[Shape]:
    words = _("promised: %(days)s working days", days=promise.working_days)
    wide = text_width(words, style.small)
    at_right = x + 8 + wide > right
    foot = y - (42 if style.stacked else 26)
    return [
        Shape("line", x, foot + 8, "wait", x2=x, y2=y + 9, width=2),
        Shape(
            "text",
            max(x - 6, left + wide) if at_right else x + 6,
            foot + 2,
            "wait",
            text=words,
            size=style.small,
            align="right" if at_right else "left",
        ),
    ]


def _interval(found: TimeTo, y: float, across: Any, right: float) -> list[Shape]:
    shapes = []
    if found.low is not None:
        x2 = right if found.high is None else across(found.high)
        shapes.append(Shape("line", across(found.low), y, "range", x2=x2, y2=y, width=9))
        if found.high is None:
            # It goes on beyond the picture.
            for dy in (-7, 7):
                shapes.append(Shape("line", right - 9, y + dy, "act", x2=right, y2=y, width=2.5))
    if found.median is not None:
        shapes.append(Shape("dot", across(found.median), y, "act", size=13))
    return shapes


def curve_figure(reply: TimeTo, promise: Promise) -> Figure | None:
    """The share that has an answer by each day, with its limits; None without an answer."""
    if not reply.curve.days:
        return None
    days, longer = reply.curve.days, reply.curve.longer
    nearly = next(
        (d for d, s in zip(days, longer, strict=True) if s <= 1 - NEARLY_ALL), reply.longest
    )
    end, ticks = day_axis(max(7, promise.days + 4, min(reply.longest, nearly * 1.1)))
    title = _("Residents’ matters that have an answer by each day")
    subtitle = _(
        "Share by days since it was said; the pale band: 95 %% interval; n = %(n)s",
        n=f"{reply.n:,}",
    )
    return Figure(
        language=language(),
        title=title,
        subtitle=subtitle,
        drawings={
            size: _curve(reply, promise, end, ticks, style) for size, style in STYLES.items()
        },
    )


def _curve(
    reply: TimeTo, promise: Promise, end: int, ticks: tuple[int, ...], style: Style
) -> Drawing:
    height = 290 if style.stacked else 380
    left, right = (44.0, style.width - 14.0) if style.stacked else (56.0, style.width - 24.0)
    top, bottom = 30.0, height - 50.0

    def across(days: float) -> float:
        return left + (right - left) * min(days, end) / end

    def up(share: float) -> float:
        return bottom - (bottom - top) * share

    shapes: list[Shape] = []
    for percent in (0, 25, 50, 75, 100):
        y = up(percent / 100)
        shapes.append(Shape("line", left, y, "line", x2=right, y2=y))
        shapes.append(
            Shape(
                "text", left - 8, y, "ink-2", text=f"{percent} %", size=style.small, align="right"
            )
        )
    # On a phone every second number is enough.
    shown = ticks[::2] if style.stacked and len(ticks) > 6 else ticks
    shapes += [
        Shape(
            "text",
            across(tick),
            bottom + 16,
            "ink-2",
            text=str(tick),
            size=style.small,
            align="center",
        )
        for tick in shown
    ]
    shapes.append(
        Shape(
            "text",
            right,
            bottom + 36,
            "ink-2",
            text=_("days since it was said"),
            size=style.small,
            align="right",
        )
    )
    shapes += _curve_steps(reply, end, across, up)
    shapes += _by_promise(reply, promise, across, up, right, style)
    shapes += _half_mark(reply, end, across, up, left, style)
    return Drawing(style.width, height, tuple(shapes))


def _curve_steps(reply: TimeTo, end: int, across: Any, up: Any) -> list[Shape]:
    """The band and the curve: level from one day with an answer to the next."""
    last = min(end, max(reply.longest, reply.curve.days[-1]))
    days = [0, *(day for day in reply.curve.days if day < last), last]
    points = [(day, *reply.curve.limits_at(day)) for day in days]
    band, line = [], []
    for (day, longer, low, high), (following, after, _low, _high) in pairwise(points):
        x, x2 = across(day), across(following)
        if x2 > x:
            band.append(Shape("rect", x, up(1 - low), "pick", x2=x2, y2=up(1 - high)))
            line.append(Shape("line", x, up(1 - longer), "act", x2=x2, y2=up(1 - longer), width=3))
        line.append(Shape("line", x2, up(1 - longer), "act", x2=x2, y2=up(1 - after), width=3))
    return band + line


def _half_mark(
    reply: TimeTo, end: int, across: Any, up: Any, left: float, style: Style
) -> list[Shape]:
    if reply.median is None or reply.median > end:
        return []
    x = across(reply.median)
    words = _("half within %(days)s days", days=say_days(reply.median))
    return [
        Shape("line", left, up(0.5), "ink-2", x2=x, y2=up(0.5), width=1.5),
        Shape("line", x, up(0.5), "ink-2", x2=x, y2=up(0), width=1.5),
        Shape("dot", x, up(0.5), "act", size=12),
        Shape("text", x + 10, up(0.36), "ink", text=words, size=style.text, bold=True),
    ]


def _by_promise(
    reply: TimeTo, promise: Promise, across: Any, up: Any, right: float, style: Style
) -> list[Shape]:
    x = across(promise.days)
    shapes = [Shape("line", x, up(1) - 14, "wait", x2=x, y2=up(0), width=2)]
    lines = [_("promised: %(days)s working days", days=promise.working_days)]
    if reply.longest >= promise.days:
        share = 1 - reply.curve.share_at(promise.days)
        shapes.append(Shape("dot", x, up(share), "wait", size=11))
        lines.append(_("%(share)s have an answer", share=f"{100 * share:.0f} %"))
    wide = max(text_width(line, style.small) for line in lines)
    at_right = x + 10 + wide > right
    for number, words in enumerate(lines):
        shapes.append(
            Shape(
                "text",
                x - 8 if at_right else x + 8,
                up(0.17) + number * (style.small + 5),
                "wait",
                text=words,
                size=style.small,
                align="right" if at_right else "left",
                bold=number == 1,
            )
        )
    return shapes


def curve_days(reply: TimeTo, promise: Promise) -> tuple[int, ...]:
    """The days that the curve's table names: round ones, and the promise's."""
    wanted = {1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180, 365, promise.days}
    return tuple(sorted(day for day in wanted if day <= reply.longest)) or (reply.longest,)
