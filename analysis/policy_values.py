"""Reading single policy values, a reader per kind with worded errors; and what must agree."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from analysis.types import AnalysisError

if TYPE_CHECKING:
    from analysis.policy import Policy

RANDOM, OPEN = "A", "B"


class PolicyError(AnalysisError):
    """A policy document that cannot be used; ``params["key"]`` names the value."""


@dataclass(frozen=True, slots=True)
class PolicyEntry:
    """One value of the policy document, as a settings page and the validation need it.

    ``kind`` is a key of ``READERS``; ``minimum`` and ``maximum`` bound numbers, inclusive.
    """

    key: str
    kind: str
    section: str
    default: Any
    help: str
    help_zh: str
    minimum: float | None = None
    maximum: float | None = None


def value(
    default: Any,
    kind: str,
    *,
    section: str,
    en: str,
    zh: str,
    low: float | None = None,
    high: float | None = None,
) -> Any:
    """Declare a dataclass field that carries its kind, section, help and bounds."""
    meta = {"kind": kind, "section": section, "en": en, "zh": zh, "low": low, "high": high}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=meta)
    return field(default=default, metadata=meta)


def entries_of(document: type) -> tuple[PolicyEntry, ...]:
    """The declared values of a policy dataclass in order, with their defaults."""
    found = []
    for item in fields(document):
        factory = item.default_factory
        found.append(
            PolicyEntry(
                key=item.name,
                kind=item.metadata["kind"],
                section=item.metadata["section"],
                default=item.default if factory is MISSING else factory(),
                help=item.metadata["en"],
                help_zh=item.metadata["zh"],
                minimum=item.metadata["low"],
                maximum=item.metadata["high"],
            )
        )
    return tuple(found)


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
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise wrong_type(entry, what)
    return float(given)


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
    """A list of texts."""
    if not isinstance(given, list | tuple) or not all(isinstance(item, str) for item in given):
        raise wrong_type(entry, "a list of texts")
    return tuple(given)


def as_mapping(entry: PolicyEntry, given: Any, wanted: str) -> Mapping[str, Any]:
    """An object with text keys. Raises ``PolicyError`` (``wrong_type``)."""
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
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
    total = math.fsum(weights.values())
    if not weights or min(weights.values()) < 0:
        raise wrong_type(entry, wanted)
    if abs(total - 1) > 1e-9:
        raise PolicyError(
            "weights_sum",
            f"The weights in {entry.key!r} must sum to 1; they sum to {total:.6g}.",
            key=entry.key,
            total=total,
        )
    return weights


def read_streams(entry: PolicyEntry, given: Any) -> dict[str, str]:
    """Stream A or B by channel."""
    wanted = 'an object of channels and streams "A" (random) or "B" (open)'
    streams = dict(as_mapping(entry, given, wanted))
    if not all(stream in (RANDOM, OPEN) for stream in streams.values()):
        raise wrong_type(entry, wanted)
    return streams


def read_margins(entry: PolicyEntry, given: Any) -> dict[str, dict[str, Any]]:
    """Margin variables with their order and categories."""
    wanted = 'an object like {"age_band": {"ordered": true, "categories": ["18-29", "30-44"]}}'
    margins = {}
    for name, spec in as_mapping(entry, given, wanted).items():
        spec = as_mapping(entry, spec, wanted)
        categories = spec.get("categories", [])
        well_formed = set(spec) <= {"ordered", "categories"} and isinstance(categories, list)
        if not well_formed or not all(isinstance(item, str) for item in categories):
            raise wrong_type(entry, wanted)
        if not isinstance(spec.get("ordered", False), bool):
            raise wrong_type(entry, wanted)
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
    "streams": read_streams,
    "margins": read_margins,
    "base_weights": read_base_weights,
}


def check_consistency(policy: Policy) -> None:
    """Raise ``PolicyError`` when values that are fine alone contradict each other."""
    levels = set(policy.scale)
    for key in ("satisfied_levels", "strictly_satisfied_levels", "dissatisfied_levels"):
        for level in getattr(policy, key):
            if level not in levels:
                raise PolicyError(
                    "unknown_level",
                    f"The policy value {key!r} names the level {level!r}, which is not in 'scale'.",
                    key=key,
                    level=level,
                )
    if set(policy.alternative_scale) != levels:
        raise PolicyError(
            "inconsistent",
            "The policy values 'scale' and 'alternative_scale' must have the same levels.",
            key="alternative_scale",
        )
    if levels & set(policy.missing_options):
        raise PolicyError(
            "inconsistent",
            "An option is in 'scale' and in 'missing_options'; it can only be one of them.",
            key="missing_options",
        )
    if policy.min_substantive > policy.min_answered:
        raise PolicyError(
            "inconsistent",
            "'min_substantive' cannot be larger than 'min_answered'.",
            key="min_substantive",
        )
    if policy.theme_min_waves > policy.theme_window:
        raise PolicyError(
            "inconsistent",
            "'theme_min_waves' cannot be larger than 'theme_window'.",
            key="theme_min_waves",
        )
