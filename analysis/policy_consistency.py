"""What the values of a policy must agree on; each value alone was read before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.policy_entries import PolicyError

if TYPE_CHECKING:
    from analysis.policy import Policy

COLUMNS_TAKEN = frozenset(("street", "street_name", "assessor", "score"))


#: Values that a policy could be locked with before there was a rule: such a policy is still read.
LATER_RULES = frozenset(("pool_weights",))


def check_consistency(policy: Policy, *, is_locked: bool = False) -> None:
    """Raise ``PolicyError`` when values that are fine alone contradict each other.

    Codes: ``unknown_level`` for a level that is not in ``scale``, else ``inconsistent``. A locked
    policy is not held to rules that may be younger than it is.
    """
    for problem in contradictions(policy):
        if not (is_locked and problem.params.get("key") in LATER_RULES):
            raise problem


def contradictions(policy: Policy) -> tuple[PolicyError, ...]:
    """Every contradiction, of levels first; empty when the values fit each other."""
    return (
        *unknown_levels(policy),
        *(
            PolicyError("inconsistent", message, key=key)
            for key, message in (*level_contradictions(policy), *number_contradictions(policy))
        ),
    )


def unknown_levels(policy: Policy) -> list[PolicyError]:
    """Levels in the lists of levels that are not levels of the scale."""
    return [
        PolicyError(
            "unknown_level",
            f"The policy value {key!r} names the level {level!r}, which is not in 'scale'.",
            key=key,
            level=level,
        )
        for key in ("satisfied_levels", "strictly_satisfied_levels", "dissatisfied_levels")
        for level in getattr(policy, key)
        if level not in policy.scale
    ]


def level_contradictions(policy: Policy) -> list[tuple[str, str]]:
    """(value, message) of what does not fit together among options and levels."""
    levels = set(policy.scale)
    satisfied = set(policy.satisfied_levels)
    rules = (
        (
            set(policy.alternative_scale) != levels,
            "alternative_scale",
            "The policy values 'scale' and 'alternative_scale' must have the same levels.",
        ),
        (
            bool(levels & set(policy.missing_options)),
            "missing_options",
            "An option is in 'scale' and in 'missing_options'; it can only be one of them.",
        ),
        (
            not set(policy.strictly_satisfied_levels) <= satisfied,
            "strictly_satisfied_levels",
            "Every level of 'strictly_satisfied_levels' must be in 'satisfied_levels' too.",
        ),
        (
            bool(satisfied & set(policy.dissatisfied_levels)),
            "dissatisfied_levels",
            "A level cannot be in 'satisfied_levels' and in 'dissatisfied_levels'.",
        ),
    )
    return [(key, message) for broken, key, message in rules if broken]


def number_contradictions(policy: Policy) -> list[tuple[str, str]]:
    """(value, message) of what does not fit together among numbers."""
    rules = (
        (
            bool(set(policy.objective_weights) & COLUMNS_TAKEN),
            "objective_weights",
            "An objective indicator cannot be called street, street_name, assessor or score: "
            "spreadsheets of direct scores have columns of these names.",
        ),
        (
            policy.min_substantive > policy.min_answered,
            "min_substantive",
            "'min_substantive' cannot be larger than 'min_answered'.",
        ),
        (
            policy.trim_low > policy.trim_high,
            "trim_low",
            "'trim_low' cannot be larger than 'trim_high'.",
        ),
        (
            policy.theme_min_waves > policy.theme_window,
            "theme_min_waves",
            "'theme_min_waves' cannot be larger than 'theme_window'.",
        ),
        (
            policy.pool_weights[0] <= 0,
            "pool_weights",
            "The first of 'pool_weights' is the newest wave's and must be above 0: a year without "
            "the wave that is judged would judge it by other waves.",
        ),
        (
            policy.last_waves > max(2, len(policy.pool_weights)),
            "last_waves",
            "'last_waves' cannot be larger than the number of 'pool_weights': "
            "no pool would ever hold as many waves.",
        ),
    )
    return [(key, message) for broken, key, message in rules if broken]
