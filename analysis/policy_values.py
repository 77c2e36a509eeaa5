"""Reading single policy values, a reader per kind with worded errors; knows no value by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from analysis.policy_entries import OPEN, RANDOM, PolicyEntry, PolicyError
from analysis.types import UNKNOWN

SUM_TOLERANCE = 1e-9
LONGEST_NAME = 60


def read_value(entry: PolicyEntry, given: Any) -> Any:
    """The value ``given`` for ``entry`` in its own type.

    Raises ``PolicyError`` (``wrong_type``, ``out_of_range``, ``weights_sum``).
    """
    return READERS[entry.kind](entry, given)


def wrong_type(entry: PolicyEntry, wanted: str) -> PolicyError:
    """The error for a value that is not what its kind wants."""
    return PolicyError(
        "wrong_type", f"The policy value {entry.key!r} must be {wanted}.", key=entry.key
    )


def as_number(entry: PolicyEntry, given: Any, *, what: str = "a number") -> float:
    """A finite number that is not a boolean. Raises ``PolicyError`` (``wrong_type``)."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise wrong_type(entry, what)
    try:
        number = float(given)
    except OverflowError:  # an integer of hundreds of digits
        number = math.inf
    if not math.isfinite(number):
        raise wrong_type(entry, what)
    return number


def check_bounds(entry: PolicyEntry, number: float) -> None:
    """Raise ``PolicyError`` (``out_of_range``) for a number outside its bounds."""
    too_low = entry.minimum is not None and number < entry.minimum
    too_high = entry.maximum is not None and number > entry.maximum
    if too_low or too_high:
        least = "" if entry.minimum is None else f" at least {entry.minimum:g}"
        most = "" if entry.maximum is None else f" at most {entry.maximum:g}"
        joint = " and" if least and most else ""
        raise PolicyError(
            "out_of_range",
            f"The policy value {entry.key!r} must be{least}{joint}{most}, not {number:g}.",
            key=entry.key,
            minimum=entry.minimum,
            maximum=entry.maximum,
            given=number,
        )


def read_number(entry: PolicyEntry, given: Any) -> float:
    """A number inside its bounds."""
    number = as_number(entry, given)
    check_bounds(entry, number)
    return number


def read_integer(entry: PolicyEntry, given: Any) -> int:
    """A whole number inside its bounds."""
    number = as_number(entry, given, what="a whole number")
    if number != int(number):
        raise wrong_type(entry, "a whole number")
    check_bounds(entry, number)
    return int(number)


def read_boolean(entry: PolicyEntry, given: Any) -> bool:
    """True or false."""
    if not isinstance(given, bool):
        raise wrong_type(entry, "true or false")
    return given


def read_text(entry: PolicyEntry, given: Any) -> str:
    """A text that is not empty."""
    if not isinstance(given, str) or not given.strip():
        raise wrong_type(entry, "a text")
    return given


def read_texts(entry: PolicyEntry, given: Any) -> tuple[str, ...]:
    """A list of different texts. Raises ``PolicyError`` (``wrong_type``, ``repeated``)."""
    if not isinstance(given, list | tuple) or not all(is_name(item) for item in given):
        raise wrong_type(entry, "a list of texts")
    check_repeated(entry, given)
    return tuple(given)


def is_name(item: Any) -> bool:
    """Whether it is a text that is not blank."""
    return isinstance(item, str) and bool(item.strip())


def check_repeated(entry: PolicyEntry, names: Sequence[str]) -> None:
    """Raise ``PolicyError`` (``repeated``) when a name is there twice."""
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise PolicyError(
            "repeated",
            f"The policy value {entry.key!r} names {twice!r} twice.",
            key=entry.key,
            name=twice,
        )


def as_mapping(entry: PolicyEntry, given: Any, wanted: str) -> Mapping[str, Any]:
    """An object whose keys are not blank. Raises ``PolicyError`` (``wrong_type``)."""
    if not isinstance(given, Mapping) or not all(is_name(key) for key in given):
        raise wrong_type(entry, wanted)
    return given


def read_scale(entry: PolicyEntry, given: Any) -> dict[str, float]:
    """Points 0..100 by option code."""
    wanted = "an object of option codes and points from 0 to 100"
    scale = {
        code: as_number(entry, points, what=wanted)
        for code, points in as_mapping(entry, given, wanted).items()
    }
    if not scale or not all(0 <= points <= 100 for points in scale.values()):
        raise wrong_type(entry, wanted)
    return scale


def read_weights(entry: PolicyEntry, given: Any) -> dict[str, float]:
    """Weights ≥ 0 that sum to 1. Raises ``PolicyError`` (``weights_sum``)."""
    wanted = "an object of names and weights that are not negative and sum to 1"
    weights = {
        name: as_number(entry, weight, what=wanted)
        for name, weight in as_mapping(entry, given, wanted).items()
    }
    check_sum(entry, weights.values(), wanted)
    return weights


