"""Word and place the pyramid: who answered against who lives there, by age and sex."""

from __future__ import annotations

import math
from collections.abc import Iterator

from flask_babel import gettext as _
from flask_babel import ngettext

from survey.charts.figure import Drawing, Figure, Shape, footed, headed
from survey.charts.layout import STYLES, Style, text_width
from survey.charts.words import period
from survey.formatting import language
from survey.queries.policies import kept_policy
from survey.queries.pyramid import CrossedCoverage
from survey.queries.views import EvaluationView
from survey.wording import say_category

#: Up to this difference of shares no group is called missing.
CLOSE = 0.01
BAR, OUTLINE = 20, 28


def say_group(name: str, variable: str) -> str:
    """An age band or another category in words."""
    if variable == "age_band" and name.endswith("+"):
        return _("%(age)s years and over", age=name.removesuffix("+"))
    if variable == "age_band":
        return _("%(band)s years", band=name.replace("-", "–"))
    return say_category(name)


def say_share(share: float | None, least: int) -> str:
    """A share in per cent; for a hidden count that it is one."""
    return f"<{least}" if share is None else f"{100 * share:.1f} %"


def most_missing(found: CrossedCoverage) -> tuple[str, str, float, float] | None:
    """(category, variable, share of the answers, share of the residents) of the widest gap.

    Of whole rows and sides, for which residents are counted and not estimated; those with a
    hidden cell are passed over. None when no gap is wider than CLOSE.
    """
    groups = [
        (row, found.row_variable, found.answer_share(row=row), found.resident_share(row=row))
        for row in found.rows
    ] + [
        (one, found.side_variable, found.answer_share(side=one), found.resident_share(side=one))
        for one in found.sides
    ]
    gaps = [(name, var, share, lives) for name, var, share, lives in groups if share is not None]
    widest = max(gaps, key=lambda gap: gap[3] - gap[2], default=None)
    return widest if widest is not None and widest[3] - widest[2] > CLOSE else None


def pyramid_figure(view: EvaluationView) -> Figure | None:
    """The district's coverage; None when it was not kept. Drawn from `view` alone."""
    found = view.coverage
    if found is None:
        return None
    missing = most_missing(found)
    title = (
        _("No age group and neither sex is missing: answers and residents are alike")
        if missing is None
        else _(
            "Missing most: %(group)s, %(answers)s of the answers but %(residents)s of the "
            "residents",
            group=say_group(missing[0], missing[1]),
            answers=f"{100 * missing[2]:.0f} %",
            residents=f"{100 * missing[3]:.0f} %",
        )
    )
    subtitle = _(
        "Valid answers against adult residents by age and sex, as shares of all; %(period)s; "
        "n = %(n)s",
        period=period(view.wave),
        n=f"{found.answers:,}",
    ).replace("n = ", "n\u00a0=\u00a0")
    least = kept_policy(view.wave.policy_id).min_cell
    foot = _foot(found, least, is_demo=view.wave.is_demo)
    return Figure(
        language=language(),
        title=title,
        subtitle=subtitle,
        drawings={
            size: _drawing(found, title, subtitle, foot, size=size, least=least) for size in STYLES
        },
    )


def _foot(found: CrossedCoverage, least: int, *, is_demo: bool) -> list[str]:
    lines = [
        _(
            "Residents are counted by age and by sex; the outlines of both together are estimated "
            "within each street as if the two were independent. Weights make up for the gaps, at "
            "the price of wider intervals. Bars start at zero."
        )
    ]
    if found.untold:
        lines.append(
            ngettext(
                "%(num)s answer that does not tell both is left out.",
                "%(num)s answers that do not tell both are left out.",
                found.untold,
            )
        )
    if any(cell.answers is None for cell in found.cells):
        lines.append(
            _(
                "Groups of fewer than %(least)s answers, and those that would give them away, "
                "have no bar.",
                least=least,
            )
        )
    if is_demo:
        lines.append(_("Demonstration data: made up, not a real survey."))
    return lines


