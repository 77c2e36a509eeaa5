"""How a policy value is declared, a field with kind, section, bounds and help; reads nothing."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from analysis.types import AnalysisError

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
