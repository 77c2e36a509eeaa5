"""Word and place the picture of where the days of cases went: a bar a holder, a part a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from survey.charts.figure import Drawing, Figure, Shape
from survey.charts.layout import STYLES, Style, text_width
from survey.formatting import by_language, language, say_number
from survey.queries.case_times import NOT_THE_HOLDERS, WAYS, CaseTimes

STEP_WORDS: Mapping[str, Any] = {
    "unopened": _l("said, not yet a case"),
    "received": _l("received, nobody has taken it up"),
    "accepted": _l("accepted, without a plan"),
    "planned": _l("planned, not yet done"),
    "not_confirmed": _l("residents say: not solved"),
    "out_of_remit_asked": _l("out of remit? being decided"),
    "done": _l("done, residents are asked"),
}
#: Whose the days are that are no office's own.
NOT_HOLDER_WORDS: Mapping[str, Any] = {
    "unopened": _l("Before it was a case"),
    "out_of_remit_asked": _l("Evaluation office"),
    "done": _l("Residents"),
}
COLOURS = {
    "unopened": "level-dk",
    "received": "level-2",
    "accepted": "level-4",
    "planned": "level-5",
    "not_confirmed": "level-1",
    "out_of_remit_asked": "edge",
    "done": "level-3",
}


#: Departments that have a bar of their own; the table has every one.
MOST_BARS = 8


@dataclass(frozen=True)
class Hand:
    """Who had the cases, for how many days, by step. kind: street, department or other."""

    name: str
    kind: str
    days: float
    per_case: float
    steps: Mapping[str, float]


def hands(times: CaseTimes, *, is_one_street: bool) -> tuple[Hand, ...]:
    """All days of the cases by whose they were, in the order of the way; they add up to all."""
    others = {
        one.step: Hand(
            str(NOT_HOLDER_WORDS[one.step]), "other", one.days, one.per_case, {one.step: one.days}
        )
        for one in times.by_step
        if one.step in NOT_THE_HOLDERS
    }
    holders = [
        Hand(
            name=by_language(*one.name)
            if one.department
            else (_("Street office") if is_one_street else _("Street offices")),
            kind="department" if one.department else "street",
            days=one.days,
            per_case=one.per_case,
            steps={part.step: part.days for part in one.steps},
        )
        for one in times.by_holder
    ]
    before = [others[step] for step in ("unopened",) if step in others]
    after = [others[step] for step in ("out_of_remit_asked", "done") if step in others]
    return (*before, *holders, *after)


def with_departments(found: tuple[Hand, ...]) -> float | None:
    """The share of the offices' days that departments had; None without any days."""
    own = sum(hand.days for hand in found if hand.kind != "other")
    return sum(h.days for h in found if h.kind == "department") / own if own else None


def steps_there(found: tuple[Hand, ...]) -> tuple[str, ...]:
    """The steps in which any day was spent, in the order of the way."""
    return tuple(step for step in WAYS if any(hand.steps.get(step) for hand in found))


def hands_figure(found: tuple[Hand, ...]) -> Figure | None:
    """A bar of days a case for everybody who had them; None without any days."""
    found = _drawn(found)
    longest = max((hand.per_case for hand in found), default=0.0)
    if not longest:
        return None
    return Figure(
        language=language(),
        title=_("In whose hands the cases were, in days a case"),
        subtitle=_("Mean over all cases; together the bars are all days so far."),
        drawings={size: _bars(found, longest, style) for size, style in STYLES.items()},
    )


def _drawn(found: tuple[Hand, ...]) -> tuple[Hand, ...]:
    """The same with the departments of the fewest days as one."""
    departments = [hand for hand in found if hand.kind == "department"]
    if len(departments) <= MOST_BARS:
        return found
    rest = departments[MOST_BARS - 1 :]
    steps = {step: sum(hand.steps.get(step, 0.0) for hand in rest) for step in WAYS}
    together = Hand(
        name=ngettext("%(num)s other department", "%(num)s other departments", len(rest)),
        kind="department",
        days=sum(hand.days for hand in rest),
        per_case=sum(hand.per_case for hand in rest),
        steps={step: days for step, days in steps.items() if days},
    )
    return tuple(together if hand is rest[0] else hand for hand in found if hand not in rest[1:])


def _bars(found: tuple[Hand, ...], longest: float, style: Style) -> Drawing:
    everything = sum(hand.days for hand in found)
    left = 0.0 if style.stacked else 270.0
    right = style.width - (0.0 if style.stacked else 170.0)
    row, thick = (62, 22) if style.stacked else (46, 28)
    shapes: list[Shape] = []
    for number, hand in enumerate(found):
        y = number * row + (28 if style.stacked else 8)
        total = _(
            "%(days)s days · %(share)s",
            days=say_number(hand.per_case),
            share=f"{100 * hand.days / everything:.0f} %",
        )
        name = _fitting(hand.name, style.text, style.width - 150 if style.stacked else 215)
        if style.stacked:
            shapes.append(Shape("text", 0, y - 13, "ink", text=name, size=style.text))
            shapes.append(
                Shape("text", right, y - 13, "ink", text=total, size=14, align="right", bold=True)
            )
        else:
            shapes.append(Shape("text", 0, y + thick / 2, "ink", text=name, size=style.text))
        x = left
        scale = (right - left) * hand.per_case / longest / hand.days
        for step in WAYS:
            days = hand.steps.get(step, 0.0)
            if not days:
                continue
            x2 = x + days * scale
            shapes.append(Shape("rect", x, y, COLOURS[step], x2=max(x2, x + 1), y2=y + thick))
            words = say_number(days * hand.per_case / hand.days)
            if text_width(words, style.small) + 10 < x2 - x:
                shapes.append(
                    Shape(
                        "text",
                        (x + x2) / 2,
                        y + thick / 2,
                        f"on-{COLOURS[step]}",
                        text=words,
                        size=style.small,
                        align="center",
                    )
                )
            # A gap tells the parts apart without their colour.
            shapes.append(Shape("line", x2, y, "paper", x2=x2, y2=y + thick, width=2))
            x = x2
        if not style.stacked:
            shapes.append(
                Shape("text", x + 10, y + thick / 2, "ink", text=total, size=style.text, bold=True)
            )
    return Drawing(style.width, len(found) * row + 8, tuple(shapes))


def _fitting(name: str, size: int, width: float) -> str:
    """The name, cut where the room ends."""
    if text_width(name, size) <= width:
        return name
    while name and text_width(name + "…", size) > width:
        name = name[:-1]
    return name.rstrip() + "…"
