"""A policy as a form: what is typed for each value, read back into a document, nothing lost.

Written by the kind of a value and by no value's name. Pure: it reads no database; the checks are
those of `analysis.policy_values` and hold for a form and for an uploaded document alike.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import zip_longest
from typing import Any, Protocol

from analysis.policy import ENTRIES, OPEN, RANDOM, Policy, PolicyEntry, PolicyError
from analysis.policy_consistency import contradictions
from analysis.policy_values import read_value

MOST_LETTERS = 200
MOST_ROWS = 100
YES, NO = "yes", "no"
# What a control offers to choose from, whatever else is typed in its row.
CHOICES = (YES, NO, RANDOM, OPEN)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


class Fields(Protocol):
    """Posted fields: the first value of a name, and all of them."""

    def get(self, name: str) -> str | None: ...

    def getlist(self, name: str) -> list[str]: ...

    def __contains__(self, name: object) -> bool: ...


@dataclass(frozen=True)
class Typed:
    """What stands in the controls of one value: one text, or rows of cells."""

    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def filled(self) -> tuple[tuple[str, ...], ...]:
        """The rows with something typed in; a choice beside blank cells is nothing."""
        return tuple(
            row
            for row in self.rows
            if row[0].strip() or any(cell.strip() and cell not in CHOICES for cell in row[1:])
        )


@dataclass(frozen=True)
class Shape:
    """How values of a kind are typed: the control's name, its columns, and both directions.

    columns: empty for a single text. write: value -> Typed; read: Typed -> plain JSON value,
    raises PolicyError with a code of this module.
    """

    control: str
    columns: tuple[str, ...]
    write: Callable[[Any], Typed]
    read: Callable[[PolicyEntry, Typed], Any]


@dataclass(frozen=True)
class PolicyForm:
    """All values as typed, those that could be read, and what is wrong with the others."""

    typed: Mapping[str, Typed]
    values: Mapping[str, Any]
    #: {value: what is wrong with it}
    errors: Mapping[str, tuple[PolicyError, ...]] = field(default_factory=dict)
    #: What is wrong with an uploaded document as a whole.
    general: tuple[PolicyError, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether it is a policy."""
        return not self.errors and not self.general

    @property
    def policy(self) -> Policy:
        """The policy. Raises PolicyError when something is wrong."""
        return Policy.from_dict(self.values)


def number_text(number: float) -> str:
    """A number as people type it, with all the digits it needs: 10, 0.6, 2.5758, 1e-06."""
    if isinstance(number, int) or (number == int(number) and abs(number) < 1e15):
        return str(int(number))
    short = f"{number:.15g}"
    return short if float(short) == number else repr(number)


def typed_number(entry: PolicyEntry, text: str, *, name: str = "") -> float:
    """The number in a text; full-width digits and signs are fine.

    name: of the row it stands in. Raises PolicyError (empty, not_a_number, too_large).
    """
    plain = unicodedata.normalize("NFKC", text).strip().replace("−", "-")
    more = {"key": entry.key, "name": name, "text": text.strip()[:40]}
    if not plain:
        raise PolicyError("empty", f"{entry.key} is empty.", **more)
    if not _NUMBER.fullmatch(plain):
        raise PolicyError("not_a_number", f"{entry.key} is no number.", **more)
    number = float(plain)
    if number in (float("inf"), float("-inf")):
        raise PolicyError("too_large", f"{entry.key} is too large.", **more)
    return number


def _empty(entry: PolicyEntry) -> PolicyError:
    return PolicyError("empty", f"{entry.key} is empty.", key=entry.key, name="", text="")


def _write_text(value: Any) -> Typed:
    return Typed(text=str(value))


def _read_text(entry: PolicyEntry, typed: Typed) -> str:
    if not typed.text.strip():
        raise _empty(entry)
    return typed.text.strip()


def _write_number(value: Any) -> Typed:
    return Typed(text=number_text(value))


def _read_number(entry: PolicyEntry, typed: Typed) -> float:
    return typed_number(entry, typed.text)


def _write_yes_no(value: Any) -> Typed:
    return Typed(text=YES if value else NO)


def _read_yes_no(entry: PolicyEntry, typed: Typed) -> bool:
    if typed.text not in (YES, NO):
        raise _empty(entry)
    return typed.text == YES


def _write_lines(value: Any) -> Typed:
    return Typed(text="\n".join(value))


def _read_lines(entry: PolicyEntry, typed: Typed) -> list[str]:
    return [line.strip() for line in typed.text.splitlines() if line.strip()]


