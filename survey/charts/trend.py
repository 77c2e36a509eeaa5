"""Word the picture of the trend: the public score of every street, wave by wave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from analysis.types import Estimate
from survey.charts.combined import is_usable
from survey.charts.figure import Figure
from survey.charts.layout import STYLES
from survey.charts.trend_layout import Panel, Sheet, trend_drawing
from survey.charts.words import interval_name
from survey.formatting import by_language, language, say_number
from survey.queries.views import EvaluationView, StreetEvaluation
from survey.queries.year_views import YearView
from survey.wording import say_reason

#: Beyond it a panel is too small to read: the table stands alone.
MOST_STREETS = 24


@dataclass(frozen=True)
class Moved:
    """How many streets went up or down significantly since the last wave, of those compared."""

    up: int
    down: int
    compared: int


def moved(view: EvaluationView) -> Moved:
    """Count the changes that the year may show; none are compared without a year."""
    changes = [
        change
        for street in view.streets
        if view.year and (change := view.year.streets[street.street.code].shown_change)
    ]
    clear = [change.value for change in changes if change.clear]
    return Moved(sum(v > 0 for v in clear), sum(v < 0 for v in clear), len(changes))


def say_moved(found: Moved) -> str:
    """The finding in one sentence."""
    if not found.compared:
        return _("No street can be compared with the last wave")
    if not found.up and not found.down:
        return ngettext(
            "The one street that can be compared did not change significantly since the last wave",
            "None of the %(num)s streets changed significantly since the last wave",
            found.compared,
        )
    return _(
        "Of %(all)s streets, %(up)s rose and %(down)s fell significantly since the last wave",
        all=found.compared,
        up=found.up,
        down=found.down,
    )


def trend_figure(view: EvaluationView) -> Figure | None:
    """A panel a street with its score of every wave of the pool.

    None without an earlier wave, with more than MOST_STREETS streets, or when no score may be
    shown. Drawn from frozen figures alone.
    """
    year = view.year
    if year is None or len(year.waves) < 2 or len(view.streets) > MOST_STREETS:
        return None
    waves = tuple(reversed(year.waves))
    district = district_line(view, waves)
    ordered = [
        street
        for group in view.groups
        for street in sorted(view.streets, key=lambda one: one.street.code)
        if street.street.peer_group == group.name
    ]
    panels = [_panel(street, year, waves, is_only=len(view.groups) == 1) for street in ordered]
    if not any(point for panel in panels for point in panel.points):
        return None
    drawn = [
        one
        for street in ordered
        for one in year.streets[street.street.code].trend.values()
        if is_usable(one)
    ]
    title = say_moved(moved(view))
    said = {"interval": interval_name(drawn), "first": waves[0], "last": waves[-1]}
    subtitle = (
        _(
            "Public score P of each wave, 0 to 100, with its %(interval)s; %(first)s to %(last)s",
            **said,
        )
        if all(score is None for score in district)
        else _(
            "Public score P of each wave, 0 to 100, with its %(interval)s; %(first)s to %(last)s; "
            "grey line: the district",
            **said,
        )
    )
    sheet = Sheet(title, subtitle, waves, district, tuple(panels), tuple(_foot(view, ordered)))
    return Figure(
        language=language(),
        title=title,
        subtitle=subtitle,
        drawings={size: trend_drawing(sheet, size) for size in STYLES},
    )


def district_line(view: EvaluationView, waves: Sequence[str]) -> tuple[float | None, ...]:
    """The district's P of each wave: the mean of its streets weighted by their residents.

    None for a wave in which a street has no score that may be shown: it would not be the
    district's without it (as `analysis.estimate.district_estimate`). Residents are those of now.
    """
    return tuple(_district_score(view, wave) for wave in waves)


def _district_score(view: EvaluationView, wave: str) -> float | None:
    total = weighted = 0.0
    for street in view.streets:
        trend = view.year.streets[street.street.code].trend if view.year else {}
        one = trend.get(wave)
        if one is None or one.value is None or not is_usable(one):
            return None
        total += street.street.population
        weighted += street.street.population * one.value
    return weighted / total if total else None


def _panel(
    street: StreetEvaluation, year: YearView, waves: Sequence[str], *, is_only: bool
) -> Panel:
    found = year.streets[street.street.code]
    now = found.trend.get(waves[-1])
    change = found.shown_change
    if now is None or not is_usable(now):
        note = _("not shown")
    elif change is None:
        note = _("not compared")
    elif change.clear:
        arrow = "▲" if change.value > 0 else "▼"
        note = f"{arrow} {change.value:+.1f}".replace("-", "−")
    else:
        note = _("not significant")
    return Panel(
        group="" if is_only else street.street.peer_group,
        name=by_language(*street.street.name),
        value=say_number(now.value) if now is not None and is_usable(now) else "–",
        note=note,
        is_clear=change is not None and change.clear,
        points=tuple(_point(found.trend.get(wave)) for wave in waves),
    )


def _point(estimate: Estimate | None) -> tuple[float, float, float] | None:
    """(value, low, high), rounded to less than a pixel; None where it may not be shown."""
    if estimate is None or not is_usable(estimate):
        return None
    numbers = (estimate.value or 0.0, estimate.low or 0.0, estimate.high or 0.0)
    value, low, high = (round(number, 2) for number in numbers)
    return value, low, high


def _foot(view: EvaluationView, streets: Sequence[StreetEvaluation]) -> list[str]:
    lines = [
        _(
            "▲ ▼ with a shaded ground: the change since the last wave is significant, its "
            "interval (95 %) does not include 0. Each street is tested for itself, so one in "
            "twenty would be marked by chance alone. One scale for all."
        )
    ]
    hidden = [
        f"{by_language(*street.street.name)} ({say_reason(street.public.suppressed_because)})"
        for street in streets
        if street.public.suppressed_because
    ]
    if hidden:
        lines.append(_("Not shown: %(names)s.", names=_(", ").join(hidden)))
    if view.wave.is_demo:
        lines.append(_("Demonstration data: made up, not a real survey."))
    return lines
