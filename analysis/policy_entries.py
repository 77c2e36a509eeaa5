"""How a policy value is declared, a field with kind, section, bounds and help; reads nothing."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from analysis.types import AnalysisError

RANDOM, OPEN = "A", "B"

ACTS_ON = ("answers", "cubes", "elsewhere")
"""Where a value acts. ``answers``: before the cubes and the counts of themes, when an answer is
scored, held back or counted, so that another value needs both to be made anew. ``cubes``: from
them on, so that an evaluation on frozen inputs shows what another value would do. ``elsewhere``:
on no figure of one wave: deadlines, what is hidden of tables, the pool of a year."""


class PolicyError(AnalysisError):
    """A policy document that cannot be used; ``params["key"]`` names the value."""


@dataclass(frozen=True, slots=True)
class PolicyEntry:
    """One value of the policy document, as a settings page and the validation need it.

    ``kind`` is a key of ``READERS``; ``minimum`` and ``maximum`` bound numbers, inclusive;
    ``acts_on`` is one of ``ACTS_ON``.
    """

    key: str
    kind: str
    section: str
    default: Any
    help: str
    help_zh: str
    minimum: float | None = None
    maximum: float | None = None
    acts_on: str = "cubes"


def value(
    default: Any,
    kind: str,
    *,
    section: str,
    en: str,
    zh: str,
    low: float | None = None,
    high: float | None = None,
    acts_on: str = "cubes",
) -> Any:
    """Declare a dataclass field that carries its kind, section, help, bounds and where it acts."""
    meta = {"kind": kind, "section": section, "en": en, "zh": zh, "low": low, "high": high}
    meta["acts_on"] = acts_on
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
                acts_on=item.metadata["acts_on"],
            )
        )
    return tuple(found)