def _write_pairs(value: Any) -> Typed:
    return Typed(rows=tuple((name, number_text(number)) for name, number in value.items()))


def _pairs(entry: PolicyEntry, typed: Typed) -> list[tuple[str, ...]]:
    """The rows that are not blank, each with a name that stands only once."""
    rows = [tuple(cell.strip() for cell in row) for row in typed.rows]
    rows = [row for row in rows if any(row)]
    for row in rows:
        if not row[0]:
            more = {"key": entry.key, "text": " ".join(row).strip()[:40]}
            raise PolicyError("row_without_name", f"{entry.key}: a row has no name.", **more)
    return rows


def _once(entry: PolicyEntry, names: Sequence[Any]) -> None:
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        shown = " ".join(twice) if isinstance(twice, tuple) else twice
        raise PolicyError("repeated", f"{shown} stands twice.", key=entry.key, name=shown)


def _read_pairs(entry: PolicyEntry, typed: Typed) -> dict[str, float]:
    rows = _pairs(entry, typed)
    _once(entry, [name for name, _number in rows])
    return {name: typed_number(entry, text, name=name) for name, text in rows}


def _write_streams(value: Any) -> Typed:
    return Typed(rows=tuple(value.items()))


def _read_streams(entry: PolicyEntry, typed: Typed) -> dict[str, str]:
    rows = _pairs(entry, Typed(rows=typed.filled))
    _once(entry, [name for name, _stream in rows])
    return {row[0]: row[1] for row in rows}


def _write_list(value: Any) -> Typed:
    return Typed(rows=tuple((number_text(number),) for number in value))


def _read_list(entry: PolicyEntry, typed: Typed) -> list[float]:
    return [typed_number(entry, text) for (text,) in typed.rows if text.strip()]


def _write_margins(value: Any) -> Typed:
    return Typed(
        rows=tuple(
            (name, YES if spec["ordered"] else NO, "\n".join(spec["categories"]))
            for name, spec in value.items()
        )
    )


def _read_margins(entry: PolicyEntry, typed: Typed) -> dict[str, dict[str, Any]]:
    rows = _pairs(entry, Typed(rows=typed.filled))
    _once(entry, [row[0] for row in rows])
    return {
        name: {
            "ordered": ordered == YES,
            "categories": [line.strip() for line in lines.splitlines() if line.strip()],
        }
        for name, ordered, lines in rows
    }


def _write_tables(value: Any) -> Typed:
    return Typed(
        rows=tuple(
            (name, category, number_text(weight))
            for name, table in value.items()
            for category, weight in table.items()
        )
    )


def _read_tables(entry: PolicyEntry, typed: Typed) -> dict[str, dict[str, float]]:
    rows = _pairs(entry, typed)
    _once(entry, [row[:2] for row in rows])
    found: dict[str, dict[str, float]] = {}
    for name, category, text in rows:
        number = typed_number(entry, text, name=f"{name} {category}".strip())
        found.setdefault(name, {})[category] = number
    return found


_PAIRS = Shape("pairs", ("name", "value"), _write_pairs, _read_pairs)
SHAPES: dict[str, Shape] = {
    "number": Shape("number", (), _write_number, _read_number),
    "integer": Shape("number", (), _write_number, _read_number),
    "boolean": Shape("yes_no", (), _write_yes_no, _read_yes_no),
    "text": Shape("text", (), _write_text, _read_text),
    "texts": Shape("lines", (), _write_lines, _read_lines),
    "scale": _PAIRS,
    "weights": _PAIRS,
    "part_weights": _PAIRS,
    "points": Shape("fixed_pairs", ("name", "value"), _write_pairs, _read_pairs),
    "streams": Shape("streams", ("name", "value"), _write_streams, _read_streams),
    "shares": Shape("list", ("value",), _write_list, _read_list),
    "margins": Shape("margins", ("name", "ordered", "categories"), _write_margins, _read_margins),
    "base_weights": Shape("tables", ("name", "category", "value"), _write_tables, _read_tables),
}
"""How each kind of value is typed; a test compares the kinds with analysis.policy_values."""


def form_of(policy: Policy) -> PolicyForm:
    """The form filled with a policy."""
    values = {entry.key: getattr(policy, entry.key) for entry in ENTRIES}
    typed = {entry.key: SHAPES[entry.kind].write(values[entry.key]) for entry in ENTRIES}
    return PolicyForm(typed, values)


