"""What it would take to settle the last place or the first places, as JSON and in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from analysis.commands.messages import reason_document
from analysis.evaluation import Evaluation
from analysis.policy import Policy
from analysis.settling import SettlingPlan, StreetPrecision, settle_last, settle_top
from analysis.settling_evidence import precisions_of_scores

Settle = Callable[..., SettlingPlan]


def settling_document(evaluation: Evaluation, group: str, policy: Policy) -> dict[str, Any]:
    """Plans for the last place and for the first places of one peer group; ``None`` without
    effective sample sizes."""
    precisions = precisions_of_scores(evaluation, group)
    return {
        "last": plan_document(settle_last, precisions, policy),
        "top": plan_document(settle_top, precisions, policy),
    }


def plan_document(
    settle: Settle, precisions: Sequence[StreetPrecision] | None, policy: Policy
) -> dict[str, Any] | None:
    """One plan as JSON; answers are counted in effective answers of the random sample."""
    if not precisions:
        return None
    plan = settle(precisions, policy=policy)
    return {
        "possible": plan.possible,
        "total": plan.total,
        "more_answers": {step.street: step.additional for step in plan.steps},
        "z_then": finite(plan.z_then),
        "z_public_then": finite(plan.z_public_then),
        "reasons": [reason_document(reason) for reason in plan.reasons],
    }


def finite(value: float | None) -> float | None:
    """The number, ``None`` for one without bound."""
    return None if value is None or not math.isfinite(value) else value


def plan_lines(what: str, plan: dict[str, Any] | None) -> list[str]:
    """One plan in words; nothing when nothing is missing."""
    if plan is None or (plan["possible"] and not plan["total"]):
        return []
    if not plan["possible"]:
        because = [f"  - {reason['message']}" for reason in plan["reasons"]]
        return [f"{what}: no number of answers would settle it at these scores, because:", *because]
    asked = ", ".join(f"{street} {n}" for street, n in plan["more_answers"].items())
    return [
        f"{what}: at these scores {plan['total']} more effective random answers would settle the "
        f"distances ({asked})"
    ]
