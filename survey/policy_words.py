"""What a policy says, in words for people: its values, what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from analysis.policy import PolicyEntry, PolicyError
from analysis.policy_schema import SECTIONS, bounds_text
from survey.formatting import by_language, language
from survey.policy_form import MOST_LETTERS, MOST_ROWS, number_text
from survey.wording import commas, semicolons

# What is wrong with what was typed, by the code of the error.
PROBLEMS: dict[str, Any] = {
    "empty": _l("Nothing is given here. Fill it in."),
    "not_a_number": _l("“%(text)s” is no number. Use digits, for example 12 or 0.5."),
    "too_large": _l("“%(text)s” is too large. Use a smaller number."),
    "row_without_name": _l("A row has no name (“%(text)s”). Name it, or empty the row."),
    "repeated": _l("“%(name)s” stands here twice. Keep one of them."),
    "weights_sum": _l("The weights must sum to 1; they sum to %(total)s. Change one of them."),
    "unknown_level": _l(
        "“%(level)s” is no level of the scale. Take it out here, or add it to the scale."
    ),
    "too_long": _l("A name or text here is too long. Use at most %(most)s letters."),
    "too_many": _l("There are too many rows here. Keep at most %(most)s."),
    "unprintable": _l("There are characters here that cannot be printed. Type it anew."),
    "not_an_object": _l("The file holds no policy. Upload a JSON object of names and values."),
    "unknown_key": _l("There is no value named “%(name)s”. Take it out of the file."),
    "not_json": _l("The file is no JSON (%(reason)s). Download the policy and change that file."),
    "names_missing": _l(
        "The questionnaire asks for these indicators, which are not here: %(names)s. Add them; "
        "a weight of 0 is fine."
    ),
    "names_unasked": _l("The questionnaire does not ask for: %(names)s. Take them out here."),
}
# A value that is not what its kind wants.
WRONG_TYPE: dict[str, Any] = {
    "number": _l("This must be a number, for example 0.5."),
    "integer": _l("This must be a whole number, for example 5."),
    "boolean": _l("Choose yes or no."),
    "text": _l("This must be a text."),
    "texts": _l("This must be a list of names, one a line."),
    "scale": _l("Give each level a number from 0 to 100; at least one level is needed."),
    "weights": _l("Give each name a weight from 0 to 1, so that they sum to 1."),
    "part_weights": _l(
        "Give each name a weight from 0 to 1, so that they sum to 1 at most; no row is fine."
    ),
    "shares": _l("Give weights from 0 to 1 that sum to 1; at least one is needed."),
    "points": _l("Give each signal a number of 0 or more; the names stay as they are."),
    "streams": _l("Choose A (random) or B (open) for each channel."),
    "margins": _l(
        "Give each variable its categories, one a line, each once and without “unknown”."
    ),
    "base_weights": _l("Name variable and category in each row and give a weight above 0."),
}
# Values that are fine alone and contradict each other, by the value at which it is said.
CONTRADICTIONS: dict[str, Any] = {
    "alternative_scale": _l("This scale must have the same levels as the first one."),
    "missing_options": _l("An option is a level of the scale as well. Keep it in one of the two."),
    "strictly_satisfied_levels": _l(
        "Every level here must count as satisfied including “basically satisfied” too."
    ),
    "dissatisfied_levels": _l("A level counts as satisfied and as dissatisfied. Keep one."),
    "min_substantive": _l(
        "This cannot be larger than the number of indicators that must be answered."
    ),
    "objective_weights": _l(
        "An indicator cannot be called street, street_name, assessor or score: spreadsheets of "
        "direct scores have columns of these names. Rename it."
    ),
    "trim_low": _l("The smallest weight cannot be larger than the largest weight allowed."),
    "theme_min_waves": _l("This cannot be larger than the number of waves looked at."),
    "pool_weights": _l(
        "The first weight is the newest wave’s and must be above 0: a year without the wave that "
        "is judged would judge it by other waves."
    ),
    "last_waves": _l("This cannot be larger than the number of waves in the annual pool."),
}


def say_problem(entry: PolicyEntry | None, error: PolicyError) -> str:
    """What is wrong and what to do about it. entry: None for what is said of a whole document."""
    params = dict(error.params)
    if error.code == "out_of_range" and entry is not None:
        return _out_of_range(entry)
    if error.code == "wrong_type" and entry is not None:
        return str(WRONG_TYPE[entry.kind])
    if error.code == "inconsistent" and entry is not None:
        return str(CONTRADICTIONS[entry.key])
    if error.code == "not_a_number" and params.get("name"):
        return _("“%(text)s” at “%(name)s” is no number. Use digits, for example 0.5.", **params)
    if error.code == "empty" and params.get("name"):
        return _("“%(name)s” has no number. Give one, or empty the row.", **params)
    if error.code == "unknown_key" and params.get("near"):
        return _("There is no value named “%(name)s”. Do you mean “%(near)s”?", **params)
    if error.code == "weights_sum" and entry is not None and entry.kind == "part_weights":
        total = number_text(round(float(params["total"]), 10))
        return _("The weights may sum to 1 at most; they sum to %(total)s.", total=total)
    if "total" in params:
        params["total"] = number_text(round(float(params["total"]), 10))
    if "names" in params:
        params["names"] = commas(params["names"])
    params["most"] = MOST_LETTERS if error.code == "too_long" else MOST_ROWS
    return str(PROBLEMS[error.code]) % params


def _out_of_range(entry: PolicyEntry) -> str:
    least = None if entry.minimum is None else number_text(entry.minimum)
    most = None if entry.maximum is None else number_text(entry.maximum)
    if least is not None and most is not None:
        return _("Give a number from %(least)s to %(most)s.", least=least, most=most)
    if least is not None:
        return _("Give a number of %(least)s or more.", least=least)
    return _("Give a number of %(most)s or less.", most=most)


def say_policy_value(value: Any, names: Mapping[str, tuple[str, str]] | None = None) -> str:
    """One value of a policy as a line of text. names: {code: (zh, en)} of codes in it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        parts = []
        for code, part in value.items():
            name = by_language(*names[code]) if names and code in names else code
            # A table inside a table, or the categories of a margin.
            inner = isinstance(part, Mapping)
            parts.append(f"{name}: {_say_inner(part)}" if inner else f"{name} {_short(part)}")
        return semicolons(parts) or _("none")
    return commas(_short(part) for part in value) or _("none")


def _short(part: Any) -> str:
    return part if isinstance(part, str) else number_text(part)


def _say_inner(part: Mapping[str, Any]) -> str:
    if "categories" in part:
        order = _("in order") if part.get("ordered") else _("without order")
        return f"{commas(part['categories'])} ({order})"
    return commas(f"{name} {_short(one)}" for name, one in part.items())


def section_title(section: str) -> str:
    """The title of a section in the reader's language."""
    return SECTIONS[section][language() != "en"]


def entry_help(entry: PolicyEntry) -> str:
    """What a value is, in the reader's language."""
    return entry.help if language() == "en" else entry.help_zh


def entry_bounds(entry: PolicyEntry) -> str:
    """The allowed values in the reader's language."""
    return bounds_text(entry, "en" if language() == "en" else "zh")


def register(app: Flask) -> None:
    """Let templates use these words."""
    app.jinja_env.globals.update(
        say_problem=say_problem,
        say_policy_value=say_policy_value,
        section_title=section_title,
        entry_help=entry_help,
        entry_bounds=entry_bounds,
    )
