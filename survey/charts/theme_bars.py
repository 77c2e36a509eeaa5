"""Word and place the picture of the themes: how many residents told of each, own or common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from survey.charts.figure import Drawing, Figure, Shape, footed, headed
from survey.charts.layout import STYLES
from survey.charts.words import period
from survey.formatting import language
from survey.queries.views import AdjustmentView, EvaluationView

MOST = 10
#: Told apart by shape: a filled diamond is the street's own, a hollow one common to the streets.
SIGNS = {"own": "◆", "common": "◇"}


@dataclass(frozen=True)
class ThemeBar:
    """A confirmed theme in the whole district. counted: streets in which it takes points."""

    label: str
    scope: str
    mentions: int
    respondents: int
    counted: int

    @property
    def share(self) -> float:
        """m / n, 0 … 1."""
        return self.mentions / self.respondents if self.respondents else 0.0


def theme_bars(view: EvaluationView) -> tuple[ThemeBar, ...]:
    """The confirmed themes of an evaluation, most told first, at most MOST; frozen figures."""
    found: dict[int, list[AdjustmentView]] = defaultdict(list)
    for street in view.streets:
        for one in street.adjustments:
            if one.is_confirmed:
                found[one.theme_id].append(one)
    n = sum(street.public.n for street in view.streets)
    bars = [
        ThemeBar(
            label=items[0].label,
            scope=items[0].scope,
            mentions=sum(one.mentions for one in items),
            respondents=n,
            counted=sum(not one.not_counted_because for one in items),
        )
        for items in found.values()
    ]
    return tuple(sorted(bars, key=lambda bar: (-bar.mentions, bar.label))[:MOST])


def themes_figure(view: EvaluationView) -> Figure | None:
    """The themes as bars from zero; None when none is confirmed."""
    bars = theme_bars(view)
    if not bars or not bars[0].mentions:
        return None
    first = bars[0]
    title = _(
        "Most told: %(theme)s, by %(share)s of the residents who answered",
        theme=first.label,
        share=f"{100 * first.share:.1f} %",
    )
    subtitle = _(
        "Share of valid answers that tell of each confirmed theme; %(period)s; n = %(n)s",
        period=period(view.wave),
        n=f"{first.respondents:,}",
    )
    return Figure(
        language=language(),
        title=title,
        subtitle=subtitle,
        drawings={size: _drawing(bars, title, subtitle, size) for size in STYLES},
    )


def _drawing(bars: Sequence[ThemeBar], title: str, subtitle: str, size: str) -> Drawing:
    style = STYLES[size]
    shapes, y = headed(title, subtitle, style)
    left, right = float(style.margin), float(style.width - style.margin)
    for bar in bars:
        y += style.text
        numbers = f"{100 * bar.share:.1f} %  m={bar.mentions:,}"
        room = int((right - left - 150) / style.text)
        label = bar.label if len(bar.label) <= room else bar.label[: room - 1] + "…"
        shapes += [
            Shape("text", left, y, "ink", text=f"{SIGNS[bar.scope]} {label}", size=style.text),
            Shape("text", right, y, "ink", text=numbers, size=style.small, align="right"),
        ]
        y += style.text * 0.9
        end = left + (right - left) * bar.share / bars[0].share
        shapes.append(Shape("rect", left, y, "line", x2=right, y2=y + 8))
        shapes.append(Shape("rect", left, y, "act", x2=end, y2=y + 8))
        y += 12
        if bar.counted:
            y += style.small * 0.6
            said = ngettext(
                "takes points in %(num)s street", "takes points in %(num)s streets", bar.counted
            )
            shapes.append(Shape("text", left, y, "ink-2", text=said, size=style.small))
            y += style.small * 0.8
        y += 4
    foot = _(
        "◆ the street’s own problem; ◇ common to the streets, which costs no street points. Bars "
        "start at zero."
    )
    more, y = footed([foot], style, y + 8)
    return Drawing(style.width, round(y), tuple(shapes + more))
