"""Store policies: the one place that makes a policy's row and points a draft wave to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from analysis.policy import Policy as PolicyDocument
from analysis.policy import PolicyError
from survey.database import transaction
from survey.errors import Refused
from survey.instrument import Instrument
from survey.models import Policy, Questionnaire, Wave
from survey.policy_fit import changed_values, unasked_names
from survey.services import audit


@dataclass(frozen=True)
class PolicySaved:
    """A draft wave's policy after saving. changed: the values that differ from before, in order."""

    wave_code: str
    policy_hash: str
    changed: tuple[str, ...]


def read_policy(overrides: Mapping[str, Any]) -> PolicyDocument:
    """The policy with these values over the defaults. Raises Refused with the reason."""
    try:
        return PolicyDocument.from_dict(overrides)
    except PolicyError as error:
        raise Refused(
            "policy_wrong",
            _l("The policy cannot be used: %(reason)s", reason=error.message),
            status=422,
        ) from error


def stored_policy(session: Any, document: PolicyDocument, *, now: datetime) -> int:
    """The id of this policy's row, within the caller's transaction; equal documents share one."""
    stored = session.scalar(select(Policy).where(Policy.hash == document.sha256))
    if stored is None:
        stored = Policy(hash=document.sha256, document=document.to_dict(), created_at=now)
        session.add(stored)
        session.flush()
    return int(stored.id)


def save_policy(
    wave_code: str, policy: PolicyDocument, *, based_on: str, actor: str, now: datetime
) -> PolicySaved:
    """Give a draft wave this policy: a new row by its hash, and one audit event with the changes.

    based_on: the hash that the editor was opened on. Nothing is stored when no value differs.
    Raises Refused: 404 unknown wave; 409 `policy_locked` when the wave is no draft,
    `policy_meanwhile` when somebody saved another one meanwhile; 422 `policy_unfit` when the
    questionnaire does not ask what the policy needs.
    """
    with transaction() as session:
        wave = session.scalar(select(Wave).where(Wave.code == wave_code).with_for_update())
        if wave is None:
            raise Refused(
                "unknown_wave",
                _l("There is no wave with the code %(code)s.", code=wave_code),
                status=404,
            )
        if wave.status != "draft":
            raise Refused(
                "policy_locked",
                _l(
                    "The policy of wave %(code)s is locked since the wave opened. Nothing was "
                    "changed; change the policy of the next wave.",
                    code=wave_code,
                ),
                status=409,
            )
        current = _current(session, wave)
        if current.sha256 != based_on:
            raise Refused(
                "policy_meanwhile",
                _l("Somebody else changed this policy after you opened it. Nothing was stored."),
                status=409,
            )
        changed = changed_values(current, policy)
        if not changed:
            return PolicySaved(wave_code, current.sha256, ())
        questionnaire = session.get_one(Questionnaire, wave.questionnaire_id)
        if unasked_names(policy, Instrument(questionnaire.document)):
            raise Refused(
                "policy_unfit",
                _l("The questionnaire of the wave does not ask what this policy needs."),
                status=422,
            )
        wave.policy_id = stored_policy(session, policy, now=now)
        before, after = current.to_dict(), policy.to_dict()
        audit.record(
            session,
            actor=actor,
            action="change_policy",
            subject=f"wave {wave_code}",
            detail={
                "from": current.sha256,
                "to": policy.sha256,
                "changed": {
                    key: {"before": before.get(key), "after": after[key]} for key in changed
                },
            },
            at=now,
        )
        return PolicySaved(wave_code, policy.sha256, changed)


def _current(session: Any, wave: Wave) -> PolicyDocument:
    """A draft's policy; the defaults when it has none yet."""
    if wave.policy_id is None:
        return PolicyDocument()
    return PolicyDocument.from_locked(session.get_one(Policy, wave.policy_id).document)