def read_form(fields: Fields, *, kept: Policy | None = None) -> PolicyForm:
    """The posted form; every value is checked, so that all errors stand at once.

    kept: the policy whose values hold for entries that the form does not have at all; without
    one a missing entry is an error.
    """
    typed: dict[str, Typed] = {}
    given: dict[str, Any] = {}
    errors: dict[str, tuple[PolicyError, ...]] = {}
    for entry in ENTRIES:
        shape = SHAPES[entry.kind]
        is_posted = _is_posted(fields, entry.key, shape)
        if kept is not None and not is_posted:
            given[entry.key] = getattr(kept, entry.key)
            typed[entry.key] = shape.write(given[entry.key])
            continue
        typed[entry.key] = _collect(fields, entry.key, shape)
        try:
            if not is_posted:  # a form cut short on its way must not empty a list
                raise _empty(entry)
            given[entry.key] = shape.read(entry, typed[entry.key])
        except PolicyError as error:
            errors[entry.key] = (error,)
    return _checked(typed, given, errors)


def read_document(document: Any, *, base: Policy | None = None) -> PolicyForm:
    """The form filled with a JSON document whose values stand over `base` (the defaults).

    The same checks as those of a typed form; unknown names are errors of the whole.
    """
    base = base or Policy()
    if not isinstance(document, Mapping):
        problem = PolicyError("not_an_object", "A policy is a JSON object of names and values.")
        return PolicyForm(form_of(base).typed, {}, general=(problem,))
    known = {entry.key: entry for entry in ENTRIES}
    general = tuple(_unknown(str(key), known) for key in document if key not in known)
    given = {key: document.get(key, getattr(base, key)) for key in known}
    typed = {key: _typed_of(entry, given[key], base) for key, entry in known.items()}
    found = _checked(typed, given, {})
    return PolicyForm(found.typed, found.values, found.errors, general)


def _unknown(key: str, known: Mapping[str, PolicyEntry]) -> PolicyError:
    near = get_close_matches(key, known, n=1)
    return PolicyError(
        "unknown_key", f"There is no value {key[:40]!r}.", name=key[:40], near=(near or [""])[0]
    )


def _typed_of(entry: PolicyEntry, given: Any, base: Policy) -> Typed:
    """Cells for a given value; for one of a wrong build its JSON, or what stood there before."""
    shape = SHAPES[entry.kind]
    try:
        return shape.write(read_value(entry, given))
    except PolicyError:
        pass
    try:
        return shape.write(given)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        if shape.columns:
            return shape.write(getattr(base, entry.key))
        return Typed(text=json.dumps(given, ensure_ascii=False, default=str))


def _is_posted(fields: Fields, key: str, shape: Shape) -> bool:
    names = [f"{key}.{column}" for column in shape.columns] or [key]
    return any(name in fields for name in names)


def _collect(fields: Fields, key: str, shape: Shape) -> Typed:
    if not shape.columns:
        return Typed(text=fields.get(key) or "")
    cells = [fields.getlist(f"{key}.{column}") for column in shape.columns]
    return Typed(rows=tuple(zip_longest(*cells, fillvalue="")))


def _checked(
    typed: Mapping[str, Typed],
    given: Mapping[str, Any],
    errors: Mapping[str, tuple[PolicyError, ...]],
) -> PolicyForm:
    """Each value by its own reader, then all of them together."""
    values: dict[str, Any] = {}
    found = dict(errors)
    for entry in ENTRIES:
        if entry.key not in given:
            continue
        try:
            values[entry.key] = read_value(entry, given[entry.key])
            _check_size(entry, values[entry.key])
        except PolicyError as error:
            found[entry.key] = (error,)
    if not found:
        for problem in contradictions(Policy(**values)):
            key = str(problem.params["key"])
            found[key] = (*found.get(key, ()), problem)
    return PolicyForm(typed, values, found)


def _check_size(entry: PolicyEntry, value: Any) -> None:
    """Names are short and can be printed, lists have an end. Raises PolicyError."""
    if isinstance(value, str):
        if len(value) > MOST_LETTERS:
            raise PolicyError("too_long", f"{entry.key} is too long.", key=entry.key)
        if not value.isprintable():
            raise PolicyError("unprintable", f"{entry.key} cannot be printed.", key=entry.key)
    elif isinstance(value, Mapping | tuple | list):
        if len(value) > MOST_ROWS:
            raise PolicyError("too_many", f"{entry.key} has too many rows.", key=entry.key)
        for part in value:
            _check_size(entry, part)
            if isinstance(value, Mapping):
                _check_size(entry, value[part])
