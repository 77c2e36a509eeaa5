"""Word and place the picture of the effective weights: one bar of what makes the differences."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from survey.charts.figure import Drawing, Figure, Shape, footed, headed
from survey.charts.layout import STYLES
from survey.charts.words import period
from survey.formatting import language
from survey.queries.policies import kept_policy
from survey.queries.views import EvaluationView

BAR = 40


def weights_figure(view: EvaluationView) -> Figure | None:
    """A bar a group: how much of the differences in F the two sides make. None without one."""
    alpha = kept_policy(view.wave.policy_id).alpha
    rows = [
        (group.name, direct, residents)
        for group in view.groups
        if (direct := group.effective_weights.get("direct")) is not None
        and (residents := group.effective_weights.get("public")) is not None
    ]
    if not rows or not view.has_direct:
        return None
    _name, direct, residents = rows[0]
    title = (
        _(
            "Residents make %(public)s of the differences between streets, the direct assessment "
            "%(direct)s",
            public=f"{100 * residents:.0f} %",
            direct=f"{100 * direct:.0f} %",
        )
        if len(rows) == 1
        else _("What makes the differences between streets, by group")
    )
    subtitle = _(
        "Effective weights in the combined score F; by the policy the direct assessment weighs "
        "%(alpha)s; %(period)s; %(count)s streets",
        alpha=f"{100 * alpha:.0f} %",
        period=period(view.wave),
        count=sum(len(group.codes) for group in view.groups),
    )
    return Figure(
        language=language(),
        title=title,
        subtitle=subtitle,
        drawings={size: _drawing(rows, title, subtitle, size) for size in STYLES},
    )


def _drawing(
    rows: Sequence[tuple[str, float, float]], title: str, subtitle: str, size: str
) -> Drawing:
    style = STYLES[size]
    shapes, y = headed(title, subtitle, style)
    left, right = float(style.margin), float(style.width - style.margin)
    for name, direct, residents in rows:
        if len(rows) > 1:
            y += style.text
            shapes.append(Shape("text", left, y, "ink", text=name, size=style.text, bold=True))
            y += style.text
        middle = left + (right - left) * direct / ((direct + residents) or 1.0)
        for start, end, colour in ((left, middle, "edge"), (middle, right, "act")):
            shapes.append(Shape("rect", start, y, colour, x2=end, y2=y + BAR))
        # A gap tells the parts apart without their colour.
        shapes.append(Shape("line", middle, y, "card", x2=middle, y2=y + BAR, width=4))
        y += BAR + style.text
        words = (
            (left, "left", _("Direct assessment %(share)s", share=f"{100 * direct:.0f} %")),
            (right, "right", _("Residents %(share)s", share=f"{100 * residents:.0f} %")),
        )
        for x, align, text in words:
            shapes.append(
                Shape("text", x, y, "ink", text=text, size=style.text, align=align, bold=True)
            )
        y += style.text + 8
    foot = _(
        "A side that hardly differs between streets decides little, whatever weight the policy "
        "gives it."
    )
    more, y = footed([foot], style, y)
    return Drawing(style.width, round(y), tuple(shapes + more))