def read_part_weights(entry: PolicyEntry, given: Any) -> dict[str, float]:
    """Weights 0..1 of named parts, none or several, that sum to at most 1.

    A name is also the head of a spreadsheet's column: at most 60 characters, no outer blanks.
    Raises ``PolicyError`` (``wrong_type``, ``weights_sum``).
    """
    wanted = "an object of names and weights from 0 to 1 that sum to at most 1"
    weights = {
        name: as_number(entry, weight, what=wanted)
        for name, weight in as_mapping(entry, given, wanted).items()
    }
    if any(name != name.strip() or len(name) > LONGEST_NAME for name in weights):
        raise wrong_type(entry, f"{wanted}; a name has at most {LONGEST_NAME} characters")
    if any(weight < 0 for weight in weights.values()):
        raise wrong_type(entry, wanted)
    total = math.fsum(weights.values())
    if total > 1 + SUM_TOLERANCE:
        raise PolicyError(
            "weights_sum",
            f"The weights in {entry.key!r} must sum to at most 1; they sum to {total:.10g}.",
            key=entry.key,
            total=total,
        )
    return weights


def read_shares(entry: PolicyEntry, given: Any) -> tuple[float, ...]:
    """A list of weights ≥ 0 that sum to 1. Raises ``PolicyError`` (``weights_sum``)."""
    wanted = "a list of weights that are not negative and sum to 1"
    if not isinstance(given, list | tuple):
        raise wrong_type(entry, wanted)
    shares = tuple(as_number(entry, share, what=wanted) for share in given)
    check_sum(entry, shares, wanted)
    return shares


def check_sum(entry: PolicyEntry, weights: Iterable[float], wanted: str) -> None:
    """Raise ``PolicyError`` unless weights are there, none is negative and they sum to 1.

    The sum is exact before it is rounded (``math.fsum``) and may miss 1 by 1e-9, so that
    0.1 + 0.2 + 0.7 and three times 0.333333333333 pass and 0.33 three times does not.
    """
    weights = tuple(weights)
    if not weights or min(weights) < 0:
        raise wrong_type(entry, wanted)
    total = math.fsum(weights)
    if abs(total - 1) > SUM_TOLERANCE:
        raise PolicyError(
            "weights_sum",
            f"The weights in {entry.key!r} must sum to 1; they sum to {total:.10g}.",
            key=entry.key,
            total=total,
        )


def read_points(entry: PolicyEntry, given: Any) -> dict[str, float]:
    """Points ≥ 0 of each signal; exactly the signals of the default are known."""
    known = tuple(entry.default)
    wanted = f"an object with points of 0 or more for each of {', '.join(known)}"
    points = {
        name: as_number(entry, number, what=wanted)
        for name, number in as_mapping(entry, given, wanted).items()
    }
    if set(points) != set(known) or min(points.values()) < 0:
        raise wrong_type(entry, wanted)
    return {name: points[name] for name in known}


def read_streams(entry: PolicyEntry, given: Any) -> dict[str, str]:
    """Stream A or B by channel."""
    wanted = 'an object of channels and streams "A" (random) or "B" (open)'
    streams = dict(as_mapping(entry, given, wanted))
    if not all(stream in (RANDOM, OPEN) for stream in streams.values()):
        raise wrong_type(entry, wanted)
    return streams


def read_margins(entry: PolicyEntry, given: Any) -> dict[str, dict[str, Any]]:
    """Margin variables with their order and categories.

    Raises ``PolicyError`` (``wrong_type``, ``repeated``): "unknown" is what respondents who did
    not say are counted under, so it is no category of residents.
    """
    wanted = 'an object like {"age_band": {"ordered": true, "categories": ["18-29", "30-44"]}}'
    margins = {}
    for name, spec in as_mapping(entry, given, wanted).items():
        spec = as_mapping(entry, spec, wanted)
        categories = spec.get("categories", [])
        well_formed = set(spec) <= {"ordered", "categories"} and isinstance(categories, list)
        if not well_formed or not all(is_name(item) for item in categories):
            raise wrong_type(entry, wanted)
        if not isinstance(spec.get("ordered", False), bool):
            raise wrong_type(entry, wanted)
        check_repeated(entry, categories)
        if UNKNOWN in categories:
            raise wrong_type(entry, f'{wanted}, without the category "{UNKNOWN}"')
        margins[name] = {"ordered": spec.get("ordered", False), "categories": list(categories)}
    return margins


def read_base_weights(entry: PolicyEntry, given: Any) -> dict[str, dict[str, float]]:
    """Starting weights > 0 by variable and category."""
    wanted = 'an object like {"adults_in_household": {"1": 1, "2": 2}} with positive weights'
    found: dict[str, dict[str, float]] = {}
    for name, table in as_mapping(entry, given, wanted).items():
        found[name] = {
            category: as_number(entry, weight, what=wanted)
            for category, weight in as_mapping(entry, table, wanted).items()
        }
        if not all(weight > 0 for weight in found[name].values()):
            raise wrong_type(entry, wanted)
    return found


READERS: dict[str, Callable[[PolicyEntry, Any], Any]] = {
    "number": read_number,
    "integer": read_integer,
    "boolean": read_boolean,
    "text": read_text,
    "texts": read_texts,
    "scale": read_scale,
    "weights": read_weights,
    "part_weights": read_part_weights,
    "shares": read_shares,
    "points": read_points,
    "streams": read_streams,
    "margins": read_margins,
    "base_weights": read_base_weights,
}
