"""Whether a questionnaire asks what a policy needs, and what two editors changed apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.policy import ENTRIES, Policy, PolicyEntry, PolicyError
from survey.instrument import Instrument

CHOICES = ("base", "theirs", "yours")


def unasked_names(policy: Policy, instrument: Instrument) -> dict[str, tuple[PolicyError, ...]]:
    """{value: what does not fit the questionnaire}, empty when the wave could ask for it all.

    Codes: names_missing (asked and without a weight), names_unasked (named and never asked).
    """
    found: dict[str, list[PolicyError]] = {}
    indicators, weighted = set(instrument.indicator_items), set(policy.omega)
    asked = set(instrument.margin_questions)
    for key, code, names in (
        ("omega", "names_missing", indicators - weighted),
        ("omega", "names_unasked", weighted - indicators),
        ("margin_variables", "names_unasked", set(policy.margin_variables) - asked),
        ("base_weights", "names_unasked", set(policy.base_weights) - asked),
    ):
        if names:
            problem = PolicyError(code, f"{key} does not fit.", key=key, names=sorted(names))
            found.setdefault(key, []).append(problem)
    return {key: tuple(problems) for key, problems in found.items()}


def changed_values(before: Policy, after: Policy) -> tuple[str, ...]:
    """Names of the values in which two policies differ, in the order of the document."""
    return tuple(
        entry.key for entry in ENTRIES if getattr(before, entry.key) != getattr(after, entry.key)
    )


@dataclass(frozen=True)
class Disputed:
    """One value that one or both of two people changed since they started from `base`."""

    entry: PolicyEntry
    base: Any
    theirs: Any
    yours: Any

    @property
    def is_conflict(self) -> bool:
        """Both changed it, and not to the same."""
        return self.base not in (self.theirs, self.yours) and self.theirs != self.yours

    @property
    def suggested(self) -> str:
        """What is picked beforehand: the one change; nothing where both changed it."""
        if self.is_conflict:
            return ""
        return "yours" if self.yours != self.base else "theirs"

    def picked(self, choice: str) -> Any:
        """The value of a choice, one of CHOICES."""
        return {"base": self.base, "theirs": self.theirs, "yours": self.yours}[choice]


def disputed_values(base: Policy, theirs: Policy, yours: Policy) -> tuple[Disputed, ...]:
    """Every value that was changed on either side, in the order of the document."""
    changed = {*changed_values(base, theirs), *changed_values(base, yours)}
    return tuple(
        Disputed(
            entry,
            getattr(base, entry.key),
            getattr(theirs, entry.key),
            getattr(yours, entry.key),
        )
        for entry in ENTRIES
        if entry.key in changed
    )


def merged(
    theirs: Policy, disputed: tuple[Disputed, ...], choices: Mapping[str, str]
) -> dict[str, Any]:
    """The values of `theirs` with the picked ones over them.

    choices: {value: one of CHOICES}. Raises KeyError (the value) where nothing was picked.
    """
    values = {entry.key: getattr(theirs, entry.key) for entry in ENTRIES}
    for one in disputed:
        choice = choices.get(one.entry.key, "")
        if choice not in CHOICES:
            raise KeyError(one.entry.key)
        values[one.entry.key] = one.picked(choice)
    return values