def _drawing(
    found: CrossedCoverage, title: str, subtitle: str, foot: list[str], *, size: str, least: int
) -> Drawing:
    style = STYLES[size]
    shapes, y = headed(title, subtitle, style)
    shapes += _legend(y, style)
    y += style.text * 2.4
    names = {
        row: row.replace("-", "–") if style.stacked else say_group(row, found.row_variable)
        for row in found.rows
    }
    middle = style.width / 2
    gutter = max(text_width(name, style.text) for name in names.values()) / 2 + 12
    # Men at the left and women at the right, as pyramids are drawn.
    sides = [(found.sides[1], -1), (found.sides[0], 1)]
    reach = middle - gutter - style.margin - (0 if style.stacked else 108)
    most = max(
        max(
            found.answer_share(row=row, side=side) or 0.0,
            found.resident_share(row=row, side=side),
        )
        for row in found.rows
        for side in found.sides
    )
    scale = reach / most
    for side, direction in sides:
        shapes += _side_head(found, side, direction, middle + direction * gutter, y, style)
    y += style.text * (1.5 if not style.stacked else 2.8)
    top, height = y, OUTLINE + (style.small * 1.5 + 8 if style.stacked else 10)
    # The oldest on top.
    for row in reversed(found.rows):
        at = y + OUTLINE / 2
        shapes.append(
            Shape("text", middle, at, "ink", text=names[row], size=style.text, align="center")
        )
        for side, direction in sides:
            shapes += _bar(
                (found.answer_share(row=row, side=side), found.resident_share(row=row, side=side)),
                middle + direction * gutter,
                direction * scale,
                at,
                style=style,
                least=least,
            )
        y += height
    for _side, direction in sides:
        x = middle + direction * gutter
        shapes.append(Shape("line", x, top - 4, "edge", x2=x, y2=y - 6))
    more, y = footed(foot, style, y + style.small * 0.6)
    return Drawing(style.width, round(y), tuple(shapes + more))


def _legend(y: float, style: Style) -> Iterator[Shape]:
    """What a bar and an outline stand for; the numbers come in the same order."""
    x, at = float(style.margin), y + style.text * 0.7
    answers, residents = _("answers"), _("adult residents")
    yield Shape("rect", x, at - 6, "act", x2=x + 22, y2=at + 6)
    yield Shape("text", x + 28, at, "ink", text=answers, size=style.small)
    x += 28 + text_width(answers, style.small) + 24
    yield Shape("outline", x, at - 8, "ink", x2=x + 22, y2=at + 8, width=1.5)
    yield Shape("text", x + 28, at, "ink", text=residents, size=style.small)


def _side_head(
    found: CrossedCoverage, side: str, direction: int, x: float, y: float, style: Style
) -> Iterator[Shape]:
    """The side with its own shares, on two lines where there is no room for one."""
    name = say_category(side)
    name = name[:1].upper() + name[1:]
    align = "left" if direction > 0 else "right"
    share = found.answer_share(side=side)
    numbers = (
        f"{100 * share:.1f} % / {100 * found.resident_share(side=side):.1f} %" if share else ""
    )
    said = name if style.stacked else f"{name}  {numbers}"
    yield Shape("text", x, y, "ink", text=said, size=style.text, align=align, bold=True)
    if style.stacked:
        y += style.text * 1.3
        yield Shape("text", x, y, "ink-2", text=numbers, size=style.small, align=align)


def _bar(
    shares: tuple[float | None, float],
    x: float,
    scale: float,
    at: float,
    *,
    style: Style,
    least: int,
) -> Iterator[Shape]:
    """Bar, outline and numbers of one cell. scale: pixels of the whole, negative to the left."""
    share, lives = shares
    if share:
        start, end = sorted((x, x + share * scale))
        yield Shape("rect", start, at - BAR / 2, "act", x2=end, y2=at + BAR / 2)
    start, end = sorted((x, x + lives * scale))
    yield Shape("outline", start, at - OUTLINE / 2, "ink", x2=end, y2=at + OUTLINE / 2, width=1.5)
    text = f"{say_share(share, least)} / {say_share(lives, least)}"
    align = "left" if scale > 0 else "right"
    if style.stacked:
        y = at + OUTLINE / 2 + style.small * 0.9
    else:
        x, y = x + max(share or 0.0, lives) * scale + math.copysign(8, scale), at
    yield Shape("text", x, y, "ink-2", text=text, size=style.small, align=align)
