"""What the method's codes mean, in words for people: used by the office, the public and errors.

`analysis` speaks in codes with parameters (a reason why a number is not shown, why a last place
is not established); this is the only place that turns them into sentences.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask_babel import lazy_gettext as _l

# Codes that carry a number, e.g. n_below_30, are looked up with N in its place.
NUMBER = re.compile(r"_(\d+)$")

# Why a figure is not shown.
SUPPRESSED: dict[str, Any] = {
    "no_answers": _l("no answers"),
    "n_below_N": _l("fewer than %(limit)s answers"),
    "indicator_n_below_N": _l("an indicator has fewer than %(limit)s answers"),
    "missing": _l("not given yet"),
}


def say_reason(code: str, params: Mapping[str, Any] | None = None) -> str:
    """The words for a code and its parameters; the code itself when nobody worded it yet."""
    found = NUMBER.search(code)
    values = dict(params or {})
    if found:
        values.setdefault("limit", found.group(1))
    key = NUMBER.sub("_N", code)
    words = SUPPRESSED.get(key)
    if words is None:
        return code
    return str(words) % values


def register(app: Flask) -> None:
    """Give every template, macros included, the words."""
    app.jinja_env.globals["say_reason"] = say_reason
