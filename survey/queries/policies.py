"""Read policies: the locked rules of a wave, kept by the process because they never change."""

from __future__ import annotations

from flask import current_app

from analysis.policy import Policy
from survey import models
from survey.models import db


def kept_policy(policy_id: int | None) -> Policy:
    """The policy with this id; the default policy for a wave that has none locked yet.

    Read once a process. Raises sqlalchemy.exc.NoResultFound for an id that does not exist.
    """
    kept: dict[int | None, Policy] = current_app.extensions.setdefault("policies", {})
    if policy_id not in kept:
        kept[policy_id] = (
            Policy.from_dict()
            if policy_id is None
            else Policy.from_locked(db.session.get_one(models.Policy, policy_id).document)
        )
    return kept[policy_id]
